"""Trained networks as figures carry them: layers of arrays, packed for the page."""

import string

import numpy as np
import traitlets

from cnnbook.shapes import conv_output_size, conv_transpose_output_size, pool_output_size

_DIGITS = np.frombuffer((string.ascii_letters.swapcase() + string.digits + "+/").encode(), np.uint8)
_MOST = 64**3 // 2 - 2  # steps that three digits can say, and one more for the rounding of a sum
# Steps in a layer's norm. The errors that layers add are then as small as they can be in so many bytes: what a
# rounded layer adds to the logits goes with step / root mean square, and its bytes with the number of its weights.
# So many keep the logits of the book's nets within 1e-3 and two of them within 220 kB.
_STEPS = 2**20


class _Packed(dict):
    """A layer as the page reads it. Traitlets validate a value twice; the second time it stays as it is."""


class Network(traitlets.TraitType):
    """A trait that holds a network: `cnnbook.nets.as_arrays` makes its value, the page's net.js runs it.

    >>> layers = [{"kind": "linear", "weight": np.eye(2, 3, dtype=np.float32), "bias": np.zeros(2, np.float32)}]
    >>> [layer] = Network().validate(None, layers)
    >>> layer["weight"]
    {'shape': [2, 3], 'levels': '/ggg/g/AAA/A+AAA+A', 'step': 7.629510948348211e-06}

    What it is set to are the layers from the input on, each a dict: its ``kind`` and what `as_arrays` says of it. What it
    holds is what the page reads: each layer's weights as whole steps of one size. A number of steps has three digits to
    the base 64, or two where that is enough; all first digits come first, then all second ones, for alike they compress
    best.

    Args:
        steps: how many make the norm of a layer's weights, so how finely these are rounded. The default is for logits
            as exact as the page shows them. A U-Net of 3,600 takes half the bytes, and 999 of 1,000 pixels keep their
            class.

    Raises:
        ValueError: for layers that are not so made; the message names the layer and the value. `output_shape`
            says whether they fit together.
    """

    default_value = ()

    def __init__(self, steps=_STEPS, **kwargs):
        super().__init__(**kwargs)
        self.steps = steps

    def validate(self, obj, value):
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{self.name} is {value!r}; expected a list of layers")
        return [_packed(f"layer {number}", layer, self.steps) for number, layer in enumerate(value, start=1)]


def output_shape(layers, input_shape):
    """The shape of what a network, as a `Network` trait holds it, makes of an input ``(C, H, W)``.

    >>> layers = [{"kind": "max_pool2d", "kernel_size": 2, "stride": 2}, {"kind": "flatten"}]
    >>> output_shape(layers, (8, 28, 40))
    (2240, 1, 1)

    Raises:
        ValueError: for a layer that does not fit the output of the layer before; the message names it.

    Used by `ShiftProbe`, `FeatureMaps`, `YoloGrid` and `SegmentationLab`.
    """
    shape = tuple(input_shape)
    saved = []
    for number, layer in enumerate(layers, start=1):
        try:
            shape = _output_shape(layer, saved, *shape)
        except ValueError as problem:
            raise ValueError(f"layer {number} ({layer['kind']}): {problem}") from None
    return shape


def check_labels(labels, images, classes):
    """Refuse labels that are not one for each image, the number of its class.

    >>> check_labels([0, 2], images=np.zeros((2, 28, 28), np.uint8), classes=["T-shirt/top", "Trouser"])
    Traceback (most recent call last):
    ValueError: labels holds 2; expected whole numbers from 0 to 1

    Used by `ShiftProbe` and `FeatureMaps`.
    """
    if len(labels) != len(images):
        raise ValueError(f"labels has {len(labels)} numbers; expected {len(images)}, one an image")
    for label in labels:
        if not 0 <= label < len(classes):
            raise ValueError(f"labels holds {label}; expected whole numbers from 0 to {len(classes) - 1}")


def _output_shape(layer, saved, channels, height, width):
    """The shape of a layer's output; `saved` has the shapes that are put aside, a save adds one and a cat takes one."""
    kind = layer["kind"]
    if kind == "relu":
        return channels, height, width
    if kind == "save":
        saved.append((channels, height, width))
        return channels, height, width
    if kind == "cat":
        return _joined(saved, channels, height, width)
    if kind == "upsample":
        return channels, layer["scale"] * height, layer["scale"] * width
    if kind == "global_avg_pool2d":
        return channels, 1, 1
    if kind == "flatten":
        return channels * height * width, 1, 1
    if kind == "max_pool2d":
        window = layer["kernel_size"], layer["stride"]
        return channels, *(pool_output_size(size, *window) for size in (height, width))
    out_channels, in_channels = layer["weight"]["shape"][:2]
    if kind == "conv_transpose2d":
        in_channels, out_channels = out_channels, in_channels
    given = (channels, height, width) if kind == "linear" else (channels,)
    if given != (in_channels, 1, 1)[: len(given)]:
        raise ValueError(f"its input is {channels} × {height} × {width}; expected {in_channels} channels")
    if kind == "linear":
        return out_channels, 1, 1
    window = layer["weight"]["shape"][2], layer["stride"], layer["padding"]
    if kind == "conv2d":
        return out_channels, *(conv_output_size(size, *window) for size in (height, width))
    window += (layer["output_padding"],)
    return out_channels, *(conv_transpose_output_size(size, *window) for size in (height, width))


