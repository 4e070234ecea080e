"""Shop windows: scenes of several garments, with boxes and masks."""

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

from cnnbook.counts import check_count
from cnnbook.data.garments import FASHION_MNIST_CLASSES, fashion_mnist

if TYPE_CHECKING:
    import torch

# How many classes a shop window can have, to Fashion-MNIST's numbers of them.
SHOP_WINDOW_CLASSES = {5: (0, 1, 3, 7, 8), 10: tuple(range(10))}

_SIDES = 20, 44  # pixels of a garment's longer side, least and most
_MOST_GARMENTS = 4
_PLACES_TRIED = 10
_LEAST_VISIBLE = 0.75  # share of a garment that may not be covered
_DARK = 20  # of 255; what is darker, at a garment's rim, is Fashion-MNIST's black ground


class Scenes(NamedTuple):
    """Pictures with several objects, and where these are.

    >>> scenes = shop_windows(100)
    >>> scenes.images.shape, scenes.boxes[0].shape, scenes.labels[0].shape
    (torch.Size([100, 1, 96, 96]), torch.Size([4, 4]), torch.Size([4]))

    Attributes:
        images: uint8, ``(N, C, H, W)``.
        boxes: for each scene float32, ``(objects, 4)``: left, top, right and bottom edge in pixels, tight round what
            is visible of the object. An object in pixel column 3 alone reaches from 3 to 4.
        labels: for each scene int64, ``(objects,)``, in the order of the boxes, the hindmost object first.
        masks: uint8, ``(N, H, W)``: 0 for the ground, 1 + the class elsewhere. Pixels that count for no class have a
            number above the classes': 255, or what `mask_folder` was told; shop windows have none. None where masks
            are not known.
        classes: the names of the classes.
    """

    images: "torch.Tensor"
    boxes: "tuple[torch.Tensor, ...]"
    labels: "tuple[torch.Tensor, ...]"
    masks: "torch.Tensor | None"
    classes: tuple[str, ...]

    @property
    def truths(self):
        """For each scene its boxes and labels, ``[(boxes, labels), ...]``, as `boxes.average_precision` takes them."""
        return list(zip(self.boxes, self.labels, strict=True))


class Cutout(NamedTuple):
    """A garment cut out of its picture, and its place in a scene.

    Attributes:
        pixels: uint8, ``(height, width)``.
        opaque: bool, ``(height, width)``: what is garment; the rest lets the scene through.
        label: its class.
        row, col: of its upper left corner in the scene; it lies wholly inside.
    """

    pixels: np.ndarray
    opaque: np.ndarray
    label: int
    row: int
    col: int

    @property
    def window(self):
        """The rows and columns of the scene that it takes, as an index."""
        height, width = self.opaque.shape
        return np.s_[self.row : self.row + height, self.col : self.col + width]


class ShopWindow(NamedTuple):
    """A scene before it is put together: the empty ground, and the cut-outs, later ones in front.

    Attributes:
        ground: uint8, ``(height, width)``.
        cutouts: one to four.
    """

    ground: np.ndarray
    cutouts: tuple[Cutout, ...]


def shop_windows(n, *, seed=0, split="train", classes=5, size=96) -> Scenes:
    """Scenes with one to four garments of Fashion-MNIST at any place, before a softly textured ground.

    >>> scenes = shop_windows(100, seed=1, split="test")
    >>> scenes.images.shape, scenes.classes
    (torch.Size([100, 1, 96, 96]), ('T-shirt/top', 'Trouser', 'Dress', 'Sneaker', 'Bag'))

    A garment's longer side has 20 to 44 pixels. Later garments stand in front of earlier ones, and leave at least three
    quarters of each visible. The first scenes are the same however many you ask for.

    Args:
        n: how many, at least 1.
        seed: whole number from 0; the same seed, the same scenes.
        split: ``"train"``: garments of Fashion-MNIST's training part; ``"test"``: of its test part.
        classes: 5, or 10 for all of them, of which some are hard to tell apart.
        size: height and width in pixels, at least 48.

    Raises:
        ValueError: an argument is not as said above.
        FileNotFoundError: as for `fashion_mnist`.

    Used from chapter ``detection`` on.
    """
    import torch

    images, masks, boxes, labels = [], [], [], []
    for window in shop_window_pieces(n, seed=seed, split=split, classes=classes, size=size):
        image, owner = _put_together(window)
        names = np.array([cutout.label for cutout in window.cutouts])
        images.append(image)
        masks.append(np.concatenate([[0], names + 1]).astype(np.uint8)[owner])
        # find_objects gives the rows and the columns of each number from 1 on, as slices.
        spans = ndimage.find_objects(owner)
        edges = [(cols.start, rows.start, cols.stop, rows.stop) for rows, cols in spans]
        boxes.append(torch.tensor(edges, dtype=torch.float32))
        labels.append(torch.from_numpy(names))
    return Scenes(
        torch.from_numpy(np.stack(images))[:, None],
        tuple(boxes),
        tuple(labels),
        torch.from_numpy(np.stack(masks)),
        tuple(FASHION_MNIST_CLASSES[number] for number in SHOP_WINDOW_CLASSES[classes]),
    )


