"""A trained network as plain arrays, for figures, which know no PyTorch."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import fx, nn


def as_arrays(model):
    """The layers of a network, in the order in which they run, as dicts of NumPy arrays and numbers.

    >>> net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(6272, 10))
    >>> [layer["kind"] for layer in as_arrays(net)]
    ['conv2d', 'relu', 'flatten', 'linear']
    >>> as_arrays(net)[0]["weight"].shape
    (8, 1, 3, 3)

    They compute what the network computes in evaluation mode: batch norm, with its running statistics, is folded
    into the convolution before it, dropout and identity are left out. The kinds, with PyTorch's names:

    - ``"conv2d"``: ``weight`` (O, I, K, K) and ``bias`` (O,), float32; ``stride`` and ``padding``, ints.
    - ``"conv_transpose2d"``: ``weight`` (I, O, K, K) and ``bias`` (O,), float32; ``stride``, ``padding`` and
      ``output_padding``, ints.
    - ``"relu"``
    - ``"max_pool2d"``: ``kernel_size`` and ``stride``, ints.
    - ``"global_avg_pool2d"``: the mean of each map, `nn.AdaptiveAvgPool2d(1)`.
    - ``"upsample"``: ``mode``, ``"nearest"`` or ``"bilinear"`` (with ``align_corners=False``), and ``scale``, an int.
    - ``"flatten"``
    - ``"linear"``: ``weight`` (O, I) and ``bias`` (O,), float32.

    A skip connection is two layers of the list, so that an hourglass such as U-Net is a list too:

    - ``"save"``: the maps that arrive are put aside, and also go on.
    - ``"cat"``: the maps that were put aside last are taken up again. Their channels follow those of the maps that
      arrive: ``torch.cat([arriving, saved], dim=1)``.

    Args:
        model: an `nn.Module` that `torch.fx` can trace: modules in a chain, and in it `F.interpolate` with a whole
            ``scale_factor`` and `torch.cat` as above. The skip that begins last ends first. The model stays as it is.

    Raises:
        ValueError: `model` is no module, cannot be traced, branches in another way, or has a layer that is none of
            these; the message names the layer.

    Source: the folding is that of Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference" (2018), section 3.2. Used in the chapters `fully_connected`,
    `building_a_cnn`, `detection` and `segmentation`.
    """
    if not isinstance(model, nn.Module):
        raise ValueError(f"model is {model!r}; expected a torch.nn.Module")
    layers = []
    for name, part in _parts(model):
        kind = type(part)
        if kind is dict:
            layers.append(part)
        elif kind is nn.BatchNorm2d:
            layers[-1:] = [_folded(name, part, layers[-1:])]
        elif kind in _READERS:
            layers.append(_READERS[kind](name, part))
        else:
            expected = ", ".join(known.__name__ for known in (*_READERS, nn.BatchNorm2d, *_LEFT_OUT))
            raise ValueError(f"layer {name} is {kind.__name__}; expected one of {expected}")
    return layers


class _Tracer(fx.Tracer):
    """torch.fx's tracer, which looks into a module only for the modules in it."""

    def is_leaf_module(self, m, module_qualified_name):
        return not any(m.children())


def _parts(model):
    """What an image passes, one after the other, with names: modules, and as layers what is no module."""
    if not any(model.children()):
        model = nn.Sequential(model)  # the tracer looks into the module that it is handed
    last = None
    saved = []  # the nodes whose maps are put aside
    for node in _graph(model).nodes:
        if node.target is torch.cat:
            yield node.name, _cat(node, last, saved)
        elif last is not None:
            _require_chain(node, last)
            if node.op == "call_module":
                module = model.get_submodule(node.target)
                if last in saved and getattr(module, "inplace", False):
                    raise ValueError(
                        f"layer {node.target} has inplace True, but a skip needs what it reads; expected False"
                    )
                yield node.target, module
            elif node.op == "call_function":
                yield node.name, _interpolate(node.name, *node.args, **node.kwargs)
        for reader in node.users:
            if reader.target is torch.cat and _joined(reader)[1] is node:
                saved.append(node)
                yield node.name, {"kind": "save"}
        last = node


def _graph(model):
    """The calls in a network's forward pass, but for the modules that evaluation leaves out."""
    try:
        graph = _Tracer().trace(model)
    except Exception as problem:  # whatever the network's own code makes of an input without values
        raise ValueError(
            f"{type(model).__name__} cannot be traced ({problem}); expected a chain of modules"
        ) from problem
    for node in graph.nodes:
        if node.op == "call_module" and type(model.get_submodule(node.target)) in _LEFT_OUT:
            node.replace_all_uses_with(*node.all_input_nodes)
            graph.erase_node(node)
    return graph


def _require_chain(node, last):
    """Refuse a node that reads anything but the maps of the layer before it, and calls that are not ours."""
    resizes = node.target is F.interpolate
    reads = node.all_input_nodes == [last] if resizes else (node.args, node.kwargs) == ((last,), {})
    if not reads:
        raise ValueError(
            f"layer {node} does not read the layer before it, {last}, alone; expected a chain, its skips by torch.cat"
        )
    if node.op not in ("call_module", "output") and not resizes:
        raise ValueError(
            f"layer {node} is a call in the network's forward; expected modules, F.interpolate and torch.cat alone"
        )


