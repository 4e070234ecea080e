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


def _inputs_read(place, kernel_size, stride, dilation):
    return place * stride + np.arange(kernel_size) * dilation


_SUMS = ((3, 1), (1, 2), (2, 3))  # stride, dilation


def _inputs_of_all(place, step_of_window, step_in_window):
    """The inputs in the three sums, for steps that may be mistaken."""
    return np.stack(
        [
            _inputs_read(place, 4, step_of_window(stride, dilation), step_in_window(stride, dilation))
            for stride, dilation in _SUMS
        ]
    )


stride_equation = Checker(
    truth=_inputs_of_all(4, lambda stride, _: stride, lambda _, dilation: dilation),
    right="The formula for all three: output i is the sum over k of w[k] · x[i · stride + k · dilation].",
    slips=[
        (
            _inputs_of_all(4, lambda *_: 1, lambda _, dilation: dilation),
            "You left out the stride: it moves the whole window from output to output.",
        ),
        (
            _inputs_of_all(4, lambda stride, _: stride, lambda *_: 1),
            "You left out the dilation: it spreads the weights within one window.",
        ),
        (
            _inputs_of_all(4, lambda _, dilation: dilation, lambda stride, _: stride),
            "Stride and dilation changed places: the stride moves the window, the dilation spreads it.",
        ),
        (
            _inputs_of_all(3, lambda stride, _: stride, lambda _, dilation: dilation),
            "That is the output before. Outputs are counted from 0, so number 4 is the fifth.",
        ),
        (
            _inputs_of_all(
                4, lambda stride, _: stride, lambda _, dilation: dilation + 1 if dilation > 1 else 1
            ),
            "A dilation of 2 is a distance of 2. It does not leave out two inputs.",
        ),
        (
            _inputs_of_all(4, lambda stride, dilation: stride * dilation, lambda _, dilation: dilation),
            "The dilation does not move the window: its first weight meets the same input as without.",
        ),
    ],
    hint="Where does the window of output 4 begin? How far from there to the next weight's input?",
)


def _spread_rows(kernel, input_size, stride, dilation, extra=0):
    """The array of a convolution of a row; with ``extra`` places at the end, whose windows hang over it."""
    places = shapes.conv_output_size(input_size, len(kernel), stride, dilation=dilation) + extra
    array = np.zeros((places, input_size + extra * stride), dtype=kernel.dtype)
    for place in range(places):
        array[place, _inputs_read(place, len(kernel), stride, dilation)] = kernel
    return array[:, :input_size]


stride_matrix = Checker(
    truth=_spread_rows,
    right="The stride moves each row against the row above it. The dilation puts zeros between the weights.",
    slips=[
        (
            lambda kernel, input_size, stride, dilation: _spread_rows(kernel, input_size, 1, dilation),
            "From row to row the kernel moves by the stride, and so there are fewer rows.",
        ),
        (
            lambda kernel, input_size, stride, dilation: _spread_rows(kernel, input_size, stride, 1),
            "Within a row the weights stand one dilation apart.",
        ),
        (
            lambda kernel, input_size, stride, dilation: _spread_rows(
                kernel[::-1], input_size, stride, dilation
            ),
            "Your kernel is reversed in every row.",
        ),
        (
            lambda kernel, input_size, stride, dilation: _spread_rows(kernel, input_size, stride, dilation).T,
            "That is transposed: each row belongs to one output.",
        ),
        (
            lambda kernel, input_size, stride, dilation: _spread_rows(kernel, input_size, stride, dilation)[
                :-1
            ],
            "A row is missing at the end: there is one place more than there are steps.",
        ),
        (
            lambda kernel, input_size, stride, dilation: _spread_rows(
                kernel, input_size, stride, dilation, extra=1
            ),
            "In the last row the kernel hangs over the end. The window has to stay inside.",
        ),
    ],
    hint="As many rows as the formula says. In row i the weights stand at i · stride, and on from there by the dilation.",
    tries=[
        (np.array([2, 5, 3]), 8, 2, 1),
        (np.array([1.0, -4.0, 2.0]), 9, 1, 2),
        (np.array([1, 2]), 13, 3, 4),
    ],
)

