"""From small maps to large ones in NumPy: PyTorch's numbers and refusals; what overlaps, counted."""

from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from drawn_layers import (
    PROFILE,
    TOLERANCE,
    TORCH_REFUSES,
    as_tuple,
    assert_agrees,
    assert_both_refuse,
    each_side,
    features,
    images,
    to_torch,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnbook import ops, shapes

# What the size of an image cannot be. PyTorch takes a bool inside a tuple for a number; `shapes` does not.
NO_SIZES = [0, -1, True, 2.0, "2", None, (0, 2), (2, -1), (2, 2.0), (2,), (2, 3, 4), ()]


def nearest(input, size):
    return F.interpolate(input, size)


def bilinear(input, size, align_corners=False):
    return F.interpolate(input, size, mode="bilinear", align_corners=align_corners)


@st.composite
def maps(draw):
    """Batches of images with unequal sides."""
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 14)))
    dtype = draw(st.sampled_from(list(TOLERANCE)))
    return draw(images(draw(st.integers(1, 3)), size, dtype, batches=((0,), (1,), (3,))))


@PROFILE
@given(maps(), each_side(1, 40))
def test_upsample_nearest2d_agrees_with_torch(input, size):
    assert assert_agrees(ops.upsample_nearest2d, nearest, input, size)


@PROFILE
@given(maps(), each_side(1, 40), st.booleans())
def test_upsample_bilinear2d_agrees_with_torch(input, size, align_corners):
    assert assert_agrees(ops.upsample_bilinear2d, bilinear, input, size, align_corners)


def test_every_pair_of_sizes_copies_the_pixels_that_torch_copies():
    """Rounding decides at whole products: 26 pixels to 22 is the smallest pair at which exact division differs."""
    for before in range(1, 80):
        row = np.arange(before, dtype=np.float32).reshape(1, 1, 1, before)
        for after in range(1, 80):
            expected = F.interpolate(torch.tensor(row), (1, after)).numpy()
            assert np.array_equal(ops.upsample_nearest2d(row, (1, after)), expected), (before, after)


@settings(PROFILE, max_examples=100)
@given(maps(), each_side(1, 12), st.booleans(), st.integers(0))
def test_nan_spreads_as_in_torch(input, size, align_corners, position):
    input = input.copy()
    if input.size:
        input.flat[position % input.size] = np.nan
    assert assert_agrees(ops.upsample_nearest2d, nearest, input, size)
    assert assert_agrees(ops.upsample_bilinear2d, bilinear, input, size, align_corners)


@pytest.mark.parametrize("size", NO_SIZES, ids=repr)
def test_sizes_that_torch_refuses_are_refused(size):
    image = np.ones((2, 3, 4, 5))
    assert_both_refuse(ops.upsample_nearest2d, nearest, [image, size])
    assert_both_refuse(ops.upsample_bilinear2d, bilinear, [image, size])
    values, indices = np.ones((2, 3, 1, 1)), np.zeros((2, 3, 1, 1), dtype=np.int64)
    with pytest.raises(ValueError, match=r"output_size is .*: expected"):
        ops.max_unpool2d(values, indices, size)


@pytest.mark.parametrize(
    "image",
    [
        *[
            np.ones(shape)
            for shape in [(9,), (4, 5), (1, 2, 3, 4, 5), (2, 0, 4, 5), (2, 3, 0, 5), (2, 3, 4, 0)]
        ],
        [[[[1.0]]]],
    ],
    ids=lambda image: str(np.shape(image)),
)
def test_images_that_torch_refuses_are_refused(image):
    assert_both_refuse(ops.upsample_nearest2d, nearest, [image, (4, 6)])
    assert_both_refuse(ops.upsample_bilinear2d, bilinear, [image, (4, 6)])


def test_three_axes_are_refused_for_torch_takes_them_for_sequences():
    for upsample in (ops.upsample_nearest2d, ops.upsample_bilinear2d):
        with pytest.raises(ValueError, match=r"input has shape \(3, 4, 5\): expected \(N, C, H, W\)"):
            upsample(np.ones((3, 4, 5)), 6)
        with pytest.raises(ValueError, match="input is of type int64: expected float32 or float64"):
            upsample(np.ones((1, 3, 4, 5), dtype=np.int64), 6)


@pytest.mark.parametrize("wrong", [1, 0, "yes", 1.0])
def test_align_corners_is_a_flag(wrong):
    assert_both_refuse(ops.upsample_bilinear2d, bilinear, [np.ones((1, 2, 4, 5)), 6, wrong])


