"""Boxes: how well two fit, which of many to keep, YOLO's grid of numbers, and how good a detector is.

A box is its left, top, right and bottom edge in pixels: ``x1, y1, x2, y2``.
"""

import math
from typing import NamedTuple

import torch

from cnnbook.counts import check_count


class Detections(NamedTuple):
    """What a detector says about one image.

    >>> found = Detections(torch.tensor([[8.0, 20, 40, 60]]), torch.tensor([0.9]), torch.tensor([4]))
    >>> len(found.boxes)
    1

    Attributes:
        boxes: float32, ``(N, 4)``, in pixels.
        scores: float32, ``(N,)``, 0 to 1.
        labels: int64, ``(N,)``, the classes.
    """

    boxes: torch.Tensor
    scores: torch.Tensor
    labels: torch.Tensor


# How well two boxes fit


def iou(a, b) -> torch.Tensor:
    """Intersection over union: the area that two boxes share, over the area that they cover together.

    >>> iou(torch.tensor([0.0, 0, 4, 2]), torch.tensor([2.0, 0, 6, 2]))
    tensor(0.3333)
    >>> many, few = torch.rand(5, 4).cumsum(1), torch.rand(3, 4).cumsum(1)
    >>> iou(many[:, None], few).shape  # every box with every other
    torch.Size([5, 3])

    Args:
        a, b: boxes, ``(..., 4)``, whose leading dimensions are broadcast.

    Returns:
        0 to 1, of the broadcast shape. Two boxes without area have 0.

    Raises:
        ValueError: a box is not four finite, signed numbers, or is inside out, or the shapes do not fit.

    Source: Everingham et al., "The Pascal Visual Object Classes (VOC) Challenge" (2010), section 4.2. Used from
    chapter ``detection`` on.
    """
    shared, covered, _ = _areas(a, b)
    return _share(shared, covered)


def giou(a, b) -> torch.Tensor:
    """Generalized intersection over union: IoU, less the share of the smallest box round both that neither covers.

    >>> giou(torch.tensor([0.0, 0, 1, 1]), torch.tensor([3.0, 0, 4, 1]))
    tensor(-0.5000)

    It has a gradient for boxes that do not touch, where that of `iou` is 0.

    Args and errors: as for `iou`.

    Returns:
        -1 to 1, of the broadcast shape. Two boxes without area have -1, or 0 if the smallest box round both has no
        area either.

    Source: Rezatofighi et al., "Generalized Intersection over Union" (2019), algorithm 1. Used from chapter
    ``detection`` on.
    """
    shared, covered, around = _areas(a, b)
    return _share(shared, covered) - _share(around - covered, around)


def _areas(a, b):
    """Of pairs of boxes: the area that both have, that at least one has, and of the smallest box round both."""
    for name, value in (("a", a), ("b", b)):
        _check_boxes(name, value)
    try:
        a, b = torch.broadcast_tensors(a, b)
    except RuntimeError as problem:
        raise ValueError(
            f"a has shape {tuple(a.shape)} and b {tuple(b.shape)}; expected shapes that broadcast"
        ) from problem
    first, last = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = (last - first).clamp(min=0).prod(-1)
    covered = _area(a) + _area(b) - shared
    first, last = torch.minimum(a[..., :2], b[..., :2]), torch.maximum(a[..., 2:], b[..., 2:])
    return shared, covered, (last - first).prod(-1)


def _area(box):
    return (box[..., 2:] - box[..., :2]).prod(-1)


def _share(part, whole):
    """part / whole, and 0 where there is no whole; so written that the gradient is finite there too."""
    return torch.where(whole > 0, part, 0) / torch.where(whole > 0, whole, 1)


# Which of many to keep


