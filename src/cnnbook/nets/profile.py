"""What a network costs and what its units see, layer by layer."""

import copy
import operator
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
import torch
from torch import fx, nn
from torch.utils.flop_counter import FlopCounterMode

from cnnbook.nets.reach import IRREGULAR, WHOLE, ReachMode
from cnnbook.shapes import ReceptiveField, is_integer

CONTAINERS = {"torch.nn.modules.module", "torch.nn.modules.container"}


class ProfiledLayer(NamedTuple):
    """A row of a `Profile`.

    Attributes:
        name: where the module stands in the network, "layer1.0.conv2"; for a function or method, the module
            that calls it and its own name, "layer1.0.add". What is called again has a number: "layer1.0.relu_1".
        kind: the module's class or the function's name; "Parameter" for a parameter that a module without a
            row of its own holds.
        output_shape: the output's shape, with the batch of 1; the first output's where there are several.
        parameters: parameters of the module, those of an earlier row left out.
        macs: multiply-accumulates of convolutions and matrix products (linear layers, attention), for one
            input. Biases, norms and activations are not counted.
        receptive_field: a `shapes.ReceptiveField` with ints where height and width agree and pairs where they do
            not. A layer whose every unit sees the whole input has the input's size and a jump of 0. Behind an
            upsampling or a strided transposed convolution neighbors see patches of different sizes, or at uneven
            distances, in turns: then the size is that of the largest, the jump is the mean (a part of a pixel
            where there are more units than pixels), and the start is None. None where no pattern repeats
            (windowed attention, an operation without a rule), and for what sees nothing of the input (a
            parameter).
    """

    name: str
    kind: str
    output_shape: tuple
    parameters: int
    macs: int
    receptive_field: ReceptiveField | None


