"""ReceptiveFieldExplorer: which pixels a unit of a deep layer sees (chapter ``receptive_field``)."""

import functools

import traitlets

from cnnbook import data
from cnnbook.figures.figure import Figure
from cnnbook.figures.picture import Picture, data_url

_KINDS = ["conv", "pool"]
_BOUNDS = {"kernel_size": (1, 11), "stride": (1, 8), "padding": (0, 5), "dilation": (1, 4)}
_DEFAULTS = {"stride": 1, "padding": 0, "dilation": 1}
_MOST_LAYERS = 20


def _conv(kernel_size, stride=1, padding=0, dilation=1):
    return {
        "kind": "conv", "kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation,
    }  # fmt: skip


def _pool(kernel_size, stride):
    return _conv(kernel_size, stride) | {"kind": "pool"}


_SAME = _conv(3, padding=1)
_HALF = _pool(2, 2)
_PRESETS = {
    "two 3×3": {
        "input_size": 32,
        "layers": [_SAME] * 2,
        "note": "Two 3 × 3 kernels see as far as one 5 × 5 kernel.",
    },
    "three 3×3": {
        "input_size": 32,
        "layers": [_SAME] * 3,
        "note": "Three 3 × 3 kernels see as far as one 7 × 7 kernel.",
    },
    "dilated 1, 2, 4": {
        "input_size": 32,
        "layers": [_conv(3, padding=dilation, dilation=dilation) for dilation in (1, 2, 4)],
        "note": "The dilation doubles with each layer: 15 pixels with three kernels of 3, and no gaps.",
    },
    "LeNet-5": {
        "input_size": 32,
        "layers": [_conv(5), _HALF, _conv(5), _HALF, _conv(5)],
        "note": "LeNet-5 (1998) up to C5, which the paper counts as a convolution: it sees the whole input.",
    },
    "AlexNet": {
        "input_size": 224,
        "layers": [
            _conv(11, 4, 2), _pool(3, 2), _conv(5, padding=2), _pool(3, 2), _SAME, _SAME, _SAME, _pool(3, 2),
        ],
        "note": "AlexNet’s convolutions and pools as torchvision has them: 224 pixels, padding 2 in the first layer.",
    },
    "VGG-16": {
        "input_size": 224,
        "layers": [_SAME, _SAME, _HALF] * 2 + [_SAME, _SAME, _SAME, _HALF] * 3,
        "note": "VGG-16’s 13 convolutions, all 3 × 3, and its 5 pools.",
    },
    "ResNet block": {
        "input_size": 56,
        "layers": [_SAME] * 2,
        "skip": True,
        "note": "The identity (dashed) sees one pixel, which the two 3 × 3 see too: together they see 5 × 5.",
    },
}  # fmt: skip


@functools.cache
def _square_cat():
    """The middle of the cat, 224 by 224 pixels, as a data URL."""
    return data_url(data.cat(224)[:, 56:280], quality=90)


class ReceptiveFieldExplorer(Figure):
    """A stack of layers, and the pixels that any unit of any layer sees: in one dimension, and on a photograph.

    >>> explorer = ReceptiveFieldExplorer(preset="AlexNet")
    >>> explorer.input_size
    224
    >>> stack = ReceptiveFieldExplorer(layers=[{"kind": "conv", "kernel_size": 3}, {"kind": "pool", "kernel_size": 2}])
    >>> stack.preset, stack.layers[1]["stride"]
    ('custom', 2)

    Layers and input are square. Pixels and units count from 0; a negative pixel, or one beyond the input, is
    padding.

    Args:
        preset: a named stack, or ``"custom"`` for ``layers``. By default ``"two 3×3"``, or ``"custom"`` where
            layers are given.
        layers: at most 20 layers from the input on, each a dict with its ``kind``, ``"conv"`` or ``"pool"``,
            its ``kernel_size`` (1 to 11), ``stride`` (1 to 8), ``padding`` (0 to 5; in a pool at most half
            its kernel) and ``dilation`` (1 to 4). What is left out is PyTorch's default: stride 1, in a pool
            its kernel size; padding 0; dilation 1.
        input_size: height and width of the input, 8 to 256 pixels; by default the preset's.
        layer: the chosen unit's layer, 1 the first, 0 the input itself; one beyond the last counts as the last.
        row, col: where the chosen unit stands in its layer's output; None is the middle, and beyond the last
            counts as the last.
        image: a picture as a data URL, of which the middle square is shown; the book's cat unless given.

    Raises:
        traitlets.TraitError: for a value out of bounds, or an image that is no picture.
        ValueError: for ``layers`` that are not so made; the message names the layer and the value.

    The recurrence is that of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural
    Networks" (2019).
    """

    preset = traitlets.Enum([*_PRESETS, "custom"]).tag(sync=True)
    layers = traitlets.List().tag(sync=True)
    input_size = traitlets.Int(min=8, max=256).tag(sync=True)

    layer = traitlets.Int(_MOST_LAYERS, min=0, max=_MOST_LAYERS).tag(sync=True)
    row = traitlets.Int(None, min=0, max=455, allow_none=True).tag(sync=True)
    col = traitlets.Int(None, min=0, max=455, allow_none=True).tag(sync=True)

    image = Picture().tag(sync=True)

    presets = traitlets.Dict(_PRESETS, read_only=True, help="The named stacks, for the page.").tag(sync=True)

    @traitlets.default("limits")
    def _limits(self):
        bounds = {name: {"min": low, "max": high} for name, (low, high) in _BOUNDS.items()}
        return super()._limits() | bounds | {"kind": {"values": _KINDS}, "layers": {"max": _MOST_LAYERS}}

    @traitlets.default("preset")
    def _preset(self):
        return "custom" if self.layers else "two 3×3"

    @traitlets.default("input_size")
    def _input_size(self):
        return _PRESETS.get(self.preset, {"input_size": 32})["input_size"]

    @traitlets.default("image")
    def _image(self):
        return _square_cat()

    @traitlets.validate("layers")
    def _validate_layers(self, proposal):
        layers = proposal["value"]
        if len(layers) > _MOST_LAYERS:
            raise ValueError(f"layers has {len(layers)} layers; expected at most {_MOST_LAYERS}")
        return [_checked(f"layer {number}", layer) for number, layer in enumerate(layers, start=1)]


def _checked(name, layer):
    """A layer with all its traits."""
    if not isinstance(layer, dict) or not {"kind", "kernel_size"} <= set(layer) <= {"kind", *_BOUNDS}:
        has = list(layer) if isinstance(layer, dict) else repr(layer)
        expected = f"kind, kernel_size and at most {', '.join(_DEFAULTS)}"
        raise ValueError(f"{name} has {has}; expected a dict with {expected}")
    if layer["kind"] not in _KINDS:
        raise ValueError(f"{name} has the kind {layer['kind']!r}; expected {' or '.join(map(repr, _KINDS))}")
    is_pool = layer["kind"] == "pool"
    own_stride = {"stride": layer["kernel_size"]} if is_pool else {}
    layer = _DEFAULTS | own_stride | layer
    for trait, (low, high) in _BOUNDS.items():
        value = layer[trait]
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"{name} has {trait} {value!r}; expected a whole number from {low} to {high}")
    most = layer["kernel_size"] // 2
    if is_pool and layer["padding"] > most:
        raise ValueError(
            f"{name} has padding {layer['padding']}; expected at most {most}, half the kernel of a pool"
        )
    return {trait: layer[trait] for trait in ("kind", *_BOUNDS)}
