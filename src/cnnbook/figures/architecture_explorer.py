"""ArchitectureExplorer: the networks of the papers, layer by layer."""

import traitlets

from cnnbook.figures.figure import Figure


def _conv(name, channels, kernel_size, stride=1, padding=0, groups=1, batch_norm=False):
    return {
        "name": name, "kind": "conv", "channels": channels, "kernel_size": kernel_size, "stride": stride,
        "padding": padding, "dilation": 1, "groups": groups, "batch_norm": batch_norm,
    }  # fmt: skip


def _max_pool(name, kernel_size, stride, padding=0):
    return {
        "name": name, "kind": "max pool", "kernel_size": kernel_size, "stride": stride, "padding": padding,
        "dilation": 1,
    }  # fmt: skip


def _average_pool(name, output_size):
    return {"name": name, "kind": "average pool", "output_size": output_size}


def _linear(name, channels):
    return {"name": name, "kind": "linear", "channels": channels}


_LENET5 = [
    _conv("C1", 6, 5),
    _max_pool("S2", 2, 2),
    _conv("C3", 16, 5),
    _max_pool("S4", 2, 2),
    _linear("C5", 120),
    _linear("F6", 84),
    _linear("output", 10),
]

_CLASSIFIER = [_linear("fc6", 4096), _linear("fc7", 4096), _linear("fc8", 1000)]


def _alexnet_2012(groups):
    return [
        _conv("conv1", 96, 11, stride=4),
        _max_pool("pool1", 3, 2),
        _conv("conv2", 256, 5, padding=2, groups=groups),
        _max_pool("pool2", 3, 2),
        _conv("conv3", 384, 3, padding=1),
        _conv("conv4", 384, 3, padding=1, groups=groups),
        _conv("conv5", 256, 3, padding=1, groups=groups),
        _max_pool("pool5", 3, 2),
        *_CLASSIFIER,
    ]


_ALEXNET_TORCHVISION = [
    _conv("conv1", 64, 11, stride=4, padding=2),
    _max_pool("pool1", 3, 2),
    _conv("conv2", 192, 5, padding=2),
    _max_pool("pool2", 3, 2),
    _conv("conv3", 384, 3, padding=1),
    _conv("conv4", 256, 3, padding=1),
    _conv("conv5", 256, 3, padding=1),
    _max_pool("pool5", 3, 2),
    _average_pool("average", 6),
    *_CLASSIFIER,
]


def _vgg(*depths):
    """VGG with so many 3 × 3 convolutions in each of its five stages."""
    layers = []
    for stage, (depth, channels) in enumerate(zip(depths, (64, 128, 256, 512, 512), strict=True), start=1):
        layers += [_conv(f"conv{stage}_{number}", channels, 3, padding=1) for number in range(1, depth + 1)]
        layers.append(_max_pool(f"pool{stage}", 2, 2))
    return [*layers, _average_pool("average", 7), *_CLASSIFIER]


def _resnet18():
    layers = [
        _conv("conv1", 64, 7, stride=2, padding=3, batch_norm=True),
        _max_pool("pool1", 3, 2, padding=1),
    ]
    for stage, channels in enumerate((64, 128, 256, 512), start=2):
        for block in (1, 2):
            stride = 2 if stage > 2 and block == 1 else 1
            layers += _residual_block(f"{stage}_{block}", channels, stride, entry=layers[-1]["name"])
    return [*layers, _average_pool("average", 1), _linear("fc", 1000)]


def _residual_block(name, channels, stride, entry):
    """Two 3 × 3 convolutions, and what they read added to what they make; it goes through a 1 × 1 where sizes differ."""
    branch = [
        _conv(f"conv{name}a", channels, 3, stride, padding=1, batch_norm=True),
        _conv(f"conv{name}b", channels, 3, padding=1, batch_norm=True),
    ]
    skip = [_conv(f"skip{name}", channels, 1, stride, batch_norm=True) | {"reads": [entry]}]
    skip = skip if stride > 1 else []
    addends = [branch[-1]["name"], skip[0]["name"] if skip else entry]
    return [*branch, *skip, {"name": f"sum{name}", "kind": "sum", "reads": addends}]


