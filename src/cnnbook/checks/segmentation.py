"""The exercises of the chapter `segmentation`."""

import numpy as np

from cnnbook import shapes
from cnnbook.checks.checker import Checker

_TO_ENLARGE = ((4, 2, 1, 0), (3, 2, 1, 0), (3, 2, 1, 1))  # kernel, stride, padding, output padding


def _enlarged(size, padding_counts=True, output_padding_counts=True):
    return tuple(
        (size - 1) * stride + kernel - 2 * padding * padding_counts + extra * output_padding_counts
        for kernel, stride, padding, extra in _TO_ENLARGE
    )


seg_size = Checker(
    truth=tuple(
        shapes.conv_transpose_output_size(6, kernel, stride, padding, extra)
        for kernel, stride, padding, extra in _TO_ENLARGE
    ),
    right="The output padding picks one of the sizes that a convolution would have made 6 of.",
    slips=[
        (
            tuple(
                shapes.conv_output_size(6, kernel, stride, padding)
                for kernel, stride, padding, _ in _TO_ENLARGE
            ),
            "That is the way of a convolution. A transposed one goes back: from the small map to the large one.",
        ),
        (_enlarged(6, padding_counts=False), "Padding takes its pixels off here, on both sides."),
        (_enlarged(6, output_padding_counts=False), "Output padding adds its pixel, on one side."),
        ((12, 12, 12), "Twice the size is not a rule. Look at the kernel of the second."),
    ],
    hint="Put down the first cell's kernel, and step by the stride for each further cell. Then cut the padding off.",
)


def _repeated(image, scale):
    return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)


def _scattered(image, scale):
    large = np.zeros_like(_repeated(image, scale))
    large[::scale, ::scale] = image
    return large


seg_nearest = Checker(
    truth=_repeated,
    right="Output pixel (row, col) is input pixel (row // scale, col // scale).",
    slips=[
        (lambda image, scale: np.tile(image, (scale, scale)), "You laid whole pictures side by side. Repeat each pixel."),
        (_scattered, "You left zeros between the pixels. Each pixel fills its whole square."),
        (lambda image, scale: np.repeat(image, scale, axis=0), "The rows are repeated. Repeat the columns too."),
        (lambda image, scale: np.repeat(image, scale, axis=1), "The columns are repeated. Repeat the rows too."),
        (lambda image, scale: _repeated(image.T, scale), "Rows and columns have changed places."),
        (lambda image, scale: _repeated(image, 2), "Use `scale`: it is not always 2."),
    ],
    hint="Each pixel becomes a square with `scale` pixels along each side, all of its own value.",
    tries=[(np.arange(6.0).reshape(2, 3), 2), (np.arange(8.0).reshape(4, 2), 3), (np.array([[5.0, 7.0]]), 4)],
)  # fmt: skip


def _overlap(size, kernel, stride, step=None, length=None):
    """The counts; or those of kernels another step apart, or in an array of another length."""
    step = stride if step is None else step
    counts = np.zeros((size - 1) * stride + kernel if length is None else length, dtype=int)
    for cell in range(size):
        counts[cell * step : cell * step + kernel] += 1
    return counts


seg_overlap = Checker(
    truth=_overlap,
    right="Where the stride divides the kernel, all counts in the middle are alike.",
    slips=[
        (
            lambda size, kernel, stride: np.full((size - 1) * stride + kernel, kernel),
            "Each cell puts down that many products. How many meet in one output pixel?",
        ),
        (
            lambda size, kernel, stride: _overlap(size, kernel, stride, step=1),
            "Your kernels are put down 1 apart. From cell to cell they move by the stride.",
        ),
        (
            lambda size, kernel, stride: _overlap(size, kernel, stride, step=kernel),
            "Your kernels lie side by side, whatever the stride. From cell to cell they move by the stride.",
        ),
        (
            lambda size, kernel, stride: _overlap(size, kernel, stride, length=size * stride),
            "The length is off. The last kernel reaches beyond `size` times the stride, or ends before it.",
        ),
        (
            lambda size, kernel, stride: _overlap(size, kernel, stride, step=1, length=size - 1 + kernel),
            "Your kernels are put down 1 apart. From cell to cell they move by the stride.",
        ),
        (
            lambda size, kernel, stride: np.minimum(_overlap(size, kernel, stride), 1),
            "You marked which pixels are reached. Count how often.",
        ),
    ],
    hint="Begin with zeros, `(size - 1) * stride + kernel` of them. For each cell add 1 where its kernel lies.",
    tries=[(3, 3, 2), (4, 4, 2), (2, 5, 3), (3, 1, 2)],
)


