"""YOLO in small: one pass, and for each cell of a grid a box, a confidence and a class."""

import torch
import torch.nn.functional as F
from torch import nn

from cnnbook.boxes import giou, iou, yolo_corners
from cnnbook.counts import check_count


class TinyYOLO(nn.Module):
    """A detector of small pictures: convolutions that halve the picture three times, and an answer for each cell.

    >>> net = TinyYOLO(num_classes=5)
    >>> raw = net(torch.zeros(2, 1, 96, 96))
    >>> raw.shape, net.vectors(raw).shape
    (torch.Size([2, 10, 12, 12]), torch.Size([2, 12, 12, 10]))

    ======================  ============  ==================
    layer                   maps          places, of 96 × 96
    ======================  ============  ==================
    conv 3 × 3, stride 2    widths[0]     48 × 48
    conv 3 × 3, stride 2    widths[1]     24 × 24
    conv 3 × 3, stride 2    widths[2]     12 × 12
    conv 3 × 3, three       widths[2]     12 × 12
    conv 1 × 1              5 B + C       12 × 12
    ======================  ============  ==================

    Behind each 3 × 3 stand batch norm and ReLU. With ``grid=6`` the first of the three takes stride 2 too, so that the
    parameters stay as they are.

    Args:
        num_classes: C, at least 1.
        grid: cells along each side of a picture of 96 × 96: 12 or 6. A picture of another size has a cell for every 8
            or 16 pixels.
        widths: maps of the layers.
        in_channels: of the picture.
        modern: True: one box a cell, its numbers kept in bounds by sigmoid and softmax. False: YOLOv1's answer, two
            boxes a cell, linear, with the square roots of width and height.

    Raises:
        ValueError: an argument is not as said above.

    Source: after Redmon et al., "You Only Look Once" (2016), section 2; the bounds are those of later YOLOs: Redmon
    and Farhadi, "YOLOv3" (2018), section 2.1. Used in the chapter ``detection``.
    """

    def __init__(self, num_classes, *, grid=12, widths=(16, 32, 64), in_channels=1, modern=True):
        super().__init__()
        for name, value in (("num_classes", num_classes), ("in_channels", in_channels)):
            check_count(name, value)
        if grid not in (6, 12):
            raise ValueError(f"grid is {grid!r}; expected 12 or 6")
        if len(widths) != 3 or not all(type(width) is int and width >= 1 for width in widths):
            raise ValueError(f"widths is {widths!r}; expected three whole numbers of at least 1")
        self.num_classes = num_classes
        self.boxes_per_cell = 1 if modern else 2
        self.modern = modern
        first, second, third = widths
        self.features = nn.Sequential(
            *_block(in_channels, first, stride=2),
            *_block(first, second, stride=2),
            *_block(second, third, stride=2),
            *_block(third, third, stride=12 // grid),
            *_block(third, third),
            *_block(third, third),
        )
        self.head = nn.Conv2d(third, 5 * self.boxes_per_cell + num_classes, kernel_size=1)
        nn.init.zeros_(self.head.bias)
        if modern:  # Most cells are empty: begin with a confidence of 1 in 20.
            self.head.bias.data[4] = -3

    def forward(self, images):
        """Raw numbers, ``(N, 5 B + C, rows, cols)``, of images ``(N, in_channels, H, W)``."""
        return self.head(self.features(images))

    def vectors(self, raw):
        """What the raw numbers mean: ``(N, rows, cols, 5 B + C)``, as `cnnbook.boxes.yolo_decode` reads them.

        The modern answer: x and y are 3 sigmoid(t) - 1, so that a cell can place a centre in its neighbours too;
        width, height and confidence are sigmoid(t), the classes' probabilities softmax(t). YOLOv1's: width and height
        are t², everything else is as it comes.
        """
        raw = raw.permute(0, 2, 3, 1)
        if self.modern:
            x_y, bounded, classes = raw.split([2, 3, self.num_classes], dim=-1)
            return torch.cat([3 * x_y.sigmoid() - 1, bounded.sigmoid(), classes.softmax(-1)], dim=-1)
        of_boxes, classes = _parts(raw, self.boxes_per_cell)
        x_y, roots, confidence = of_boxes.split([2, 2, 1], dim=-1)
        return torch.cat([torch.cat([x_y, roots**2, confidence], dim=-1).flatten(-2), classes], dim=-1)


def _block(in_channels, out_channels, stride=1):
    conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=False)
    return conv, nn.BatchNorm2d(out_channels), nn.ReLU()


def _parts(raw, boxes_per_cell):
    """``(..., 5 B + C)`` as the numbers of the boxes, ``(..., B, 5)``, and of the classes."""
    return raw[..., : 5 * boxes_per_cell].unflatten(-1, (boxes_per_cell, 5)), raw[..., 5 * boxes_per_cell :]