# A layer reads the one before it, or those that it names. ReLU, dropout, normalization and flattening are part of a
# layer; of these only batch norm has parameters.
_ARCHITECTURES = {
    "LeNet-5": {
        "channels": 1,
        "input_size": 32,
        "layers": _LENET5,
        "note": "LeCun and others (1998), in today’s form: max pooling, C5 as a linear layer.",
    },
    "AlexNet (2012)": {
        "channels": 3,
        "input_size": 227,
        "layers": _alexnet_2012(groups=1),
        "note": "Krizhevsky and others (2012), every kernel reading all maps. fc6 grows with the input.",
    },
    "AlexNet (two GPUs)": {
        "channels": 3,
        "input_size": 227,
        "layers": _alexnet_2012(groups=2),
        "note": "Krizhevsky and others (2012): in conv2, conv4 and conv5 a kernel reads its own GPU’s half.",
    },
    "AlexNet (torchvision)": {
        "channels": 3,
        "input_size": 224,
        "layers": _ALEXNET_TORCHVISION,
        "note": "Krizhevsky’s of 2014 (“One weird trick”). torchvision averages to 6 × 6 before fc6.",
    },
    **{
        name: {
            "channels": 3,
            "input_size": 224,
            "layers": _vgg(*depths),
            "note": "Simonyan and Zisserman (2015): all kernels 3 × 3. torchvision averages to 7 × 7 before fc6.",
        }
        for name, depths in {
            "VGG-11": (1, 1, 2, 2, 2),
            "VGG-13": (2, 2, 2, 2, 2),
            "VGG-16": (2, 2, 3, 3, 3),
            "VGG-19": (2, 2, 4, 4, 4),
        }.items()
    },
    "ResNet-18": {
        "channels": 3,
        "input_size": 224,
        "layers": _resnet18(),
        "note": "He and others (2016). Dashed: what a block reads is added. A conv is counted with its batch norm.",
    },
}
_MOST_LAYERS = max(len(architecture["layers"]) for architecture in _ARCHITECTURES.values())


class ArchitectureExplorer(Figure):
    """A published network: its volumes to scale, and what each layer costs and sees, at any input size.

    >>> explorer = ArchitectureExplorer(architecture="VGG-16")
    >>> explorer.input_size
    224

    Images are square. Counts are those of ``nets.profile``: a multiply-accumulate (MAC) is one multiplication with
    its addition, in convolutions and linear layers.

    Args:
        architecture: ``"LeNet-5"``, ``"AlexNet (2012)"``, ``"AlexNet (two GPUs)"``, ``"AlexNet (torchvision)"``,
            ``"VGG-11"``, ``"VGG-13"``, ``"VGG-16"``, ``"VGG-19"`` or ``"ResNet-18"``.
        input_size: height and width of the image, 8 to 256 pixels; by default the paper's.
        layer: the chosen layer, 1 the first, 0 the image; one beyond the last counts as the last.
        scale: ``"square root"`` draws what is 4 times as large, or has 4 times the channels, twice as large;
            ``"true"`` 4 times as large.

    Raises:
        traitlets.TraitError: for a value that is not as said above.

    Sources: LeCun and others, "Gradient-Based Learning Applied to Document Recognition" (1998); Krizhevsky, Sutskever
    and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks" (2012); Simonyan and Zisserman,
    "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015), table 1; He and others, "Deep Residual
    Learning for Image Recognition" (2016), table 1. Used in the chapter ``classification``.
    """

    architecture = traitlets.Enum([*_ARCHITECTURES], default_value="AlexNet (2012)").tag(sync=True)
    input_size = traitlets.Int(min=8, max=256).tag(sync=True)
    layer = traitlets.Int(1, min=0, max=_MOST_LAYERS).tag(sync=True)
    scale = traitlets.Enum(["square root", "true"], default_value="square root").tag(sync=True)

    architectures = traitlets.Dict(
        _ARCHITECTURES, read_only=True, help="The networks, layer by layer, for the page."
    ).tag(sync=True)

    @traitlets.default("input_size")
    def _input_size(self):
        return _ARCHITECTURES[self.architecture]["input_size"]
