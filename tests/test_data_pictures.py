"""A reader's own picture is read as it looks; what is no picture is named. Pillow writes the files."""

import warnings

import numpy as np
import pytest
from picture_file import written
from PIL import Image

from cnnbook import data
from cnnbook.nets import imagenet_input

HEIGHT, WIDTH = 20, 30


def smooth():
    """A picture that JPEG hardly changes, each corner another color."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([rows * 12, columns * 8, 255 - rows * 12], axis=2).astype(np.uint8)


RGB = smooth()
GREY = RGB[:, :, 1]


PNG = written(Image.fromarray(RGB))


@pytest.mark.parametrize(
    ("format", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("GIF", {}, 40),
        ("JPEG", {"quality": 95}, 12),
    ],
)
def test_every_format_is_read(format, options, tolerance):
    opened = data.open_picture(written(Image.fromarray(RGB), format, **options))
    assert opened.dtype == np.uint8 and opened.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(opened.astype(int) - RGB).max() <= tolerance


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_content_comes_in_many_kinds(kind):
    assert np.array_equal(data.open_picture(kind(PNG)), RGB)


@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["string", "Path"])
def test_a_path_is_opened(tmp_path, kind):
    path = tmp_path / "ours.png"
    path.write_bytes(PNG)
    assert np.array_equal(data.open_picture(kind(path)), RGB)


def test_the_network_takes_it():
    assert imagenet_input(data.open_picture(PNG)).shape == (1, 3, 224, 224)


def test_it_may_be_written_to():
    data.open_picture(PNG)[0, 0] = 0


def grey(pixels):
    return np.repeat(pixels[:, :, None], 3, axis=2)


def on_white(pixels, opacity):
    return np.round(pixels * (opacity / 255) + 255 * (1 - opacity / 255))


def with_alpha(pixels, opacity):
    return Image.fromarray(np.dstack([pixels, opacity]))


DEEP = (GREY.astype(np.uint16) << 8) + 200  # no multiple of 257, and the high byte alone would be one too low
OPACITY = np.linspace(0, 255, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).round().astype(np.uint8)
LETTERS = np.indices((HEIGHT, WIDTH)).sum(axis=0) % 3


def palette(**options):
    picture = Image.fromarray(LETTERS.astype(np.uint8), mode="P")
    picture.putpalette([200, 10, 20, 30, 220, 40, 50, 60, 240])
    return written(picture, **options)


COLORS = np.array([[200, 10, 20], [30, 220, 40], [50, 60, 240]])
MODES = {
    "grey": (written(Image.fromarray(GREY)), grey(GREY)),
    "black and white": (written(Image.fromarray(GREY > 99)), grey((GREY > 99) * 255)),
    "grey, 16 bits": (written(Image.fromarray(DEEP)), grey(np.round(DEEP / 257))),
    "grey, 16 bits, big-endian": (written(Image.fromarray(DEEP.astype(">u2")), "TIFF"), grey(np.round(DEEP / 257))),
    "palette": (palette(), COLORS[LETTERS]),
    "palette with a transparent color": (palette(transparency=1), np.where(LETTERS == 1, 255, COLORS[LETTERS].T.swapaxes(1, 2)).transpose(1, 2, 0)),
    "RGB with alpha": (written(with_alpha(RGB, OPACITY)), on_white(RGB, OPACITY[:, :, None])),
    "grey with alpha": (written(with_alpha(GREY, OPACITY)), grey(on_white(GREY, OPACITY))),
    "RGB with a transparent color": (written(Image.fromarray(np.where(LETTERS[:, :, None] == 1, 7, RGB).astype(np.uint8)), transparency=(7, 7, 7)), np.where(LETTERS[:, :, None] == 1, 255, RGB)),
    "CMYK": (written(Image.fromarray(RGB).convert("CMYK"), "TIFF"), RGB),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_looks_as_it_should(mode):
    content, expected = MODES[mode]
    opened = data.open_picture(content)
    assert opened.dtype == np.uint8 and opened.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(opened - expected).max() <= (1 if "alpha" in mode else 0)


# What a camera writes, and how to turn the stored pixels upright (EXIF 2.3, tag 274).
TURNS = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels.swapaxes(0, 1)[::-1, ::-1],
    8: lambda pixels: np.rot90(pixels, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_the_picture_stands_upright(orientation, format):
    exif = Image.Exif()
    exif[274] = orientation
    opened = data.open_picture(written(Image.fromarray(RGB), format, exif=exif))
    expected = TURNS[orientation](RGB)
    assert opened.shape == expected.shape
    assert np.abs(opened.astype(int) - expected).max() <= 40


def test_of_an_animation_the_first_picture_is_read():
    frames = [Image.fromarray(pixels) for pixels in (RGB, 255 - RGB)]
    content = written(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert np.array_equal(data.open_picture(content), RGB)


def bomb():
    """A file of a few bytes that says it holds 20,000 × 30,000 pixels."""
    header = bytearray(written(Image.new("1", (8, 8)), "BMP"))
    header[18:26] = (20_000).to_bytes(4, "little") + (30_000).to_bytes(4, "little")
    return bytes(header)


REFUSED = {
    "empty": (b"", "the content is no picture; expected one of PNG, JPEG"),
    "text": (b"<svg></svg>", "the content is no picture; expected one of PNG, JPEG"),
    "a format that runs a program": (written(Image.fromarray(RGB), "EPS"), "the content is no picture"),
    "huge": (bomb(), r"the content is too large; expected a smaller picture .*600000000 pixels"),
    "large": (written(Image.new("1", (10_000, 9_000))), r"the content is too large; .*90000000 pixels"),
    "32 bits": (written(Image.fromarray(GREY.astype(np.int32)), "TIFF"), "cannot be read; .* 8 or 16 bits .*mode I"),
    "floats": (written(Image.fromarray(GREY.astype(np.float32)), "TIFF"), "cannot be read; .*mode F"),
    "garbled": (PNG[:60] + bytes(8) + PNG[68:], "the content cannot be read; expected a whole picture"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_shown_is_named(what):
    content, message = REFUSED[what]
    with pytest.raises(ValueError, match=message):
        data.open_picture(content)


@pytest.mark.parametrize("format", data.PICTURE_FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_cut_file_is_refused(tmp_path, format, share):
    noise = np.random.default_rng(0).integers(256, size=(HEIGHT, WIDTH, 3), dtype=np.uint8)
    content = written(Image.fromarray(noise), format)
    path = tmp_path / "cut"
    path.write_bytes(content[: round(len(content) * share)])
    with pytest.raises(ValueError, match=rf"{path} (is no picture|cannot be read); expected"):
        data.open_picture(path)


@pytest.mark.parametrize("source", [None, 7, RGB], ids=["None", "number", "array"])
def test_another_kind_of_source_is_refused(source):
    with pytest.raises(ValueError, match=f"source is {type(source).__name__}; expected a path, or"):
        data.open_picture(source)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no\.png"):
        data.open_picture(tmp_path / "no.png")


def test_the_reader_s_filters_of_warnings_stay():
    before = list(warnings.filters)
    data.open_picture(PNG)
    assert list(warnings.filters) == before
