"""The exercises of the chapter `stride_padding`."""

import numpy as np

from cnnbook import shapes
from cnnbook.checks.checker import Checker

_TALL, _WIDE = (30, 44), dict(kernel_size=5, stride=4)

stride_dropped = Checker(
    truth=(*shapes.conv_output_size(_TALL, **_WIDE), *shapes.unused(_TALL, **_WIDE)),
    right="The floor drops rows and columns one axis at a time, and says nothing.",
    slips=[
        ((8, 11, 1, 3), "You rounded up. A window that hangs over the end does not count."),
        ((6, 9, 1, 3), "You counted the steps. The first place comes before the first step."),
        (
            (7, 10, 0, 0),
            "The sizes are right. Where does the last window end, and where the image?",
        ),
        ((10, 7, 3, 1), "Rows and columns changed places: rows come first."),
        ((7, 11, 2, 0), "You forgot the kernel: the first window already covers five cells."),
    ],
    hint="Along each axis: take the kernel away, divide by the stride, round down, add one. What remains?",
)

_ROW = np.array([3, 1, 4, 1, 5])

stride_padded_row = Checker(
    truth=np.stack([np.pad(_ROW, 2, mode="reflect"), np.pad(_ROW, 2, mode="wrap")]),
    right="Both modes take their numbers from the row itself, so no foreign zeros come in.",
    slips=[
        (
            np.stack([np.pad(_ROW, 2, mode="symmetric"), np.pad(_ROW, 2, mode="wrap")]),
            "In `reflect` the mirror stands on the last cell, so that cell is not repeated.",
        ),
        (
            np.stack([np.pad(_ROW, 2, mode="wrap"), np.pad(_ROW, 2, mode="reflect")]),
            "The two rows changed places.",
        ),
        (
            np.stack([np.pad(_ROW, 2, mode="edge"), np.pad(_ROW, 2, mode="wrap")]),
            "The first row repeats the border. That is `replicate`.",
        ),
        (
            np.stack([np.pad(_ROW, 2, mode="reflect"), np.pad(_ROW, 2, mode="wrap")])[:, 1:-1],
            "That is a padding of 1. It has to be 2, on both sides.",
        ),
    ],
    hint="The five numbers stay in the middle. What stands two cells outside, in each mode?",
)

stride_same = Checker(
    truth=(3, 6),
    right="Half of what the kernel spans beyond one cell, on each side.",
    slips=[
        ((3, 2), "The second kernel is dilated. How many cells does it span?"),
        ((6, 12), "That is the padding of both sides together. Give one side's."),
        ((7, 13), "That is what the kernel spans. How much of it hangs over one side?"),
        ((4, 7), "One cell of the kernel lies on the pixel itself."),
        ((2, 2), "The first kernel has seven cells along a side."),
    ],
    hint="At stride 1 the size shrinks by what the kernel spans, less one. Padding has to give that back.",
)


def _on_both_axes(size_along):
    """A function of height, width and a layer, from a function of one size and the layer."""
    return lambda height, width, *layer: (size_along(height, *layer), size_along(width, *layer))


stride_output_size = Checker(
    truth=_on_both_axes(shapes.conv_output_size),
    right="That is PyTorch's formula, for every convolution that you will meet.",
    slips=[
        (
            lambda height, width, *layer: _on_both_axes(shapes.conv_output_size)(width, height, *layer),
            "Rows and columns changed places: rows come first.",
        ),
        (_on_both_axes(lambda n, k, s, p, d: (n + 2 * p - k) // s + 1), "You left out the dilation."),
        (
            _on_both_axes(lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1),
            "Padding is on both sides.",
        ),
        (
            _on_both_axes(lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1),
            "Three weights have two gaps between them. What does a dilated kernel span?",
        ),
        (
            _on_both_axes(lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) // s),
            "You counted the steps. The first place comes before the first step.",
        ),
        (
            _on_both_axes(lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) / s + 1),
            "A step that does not fit is not made: round down.",
        ),
    ],
    hint="Work on one axis. What is the padded size, what does the kernel span, how many steps fit?",
    tries=[
        (7, 9, 3, 1, 0, 1),
        (32, 45, 3, 2, 1, 1),
        (30, 44, 5, 4, 0, 1),
        (20, 33, 3, 2, 3, 4),
        (11, 8, 1, 3, 0, 2),
    ],
)

_GROUPED = (8, 12 // 4, 5, 5, shapes.conv_parameters(12, 8, 5, groups=4))

stride_grouped = Checker(
    truth=_GROUPED,
    right="Each of the eight filters sees only the channels of its own group.",
    slips=[
        (
            (8, 12, 5, 5, shapes.conv_parameters(12, 8, 5)),
            "Those are the numbers without groups. How many channels does one filter see?",
        ),
        ((*_GROUPED[:4], _GROUPED[4] - 8), "Every filter has a bias too."),
        ((2, *_GROUPED[1:]), "There are two filters in each group. The weight holds those of all groups."),
        ((12, 2, 5, 5, shapes.conv_parameters(8, 12, 5, groups=4)), "Filters first, channels second."),
        ((8, 4, 5, 5, 8 * (4 * 25 + 1)), "There are four groups. That is not four channels in each."),
    ],
    hint="Split the input channels into the groups. One filter has a kernel for each channel that it sees.",
)

stride_separable = Checker(
    truth=lambda in_channels, out_channels, kernel_size: (
        shapes.conv_parameters(in_channels, out_channels, kernel_size, bias=False),
        shapes.depthwise_separable_parameters(in_channels, out_channels, kernel_size, bias=False),
    ),
    right="A product has become a sum, and that is the whole saving.",
    slips=[
        (
            lambda in_channels, out_channels, kernel_size: (
                shapes.conv_parameters(in_channels, out_channels, kernel_size),
                shapes.depthwise_separable_parameters(in_channels, out_channels, kernel_size),
            ),
            "No biases here: weights alone.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: (
                in_channels * out_channels * kernel_size**2,
                in_channels * kernel_size**2,
            ),
            "The second count stops after the depthwise step. The 1 × 1 step has weights too.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: (
                in_channels * out_channels * kernel_size**2,
                out_channels * kernel_size**2 + in_channels * out_channels,
            ),
            "The depthwise step has one kernel for each channel that comes in.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: (
                in_channels * out_channels * kernel_size,
                in_channels * kernel_size + in_channels * out_channels,
            ),
            "A kernel is a square.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: (
                in_channels * out_channels * kernel_size**2,
                in_channels * kernel_size**2 * in_channels * out_channels,
            ),
            "The two steps come one after the other: add their weights.",
        ),
    ],
    hint="Count kernels and their cells: in the ordinary layer, in the depthwise step, in the 1 × 1 step.",
    tries=[(4, 2, 3), (64, 128, 3), (3, 16, 5)],
)
