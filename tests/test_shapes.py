"""The arithmetic of layers: PyTorch's sizes, counts and refusals, and the figures that papers print."""

import doctest
from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnbook import shapes

PROFILE = settings(derandomize=True, database=None, deadline=None, max_examples=300)
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
TORCH_REFUSES = (RuntimeError, TypeError, ValueError)
# What is neither an integer of at least 0 nor a pair of them.
NO_INTEGERS = [-1, True, 1.0, "1"]
NO_PAIRS = [(), (1, -1), (1, True), (1, 1.0), (1, "1")]


def sides(low, high):
    """An int, or a pair with an entry for each dimension."""
    side = st.integers(low, high)
    return side | st.tuples(side, side)


def input_sizes(low=1):
    """A height and a width."""
    return st.tuples(st.integers(low, 9), st.integers(low, 11))


def size_or_refusal(torch_layer):
    """The spatial size of what PyTorch makes, or None where it refuses."""
    try:
        return tuple(torch_layer().shape[2:])
    except TORCH_REFUSES:
        return None


def assert_agrees(expected, function, *arguments):
    """The same size as PyTorch's, or a refusal where PyTorch refuses (expected is None)."""
    if expected is None:
        with pytest.raises(ValueError, match="expected"):
            function(*arguments)
    else:
        assert function(*arguments) == expected


def assert_both_happened(outcomes):
    """PyTorch must have made something, and refused something, in a good part of the draws."""
    assert min(outcomes[True], outcomes[False]) > 0.15 * PROFILE.max_examples, outcomes


def test_conv_output_size_agrees_with_torch():
    outcomes = Counter()

    @PROFILE
    @given(
        input_sizes(),
        st.tuples(st.integers(1, 5), st.integers(1, 4)),
        sides(1, 4) | st.just(0),
        sides(0, 4) | st.sampled_from(["same", "valid", "full"]),
        sides(1, 3) | st.just(0),
    )
    def agrees(input_size, kernel_size, stride, padding, dilation):
        image, weight = torch.zeros(1, 1, *input_size), torch.zeros(1, 1, *kernel_size)
        expected = size_or_refusal(lambda: F.conv2d(image, weight, None, stride, padding, dilation))
        assert_agrees(expected, shapes.conv_output_size, input_size, kernel_size, stride, padding, dilation)
        outcomes[expected is not None] += 1

    agrees()
    assert_both_happened(outcomes)


def test_conv_transpose_output_size_agrees_with_torch():
    outcomes = Counter()

    @PROFILE
    @given(
        input_sizes(),
        st.tuples(st.integers(1, 5), st.integers(1, 4)),
        sides(1, 4) | st.just(0),
        sides(0, 3),
        st.just(0) | sides(0, 3),
        sides(1, 3) | st.just(0),
    )
    def agrees(input_size, kernel_size, stride, padding, output_padding, dilation):
        image, weight = torch.zeros(1, 1, *input_size), torch.zeros(1, 1, *kernel_size)
        expected = size_or_refusal(
            lambda: F.conv_transpose2d(image, weight, None, stride, padding, output_padding, 1, dilation)
        )
        arguments = (input_size, kernel_size, stride, padding, output_padding, dilation)
        assert_agrees(expected, shapes.conv_transpose_output_size, *arguments)
        outcomes[expected is not None] += 1

    agrees()
    assert_both_happened(outcomes)


def test_pool_output_size_agrees_with_torch():
    outcomes = Counter()

    @PROFILE
    @given(
        input_sizes(),
        sides(1, 5) | st.just(0),
        st.none() | sides(1, 4) | st.just(0),
        sides(0, 2),
        st.just(1) | sides(1, 3),
        st.booleans(),
    )
    def agrees(input_size, kernel_size, stride, padding, dilation, ceil_mode):
        arguments = (kernel_size, stride, padding, dilation, ceil_mode)
        expected = size_or_refusal(lambda: F.max_pool2d(torch.zeros(1, 1, *input_size), *arguments))
        assert_agrees(expected, shapes.pool_output_size, input_size, *arguments)
        outcomes[expected is not None] += 1

    agrees()
    assert_both_happened(outcomes)


