"""nets.as_arrays: the arrays compute what the network computes, and what is no chain is refused by name."""

import doctest

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cnnbook.nets import FullyConnected, SmallNet, arrays, as_arrays

pytestmark = pytest.mark.usefixtures("one_thread")

PARTS = {
    "conv2d": ["kind", "weight", "bias", "stride", "padding"],
    "relu": ["kind"],
    "max_pool2d": ["kind", "kernel_size", "stride"],
    "global_avg_pool2d": ["kind"],
    "flatten": ["kind"],
    "linear": ["kind", "weight", "bias"],
}
COMPUTE = {
    "conv2d": lambda input, weight, bias, **options: F.conv2d(input, weight, bias, **options),
    "relu": F.relu,
    "max_pool2d": F.max_pool2d,
    "global_avg_pool2d": lambda input: F.adaptive_avg_pool2d(input, 1),
    "flatten": lambda input: input.flatten(1),
    "linear": F.linear,
}


def run(layers, images):
    """What layers of arrays make of images, by PyTorch's functions."""
    for layer in layers:
        options = {
            name: torch.tensor(value) if isinstance(value, np.ndarray) else value
            for name, value in layer.items()
            if name != "kind"
        }
        images = COMPUTE[layer["kind"]](images, **options)
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


MODELS = {
    "small net": lambda: SmallNet(widths=(5, 7, 6)),
    "strided, flattened": lambda: SmallNet("strided", in_channels=2, flatten=(16, 24), widths=(3, 4, 5)),
    "fully connected": lambda: FullyConnected(2 * 16 * 24, hidden=(9, 8), classes=3),
    "batch norm without parameters": lambda: nn.Sequential(
        nn.Conv2d(2, 3, (3, 3), stride=(2, 2), padding=(1, 1)), nn.BatchNorm2d(3, affine=False), nn.Flatten()
    ),
    "what evaluation leaves out": lambda: nn.Sequential(
        nn.Dropout(0.9), nn.Conv2d(2, 3, 1, bias=False), nn.Identity(), nn.MaxPool2d((3, 3), 2), nn.Dropout2d(0.9)
    ),
    "one layer": lambda: nn.MaxPool2d(3, stride=1),
    "a ReLU that comes again": lambda: nn.Sequential(nn.Conv2d(2, 3, 2), (relu := nn.ReLU()), nn.Conv2d(3, 2, 2), relu),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_the_arrays_compute_what_the_network_computes(name):
    torch.manual_seed(0)
    model = lived_in(MODELS[name]())
    first = next((m.in_channels for m in model.modules() if isinstance(m, nn.Conv2d)), 2)
    images = torch.randn(4, first, 16, 24)
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
    "flatten in part": (lambda: nn.Sequential(nn.Flatten(2)), "layer 0 has start_dim 2; expected 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_such_chain_is_refused_by_name(name):
    make, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        as_arrays(make())


def test_the_examples_are_true():
    found = doctest.testmod(arrays, extraglobs={"nn": nn})
    assert found.attempted > 0 and found.failed == 0
