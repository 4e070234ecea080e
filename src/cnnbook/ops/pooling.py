"""Pooling: the largest or the average of each window, the places of the largest, and their gradients."""

import numpy as np

from cnnbook import shapes
from cnnbook.ops.windows import add_windows, all_windows, check_grad_output, check_input, pad, unpad


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
    check_input(input, dimensions=2)
    output_size = shapes.pool_output_size(input.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    windows = _pool_windows(input, output_size, kernel_size, stride, padding, dilation, fill=-np.inf)
    return windows.max(axis=(-4, -3))


def max_pool2d_with_indices(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Keep the largest value of each window, and where in the input it was.

    >>> features = np.array([[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 0.0, 7.0]]])
    >>> values, indices = max_pool2d_with_indices(features, kernel_size=2)
    >>> values, indices
    (array([[[5., 7.]]]), array([[[1, 7]]]))

    Of equal cells the first one wins, row by row, and so it is with NaN, where PyTorch takes the last.

    Args:
        input, kernel_size, stride, padding, dilation, ceil_mode: as for `max_pool2d`.

    Returns:
        The values as `max_pool2d` gives them, and of the same shape their places, int64: row * W + column in
        their channel of the input, counted from 0; -1 where a dilated window meets padding alone.

    Raises:
        ValueError: as for `max_pool2d`.

    Source: `torch.nn.functional.max_pool2d_with_indices`, which is `max_pool2d` with `return_indices=True`. Used
    by `max_unpool2d` in the chapter `segmentation`.
    """
    check_input(input, dimensions=2)
    output_size = shapes.pool_output_size(input.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    values, places, won = _won(input, output_size, kernel_size, stride, padding, dilation)
    return values, np.where(won, places, 0).sum(axis=(-4, -3))


def max_pool2d_backward(grad_output, input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """What a loss's gradient for the output of `max_pool2d` makes of its input.

    >>> features, grad_output = np.ones((1, 64, 55, 41)), np.ones((1, 64, 27, 20))
    >>> max_pool2d_backward(grad_output, features, kernel_size=3, stride=2).shape
    (1, 64, 55, 41)

    Only the cell that won its window could have changed the output: it gets the whole gradient, once for each
    window that it won, and all others get none. Of equal cells the first one wins, row by row, and so it is with NaN,
    where PyTorch takes the last.

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
    check_input(input, dimensions=2)
    output_size = shapes.pool_output_size(input.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    check_grad_output(grad_output, input, (*input.shape[:-2], *output_size))
    *_, won = _won(input, output_size, kernel_size, stride, padding, dilation)
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
    check_grad_output(grad_output, input, (*input.shape[:-2], *output_size))
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
    check_input(input, dimensions=2)
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


def _prepare_avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """Refuse what PyTorch refuses; then the output size, and what the sum of each window is divided by."""
    check_input(input, dimensions=2)
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
    counted = pad(np.ones(size, dtype=input.dtype), sides, fill=count_include_pad)
    return output_size, _pool_windows(counted, output_size, kernel_size, stride).sum(axis=(-4, -3))


def _won(input, output_size, kernel_size, stride, padding, dilation):
    """The maxima of a pooling layer's windows, the places of the windows' cells, and which cell won each."""
    height, width = input.shape[-2:]
    arguments = output_size, kernel_size, stride, padding, dilation
    windows = _pool_windows(input, *arguments, fill=-np.inf)
    places = _pool_windows(np.arange(height * width).reshape(height, width), *arguments, fill=-1)
    values = windows.max(axis=(-4, -3))
    # A padding cell is no winner, even where all others are minus infinity too.
    largest = ((windows == values[..., np.newaxis, np.newaxis, :, :]) | np.isnan(windows)) & (places >= 0)
    *leading, rows, columns, _, _ = windows.shape
    first = largest.reshape(*leading, rows * columns, *output_size).argmax(axis=-3)
    cells = np.arange(rows * columns).reshape(rows, columns, 1, 1)
    return values, places, cells == first[..., np.newaxis, np.newaxis, :, :]


def _pool_windows(input, output_size, kernel_size, stride, padding=0, dilation=1, fill=0):
    """The windows of a pooling layer, padded as far as the last one reaches."""
    kernel_size, stride, dilation, sides = _prepare_pool(
        input, output_size, kernel_size, stride, padding, dilation
    )
    return all_windows(pad(input, sides, fill), kernel_size, stride, dilation)


def _add_pool_windows(parts, input, output_size, kernel_size, stride, padding, dilation=1):
    """What there is for each cell of a pooling layer's windows, added up on an image like the input."""
    kernel_size, stride, dilation, sides = _prepare_pool(
        input, output_size, kernel_size, stride, padding, dilation
    )
    canvas = pad(np.zeros_like(input), sides)
    add_windows(
        canvas, np.broadcast_to(parts, (*input.shape[:-2], *kernel_size, *output_size)), stride, dilation
    )
    return unpad(canvas, sides, input.shape[-2:])


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
