"""From a small map to a large one: by copying, by interpolating, by putting maxima back, and what overlaps."""

import numpy as np

from cnnbook import shapes
from cnnbook.ops.convolution import conv_transpose2d
from cnnbook.ops.windows import check_input


def upsample_nearest2d(input, size):
    """Repeat pixels, or leave some out: each output pixel is a copy of the input pixel at its place.

    >>> features = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> upsample_nearest2d(features, size=(2, 6))[0, 0]
    array([[1., 1., 1., 2., 2., 2.],
           [3., 3., 3., 4., 4., 4.]])
    >>> upsample_nearest2d(np.ones((1, 64, 6, 9)), size=(12, 18)).shape
    (1, 64, 12, 18)

    Output pixel i copies input pixel i * input / output, rounded down. PyTorch computes this in float32, so that
    for some pairs of sizes a product that should be whole falls below (26 to 22 pixels is one); so does this.

    Args:
        input: (N, C, H, W).
        size: pixels of the output, an int for a square or (height, width), at least 1; it may be smaller than
            the input.

    Returns:
        (N, C, *size).

    Raises:
        ValueError: an array of the wrong shape or type, or a size that is not of positive integers.

    Source: `torch.nn.functional.interpolate(input, size, mode="nearest")`. Used in the chapter `segmentation`,
    for upsampling.
    """
    size = _prepare_upsample(input, size)
    rows, columns = (_nearest(before, after) for before, after in zip(input.shape[-2:], size, strict=True))
    return input[..., rows[:, np.newaxis], columns]


def upsample_bilinear2d(input, size, align_corners=False):
    """Mix neighbors: each output pixel is a weighted mean of the four input pixels around its place.

    >>> features = np.array([[[[0.0, 4.0]]]])
    >>> upsample_bilinear2d(features, size=(1, 4))[0, 0]
    array([[0., 1., 3., 4.]])
    >>> upsample_bilinear2d(features, size=(1, 5), align_corners=True)[0, 0]
    array([[0., 1., 2., 3., 4.]])

    A pixel is a small square. Without `align_corners` the outer edges of the two images coincide, and the middle
    of output pixel i is at (i + 1/2) * input / output - 1/2, but never left of the first pixel's middle. With it
    the middles of the corner pixels coincide: i * (input - 1) / (output - 1).

    Args:
        input: (N, C, H, W).
        size: pixels of the output, an int for a square or (height, width), at least 1; it may be smaller than
            the input, of which some pixels then count for nothing.
        align_corners: whether the middles of the corner pixels stay where they are.

    Returns:
        (N, C, *size).

    Raises:
        ValueError: an array of the wrong shape or type, a size that is not of positive integers, or an
            `align_corners` that is no bool.

    Source: `torch.nn.functional.interpolate(input, size, mode="bilinear")`. Used in the chapter `segmentation`,
    for upsampling.
    """
    size = _prepare_upsample(input, size)
    shapes.flag("align_corners", align_corners)
    height, width = input.shape[-2:]
    above, below, share_below = _neighbors(height, size[0], align_corners, input.dtype)
    left, right, share_right = _neighbors(width, size[1], align_corners, input.dtype)
    share_below = share_below[:, np.newaxis]
    rows = input[..., above, :] * (1 - share_below) + input[..., below, :] * share_below
    return rows[..., left] * (1 - share_right) + rows[..., right] * share_right