def nms(boxes, scores, iou_threshold=0.5, labels=None) -> torch.Tensor:
    """Non-maximum suppression: keep the best box, drop those that overlap it too much, go on with the best of the rest.

    >>> crowd = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]])
    >>> nms(crowd, scores=torch.tensor([0.8, 0.9, 0.7]))
    tensor([1, 2])

    Args:
        boxes: ``(N, 4)``.
        scores: ``(N,)``. Of equal ones the earlier comes first.
        iou_threshold: a box is dropped if its IoU with one that is kept is above this, 0 to 1.
        labels: ``(N,)``: a box drops only boxes of its own class. None: whatever the class.

    Returns:
        int64: which boxes are kept, the best first.

    Raises:
        ValueError: an argument is not as said above.

    Source: Felzenszwalb et al., "Object Detection with Discriminatively Trained Part-Based Models" (2010), section
    7.2. Used in the chapter ``detection``, "Many boxes for one garment".
    """
    _check_boxes("boxes", boxes, many=True)
    _check_scores("scores", scores, len(boxes))
    _check_share("iou_threshold", iou_threshold)
    if labels is not None:
        _check_labels("labels", labels, len(boxes))
    order = torch.argsort(scores, descending=True, stable=True)
    overlap = iou(boxes[order, None], boxes[order]) > iou_threshold
    if labels is not None:
        overlap &= labels[order, None] == labels[order]
    kept, rivals = [], overlap.tolist()
    for place, of_place in enumerate(rivals):
        if not any(of_place[other] for other in kept):
            kept.append(place)
    return order[kept]


# YOLO's grid of numbers


def yolo_encode(boxes, labels, *, grid, num_classes, image_size, neighbours=0) -> torch.Tensor:
    """The boxes of an image as YOLO's grid: the cell that holds a box's centre is in charge of it.

    >>> target = yolo_encode(
    ...     torch.tensor([[20.0, 30, 62, 64]]), torch.tensor([2]), grid=12, num_classes=5, image_size=96
    ... )
    >>> target.shape, target[5, 5, :5]
    (torch.Size([12, 12, 10]), tensor([0.1250, 0.8750, 0.4375, 0.3542, 1.0000]))

    Of several boxes in one cell the last, which is in front, stays.

    Args:
        boxes: ``(N, 4)``, in pixels, with their centres inside the image.
        labels: int64, ``(N,)``, below `num_classes`.
        grid: cells along each side.
        num_classes: how many classes there are.
        image_size: pixels of a side, or (height, width).
        neighbours: 1: the cells around the centre's are in charge too, where the box has no other; 0: they are not.

    Returns:
        float32, ``(grid, grid, 5 + num_classes)``, for each cell in charge: x and y of the centre in cells, from the
        cell's upper left corner, 0 to 1 (of a neighbour -1 to 2); width and height as shares of the image;
        confidence 1; and 1 for the class. All other numbers are 0.

    Raises:
        ValueError: an argument is not as said above.

    Source: Redmon et al., "You Only Look Once" (2016), section 2; the neighbours: Ge et al., "YOLOX" (2021), section
    2.1, "multi positives". Used in the chapter ``detection``.
    """
    for name, value in (("grid", grid), ("num_classes", num_classes)):
        check_count(name, value)
    _check_boxes("boxes", boxes, many=True)
    _check_labels("labels", labels, len(boxes), num_classes)
    if neighbours not in (0, 1):
        raise ValueError(f"neighbours is {neighbours!r}; expected 0 or 1")
    height, width = _height_width(image_size)
    target = [[[0.0] * (5 + num_classes)] * grid for _ in range(grid)]
    # The neighbours first, so that a centre's own cell is written over them.
    for reach in range(neighbours, -1, -1):
        for (x1, y1, x2, y2), label in zip(boxes.tolist(), labels.tolist(), strict=True):
            x, y = (x1 + x2) / 2 / width * grid, (y1 + y2) / 2 / height * grid
            if not (0 <= x < grid and 0 <= y < grid):
                raise ValueError(
                    f"boxes holds {[x1, y1, x2, y2]}; expected its centre inside the image, {width} wide and {height} high"
                )
            classes = [float(number == label) for number in range(num_classes)]
            for row in range(max(0, int(y) - reach), min(grid, int(y) + reach + 1)):
                for col in range(max(0, int(x) - reach), min(grid, int(x) + reach + 1)):
                    size = (x2 - x1) / width, (y2 - y1) / height
                    target[row][col] = [x - col, y - row, *size, 1.0, *classes]
    return torch.tensor(target)


