"""What the layers share: the windows of an image, its padding, and the refusal of what is no image."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnbook import shapes


def all_windows(input, kernel_size, stride, dilation, writeable=False):
    """Every window of the input, without a copy: (..., H, W) becomes (..., KH, KW, OH, OW)."""
    dimensions = len(kernel_size)
    covered = shapes.effective_kernel_size(tuple(kernel_size), dilation)
    windows = sliding_window_view(input, covered, axis=tuple(range(-dimensions, 0)), writeable=writeable)
    windows = windows[(..., *(slice(None, None, step) for step in (*stride, *dilation)))]
    return np.moveaxis(windows, range(-dimensions, 0), range(-2 * dimensions, -dimensions))


def add_windows(canvas, parts, stride, dilation):
    """Add to every window of the canvas what there is for its cells: (..., KH, KW, OH, OW) onto (..., H, W)."""
    *kernel_size, height, width = parts.shape[-4:]
    windows = all_windows(canvas, kernel_size, stride, dilation, writeable=True)[..., :height, :width]
    # Windows overlap, but one kernel cell lands on a different pixel in each, so nothing is lost.
    for i, j in np.ndindex(*kernel_size):
        windows[..., i, j, :, :] += parts[..., i, j, :, :]


def pad(input, sides, fill=0):
    """The input with (before, after) pixels added along each spatial dimension."""
    if not any(map(any, sides)):
        return input
    leading = [(0, 0)] * (input.ndim - len(sides))
    return np.pad(input, [*leading, *sides], constant_values=fill)


def unpad(padded, sides, size):
    """The image of this size that was padded."""
    (top, _), (left, _) = sides
    return padded[..., top : top + size[0], left : left + size[1]]


def check_input(input, dimensions):
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


def check_like_input(name, array, input, ndim):
    """Refuse parameters that are no array of the input's type, have another number of axes, or are empty."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} is a {type(array).__name__}: expected a NumPy array")
    if array.dtype != input.dtype:
        raise ValueError(f"{name} is of type {array.dtype}: expected {input.dtype}, as the input")
    if array.ndim != ndim or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}: expected {ndim} axes, none of them empty")


def check_grad_output(grad_output, input, shape):
    """Refuse a gradient that is not of the output's shape and type."""
    if not isinstance(grad_output, np.ndarray):
        raise ValueError(f"grad_output is a {type(grad_output).__name__}: expected a NumPy array")
    if grad_output.dtype != input.dtype:
        raise ValueError(f"grad_output is of type {grad_output.dtype}: expected {input.dtype}, as the input")
    if grad_output.shape != shape:
        raise ValueError(f"grad_output has shape {grad_output.shape}: expected {shape}, as the output")