@PROFILE
@given(input_sizes(4), sides(1, 2), sides(1, 4), sides(0, 2), sides(1, 3))
def test_unused_rows_are_those_that_no_output_of_torch_depends_on(
    input_size, kernel_size, stride, padding, dilation
):
    kernel = shapes.per_dimension("kernel_size", kernel_size, 2)
    top, left = shapes.per_dimension("padding", padding, 2)
    image = torch.zeros(1, 1, input_size[0] + 2 * top, input_size[1] + 2 * left, requires_grad=True)
    F.conv2d(image, torch.ones(1, 1, *kernel), None, stride, 0, dilation).sum().backward()
    last_row, last_column = image.grad[0, 0].nonzero().max(dim=0).values.tolist()
    expected = (image.shape[2] - 1 - last_row, image.shape[3] - 1 - last_column)
    assert shapes.unused(input_size, kernel_size, stride, padding, dilation) == expected


def test_the_padding_of_same_is_where_torch_puts_it():
    for kernel, dilation in [(2, 1), (3, 1), (4, 1), (4, 3), (5, 2)]:
        image = torch.arange(1.0, 21.0).reshape(1, 1, 20)
        weight = torch.arange(1.0, kernel + 1).reshape(1, 1, kernel)
        padded = F.pad(image, shapes.padding_sides(kernel, "same", dilation))
        expected = F.conv1d(image, weight, padding="same", dilation=dilation)
        assert torch.equal(F.conv1d(padded, weight, dilation=dilation), expected)
    assert shapes.padding_sides((3, 4), (2, 1)) == ((2, 2), (1, 1))
    assert shapes.padding_sides((3, 4), "valid") == ((0, 0), (0, 0))


def test_an_int_gives_an_int_and_a_tuple_has_any_number_of_dimensions():
    assert shapes.conv_output_size(224, 11, stride=4, padding=2) == 55
    assert shapes.conv_transpose_output_size(7, 4, stride=2, padding=1) == 14
    assert shapes.pool_output_size(55, 3, 2) == 27
    assert shapes.unused(224, 11, stride=4, padding=2) == 1
    assert shapes.effective_kernel_size(3, dilation=4) == 9
    volume, weight = torch.zeros(1, 1, 7, 8, 9), torch.zeros(1, 1, 3, 2, 1)
    expected = tuple(F.conv3d(volume, weight, stride=(2, 1, 3), padding=1).shape[2:])
    assert shapes.conv_output_size((7, 8, 9), (3, 2, 1), stride=(2, 1, 3), padding=1) == expected
    assert shapes.conv_output_size((7,), 3) == (5,)


def test_numpy_integers_are_integers_and_the_results_are_exact():
    narrow = np.int32(150_528)
    parameters = shapes.linear_parameters(narrow, narrow)
    assert parameters == 150_528 * 150_528 + 150_528
    assert type(parameters) is int
    assert type(shapes.conv_output_size(np.int64(9), np.int64(3), np.int64(2))) is int
    assert {type(size) for size in shapes.conv_output_size((9, 8), 3, (np.int64(2), np.int64(1)))} == {int}
    many = np.int32(2**20)
    assert shapes.conv_parameters(many, many, np.int32(3), bias=False) == 9 * 2**40


@settings(PROFILE, max_examples=50)
@given(st.integers(1, 50), st.integers(1, 50), st.booleans())
def test_a_linear_layer_is_counted_as_torch_counts_it(in_features, out_features, bias):
    layer = nn.Linear(in_features, out_features, bias=bias, device="meta")
    assert shapes.linear_parameters(in_features, out_features, bias) == count_parameters(layer)
    assert shapes.linear_macs(in_features, out_features) == count_macs(layer, (in_features,))


@PROFILE
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 4),
    sides(1, 4),
    st.tuples(st.integers(4, 9), st.integers(4, 11)),
    st.booleans(),
)
def test_a_convolution_is_counted_as_torch_counts_it(seen, made, groups, kernel_size, input_size, bias):
    in_channels, out_channels = seen * groups, made * groups
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, groups=groups, bias=bias, device="meta")
    output_size = shapes.conv_output_size(input_size, kernel_size)
    parameters = shapes.conv_parameters(in_channels, out_channels, kernel_size, groups, bias)
    assert parameters == count_parameters(layer)
    macs = shapes.conv_macs(in_channels, out_channels, kernel_size, output_size, groups)
    assert macs == count_macs(layer, (in_channels, *input_size))


