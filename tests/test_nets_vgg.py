"""VGG: torchvision is the oracle for every configuration."""

import doctest

import pytest
import torch
from torchvision import models

from cnnbook import training
from cnnbook.nets import VGG, SmallAlexNet, SmallVGG, profile, vgg


def rows(module, size):
    """What each layer is and costs, without its name; torchvision gives the last pooling another one."""
    return [layer[1:] for layer in profile(module, (3, *size)).layers]


@pytest.mark.parametrize("size", [(224, 224), (32, 70)], ids=str)
@pytest.mark.parametrize("configuration", vgg.CONFIGURATIONS)
def test_it_has_torchvision_s_layers(configuration, size):
    with torch.device("meta"):
        mine, theirs = VGG(configuration), getattr(models, f"vgg{configuration}")()
    assert rows(mine, size) == rows(theirs, size)
    mine.load_state_dict(theirs.state_dict(), assign=True)


@pytest.mark.parametrize(
    ("configuration", "parameters", "macs", "field"),
    [
        ("11", 132_863_336, 7_609_090_048, 150),
        ("13", 133_047_848, 11_308_466_176, 156),
        ("16", 138_357_544, 15_470_264_320, 212),
        ("19", 143_667_240, 19_632_062_464, 268),
    ],
)
def test_its_totals(configuration, parameters, macs, field):
    with torch.device("meta"):
        found = profile(VGG(configuration), (3, 224, 224))
    assert (found.parameters, found.macs) == (parameters, macs)
    assert [layer for layer in found.layers if layer.kind == "MaxPool2d"][-1].receptive_field.size == field


def test_weights_move_from_torchvision():
    # torchvision's first linear layer is made for 512 maps.
    theirs = models.VGG(models.vgg.make_layers([4, "M", 6, 512]), num_classes=7, init_weights=False).eval()
    with torch.device("meta"):
        mine = VGG([4, "M", 6, 512], classes=7).eval()
    mine.load_state_dict(theirs.state_dict(), assign=True)
    images = torch.randn(2, 3, 15, 21)
    with torch.inference_mode():
        torch.testing.assert_close(mine(images), theirs(images))


def behind_each_pooling(module):
    """Shape and receptive field of the maps, and the MACs up to there."""
    macs = 0
    for layer in profile(module, (1, 28, 28)).layers:
        macs += layer.macs
        if layer.kind == "MaxPool2d":
            yield layer.output_shape[2:], layer.receptive_field, macs


def test_the_small_ones_differ_in_their_kernels_and_cost_the_same():
    large, stacked = list(behind_each_pooling(SmallAlexNet())), list(behind_each_pooling(SmallVGG()))
    assert [row[:2] for row in large] == [row[:2] for row in stacked]
    assert [row[0] for row in large] == [(14, 14), (7, 7), (3, 3)]
    large, stacked = profile(SmallAlexNet(), (1, 28, 28)), profile(SmallVGG(), (1, 28, 28))
    assert (large.macs, stacked.macs) == (4_064_128, 4_158_208)
    assert [layer.macs for layer in large.layers if layer.macs] == [
        614_656, 2_508_800, 903_168, 36_864, 640,
    ]  # fmt: skip
    assert [layer.macs for layer in stacked.layers if layer.macs] == [
        56_448, 451_584, 451_584, 451_584, 1_806_336, 903_168, 36_864, 640,
    ]  # fmt: skip


@pytest.mark.parametrize("build", [SmallAlexNet, SmallVGG])
def test_the_small_ones_take_other_channels_and_classes(build):
    assert build(in_channels=3, classes=7)(torch.randn(4, 3, 28, 28)).shape == (4, 7)
    with pytest.raises(ValueError, match="in_channels is 0"):
        build(in_channels=0)
    with pytest.raises(ValueError, match="classes is 0"):
        build(classes=0)


@pytest.mark.parametrize("build", [SmallAlexNet, SmallVGG])
def test_the_small_ones_learn(build):
    torch.manual_seed(0)
    labels = torch.arange(64) % 4
    images = torch.randint(0, 256, (4, 1, 28, 28), dtype=torch.uint8)[labels]
    model = build(classes=4)
    training.fit(model, images, labels, epochs=16, batch_size=16, progress=False)
    assert training.evaluate(model, images, labels) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VGG("12"), "configuration is '12': expected one of 11, 13, 16, 19, or a list"),
        (lambda: VGG(16), "configuration is 16"),
        (lambda: VGG([]), r"configuration is \[\]"),
        (lambda: VGG(["M", "M"]), r"configuration is \['M', 'M'\]"),
        (lambda: VGG([8, "A"]), "configuration is 'A'"),
        (lambda: VGG([8, 0]), "configuration is 0"),
        (lambda: VGG("16", classes=-1), "classes is -1"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with torch.device("meta"), pytest.raises(ValueError, match=message):
        make()


def test_the_examples_in_the_docstrings():
    with torch.device("meta"):
        assert doctest.testmod(vgg, extraglobs={"torch": torch}).failed == 0
