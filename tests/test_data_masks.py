"""Two folders of pictures and masks: what was written comes back; what does not fit together is named."""

import numpy as np
import pytest
import torch
from picture_file import written
from PIL import Image

from cnnbook import data
from cnnbook.masks import boundary_iou, confusion_matrix

HEIGHT, WIDTH = 24, 36
RNG = np.random.default_rng(0)
NOISE = RNG.integers(256, size=(HEIGHT, WIDTH, 3), dtype=np.uint8)
NUMBERS = RNG.choice([0, 1, 2, 255], size=(HEIGHT, WIDTH)).astype(np.uint8)
BAR = (WIDTH - HEIGHT) // 2


def grey(numbers):
    return written(Image.fromarray(np.asarray(numbers, np.uint8)))


def palette(numbers):
    picture = Image.fromarray(np.asarray(numbers, np.uint8), mode="P")
    picture.putpalette(np.random.default_rng(1).integers(256, size=768, dtype=np.uint8).tobytes())
    return written(picture)


FILES = {"images/a.png": written(Image.fromarray(NOISE)), "masks/a.png": palette(NUMBERS)}


@pytest.fixture
def read(tmp_path):
    """Writes files into a folder and reads its two folders."""

    def read(files, **arguments):
        for name, content in files.items():
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        settings = {"classes": ("cat", "dog"), "size": WIDTH} | arguments
        return data.mask_folder(tmp_path / "images", str(tmp_path / "masks"), **settings)

    return read


def test_shop_windows_come_back_bit_for_bit(read):
    scenes = data.shop_windows(6, seed=2, split="test")
    files = {}
    for index in range(6):
        files[f"images/window {index}.png"] = written(Image.fromarray(scenes.images[index, 0].numpy()))
        write = palette if index % 2 else grey
        files[f"masks/window {index}.png"] = write(scenes.masks[index])
    back = read(files, classes=list(scenes.classes), size=96)
    for ours, theirs in ((back.images, scenes.images), (back.masks, scenes.masks)):
        assert ours.dtype == theirs.dtype and torch.equal(ours, theirs) and ours.is_contiguous()
    assert back.classes == scenes.classes
    assert len(back.boxes) == len(back.labels) == 6
    for boxes, labels in zip(back.boxes, back.labels, strict=True):
        assert boxes.shape == (0, 4) and boxes.dtype == torch.float32
        assert labels.shape == (0,) and labels.dtype == torch.int64


