"""The arithmetic of layers: output sizes, parameters, multiply-accumulates (MACs) and receptive fields, exact.

The sizes are PyTorch's, floor and all, and so are the refusals: what `torch.nn` turns down raises
`ValueError` here, with a sentence that names the value and what was expected. Arguments are ints or, for a
layer over several spatial dimensions, tuples with one entry for each; an int beside a tuple counts for every
dimension. A multiply-add is one MAC.
"""

import functools
import inspect
import math
from dataclasses import asdict, dataclass, fields
from numbers import Integral
from typing import NamedTuple


def _each_dimension(function):
    """Let a function of one dimension take tuples; its first argument sets how many dimensions there are."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def over_dimensions(*args, **kwargs):
        arguments = signature.bind(*args, **kwargs).arguments
        name, size = next(iter(arguments.items()))
        several = isinstance(size, (tuple, list))
        dimensions = len(size) if several else 1
        if dimensions == 0:
            raise ValueError(f"{name} is {size}: expected at least one dimension")
        spread = {name: per_dimension(name, value, dimensions) for name, value in arguments.items()}
        results = tuple(
            function(**{name: values[axis] for name, values in spread.items()}) for axis in range(dimensions)
        )
        return results if several else results[0]

    return over_dimensions


@_each_dimension
def conv_output_size(input_size, kernel_size, stride=1, padding=0, dilation=1):
    """How many positions a sliding kernel has.

    >>> conv_output_size(224, kernel_size=11, stride=4, padding=2)
    55
    >>> conv_output_size((28, 40), kernel_size=(3, 5), padding="same")
    (28, 40)

    The padded input is input_size + 2 * padding wide, and the kernel covers dilation * (kernel_size - 1) + 1
    of it. The kernel travels the difference in steps of `stride`; a last step that does not fit is dropped
    (see `unused`).

    Args:
        input_size: pixels along each dimension, at least 1. An int gives an int, a tuple gives a tuple.
        kernel_size: kernel cells along each dimension, at least 1.
        stride: pixels from one position to the next, at least 1.
        padding: pixels added on each side, at least 0; "valid" adds none, "same" keeps the size (stride 1
            only).
        dilation: pixels from one kernel cell to the next, at least 1.

    Raises:
        ValueError: an argument is out of range, or the kernel covers more than the padded input.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), relationships 6
    and 15; `torch.nn.Conv2d`. Used in the chapter `stride_padding`, where the formula is built up by
    counting.
    """
    return _travel(input_size, kernel_size, stride, padding, dilation) // stride + 1


@_each_dimension
def unused(input_size, kernel_size, stride=1, padding=0, dilation=1):
    """How many trailing rows (or columns) of the padded input no kernel position reaches.

    >>> unused(8, kernel_size=3, stride=2)
    1
    >>> unused((8, 9), kernel_size=3, stride=2)
    (1, 0)

    Args and errors: as for `conv_output_size`.

    Source: the remainder of the division that `conv_output_size` floors. Used in the chapter
    `stride_padding`, for the rows that PyTorch silently drops.
    """
    return _travel(input_size, kernel_size, stride, padding, dilation) % stride


@_each_dimension
def conv_transpose_output_size(input_size, kernel_size, stride=1, padding=0, output_padding=0, dilation=1):
    """The output size of a transposed convolution: the input size that the convolution would have had.

    >>> conv_transpose_output_size(7, kernel_size=4, stride=2, padding=1)
    14
    >>> conv_transpose_output_size((7, 5), kernel_size=3, stride=2, output_padding=(1, 0))
    (16, 11)

    Args:
        input_size: pixels along each dimension, at least 1. An int gives an int, a tuple gives a tuple.
        kernel_size: kernel cells along each dimension, at least 1.
        stride: output pixels from one stamp of the kernel to the next, at least 1.
        padding: pixels cut off each side of the output, at least 0.
        output_padding: pixels added at the end of the output, less than the stride or the dilation. It
            chooses among the sizes that a strided convolution would map to the same output.
        dilation: output pixels from one kernel cell to the next, at least 1.

    Raises:
        ValueError: an argument is out of range, or nothing is left of the output.

    Source: Dumoulin and Visin (2016), relationship 14; `torch.nn.ConvTranspose2d`. Used by
    `ops.conv_transpose2d`.
    """
    input_size = integer("input_size", input_size)
    stride = integer("stride", stride)
    padding = integer("padding", padding, minimum=0)
    output_padding = integer("output_padding", output_padding, minimum=0)
    covered = effective_kernel_size(kernel_size, dilation)
    if output_padding >= max(stride, dilation):
        limit = f"the stride ({stride}) or the dilation ({dilation})"
        raise ValueError(f"output_padding is {output_padding}: expected less than {limit}")
    output_size = (input_size - 1) * stride + covered + output_padding - 2 * padding
    if output_size < 1:
        raise ValueError(f"padding is {padding}: expected less, for it leaves an output {output_size} wide")
    return output_size


@_each_dimension
def pool_output_size(input_size, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """How many windows a pooling layer has.

    >>> pool_output_size(55, kernel_size=3, stride=2)
    27
    >>> pool_output_size((5, 8), kernel_size=2), pool_output_size((5, 8), kernel_size=2, ceil_mode=True)
    ((2, 4), (3, 4))

    Args:
        input_size: pixels along each dimension, at least 1. An int gives an int, a tuple gives a tuple.
        kernel_size: window cells along each dimension, at least 1.
        stride: pixels from one window to the next, at least 1; None means the kernel size.
        padding: pixels added on each side, at least 0 and at most half the kernel.
        dilation: pixels from one window cell to the next, at least 1 (max pooling only).
        ceil_mode: whether a last window may hang over the end. It must still start inside the input or the
            left padding.

    Raises:
        ValueError: an argument is out of range, or no window fits.

    Source: `torch.nn.MaxPool2d`, `torch.nn.AvgPool2d`. Used by `ops.max_pool2d` and `ops.avg_pool2d`.
    """
    input_size = integer("input_size", input_size)
    covered = effective_kernel_size(kernel_size, dilation)
    stride = integer("stride", kernel_size if stride is None else stride)
    padding = integer("padding", padding, minimum=0)
    flag("ceil_mode", ceil_mode)
    if padding > kernel_size // 2:
        raise ValueError(
            f"padding is {padding}: expected at most half the kernel, {kernel_size} // 2 = {kernel_size // 2}"
        )
    travel = input_size + 2 * padding - covered
    output_size = (-(-travel // stride) if ceil_mode else travel // stride) + 1
    if ceil_mode and (output_size - 1) * stride >= input_size + padding:
        output_size -= 1
    if output_size < 1:
        raise ValueError(_too_wide(kernel_size, covered, input_size, input_size + 2 * padding))
    return output_size


def linear_parameters(in_features, out_features, bias=True):
    """The parameters of a fully connected layer: a weight for each pair of input and output, and the biases.

    >>> linear_parameters(224 * 224 * 3, 1000)
    150529000

    Args:
        in_features, out_features: numbers of inputs and outputs, at least 1.
        bias: whether each output has a bias.

    Raises:
        ValueError: a number is no positive integer, or `bias` is no bool.

    Source: `torch.nn.Linear`. Used in the chapter `fully_connected`, section "The parameters explode".
    """
    biases = integer("out_features", out_features) if flag("bias", bias) else 0
    return linear_macs(in_features, out_features) + biases


def linear_macs(in_features, out_features):
    """The multiply-accumulates of a fully connected layer for one input: one for every weight.

    >>> linear_macs(9216, 4096)
    37748736

    Args and errors: as for `linear_parameters`. Adding the bias is not counted.

    Source: `torch.nn.Linear`. Used in the chapter `fully_connected`.
    """
    return integer("in_features", in_features) * integer("out_features", out_features)


def conv_parameters(in_channels, out_channels, kernel_size, groups=1, bias=True):
    """The parameters of a convolution, whatever the image's size.

    >>> conv_parameters(3, 64, kernel_size=11)
    23296
    >>> conv_parameters(64, 64, kernel_size=3, groups=64, bias=False)
    576

    Args:
        in_channels, out_channels: channels in and out, at least 1.
        kernel_size: K for a K x K kernel, or a tuple with one entry for each dimension, at least 1.
        groups: parts that the channels are split into; a part's outputs see only its own inputs. It divides
            both channel counts.
        bias: whether each output channel has a bias.

    Raises:
        ValueError: an argument is out of range, `groups` does not divide the channels, or `bias` is no bool.

    Source: `torch.nn.Conv2d`. Used in the chapters `fully_connected` (shared weights) and `stride_padding`.
    """
    out_channels = integer("out_channels", out_channels)
    channels_seen, _ = channels_per_group(in_channels, out_channels, groups)
    kernel_cells = _cells("kernel_size", kernel_size, _dimensions(kernel_size))
    biases = out_channels if flag("bias", bias) else 0
    return out_channels * channels_seen * kernel_cells + biases


def conv_macs(in_channels, out_channels, kernel_size, output_size, groups=1):
    """The multiply-accumulates of a convolution for one image: each weight once at each output position.

    >>> conv_macs(3, 64, kernel_size=11, output_size=55)
    70276800
    >>> conv_macs(64, 128, kernel_size=3, output_size=(28, 40))
    82575360

    Args:
        in_channels, out_channels, kernel_size, groups: as for `conv_parameters`.
        output_size: output positions: an int for a square, or a tuple with one entry for each dimension, each
            at least 1 (see `conv_output_size`).

    Raises:
        ValueError: as for `conv_parameters`. Adding the bias is not counted.

    Source: `torch.nn.Conv2d`; torchvision's published counts. Used in the chapter `stride_padding`.
    """
    dimensions = _dimensions(kernel_size, output_size)
    kernel_size = per_dimension("kernel_size", kernel_size, dimensions)
    weights = conv_parameters(in_channels, out_channels, kernel_size, groups, bias=False)
    return weights * _cells("output_size", output_size, dimensions)


def depthwise_separable_parameters(in_channels, out_channels, kernel_size, bias=True):
    """The parameters of a depthwise separable convolution: a kernel for each channel, then a 1 x 1 mix.

    >>> depthwise_separable_parameters(4, 2, kernel_size=3, bias=False), conv_parameters(4, 2, 3, bias=False)
    (44, 72)

    Args:
        in_channels, out_channels, kernel_size: as for `conv_parameters`.
        bias: whether each of the two convolutions has biases.

    Raises:
        ValueError: as for `conv_parameters`.

    Source: Howard et al., "MobileNets" (2017), section 3.1. Used in the chapter `stride_padding`.
    """
    depthwise = conv_parameters(in_channels, in_channels, kernel_size, groups=in_channels, bias=bias)
    pointwise = conv_parameters(in_channels, out_channels, kernel_size=1, bias=bias)
    return depthwise + pointwise


def depthwise_separable_macs(in_channels, out_channels, kernel_size, output_size):
    """The multiply-accumulates of a depthwise separable convolution for one image.

    >>> depthwise_separable_macs(64, 128, kernel_size=3, output_size=(28, 40))
    9820160

    Args:
        in_channels, out_channels, kernel_size, output_size: as for `conv_macs`. Both convolutions have this
            output size.

    Raises:
        ValueError: as for `conv_macs`.

    Source: Howard et al., "MobileNets" (2017), section 3.1. Used in the chapter `stride_padding`.
    """
    positions = _cells("output_size", output_size, _dimensions(kernel_size, output_size))
    depthwise = conv_macs(in_channels, in_channels, kernel_size, output_size, groups=in_channels)
    return depthwise + linear_macs(in_channels, out_channels) * positions


@dataclass(frozen=True)
class Layer:
    """A layer with a sliding window, convolution or pooling, to `receptive_field`.

    >>> Layer(kernel_size=3, padding=1)
    Layer(kernel_size=3, stride=1, padding=1, dilation=1)

    Attributes:
        kernel_size: kernel cells along each dimension, at least 1.
        stride: pixels from one position to the next, at least 1.
        padding: pixels on each side, at least 0; or "valid" or "same", as for `conv_output_size`.
        dilation: pixels from one kernel cell to the next, at least 1.

    Source: the arguments of `torch.nn.Conv2d`. Used in the chapter `receptive_field`.
    """

    kernel_size: int | tuple
    stride: int | tuple = 1
    padding: int | tuple | str = 0
    dilation: int | tuple = 1


class ReceptiveField(NamedTuple):
    """What the units of a layer see of the input: unit i sees the `size` pixels around start + i * jump.

    >>> ReceptiveField(size=5, jump=2, start=-0.5).size
    5

    Attributes:
        size: pixels that one unit sees, from its first to its last.
        jump: pixels from what one unit sees to what the next one sees.
        start: the middle of what the first unit sees. The middle of the first pixel is 0.0; padding moves the
            start to the left, below zero too, and an even kernel moves it by halves.

    For a layer over several dimensions each attribute is a tuple with one entry for each.

    Source: Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks" (2019). Used
    in the chapter `receptive_field`.
    """

    size: int | tuple
    jump: int | tuple
    start: float | tuple

    def through(self, window):
        """What units see of the input that see `window` of the units with this field, along one axis.

        >>> ReceptiveField(size=3, jump=2, start=1.0).through(window=ReceptiveField(size=3, jump=1, start=0.0))
        ReceptiveField(size=7, jump=2, start=1.0)
        """
        size, jump, start = self
        return ReceptiveField(
            size + (window.size - 1) * jump, jump * window.jump, start + window.start * jump
        )


def receptive_field(layers):
    """What a unit sees of the input after each layer of a chain.

    >>> for field in receptive_field([Layer(3), Layer(kernel_size=2, stride=2), Layer(3, padding=1)]):
    ...     print(field)
    ReceptiveField(size=3, jump=1, start=1.0)
    ReceptiveField(size=4, jump=2, start=1.5)
    ReceptiveField(size=8, jump=2, start=1.5)
    >>> receptive_field([{"kernel_size": (3, 5), "stride": (1, 2)}])
    [ReceptiveField(size=(3, 5), jump=(1, 2), start=(1.0, 2.0))]

    A pixel sees itself: size 1, jump 1, start 0. A layer's kernel spans dilation * (kernel_size - 1) steps
    between the units below, each step a jump long: so much is added to the size, half of it to the start,
    less the padding, also a jump each. The stride then multiplies the jump. Padding leaves the size as it is:
    a unit at the border has a part of its field outside the image.

    Args:
        layers: a list with a `Layer`, or a dict of its arguments, for each layer from the input on. Ints give
            ints; one tuple among the arguments gives tuples, and an int then counts for every dimension.

    Returns:
        A list with a `ReceptiveField` for each layer.

    Raises:
        ValueError: an argument is out of range, unknown or missing, the tuples differ in length, or `layers`
            is no list. The sentence names the layer, counted from 0.

    Source: Araujo, Norris and Sim (2019), "Solving recurrence relations". Used in the chapter
    `receptive_field`, where the recurrence is built up layer by layer.
    """
    if not isinstance(layers, (list, tuple)):
        raise ValueError(f"layers is {layers!r}: expected a list of layers")
    layers = [_layer(index, layer) for index, layer in enumerate(layers)]
    tuples = [
        value for layer in layers for value in asdict(layer).values() if isinstance(value, (tuple, list))
    ]
    dimensions = len(tuples[0]) if tuples else 1
    if dimensions == 0:
        raise ValueError(f"layers has an argument that is {tuples[0]}: expected at least one dimension")
    chains = [[ReceptiveField(1, 1, 0.0)] for _ in range(dimensions)]
    for index, layer in enumerate(layers):
        try:
            arguments = {
                name: per_dimension(name, value, dimensions) for name, value in asdict(layer).items()
            }
            for axis, chain in enumerate(chains):
                window = _window(**{name: values[axis] for name, values in arguments.items()})
                chain.append(chain[-1].through(window))
        except ValueError as error:
            raise ValueError(f"layers[{index}]: {error}") from None
    steps = [ReceptiveField(*zip(*step, strict=True)) for step in zip(*chains, strict=True)][1:]
    return steps if tuples else [ReceptiveField(*(value for (value,) in step)) for step in steps]


@_each_dimension
def effective_kernel_size(kernel_size, dilation=1):
    """How many pixels a dilated kernel covers, from its first cell to its last.

    >>> effective_kernel_size(3, dilation=2)
    5
    >>> effective_kernel_size((3, 5), dilation=(2, 1))
    (5, 5)

    Args:
        kernel_size: kernel cells along each dimension, at least 1. An int gives an int, a tuple a tuple.
        dilation: pixels from one kernel cell to the next, at least 1.

    Raises:
        ValueError: an argument is out of range.

    Source: Dumoulin and Visin (2016), section 5.1. Used in the chapter `stride_padding`, section on dilation.
    """
    return integer("dilation", dilation) * (integer("kernel_size", kernel_size) - 1) + 1


@_each_dimension
def padding_sides(kernel_size, padding=0, dilation=1):
    """How many pixels a convolution's padding puts before and after each dimension.

    >>> padding_sides(3, padding=2)
    (2, 2)
    >>> padding_sides((3, 4), padding="same")
    ((1, 1), (1, 2))

    Args:
        kernel_size: kernel cells along each dimension, at least 1. An int gives a pair, a tuple gives a tuple
            of pairs.
        padding: pixels on each side, at least 0; "valid" for none; "same" for as many as keep the size at
            stride 1, the odd one at the end.
        dilation: pixels from one kernel cell to the next, at least 1.

    Raises:
        ValueError: an argument is out of range, or a word other than the two.

    Source: `torch.nn.functional.conv2d`. Used by `conv_output_size` and by `ops`.
    """
    if padding == "same":
        missing = effective_kernel_size(kernel_size, dilation) - 1
        return missing // 2, missing - missing // 2
    if padding == "valid":
        return 0, 0
    if isinstance(padding, str):
        raise ValueError(f'padding is "{padding}": expected "same", "valid", an integer or a tuple of them')
    padding = integer("padding", padding, minimum=0)
    return padding, padding


def channels_per_group(in_channels, out_channels, groups=1):
    """How many channels go into and come out of each group of a convolution.

    >>> channels_per_group(64, 128, groups=4)
    (16, 32)

    Args:
        in_channels, out_channels: channels in and out, at least 1.
        groups: the number of groups, at least 1, a divisor of both.

    Raises:
        ValueError: a number is no positive integer, or `groups` does not divide the channels.

    Source: `torch.nn.Conv2d`. Used by `conv_parameters` and by `ops`.
    """
    groups = integer("groups", groups)
    channels = {"in_channels": in_channels, "out_channels": out_channels}
    for name, count in channels.items():
        channels[name] = integer(name, count)
        if channels[name] % groups:
            raise ValueError(f"groups is {groups}: expected a divisor of {name}, here {count}")
    return tuple(count // groups for count in channels.values())


def per_dimension(name, value, dimensions):
    """An argument as a tuple with one entry for each spatial dimension.

    >>> per_dimension("stride", 2, dimensions=2), per_dimension("stride", (2, 1), dimensions=2)
    ((2, 2), (2, 1))

    Args:
        name: what the argument is called, for the error.
        value: a tuple or list of integers, or a value that counts for every dimension.
        dimensions: how many spatial dimensions there are.

    Raises:
        ValueError: a tuple of another length, or with an entry that is no integer.

    Source: PyTorch's "int or tuple" arguments. Used by every function here and by `ops`.
    """
    if not isinstance(value, (tuple, list)):
        return (int(value) if is_integer(value) else value,) * dimensions
    if len(value) != dimensions or not all(map(is_integer, value)):
        raise ValueError(
            f"{name} is {value}: expected an integer, or a tuple of integers of length {dimensions}"
        )
    return tuple(map(int, value))


def integer(name, value, minimum=1):
    """The value as an int, if it is one and not too small. As in PyTorch, a bool or a float is not.

    >>> integer("stride", 2)
    2

    Args:
        name: what the argument is called, for the error.
        value: the argument.
        minimum: the smallest integer allowed.

    Raises:
        ValueError: the value is no integer, or is less than `minimum`.

    Source: PyTorch's argument rules. Used by every function here and by `ops`.
    """
    if not is_integer(value) or value < minimum:
        raise ValueError(f"{name} is {value!r}: expected an integer of at least {minimum}")
    return int(value)


def is_integer(value):
    """Whether a value is an integer to PyTorch, to which a bool is none.

    >>> is_integer(3), is_integer(3.0), is_integer(True)
    (True, False, False)

    Source: PyTorch's argument rules. Used by the functions here and by `ops`.
    """
    return isinstance(value, Integral) and not isinstance(value, bool)


def flag(name, value):
    """The value, if it is True or False. As in PyTorch, a number is not.

    >>> flag("ceil_mode", True)
    True

    Args:
        name: what the argument is called, for the error.
        value: the argument.

    Raises:
        ValueError: the value is no bool.

    Source: PyTorch's argument rules. Used by the functions here and by `ops`.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}: expected True or False")
    return value