def yolo_decode(vectors, *, num_classes, image_size, boxes_per_cell=1, every_class=False) -> Detections:
    """The boxes that YOLO's grid of numbers stands for.

    >>> found = yolo_decode(torch.rand(7, 7, 30), num_classes=20, image_size=448, boxes_per_cell=2)
    >>> found.boxes.shape, found.scores.shape
    (torch.Size([98, 4]), torch.Size([98]))

    A box's score for a class is its confidence times its cell's probability of that class.

    Args:
        vectors: ``(rows, cols, 5 · boxes_per_cell + num_classes)``: in each cell for each of its boxes x, y, width,
            height and confidence, as `yolo_encode` writes them, and then the probabilities of the classes.
        num_classes, image_size: as for `yolo_encode`.
        boxes_per_cell: 2 in the paper.
        every_class: True: each box once for each class; False: only for its best class.

    Returns:
        The detections of each box of each cell, row by row; none is dropped, none clipped.

    Raises:
        ValueError: an argument is not as said above.

    Source: Redmon et al., "You Only Look Once" (2016), section 2 and equation 1. Used in the chapter ``detection``.
    """
    check_count("num_classes", num_classes)
    check_count("boxes_per_cell", boxes_per_cell)
    height, width = _height_width(image_size)
    numbers = 5 * boxes_per_cell + num_classes
    if not isinstance(vectors, torch.Tensor) or vectors.ndim != 3 or vectors.shape[2] != numbers:
        raise ValueError(f"vectors is {_described(vectors)}; expected (rows, cols, {numbers})")
    if not vectors.isfinite().all():
        raise ValueError(f"vectors holds {vectors[~vectors.isfinite()][0]}; expected finite numbers")
    of_boxes = vectors[..., : 5 * boxes_per_cell].unflatten(-1, (boxes_per_cell, 5))
    corners = yolo_corners(of_boxes[..., :4]) * torch.tensor([width, height, width, height])
    probabilities = vectors[..., None, 5 * boxes_per_cell :]
    labels = torch.arange(num_classes) if every_class else probabilities.argmax(-1, keepdim=True)
    scores = of_boxes[..., 4:] * (probabilities if every_class else probabilities.amax(-1, keepdim=True))
    corners = corners.unsqueeze(-2).expand(*scores.shape, 4)
    return Detections(corners.reshape(-1, 4), scores.flatten(), labels.expand_as(scores).flatten())


def yolo_corners(boxes) -> torch.Tensor:
    """YOLO's x, y, width and height as edges, in shares of the image.

    >>> yolo_corners(torch.tensor([0.5, 0.5, 0.25, 0.5]).expand(2, 4, 1, 4))[1, 0]
    tensor([[0.0000, 0.5000, 0.2500, 1.0000]])

    Args:
        boxes: ``(..., rows, cols, boxes of a cell, 4)``, as `yolo_encode` writes them.

    Returns:
        Of the same shape. Differentiable.

    Raises:
        ValueError: `boxes` has another shape.

    Source: as for `yolo_decode`, which uses it, as the losses of `cnnbook.nets` do.
    """
    if not isinstance(boxes, torch.Tensor) or boxes.ndim < 4 or boxes.shape[-1] != 4:
        raise ValueError(f"boxes is {_described(boxes)}; expected (..., rows, cols, boxes of a cell, 4)")
    rows, cols = boxes.shape[-4:-2]
    corner = torch.stack(torch.meshgrid(torch.arange(cols), torch.arange(rows), indexing="xy"), dim=-1)
    centre = (boxes[..., :2] + corner[:, :, None].to(boxes)) / boxes.new_tensor([cols, rows])
    half = boxes[..., 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1)


# How good a detector is


class PrecisionRecall(NamedTuple):
    """What `precision_recall` returns: one number for each detection of the class, the surest first.

    >>> curve = PrecisionRecall(torch.tensor([1.0, 0.5]), torch.tensor([0.5, 0.5]), torch.tensor([0.9, 0.8]))
    >>> curve.precision[-1], curve.recall[-1]
    (tensor(0.5000), tensor(0.5000))

    Attributes:
        precision: true positives so far, as a share of the detections so far.
        recall: true positives so far, as a share of the objects.
        scores: of the detections.
    """

    precision: torch.Tensor
    recall: torch.Tensor
    scores: torch.Tensor