@pytest.mark.parametrize("turned", [False, True])
def test_the_mask_goes_with_its_picture_and_ignores_the_bars(read, turned):
    pixels, numbers = (NOISE.swapaxes(0, 1), NUMBERS.T) if turned else (NOISE, NUMBERS)
    files = {"images/a.png": written(Image.fromarray(pixels)), "masks/a.png": palette(numbers)}

    def split(square):
        """The picture's part of a square, and its bars."""
        square = square.swapaxes(-2, -1) if turned else square
        bar = BAR * square.shape[-1] // WIDTH
        return square[..., bar:-bar, :], torch.cat([square[..., :bar, :], square[..., -bar:, :]], -2)

    scenes = read(files, channels=3)
    inside, bars = split(scenes.masks[0])
    assert np.array_equal(inside, NUMBERS) and (bars == 255).all()
    inside, bars = split(scenes.images[0])
    assert np.array_equal(inside.permute(1, 2, 0), NOISE) and (bars == 128).all()

    # Twice as large, each pixel of a mask is four; half as large, one of four; no number turns up between two.
    inside, bars = split(read(files, size=2 * WIDTH).masks[0])
    assert np.array_equal(inside, NUMBERS.repeat(2, 0).repeat(2, 1)) and (bars == 255).all()
    inside, bars = split(read(files, size=WIDTH // 2).masks[0])
    assert np.array_equal(inside, NUMBERS[1::2, 1::2]) and (bars == 255).all()


def test_colours_or_grey(read):
    assert read(FILES, channels=3).images.shape == (1, 3, WIDTH, WIDTH)
    images = read(FILES).images
    assert images.shape == (1, 1, WIDTH, WIDTH) and images.is_contiguous()
    expected = NOISE @ [0.299, 0.587, 0.114]
    assert np.abs(images[0, 0, BAR:-BAR].numpy() - expected).max() <= 1


def test_another_number_may_be_the_one_to_ignore(read):
    numbers = np.where(NUMBERS == 255, 3, NUMBERS)
    masks = read(FILES | {"masks/a.png": grey(numbers)}, ignore=3).masks
    assert np.array_equal(masks[0, BAR:-BAR], numbers)
    assert (masks[0, :BAR] == 3).all() and (masks[0, -BAR:] == 3).all()


def test_what_is_ignored_counts_in_no_measure(read):
    target = read(FILES).masks
    counted = confusion_matrix(target, target, 3, ignore=255)
    assert counted.sum() == (NUMBERS != 255).sum() and counted.diagonal().tolist() == [
        (NUMBERS == label).sum() for label in range(3)
    ]
    assert boundary_iou(torch.zeros_like(target), target, 3, 1, ignore=255)[1:].tolist() == [0, 0]


def test_pairs_are_found_by_name_and_sorted_and_other_files_do_not_matter(read):
    files = {}
    for number, (name, format) in enumerate(
        (("one.JPG", "JPEG"), ("two.png", "PNG"), ("three.jpeg", "JPEG"))
    ):
        files[f"images/{name}"] = written(Image.fromarray(NOISE), format)
        mask = np.zeros((HEIGHT, WIDTH))
        mask[number, 5] = 1
        files[f"masks/{name.split('.')[0]}.{'PNG' if number else 'png'}"] = grey(mask)
    files |= {"images/Thumbs.db": b"no picture", "masks/readme.txt": b"1 is cat"}
    masks = read(files).masks
    cats = [(mask[BAR:-BAR] == 1).nonzero().tolist() for mask in masks]
    assert cats == [[[0, 5]], [[2, 5]], [[1, 5]]]  # one, three, two


PNG = FILES["images/a.png"]
REFUSED = {
    "no mask": ({"images/b.jpg": PNG}, r"masks/b\.png is missing; expected a mask for each picture"),
    "mask of another kind": ({"images/b.png": PNG, "masks/b.jpg": PNG}, r"masks/b\.png is missing"),
    "no picture": ({"masks/b.png": grey(NUMBERS)}, r"masks/b\.png has no picture of its name in .*images; expected one"),
    "two pictures": ({"images/a.jpg": PNG}, r"images/a\.png has the name of .*images/a\.jpg; expected one file of a name"),
    "broken picture": ({"images/a.png": PNG[:300]}, r"images/a\.png cannot be read; expected a whole picture"),
    "no picture in it": ({"images/a.png": b"cat"}, r"images/a\.png is no picture"),
    "broken mask": ({"masks/a.png": palette(NUMBERS)[:900]}, r"masks/a\.png cannot be read"),
    "no mask in it": ({"masks/a.png": b""}, r"masks/a\.png cannot be read"),
    "mask in colours": ({"masks/a.png": PNG}, r"masks/a\.png has mode RGB; expected palette indices \(P\), or grey \(L\)"),
    "mask of 16 bits": ({"masks/a.png": written(Image.fromarray(NUMBERS.astype(np.uint16)))}, r"masks/a\.png has mode I;16"),
    "mask turned": ({"masks/a.png": grey(NUMBERS.T)}, r"masks/a\.png is 24 wide and 36 high; expected 36 and 24"),
    "number of no class": ({"masks/a.png": grey(NUMBERS + 3)}, r"masks/a\.png holds the number 5; expected 0 to 2 for the ground and cat, dog, or 255"),
    "black and white": ({"masks/a.png": grey(255 * (NUMBERS == 1))}, r"masks is .*; expected pixels of cat, dog in it, 1 to 2, found only 0 and 255"),
    "black": ({"masks/a.png": grey(0 * NUMBERS)}, "masks is .*; expected pixels of cat, dog in it, 1 to 2, found only 0"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_does_not_fit_is_named(read, what):
    files, message = REFUSED[what]
    assert len(read(FILES).images) == 1
    with pytest.raises(ValueError, match=message):
        read(files)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "size is 0; expected a whole number of at least 1"),
        ({"channels": 4}, "channels is 4; expected 1 or 3"),
        ({"classes": "cat"}, "classes is 'cat'; expected a tuple of names"),
        ({"classes": 2}, "classes is 2; expected a tuple of names"),
        ({"classes": ()}, r"classes is \(\); expected at least one name"),
        ({"classes": ("cat", "cat")}, "classes is .*; expected at least one name, and none twice"),
        ({"classes": ("cat",)}, r"a\.png holds the number 2; expected 0 to 1 for the ground and cat, or 255"),
        ({"ignore": 2}, "ignore is 2; expected a whole number above 2, the last class, and at most 255"),
        ({"ignore": 256}, "ignore is 256"),
        ({"ignore": None}, "ignore is None"),
        ({"ignore": 254}, r"a\.png holds the number 255; expected .*, or 254"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(read, arguments, message):
    with pytest.raises(ValueError, match=message):
        read(FILES, **arguments)


def test_folders_that_are_none_or_empty_are_named(tmp_path):
    images, masks = tmp_path / "images", tmp_path / "masks"
    images.mkdir()
    for path in (masks, None, 7):
        with pytest.raises(ValueError, match=r"masks is .*; expected a folder"):
            data.mask_folder(images, path, classes=("cat",))
        with pytest.raises(ValueError, match=r"images is .*; expected a folder"):
            data.mask_folder(path, images, classes=("cat",))
    masks.mkdir()
    with pytest.raises(
        ValueError, match=r"images is .*; expected pictures in it, \.jpg, \.jpeg, \.png, found none"
    ):
        data.mask_folder(images, masks, classes=("cat",))
