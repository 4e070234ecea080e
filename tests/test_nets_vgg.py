"""VGG: torchvision is the oracle for every configuration."""

import doctest

import pytest
import torch
from torchvision import models

from cnnbook.nets import VGG, profile, vgg

pytestmark = pytest.mark.usefixtures("one_thread")


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
