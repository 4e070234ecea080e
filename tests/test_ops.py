"""The NumPy layers against torch.nn.functional: the same numbers, the same refusals."""

import doctest
from collections import Counter

import numpy as np
import pytest
import torch.nn.functional as F
from drawn_layers import (
    PROFILE,
    TOLERANCE,
    arrays,
    as_tuple,
    assert_agrees,
    assert_both_refuse,
    conv_layers,
    each_side,
    features,
    images,
    to_torch,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnbook import ops
from cnnbook.ops import convolution, pooling, upsampling

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
# What the stride or the dilation of a layer over rows and columns cannot be.
NO_STEPS = [0, -1, True, 1.0, "1", (1, 0), (1, -1), (1, 1.0), (1, 1, 1), ()]
NO_PADDINGS = [-1, True, 1.0, "full", None, (1, -1), (1, 1.0), (1, 1, 1), ()]
NO_GROUPS = [0, -1, True, 1.0, None, 7]


@st.composite
def conv_transpose_layers(draw):
    """The arguments of a transposed convolution that PyTorch takes, by name, in its order."""
    dtype = draw(st.sampled_from(list(TOLERANCE)))
    groups = draw(st.integers(1, 3))
    channels_seen, channels_made = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    size = draw(st.tuples(st.integers(1, 5), st.integers(1, 6)))
    kernel_size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    stride, dilation = draw(each_side(1, 3)), draw(each_side(1, 3))
    padding, output_padding = [], []
    for axis in range(2):
        step, gap = as_tuple(stride)[axis], as_tuple(dilation)[axis]
        widest = (size[axis] - 1) * step + gap * (kernel_size[axis] - 1) + 1
        padding.append(draw(st.integers(0, min(3, (widest - 1) // 2))))
        output_padding.append(draw(st.integers(0, max(step, gap) - 1)))
    return {
        "input": draw(images(groups * channels_seen, size, dtype)),
        "weight": draw(arrays((groups * channels_seen, channels_made, *kernel_size), dtype)),
        "bias": draw(st.none() | arrays((groups * channels_made,), dtype)),
        "stride": stride,
        "padding": tuple(padding),
        "output_padding": tuple(output_padding),
        "groups": groups,
        "dilation": dilation,
    }


def with_nan(array, position):
    """The array with a NaN at a position, counted through it."""
    array = array.copy()
    if array.size:
        array.flat[position % array.size] = np.nan
    return array


def assert_both_happened(outcomes):
    """PyTorch must have computed, and refused, in a good part of the draws."""
    assert min(outcomes[True], outcomes[False]) > 0.15 * PROFILE.max_examples, outcomes


@PROFILE
@given(conv_layers(dimensions=1))
def test_conv1d_agrees_with_torch(layer):
    assert assert_agrees(ops.conv1d, F.conv1d, *layer.values())


@PROFILE
@given(conv_layers())
def test_conv2d_agrees_with_torch(layer):
    assert assert_agrees(ops.conv2d, F.conv2d, *layer.values())


@settings(PROFILE, max_examples=60)
@given(conv_layers(max_groups=1))
def test_conv2d_loops_agree_with_torch(layer):
    del layer["groups"]
    assert assert_agrees(ops.conv2d_loops, F.conv2d, *layer.values())


@PROFILE
@given(conv_transpose_layers())
def test_conv_transpose2d_agrees_with_torch(layer):
    assert assert_agrees(ops.conv_transpose2d, F.conv_transpose2d, *layer.values())


def test_max_pool2d_agrees_with_torch():
    outcomes = Counter()

    @PROFILE
    @given(
        features(),
        each_side(1, 4),
        st.none() | each_side(1, 3),
        st.just(0) | each_side(0, 2),
        st.just(1) | each_side(1, 3),
        st.booleans(),
    )
    def agrees(input, kernel_size, stride, padding, dilation, ceil_mode):
        arguments = (input, kernel_size, stride, padding, dilation, ceil_mode)
        outcomes[assert_agrees(ops.max_pool2d, F.max_pool2d, *arguments)] += 1

    agrees()
    assert_both_happened(outcomes)


def test_avg_pool2d_agrees_with_torch():
    outcomes = Counter()

    @PROFILE
    @given(
        features(),
        each_side(1, 4),
        st.none() | each_side(1, 3),
        st.just(0) | each_side(0, 2),
        st.booleans(),
        st.booleans(),
        st.none() | st.integers(-3, 9),
    )
    def agrees(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor):
        arguments = (input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor)
        outcomes[assert_agrees(ops.avg_pool2d, F.avg_pool2d, *arguments)] += 1

    agrees()
    assert_both_happened(outcomes)


def test_convolutions_agree_with_torch_on_what_fits_together():
    outcomes = Counter()

    @PROFILE
    @given(
        *[st.integers(1, 3)] * 3,
        *[st.sampled_from([0, 0, 0, 1])] * 2,
        *[st.tuples(st.integers(1, 7), st.integers(1, 8)), st.tuples(st.integers(2, 4), st.integers(2, 3))],
        *[
            each_side(1, 3) | st.just(0),
            each_side(0, 2) | st.sampled_from(["same", "valid"]),
            each_side(1, 2),
        ],
    )
    def agrees(groups, seen, made, stray_input, stray_output, size, kernel_size, stride, padding, dilation):
        input = np.ones((groups * seen + stray_input, *size))
        weight = np.ones((groups * made + stray_output, seen, *kernel_size))
        rest = (None, stride, padding, dilation, groups)
        outcomes[assert_agrees(ops.conv2d, F.conv2d, input, weight, *rest)] += 1
        weight = np.ones((groups * seen + stray_output, made, *kernel_size))
        rest = (None, stride, padding, 0, groups, dilation)
        outcomes[assert_agrees(ops.conv_transpose2d, F.conv_transpose2d, input, weight, *rest)] += 1

    agrees()
    assert_both_happened(outcomes)


@PROFILE
@given(features(), each_side(0, 9) | st.tuples(st.none(), st.integers(0, 5)) | st.just((3, None)))
def test_adaptive_avg_pool2d_agrees_with_torch(input, output_size):
    assert assert_agrees(ops.adaptive_avg_pool2d, F.adaptive_avg_pool2d, input, output_size)


@settings(PROFILE, max_examples=100)
@given(conv_layers(), st.integers(0))
def test_nan_spreads_through_conv2d_as_in_torch(layer, position):
    layer["input"] = with_nan(layer["input"], position)
    assert assert_agrees(ops.conv2d, F.conv2d, *layer.values())


@settings(PROFILE, max_examples=100)
@given(conv_transpose_layers(), st.integers(0))
def test_nan_spreads_through_conv_transpose2d_as_in_torch(layer, position):
    layer["input"] = with_nan(layer["input"], position)
    assert assert_agrees(ops.conv_transpose2d, F.conv_transpose2d, *layer.values())


@settings(PROFILE, max_examples=100)
@given(features(), st.integers(0))
def test_nan_wins_every_pooling_window_that_holds_it_as_in_torch(input, position):
    input = with_nan(input, position)
    assert assert_agrees(ops.max_pool2d, F.max_pool2d, input, 2, 1, 1)
    assert assert_agrees(ops.avg_pool2d, F.avg_pool2d, input, 2, 1, 1)
    assert assert_agrees(ops.adaptive_avg_pool2d, F.adaptive_avg_pool2d, input, (2, 3))


def test_names_and_defaults_are_those_of_torch():
    rng = np.random.default_rng(0)
    image, kernels, bias = (rng.standard_normal(shape) for shape in [(2, 4, 9, 7), (4, 2, 3, 2), (4,)])
    both = {"bias": bias, "stride": (2, 1), "padding": 1, "dilation": (1, 2), "groups": 2}
    pooling = {"kernel_size": (3, 2), "stride": (2, 1), "padding": 1, "ceil_mode": True}
    rows, lines = image[:, :, 0], kernels[..., 0]
    for name, parameters, arguments in [
        ("conv1d", {"input": rows[:, :2], "weight": lines}, {}),
        ("conv1d", {"input": rows, "weight": lines}, {**both, "stride": 2, "dilation": 1}),
        ("conv2d", {"input": image[:, :2], "weight": kernels}, {}),
        ("conv2d", {"input": image, "weight": kernels}, both),
        ("conv_transpose2d", {"input": image, "weight": kernels}, {}),
        ("conv_transpose2d", {"input": image, "weight": kernels}, {**both, "output_padding": (1, 0)}),
        ("max_pool2d", {"input": image, "kernel_size": (2, 3)}, {}),
        ("max_pool2d", {"input": image}, {**pooling, "dilation": (1, 2)}),
        ("avg_pool2d", {"input": image, "kernel_size": (2, 3)}, {}),
        ("avg_pool2d", {"input": image}, {**pooling, "count_include_pad": False, "divisor_override": 5}),
        ("adaptive_avg_pool2d", {"input": image, "output_size": (4, 2)}, {}),
    ]:
        names, values = zip(*{**parameters, **arguments}.items(), strict=True)
        expected = getattr(F, name)(**dict(zip(names, to_torch(values), strict=True))).numpy()
        output = getattr(ops, name)(**dict(zip(names, values, strict=True)))
        np.testing.assert_allclose(output, expected, rtol=1e-12, atol=1e-12, err_msg=name)


WRONG_CONV_ARGUMENTS = [
    *[("stride", wrong) for wrong in NO_STEPS],
    *[("padding", wrong) for wrong in NO_PADDINGS],
    *[("dilation", wrong) for wrong in NO_STEPS],
    *[("groups", wrong) for wrong in NO_GROUPS],
]


@pytest.fixture
def layer():
    """A sound convolution, to be spoiled. On an empty batch or a 1 x 1 kernel, PyTorch lets slips pass."""
    rng = np.random.default_rng(0)
    return {
        "input": rng.standard_normal((2, 4, 8, 9)),
        "weight": rng.standard_normal((4, 2, 3, 2)),
        "bias": rng.standard_normal(4),
        "stride": (2, 1),
        "padding": (1, 0),
        "dilation": 1,
        "groups": 2,
    }


@pytest.fixture
def transposed(layer):
    """A sound transposed convolution, to be spoiled."""
    names = ["input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"]
    return {name: {**layer, "output_padding": 0}[name] for name in names}


@pytest.mark.parametrize(("name", "wrong"), WRONG_CONV_ARGUMENTS, ids=str)
def test_convolutions_refuse_arguments_that_torch_refuses(name, wrong, layer, transposed):
    assert_both_refuse(ops.conv2d, F.conv2d, {**layer, name: wrong}.values())
    assert_both_refuse(ops.conv_transpose2d, F.conv_transpose2d, {**transposed, name: wrong}.values())


@pytest.mark.parametrize("wrong", [-1, 2, (0, 1), (2, 0), True, 1.0, "same", None, (1, 0, 0)], ids=str)
def test_conv_transpose2d_refuses_an_output_padding_that_torch_refuses(wrong, transposed):
    assert_both_refuse(
        ops.conv_transpose2d, F.conv_transpose2d, {**transposed, "output_padding": wrong}.values()
    )


@pytest.mark.parametrize("padding", ["same", "valid", 9, (1, 9)], ids=str)
def test_conv_transpose2d_refuses_a_padding_that_torch_refuses(padding, transposed):
    assert_both_refuse(ops.conv_transpose2d, F.conv_transpose2d, {**transposed, "padding": padding}.values())


WRONG_ARRAYS = {
    "bias too long": {"bias": np.ones(5)},
    "bias of two axes": {"bias": np.ones((4, 1))},
    "bias of no axis": {"bias": np.ones(())},
    "bias of another type": {"bias": np.ones(4, np.float32)},
    "bias that is no array": {"bias": [1.0, 1.0, 1.0, 1.0]},
    "weight with a channel more": {"weight": np.ones((4, 3, 3, 2))},
    "weight with an output more": {"weight": np.ones((5, 2, 3, 2))},
    "weight with no output": {"weight": np.ones((0, 2, 3, 2))},
    "weight with no row": {"weight": np.ones((4, 2, 0, 2))},
    "weight without columns": {"weight": np.ones((4, 2, 3))},
    "weight with an axis more": {"weight": np.ones((4, 2, 3, 2, 1))},
    "weight of another type": {"weight": np.ones((4, 2, 3, 2), np.float32)},
    "weight that is no array": {"weight": np.ones((4, 2, 3, 2)).tolist()},
    "input with a channel more": {"input": np.ones((2, 5, 8, 9))},
    "input with a group more": {"input": np.ones((2, 6, 8, 9))},
    "input with a group less": {"input": np.ones((2, 2, 8, 9))},
    "input with no row": {"input": np.ones((2, 4, 0, 9))},
    "input with no channel": {"input": np.ones((2, 0, 8, 9))},
    "input without channels": {"input": np.ones((8, 9))},
    "input with an axis more": {"input": np.ones((1, 2, 4, 8, 9))},
    "input of another type": {"input": np.ones((2, 4, 8, 9), np.float32)},
    "input that is no array": {"input": np.ones((2, 4, 8, 9)).tolist()},
}


@pytest.mark.parametrize("wrong", WRONG_ARRAYS.values(), ids=WRONG_ARRAYS)
def test_convolutions_refuse_arrays_that_torch_refuses(wrong, layer, transposed):
    assert_both_refuse(ops.conv2d, F.conv2d, {**layer, **wrong}.values())
    if wrong.keys() != {"bias"}:
        assert_both_refuse(ops.conv_transpose2d, F.conv_transpose2d, {**transposed, **wrong}.values())


@pytest.mark.parametrize("padding", [0, (0, 1), "valid"], ids=str)
def test_a_kernel_wider_than_the_padded_input_is_refused(padding):
    image, kernels = np.ones((1, 1, 6, 7)), np.ones((1, 1, 4, 5))
    assert_both_refuse(ops.conv2d, F.conv2d, [image, kernels, None, 1, padding, (2, 1)])
    assert_both_refuse(ops.conv2d_loops, F.conv2d, [image, kernels, None, 1, padding, (2, 1)])


def test_same_padding_with_a_stride_is_refused():
    image, kernels = np.ones((1, 1, 6, 7)), np.ones((1, 1, 3, 2))
    for stride in (2, (1, 2)):
        assert_both_refuse(ops.conv2d, F.conv2d, [image, kernels, None, stride, "same"])
        assert_both_refuse(ops.conv2d_loops, F.conv2d, [image, kernels, None, stride, "same"])


def test_conv1d_refuses_images_and_pairs():
    sequence, kernels = np.ones((1, 2, 9)), np.ones((3, 2, 3))
    assert_both_refuse(ops.conv1d, F.conv1d, [sequence[..., np.newaxis], kernels[..., np.newaxis]])
    assert_both_refuse(ops.conv1d, F.conv1d, [sequence[0, 0], kernels])
    assert_both_refuse(ops.conv1d, F.conv1d, [sequence, kernels, None, (1, 1)])
    assert_both_refuse(ops.conv1d, F.conv1d, [sequence, np.ones((3, 2, 10))])


@pytest.mark.parametrize(
    ("position", "wrong"),
    [
        *[(1, wrong) for wrong in [*NO_STEPS, None]],
        *[(2, wrong) for wrong in NO_STEPS if wrong != ()],
        *[(3, wrong) for wrong in [*NO_PADDINGS, 2, (1, 2)]],
    ],
    ids=str,
)
def test_pooling_refuses_what_torch_refuses(position, wrong):
    arguments = [np.ones((2, 3, 8, 9)), 3, 2, 1]
    arguments[position] = wrong
    assert_both_refuse(ops.max_pool2d, F.max_pool2d, arguments)
    assert_both_refuse(ops.avg_pool2d, F.avg_pool2d, arguments)


@pytest.mark.parametrize(
    "input", [np.ones(9), np.ones((8, 9)), np.ones((1, 1, 1, 8, 9)), np.ones((2, 0, 9)), [[[1.0]]]]
)
def test_pooling_refuses_arrays_that_torch_refuses(input):
    assert_both_refuse(ops.max_pool2d, F.max_pool2d, [input, 1])
    assert_both_refuse(ops.avg_pool2d, F.avg_pool2d, [input, 1])
    assert_both_refuse(ops.adaptive_avg_pool2d, F.adaptive_avg_pool2d, [input, (2, 3)])


def test_pooling_refuses_an_image_without_channels():
    assert_both_refuse(ops.max_pool2d, F.max_pool2d, [np.ones((0, 8, 9)), 2])
    assert_both_refuse(ops.avg_pool2d, F.avg_pool2d, [np.ones((2, 0, 8, 9)), 2])


def test_pooling_flags_are_flags():
    image = np.ones((1, 2, 8, 9))
    for dilation in NO_STEPS:
        assert_both_refuse(ops.max_pool2d, F.max_pool2d, [image, 2, 2, 0, dilation])
    for wrong in (1, "yes", None):
        assert_both_refuse(ops.max_pool2d, F.max_pool2d, [image, 2, 2, 0, 1, wrong])
        assert_both_refuse(ops.avg_pool2d, F.avg_pool2d, [image, 2, 2, 0, wrong])
        assert_both_refuse(ops.avg_pool2d, F.avg_pool2d, [image, 2, 2, 0, False, wrong])
    for divisor in (0, 2.0, True, "2"):
        assert_both_refuse(ops.avg_pool2d, F.avg_pool2d, [image, 2, 2, 0, False, True, divisor])


@pytest.mark.parametrize(
    "wrong", [-1, True, 1.0, None, "2", (2, -1), (2, 1.0), (2,), (2, 2, 2), ()], ids=repr
)
def test_adaptive_avg_pool2d_refuses_what_torch_refuses(wrong):
    assert_both_refuse(ops.adaptive_avg_pool2d, F.adaptive_avg_pool2d, [np.ones((1, 2, 8, 9)), wrong])


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, np.float16, np.complex128, ">f4"])
def test_only_float32_and_float64_are_taken(dtype):
    image, kernels = np.ones((1, 1, 8, 9), dtype), np.ones((1, 1, 3, 2), dtype)
    for layer, *arguments in [
        (ops.conv1d, image[0], kernels[0]),
        (ops.conv2d, image, kernels),
        (ops.conv2d_loops, image, kernels),
        (ops.conv_transpose2d, image, kernels),
        (ops.max_pool2d, image, 2),
        (ops.avg_pool2d, image, 2),
        (ops.adaptive_avg_pool2d, image, 2),
    ]:
        with pytest.raises(ValueError, match="expected float32 or float64"):
            layer(*arguments)


@pytest.mark.parametrize(
    ("sentence", "arguments"),
    [
        (
            r"input has shape \(8, 9\): expected \(N, C, H, W\) or \(C, H, W\)",
            [np.ones((8, 9)), np.ones((1, 1, 3, 3))],
        ),
        ("weight has 2 channels: expected 3 input channels", [np.ones((3, 8, 9)), np.ones((4, 2, 3, 3))]),
        (
            "weight is of type float32: expected float64",
            [np.ones((1, 8, 9)), np.ones((4, 1, 3, 3), np.float32)],
        ),
        (r"bias has shape \(3,\): expected \(4,\)", [np.ones((1, 8, 9)), np.ones((4, 1, 3, 3)), np.ones(3)]),
        ("kernel_size is 9: expected no more than .* 8 wide", [np.ones((1, 8, 9)), np.ones((4, 1, 9, 3))]),
        (
            "stride is 0: expected an integer of at least 1",
            [np.ones((1, 8, 9)), np.ones((4, 1, 3, 3)), None, 0],
        ),
        ("padding is -1: expected", [np.ones((1, 8, 9)), np.ones((4, 1, 3, 3)), None, 1, -1]),
    ],
)
def test_a_refusal_names_the_value_and_what_was_expected(sentence, arguments):
    with pytest.raises(ValueError, match=sentence):
        ops.conv2d(*arguments)


def test_the_examples_in_the_docstrings_are_true():
    for module, least in [(convolution, 10), (pooling, 8), (upsampling, 8)]:
        results = doctest.testmod(module, extraglobs={"max_pool2d_with_indices": ops.max_pool2d_with_indices})
        assert results.attempted >= least
        assert results.failed == 0
