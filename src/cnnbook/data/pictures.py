"""Photographs: those that ship with the book, and the reader's own."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from skimage import color, transform, util
from skimage import data as skimage_data


def cat(height: int = 300) -> np.ndarray:
    """The book's photograph: scikit-image's ``chelsea`` (CC0, by Stefan van der Walt).

    >>> cat().shape, cat(160).shape
    ((300, 451, 3), (160, 241, 3))

    Args:
        height: pixels from top to bottom, 8 to 300; the width follows in proportion. A smaller copy is
            antialiased.

    Returns:
        RGB, uint8, ``(height, width, 3)``.

    Raises:
        ValueError: for a height that is not a whole number from 8 to 300.

    Used from chapter ``convolution`` on.
    """
    photograph = skimage_data.chelsea()
    full_height, full_width, _ = photograph.shape
    if type(height) is not int or not 8 <= height <= full_height:
        raise ValueError(f"height is {height!r}; expected a whole number from 8 to {full_height}")
    if height == full_height:
        return photograph
    width = round(full_width * height / full_height)
    return util.img_as_ubyte(transform.resize(photograph, (height, width), anti_aliasing=True))


PHOTOGRAPHS = ("chelsea", "astronaut", "coffee", "camera", "brick", "grass", "gravel", "rocket")


def photographs() -> dict[str, np.ndarray]:
    """The photographs inside the scikit-image package, by their names there: a cat, people, things, textures.

    >>> {name: photograph.shape for name, photograph in photographs().items()}["rocket"]
    (427, 640, 3)

    Returns:
        RGB, uint8, ``(H, W, 3)``, in their own sizes. Those that are grey there have three equal channels here.

    Source: ``skimage.data``; CC0 or in the public domain, of people and places named there. Used in the chapter
    ``building_a_cnn``, "Edges, textures, parts, faces?".
    """
    pictures = {name: getattr(skimage_data, name)() for name in PHOTOGRAPHS}
    return {name: color.gray2rgb(pixels) if pixels.ndim == 2 else pixels for name, pixels in pictures.items()}


PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def open_picture(source: "str | Path | bytes | memoryview") -> np.ndarray:
    """A picture of the reader's own, as RGB.

    >>> open_picture("holiday.jpg").shape  # doctest: +SKIP
    (3024, 4032, 3)

    What the camera noted about being held upright (EXIF) is honoured. Grey becomes RGB, and so do palettes;
    what is transparent stands on white; 16 bits become 8. Of an animation you get the first picture.

    Args:
        source: a path, or a file's content; `ipywidgets.FileUpload` has it as ``upload.value[0]["content"]``.

    Returns:
        RGB, uint8, ``(H, W, 3)``.

    Raises:
        ValueError: it is no picture in one of `PICTURE_FORMATS`, or it is broken, cut off, too large (Pillow's
            limit, about 89 million pixels), or of more than 16 bits.
        OSError: there is no such file, or it cannot be read.

    Used in the chapter ``classification``, "A photograph of yours".
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, content = "the content", bytes(source)
    elif isinstance(source, (str, Path)):
        name, content = str(source), Path(source).read_bytes()
    else:
        raise ValueError(f"source is {type(source).__name__}; expected a path, or a file's content as bytes")
    with warnings.catch_warnings():
        # A stray tag is no reason to refuse a picture, or to talk about it; a huge one is.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=PICTURE_FORMATS) as picture:
                return _as_rgb(ImageOps.exif_transpose(picture))
        except Image.UnidentifiedImageError as problem:
            raise ValueError(
                f"{name} is no picture; expected one of {', '.join(PICTURE_FORMATS)}"
            ) from problem
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as problem:
            raise ValueError(f"{name} is too large; expected a smaller picture ({problem})") from problem
        except Exception as problem:  # Pillow's decoders stop at broken data with errors of many kinds.
            raise ValueError(
                f"{name} cannot be read; expected a whole picture of 8 or 16 bits ({problem})"
            ) from problem


def _as_rgb(picture):
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    elif picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture) / 257).round().astype(np.uint8))
    elif picture.mode in ("I", "F"):
        raise ValueError(f"its numbers have 32 bits, mode {picture.mode}")
    return np.array(picture.convert("RGB"))
