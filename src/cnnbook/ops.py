"""The layers from scratch in NumPy, with the names, signatures and meaning of `torch.nn.functional`.

Arrays are laid out as PyTorch's: N images, C channels, H rows, W columns; a single image has no N. They are
float32 or float64, and the output keeps the type. What PyTorch turns down raises `ValueError` before any
work; the rules about sizes are in `shapes`. One idea runs through the module: a layer is a sum, or a maximum,
over the windows of its input, and `sliding_window_view` shows all windows without copying a pixel.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnbook import shapes


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
    Processing" (2006). Used in the chapter `convolution`, "From four nested loops to one matrix product".
    """
    return _conv(input, weight, bias, stride, padding, dilation, groups, dimensions=2)


def _conv(input, weight, bias, stride, padding, dilation, groups, dimensions):
    """Write each window as a column; then one matrix product for each group makes an image of the output."""
    padded, stride, dilation, output_size = _prepare_conv(
        input, weight, bias, stride, padding, dilation, groups, dimensions
    )
    out_channels, channels_seen, *kernel_size = weight.shape
    window_cells, positions = channels_seen * math.prod(kernel_size), math.prod(output_size)
    windows = _windows(padded, kernel_size, stride, dilation)
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
    `convolution`, "From four nested loops to one matrix product".
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
    _check_grad_output(grad_output, input, (*batch, out_channels, *output_size))
    window_cells, positions = channels_seen * math.prod(kernel_size), math.prod(output_size)
    windows = _windows(padded, kernel_size, strides, dilations)
    grad_rows = np.zeros((groups, out_channels // groups, window_cells), dtype=input.dtype)
    for image in np.ndindex(batch):
        columns = windows[image].reshape(groups, window_cells, positions)
        grad_rows += grad_output[image].reshape(groups, -1, positions) @ columns.swapaxes(-1, -2)

    dropped = shapes.unused(padded.shape[-2:], tuple(kernel_size), strides, dilation=dilations)
    grad_padded = conv_transpose2d(grad_output, weight, None, strides, 0, dropped, groups, dilations)
    sides = shapes.padding_sides(tuple(kernel_size), padding, dilation)
    grad_bias = grad_output.sum(axis=tuple(axis for axis in range(input.ndim) if axis != input.ndim - 3))
    return _unpad(grad_padded, sides, input.shape[-2:]), grad_rows.reshape(weight.shape), grad_bias


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
    _check_input(input, dimensions=2)
    _check_like_input("weight", weight, input, ndim=4)
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
    _add_windows(canvas, stamps, stride, dilation)
    output = canvas[..., top : top + output_height, left : left + output_width]
    return _add_bias(output, bias, dimensions=2)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Keep the largest value of each window.

    >>> features = np.ones((1, 64, 55, 41), dtype=np.float32)
    >>> max_pool2d(features, kernel_size=3, stride=2).shape
    (1, 64, 27, 20)

    Padding never wins. NaN always does, so that a broken number stays visible.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        kernel_size: window cells, an int or (rows, columns), at least 1.
        stride: pixels from one window to the next, an int or (rows, columns), at least 1; None means the
            kernel size.
        padding: pixels added on each side, an int or (rows, columns), at most half the kernel.
        dilation: pixels from one window cell to the next, an int or (rows, columns), at least 1.
        ceil_mode: whether a last window may hang over the end.

    Returns:
        (N, C, OH, OW), or (C, OH, OW) for one image; see `shapes.pool_output_size`.

    Raises:
        ValueError: an array of the wrong shape or type, or an argument that `torch.nn.functional.max_pool2d`
            would refuse.

    Source: `torch.nn.functional.max_pool2d`. Used in the chapter `pooling`.
    """
    _check_input(input, dimensions=2)
    output_size = shapes.pool_output_size(input.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    windows = _pool_windows(input, output_size, kernel_size, stride, padding, dilation, fill=-np.inf)
    return windows.max(axis=(-4, -3))


def max_pool2d_backward(grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """What a loss's gradient for the output of `max_pool2d` makes of its input.

    >>> features, grad_output = np.ones((1, 64, 55, 41)), np.ones((1, 64, 27, 20))
    >>> max_pool2d_backward(grad_output, features, kernel_size=3, stride=2).shape
    (1, 64, 55, 41)

    Only the cell that won its window could have changed the output: it gets the whole gradient, once for each
    window that it won, and all others get none. Of equal cells the first one wins, row by row.

    Args:
        grad_output: of the shape and type of the output, the derivative of the loss by each of its numbers.
        input, kernel_size, stride, padding, dilation, ceil_mode: as for `max_pool2d`.

    Returns:
        The gradient of the input, of its shape.

    Raises:
        ValueError: as for `max_pool2d`, or a gradient that is not of the output's shape and type.

    Source: PyTorch's `max_pool2d_with_indices_backward`. Used in the chapter `building_a_cnn`, "Backward
    through the blocks".
    """
    _check_input(input, dimensions=2)
    output_size = shapes.pool_output_size(input.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    _check_grad_output(grad_output, input, (*input.shape[:-2], *output_size))
    windows = _pool_windows(input, output_size, kernel_size, stride, padding, dilation, fill=-np.inf)
    *leading, rows, columns, _, _ = windows.shape
    winners = windows.reshape(*leading, rows * columns, *output_size).argmax(axis=-3)
    cells = np.arange(rows * columns).reshape(rows, columns, 1, 1)
    won = cells == winners[..., np.newaxis, np.newaxis, :, :]
    parts = won * grad_output[..., np.newaxis, np.newaxis, :, :]
    return _add_pool_windows(parts, input, output_size, kernel_size, stride, padding, dilation)


def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """Average each window.

    >>> features = np.ones((1, 64, 28, 20), dtype=np.float32)
    >>> avg_pool2d(features, kernel_size=2).shape
    (1, 64, 14, 10)

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        kernel_size, stride, padding, ceil_mode: as for `max_pool2d`.
        count_include_pad: whether the zeros of the padding count in the average. What hangs over the padded
            input, in `ceil_mode`, never does.
        divisor_override: None, or what to divide the sum of each window by, an int other than 0.

    Returns:
        (N, C, OH, OW), or (C, OH, OW) for one image; see `shapes.pool_output_size`.

    Raises:
        ValueError: an array of the wrong shape or type, or an argument that `torch.nn.functional.avg_pool2d`
            would refuse.

    Source: `torch.nn.functional.avg_pool2d`. Used in the chapter `pooling`.
    """
    output_size, divisors = _prepare_avg_pool(
        input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    sums = _pool_windows(input, output_size, kernel_size, stride, padding).sum(axis=(-4, -3))
    return sums / divisors


def avg_pool2d_backward(
    grad_output,
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """What a loss's gradient for the output of `avg_pool2d` makes of its input.

    >>> features, grad_output = np.ones((1, 64, 28, 20)), np.ones((1, 64, 14, 10))
    >>> avg_pool2d_backward(grad_output, features, kernel_size=2).shape
    (1, 64, 28, 20)

    Every cell of a window has the same share in the average, so it gets the same share of the gradient. With a
    window as large as the input, it is the backward pass of global average pooling.

    Args:
        grad_output: of the shape and type of the output, the derivative of the loss by each of its numbers.
        input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: as for
            `avg_pool2d`.

    Returns:
        The gradient of the input, of its shape.

    Raises:
        ValueError: as for `avg_pool2d`, or a gradient that is not of the output's shape and type.

    Source: PyTorch's `avg_pool2d_backward`. Used in the chapter `building_a_cnn`, "Backward through the
    blocks".
    """
    output_size, divisors = _prepare_avg_pool(
        input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    _check_grad_output(grad_output, input, (*input.shape[:-2], *output_size))
    shares = (grad_output / divisors)[..., np.newaxis, np.newaxis, :, :]
    return _add_pool_windows(shares, input, output_size, kernel_size, stride, padding)


def adaptive_avg_pool2d(input, output_size):
    """Average over a grid of as many windows as asked for, whatever the size of the input.

    >>> adaptive_avg_pool2d(np.ones((1, 512, 13, 9)), output_size=(7, 3)).shape
    (1, 512, 7, 3)
    >>> adaptive_avg_pool2d(np.ones((1, 512, 13, 9)), output_size=1).shape
    (1, 512, 1, 1)

    Window i along a side of n pixels goes from i * n / output to (i + 1) * n / output, rounded outward; so
    windows may overlap. An output size of 1 is global average pooling.

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        output_size: an int for a square or (rows, columns), at least 0; a None in the tuple keeps that side.

    Returns:
        (N, C, *output_size), or (C, *output_size) for one image.

    Raises:
        ValueError: an array of the wrong shape or type, or an output size that
            `torch.nn.functional.adaptive_avg_pool2d` would refuse.

    Source: `torch.nn.functional.adaptive_avg_pool2d`; Lin, Chen and Yan, "Network in Network" (2013), section
    3.2. Used in the chapter `pooling`.
    """
    _check_input(input, dimensions=2)
    *leading, height, width = input.shape
    if isinstance(output_size, (tuple, list)) and len(output_size) == 2:
        rows, columns = output_size
        output_size = (height if rows is None else rows, width if columns is None else columns)
    output_rows, output_columns = shapes.per_dimension("output_size", output_size, 2)
    shapes.integer("output_size", output_rows, minimum=0)
    shapes.integer("output_size", output_columns, minimum=0)
    output = np.empty((*leading, output_rows, output_columns), dtype=input.dtype)
    for row, column in np.ndindex(output_rows, output_columns):
        rows = slice(row * height // output_rows, -(-(row + 1) * height // output_rows))
        columns = slice(column * width // output_columns, -(-(column + 1) * width // output_columns))
        output[..., row, column] = input[..., rows, columns].mean(axis=(-2, -1))
    return output


def _windows(input, kernel_size, stride, dilation, writeable=False):
    """Every window of the input, without a copy: (..., H, W) becomes (..., KH, KW, OH, OW)."""
    dimensions = len(kernel_size)
    covered = shapes.effective_kernel_size(tuple(kernel_size), dilation)
    windows = sliding_window_view(input, covered, axis=tuple(range(-dimensions, 0)), writeable=writeable)
    windows = windows[(..., *(slice(None, None, step) for step in (*stride, *dilation)))]
    return np.moveaxis(windows, range(-dimensions, 0), range(-2 * dimensions, -dimensions))


def _add_windows(canvas, parts, stride, dilation):
    """Add to every window of the canvas what there is for its cells: (..., KH, KW, OH, OW) onto (..., H, W)."""
    *kernel_size, height, width = parts.shape[-4:]
    windows = _windows(canvas, kernel_size, stride, dilation, writeable=True)[..., :height, :width]
    # Windows overlap, but one kernel cell lands on a different pixel in each, so nothing is lost.
    for i, j in np.ndindex(*kernel_size):
        windows[..., i, j, :, :] += parts[..., i, j, :, :]


def _prepare_avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """Refuse what PyTorch refuses; then the output size, and what the sum of each window is divided by."""
    _check_input(input, dimensions=2)
    size = input.shape[-2:]
    output_size = shapes.pool_output_size(size, kernel_size, stride, padding, ceil_mode=ceil_mode)
    shapes.flag("count_include_pad", count_include_pad)
    if divisor_override is not None:
        if not shapes.is_integer(divisor_override) or divisor_override == 0:
            raise ValueError(
                f"divisor_override is {divisor_override!r}: expected None or an integer other than 0"
            )
        return output_size, int(divisor_override)
    sides = [(pad, pad) for pad in shapes.per_dimension("padding", padding, 2)]
    counted = _pad(np.ones(size, dtype=input.dtype), sides, fill=count_include_pad)
    return output_size, _pool_windows(counted, output_size, kernel_size, stride).sum(axis=(-4, -3))


def _pool_windows(input, output_size, kernel_size, stride, padding=0, dilation=1, fill=0):
    """The windows of a pooling layer, padded as far as the last one reaches."""
    kernel_size, stride, dilation, sides = _prepare_pool(
        input, output_size, kernel_size, stride, padding, dilation
    )
    return _windows(_pad(input, sides, fill), kernel_size, stride, dilation)


def _add_pool_windows(parts, input, output_size, kernel_size, stride, padding, dilation=1):
    """What there is for each cell of a pooling layer's windows, added up on an image like the input."""
    kernel_size, stride, dilation, sides = _prepare_pool(
        input, output_size, kernel_size, stride, padding, dilation
    )
    canvas = _pad(np.zeros_like(input), sides)
    _add_windows(
        canvas, np.broadcast_to(parts, (*input.shape[:-2], *kernel_size, *output_size)), stride, dilation
    )
    return _unpad(canvas, sides, input.shape[-2:])


def _prepare_pool(input, output_size, kernel_size, stride, padding, dilation):
    """Kernel size, stride and dilation as tuples, and the (before, after) pixels that the windows need."""
    kernel_size = shapes.per_dimension("kernel_size", kernel_size, 2)
    stride = kernel_size if stride is None else shapes.per_dimension("stride", stride, 2)
    padding = shapes.per_dimension("padding", padding, 2)
    dilation = shapes.per_dimension("dilation", dilation, 2)
    covered = shapes.effective_kernel_size(kernel_size, dilation)
    sides = []
    for axis in range(2):
        end = (output_size[axis] - 1) * stride[axis] + covered[axis]
        sides.append((padding[axis], max(0, end - padding[axis] - input.shape[axis - 2])))
    return kernel_size, stride, dilation, sides


def _pad(input, sides, fill=0):
    """The input with (before, after) pixels added along each spatial dimension."""
    if not any(map(any, sides)):
        return input
    leading = [(0, 0)] * (input.ndim - len(sides))
    return np.pad(input, [*leading, *sides], constant_values=fill)


def _unpad(padded, sides, size):
    """The image of this size that was padded."""
    (top, _), (left, _) = sides
    return padded[..., top : top + size[0], left : left + size[1]]


def _add_bias(output, bias, dimensions):
    """The output with each channel's bias added in place."""
    if bias is not None:
        output += bias.reshape(-1, *[1] * dimensions)
    return output


def _prepare_conv(input, weight, bias, stride, padding, dilation, groups, dimensions):
    """Refuse what PyTorch refuses; then the padded input, stride and dilation as tuples, the output size."""
    _check_input(input, dimensions)
    _check_like_input("weight", weight, input, ndim=dimensions + 2)
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
    padded = _pad(input, shapes.padding_sides(kernel_size, padding, dilation))
    return padded, stride, dilation, output_size


def _check_input(input, dimensions):
    """Refuse what is no image, or batch of images, of floats."""
    layout = {1: "(N, C, L) or (C, L)", 2: "(N, C, H, W) or (C, H, W)"}[dimensions]
    if not isinstance(input, np.ndarray):
        raise ValueError(f"input is a {type(input).__name__}: expected a NumPy array, {layout}")
    if input.dtype not in (np.float32, np.float64):
        raise ValueError(f"input is of type {input.dtype}: expected float32 or float64")
    if input.ndim not in (dimensions + 1, dimensions + 2):
        raise ValueError(f"input has shape {input.shape}: expected {layout}")
    if 0 in input.shape[-dimensions - 1 :]:
        raise ValueError(f"input has shape {input.shape}: expected at least one channel and one pixel")


def _check_like_input(name, array, input, ndim):
    """Refuse parameters that are no array of the input's type, have another number of axes, or are empty."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} is a {type(array).__name__}: expected a NumPy array")
    if array.dtype != input.dtype:
        raise ValueError(f"{name} is of type {array.dtype}: expected {input.dtype}, as the input")
    if array.ndim != ndim or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}: expected {ndim} axes, none of them empty")


def _check_bias(bias, input, out_channels):
    """Refuse a bias that is not one number for each output channel."""
    if bias is None:
        return
    _check_like_input("bias", bias, input, ndim=1)
    if len(bias) != out_channels:
        raise ValueError(
            f"bias has shape {bias.shape}: expected ({out_channels},), one for each output channel"
        )


def _check_grad_output(grad_output, input, shape):
    """Refuse a gradient that is not of the output's shape and type."""
    if not isinstance(grad_output, np.ndarray):
        raise ValueError(f"grad_output is a {type(grad_output).__name__}: expected a NumPy array")
    if grad_output.dtype != input.dtype:
        raise ValueError(f"grad_output is of type {grad_output.dtype}: expected {input.dtype}, as the input")
    if grad_output.shape != shape:
        raise ValueError(f"grad_output has shape {grad_output.shape}: expected {shape}, as the output")
