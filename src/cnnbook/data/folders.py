"""What the readers of folders share: files by name, and pictures and masks scaled into the middle of a square."""

from pathlib import Path

import numpy as np
from PIL import Image

from cnnbook.counts import check_count
from cnnbook.data.pictures import open_picture

PICTURES = ".jpg", ".jpeg", ".png"
IGNORE = 255  # VOC's number for pixels on the rim of an object, which count for no class
_BARS = 128  # the grey beside a picture that is not square


def check_form(size, channels):
    """Refuse what is no form of a scene."""
    check_count("size", size)
    if channels not in (1, 3):
        raise ValueError(f"channels is {channels!r}; expected 1 or 3")


def names_of_classes(classes):
    """The names as a tuple, after a look at them."""
    if not isinstance(classes, (tuple, list)) or not all(isinstance(name, str) for name in classes):
        raise ValueError(f"classes is {classes!r}; expected a tuple of names")
    if not classes or len(set(classes)) < len(classes):
        raise ValueError(f"classes is {classes!r}; expected at least one name, and none twice")
    return tuple(classes)


def files_by_name(folder, suffixes):
    """The files of a folder that end so, by their names without the ending."""
    files = {}
    for file in sorted(Path(folder).iterdir()):
        if file.suffix.lower() in suffixes:
            if file.stem in files:
                raise ValueError(f"{file} has the name of {files[file.stem]}; expected one file of a name")
            files[file.stem] = file
    return files


def open_pixels(file, channels):
    """A picture: ``(height, width)`` for one channel, ``(height, width, 3)`` for three."""
    pixels = open_picture(file)
    return np.asarray(Image.fromarray(pixels).convert("L")) if channels == 1 else pixels


def open_mask(file, height, width, classes, ignore=IGNORE):
    """The mask of a picture of this size, after a look at whether it can be its own: ``(height, width)``."""
    try:
        with Image.open(file, formats=("PNG",)) as picture:
            mode, mask = picture.mode, np.array(picture)
    except Exception as problem:  # Pillow's decoders stop at broken data with errors of many kinds.
        raise ValueError(f"{file} cannot be read ({problem}); expected a whole PNG file") from problem
    if mode not in ("P", "L"):
        raise ValueError(f"{file} has mode {mode}; expected palette indices (P), or grey (L) for them")
    if mask.shape != (height, width):
        raise ValueError(
            f"{file} is {mask.shape[1]} wide and {mask.shape[0]} high; expected {width} and {height} as its picture"
        )
    strange = mask[(mask > len(classes)) & (mask != ignore)]
    if strange.size:
        raise ValueError(
            f"{file} holds the number {strange.max()}; expected 0 to {len(classes)} for the ground and "
            f"{', '.join(classes)}, or {ignore}"
        )
    return mask


def fit(height, width, size):
    """Height and width of a picture that just fits the square, and its first row and column there."""
    rows, cols = (max(1, round(side * size / max(height, width))) for side in (height, width))
    return rows, cols, (size - rows) // 2, (size - cols) // 2


def letterboxed_picture(pixels, size):
    """A picture in the square, between grey bars."""
    return _letterboxed(pixels, size, _BARS, Image.Resampling.BILINEAR)


def letterboxed_mask(mask, size, bars):
    """A mask in the square, between bars of this number."""
    return _letterboxed(mask, size, bars, Image.Resampling.NEAREST)


def _letterboxed(pixels, size, bars, resampling):
    rows, cols, top, left = fit(*pixels.shape[:2], size)
    square = np.full((size, size, *pixels.shape[2:]), bars, np.uint8)
    # Pillow copies a picture that has the wanted size already, so nothing is resampled then.
    square[top : top + rows, left : left + cols] = Image.fromarray(pixels).resize((cols, rows), resampling)
    return square


def channels_first(images):
    """Squares of one size as ``(N, C, H, W)``."""
    squares = np.stack(images)
    if squares.ndim == 3:
        return squares[:, None]
    return np.ascontiguousarray(squares.transpose(0, 3, 1, 2))