def _layer(index, layer):
    """A layer, from a layer or from a dict of its arguments."""
    if isinstance(layer, Layer):
        return layer
    if not isinstance(layer, dict):
        raise ValueError(f"layers[{index}] is {layer!r}: expected a Layer or a dict of its arguments")
    known = [field.name for field in fields(Layer)]
    if "kernel_size" not in layer or not set(layer) <= set(known):
        raise ValueError(
            f"layers[{index}] is {layer}: expected kernel_size and, at will, {', '.join(known[1:])}"
        )
    return Layer(**layer)


def _window(kernel_size, stride, padding, dilation):
    """What the units of one layer see of the units below, along one dimension."""
    stride = integer("stride", stride)
    if padding == "same" and stride != 1:
        raise ValueError(_same_with_stride(stride))
    reach = effective_kernel_size(kernel_size, dilation) - 1
    before, _ = padding_sides(kernel_size, padding, dilation)
    return ReceptiveField(reach + 1, stride, reach / 2 - before)


def _same_with_stride(stride):
    """The sentence for a padding that cannot keep the size."""
    return f'stride is {stride} with padding "same": expected 1, which keeps the size'


def _travel(input_size, kernel_size, stride, padding, dilation):
    """How far the kernel can move, in pixels."""
    input_size = integer("input_size", input_size)
    stride = integer("stride", stride)
    if padding == "same" and stride != 1:
        raise ValueError(_same_with_stride(stride))
    covered = effective_kernel_size(kernel_size, dilation)
    padded = input_size + sum(padding_sides(kernel_size, padding, dilation))
    if covered > padded:
        raise ValueError(_too_wide(kernel_size, covered, input_size, padded))
    return padded - covered


def _too_wide(kernel_size, covered, input_size, padded):
    """The sentence for a kernel that does not fit."""
    reach = f"kernel_size is {kernel_size}"
    if covered > kernel_size:
        reach += f" and covers {covered} pixels with its dilation"
    before = f" ({input_size} before padding)" if padded > input_size else ""
    return f"{reach}: expected no more than the padded input, which is {padded} wide{before}"


def _dimensions(*sizes):
    """How many dimensions a layer has: as many as the entries of a tuple among its sizes, or two."""
    return next((len(size) for size in sizes if isinstance(size, (tuple, list)) and size), 2)


def _cells(name, size, dimensions):
    """How many cells a kernel, or an output, of this size has."""
    return math.prod(integer(name, side) for side in per_dimension(name, size, dimensions))