@dataclass(frozen=True, repr=False)
class Profile:
    """What `profile` found. Printed it is a table.

    Attributes:
        layers: a `ProfiledLayer` for each layer, in the order of the forward pass.
        parameters: all parameters of the module, each counted once; also those that evaluation does not use.
    """

    layers: tuple
    parameters: int

    @property
    def macs(self):
        """The multiply-accumulates of all layers, for one input."""
        return sum(layer.macs for layer in self.layers)

    def frame(self):
        """The layers as a `pandas.DataFrame`, the receptive field's size and jump in a column each.

        >>> profile(nn.Conv2d(3, 8, kernel_size=5), (3, 32, 48)).frame()[["name", "macs", "receptive_field", "jump"]]
          name    macs receptive_field jump
        0    0  739200               5    1
        """
        rows = []
        for layer in self.layers:
            size, jump, _ = layer.receptive_field or (None, None, None)
            rows.append(layer._asdict() | {"receptive_field": size, "jump": jump})
        frame = pd.DataFrame(rows, columns=[*ProfiledLayer._fields, "jump"], dtype=object)
        return frame.astype({"parameters": "int64", "macs": "int64"})

    def __repr__(self):
        heading = ("layer", "kind", "output shape", "parameters", "MACs", "receptive field", "jump")
        rows = [_cells(layer) for layer in self.layers]
        total = ("total", "", "", f"{self.parameters:,}", f"{self.macs:,}", "", "")
        widths = [max(map(len, column)) for column in zip(heading, *rows, total, strict=True)]
        aligned = [
            "  ".join(
                cell.ljust(width) if column < 3 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in (heading, *rows, total)
        ]
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join([aligned[0], rule, *aligned[1:-1], rule, aligned[-1]])


def _cells(layer):
    """A layer's row of the printed table."""
    cells = (layer.name, layer.kind, _joined(layer.output_shape), f"{layer.parameters:,}", f"{layer.macs:,}")
    if layer.receptive_field is None:
        return (*cells, "-", "-")
    size, jump, start = layer.receptive_field
    if jump == 0:
        return (*cells, "whole input", "-")
    at_most = "≤ " if start is None or (isinstance(start, tuple) and None in start) else ""
    return (*cells, at_most + _joined(size), _joined(jump))


def _joined(sizes):
    if isinstance(sizes, tuple):
        return " × ".join(map(_joined, sizes))
    return f"{sizes:g}" if isinstance(sizes, float) else str(sizes)


def profile(module, input_shape):
    """Parameters, multiply-accumulates and receptive field of each layer of a network.

    >>> net = nn.Sequential(nn.Conv2d(3, 8, kernel_size=3), nn.MaxPool2d(2), nn.Conv2d(8, 16, kernel_size=3))
    >>> print(profile(net, (3, 32, 48)))
    layer  kind       output shape      parameters     MACs  receptive field  jump
    ------------------------------------------------------------------------------
    0      Conv2d     1 × 8 × 30 × 46          224  298,080                3     1
    1      MaxPool2d  1 × 8 × 15 × 23            0        0                4     2
    2      Conv2d     1 × 16 × 13 × 21       1,168  314,496                8     2
    ------------------------------------------------------------------------------
    total                                    1,392  612,576

    A copy of the module runs in evaluation mode on tensors without data (PyTorch's "meta" device), so that
    nothing is computed, downloaded or drawn at random, and the module stays as it is, batch statistics too.
    A module whose forward pass branches on a size is one layer, for `torch.fx` cannot look into it.

    Where paths meet (a residual's sum, a concatenation) the receptive field is the smallest that holds
    theirs; a dilated kernel's gaps count as seen. Padding counts as if the image went on, so that a field may be
    larger than the input. After a squeeze-and-excitation, a global pooling or attention a unit sees the whole input.
    Behind an upsampling units see patches of different sizes: "≤ 44" says that the largest is 44 pixels wide.

    Args:
        module: an `nn.Module` that `torch.fx` can trace and that takes one image.
        input_shape: `(C, H, W)` without the batch; `(C, L)` for a sequence, `(C, D, H, W)` for a volume, `(C,)`
            for a list of features, which has no receptive field.

    Returns:
        A `Profile` with `layers`, `parameters`, `macs` and `frame()`.

    Raises:
        ValueError: `module` is no module, `input_shape` is no tuple of positive integers, or a layer, which
            the sentence names, cannot be traced (its forward pass branches on values) or does not fit its input.

    Source: `torch.fx` and `torch.utils.flop_counter`, of whose two operations in a multiply-add one is counted
    here; Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks" (2019). Used
    in the chapter `receptive_field`.
    """
    if not isinstance(module, nn.Module):
        raise ValueError(f"module is {module!r}: expected a torch.nn.Module")
    if (
        not isinstance(input_shape, (tuple, list))
        or not input_shape
        or not all(is_integer(size) and size > 0 for size in input_shape)
    ):
        raise ValueError(
            f"input_shape is {input_shape!r}: expected positive integers (C, H, W), without the batch"
        )
    net = _without_data(module)
    dtypes = [parameter.dtype for parameter in net.parameters() if parameter.is_floating_point()]
    with torch.no_grad(), torch.device("meta"):
        image = torch.zeros(1, *input_shape, dtype=next(iter(dtypes), None))
        tracer = _Tracer()
        layers = _Run(net, tracer.traced(net), tracer.opaque, image).profiled()
    return Profile(layers, sum(parameter.numel() for parameter in net.parameters()))


def _without_data(module):
    """A copy in evaluation mode, all of whose tensors have a shape and no data."""
    replacements = {}
    for name, part in module.named_modules():
        for parameter in part.parameters(recurse=False):
            if nn.parameter.is_lazy(parameter):
                raise ValueError(
                    f"layer {name} ({type(part).__name__}) has no shape yet: expected one that has seen an input"
                )
            replacements[id(parameter)] = nn.Parameter(parameter.detach().to("meta"), requires_grad=False)
        for tensor in (*part.buffers(recurse=False), *vars(part).values()):
            if isinstance(tensor, torch.Tensor):
                replacements[id(tensor)] = tensor.detach().to("meta")
    net = copy.deepcopy(module, replacements).eval()
    # The tracer looks into the module that it is handed, even into one that would be a layer inside another.
    return nn.Sequential(net) if _Tracer().is_leaf_module(net, "") else net


class _Tracer(fx.Tracer):
    """torch.fx's tracer, which takes a module that it cannot look into as one layer."""

    def __init__(self):
        super().__init__()
        self.opaque = {}  # why torch.fx cannot look into modules of a class
        self._error, self._module = None, None

    def traced(self, net):
        while True:
            try:
                return self.trace(net)
            except Exception as error:
                if error is not self._error or type(self._module) in self.opaque:
                    raise _refusal("(the module itself)", type(net).__name__, error) from error
                self.opaque[type(self._module)] = error

    def is_leaf_module(self, m, module_qualified_name):
        """Also what adds to one of torch.nn's layers, as timm's norm with an activation does, is one layer."""
        homes = {base.__module__ for base in type(m).__mro__} - CONTAINERS
        return type(m) in self.opaque or any(home.startswith("torch.nn.") for home in homes)

    def call_module(self, m, forward, args, kwargs):
        try:
            return super().call_module(m, forward, args, kwargs)
        except Exception as error:
            if error is not self._error:
                self._error, self._module = error, m
            raise


def _refusal(name, kind, error):
    cannot_be = "traced by torch.fx" if isinstance(error, fx.proxy.TraceError) else "run"
    reason = str(error).strip().split("\n")[0] or type(error).__name__
    return ValueError(f"layer {name} ({kind}) cannot be {cannot_be}: {reason}")


class _Run(fx.Interpreter):
    """Runs a traced network node by node and writes a row for each layer."""

    def __init__(self, net, graph, opaque, image):
        super().__init__(net, graph=graph)
        self.extra_traceback = False
        self.layers = []
        self._opaque = opaque
        self._image = image
        self._reaches = ReachMode(image)
        self._flops = FlopCounterMode(display=False)
        self._calls = Counter()
        self._counted = set()

    def profiled(self):
        with self._flops, self._reaches:
            self.run(self._image)
        return tuple(self.layers)

    def run_node(self, node):
        before = self._flops.get_total_flops()
        try:
            result = super().run_node(node)
        except Exception as error:
            kind = _kind(node)
            if node.op == "call_module":
                module = self.fetch_attr(node.target)
                kind, error = type(module).__name__, self._opaque.get(type(module), error)
            raise _refusal(_name(node), kind, error) from error
        made = result[0] if isinstance(result, (tuple, list)) and result else result
        if isinstance(made, torch.Tensor) and not self._is_no_layer(node, made):
            self._add_row(node, made, (self._flops.get_total_flops() - before) // 2)
        return result

    def _is_no_layer(self, node, made):
        """The image, the end, a constant, or a pick out of a tuple."""
        return (
            node.op in ("placeholder", "output")
            or (node.op == "get_attr" and not isinstance(made, nn.Parameter))
            or (node.target is operator.getitem and isinstance(self.env[node.args[0]], (tuple, list)))
        )

    def _add_row(self, node, made, macs):
        name, kind, parameters = _name(node), _kind(node), []
        if node.op == "call_module":
            module = self.fetch_attr(node.target)
            kind, parameters = type(module).__name__, module.parameters()
        elif node.op == "get_attr":
            kind, parameters = "Parameter", [made]
        calls = self._calls[name]
        self._calls[name] += 1
        new = {parameter for parameter in parameters if parameter not in self._counted}
        self._counted |= new
        self.layers.append(
            ProfiledLayer(
                name=f"{name}_{calls}" if calls else name,
                kind=kind,
                output_shape=tuple(made.shape),
                parameters=sum(parameter.numel() for parameter in new),
                macs=macs,
                receptive_field=self._receptive_field(made),
            )
        )

    def _receptive_field(self, tensor):
        reach = self._reaches.reach_of(tensor)
        if reach is None or not reach.fields or IRREGULAR in reach.fields:
            return None
        along_axes = [
            ReceptiveField(size, 0, (size - 1) / 2) if field == WHOLE else field.receptive_field()
            for field, size in zip(reach.fields, self._image.shape[2:], strict=True)
        ]
        return ReceptiveField(
            *(values[0] if len(set(values)) == 1 else values for values in zip(*along_axes, strict=True))
        )


def _name(node):
    """Where a node of the graph stands in the network."""
    if node.op in ("call_module", "get_attr", "placeholder"):
        return node.target
    path = [path for path, _ in node.meta.get("nn_module_stack", {}).values()][-1:]
    return ".".join([*filter(None, path), _kind(node)])


def _kind(node):
    return node.target if isinstance(node.target, str) else node.target.__name__