def yolo_v1_loss(model, raw, targets) -> dict[str, torch.Tensor]:
    """The loss of YOLOv1, term by term: squared errors, for an average picture. Their sum is the loss.

    >>> net = TinyYOLO(num_classes=5, modern=False)
    >>> terms = yolo_v1_loss(net, net(torch.zeros(2, 1, 96, 96)), torch.zeros(2, 12, 12, 10))
    >>> [*terms]
    ['centre', 'size', 'object', 'no object', 'class']

    Args:
        model: a `TinyYOLO` with ``modern=False``.
        raw: what it says, ``(N, 10 + C, rows, cols)``.
        targets: what is true, ``(N, rows, cols, 5 + C)``, from `cnnbook.boxes.yolo_encode`.

    Raises:
        ValueError: the model is modern, or the shapes do not fit.

    Source: Redmon et al. (2016), equation 3, with its weights 5 and 0.5: as there, the network says square roots of
    width and height. Used in the chapter ``detection``, "The loss, term by term".
    """
    _check(model, raw, targets, modern=False)
    of_boxes, classes = _parts(raw.permute(0, 2, 3, 1), model.boxes_per_cell)
    positive = targets[..., 4] > 0
    with torch.no_grad():
        said = _parts(model.vectors(raw), model.boxes_per_cell)[0][..., :4]
        fit = iou(yolo_corners(said), yolo_corners(targets[..., None, :4]))
        # In each cell with a centre one box is responsible: the one that fits best.
        best = F.one_hot(fit.argmax(-1), model.boxes_per_cell) > 0
        responsible = best & positive[..., None]
    mine, true = of_boxes[responsible], targets[positive]
    confidence = of_boxes[..., 4]
    squares = {
        "centre": 5 * (mine[:, :2] - true[:, :2]) ** 2,
        "size": 5 * (mine[:, 2:4] - true[:, 2:4].sqrt()) ** 2,
        "object": (confidence[responsible] - fit[responsible]) ** 2,
        "no object": 0.5 * confidence[~responsible] ** 2,
        "class": (classes[positive] - true[:, 5:]) ** 2,
    }
    return {name: square.sum() / len(raw) for name, square in squares.items()}


def yolo_loss(model, raw, targets, *, box="giou") -> dict[str, torch.Tensor]:
    """The loss of later YOLOs, term by term, for an average cell that is in charge. Their sum is the loss.

    >>> net = TinyYOLO(num_classes=5)
    >>> terms = yolo_loss(net, net(torch.zeros(2, 1, 96, 96)), torch.zeros(2, 12, 12, 10))
    >>> [*terms]
    ['box', 'confidence', 'class']

    The confidence is compared with the IoU of the predicted box, over all cells, and the class with the true one, over
    the cells in charge, both by cross-entropy. The box costs twice what its GIoU is below 1.

    Args:
        model: a `TinyYOLO` with ``modern=True``.
        raw, targets: as for `yolo_v1_loss`.
        box: ``"giou"``, or ``"squared"``: the first two terms of YOLOv1.

    Raises:
        ValueError: the model is not modern, the shapes do not fit, or ``box`` is neither.

    Source: confidence and class: Redmon and Farhadi, "YOLOv3" (2018), section 2; the box: Rezatofighi et al. (2019),
    algorithm 2. Used in the chapter ``detection``, "The loss, term by term".
    """
    _check(model, raw, targets, modern=True)
    if box not in ("giou", "squared"):
        raise ValueError(f"box is {box!r}; expected 'giou' or 'squared'")
    vectors = model.vectors(raw)
    raw = raw.permute(0, 2, 3, 1)
    positive = targets[..., 4] > 0
    said, true = (yolo_corners(part[..., None, :4])[positive] for part in (vectors, targets))
    count = max(1, len(true))
    if box == "giou":
        of_box = 2 * (1 - giou(said, true)).sum()
    else:
        x_y_error = vectors[..., :2][positive] - targets[..., :2][positive]
        root_error = vectors[..., 2:4][positive].sqrt() - targets[..., 2:4][positive].sqrt()
        of_box = 5 * (x_y_error**2).sum() + 5 * (root_error**2).sum()
    confidence = torch.zeros_like(raw[..., 4])
    confidence[positive] = iou(said, true).detach().squeeze(-1)
    of_confidence = F.binary_cross_entropy_with_logits(raw[..., 4], confidence, reduction="sum")
    of_class = F.cross_entropy(raw[..., 5:][positive], targets[..., 5:][positive].argmax(-1), reduction="sum")
    return {"box": of_box / count, "confidence": of_confidence / count, "class": of_class / count}


def _check(model, raw, targets, modern):
    if model.modern != modern:
        raise ValueError(f"model has modern={model.modern}; expected {modern} for this loss")
    expected = len(raw), *raw.shape[2:], 5 + model.num_classes
    if raw.shape[1] != 5 * model.boxes_per_cell + model.num_classes or targets.shape != expected:
        raise ValueError(
            f"raw has shape {tuple(raw.shape)} and targets {tuple(targets.shape)}; expected (N, "
            f"{5 * model.boxes_per_cell + model.num_classes}, rows, cols) and (N, rows, cols, {expected[-1]})"
        )
