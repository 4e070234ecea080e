"""LeNet-5: the paper's shapes and counts, the net written out, other sizes, and refusals."""

import doctest

import pytest
import torch
import torch.nn.functional as F

from cnnbook.nets import LeNet5, lenet, profile


def test_its_layers_are_the_paper_s():
    layers = [
        layer for layer in profile(LeNet5(), (1, 32, 32)).layers if layer.kind not in ("ReLU", "flatten")
    ]
    assert [(layer.output_shape[1:], layer.parameters) for layer in layers] == [
        ((6, 28, 28), 156),
        ((6, 14, 14), 0),
        ((16, 10, 10), 6 * 16 * 25 + 16),
        ((16, 5, 5), 0),
        ((120,), 48_120),
        ((84,), 10_164),
        ((10,), 850),
    ]
    assert sum(layer.parameters for layer in layers) == 61_706
    assert [layer.receptive_field.size for layer in layers] == [5, 6, 14, 16, 32, 32, 32]


def test_the_net_written_out():
    model, images = LeNet5(classes=7, input_size=(20, 28)), torch.randn(3, 1, 20, 28)
    weight = model.state_dict()
    maps = images
    for layer in ("features.0", "features.3"):
        maps = F.max_pool2d(F.relu(F.conv2d(maps, weight[f"{layer}.weight"], weight[f"{layer}.bias"])), 2)
    values = maps.flatten(1)
    for layer in ("classifier.0", "classifier.2", "classifier.4"):
        values = F.relu(values) @ weight[f"{layer}.weight"].T + weight[f"{layer}.bias"]
    assert values.shape == (3, 7)
    torch.testing.assert_close(model(images), values)


@pytest.mark.parametrize("size", [16, 28, (17, 33), (40, 24)], ids=str)
def test_other_sizes_change_the_first_linear_layer(size):
    height, width = (size, size) if isinstance(size, int) else size
    assert LeNet5(input_size=size)(torch.zeros(2, 1, height, width)).shape == (2, 10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LeNet5(classes=0), "classes is 0"),
        (lambda: LeNet5(input_size=15), "input_size is 15: expected an integer of at least 16"),
        (lambda: LeNet5(input_size=(32, 12)), "input_size is 12"),
        (lambda: LeNet5(input_size=(32, 32, 1)), r"input_size is \(32, 32, 1\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(lenet, extraglobs={"torch": torch}).failed == 0
