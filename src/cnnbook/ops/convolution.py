"""Convolutions in one and two dimensions, their gradients, and the transposed convolution."""

import math

import numpy as np

from cnnbook import shapes
from cnnbook.ops.windows import (
    add_windows,
    all_windows,
    check_grad_output,
    check_input,
    check_like_input,
    pad,
    unpad,
)


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide kernels over sequences: `conv2d` with one spatial dimension.

    >>> signal = np.ones((1, 2, 10))
    >>> conv1d(signal, weight=np.ones((4, 2, 3)), dilation=2).shape
    (1, 4, 6)

    Args:
        input: (N, in_channels, L), or (in_channels, L) for one sequence.
        weight: (out_channels, in_channels / groups, K), of the input's type.
        bias, stride, padding, dilation, groups: as for `conv2d`, with one spatial dimension.

    Returns:
        (N, out_channels, OL), or (out_channels, OL) for one sequence.

    Raises:
        ValueError: as for `conv2d`.

    Source: `torch.nn.functional.conv1d`. Used in the chapter `convolution`, "In one dimension first".
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, dimensions=1)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide kernels over images: every window of the input times every kernel, summed.

    >>> image = np.ones((1, 3, 8, 10), dtype=np.float32)
    >>> weight = np.ones((16, 3, 3, 5), dtype=np.float32)
    >>> conv2d(image, weight, stride=2, padding=(1, 2)).shape
    (1, 16, 4, 5)

    As in every deep learning library, the kernel is not flipped: this is cross-correlation.

    Args:
        input: (N, in_channels, H, W), or (in_channels, H, W) for one image.
        weight: (out_channels, in_channels / groups, KH, KW), of the input's type.
        bias: None or (out_channels,), of the input's type.
        stride: pixels from one window to the next, an int or (rows, columns), at least 1.
        padding: zeros added on each side, an int or (rows, columns), at least 0; "valid" adds none, "same"
            keeps the size (stride 1 only).
        dilation: pixels from one kernel cell to the next, an int or (rows, columns), at least 1.
        groups: parts that the channels are split into, each with its own kernels.

    Returns:
        (N, out_channels, OH, OW), or (out_channels, OH, OW) for one image; see `shapes.conv_output_size`.

    Raises:
        ValueError: arrays whose shapes or types do not go together, or an argument that
            `torch.nn.functional.conv2d` would refuse.

    Source: Chellapilla, Puri and Simard, "High Performance Convolutional Neural Networks for Document
    Processing" (2006). Used in the chapter `convolution`, "From four loops to one matrix product".
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, dimensions=2)