def _of_class(predicted, true, label):
    """Pixels of a class: in both masks, in the prediction, in the truth."""
    said, is_it = predicted == label, true == label
    return (said & is_it).sum(), said.sum(), is_it.sum()


def _mask_iou(predicted, true, label):
    both, said, is_it = _of_class(predicted, true, label)
    return both / (said + is_it - both)


_SAID = np.array([[0, 0, 1, 1, 2], [0, 1, 1, 2, 2], [0, 0, 0, 2, 2]])
_TRUE = np.array([[0, 1, 1, 1, 2], [0, 1, 1, 1, 2], [0, 2, 2, 2, 1]])

seg_iou = Checker(
    truth=_mask_iou,
    right="It is the IoU of boxes, with pixels in the place of areas.",
    slips=[
        (lambda predicted, true, label: np.mean(predicted == true), "That is the share of right pixels, over all classes."),
        (lambda *masks: _of_class(*masks)[0] / _of_class(*masks)[2], "Pixels that are wrongly taken for the class cost too: they are in the union."),
        (lambda *masks: _of_class(*masks)[0] / _of_class(*masks)[1], "Pixels of the class that were not found cost too: they are in the union."),
        (lambda *masks: 2 * _of_class(*masks)[0] / sum(_of_class(*masks)[1:]), "That is the Dice score: twice the intersection over the sum. Divide by the union."),
        (lambda predicted, true, label: np.mean((predicted == label) == (true == label)), "Pixels that are of the class in neither mask do not count."),
    ],
    hint="Which pixels are of the class in both masks, and which in at least one? Count and divide.",
    tries=[(_SAID, _TRUE, 0), (_SAID, _TRUE, 1), (_SAID, _TRUE, 2), (_TRUE.T, _SAID.T, 1)],
)  # fmt: skip

_CONFUSION = np.array([[80, 4, 0], [5, 6, 1], [1, 0, 3]])  # true classes in rows


def _mean_over_classes(confusion, below):
    return float(np.mean(np.diag(confusion) / below))


seg_mean = Checker(
    truth=_mean_over_classes(_CONFUSION, _CONFUSION.sum(0) + _CONFUSION.sum(1) - np.diag(_CONFUSION)),
    right="The ground fills most pixels, and counts as one class in three.",
    slips=[
        (float(np.trace(_CONFUSION) / _CONFUSION.sum()), "That is the share of right pixels. The ground decides it almost alone."),
        (_mean_over_classes(_CONFUSION, _CONFUSION.sum(1)), "You divided by the true pixels alone. Pixels wrongly taken for the class are in the union too."),
        (_mean_over_classes(_CONFUSION, _CONFUSION.sum(0)), "You divided by the predicted pixels alone. Pixels that were not found are in the union too."),
        (_mean_over_classes(_CONFUSION, _CONFUSION.sum(0) + _CONFUSION.sum(1)), "The right pixels are in the row and in the column: take them off once."),
    ],
    rtol=0.005,
    hint="For each class: the number on the diagonal, over its row and its column together. Then the mean of the three.",
)  # fmt: skip

_REPEATS, _SPREADS = np.ones((2, 2)), np.array([[0.0, 0.0], [0.0, 1.0]])

seg_kernels = Checker(
    truth=np.stack([_REPEATS, _SPREADS, _REPEATS / 4]),
    right="Where the stride is the kernel's size nothing overlaps: each number is stamped out once.",
    slips=[
        (
            np.stack([_REPEATS, _SPREADS[::-1, ::-1], _REPEATS / 4]),
            "In the second the number stands lower right. You put it upper left.",
        ),
        (
            np.stack([_REPEATS / 4, _SPREADS, _REPEATS]),
            "The first and the third changed places: the first repeats each number as it is.",
        ),
        (
            np.stack([_REPEATS / 4, _SPREADS, _REPEATS / 4]),
            "The first repeats each number as it is.",
        ),
        (
            np.stack([_REPEATS, _SPREADS, _REPEATS / 2]),
            "In the third, four pixels together have the number. How much has each?",
        ),
        (
            np.stack([_REPEATS, 1 - _SPREADS, _REPEATS / 4]),
            "In the second you have filled the three others. There stand the zeros.",
        ),
    ],
    hint="The kernel is put down for each number, times the number. What does it have to look like for the number 1?",
)


