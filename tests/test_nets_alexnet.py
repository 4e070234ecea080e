"""AlexNet: torchvision is the oracle for its variant, the paper's formulas and counts for the other."""

import doctest

import pytest
import torch
from torch import nn
from torchvision import models

from cnnbook.nets import AlexNet, alexnet, profile


def rows(module, size):
    """What each layer is and costs, without its name; torchvision gives the last pooling another one."""
    return [layer[1:] for layer in profile(module, (3, *size)).layers]


@pytest.mark.parametrize("size", [(224, 224), (63, 70), (180, 227)], ids=str)
def test_torchvision_s_variant_has_torchvision_s_layers(size):
    with torch.device("meta"):
        mine, theirs = AlexNet(), models.alexnet()
    assert rows(mine, size) == rows(theirs, size)


def test_weights_move_from_torchvision_and_back():
    theirs = models.alexnet(num_classes=7).eval()
    mine = AlexNet(classes=7).eval()
    mine.load_state_dict(theirs.state_dict())
    images = torch.randn(2, 3, 96, 130)
    with torch.inference_mode():
        expected = theirs(images)
        torch.testing.assert_close(mine(images), expected)
    theirs.load_state_dict(AlexNet(classes=7).state_dict())
    with torch.inference_mode():
        assert not torch.allclose(theirs(images), expected)


@pytest.mark.parametrize(
    ("variant", "groups", "size", "parameters", "macs"),
    [
        ("torchvision", 1, 224, 61_100_840, 714_188_480),
        ("paper", 1, 227, 62_378_344, 1_135_256_096),
        ("paper", 2, 227, 60_965_224, 724_406_816),
    ],
)
def test_its_totals(variant, groups, size, parameters, macs):
    with torch.device("meta"):
        found = profile(AlexNet(variant, groups=groups), (3, size, size))
    assert (found.parameters, found.macs) == (parameters, macs)


def test_the_paper_s_layers():
    with torch.device("meta"):
        found = profile(AlexNet("paper", groups=2), (3, 227, 227))
    weighted = [layer for layer in found.layers if layer.parameters]
    assert [layer.output_shape[1:] for layer in weighted] == [
        (96, 55, 55), (256, 27, 27), (384, 13, 13), (384, 13, 13), (256, 13, 13), (4096,), (4096,), (1000,),
    ]  # fmt: skip
    # Section 3.5: "96 kernels of size 11 × 11 × 3", "256 kernels of size 5 × 5 × 48", and so on.
    kernels = [96 * 11 * 11 * 3, 256 * 5 * 5 * 48, 384 * 3 * 3 * 256, 384 * 3 * 3 * 192, 256 * 3 * 3 * 192]
    assert [layer.parameters for layer in weighted[:5]] == [
        weights + layer.output_shape[1] for weights, layer in zip(kernels, weighted, strict=False)
    ]
    windows = [layer for layer in found.layers if layer.kind in ("Conv2d", "MaxPool2d")]
    assert [layer.receptive_field.size for layer in windows] == [11, 19, 51, 67, 99, 131, 163, 195]


def test_the_normalization_is_the_paper_s_formula():
    normalization = next(
        layer for layer in AlexNet("paper").features if isinstance(layer, nn.LocalResponseNorm)
    )
    maps = 30 * torch.randn(2, 8, 3, 4)
    expected = torch.empty_like(maps)
    for i in range(8):
        around = maps[:, max(0, i - 2) : i + 3]
        expected[:, i] = maps[:, i] / (2 + 1e-4 * (around**2).sum(dim=1)) ** 0.75
    torch.testing.assert_close(normalization(maps), expected)


def test_with_two_groups_a_map_reads_its_own_half():
    conv2 = AlexNet("paper", groups=2).features[4]
    before = torch.randn(1, 96, 5, 6)
    after = before.clone()
    after[:, 48:] += 1
    changed = (conv2(before) != conv2(after)).flatten(2).any(dim=2)[0]
    assert not changed[:128].any() and changed[128:].all()


@pytest.mark.parametrize("size", [67, (67, 99), (131, 100)], ids=str)
def test_the_paper_s_net_is_made_for_a_size(size):
    height, width = (size, size) if isinstance(size, int) else size
    with torch.device("meta"):
        model = AlexNet("paper", classes=5, input_size=size)
        assert model(torch.zeros(2, 3, height, width)).shape == (2, 5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AlexNet("2012"), "variant is '2012': expected one of torchvision, paper"),
        (lambda: AlexNet(groups=2), "groups is 2: expected 1, or 2 in the paper's variant"),
        (lambda: AlexNet("paper", groups=3), "groups is 3"),
        (lambda: AlexNet("paper", groups=0), "groups is 0"),
        (lambda: AlexNet(classes=0), "classes is 0"),
        (lambda: AlexNet("paper", input_size=66), "input_size is 66: expected an integer of at least 67"),
        (lambda: AlexNet("paper", input_size=(227, 3)), "input_size is 3"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with torch.device("meta"), pytest.raises(ValueError, match=message):
        make()


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(alexnet, extraglobs={"torch": torch}).failed == 0