stride_sampling = Checker(
    truth=lambda size, stride: np.eye(size, dtype=int)[::stride],
    right="So a strided layer computes nothing that the layer with stride 1 does not: it skips.",
    slips=[
        (
            lambda size, stride: np.eye(size, dtype=int)[::stride].T,
            "That is transposed: it has a row for each number that is kept.",
        ),
        (
            lambda size, stride: np.eye(size, dtype=int)[stride - 1 :: stride],
            "The first number is kept. You begin with a later one.",
        ),
        (
            lambda size, stride: np.eye(size, dtype=int)[: size // stride * stride : stride],
            "You rounded down. What is kept is the first number, and then one for each whole step.",
        ),
        (
            lambda size, stride: np.diag((np.arange(size) % stride == 0).astype(int)),
            "You set the others to 0. They have to go: the result has fewer numbers.",
        ),
        (
            lambda size, stride: np.eye(size, dtype=int)[: -(-size // stride)],
            "You keep the first ones, side by side. Keep one, then skip.",
        ),
    ],
    hint="Each row has a single 1. In which column does it stand in the first row, the second, the last?",
    tries=[(6, 2), (7, 2), (11, 3), (12, 5)],
)


def _weights_and_biases(first=(2, 6, 5), second=(6, 12, 3), third=(4, 9, 49)):
    """Channels in, channels out and cells of a kernel, for each of three layers."""
    return tuple(
        count
        for channels, filters, cells in (first, second, third)
        for count in (channels * filters * cells, filters)
    )


stride_count = Checker(
    truth=_weights_and_biases(),
    right="A kernel for each pair of an input and an output channel, and a bias for each output channel.",
    slips=[
        (
            _weights_and_biases((2, 6, 25), (6, 12, 9)),
            "Along a row a kernel of five has five weights. Only on an image is it a square.",
        ),
        (
            _weights_and_biases(third=(4, 9, 7)),
            "On an image a kernel is a square.",
        ),
        (
            _weights_and_biases((1, 6, 5), (1, 12, 3), (1, 9, 49)),
            "A filter has a kernel for each channel that it reads.",
        ),
        (
            _weights_and_biases(second=(2, 12, 3)),
            "The second layer reads the channels that the first one puts out.",
        ),
        (
            tuple(np.add(_weights_and_biases(), [6, 0, 12, 0, 9, 0]).tolist()),
            "You counted the biases among the weights too.",
        ),
        (
            (60, 2, 216, 6, 1764, 4),
            "A bias belongs to a channel that the layer puts out, not to one that it reads.",
        ),
    ],
    hint="Weights: channels in times channels out times the cells of one kernel. Biases: one for each filter.",
)

stride_interleaved = Checker(
    truth=lambda weight: weight.T.reshape(-1),
    right="With the stride equal to the number of channels, the window always begins at a whole pixel.",
    slips=[
        (
            lambda weight: weight.reshape(-1),
            "Your kernel reads channel after channel. In the row the channels of one pixel stand side by side.",
        ),
        (lambda weight: weight.T, "The order is right. Make one row of it."),
        (
            lambda weight: weight[:, ::-1].T.reshape(-1),
            "Your pixels come in reverse order: the kernel is flipped.",
        ),
        (
            lambda weight: weight[::-1].T.reshape(-1),
            "Your channels come in reverse order: blue, green, red.",
        ),
        (
            lambda weight: np.repeat(weight.sum(axis=0), len(weight)),
            "You gave all channels the same weights. Each has a kernel of its own.",
        ),
        (
            lambda weight: weight.sum(axis=0),
            "You added the channels' kernels up. Each channel's numbers meet their own weights.",
        ),
    ],
    hint="Which numbers stand in the window, from left to right? Write each one's weight below it.",
    tries=[
        (np.arange(1.0, 7).reshape(3, 2),),
        (np.arange(15.0).reshape(3, 5) ** 2,),
        (np.array([[1.0, 2, 3, 4], [5, 6, 7, 8]]),),
    ],
)


def _channel_blocks(weight, input_size):
    return np.block([[_spread_rows(kernel, input_size, 1, 1) for kernel in kernels] for kernels in weight])


def _in_turns(channels, size):
    """The order of numbers where all channels of the first place come first, then all of the second."""
    return np.arange(channels * size).reshape(channels, size).T.ravel()


stride_channel_matrix = Checker(
    truth=_channel_blocks,
    right="A block for each pair of an output and an input channel: a fully connected layer between channels.",
    slips=[
        (
            lambda weight, input_size: _channel_blocks(weight, input_size)[
                :, _in_turns(weight.shape[1], input_size)
            ],
            "Your columns take the channels in turns. All of the first channel comes first.",
        ),
        (
            lambda weight, input_size: _channel_blocks(weight, input_size)[
                _in_turns(len(weight), input_size - weight.shape[2] + 1)
            ],
            "Your rows take the channels in turns. All of the first channel comes first.",
        ),
        (
            lambda weight, input_size: _channel_blocks(weight.swapaxes(0, 1), input_size),
            "Input and output channels changed places: filters first.",
        ),
        (
            lambda weight, input_size: _channel_blocks(weight, input_size).T,
            "That is transposed: each row belongs to one output.",
        ),
        (
            lambda weight, input_size: _channel_blocks(weight[..., ::-1], input_size),
            "Your kernels are reversed.",
        ),
        (
            lambda weight, input_size: sum(
                _channel_blocks(weight[:, [channel]], input_size) for channel in range(weight.shape[1])
            ),
            "You laid the blocks of the input channels on top of each other. They stand side by side.",
        ),
    ],
    hint="Make the array of one kernel first. Blocks side by side: input channels. Blocks below: output channels.",
    tries=[
        (np.arange(1.0, 7).reshape(2, 1, 3), 6),
        (np.arange(1.0, 7).reshape(1, 2, 3), 5),
        (np.arange(24.0).reshape(3, 2, 4) ** 2, 6),
    ],
)
