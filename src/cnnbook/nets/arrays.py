"""A trained network as plain arrays, for figures, which know no PyTorch."""

import numpy as np
import torch
from torch import fx, nn


def as_arrays(model):
    """The layers of a network that is a chain, in order, as dicts of NumPy arrays and numbers.

    >>> net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(6272, 10))
    >>> [layer["kind"] for layer in as_arrays(net)]
    ['conv2d', 'relu', 'flatten', 'linear']
    >>> as_arrays(net)[0]["weight"].shape
    (8, 1, 3, 3)

    They compute what the network computes in evaluation mode: batch norm, with its running statistics, is folded
    into the convolution before it, dropout and identity are left out. The kinds, with PyTorch's names:

    - ``"conv2d"``: ``weight`` (O, I, K, K) and ``bias`` (O,), float32; ``stride`` and ``padding``, ints.
    - ``"relu"``
    - ``"max_pool2d"``: ``kernel_size`` and ``stride``, ints.
    - ``"global_avg_pool2d"``: the mean of each map, `nn.AdaptiveAvgPool2d(1)`.
    - ``"flatten"``
    - ``"linear"``: ``weight`` (O, I) and ``bias`` (O,), float32.

    Args:
        model: an `nn.Module` that `torch.fx` can trace. It stays as it is.

    Raises:
        ValueError: `model` is no module, cannot be traced, is no chain, or has a layer that is none of these; the
            message names the layer.

    Source: the folding is that of Jacob et al., "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference" (2018), section 3.2. Used in the chapters `fully_connected` and
    `building_a_cnn`.
    """
    if not isinstance(model, nn.Module):
        raise ValueError(f"model is {model!r}; expected a torch.nn.Module")
    layers = []
    for name, module in _chain(model):
        kind = type(module)
        if kind in _LEFT_OUT:
            continue
        if kind is nn.BatchNorm2d:
            layers[-1:] = [_folded(name, module, layers[-1:])]
        elif kind in _READERS:
            layers.append(_READERS[kind](name, module))
        else:
            expected = ", ".join(known.__name__ for known in (*_READERS, nn.BatchNorm2d, *_LEFT_OUT))
            raise ValueError(f"layer {name} is {kind.__name__}; expected one of {expected}")
    return layers


class _Tracer(fx.Tracer):
    """torch.fx's tracer, which looks into a module only for the modules in it."""

    def is_leaf_module(self, m, module_qualified_name):
        return not any(m.children())


def _chain(model):
    """The modules that an image passes, with their names, one after the other."""
    if not any(model.children()):
        model = nn.Sequential(model)  # the tracer looks into the module that it is handed
    try:
        graph = _Tracer().trace(model)
    except Exception as problem:  # whatever the network's own code makes of an input without values
        raise ValueError(
            f"{type(model).__name__} cannot be traced ({problem}); expected a chain of modules"
        ) from problem
    last, *others = graph.nodes
    for node in others:
        if node.args != (last,) or node.kwargs:
            raise ValueError(
                f"layer {node} does not read the layer before it, {last}, alone; expected a chain"
            )
        if node.op == "call_module":
            yield node.target, model.get_submodule(node.target)
        elif node.op != "output":
            raise ValueError(f"layer {node} is a call in the network's forward; expected modules alone")
        last = node


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


def _folded(name, norm, before):
    """The convolution before a batch norm, with the batch norm in its weights."""
    if [layer["kind"] for layer in before] != ["conv2d"]:
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
    return conv | {
        "weight": _float32(weight * gain[:, None, None, None]),
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


def _flatten(name, module):
    _require(name, module, start_dim=1, end_dim=-1)
    return {"kind": "flatten"}


def _linear(name, module):
    bias = torch.zeros(module.out_features) if module.bias is None else module.bias
    return {"kind": "linear", "weight": _float32(module.weight), "bias": _float32(bias)}


_READERS = {
    nn.Conv2d: _conv2d,
    nn.ReLU: lambda name, module: {"kind": "relu"},
    nn.MaxPool2d: _max_pool2d,
    nn.AdaptiveAvgPool2d: _global_avg_pool2d,
    nn.Flatten: _flatten,
    nn.Linear: _linear,
}
_LEFT_OUT = (nn.Dropout, nn.Dropout2d, nn.Identity)