def _joined(node):
    """The two nodes whose maps `torch.cat` puts one behind the other."""

    def by_channel(tensors, dim=0, **others):
        return tensors if dim == 1 and not others else ()

    joined = by_channel(*node.args, **node.kwargs)
    if not isinstance(joined, (list, tuple)) or len(joined) != 2:
        given = ", ".join([*map(str, node.args), *(f"{name}={value}" for name, value in node.kwargs.items())])
        raise ValueError(f"layer {node} is torch.cat({given}); expected two tensors and dim=1")
    return joined


def _cat(node, last, saved):
    first, second = _joined(node)
    if first is not last:
        raise ValueError(
            f"layer {node} joins {first} and {second}; expected first the layer before it, {last}, then the end of a skip"
        )
    if second is not saved[-1]:
        raise ValueError(
            f"layer {node} takes up {second}; expected {saved[-1]}, saved later: the skip that begins last ends first"
        )
    saved.pop()
    return {"kind": "cat"}


def _float32(tensor):
    return tensor.detach().cpu().numpy().astype(np.float32)


def _one(name, module, option):
    """An option of a module that may be a number, or the same number for height and width."""
    value = getattr(module, option)
    numbers = set(value) if isinstance(value, tuple) else {value}
    if len(numbers) != 1 or not all(isinstance(number, int) for number in numbers):
        raise ValueError(f"layer {name} has {option} {value!r}; expected one whole number")
    return numbers.pop()


def _require(name, module, **options):
    for option, expected in options.items():
        value = getattr(module, option)
        if value != expected and value != (expected, expected):
            raise ValueError(f"layer {name} has {option} {value!r}; expected {expected!r}")


def _conv2d(name, module):
    _require(name, module, groups=1, dilation=1, padding_mode="zeros")
    _one(name, module, "kernel_size")
    bias = torch.zeros(module.out_channels) if module.bias is None else module.bias
    return {
        "kind": "conv2d",
        "weight": _float32(module.weight),
        "bias": _float32(bias),
        "stride": _one(name, module, "stride"),
        "padding": _one(name, module, "padding"),
    }


def _conv_transpose2d(name, module):
    return {
        **_conv2d(name, module),
        "kind": "conv_transpose2d",
        "output_padding": _one(name, module, "output_padding"),
    }


def _folded(name, norm, before):
    """The convolution before a batch norm, with the batch norm in its weights."""
    if [layer["kind"] for layer in before] not in (["conv2d"], ["conv_transpose2d"]):
        raise ValueError(f"layer {name} is BatchNorm2d; expected one only after a convolution")
    if norm.running_mean is None:
        raise ValueError(f"layer {name} has no running statistics; expected track_running_stats=True")
    (conv,) = before
    mean, variance = norm.running_mean.double(), norm.running_var.double()
    gain = 1 / torch.sqrt(variance + norm.eps)
    shift = torch.zeros_like(mean)
    if norm.affine:
        gain, shift = gain * norm.weight.detach().double(), norm.bias.detach().double()
    weight, bias = (torch.from_numpy(conv[part]).to(gain) for part in ("weight", "bias"))
    out_channels_first = (-1, 1, 1, 1) if conv["kind"] == "conv2d" else (1, -1, 1, 1)
    return conv | {
        "weight": _float32(weight * gain.reshape(out_channels_first)),
        "bias": _float32((bias - mean) * gain + shift),
    }


def _max_pool2d(name, module):
    _require(name, module, padding=0, dilation=1, ceil_mode=False, return_indices=False)
    return {
        "kind": "max_pool2d",
        "kernel_size": _one(name, module, "kernel_size"),
        "stride": _one(name, module, "stride"),
    }


def _global_avg_pool2d(name, module):
    _require(name, module, output_size=1)
    return {"kind": "global_avg_pool2d"}


def _upsample(name, module):
    options = ("size", "scale_factor", "mode", "align_corners", "recompute_scale_factor")
    return _interpolate(name, None, **{option: getattr(module, option) for option in options})


def _interpolate(
    name,
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """The layer that `F.interpolate` is, called so; `recompute_scale_factor` changes nothing where the factor is whole."""
    factors = {*scale_factor} if isinstance(scale_factor, tuple) else {scale_factor}
    scale = factors.pop()
    if size is not None or factors or not isinstance(scale, (int, float)) or scale < 1 or scale % 1:
        raise ValueError(
            f"layer {name} has size {size!r} and scale_factor {scale_factor!r}; expected one whole scale_factor"
        )
    if mode not in ("nearest", "bilinear"):
        raise ValueError(f"layer {name} has mode {mode!r}; expected 'nearest' or 'bilinear'")
    if align_corners or antialias:
        raise ValueError(
            f"layer {name} has align_corners {align_corners!r} and antialias {antialias!r}; expected neither"
        )
    return {"kind": "upsample", "mode": mode, "scale": int(scale)}


def _flatten(name, module):
    _require(name, module, start_dim=1, end_dim=-1)
    return {"kind": "flatten"}


def _linear(name, module):
    bias = torch.zeros(module.out_features) if module.bias is None else module.bias
    return {"kind": "linear", "weight": _float32(module.weight), "bias": _float32(bias)}


_READERS = {
    nn.Conv2d: _conv2d,
    nn.ConvTranspose2d: _conv_transpose2d,
    nn.ReLU: lambda name, module: {"kind": "relu"},
    nn.MaxPool2d: _max_pool2d,
    nn.AdaptiveAvgPool2d: _global_avg_pool2d,
    nn.Upsample: _upsample,
    nn.Flatten: _flatten,
    nn.Linear: _linear,
}
_LEFT_OUT = (nn.Dropout, nn.Dropout2d, nn.Identity)
