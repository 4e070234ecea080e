"""The trained network names the cat, and takes pictures as it was trained to."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models

from cnnbook import data
from cnnbook.nets import efficientnet_lite0, imagenet_input, profile


@pytest.fixture(scope="module")
def network():
    return efficientnet_lite0()


def test_it_names_the_cat(network):
    with torch.no_grad():
        probabilities = network(imagenet_input(data.cat())).softmax(dim=1)[0]
    names = models.AlexNet_Weights.DEFAULT.meta["categories"]
    found = [(names[index], round(probabilities[index].item(), 2)) for index in probabilities.topk(2).indices]
    assert found == [("Egyptian cat", 0.40), ("tiger cat", 0.33)]


def test_it_is_ready_to_use_and_the_same_each_time(network):
    assert not any(module.training for module in network.modules())
    again = efficientnet_lite0().state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in network.state_dict().items())


def test_its_profile(network):
    found = profile(network, (3, 224, 224))
    assert found.parameters == sum(layer.parameters for layer in found.layers) == 4_652_008
    assert {layer.name: layer.receptive_field[:2] for layer in found.layers}["conv_head"] == (851, 32)


@pytest.mark.parametrize("shape", [(300, 451, 3), (451, 300, 3), (224, 224, 3), (90, 101, 3), (1, 7, 3)])
def test_the_input_is_the_middle_square_as_pillow_makes_it_smaller(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    height, width, _ = shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(image).crop((left, top, left + side, top + side))
    expected = np.asarray(square.resize((224, 224), Image.Resampling.BILINEAR), dtype=np.float32)
    made = imagenet_input(image)
    assert made.shape == (1, 3, 224, 224) and made.dtype == torch.float32
    difference = made[0].permute(1, 2, 0).numpy() * 128 + 127 - expected
    assert np.abs(difference).max() <= 1 and np.abs(difference).mean() < 0.1


def test_the_pixels_are_scaled():
    for value, expected in [(0, -127 / 128), (127, 0.0), (255, 1.0)]:
        assert (imagenet_input(np.full((8, 9, 3), value, dtype=np.uint8)) == expected).all()


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        (r"image is float64 \(8, 9, 3\)", np.zeros((8, 9, 3))),
        (r"image is uint8 \(8, 9\)", np.zeros((8, 9), np.uint8)),
        (r"image is uint8 \(3, 8, 9\)", np.zeros((3, 8, 9), np.uint8)),
        (r"image is uint8 \(8, 9, 4\)", np.zeros((8, 9, 4), np.uint8)),
        (r"image is \(0, 9, 3\)", np.zeros((0, 9, 3), np.uint8)),
        (r"image is list", [[[0, 0, 0]]]),
        (r"image is NoneType", None),
    ],
)
def test_another_picture_is_refused(sentence, wrong):
    with pytest.raises(ValueError, match=f"{sentence}: expected"):
        imagenet_input(wrong)
