"""nets.as_arrays: the arrays compute what the network computes, and what is no chain or hourglass is refused by name."""

import doctest

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hourglass import Hourglass
from torch import nn

from cnnbook.nets import FullyConnected, SmallNet, arrays, as_arrays

PARTS = {
    "conv2d": ["kind", "weight", "bias", "stride", "padding"],
    "conv_transpose2d": ["kind", "weight", "bias", "stride", "padding", "output_padding"],
    "relu": ["kind"],
    "max_pool2d": ["kind", "kernel_size", "stride"],
    "global_avg_pool2d": ["kind"],
    "upsample": ["kind", "mode", "scale"],
    "flatten": ["kind"],
    "linear": ["kind", "weight", "bias"],
    "save": ["kind"],
    "cat": ["kind"],
}
COMPUTE = {
    "conv2d": F.conv2d,
    "conv_transpose2d": F.conv_transpose2d,
    "relu": F.relu,
    "max_pool2d": F.max_pool2d,
    "global_avg_pool2d": lambda input: F.adaptive_avg_pool2d(input, 1),
    "upsample": lambda input, mode, scale: F.interpolate(input, scale_factor=scale, mode=mode),
    "flatten": lambda input: input.flatten(1),
    "linear": F.linear,
}


def run(layers, images):
    """What layers of arrays make of images, by PyTorch's functions."""
    saved = []
    for layer in layers:
        options = {
            name: torch.tensor(value) if isinstance(value, np.ndarray) else value
            for name, value in layer.items()
            if name != "kind"
        }
        if layer["kind"] == "save":
            saved.append(images)
        elif layer["kind"] == "cat":
            images = torch.cat([images, saved.pop()], dim=1)
        else:
            images = COMPUTE[layer["kind"]](images, **options)
    assert not saved
    return images


def lived_in(model):
    """The model with batch norms that are far from what they start as, in training mode."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.1, 4)
            if module.affine:
                module.weight.data.normal_()
                module.bias.data.normal_()
    return model.train()


class Skips(nn.Module):
    """The image itself is saved, one map twice, and one is joined at once."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.third = (
            nn.Conv2d(2, 3, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(6, 4, 3, padding=1),
        )
        self.dropout = nn.Dropout2d()

    def forward(self, image):
        maps = self.first(image)
        skipped = self.dropout(maps)
        maps = torch.cat((self.second(maps), skipped), 1)
        maps = torch.cat([maps := self.third(maps), maps], dim=1)
        return torch.cat(tensors=[torch.cat([maps, image], 1), image], dim=1)


