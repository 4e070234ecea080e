"""Shop windows: the same seed, the same scenes; boxes and masks are what one sees."""

import numpy as np
import pytest
import torch
from torchvision.ops import masks_to_boxes

from cnnbook import data

SCENES = data.shop_windows(60, seed=3, split="test")
PIECES = data.shop_window_pieces(60, seed=3, split="test")


def owners(window):
    """For each pixel the number of the cut-out in front, 0 for the ground; the picture. Pixel by pixel."""
    picture, owner = window.ground.copy(), np.zeros(window.ground.shape, int)
    for number, cutout in enumerate(window.cutouts, start=1):
        for row, col in zip(*np.nonzero(cutout.opaque), strict=True):
            picture[cutout.row + row, cutout.col + col] = cutout.pixels[row, col]
            owner[cutout.row + row, cutout.col + col] = number
    return picture, owner


def test_scenes_have_the_shapes_and_types_that_pytorch_expects():
    assert SCENES.images.shape == (60, 1, 96, 96) and SCENES.images.dtype == torch.uint8
    assert SCENES.masks.shape == (60, 96, 96) and SCENES.masks.dtype == torch.uint8
    assert SCENES.classes == ("T-shirt/top", "Trouser", "Dress", "Sneaker", "Bag")
    assert len(SCENES.truths) == 60
    for boxes, labels in SCENES.truths:
        assert boxes.dtype == torch.float32 and labels.dtype == torch.int64
        assert boxes.shape == (len(labels), 4) and 1 <= len(labels) <= 4
    assert {len(labels) for labels in SCENES.labels} == {1, 2, 3, 4}
    assert {label for labels in SCENES.labels for label in labels.tolist()} == set(range(5))


def test_pieces_put_together_are_the_scenes_and_boxes_are_tight_round_what_is_visible():
    for index, window in enumerate(PIECES):
        picture, owner = owners(window)
        assert np.array_equal(SCENES.images[index, 0], picture)
        each = torch.from_numpy(np.stack([owner == k for k in range(1, len(window.cutouts) + 1)]))
        tight = masks_to_boxes(each) + torch.tensor(
            [0, 0, 1, 1]
        )  # torchvision's last pixel is the last one inside
        assert torch.equal(SCENES.boxes[index], tight)
        labels = [cutout.label for cutout in window.cutouts]
        assert SCENES.labels[index].tolist() == labels
        assert np.array_equal(SCENES.masks[index], np.array([0, *(label + 1 for label in labels)])[owner])


def test_garments_have_the_size_that_is_promised_and_three_quarters_of_each_are_visible():
    covered = 0
    for window in PIECES:
        _, owner = owners(window)
        for number, cutout in enumerate(window.cutouts, start=1):
            assert 19 <= max(cutout.opaque.shape) <= 44
            visible = (owner == number).sum() / cutout.opaque.sum()
            assert visible >= 0.75
            covered += visible < 1
    assert covered > 10


def test_the_same_seed_gives_the_same_scenes_however_many():
    few = data.shop_windows(20, seed=3, split="test")
    assert torch.equal(few.images, SCENES.images[:20])
    assert all(map(torch.equal, few.boxes, SCENES.boxes[:20]))
    for other in ({"seed": 4, "split": "test"}, {"seed": 3, "split": "train"}):
        assert not torch.equal(data.shop_windows(20, **other).images, few.images)


def test_ten_classes_and_other_sizes():
    scenes = data.shop_windows(40, classes=10, size=128)
    assert scenes.images.shape == (40, 1, 128, 128)
    assert scenes.classes == data.FASHION_MNIST_CLASSES
    assert {label for labels in scenes.labels for label in labels.tolist()} == set(range(10))


def test_a_garment_is_no_brighter_than_its_ground_everywhere():
    """The ground is textured: it is never one grey, and garments do not stand out by being the only light thing."""
    for window in PIECES:
        assert window.ground.std() > 2 and window.ground.min() >= 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n is 0; expected a whole number of at least 1"),
        ({"n": 2.0}, "n is 2.0"),
        ({"n": 2, "seed": -1}, "seed is -1; expected a whole number of at least 0"),
        ({"n": 2, "split": "valid"}, "split is 'valid'; expected 'train' or 'test'"),
        ({"n": 2, "classes": 7}, "classes is 7; expected 5 or 10"),
        ({"n": 2, "size": 40}, "size is 40; expected a whole number of at least 48"),
    ],
)
def test_what_cannot_be_made_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.shop_windows(**arguments)