def _conv(input, weight, bias, stride, padding, dilation, groups, dimensions):
    """Write each window as a column; then one matrix product for each group makes an image of the output."""
    padded, stride, dilation, output_size = _prepare_conv(
        input, weight, bias, stride, padding, dilation, groups, dimensions
    )
    out_channels, channels_seen, *kernel_size = weight.shape
    window_cells, positions = channels_seen * math.prod(kernel_size), math.prod(output_size)
    windows = all_windows(padded, kernel_size, stride, dilation)
    rows = weight.reshape(groups, out_channels // groups, window_cells)

    batch = input.shape[: -dimensions - 1]
    output = np.empty((*batch, groups, out_channels // groups, positions), dtype=input.dtype)
    # The columns take KH * KW times the memory of the image: only one image's are written out at a time.
    for image in np.ndindex(batch):
        columns = windows[image].reshape(groups, window_cells, positions)
        np.matmul(rows, columns, out=output[image])
    return _add_bias(output.reshape(*batch, out_channels, *output_size), bias, dimensions)


def conv2d_loops(input, weight, bias=None, stride=1, padding=0, dilation=1):
    """The convolution as its definition reads: for each output pixel, go through the kernel and add up.

    >>> image = np.ones((1, 1, 4, 5))
    >>> conv2d_loops(image, weight=np.ones((1, 1, 3, 3))).shape
    (1, 1, 2, 3)

    The same numbers as `conv2d`, thousands of times slower.

    Args, Returns and Raises: as for `conv2d`, without groups.

    Source: Goodfellow, Bengio and Courville, "Deep Learning" (2016), equation 9.6. Used in the chapter
    `convolution`, "From four loops to one matrix product".
    """
    padded, stride, dilation, output_size = _prepare_conv(
        input, weight, bias, stride, padding, dilation, groups=1, dimensions=2
    )
    batch = input.shape[:-3]
    out_channels, in_channels, kernel_rows, kernel_columns = weight.shape
    output_rows, output_columns = output_size
    output = np.zeros((*batch, out_channels, *output_size), dtype=input.dtype)
    for *image, out_channel, in_channel in np.ndindex(*batch, out_channels, in_channels):
        pixels, kernel = padded[(*image, in_channel)], weight[out_channel, in_channel]
        sums = output[(*image, out_channel)]
        for row in range(output_rows):
            for column in range(output_columns):
                for i in range(kernel_rows):
                    for j in range(kernel_columns):
                        y = row * stride[0] + i * dilation[0]
                        x = column * stride[1] + j * dilation[1]
                        sums[row, column] += pixels[y, x] * kernel[i, j]
    return _add_bias(output, bias, dimensions=2)


def conv2d_backward(grad_output, input, weight, stride=1, padding=0, dilation=1, groups=1):
    """What a loss's gradient for the output of `conv2d` makes of its input, its weight and its bias.

    >>> image, weight = np.ones((2, 3, 8, 10)), np.ones((16, 3, 3, 5))
    >>> grad_output = np.ones((2, 16, 4, 5))
    >>> gradients = conv2d_backward(grad_output, image, weight, stride=2, padding=(1, 2))
    >>> [gradient.shape for gradient in gradients]
    [(2, 3, 8, 10), (16, 3, 3, 5), (16,)]

    An output is a sum of products, pixel times weight. So a weight collects each pixel that it met, times
    the gradient of the output that the two were for; and a pixel collects the weights that it met, in the
    same way: that is the transposed convolution of the output's gradient.

    Args:
        grad_output: of the shape and type of the output, the derivative of the loss by each of its numbers.
        input, weight, stride, padding, dilation, groups: as for `conv2d`.

    Returns:
        The gradients of the input, the weight and the bias, each of the shape of what it belongs to.

    Raises:
        ValueError: as for `conv2d`, or a gradient that is not of the output's shape and type.

    Source: LeCun et al., "Backpropagation Applied to Handwritten Zip Code Recognition" (1989), section 3;
    PyTorch's `convolution_backward`. Used in the chapter `building_a_cnn`, "Backward through the blocks".
    """
    padded, strides, dilations, output_size = _prepare_conv(
        input, weight, None, stride, padding, dilation, groups, dimensions=2
    )
    out_channels, channels_seen, *kernel_size = weight.shape
    batch = input.shape[:-3]
    check_grad_output(grad_output, input, (*batch, out_channels, *output_size))
    window_cells, positions = channels_seen * math.prod(kernel_size), math.prod(output_size)
    windows = all_windows(padded, kernel_size, strides, dilations)
    grad_rows = np.zeros((groups, out_channels // groups, window_cells), dtype=input.dtype)
    for image in np.ndindex(batch):
        columns = windows[image].reshape(groups, window_cells, positions)
        grad_rows += grad_output[image].reshape(groups, -1, positions) @ columns.swapaxes(-1, -2)

    dropped = shapes.unused(padded.shape[-2:], tuple(kernel_size), strides, dilation=dilations)
    grad_padded = conv_transpose2d(grad_output, weight, None, strides, 0, dropped, groups, dilations)
    sides = shapes.padding_sides(tuple(kernel_size), padding, dilation)
    grad_bias = grad_output.sum(axis=tuple(axis for axis in range(input.ndim) if axis != input.ndim - 3))
    return unpad(grad_padded, sides, input.shape[-2:]), grad_rows.reshape(weight.shape), grad_bias


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """Stamp kernels onto a larger image: each input pixel times every kernel, added where it lands.

    >>> features = np.ones((1, 8, 7, 5), dtype=np.float32)
    >>> weight = np.ones((8, 4, 2, 2), dtype=np.float32)
    >>> conv_transpose2d(features, weight, stride=2).shape
    (1, 4, 14, 10)

    Where `conv2d` reads a window, this writes one: it is the matrix of `conv2d`, transposed.

    Args:
        input: (N, in_channels, H, W), or (in_channels, H, W) for one image.
        weight: (in_channels, out_channels / groups, KH, KW), of the input's type.
        bias: None or (out_channels,), of the input's type.
        stride: output pixels from one stamp to the next, an int or (rows, columns), at least 1.
        padding: pixels cut off each side of the output, an int or (rows, columns), at least 0.
        output_padding: pixels added at the bottom and the right of the output, an int or (rows, columns),
            less than the stride or the dilation.
        groups: parts that the channels are split into, each with its own kernels.
        dilation: output pixels from one kernel cell to the next, an int or (rows, columns), at least 1.

    Returns:
        (N, out_channels, OH, OW), or (out_channels, OH, OW) for one image; see
        `shapes.conv_transpose_output_size`.

    Raises:
        ValueError: arrays whose shapes or types do not go together, or an argument that
            `torch.nn.functional.conv_transpose2d` would refuse.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), chapter 4. Used
    in the chapter `segmentation`, for upsampling.
    """
    check_input(input, dimensions=2)
    check_like_input("weight", weight, input, ndim=4)
    in_channels, channels_made, *kernel_size = weight.shape
    if input.shape[-3] != in_channels:
        raise ValueError(
            f"input has {input.shape[-3]} channels: expected {in_channels}, as many as the weight"
        )
    out_channels = channels_made * shapes.integer("groups", groups)
    channels_seen, _ = shapes.channels_per_group(in_channels, out_channels, groups)
    _check_bias(bias, input, out_channels)
    *batch, _, height, width = input.shape
    output_height, output_width = shapes.conv_transpose_output_size(
        (height, width), tuple(kernel_size), stride, padding, output_padding, dilation
    )
    stride = shapes.per_dimension("stride", stride, 2)
    dilation = shapes.per_dimension("dilation", dilation, 2)
    top, left = shapes.per_dimension("padding", padding, 2)

    columns = weight.reshape(groups, channels_seen, channels_made * math.prod(kernel_size)).swapaxes(-1, -2)
    pixels = input.reshape(*batch, groups, channels_seen, height * width)
    stamps = (columns @ pixels).reshape(*batch, out_channels, *kernel_size, height, width)
    canvas_size = (output_height + 2 * top, output_width + 2 * left)
    canvas = np.zeros((*batch, out_channels, *canvas_size), dtype=input.dtype)
    add_windows(canvas, stamps, stride, dilation)
    output = canvas[..., top : top + output_height, left : left + output_width]
    return _add_bias(output, bias, dimensions=2)


def _prepare_conv(input, weight, bias, stride, padding, dilation, groups, dimensions):
    """Refuse what PyTorch refuses; then the padded input, stride and dilation as tuples, the output size."""
    check_input(input, dimensions)
    check_like_input("weight", weight, input, ndim=dimensions + 2)
    in_channels, size = input.shape[-dimensions - 1], input.shape[-dimensions:]
    out_channels, weight_channels, *kernel_size = weight.shape
    channels_seen, _ = shapes.channels_per_group(in_channels, out_channels, groups)
    if weight_channels != channels_seen:
        expected = f"{in_channels} input channels / {groups} groups = {channels_seen}"
        raise ValueError(f"weight has {weight_channels} channels: expected {expected}")
    _check_bias(bias, input, out_channels)
    kernel_size = tuple(kernel_size)
    output_size = shapes.conv_output_size(size, kernel_size, stride, padding, dilation)
    stride = shapes.per_dimension("stride", stride, dimensions)
    dilation = shapes.per_dimension("dilation", dilation, dimensions)
    padded = pad(input, shapes.padding_sides(kernel_size, padding, dilation))
    return padded, stride, dilation, output_size


def _add_bias(output, bias, dimensions):
    """The output with each channel's bias added in place."""
    if bias is not None:
        output += bias.reshape(-1, *[1] * dimensions)
    return output


def _check_bias(bias, input, out_channels):
    """Refuse a bias that is not one number for each output channel."""
    if bias is None:
        return
    check_like_input("bias", bias, input, ndim=1)
    if len(bias) != out_channels:
        raise ValueError(
            f"bias has shape {bias.shape}: expected ({out_channels},), one for each output channel"
        )
