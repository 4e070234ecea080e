"""Layers drawn at random, and how they are compared with PyTorch's: what the tests of `ops` share."""

import numpy as np
import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st

PROFILE = settings(derandomize=True, database=None, deadline=None, max_examples=200)
TOLERANCE = {np.dtype(np.float32): 2e-5, np.dtype(np.float64): 1e-12}
TORCH_REFUSES = (RuntimeError, TypeError, ValueError, IndexError, AttributeError)


def each_side(low, high, dimensions=2):
    """An int, or a tuple with an entry for each dimension."""
    side = st.integers(low, high)
    return side | st.tuples(*[side] * dimensions)


def as_tuple(value, dimensions=2):
    return value if isinstance(value, tuple) else (value,) * dimensions


@st.composite
def arrays(draw, shape, dtype):
    """Normal numbers in either memory order; read-only, so that a layer that writes into its input fails."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    array = np.asarray(rng.standard_normal(shape), dtype=dtype, order=draw(st.sampled_from("CF")))
    array.flags.writeable = False
    return array


def images(channels, size, dtype, batches=((), (1,), (2,), (3,), (0,))):
    """One image without a batch, or a batch of images, or of none."""
    return st.sampled_from(batches).flatmap(lambda batch: arrays((*batch, channels, *size), dtype))


@st.composite
def conv_layers(draw, dimensions=2, max_groups=3):
    """The arguments of a convolution that PyTorch takes, by name, in its order."""
    dtype = draw(st.sampled_from(list(TOLERANCE)))
    groups = draw(st.integers(1, max_groups))
    channels_seen, channels_made = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    kernel_size = draw(st.tuples(*[st.integers(1, 4)] * dimensions))
    dilation = draw(each_side(1, 3, dimensions))
    padding = draw(each_side(0, 3, dimensions) | st.sampled_from(["same", "valid"]))
    stride = 1 if padding == "same" else draw(each_side(1, 3, dimensions))
    size = []
    for axis in range(dimensions):
        covered = as_tuple(dilation, dimensions)[axis] * (kernel_size[axis] - 1) + 1
        padded = 0 if isinstance(padding, str) else 2 * as_tuple(padding, dimensions)[axis]
        size.append(max(1, covered - padded) + draw(st.integers(0, 5)))
    return {
        "input": draw(images(groups * channels_seen, size, dtype)),
        "weight": draw(arrays((groups * channels_made, channels_seen, *kernel_size), dtype)),
        "bias": draw(st.none() | arrays((groups * channels_made,), dtype)),
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
    }


@st.composite
def features(draw):
    """The input of a pooling layer."""
    size = draw(st.tuples(st.integers(1, 8), st.integers(1, 9)))
    return draw(images(draw(st.integers(1, 3)), size, draw(st.sampled_from(list(TOLERANCE)))))


def to_torch(arguments):
    return [torch.tensor(value) if isinstance(value, np.ndarray) else value for value in arguments]


def assert_agrees(ours, theirs, *arguments):
    """The same numbers as PyTorch's, to rounding, NaN included; or a refusal where PyTorch refuses.

    Returns whether PyTorch computed.
    """
    try:
        expected = theirs(*to_torch(arguments)).numpy()
    except TORCH_REFUSES:
        with pytest.raises(ValueError, match="expected"):
            ours(*arguments)
        return False
    output = ours(*arguments)
    assert (output.dtype, output.shape) == (expected.dtype, expected.shape)
    tolerance = TOLERANCE[output.dtype]
    np.testing.assert_allclose(output, expected, rtol=tolerance, atol=tolerance)
    return True


def assert_both_refuse(ours, theirs, arguments):
    with pytest.raises(TORCH_REFUSES):
        theirs(*to_torch(arguments))
    with pytest.raises(ValueError, match="expected"):
        ours(*arguments)
