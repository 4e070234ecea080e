"""Masks: how good a segmentation is, class by class, and how good it is at the outlines.

A mask has a whole number for each pixel, its class: ``(N, H, W)``. The masks of `cnnbook.data.Scenes` have 0 for the
ground and 1 for the first class, so that five classes of garments are ``num_classes=6`` here.
"""

import torch
import torch.nn.functional as F

from cnnbook.counts import check_count


def confusion_matrix(predicted, target, num_classes, ignore=None) -> torch.Tensor:
    """How many pixels of each class were taken for each class: true classes in rows, predicted ones in columns.

    >>> target = torch.tensor([[[0, 0, 1], [0, 2, 255]]])
    >>> predicted = torch.tensor([[[0, 1, 1], [0, 2, 2]]])
    >>> confusion_matrix(predicted, target, num_classes=3, ignore=255)
    tensor([[2, 1, 0],
            [0, 1, 0],
            [0, 0, 1]])

    Matrices of parts of a set add up to that of the set.

    Args:
        predicted: whole numbers of any integer type, ``(N, H, W)``, as ``logits.argmax(1)`` has them.
        target: the truth, of the same shape.
        num_classes: how many classes there are, the ground counted as one.
        ignore: pixels with this number in `target` are left out, whatever is predicted there. None: every pixel counts.

    Returns:
        int64, ``(num_classes, num_classes)``, on the device of the masks.

    Raises:
        ValueError: an argument is not as said above; a pixel that counts is not 0 to ``num_classes - 1``; or `ignore`
            is the number of a class.

    Source: Long et al., "Fully Convolutional Networks for Semantic Segmentation" (2015), section 5, "Metrics". Used
    from the chapter ``segmentation`` on.
    """
    predicted, target = _classes_that_count(predicted, target, num_classes, ignore)
    return _pairs(predicted, target, num_classes + 1)[:-1, :-1]


def iou(confusion) -> torch.Tensor:
    """Intersection over union of each class: the pixels of a class that were found, over all that are it or are taken for it.

    >>> confusion = torch.tensor([[2, 1, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]])
    >>> iou(confusion)
    tensor([0.5000, 0.5000, 0.5000,    nan])

    The mean over the classes, mIoU, is ``.nanmean()``, which leaves out the classes that are nowhere.

    Args:
        confusion: from `confusion_matrix`, ``(num_classes, num_classes)``.

    Returns:
        float32, ``(num_classes,)``, 0 to 1; NaN for a class that no pixel has, neither truly nor by prediction.

    Raises:
        ValueError: `confusion` is no square of whole numbers from 0.

    Source: Long et al. (2015), section 5, "mean IU". Used from the chapter ``segmentation`` on.
    """
    _check_confusion(confusion)
    found = confusion.diagonal()
    return found / (confusion.sum(0) + confusion.sum(1) - found)


def pixel_accuracy(confusion) -> torch.Tensor:
    """The share of all pixels whose class is right.

    >>> pixel_accuracy(torch.tensor([[94, 0], [5, 1]]))  # a small object is missed, and hardly missed here
    tensor(0.9500)

    Args and errors: as for `iou`.

    Returns:
        float32, one number, 0 to 1; NaN if no pixel counts.

    Source: Long et al. (2015), section 5, "pixel accuracy". Used in the chapter ``segmentation``.
    """
    _check_confusion(confusion)
    return confusion.diagonal().sum() / confusion.sum()


def mean_accuracy(confusion) -> torch.Tensor:
    """The share of a class's pixels that were found, the mean over the classes.

    >>> mean_accuracy(torch.tensor([[94, 0], [5, 1]]))
    tensor(0.5833)

    Unlike `iou` it forgives a class that is predicted too often.

    Args and errors: as for `iou`.

    Returns:
        float32, one number, 0 to 1. Classes that no pixel truly has are left out; NaN if that is all of them.

    Source: Long et al. (2015), section 5, "mean accuracy". Used in the chapter ``segmentation``.
    """
    _check_confusion(confusion)
    return (confusion.diagonal() / confusion.sum(1)).nanmean()


