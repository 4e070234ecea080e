"""Pictures as figures carry them: data URLs, so that a page needs no further request."""

import base64
import functools
import io
import re

import numpy as np
import traitlets
from PIL import Image

from cnnbook import data

_DATA_URL = re.compile(r"data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/=]+)")


def data_url(image: np.ndarray, quality: int | None = None) -> str:
    """An image as the data URL of a WebP file, lossless by default: every browser gets back the same numbers.

    >>> data_url(np.zeros((40, 60, 3), np.uint8))[:23]
    'data:image/webp;base64,'

    Args:
        image: RGB, uint8, ``(height, width, 3)``.
        quality: 0 to 100 for an image that is only looked at; at 90 it takes a fifth of the bytes and looks the same.

    Raises:
        ValueError: for an array of another shape or type.

    Used by `PhotoFilter`, `ChannelExplorer` and `ReceptiveFieldExplorer`.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"image is {image.dtype} {image.shape}; expected uint8 (height, width, 3)")
    file = io.BytesIO()
    Image.fromarray(image).save(
        file, "WebP", lossless=quality is None, quality=80 if quality is None else quality
    )
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")


@functools.cache
def cat_url(height: int) -> str:
    """The cat, ``height`` pixels high, as a data URL; see `cnnbook.data.cat`.

    >>> cat_url(80)[:15]
    'data:image/webp'
    """
    return data_url(data.cat(height))


class Picture(traitlets.Unicode):
    """A trait that holds a picture as a data URL (PNG, JPEG or WebP).

    An address is refused: it would be a request to another host.
    """

    def validate(self, obj, value):
        match = _DATA_URL.fullmatch(super().validate(obj, value))
        try:
            Image.open(io.BytesIO(base64.b64decode(match[1]))).verify()
        except Exception as problem:  # Pillow raises whatever a broken file makes of its decoders
            raise traitlets.TraitError(
                f"{self.name} is {value[:40]!r}; expected the data URL of a PNG, JPEG or WebP picture"
            ) from problem
        return value


class GreyImages(traitlets.TraitType):
    """A trait that holds small grey images, uint8 ``(n, height, width)``.

    >>> GreyImages.packed(np.full((1, 2, 3), 255, np.uint8))
    {'shape': [1, 2, 3], 'pixels': '////////'}

    The page gets their bytes in base64, image by image, row by row.

    Raises:
        ValueError: for an array of another shape or type.

    Used by `ShiftProbe` and `FeatureMaps`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.tag(to_json=lambda value, widget: self.packed(value))

    def validate(self, obj, value):
        images = np.asarray(value)
        if images.dtype != np.uint8 or images.ndim != 3 or images.size == 0:
            raise ValueError(
                f"{self.name} is {images.dtype} {images.shape}; expected uint8 (n, height, width)"
            )
        return images

    @staticmethod
    def packed(images):
        return {
            "shape": list(images.shape),
            "pixels": base64.b64encode(images.tobytes()).decode("ascii"),
        }