MODELS = {
    "small net": lambda: SmallNet(widths=(5, 7, 6)),
    "strided, flattened": lambda: SmallNet("strided", in_channels=2, flatten=(16, 32), widths=(3, 4, 5)),
    "fully connected": lambda: FullyConnected(2 * 16 * 32, hidden=(9, 8), classes=3),
    "batch norm without parameters": lambda: nn.Sequential(
        nn.Conv2d(2, 3, (3, 3), stride=(2, 2), padding=(1, 1)), nn.BatchNorm2d(3, affine=False), nn.Flatten()
    ),
    "what evaluation leaves out": lambda: nn.Sequential(
        nn.Dropout(0.9), nn.Conv2d(2, 3, 1, bias=False), nn.Identity(), nn.MaxPool2d((3, 3), 2), nn.Dropout2d(0.9)
    ),
    "one layer": lambda: nn.MaxPool2d(3, stride=1),
    "transposed convolutions": lambda: nn.Sequential(
        nn.ConvTranspose2d(2, 5, 3, stride=2, padding=1, output_padding=(1, 1)), nn.BatchNorm2d(5), nn.ReLU(),
        nn.ConvTranspose2d(5, 3, 2, stride=3, bias=False),
    ),
    "upsampling": lambda: nn.Sequential(
        nn.Conv2d(2, 3, 2), nn.ReLU(inplace=True), nn.Upsample(scale_factor=3), nn.Upsample(scale_factor=(2, 2)), nn.Upsample(scale_factor=2.0, mode="bilinear"),
    ),
    "hourglass, nearest": lambda: Hourglass("nearest"),
    "hourglass, bilinear": lambda: Hourglass("bilinear"),
    "hourglass, transposed": lambda: Hourglass("transposed"),
    "skips": Skips,
    "a ReLU that comes again": lambda: nn.Sequential(nn.Conv2d(2, 3, 2), (relu := nn.ReLU()), nn.Conv2d(3, 2, 2), relu),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_arrays_compute_what_the_network_computes(name):
    torch.manual_seed(0)
    model = lived_in(MODELS[name]())
    first = next((m.in_channels for m in model.modules() if isinstance(m, nn.Conv2d)), 2)
    images = torch.randn(4, first, 16, 32)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    layers = as_arrays(model)
    assert model.training and all(torch.equal(state[key], value) for key, value in model.state_dict().items())
    with torch.no_grad():
        torch.testing.assert_close(run(layers, images), model.eval()(images), rtol=1e-4, atol=1e-5)
    for layer in layers:
        assert list(layer) == PARTS[layer["kind"]]
        for value in layer.values():
            assert type(value) in (str, int) or value.dtype == np.float32


def test_the_book_s_nets_are_these_layers():
    block = ["conv2d", "relu"]
    assert [layer["kind"] for layer in as_arrays(SmallNet())] == [
        *block, "max_pool2d", *block, "max_pool2d", *block, "global_avg_pool2d", "flatten", "linear",
    ]  # fmt: skip
    assert [layer["kind"] for layer in as_arrays(FullyConnected(12))] == [
        "flatten",
        "linear",
        "relu",
        "linear",
    ]


def test_an_hourglass_is_one_list():
    block, encoder = ["conv2d", "relu"], ["save", "max_pool2d", "conv2d", "relu", "conv2d", "relu"]
    for up, layer in (("bilinear", "upsample"), ("transposed", "conv_transpose2d")):
        assert [layer["kind"] for layer in as_arrays(Hourglass(up))] == [
            *block, *block, *encoder, *encoder, *encoder, *[layer, "cat", *block] * 3, "conv2d", "upsample",
        ]  # fmt: skip


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, image):
        return image + self.conv(image)