def _transposed(kernel, size, stride, step=None, length=None):
    """A column for each cell: the kernel, put down; ``step`` and ``length`` are slips."""
    step = stride if step is None else step
    array = np.zeros(((size - 1) * stride + len(kernel), size), dtype=kernel.dtype)
    for cell in range(size):
        array[cell * step : cell * step + len(kernel), cell] = kernel
    return array if length is None else array[:length]


seg_matrix = Checker(
    truth=_transposed,
    right="Read it by rows, and it is the array of a convolution with that stride, transposed.",
    slips=[
        (
            lambda kernel, size, stride: _transposed(kernel, size, stride).T,
            "That goes back: from the large row to the small one. Here each column belongs to one cell.",
        ),
        (
            lambda kernel, size, stride: _transposed(kernel[::-1], size, stride),
            "Your kernel is reversed. Put it down as it is.",
        ),
        (
            lambda kernel, size, stride: _transposed(kernel, size, stride, step=1),
            "Your kernels are put down 1 apart. From cell to cell they move by the stride.",
        ),
        (
            lambda kernel, size, stride: _transposed(
                kernel, size, stride, step=1, length=size - 1 + len(kernel)
            ),
            "You left out the stride: from cell to cell the kernel moves by more, and the output is longer.",
        ),
        (
            lambda kernel, size, stride: np.minimum(abs(_transposed(kernel, size, stride)), 1),
            "You marked which pixels are reached. Write down the weights.",
        ),
        (
            lambda kernel, size, stride: _transposed(kernel, size, stride, length=(size - 1) * stride),
            "The last kernel does not fit in: how long is the output?",
        ),
    ],
    hint="Zeros first, with a row for each output and a column for each cell. Write the kernel down each column.",
    tries=[(np.array([1, 2, 3]), 4, 2), (np.array([5.0, -2.0]), 3, 2), (np.array([2, 1, 4, 3]), 2, 3)],
)


def _kept_inside(mask, reach=(1, 1), fill=0, corners=True):
    """Pixels whose neighbours are all of the mask; beyond the image is ``fill``."""
    rows, columns = mask.shape
    padded = np.pad(mask, 1, constant_values=fill)
    steps = [
        (down, right)
        for down in range(-reach[0], reach[0] + 1)
        for right in range(-reach[1], reach[1] + 1)
        if corners or 0 in (down, right)
    ]
    return np.min(
        [padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns] for down, right in steps], axis=0
    )


def _outline(mask, **slip):
    return mask - _kept_inside(mask, **slip)


_BLOB = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 1, 1, 0, 0, 0],
        [0, 1, 1, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 1, 0, 1, 1],
        [0, 0, 0, 0, 0, 0, 0, 1, 1],
    ]
)
_AT_THE_EDGE = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]])

seg_outline = Checker(
    truth=_outline,
    right="That is the band that boundary IoU looks at, with d = 1.",
    slips=[
        (
            lambda mask: _outline(mask, corners=False),
            "A pixel has eight neighbours: those at its corners count too.",
        ),
        (
            lambda mask: _outline(mask, fill=1),
            "Beyond the image is outside: a mask ends there too.",
        ),
        (
            lambda mask: _outline(mask, reach=(1, 0)),
            "You looked up and down only. There are neighbours to the left and right.",
        ),
        (
            lambda mask: _outline(mask, reach=(0, 1)),
            "You looked left and right only. There are neighbours above and below.",
        ),
        (_kept_inside, "That is the inside. The outline is what is left of the mask without it."),
        (
            lambda mask: 1 - _kept_inside(1 - mask, fill=1) - mask,
            "That is the ring around the mask. The outline belongs to the mask.",
        ),
        (lambda mask: 1 - _kept_inside(mask), "What is not in the mask is not in its outline."),
    ],
    hint="Pad the mask by a frame of zeros. Take its nine shifted copies. Where are all of them 1?",
    tries=[(_BLOB,), (_AT_THE_EDGE,), (_BLOB.T[:8],)],
)