def boundary_iou(predicted, target, num_classes, width, ignore=None) -> torch.Tensor:
    """Intersection over union of each class at its outlines: of its pixels only those near the edge of its mask count.

    >>> target = torch.zeros(1, 96, 96, dtype=torch.int64)
    >>> target[:, 20:60, 20:70] = 1
    >>> predicted = target.roll(2, dims=2)  # two pixels to the right
    >>> iou(confusion_matrix(predicted, target, num_classes=2))
    tensor([0.9781, 0.9231])
    >>> boundary_iou(predicted, target, num_classes=2, width=3)
    tensor([0.8155, 0.5460])

    The inside of a large mask is easy and hides errors at its edge from `iou`. Here, of the true and of the predicted
    mask alike, what is left after `width` erosions with a 3×3 square is taken away first: pixels whose distance to the
    outside, in rows or in columns, whichever is more, is above `width`. Beyond the image is outside.

    The paper measures one object at a time and takes means over objects. Here intersections and unions of a class are
    summed over all images first, as for mIoU: long outlines count for more, and objects of one class that touch have
    one outline.

    Args:
        predicted, target, num_classes: as for `confusion_matrix`.
        width: in pixels, at least 1. The paper takes 2 % of the image's diagonal: 3 for 96×96.
        ignore: pixels with this number in `target` are outside every mask, true or predicted. None: every pixel counts.

    Returns:
        float32, ``(num_classes,)``, 0 to 1; NaN for a class that no pixel has, neither truly nor by prediction.

    Raises:
        ValueError: as for `confusion_matrix`, or `width` is not as said above.

    Source: Cheng et al., "Boundary IoU: Improving Object-Centric Image Segmentation Evaluation" (2021), with the
    erosion of their published code. Used in the chapter ``segmentation``.
    """
    check_count("width", width)
    predicted, target = _classes_that_count(predicted, target, num_classes, ignore)
    bands = (_without_inside(mask, width, outside=num_classes) for mask in (predicted, target))
    return iou(_pairs(*bands, num_classes + 1))[:-1]


def _classes_that_count(predicted, target, num_classes, ignore):
    """Both masks as int64, after a look at them; pixels that are left out are `num_classes`, one class more."""
    check_count("num_classes", num_classes)
    for name, value in (("predicted", predicted), ("target", target)):
        if not isinstance(value, torch.Tensor) or value.ndim != 3 or not _is_integer(value):
            raise ValueError(
                f"{name} is {_described(value)}; expected whole numbers (N, H, W), one class a pixel"
            )
    if predicted.shape != target.shape:
        raise ValueError(
            f"predicted has shape {tuple(predicted.shape)} and target {tuple(target.shape)}; expected the same"
        )
    if ignore is not None and (type(ignore) is not int or 0 <= ignore < num_classes):
        raise ValueError(
            f"ignore is {ignore!r}; expected None or a whole number that is no class, not 0 to {num_classes - 1}"
        )
    # In uint8 a comparison with 300 would find 44.
    predicted, target = predicted.long(), target.long()
    left_out = torch.zeros_like(target, dtype=torch.bool) if ignore is None else target == ignore
    for name, value in (("predicted", predicted), ("target", target)):
        strange = value[((value < 0) | (value >= num_classes)) & ~left_out]
        if len(strange):
            raise ValueError(
                f"{name} holds {strange[0]}, and ignore is {ignore}; expected 0 to {num_classes - 1}"
            )
    return (mask.masked_fill(left_out, num_classes) for mask in (predicted, target))


def _pairs(predicted, target, num_classes):
    """The confusion matrix of masks that are known to be right."""
    pairs = (target * num_classes + predicted).flatten()
    return torch.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def _without_inside(masks, width, outside):
    """The masks with the inside of each class, all that `width` erosions leave of it, turned to `outside`."""
    inside = F.pad(masks.int(), (1, 1, 1, 1), value=outside)  # half of int64's bytes, half the time
    # A mask of a million rows and columns is nothing after as many erosions.
    for _ in range(min(width, max(masks.shape[1:]))):
        # A row of three and then a column of three are the square; all classes are eroded at once.
        for axis in (1, 2):
            _erode(inside, axis, outside)
    return masks.where(inside[:, 1:-1, 1:-1] == outside, outside)


def _erode(masks, axis, outside):
    """In place: a pixel keeps its class if its two neighbours along the axis have it too."""
    before, pixel, after = (masks.narrow(axis, start, masks.shape[axis] - 2) for start in range(3))
    pixel[(before != pixel) | (after != pixel)] = outside


# What is refused


def _check_confusion(confusion):
    if (
        not isinstance(confusion, torch.Tensor)
        or not _is_integer(confusion)
        or confusion.ndim != 2
        or confusion.shape[0] != confusion.shape[1]
    ):
        raise ValueError(
            f"confusion is {_described(confusion)}; expected whole numbers (num_classes, num_classes)"
        )
    if (confusion < 0).any():
        raise ValueError(f"confusion holds {confusion.min()}; expected counts from 0")


def _is_integer(tensor):
    kind = tensor.dtype
    return not (kind.is_floating_point or kind.is_complex or kind == torch.bool)


def _described(value):
    return f"{value.dtype} {tuple(value.shape)}" if isinstance(value, torch.Tensor) else repr(value)