@PROFILE
@given(st.integers(1, 6), st.integers(1, 6), sides(1, 4), st.booleans())
def test_a_depthwise_separable_convolution_is_two_of_torch(in_channels, out_channels, kernel_size, bias):
    layer = nn.Sequential(
        nn.Conv2d(in_channels, in_channels, kernel_size, groups=in_channels, bias=bias, device="meta"),
        nn.Conv2d(in_channels, out_channels, 1, bias=bias, device="meta"),
    )
    parameters = shapes.depthwise_separable_parameters(in_channels, out_channels, kernel_size, bias)
    assert parameters == count_parameters(layer)
    output_size = shapes.conv_output_size((7, 9), kernel_size)
    macs = shapes.depthwise_separable_macs(in_channels, out_channels, kernel_size, output_size)
    assert macs == count_macs(layer, (in_channels, 7, 9))


def test_the_number_of_dimensions_comes_from_a_tuple_and_is_two_otherwise():
    assert shapes.conv_parameters(4, 8, 3) == count_parameters(nn.Conv2d(4, 8, 3))
    assert shapes.conv_parameters(4, 8, (3,)) == count_parameters(nn.Conv1d(4, 8, 3))
    assert shapes.conv_parameters(4, 8, (3, 2, 1)) == count_parameters(nn.Conv3d(4, 8, (3, 2, 1)))
    sequence = nn.Conv1d(4, 8, 3, device="meta")
    assert shapes.conv_macs(4, 8, (3,), 10) == count_macs(sequence, (4, 12))
    assert shapes.conv_macs(4, 8, 3, (10,)) == count_macs(sequence, (4, 12))
    assert shapes.conv_macs(4, 8, 3, 10) == count_macs(nn.Conv2d(4, 8, 3, device="meta"), (4, 12, 12))
    assert shapes.depthwise_separable_macs(4, 8, (3,), 10) == 10 * (4 * 3 + 4 * 8)


def count_parameters(layer):
    return sum(parameter.numel() for parameter in layer.parameters())


def count_macs(layer, input_shape):
    """PyTorch's own count, for one input: it counts a multiply-add as two operations."""
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(1, *input_shape, device="meta"))
    return counter.get_total_flops() // 2


def test_alexnet_adds_up():
    """torchvision's AlexNet at 224 x 224: 61,100,840 parameters, 714,188,480 multiply-accumulates."""
    layers = [
        (3, 64, 11, 4, 2),
        (64, 192, 5, 1, 2),
        (192, 384, 3, 1, 1),
        (384, 256, 3, 1, 1),
        (256, 256, 3, 1, 1),
    ]
    size, sizes, parameters, macs = 224, [], 0, 0
    for index, (in_channels, out_channels, kernel_size, stride, padding) in enumerate(layers):
        size = shapes.conv_output_size(size, kernel_size, stride, padding)
        parameters += shapes.conv_parameters(in_channels, out_channels, kernel_size)
        macs += shapes.conv_macs(in_channels, out_channels, kernel_size, size)
        if index in (0, 1, 4):
            size = shapes.pool_output_size(size, kernel_size=3, stride=2)
        sizes.append(size)
    assert sizes == [27, 13, 13, 13, 6]
    for in_features, out_features in [(256 * 6 * 6, 4096), (4096, 4096), (4096, 1000)]:
        parameters += shapes.linear_parameters(in_features, out_features)
        macs += shapes.linear_macs(in_features, out_features)
    assert (parameters, macs) == (61_100_840, 714_188_480)


def test_the_numbers_of_the_first_chapters():
    pixels = 224 * 224 * 3
    assert shapes.linear_parameters(pixels, 1_000, bias=False) == 150_528_000
    assert shapes.linear_parameters(pixels, 4_096, bias=False) == 616_562_688
    assert shapes.linear_parameters(pixels, pixels, bias=False) == 22_658_678_784
    assert shapes.conv_parameters(3, 96, kernel_size=11) == 34_944
    assert shapes.depthwise_separable_parameters(4, 2, kernel_size=3, bias=False) == 44
    assert shapes.conv_parameters(4, 2, kernel_size=3, bias=False) == 72


@pytest.mark.parametrize("wrong", [*NO_INTEGERS, *NO_PAIRS, (1, 1, 1)], ids=repr)
@pytest.mark.parametrize(
    ("function", "names"),
    [
        (shapes.conv_output_size, ["stride", "padding", "dilation"]),
        (shapes.conv_transpose_output_size, ["stride", "padding", "output_padding", "dilation"]),
        (shapes.pool_output_size, ["stride", "padding", "dilation"]),
        (shapes.unused, ["stride", "padding", "dilation"]),
    ],
)
def test_a_size_refuses_what_is_no_integer_or_pair(function, names, wrong):
    input_size = (7, 9) if isinstance(wrong, tuple) else 7
    for name in ["kernel_size", *names]:
        with pytest.raises(ValueError, match=f"{name} is .*expected"):
            function(**{"input_size": input_size, "kernel_size": 1, name: wrong})