def precision_recall(detections, truths, *, label, iou_threshold=0.5) -> PrecisionRecall:
    """Precision and recall of a class over many images, as detection after detection is counted, the surest first.

    >>> found = [Detections(torch.tensor([[0.0, 0, 4, 4], [8, 8, 9, 9]]), torch.tensor([0.9, 0.8]), torch.tensor([1, 1]))]
    >>> truths = [(torch.tensor([[0.0, 0, 4, 5], [20, 20, 30, 30]]), torch.tensor([1, 1]))]
    >>> precision_recall(found, truths, label=1)[:2]
    (tensor([1.0000, 0.5000]), tensor([0.5000, 0.5000]))

    The surest detection chooses first: of the objects of its class in its image that no other has taken, it takes the
    one with the best IoU. If that is at least the threshold, the detection is a true positive, else a false positive.
    So a second box on one object is a false positive. This is COCO's rule. The VOC devkit lets a detection look only
    at the object with the best IoU, taken or not, and counts pixels, so that a box reaches one pixel further.

    Args:
        detections: `Detections`, one for each image, in any order. Of equal scores the earlier comes first.
        truths: for each image ``(boxes, labels)``: float32 ``(N, 4)``, in pixels, and int64 ``(N,)``.
        label: the class.
        iou_threshold: above 0, at most 1.

    Raises:
        ValueError: an argument is not as said above, or no image has an object of that class.

    Source: Everingham et al. (2010), section 4.2; Lin et al., "Microsoft COCO" (2014), and its evaluation code. Used
    in the chapter ``detection``, "Precision and recall".
    """
    _check_answers(detections, truths, iou_threshold)
    objects = sum((labels == label).sum().item() for _, labels in truths)
    if objects == 0:
        raise ValueError(f"label is {label!r}; expected a class that an object of truths has")
    hits, scores, labels = _judged(detections, truths, iou_threshold)
    precision, found = _so_far(hits[labels == label])
    return PrecisionRecall(precision, found / objects, scores[labels == label])


def average_precision(
    detections, truths, *, num_classes, iou_threshold=0.5, method="all-point"
) -> torch.Tensor:
    """Average precision of each class: the mean precision over the recalls.

    >>> found = [Detections(torch.tensor([[0.0, 0, 4, 4], [8, 8, 9, 9]]), torch.tensor([0.9, 0.8]), torch.tensor([1, 1]))]
    >>> truths = [(torch.tensor([[0.0, 0, 4, 5], [20, 20, 30, 30]]), torch.tensor([1, 1]))]
    >>> average_precision(found, truths, num_classes=2)
    tensor([   nan, 0.5000])

    The precision at a recall is the best one at this or a higher recall, and 0 where no detection gets so far. The
    mean over classes, mAP, is ``.nanmean()``.

    Args:
        detections, truths, iou_threshold: as for `precision_recall`.
        num_classes: how many classes there are.
        method: ``"all-point"``: over all recalls, the area under the curve; ``"11-point"``: over 0, 0.1, ... 1.

    Returns:
        float32, ``(num_classes,)``, 0 to 1; NaN for a class that no object has.

    Raises:
        ValueError: an argument is not as said above, or a label is not below `num_classes`.

    Source: Everingham et al. (2010), section 4.2 (11 points), and the devkit of VOC 2010 (all). Used in the chapter
    ``detection``, "Precision and recall".
    """
    check_count("num_classes", num_classes)
    _check_answers(detections, truths, iou_threshold, num_classes)
    if method not in ("all-point", "11-point"):
        raise ValueError(f"method is {method!r}; expected 'all-point' or '11-point'")
    objects = sum(torch.bincount(labels, minlength=num_classes) for _, labels in truths).tolist()
    hits, _, labels = _judged(detections, truths, iou_threshold)
    return torch.tensor(
        [_average(hits[labels == label], objects[label], method) for label in range(num_classes)]
    )


def _average(hits, objects, method):
    if objects == 0:
        return torch.nan
    precision, found = _so_far(hits)
    # From the end: the best precision at this detection or a later one. A last 0 stands for recalls never reached.
    best = torch.cat([precision.flip(0).cummax(0).values.flip(0), torch.zeros(1)])
    if method == "all-point":  # the recall rises at each hit, by the same step
        return (best[:-1][hits].sum() / objects).item()
    # A recall of 0.3 is reached with the first 3 of 10 objects: whole numbers, as 0.3 is none in binary.
    least = torch.tensor([math.ceil(tenth * objects / 10) for tenth in range(11)])
    return best[torch.searchsorted(found, least)].mean().item()


def _so_far(hits):
    """After each detection: the share of hits, and their number."""
    found = hits.cumsum(0)
    return found / torch.arange(1, len(hits) + 1), found


