"""Pictures and data sets that the book looks at."""

import numpy as np
from skimage import data as skimage_data
from skimage import transform, util


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