def shop_window_pieces(n, *, seed=0, split="train", classes=5, size=96) -> list[ShopWindow]:
    """The scenes of `shop_windows` before they are put together: grounds and cut-outs.

    >>> first, *_ = shop_window_pieces(100, seed=1, split="test")
    >>> first.ground.shape, len(first.cutouts)
    ((96, 96), 4)

    Args and errors: as for `shop_windows`.

    Used by the figures of the chapter ``detection``, in which the reader drags garments.
    """
    for name, value, least in (("n", n, 1), ("seed", seed, 0), ("size", size, _SIDES[1] + 4)):
        check_count(name, value, least)
    if split not in ("train", "test"):
        raise ValueError(f"split is {split!r}; expected 'train' or 'test'")
    if classes not in SHOP_WINDOW_CLASSES:
        raise ValueError(f"classes is {classes!r}; expected 5 or 10")
    garments = fashion_mnist()
    labels = (garments.train_labels if split == "train" else garments.test_labels).numpy()
    wardrobe = [np.flatnonzero(labels == number) for number in SHOP_WINDOW_CLASSES[classes]]
    return [_shop_window(np.random.default_rng([seed, number]), split, wardrobe, size) for number in range(n)]


def _shop_window(rng, split, wardrobe, size):
    owner = np.zeros(
        (size, size), np.uint8
    )  # of each pixel: the number of the cut-out in front, 0 for the ground
    cutouts, least = [], np.zeros(1)  # least: the pixels that have to stay visible, of the ground none
    for _ in range(rng.integers(1, _MOST_GARMENTS + 1)):
        label = int(rng.integers(len(wardrobe)))
        garment = _garment(split, int(rng.choice(wardrobe[label])))
        pixels, opaque = _scaled(*garment, longer=int(rng.integers(_SIDES[0], _SIDES[1] + 1)))
        visible = np.bincount(owner.ravel(), minlength=len(least))
        for row, col in rng.integers(0, np.subtract(size + 1, opaque.shape), size=(_PLACES_TRIED, 2)):
            cutout = Cutout(pixels, opaque, label, int(row), int(col))
            covered = np.bincount(owner[cutout.window][opaque], minlength=len(least))
            if (visible - covered >= least).all():
                cutouts.append(cutout)
                owner[cutout.window][opaque] = len(cutouts)
                least = np.append(least, _LEAST_VISIBLE * opaque.sum())
                break
    return ShopWindow(_ground(rng, size), tuple(cutouts))


def _put_together(window):
    """The picture, and for each pixel the number of its garment, from 1 on; 0 for the ground."""
    image, owner = window.ground.copy(), np.zeros(window.ground.shape, np.uint8)
    for number, cutout in enumerate(window.cutouts, start=1):
        image[cutout.window][cutout.opaque] = cutout.pixels[cutout.opaque]
        owner[cutout.window][cutout.opaque] = number
    return image, owner


@functools.cache
def _garment(split, index):
    """A garment without what surrounds it: its pixels, and which of them are garment, dark ones inside too."""
    garments = fashion_mnist()
    images = garments.train_images if split == "train" else garments.test_images
    picture = images[index, 0].numpy()
    parts, count = ndimage.label(ndimage.binary_fill_holes(picture > _DARK))
    largest = 1 + np.argmax(ndimage.sum_labels(parts > 0, parts, range(1, count + 1)))
    window = ndimage.find_objects(parts)[largest - 1]
    return picture[window], parts[window] == largest


def _scaled(pixels, opaque, longer):
    height, width = opaque.shape
    scale = longer / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels, cover = (
        np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BILINEAR))
        for part in (pixels, np.uint8(255) * opaque)
    )
    rows, cols = (np.flatnonzero((cover > 127).any(axis)) for axis in (1, 0))
    window = np.s_[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    return pixels[window], cover[window] > 127


def _ground(rng, size):
    """A grey that gets lighter to one side, with soft clouds in it and a fine grain."""
    grey, direction = rng.uniform(15, 45), rng.uniform(0, 2 * np.pi)
    across = np.linspace(-10, 10, size, dtype=np.float32)
    clouds, grain = (
        np.asarray(
            Image.fromarray(rng.standard_normal((cells, cells), np.float32)).resize(
                (size, size), Image.Resampling.BICUBIC
            )
        )
        for cells in (8, size // 2)
    )
    slope = np.cos(direction) * across + np.sin(direction) * across[:, None]
    return (grey + slope + 4 * clouds + 2 * grain).clip(0, 255).astype(np.uint8)
