"""Blur-pooling against a plain depthwise convolution; the small nets differ in their downsampling alone."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnnbook.nets import BlurPool2d, SmallNet
from cnnbook.nets.pooling import DOWNSAMPLING

every_downsampling = pytest.mark.parametrize("downsampling", DOWNSAMPLING)

# Zhang (2019), section 4: the rectangle, the triangle and the binomial filters.
BLURS = {1: [1], 2: [1, 1], 3: [1, 2, 1], 4: [1, 3, 3, 1], 5: [1, 4, 6, 4, 1]}


def net(downsampling, **settings):
    torch.manual_seed(0)
    return SmallNet(downsampling, **settings).eval()


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", BLURS)
def test_blur_pooling_is_a_depthwise_convolution(kernel_size, stride):
    input = torch.randn(2, 3, 9, 12)
    row = torch.tensor(BLURS[kernel_size], dtype=torch.float32)
    weight = torch.outer(row, row)[None, None] / row.sum() ** 2
    before, after = (kernel_size - 1) // 2, kernel_size - 1 - (kernel_size - 1) // 2
    padded = torch.tensor(
        np.pad(input.numpy(), [(0, 0), (0, 0), (before, after), (before, after)], mode="reflect")
    )
    expected = torch.cat([F.conv2d(padded[:, c : c + 1], weight, stride=stride) for c in range(3)], dim=1)
    torch.testing.assert_close(BlurPool2d(3, kernel_size, stride)(input), expected)


def test_blur_pooling_keeps_a_flat_map_flat_up_to_the_border():
    flat = torch.full((1, 2, 7, 10), 3.0)
    output = BlurPool2d(2)(flat)
    assert output.shape == (1, 2, 4, 5)
    torch.testing.assert_close(output, torch.full_like(output, 3.0))


@every_downsampling
def test_the_maps_are_halved_twice_and_every_class_gets_a_score(downsampling):
    model = net(downsampling, in_channels=3, classes=7)
    images = torch.randn(2, 3, 24, 36)
    assert model.features(images).shape == (2, 32, 6, 9)
    assert model(images).shape == (2, 7)


@every_downsampling
def test_all_start_from_the_same_parameters(downsampling):
    mine, theirs = list(net(downsampling).parameters()), list(net("max").parameters())
    assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))


def by_hand(model, images, halve, stride=1):
    """The net written out, with weights found by kind and order."""
    convs = [layer for layer in model.features if isinstance(layer, torch.nn.Conv2d)]
    norms = [layer for layer in model.features if isinstance(layer, torch.nn.BatchNorm2d)]
    maps = images
    for step, (conv, norm) in enumerate(zip(convs, norms, strict=True)):
        last = step == 2
        maps = F.relu(norm(F.conv2d(maps, conv.weight, stride=1 if last else stride, padding=1)))
        maps = maps if last else halve(maps)
    return F.linear(maps.mean(dim=(2, 3)), model.head[-1].weight, model.head[-1].bias)


@pytest.mark.parametrize(
    ("downsampling", "halve", "stride"),
    [
        ("max", lambda maps: F.max_pool2d(maps, 2), 1),
        ("average", lambda maps: F.avg_pool2d(maps, 2), 1),
        ("strided", lambda maps: maps, 2),
        ("blur", lambda maps: BlurPool2d(maps.shape[1])(F.max_pool2d(maps, 2, stride=1)), 1),
    ],
)
def test_a_net_is_what_its_table_says(downsampling, halve, stride):
    model, images = net(downsampling), torch.randn(3, 1, 16, 20)
    torch.testing.assert_close(model(images), by_hand(model, images, halve, stride))


def test_the_widths_are_the_channels_behind_each_convolution():
    model = SmallNet(widths=(5, 6, 7))
    assert [layer.out_channels for layer in model.features if isinstance(layer, torch.nn.Conv2d)] == [5, 6, 7]
    assert model(torch.randn(2, 1, 16, 20)).shape == (2, 10)


def test_a_flattened_head_reads_every_place():
    model, images = net("max", flatten=(16, 20)), torch.randn(3, 1, 16, 20)
    maps = model.features(images)
    assert maps.shape == (3, 32, 4, 5)
    torch.testing.assert_close(
        model(images), F.linear(maps.flatten(1), model.head[-1].weight, model.head[-1].bias)
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BlurPool2d(0), "channels is 0"),
        (lambda: BlurPool2d(3, kernel_size=2.5), "kernel_size is 2.5"),
        (lambda: BlurPool2d(3, stride=0), "stride is 0"),
        (lambda: SmallNet("median"), "downsampling is 'median'; expected one of max, average, strided, blur"),
        (lambda: SmallNet("max", in_channels=0), "in_channels is 0"),
        (lambda: SmallNet("max", classes=-1), "classes is -1"),
        (lambda: SmallNet(widths=(8, 16)), r"widths is \(8, 16\)"),
        (lambda: SmallNet(widths=(8, 0, 32)), "widths is 0"),
        (
            lambda: SmallNet("max", flatten=(28, 30)),
            r"flatten is \(28, 30\); expected \(H, W\), multiples of 4",
        ),
        (lambda: SmallNet("max", flatten=(0, 4)), r"flatten is \(0, 4\)"),
        (lambda: SmallNet("max", flatten=(4, 4, 4)), r"flatten is \(4, 4, 4\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