def max_unpool2d(input, indices, output_size):
    """Put each value back to where it was the maximum, and zeros everywhere else.

    >>> features = np.array([[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 0.0, 7.0]]])
    >>> values, indices = max_pool2d_with_indices(features, kernel_size=2)
    >>> max_unpool2d(values, indices, output_size=(2, 4))
    array([[[0., 5., 0., 0.],
            [0., 0., 0., 7.]]])

    Args:
        input: (N, C, H, W), or (C, H, W) for one image.
        indices: places in the output, counted through the rows of one channel from 0; int64, of the input's
            shape, as `max_pool2d_with_indices` gives them. Of values for one place the last one stays.
        output_size: pixels of the output, an int for a square or (height, width), at least 1.

    Returns:
        (N, C, *output_size), or (C, *output_size) for one image.

    Raises:
        ValueError: arrays whose shapes or types do not go together, an output size that is not of positive
            integers, or an index that is no place in the output.

    Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (2013), section 2.1;
    Badrinarayanan, Kendall and Cipolla, "SegNet" (2015), section 3; `torch.ops.aten.max_unpool2d`. Used in the
    chapter `segmentation`, for upsampling.
    """
    check_input(input, dimensions=2)
    height, width = _size("output_size", output_size)
    if not isinstance(indices, np.ndarray):
        raise ValueError(f"indices is a {type(indices).__name__}: expected a NumPy array")
    if indices.dtype != np.int64:
        raise ValueError(f"indices is of type {indices.dtype}: expected int64")
    if indices.shape != input.shape:
        raise ValueError(f"indices has shape {indices.shape}: expected {input.shape}, as the input")
    outside = indices[(indices < 0) | (indices >= height * width)]
    if outside.size:
        raise ValueError(
            f"indices has {outside[0]}: expected places in an output of {height} × {width}, "
            f"from 0 to {height * width - 1}"
        )
    *leading, rows, columns = input.shape
    flat = np.zeros((*leading, height * width), dtype=input.dtype)
    places = indices.reshape(*leading, rows * columns)
    np.put_along_axis(flat, places, input.reshape(places.shape), axis=-1)
    return flat.reshape(*leading, height, width)


def overlap(input_size, kernel_size, stride, padding=0, output_padding=0):
    """How many products a transposed convolution adds up in each output pixel, for one channel in and out.

    >>> overlap((1, 3), kernel_size=(1, 3), stride=2)
    array([[1, 1, 2, 1, 2, 1, 1]])
    >>> overlap((1, 3), kernel_size=(1, 4), stride=2, padding=(0, 1))
    array([[1, 2, 2, 2, 2, 1]])

    Each pair of an input pixel and a kernel cell lands on one output pixel. Away from the border all output pixels
    get equally many pairs where the stride divides the kernel size; where it does not, rows and columns take
    turns, and the two patterns make a checkerboard.

    Args:
        input_size: pixels of the input, an int for a square or (height, width), at least 1.
        kernel_size: kernel cells, an int or (rows, columns), at least 1.
        stride, padding, output_padding: as for `conv_transpose2d`.

    Returns:
        The counts, an array of ints (height, width); see `shapes.conv_transpose_output_size`.

    Raises:
        ValueError: an argument that `conv_transpose2d` would refuse.

    Source: Odena, Dumoulin and Olah, "Deconvolution and Checkerboard Artifacts" (Distill, 2016). Used in the
    chapter `segmentation`, for checkerboards.
    """
    input_size, kernel_size = _size("input_size", input_size), _size("kernel_size", kernel_size)
    pixels, cells = np.ones((1, *input_size)), np.ones((1, 1, *kernel_size))
    (counts,) = conv_transpose2d(pixels, cells, None, stride, padding, output_padding)
    return counts.astype(np.int64)


def _nearest(input_size, output_size):
    """The input pixel that each output pixel copies, along one axis."""
    ratio = np.float32(input_size / output_size)
    places = np.arange(output_size, dtype=np.float32) * ratio
    return np.minimum(places.astype(np.int64), input_size - 1)


def _neighbors(input_size, output_size, align_corners, dtype):
    """The two input pixels that each output pixel mixes, along one axis, and the share of the second."""
    places = np.arange(output_size, dtype=dtype)
    if align_corners:
        places *= (input_size - 1) / max(output_size - 1, 1)
    else:
        places = np.maximum((places + 0.5) * dtype.type(input_size / output_size) - 0.5, 0)
    first = np.minimum(places.astype(np.int64), input_size - 1)
    # Where the size stays, PyTorch copies: a NaN beside a pixel does not spread into it.
    second = first if input_size == output_size else np.minimum(first + 1, input_size - 1)
    return first, second, (places - first).astype(dtype)


def _prepare_upsample(input, size):
    """Refuse what is no batch of images or no size; then the output's size as a tuple."""
    check_input(input, dimensions=2)
    if input.ndim != 4:
        raise ValueError(f"input has shape {input.shape}: expected (N, C, H, W)")
    return _size("size", size)


def _size(name, size):
    """A height and a width, each at least 1."""
    return tuple(shapes.integer(name, side) for side in shapes.per_dimension(name, size, 2))
