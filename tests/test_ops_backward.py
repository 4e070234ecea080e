"""The backward passes in NumPy against PyTorch's autograd: the same gradients, the same refusals."""

from collections import Counter

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from drawn_layers import PROFILE, TOLERANCE, conv_layers, each_side, features, to_torch
from hypothesis import given
from hypothesis import strategies as st

from cnnbook import ops

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


def gradient_like(output, seed):
    """What a loss might send back to this output."""
    return np.random.default_rng(seed).standard_normal(output.shape).astype(output.dtype)


def autograd(layer, arguments, grad_output, wanted):
    """The gradients of the first so many arguments, by PyTorch."""
    tensors = to_torch(arguments)
    leaves = [tensor.requires_grad_() for tensor in tensors[:wanted]]
    layer(*tensors).backward(torch.tensor(grad_output))
    return [leaf.grad.numpy() for leaf in leaves]


def assert_close(ours, theirs):
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    tolerance = TOLERANCE[ours.dtype]
    scale = max(1, np.abs(theirs).max(initial=0))
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale)


def assert_pooling_agrees(pool, backward, theirs, input, arguments, seed):
    """The same gradient as PyTorch's, or a refusal where the forward pass refuses.

    Returns whether there was a gradient.
    """
    try:
        output = pool(input, *arguments)
    except ValueError as refusal:
        with pytest.raises(ValueError, match="expected") as caught:
            backward(input, input, *arguments)
        assert str(caught.value) == str(refusal)
        return False
    grad_output = gradient_like(output, seed)
    (expected,) = autograd(theirs, (input, *arguments), grad_output, wanted=1)
    assert_close(backward(grad_output, input, *arguments), expected)
    return True


def assert_mostly_gradients(outcomes):
    assert outcomes[True] > PROFILE.max_examples / 3 and outcomes[False] > 0, outcomes


@PROFILE
@given(conv_layers(), st.integers(0, 1000))
def test_conv2d_backward_agrees_with_autograd(layer, seed):
    layer["bias"] = np.zeros(len(layer["weight"]), dtype=layer["weight"].dtype)
    grad_output = gradient_like(ops.conv2d(**layer), seed)
    expected = autograd(F.conv2d, layer.values(), grad_output, wanted=3)
    del layer["bias"]
    gradients = ops.conv2d_backward(grad_output, **layer)
    for ours, theirs in zip(gradients, expected, strict=True):
        assert_close(ours, theirs)


def test_max_pool2d_backward_agrees_with_autograd():
    outcomes = Counter()

    @PROFILE
    @given(
        features(),
        each_side(1, 4),
        st.none() | each_side(1, 3),
        st.just(0) | each_side(0, 2),
        st.just(1) | each_side(1, 2),
        st.booleans(),
        st.booleans(),
        st.integers(0, 1000),
    )
    def agrees(input, kernel_size, stride, padding, dilation, ceil_mode, with_ties, seed):
        input = np.round(input) if with_ties else input
        arguments = kernel_size, stride, padding, dilation, ceil_mode
        pair = ops.max_pool2d, ops.max_pool2d_backward, F.max_pool2d
        outcomes[assert_pooling_agrees(*pair, input, arguments, seed)] += 1

    agrees()
    assert_mostly_gradients(outcomes)


def test_avg_pool2d_backward_agrees_with_autograd():
    outcomes = Counter()

    @PROFILE
    @given(
        features(),
        each_side(1, 4),
        st.none() | each_side(1, 3),
        st.just(0) | each_side(0, 2),
        st.booleans(),
        st.booleans(),
        st.none() | st.sampled_from([-3, 1, 7]),
        st.integers(0, 1000),
    )
    def agrees(input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor, seed):
        arguments = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor
        pair = ops.avg_pool2d, ops.avg_pool2d_backward, F.avg_pool2d
        outcomes[assert_pooling_agrees(*pair, input, arguments, seed)] += 1

    agrees()
    assert_mostly_gradients(outcomes)


def test_an_average_over_all_is_global_average_pooling():
    input, grad_output = np.ones((2, 3, 4, 5)), np.arange(6.0).reshape(2, 3, 1, 1)
    (expected,) = autograd(F.adaptive_avg_pool2d, (input, 1), grad_output, wanted=1)
    assert_close(ops.avg_pool2d_backward(grad_output, input, kernel_size=(4, 5)), expected)


IMAGE, KERNELS = np.ones((2, 4, 8, 9)), np.ones((6, 2, 3, 2))
BACKWARD = {
    "conv2d": lambda grad_output: ops.conv2d_backward(grad_output, IMAGE, KERNELS, stride=2, groups=2),
    "max_pool2d": lambda grad_output: ops.max_pool2d_backward(grad_output, IMAGE, (3, 2)),
    "avg_pool2d": lambda grad_output: ops.avg_pool2d_backward(grad_output, IMAGE, (3, 2)),
}
SIZES = {"conv2d": (2, 6, 3, 4), "max_pool2d": (2, 4, 2, 4), "avg_pool2d": (2, 4, 2, 4)}


@pytest.mark.parametrize("name", BACKWARD)
def test_a_gradient_that_is_not_the_output_s_is_refused(name):
    size = SIZES[name]
    BACKWARD[name](np.ones(size))
    for wrong in (size[1:], (1, *size[1:]), (*size[:2], size[3], size[2]), (*size[:2], 1, 1)):
        with pytest.raises(
            ValueError, match=r"grad_output has shape \(.*\): expected \(2, \d, \d, 4\), as the"
        ):
            BACKWARD[name](np.ones(wrong))
    with pytest.raises(ValueError, match="grad_output is of type float32: expected float64, as the input"):
        BACKWARD[name](np.ones(size, dtype=np.float32))
    with pytest.raises(ValueError, match="grad_output is a list: expected a NumPy array"):
        BACKWARD[name](np.ones(size).tolist())


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("stride", 0),
        ("padding", -1),
        ("dilation", 9),
        ("groups", 3),
        ("weight", KERNELS[:, :1]),
        ("input", [1.0]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_conv2d_backward_refuses_what_conv2d_refuses(name, wrong):
    arguments = {"input": IMAGE, "weight": KERNELS, "stride": 1, "padding": 0, "dilation": 1, "groups": 2}
    arguments[name] = wrong
    with pytest.raises(ValueError, match="expected") as forward:
        ops.conv2d(**arguments)
    with pytest.raises(ValueError, match="expected") as backward:
        ops.conv2d_backward(np.ones((2, 6, 6, 8)), **arguments)
    assert str(backward.value) == str(forward.value)