class Twice(nn.Module):
    """Both layers read the image, one for nothing."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 2, 3), nn.Conv2d(1, 2, 3)

    def forward(self, image):
        self.first(image)
        return self.second(image)


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, image):
        return self.relu(image) if image.sum() > 0 else image


class Joining(nn.Module):
    """Two maps and the image, joined in any way."""

    def __init__(self, join, inplace=False):
        super().__init__()
        self.join = join
        self.first, self.second = nn.Conv2d(1, 2, 1), nn.ReLU(inplace)

    def forward(self, image):
        first = self.first(image)
        return self.join(image, first, self.second(first))


def joining(join, **options):
    return lambda: Joining(join, **options)


def upsample(**options):
    return lambda: nn.Sequential(nn.Upsample(**options))


def transposed(**options):
    return lambda: nn.Sequential(nn.ConvTranspose2d(2, 2, **{"kernel_size": 3} | options))


def conv(**options):
    return lambda: nn.Sequential(nn.Conv2d(2, 2, **{"kernel_size": 3} | options))


REFUSED = {
    "no module": (lambda: [nn.ReLU()], r"model is \[ReLU\(\)\]; expected a torch.nn.Module"),
    "unknown layer": (lambda: nn.Sequential(nn.ReLU(), nn.Sigmoid()), "layer 1 is Sigmoid; expected one of Conv2d, ConvTranspose2d, ReLU, "),
    "average pool": (lambda: SmallNet("average"), r"layer features\.3 is AvgPool2d"),
    "a module of ours": (lambda: SmallNet("blur"), r"layer features\.4 is BlurPool2d"),
    "adaptive pool": (lambda: nn.Sequential(nn.AdaptiveAvgPool2d((7, 7))), r"layer 0 has output_size \(7, 7\); expected 1"),
    "residual": (Residual, "layer add .*expected a chain"),
    "two readers": (Twice, "layer second does not read the layer before it, first, alone; expected a chain"),
    "branch on a value": (Branching, "Branching cannot be traced"),
    "batch norm first": (lambda: nn.Sequential(nn.BatchNorm2d(2)), "layer 0 is BatchNorm2d; expected one only after"),
    "batch norm after ReLU": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2)), "layer 2 is BatchNorm2d"),
    "no statistics": (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2, track_running_stats=False)), "layer 1 has no running"),
    "groups": (conv(groups=2), "layer 0 has groups 2; expected 1"),
    "dilation": (conv(dilation=2), r"layer 0 has dilation \(2, 2\); expected 1"),
    "padding mode": (conv(padding=1, padding_mode="reflect"), "layer 0 has padding_mode 'reflect'; expected 'zeros'"),
    "padding in words": (conv(padding="same"), "layer 0 has padding 'same'; expected one whole number"),
    "oblong kernel": (conv(kernel_size=(3, 5)), r"layer 0 has kernel_size \(3, 5\); expected one whole number"),
    "two strides": (conv(stride=(1, 2)), r"layer 0 has stride \(1, 2\); expected one whole number"),
    "padded pool": (lambda: nn.Sequential(nn.MaxPool2d(3, padding=1)), "layer 0 has padding 1; expected 0"),
    "ceil mode": (lambda: nn.Sequential(nn.MaxPool2d(3, ceil_mode=True)), "layer 0 has ceil_mode True; expected False"),
    "pool with indices": (lambda: nn.Sequential(nn.MaxPool2d(3, return_indices=True)), "return_indices True"),
    "skip first": (joining(lambda image, first, second: torch.cat([first, second], 1)), "layer cat joins first and second; expected first the layer before it, second"),
    "skips that cross": (
        joining(lambda image, first, second: torch.cat([torch.cat([second, image], 1), first], 1)),
        "layer cat takes up image; expected first, saved later: the skip that begins last ends first",
    ),
    "three maps": (joining(lambda image, first, second: torch.cat([second, first, image], 1)), r"layer cat is torch.cat\(.*\); expected two tensors and dim=1"),
    "along the rows": (joining(lambda image, first, second: torch.cat([second, first], dim=2)), r"layer cat is torch.cat\(.*dim=2\); expected two tensors and dim=1"),
    "along the batch": (joining(lambda image, first, second: torch.cat([second, first])), "layer cat is torch.cat.*expected two tensors and dim=1"),
    "in place on a skip": (joining(lambda image, first, second: torch.cat([second, first], 1), inplace=True), "layer second has inplace True, but a skip needs"),
    "other call": (joining(lambda image, first, second: second.exp()), "layer exp is a call in the network's forward; expected modules, F.interpolate and torch.cat alone"),
    "the size of a skip": (joining(lambda image, first, second: F.interpolate(second, size=first.shape[2:])), "layer getattr_1 does not read the layer before it, second"),
    "size": (upsample(size=7), r"layer 0 has size 7 and scale_factor None; expected one whole scale_factor"),
    "two scales": (upsample(scale_factor=(2, 3)), r"layer 0 has size None and scale_factor \(2.0, 3.0\)"),
    "broken scale": (upsample(scale_factor=1.5), "layer 0 has size None and scale_factor 1.5"),
    "smaller": (upsample(scale_factor=0.5), "layer 0 has size None and scale_factor 0.5"),
    "bicubic": (upsample(scale_factor=2, mode="bicubic"), "layer 0 has mode 'bicubic'; expected 'nearest' or 'bilinear'"),
    "corners": (upsample(scale_factor=2, mode="bilinear", align_corners=True), "layer 0 has align_corners True and antialias False; expected neither"),
    "broken scale by function": (
        joining(lambda image, first, second: F.interpolate(second, None, 2.5)),
        "layer interpolate has size None and scale_factor 2.5",
    ),
    "antialias": (
        joining(lambda image, first, second: F.interpolate(second, scale_factor=2, mode="bilinear", antialias=True)),
        "layer interpolate has align_corners None and antialias True",
    ),
    "transposed groups": (transposed(groups=2), "layer 0 has groups 2; expected 1"),
    "transposed dilation": (transposed(dilation=2), r"layer 0 has dilation \(2, 2\); expected 1"),
    "output paddings": (transposed(stride=2, output_padding=(0, 1)), r"layer 0 has output_padding \(0, 1\); expected one whole number"),
    "flatten in part": (lambda: nn.Sequential(nn.Flatten(2)), "layer 0 has start_dim 2; expected 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_such_network_is_refused_by_name(name):
    make, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        as_arrays(make())


def test_the_examples_are_true():
    found = doctest.testmod(arrays, extraglobs={"nn": nn})
    assert found.attempted > 0 and found.failed == 0