def _judged(detections, truths, iou_threshold):
    """Of all detections, the surest first: whether it is a hit (a true positive), its score and its class."""
    hits = torch.cat(
        [_hits_in_image(*found, *true, iou_threshold) for found, true in zip(detections, truths, strict=True)]
    )
    scores, labels = (torch.cat([found[part] for found in detections]) for part in (1, 2))
    order = torch.argsort(scores, descending=True, stable=True)
    return hits[order], scores[order], labels[order]


def _hits_in_image(boxes, scores, labels, true_boxes, true_labels, iou_threshold):
    """For each detection whether it is a hit."""
    # In float64, in which an IoU of 7/10 reaches a threshold of 0.7.
    fit = iou(boxes[:, None].double(), true_boxes) * (labels[:, None] == true_labels)
    fit, hits = fit.tolist(), [False] * len(boxes)
    free = [*reversed(range(len(true_boxes)))]  # so that of equal fits the last is taken, as COCO's code does
    for at in torch.argsort(scores, descending=True, stable=True).tolist():
        best = max(free, key=fit[at].__getitem__, default=None)
        if best is not None and fit[at][best] >= iou_threshold:
            free.remove(best)
            hits[at] = True
    return torch.tensor(hits, dtype=torch.bool)


# What is refused


def _check_boxes(name, value, many=False):
    shape = "(N, 4)" if many else "(..., 4)"
    if not isinstance(value, torch.Tensor) or value.shape[-1:] != (4,) or (many and value.ndim != 2):
        raise ValueError(f"{name} is {_described(value)}; expected {shape}")
    if not value.dtype.is_signed:
        raise ValueError(f"{name} is {_described(value)}; expected signed numbers, which can be subtracted")
    # The sides tell all: with an edge that is NaN or infinite they are NaN or infinite too.
    sides = value[..., 2:] - value[..., :2]
    right = (sides >= 0) & (sides < torch.inf)
    if not right.all():
        wrong = value[~right.all(-1)][0].tolist()
        raise ValueError(f"{name} holds {wrong}; expected finite x1, y1, x2, y2, x1 <= x2 and y1 <= y2")


def _check_scores(name, scores, count):
    if not isinstance(scores, torch.Tensor) or scores.shape != (count,):
        raise ValueError(f"{name} is {_described(scores)}; expected ({count},), one a box")
    if not scores.isfinite().all():
        raise ValueError(f"{name} holds {scores[~scores.isfinite()][0]}; expected finite numbers")


def _check_labels(name, labels, count, num_classes=None):
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64 or labels.shape != (count,):
        raise ValueError(f"{name} is {_described(labels)}; expected int64 ({count},), one a box")
    if num_classes is not None and count and not 0 <= labels.min() <= labels.max() < num_classes:
        raise ValueError(f"{name} run from {labels.min()} to {labels.max()}; expected 0 to {num_classes - 1}")


def _check_answers(detections, truths, iou_threshold, num_classes=None):
    if len(detections) != len(truths) or len(detections) == 0:
        raise ValueError(
            f"detections are of {len(detections)} images and truths of {len(truths)}; expected as many, at least 1"
        )
    for at, (found, true) in enumerate(zip(detections, truths, strict=True)):
        for name, value, parts in (("detections", found, 3), ("truths", true, 2)):
            if len(value) != parts:
                raise ValueError(f"{name}[{at}] has {len(value)} parts; expected {parts}")
            boxes, labels = value[0], value[-1]
            _check_boxes(f"boxes of {name}[{at}]", boxes, many=True)
            _check_labels(f"labels of {name}[{at}]", labels, len(boxes), num_classes)
        _check_scores(f"scores of detections[{at}]", found[1], len(found[0]))
    _check_share("iou_threshold", iou_threshold)
    if iou_threshold == 0:
        raise ValueError("iou_threshold is 0; expected a number above 0: at 0 anything would be a hit")


def _check_share(name, value):
    if not (isinstance(value, int | float) and 0 <= value <= 1):
        raise ValueError(f"{name} is {value!r}; expected a number from 0 to 1")


def _height_width(image_size):
    sides = image_size if isinstance(image_size, tuple) else (image_size, image_size)
    if len(sides) != 2 or not all(type(side) is int and side >= 1 for side in sides):
        raise ValueError(f"image_size is {image_size!r}; expected pixels of a side, or (height, width)")
    return sides


def _described(value):
    return f"{value.dtype} {tuple(value.shape)}" if isinstance(value, torch.Tensor) else repr(value)