def _joined(saved, channels, height, width):
    if not saved:
        raise ValueError("nothing is saved; expected a save before it that no other cat has taken up")
    more, *size = saved.pop()
    if size != [height, width]:
        raise ValueError(
            f"its input is {height} × {width}, what is saved {size[0]} × {size[1]}; expected one size"
        )
    return channels + more, height, width


def _packed(name, layer, steps):
    if isinstance(layer, _Packed):
        return layer
    kind = layer.get("kind") if isinstance(layer, dict) else layer
    if kind not in _PARTS:
        raise ValueError(f"{name} has the kind {kind!r}; expected one of {', '.join(_PARTS)}")
    name = f"{name} ({kind})"
    parts = _PARTS[kind]
    if set(layer) != {"kind", *parts}:
        raise ValueError(f"{name} has {', '.join(layer)}; expected {', '.join(['kind', *parts])}")
    packed = {"kind": kind} | {
        part: check(f"{name} has {part}", layer[part]) for part, check in parts.items()
    }
    if "weight" in packed:
        transposed = kind == "conv_transpose2d"
        out_channels = packed["weight"].shape[1 if transposed else 0]
        if len(packed["bias"]) != out_channels:
            raise ValueError(
                f"{name} has {len(packed['bias'])} biases; expected {out_channels}, one an output channel"
            )
        packed["weight"] = _in_steps(packed["weight"], steps, axis=0 if transposed else 1)
    return _Packed(packed)


def _finite(what, value, rank):
    array = np.asarray(value)
    if array.ndim != rank or array.size == 0 or array.dtype.kind != "f":
        raise ValueError(f"{what} of {array.dtype} {array.shape}; expected {rank} dimensions of floats")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} with {array[~np.isfinite(array)][0]}; expected finite numbers")
    return array.astype(np.float64)


def _weight(what, value, rank):
    array = _finite(what, value, rank)
    if rank == 4 and array.shape[2] != array.shape[3]:
        raise ValueError(f"{what} of shape {array.shape}; expected square kernels")
    return array


def _in_steps(weight, steps, axis):
    """Weights as the page reads them, rounded so that there are so many steps in their norm."""
    step = max(np.linalg.norm(weight) / steps, np.abs(weight).max() / _MOST) or 1.0
    # What is rounded are the sums of the weights that an output adds up, so that their errors cancel: along a row, where
    # neighbours have inputs that are alike, or with axis=0 along a column, as a transposed convolution has them.
    sums = np.rint(np.cumsum(weight.reshape(len(weight), -1) / step, axis=axis))
    levels = np.diff(sums, axis=axis, prepend=0).astype(int).ravel()
    count = 2 if np.abs(levels).max() < 64**2 // 2 else 3
    digits = (levels + 64**count // 2) // 64 ** np.arange(count)[::-1, None] % 64
    return {
        "shape": list(weight.shape),
        "levels": _DIGITS[digits].tobytes().decode("ascii"),
        "step": float(step),
    }


def _bias(what, value):
    # The shortest decimals that are these numbers in float32, which is all that the page keeps.
    return [float(str(number)) for number in _finite(what, value, 1).astype(np.float32)]


def _mode(what, value):
    if value not in ("nearest", "bilinear"):
        raise ValueError(f"{what} {value!r}; expected 'nearest' or 'bilinear'")
    return value


def _at_least(least):
    def check(what, value):
        if type(value) is not int or value < least:
            raise ValueError(f"{what} {value!r}; expected a whole number of at least {least}")
        return value

    return check


# What a layer of each kind holds beside its kind, and what checks and packs it.
_PARTS = {
    "conv2d": {
        "weight": lambda what, value: _weight(what, value, 4),
        "bias": _bias,
        "stride": _at_least(1),
        "padding": _at_least(0),
    },
    "conv_transpose2d": {
        "weight": lambda what, value: _weight(what, value, 4),
        "bias": _bias,
        "stride": _at_least(1),
        "padding": _at_least(0),
        "output_padding": _at_least(0),
    },
    "relu": {},
    "max_pool2d": {"kernel_size": _at_least(1), "stride": _at_least(1)},
    "global_avg_pool2d": {},
    "upsample": {"mode": _mode, "scale": _at_least(1)},
    "flatten": {},
    "linear": {"weight": lambda what, value: _weight(what, value, 2), "bias": _bias},
    "save": {},
    "cat": {},
}