@pytest.mark.parametrize("numbers", ["normal", "ties", "minus infinity", "nan"])
def test_the_places_of_the_maxima_are_those_of_torch(numbers):
    outcomes = Counter()

    @settings(PROFILE, max_examples=100)
    @given(
        features(),
        each_side(1, 3),
        st.none() | each_side(1, 3),
        st.just(0) | each_side(0, 1),
        st.just(1) | each_side(1, 2),
        st.booleans(),
    )
    def agrees(input, kernel_size, stride, padding, dilation, ceil_mode):
        arguments = (kernel_size, stride, padding, dilation, ceil_mode)
        if numbers == "ties":
            input = np.round(input)
        elif numbers == "minus infinity":
            input = np.where(input < 1, -np.inf, input).astype(input.dtype)
        elif numbers == "nan" and input.size:
            input = input.copy()
            input.flat[input.size // 2] = np.nan
        try:
            values, indices = F.max_pool2d_with_indices(torch.tensor(input), *arguments)
        except TORCH_REFUSES:
            with pytest.raises(ValueError, match="expected"):
                ops.max_pool2d_with_indices(input, *arguments)
            outcomes["refused"] += 1
            return
        ours = ops.max_pool2d_with_indices(input, *arguments)
        assert np.array_equal(ours[0], values.numpy(), equal_nan=True)
        assert ours[1].dtype == np.int64 and ours[1].shape == values.shape
        # PyTorch's place is outside the channel where a dilated window meets nothing but padding.
        met = indices.numpy() < np.prod(input.shape[-2:])
        assert np.array_equal(ours[1], np.where(met, indices.numpy(), -1))
        outcomes["computed"] += 1

    agrees()
    assert min(outcomes["computed"], outcomes["refused"]) > 15, outcomes


@st.composite
def unpooled(draw):
    """Values, places for them in an output, none of them twice in a channel, and the output's size."""
    size = draw(st.tuples(st.integers(1, 4), st.integers(1, 5)))
    output_size = draw(st.tuples(st.integers(size[0], 9), st.integers(size[1], 8)))
    input = draw(images(draw(st.integers(1, 3)), size, draw(st.sampled_from(list(TOLERANCE)))))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    places = rng.random((*input.shape[:-2], np.prod(output_size))).argsort(axis=-1)[..., : np.prod(size)]
    return input, places.reshape(input.shape), output_size


@PROFILE
@given(unpooled())
def test_max_unpool2d_agrees_with_torch(arguments):
    assert assert_agrees(ops.max_unpool2d, torch.ops.aten.max_unpool2d, *arguments)


@settings(PROFILE, max_examples=100)
@given(features(), each_side(2, 4), each_side(1, 3))
def test_what_was_pooled_goes_back_to_its_place(input, kernel_size, stride):
    if any(side < kernel for side, kernel in zip(input.shape[-2:], as_tuple(kernel_size), strict=True)):
        return
    size = input.shape[-2:]
    values, indices = ops.max_pool2d_with_indices(input, kernel_size, stride)
    output = ops.max_unpool2d(values, indices, size)
    expected = torch.ops.aten.max_unpool2d(*to_torch((values, indices)), size).numpy()
    assert np.array_equal(output, expected)
    assert set(np.unique(output)) <= {0.0, *np.unique(input)}
    assert np.array_equal(output[output != 0], input[output != 0])


def test_of_values_for_one_place_the_last_one_stays_as_in_torch():
    values, indices = np.arange(12.0).reshape(1, 2, 2, 3), np.zeros((1, 2, 2, 3), dtype=np.int64)
    assert assert_agrees(ops.max_unpool2d, torch.ops.aten.max_unpool2d, values, indices, (4, 3))
    assert ops.max_unpool2d(values, indices, (4, 3)).max(axis=(2, 3)).tolist() == [[5, 11]]


VALUES, INDICES = np.ones((2, 3, 2, 4)), np.arange(8).reshape(2, 4) + np.zeros((2, 3, 1, 1), dtype=np.int64)
WRONG_INDICES = {
    "past the end": (INDICES + 13, r"indices has 20: expected places in an output of 4 × 5, from 0 to 19"),
    "before the start": (INDICES - 1, "indices has -1: expected places"),
    "of another shape": (INDICES[:1], r"indices has shape \(1, 3, 2, 4\): expected \(2, 3, 2, 4\), as"),
    "of one axis less": (INDICES[0], "indices has shape"),
    "with the sides changed": (INDICES.swapaxes(2, 3), "indices has shape"),
    "of short integers": (INDICES.astype(np.int32), "indices is of type int32: expected int64"),
    "of floats": (INDICES.astype(float), "indices is of type float64: expected int64"),
    "no array": (INDICES.tolist(), "indices is a list: expected a NumPy array"),
}


@pytest.mark.parametrize(("indices", "sentence"), WRONG_INDICES.values(), ids=WRONG_INDICES)
def test_indices_that_torch_refuses_are_refused(indices, sentence):
    assert assert_agrees(ops.max_unpool2d, torch.ops.aten.max_unpool2d, VALUES, INDICES, (4, 5))
    assert_both_refuse(ops.max_unpool2d, torch.ops.aten.max_unpool2d, [VALUES, indices, (4, 5)])
    with pytest.raises(ValueError, match=sentence):
        ops.max_unpool2d(VALUES, indices, (4, 5))


def counted(input_size, kernel_size, stride, padding, output_padding):
    """One axis, pair by pair: where each kernel cell lands for each input pixel."""
    size = shapes.conv_transpose_output_size(input_size, kernel_size, stride, padding, output_padding)
    landed = Counter(
        pixel * stride + cell - padding for pixel in range(input_size) for cell in range(kernel_size)
    )
    return [landed[place] for place in range(size)]


@PROFILE
@given(each_side(1, 6), each_side(1, 5), each_side(1, 4), each_side(0, 2), st.booleans())
def test_overlap_counts_the_pairs_that_land_on_each_pixel(input_size, kernel_size, stride, padding, extra):
    output_padding = tuple(step - 1 for step in as_tuple(stride)) if extra else 0
    arguments = (input_size, kernel_size, stride, padding, output_padding)
    both = zip(*map(as_tuple, arguments), strict=True)
    try:
        rows, columns = (counted(*axis) for axis in both)
    except ValueError as refusal:
        with pytest.raises(ValueError, match="expected") as caught:
            ops.overlap(*arguments)
        assert str(caught.value) == str(refusal)
        return
    counts = ops.overlap(*arguments)
    assert counts.dtype == np.int64
    assert np.array_equal(counts, np.outer(rows, columns))


@pytest.mark.parametrize("kernel_size", range(1, 9))
@pytest.mark.parametrize("stride", range(1, 5))
def test_away_from_the_border_the_overlap_is_even_where_the_stride_divides_the_kernel(kernel_size, stride):
    counts = ops.overlap((14, 15), kernel_size, stride)
    inside = counts[kernel_size - 1 : 13 * stride + 1, kernel_size - 1 : 14 * stride + 1]
    least, most = kernel_size // stride, -(-kernel_size // stride)
    assert (inside.min(), inside.max()) == (least**2, most**2)
    assert (least == most) == (kernel_size % stride == 0)


@pytest.mark.parametrize(
    ("sentence", "arguments"),
    [
        ("input_size is 0: expected an integer of at least 1", (0, 3, 2)),
        ("input_size is .*: expected an integer, or a tuple of integers of length 2", ((4, 5, 6), 3, 2)),
        ("kernel_size is 2.5: expected", (4, 2.5, 2)),
        ("kernel_size is True: expected", (4, True, 2)),
        ("stride is 0: expected", (4, 3, 0)),
        ("stride is None: expected", (4, 3, None)),
        ("padding is 3: expected less", (2, 3, 1, 3)),
        ("output_padding is 2: expected less than the stride", (4, 3, 2, 0, 2)),
    ],
)
def test_overlap_refuses_what_no_transposed_convolution_has(sentence, arguments):
    with pytest.raises(ValueError, match=sentence):
        ops.overlap(*arguments)


def test_names_and_defaults_are_those_of_torch():
    image = np.arange(24.0).reshape(1, 2, 3, 4)
    tensor = torch.tensor(image)
    size = (5, 7)
    assert np.allclose(ops.upsample_nearest2d(input=image, size=size), F.interpolate(input=tensor, size=size))
    for flags in ({}, {"align_corners": True}):
        expected = F.interpolate(input=tensor, size=size, mode="bilinear", **flags)
        assert np.allclose(ops.upsample_bilinear2d(input=image, size=size, **flags), expected)
    pooling = {"kernel_size": (2, 3), "stride": 1, "padding": (1, 0), "dilation": 1, "ceil_mode": True}
    values, indices = ops.max_pool2d_with_indices(input=image, **pooling)
    expected = F.max_pool2d_with_indices(input=tensor, **pooling)
    assert np.array_equal(values, expected[0]) and np.array_equal(indices, expected[1])
    assert np.array_equal(
        ops.max_unpool2d(input=values, indices=indices, output_size=(3, 4)),
        F.max_unpool2d(*expected, (2, 3), 1, (1, 0), output_size=(3, 4)),
    )
