"""What the units of every tensor see of the input, followed through the operations that PyTorch runs.

A net's modules and functions come down to a few dozen operations of PyTorch's core, `torch.ops.aten`, so the
rules stand here for those, not for layers. `profile` runs a net on tensors without data and reads the result.
"""

import math
from collections import deque
from dataclasses import dataclass, replace
from fractions import Fraction

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from cnnbook.shapes import ReceptiveField, effective_kernel_size

# Along one axis what units see are Patches; or the whole input; or, where no pattern repeats along the units,
# irregular.
WHOLE = "whole input"
IRREGULAR = None


@dataclass(frozen=True)
class Patches:
    """What the units along one axis see of the pixels, or of the units of a layer below.

    >>> Patches(turn=((-1, 1),), shift=2).of(3)
    (5, 7)
    >>> doubled = Patches(turn=((0, 0), (0, 0)), shift=1)
    >>> [doubled.of(unit) for unit in range(4)]
    [(0, 0), (0, 0), (1, 1), (1, 1)]
    >>> doubled.through(Patches(turn=((-1, 1),), shift=1)).turn
    ((-1, 0), (0, 1))

    Attributes:
        turn: the first and the last pixel that each of so many neighbors sees, None for one that sees nothing.
        shift: pixels from what a unit sees to what the unit a whole turn later sees.

    A convolution's or a pooling's turn is one unit long. Behind an upsampling units take turns: a doubled pixel
    is seen by two. The shortest turn is meant, so that equal patterns are equal.
    """

    turn: tuple
    shift: int

    @classmethod
    def repeating(cls, turn, shift):
        """The same pattern in its shortest turn."""
        whole = cls(tuple(turn), shift)
        for length in range(1, len(turn)):
            if len(turn) % length == 0 and shift * length % len(turn) == 0:
                short = cls(whole.turn[:length], shift * length // len(turn))
                if all(short.of(unit) == patch for unit, patch in enumerate(whole.turn)):
                    return short
        return whole

    def of(self, unit):
        """The first and the last pixel that a unit sees, or None."""
        turns, place = divmod(unit, len(self.turn))
        patch = self.turn[place]
        return patch and (patch[0] + turns * self.shift, patch[1] + turns * self.shift)

    def through(self, window):
        """What units see of the input that see `window` of the units with these patches."""
        # After a turn of theirs for each unit in a turn of these, the pattern begins again.
        seen = [window.of(unit) for unit in range(len(self.turn) * len(window.turn))]
        turn = [units and _hull([self.of(unit) for unit in range(units[0], units[1] + 1)]) for units in seen]
        return Patches.repeating(turn, self.shift * window.shift)

    def receptive_field(self):
        """The size of the largest patch and the mean jump; a start where no turns are taken."""
        size = max(last - first + 1 for first, last in filter(None, self.turn))
        if len(self.turn) == 1:
            ((first, last),) = self.turn
            return ReceptiveField(size, self.shift, (first + last) / 2)
        jump = self.shift / len(self.turn)
        return ReceptiveField(size, int(jump) if jump.is_integer() else jump, None)


def _hull(patches):
    """The smallest patch that holds these, None if all of them are empty."""
    patches = [patch for patch in patches if patch]
    return (min(first for first, _ in patches), max(last for _, last in patches)) if patches else None


def _patches(first, size=1, step=1):
    """Unit 0 sees `size` units from `first` on, the next one those `step` further."""
    return Patches(((first, first + size - 1),), step)


@dataclass(frozen=True)
class Reach:
    """What the units of one tensor see of the input.

    Attributes:
        fields: for each axis of the input (its height, its width) what a unit sees along it.
        dims: for each dimension of the tensor its runs, the outermost first. A run is `(length, axes)`: so
            many steps, along which the fields move on these axes. A dimension of size 1 has none, one that
            `flatten` makes of channels, rows and columns has three.

    An axis with Patches moves along at most one run, and alone there.
    """

    fields: tuple
    dims: tuple

    @classmethod
    def of_pixels(cls, shape):
        """A batch of one picture `(1, C, *sizes)`: each pixel sees itself."""
        axes = len(shape) - 2
        dims = [_run(size, {dim - 2} if dim >= 2 else ()) for dim, size in enumerate(shape)]
        return cls((_patches(0),) * axes, tuple(dims))

    def places(self, axis):
        """Where the tensor moves along an axis: pairs of a dimension and a run."""
        return [
            (dim, index)
            for dim, runs in enumerate(self.dims)
            for index, (_, axes) in enumerate(runs)
            if axis in axes
        ]

    def lose(self, axes):
        """These axes are irregular from here on, but for one seen whole."""
        fields = [
            IRREGULAR if axis in axes and field != WHOLE else field for axis, field in enumerate(self.fields)
        ]
        return replace(self, fields=tuple(fields))

    def mix(self, dims):
        """Every unit sees what all units along these dimensions saw, as after a softmax or a norm."""
        mixed = frozenset().union(*(_axes(self.dims[dim]) for dim in dims))
        still = [_still(runs) if dim in dims else runs for dim, runs in enumerate(self.dims)]
        reach = replace(self, dims=tuple(still)).lose(mixed)
        fields = [
            WHOLE if axis in mixed and not reach.places(axis) else field
            for axis, field in enumerate(reach.fields)
        ]
        return replace(reach, fields=tuple(fields))

    def sum_over(self, dims):
        """As `mix`, and of these dimensions one unit is left."""
        mixed = self.mix(dims)
        return replace(mixed, dims=tuple(() if dim in dims else runs for dim, runs in enumerate(mixed.dims)))

    def reshape(self, shape):
        """The same units in the same order, in another shape."""
        runs, dims, cut = deque(_merge(sum(self.dims, ()))), [], frozenset()
        for size in shape:
            dim = []
            while size > 1:
                length, axes = runs.popleft()
                if math.gcd(length, size) < min(length, size):
                    return self.scatter(shape)
                if length > size:
                    runs.appendleft((length // size, axes))
                    length, cut = size, cut | axes
                dim.append((length, axes))
                size //= length
            dims.append(_merge(dim))
        return replace(self, dims=tuple(dims)).lose(cut)

    def permute(self, order):
        return replace(self, dims=tuple(self.dims[dim] for dim in order))

    def expand(self, shape):
        """Broadcast, as PyTorch does: dimensions of size 1 are repeated, missing ones stand in front."""
        dims = ((),) * (len(shape) - len(self.dims)) + self.dims
        return replace(self, dims=tuple(runs or _run(size) for runs, size in zip(dims, shape, strict=True)))

    def slide(self, dim, size, window):
        """A window slides along a dimension and leaves `size` units.

        `window` is what they see of the units before: Patches.
        """
        runs = self.dims[dim]
        axes = _axes(runs)
        if window == _patches(0) and math.prod(length for length, _ in runs) == size:
            return self
        resized = self.resize(dim, size)
        if not axes:
            return resized
        axis = min(axes)
        field = self.fields[axis]
        if len(runs) > 1 or len(axes) > 1 or field is IRREGULAR:
            return resized
        seen = field.through(window)
        # A turn longer than the row repeats nothing, and units that see nothing have no field.
        if len(seen.turn) > size or not any(seen.turn):
            return resized
        return replace(resized, fields=(*self.fields[:axis], seen, *self.fields[axis + 1 :]))

    def resize(self, dim, size):
        """`size` units along a dimension that see patches of different sizes, or at uneven distances."""
        axes = _axes(self.dims[dim])
        reach = replace(self, dims=(*self.dims[:dim], _run(size, axes), *self.dims[dim + 1 :]))
        return reach.lose(axes)

    def scatter(self, shape):
        """Nothing is known about where units of this shape look, only that they look somewhere."""
        moving = frozenset().union(*map(_axes, self.dims))
        return replace(self, dims=tuple(_run(size, moving) for size in shape)).lose(range(len(self.fields)))


def union(reaches):
    """What units see who see with several: as Araujo, Norris and Sim (2019) for paths that meet.

    The reaches have one shape. Along an axis on which two paths move with different jumps, or along different
    dimensions, no one patch fits all units.
    """
    first, *others = reaches
    for other in others:
        dims = tuple(map(_union_of_runs, first.dims, other.dims))
        fields = tuple(
            _union_of_fields(mine, its, first.places(axis) == other.places(axis))
            for axis, (mine, its) in enumerate(zip(first.fields, other.fields, strict=True))
        )
        whole = {axis for axis, field in enumerate(fields) if field == WHOLE}
        first = Reach(fields, tuple(_still(runs, whole) for runs in dims))
    return first


def _run(size, axes=()):
    """The runs of a dimension that has one, or none at size 1."""
    return ((size, frozenset(axes)),) if size > 1 else ()


def _axes(runs):
    return frozenset().union(*(axes for _, axes in runs))


def _merge(runs):
    """Runs side by side that move along the same axes, as one."""
    merged = []
    for length, axes in runs:
        if merged and merged[-1][1] == axes:
            length *= merged.pop()[0]
        merged.append((length, axes))
    return tuple(merged)


def _still(runs, axes=None):
    """The runs, when the fields no longer move along them on these axes (on any)."""
    return _merge((length, moving - axes if axes is not None else frozenset()) for length, moving in runs)


def _union_of_runs(mine, its):
    if mine == its or not _axes(its):
        return mine
    if not _axes(mine):
        return its
    return _run(math.prod(length for length, _ in mine), _axes(mine) | _axes(its))


def _union_of_fields(mine, its, move_alike):
    if WHOLE in (mine, its):
        return WHOLE
    if IRREGULAR in (mine, its) or not move_alike:
        return IRREGULAR
    if mine.shift * len(its.turn) != its.shift * len(mine.turn):
        return IRREGULAR
    length = math.lcm(len(mine.turn), len(its.turn))
    turn = [_hull([mine.of(unit), its.of(unit)]) for unit in range(length)]
    return Patches.repeating(turn, mine.shift * length // len(mine.turn))


# The rules: what an operation's output sees, from what its input `reach` sees, from its arguments by PyTorch's
# names, and from the output's shape.


def _reshape(reach, arguments, shape):
    return reach.reshape(shape)


def _expand(reach, arguments, shape):
    return reach.expand(shape)


def _permute(reach, arguments, shape):
    return reach.permute([dim % len(shape) for dim in arguments["dims"]])


def _transpose(reach, arguments, shape):
    order = list(range(len(shape)))
    if order:
        first, second = arguments.get("dim0", 0), arguments.get("dim1", -1)
        order[first], order[second] = order[second], order[first]
    return reach.permute(order)


def _restride(reach, arguments, shape):
    """Another layout in memory, which is all that PyTorch's own layers want of it; or anything."""
    sizes = [math.prod(length for length, _ in runs) for runs in reach.dims]
    return reach if sizes == list(shape) else reach.scatter(shape)


def _convolution(reach, arguments, shape):
    window = _stamp if arguments["transposed"] else _window
    others = (arguments[name] for name in ("stride", "padding", "dilation"))
    return _slide(reach.sum_over([1]), shape, window, arguments["weight"].shape[2:], *others).expand(shape)


def _pool(reach, arguments, shape):
    kernel_size = arguments["kernel_size"]
    stride = arguments["stride"] or kernel_size
    others = stride, arguments["padding"], arguments.get("dilation", 1)
    return _slide(reach, shape, _window, kernel_size, *others)


def _window(kernel_size, stride, padding, dilation):
    """What a convolution's units see of the units before, along one dimension."""
    return _patches(-padding, effective_kernel_size(kernel_size, dilation), stride)


def _stamp(kernel_size, stride, padding, dilation):
    """What a transposed convolution's units see of the units before: those whose stamps land on them."""
    turn = []
    for unit in range(stride):
        distances = [unit + padding - cell * dilation for cell in range(kernel_size)]
        turn.append(_hull([(distance // stride,) * 2 for distance in distances if distance % stride == 0]))
    return Patches.repeating(turn, 1)


def _slide(reach, shape, window, kernel_size, *others):
    """A window over the last dimensions, as many as the kernel has."""
    for back, size in enumerate(reversed(kernel_size), start=1):
        dim = len(shape) - back
        # PyTorch's core writes one number for all dimensions as a number, or as a list of one.
        arguments = [
            value if isinstance(value, int) else value[-back] if len(value) > 1 else value[0]
            for value in others
        ]
        reach = reach.slide(dim, shape[dim], window(size, *arguments))
    return reach


def _adaptive_pool(reach, arguments, shape):
    before = arguments["self"].shape
    for dim in range(len(shape) - len(arguments["output_size"]), len(shape)):
        stride, left = divmod(before[dim], shape[dim])
        if shape[dim] == 1:
            reach = reach.sum_over([dim])
        elif left:
            reach = reach.resize(dim, shape[dim])
        else:
            reach = reach.slide(dim, shape[dim], _patches(0, stride, stride))
    return reach


def _pad(reach, arguments, shape):
    # Pairs of before and after, the last dimension's first.
    padding = arguments["pad"] if "pad" in arguments else arguments["padding"]
    for back, before in enumerate(padding[::2], start=1):
        dim = len(shape) - back
        reach = reach.slide(dim, shape[dim], _patches(-before))
    return reach


def _shift(reach, arguments, shape):
    """Rolled or flipped: what was at one end is at the other."""
    for dim in arguments["dims"]:
        reach = reach.resize(dim % len(shape), shape[dim])
    return reach


def _nearest(reach, arguments, shape):
    return _resample(reach, arguments, shape, beside=None)


def _linear(reach, arguments, shape):
    return _resample(reach, arguments, shape, beside=0)


def _cubic(reach, arguments, shape):
    return _resample(reach, arguments, shape, beside=1)


def _resample(reach, arguments, shape, beside):
    """Each unit sees the unit at its place, or the two around it and so many more on either side."""
    corners = arguments.get("align_corners", False)
    scales = [value for name, value in arguments.items() if name.startswith("scales")]
    for dim, scale in enumerate(scales, start=2):
        before, after = arguments["self"].shape[dim], shape[dim]
        if scale and not corners and not math.isclose(before * scale, after):
            # PyTorch goes by the scale, and the sizes are in another proportion.
            reach = reach.resize(dim, after)
            continue
        step = Fraction(before - 1, max(after - 1, 1)) if corners else Fraction(before, after)
        start = 0 if corners or beside is None else (step - 1) / 2
        turn = []
        for unit in range(step.denominator):
            place = start + unit * step
            first = math.floor(place)
            alone = beside is None or place == first
            turn.append((first, first) if alone else (first - beside, first + 1 + beside))
        reach = reach.slide(dim, after, Patches.repeating(turn, step.numerator))
    return reach


def _slice(reach, arguments, shape):
    dim = arguments["dim"] % len(shape)
    start, _, step = slice(arguments["start"], None, arguments["step"]).indices(arguments["self"].shape[dim])
    return reach.slide(dim, shape[dim], _patches(start, step=step))


def _select(reach, arguments, shape):
    before = arguments["self"].shape
    dim = arguments["dim"] % len(before)
    return _one_of(reach, dim, arguments["index"] % before[dim])


def _one_of(reach, dim, index):
    reach = reach.slide(dim, 1, _patches(index))
    return replace(reach, dims=reach.dims[:dim] + reach.dims[dim + 1 :])


def _split(reach, arguments, shapes):
    dim = arguments["dim"] % len(reach.dims)
    parts, start = [], 0
    for shape in shapes:
        parts.append(reach.slide(dim, shape[dim], _patches(start)))
        start += shape[dim]
    return parts


def _unbind(reach, arguments, shapes):
    dim = arguments["dim"] % len(reach.dims)
    return [_one_of(reach, dim, index) for index in range(len(shapes))]


def _reduce(reach, arguments, shape):
    rank = len(reach.dims)
    dims = arguments.get("dim")
    dims = [dims] if isinstance(dims, int) else dims or range(rank)
    dims = {dim % rank for dim in dims}
    reach = reach.sum_over(dims)
    return reach if len(shape) == rank else reach.permute([dim for dim in range(rank) if dim not in dims])


def _softmax(reach, arguments, shape):
    return reach.mix([arguments["dim"] % len(shape)])


def _layer_norm(reach, arguments, shape):
    return reach.mix(range(len(shape) - len(arguments["normalized_shape"]), len(shape)))


def _group_norm(reach, arguments, shape):
    return reach.mix(range(1, len(shape)))


def _batch_norm(reach, arguments, shape):
    # With the batch's own statistics a unit sees all places; with the running ones, its own alone.
    return reach.mix([dim for dim in range(len(shape)) if dim != 1]) if arguments["training"] else reach


# The rules for several inputs: `reaches` are those of the tensors, None for one that sees nothing.


def _pointwise(reaches, arguments, shape):
    return union([reach.expand(shape) for reach in reaches if reach is not None])


def _matmul(reaches, arguments, shape):
    *added, left, right = reaches
    if left is not None:
        left = left.sum_over([len(shape) - 1])
    if right is not None:
        right = right.sum_over([len(shape) - 2])
    return _pointwise([*added, left, right], arguments, shape)


def _cat(reaches, arguments, shape):
    dim = arguments["dim"] % len(shape)
    return _pointwise([reach and reach.resize(dim, shape[dim]) for reach in reaches], arguments, shape)


def _stack(reaches, arguments, shape):
    dim = arguments["dim"] % len(shape)
    apart = [reach and replace(reach, dims=(*reach.dims[:dim], (), *reach.dims[dim:])) for reach in reaches]
    return _pointwise(apart, arguments, shape)


def _unknown(reaches, arguments, shape):
    return union([reach.scatter(shape) for reach in reaches if reach is not None])


ONE_INPUT = {
    name: rule
    for rule, names in {
        _reshape: "view _unsafe_view reshape unsqueeze squeeze",
        _expand: "expand native_dropout _to_copy detach alias lift_fresh hardswish hardswish_ _prelu_kernel "
        "rrelu_with_noise log_sigmoid_forward",
        _permute: "permute",
        _transpose: "transpose t",
        _restride: "as_strided_",
        _convolution: "convolution",
        _pool: "avg_pool2d avg_pool3d max_pool2d_with_indices max_pool3d_with_indices",
        _adaptive_pool: "_adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d",
        _pad: "constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d "
        "replication_pad1d replication_pad2d replication_pad3d",
        _shift: "roll flip",
        _nearest: "upsample_nearest1d upsample_nearest2d upsample_nearest3d",
        _linear: "upsample_linear1d upsample_bilinear2d upsample_trilinear3d",
        _cubic: "upsample_bicubic2d",
        _slice: "slice",
        _select: "select",
        _split: "split split_with_sizes",
        _unbind: "unbind",
        _reduce: "mean sum amax amin max min var std var_mean std_mean prod logsumexp linalg_vector_norm",
        _softmax: "_softmax _log_softmax _safe_softmax",
        _layer_norm: "native_layer_norm _fused_rms_norm",
        _group_norm: "native_group_norm",
        _batch_norm: "native_batch_norm",
    }.items()
    for name in names.split()
}
SEVERAL_INPUTS = {
    **dict.fromkeys(["mm", "addmm", "bmm", "baddbmm"], _matmul),
    "cat": _cat,
    "stack": _stack,
    "copy_": _pointwise,
}


class ReachMode(TorchDispatchMode):
    """While this is on, PyTorch's operations carry on what tensors see of the input.

    >>> image = torch.zeros(1, 3, 32, 48, device="meta")
    >>> with torch.no_grad(), ReachMode(image) as mode:
    ...     output = torch.nn.Conv2d(3, 8, kernel_size=5, device="meta")(image)
    >>> mode.reach_of(output).fields
    (Patches(turn=((0, 4),), shift=1), Patches(turn=((0, 4),), shift=1))

    Args:
        image: the input, `(1, C, *sizes)`.

    Source: Araujo, Norris and Sim (2019). Used by `profile`. Without `torch.no_grad()` PyTorch hands views on as
    new tensors, which are not known here.
    """

    def __init__(self, image):
        super().__init__()
        self._reaches = WeakTensorKeyDictionary()
        self._reaches[image] = Reach.of_pixels(image.shape)

    def reach_of(self, tensor):
        """The `Reach` of a tensor, None for one that sees nothing of the input."""
        return self._reaches.get(tensor)

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        arguments = _by_name(function, args, kwargs or {})
        inputs = [value for value in tree_leaves(list(arguments.values())) if isinstance(value, torch.Tensor)]
        reaches = [self.reach_of(tensor) for tensor in inputs]
        outputs = function(*args, **(kwargs or {}))
        name = function.overloadpacket.__name__
        if any(reaches) and not name.endswith("_like") and not name.startswith("new_"):
            made = [value for value in tree_leaves(outputs) if isinstance(value, torch.Tensor)]
            for tensor, reach in zip(made, _rule(function, name, arguments, reaches, made), strict=False):
                self._reaches[tensor] = reach
                if name.endswith("_") and tensor._base is not None:
                    # What is written into a part is somewhere in the whole.
                    self._reaches[tensor._base] = reach.scatter(tensor._base.shape)
        return outputs


def _by_name(function, args, kwargs):
    """An operation's arguments by name, the defaults too."""
    names = [argument.name for argument in function._schema.arguments]
    defaults = {argument.name: argument.default_value for argument in function._schema.arguments}
    return defaults | dict(zip(names, args, strict=False)) | kwargs


def _rule(function, name, arguments, reaches, outputs):
    """The reach of each output that sees what the first one does."""
    shapes = [tuple(tensor.shape) for tensor in outputs]
    if torch.Tag.pointwise in function.tags:
        return [_pointwise(reaches, arguments, shapes[0])]
    if name in SEVERAL_INPUTS:
        return [SEVERAL_INPUTS[name](reaches, arguments, shapes[0])]
    if name not in ONE_INPUT or reaches[0] is None:
        return [_unknown(reaches, arguments, shape) for shape in shapes]
    rule = ONE_INPUT[name]
    if rule in (_split, _unbind):
        return rule(reaches[0], arguments, shapes)
    return [rule(reaches[0], arguments, shapes[0])] * shapes.count(shapes[0])