@pytest.mark.parametrize("wrong", [0, *NO_INTEGERS, *NO_PAIRS], ids=repr)
def test_the_input_size_is_a_positive_integer_or_a_tuple_of_them(wrong):
    functions = [
        shapes.conv_output_size,
        shapes.conv_transpose_output_size,
        shapes.pool_output_size,
        shapes.unused,
    ]
    for function in functions:
        with pytest.raises(ValueError, match=r"input_size is .*expected"):
            function(wrong, kernel_size=1)


@pytest.mark.parametrize("wrong", [1, 0, None, "yes", (True, False)], ids=repr)
def test_ceil_mode_is_true_or_false(wrong):
    with pytest.raises(ValueError, match=r"ceil_mode is .*expected"):
        shapes.pool_output_size((7, 9), 2, ceil_mode=wrong)


@pytest.mark.parametrize("wrong", [0, *NO_INTEGERS, *NO_PAIRS], ids=repr)
def test_a_count_refuses_what_is_no_positive_integer(wrong):
    layer = {"in_channels": 4, "out_channels": 6, "kernel_size": 3}
    placed = {**layer, "output_size": (5, 7)}
    cases = [
        (shapes.linear_parameters, {"in_features": 3, "out_features": 2}, []),
        (shapes.linear_macs, {"in_features": 3, "out_features": 2}, []),
        (shapes.conv_parameters, layer, ["groups"]),
        (shapes.conv_macs, placed, ["groups"]),
        (shapes.depthwise_separable_parameters, layer, []),
        (shapes.depthwise_separable_macs, placed, []),
    ]
    for function, arguments, more in cases:
        for name in [*arguments, *more]:
            with pytest.raises(ValueError, match="expected"):
                function(**{**arguments, name: wrong})


@pytest.mark.parametrize(
    ("sentence", "refused"),
    [
        (
            "groups is 4: expected a divisor of in_channels, here 6",
            lambda: shapes.conv_parameters(6, 8, 3, 4),
        ),
        (
            "groups is 4: expected a divisor of out_channels, here 6",
            lambda: shapes.conv_parameters(8, 6, 3, 4),
        ),
        ("bias is 1: expected True or False", lambda: shapes.conv_parameters(8, 6, 3, bias=1)),
        ("bias is None: expected True or False", lambda: shapes.linear_parameters(8, 6, bias=None)),
        ("kernel_size is 7: expected no more than .* 5 wide", lambda: shapes.conv_output_size(5, 7)),
        (
            r"kernel_size is 3 and covers 9 .* 7 wide \(5 before padding\)",
            lambda: shapes.conv_output_size(5, 3, padding=1, dilation=4),
        ),
        ("kernel_size is 3: expected no more than", lambda: shapes.pool_output_size((5, 2), 3)),
        ('stride is 2 with padding "same": expected 1', lambda: shapes.conv_output_size(5, 3, 2, "same")),
        ('padding is "full": expected "same"', lambda: shapes.conv_output_size(5, 3, 1, "full")),
        ("padding is 2: expected at most half", lambda: shapes.pool_output_size(5, 3, padding=2)),
        ("padding is 2: expected less", lambda: shapes.conv_transpose_output_size(2, 2, padding=2)),
        ("output_padding is 2: .* less than", lambda: shapes.conv_transpose_output_size(4, 3, 2, 0, 2)),
        (r"kernel_size is \(3, 3\): .* length 1", lambda: shapes.conv_output_size(5, (3, 3))),
        (r"output_size is \(5,\): .* length 2", lambda: shapes.conv_macs(3, 4, (3, 3), (5,))),
        ("in_features is 2.5: expected an integer of at least 1", lambda: shapes.linear_macs(2.5, 3)),
    ],
)
def test_a_refusal_names_the_value_and_what_was_expected(sentence, refused):
    with pytest.raises(ValueError, match=sentence):
        refused()


def test_the_examples_in_the_docstrings_are_true():
    results = doctest.testmod(shapes)
    assert results.attempted > 15
    assert results.failed == 0
