"""Fully connected nets against the formula written out, their counts, and refusals."""

import doctest

import pytest
import torch
import torch.nn.functional as F

from cnnbook.nets import FullyConnected, fully_connected, profile


@pytest.mark.parametrize("hidden", [(), (7,), (7, 6, 5)], ids=str)
def test_a_net_is_its_layers_one_after_the_other(hidden):
    model, images = FullyConnected(2 * 4 * 6, hidden, classes=3), torch.randn(5, 2, 4, 6)
    weights = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear)]
    assert [layer.out_features for layer in weights] == [*hidden, 3]
    values = images.reshape(5, -1)
    for layer in weights[:-1]:
        values = F.relu(values @ layer.weight.T + layer.bias)
    torch.testing.assert_close(model(images), values @ weights[-1].weight.T + weights[-1].bias)


def test_its_parameters_are_counted():
    found = profile(FullyConnected(40 * 40), (1, 40, 40))
    assert [layer.parameters for layer in found.layers] == [0, 1600 * 64 + 64, 0, 64 * 10 + 10]
    assert found.macs == 1600 * 64 + 64 * 10


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FullyConnected(0), "in_features is 0: expected an integer of at least 1"),
        (lambda: FullyConnected((28, 28)), r"in_features is \(28, 28\)"),
        (lambda: FullyConnected(784, hidden=64), "hidden is 64: expected a tuple"),
        (lambda: FullyConnected(784, hidden=(64, 0)), "hidden is 0"),
        (lambda: FullyConnected(784, classes=2.5), "classes is 2.5"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(fully_connected, extraglobs={"torch": torch}).failed == 0
