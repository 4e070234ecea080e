"""Two folders: pictures of the reader's own, and a mask for each."""

from pathlib import Path

import numpy as np

from cnnbook.data.folders import (
    IGNORE,
    PICTURES,
    channels_first,
    check_form,
    files_by_name,
    letterboxed_mask,
    letterboxed_picture,
    names_of_classes,
    open_mask,
    open_pixels,
)
from cnnbook.data.scenes import Scenes


def mask_folder(images, masks, *, classes, size=96, channels=1, ignore=IGNORE) -> Scenes:
    """Scenes out of a folder of pictures and a folder of masks, as tools for painting masks write them.

    >>> scenes = mask_folder("pets/images", "pets/masks", classes=("cat", "dog"), channels=3)  # doctest: +SKIP
    >>> scenes.images.shape, scenes.masks.shape  # doctest: +SKIP
    (torch.Size([7349, 3, 96, 96]), torch.Size([7349, 96, 96]))

    The mask of ``images/NAME.jpg`` (or ``.jpeg``, ``.png``) is ``masks/NAME.png``, of the same size, with a palette or
    grey. Its palette indices, or its grey values, are 0 for the ground, 1 for the first class, and so on, and `ignore`
    for pixels that count for no class.

    Each picture is scaled until it just fits the square, its height to width kept, and stands in its middle between
    grey bars, which the mask ignores. The nearest of a mask's pixels is taken, so that no class turns up between two
    others. A picture of ``size`` × ``size`` stays as it is.

    Args:
        images, masks: the folders.
        classes: their names, in the order of their numbers in the masks, without the ground.
        size: height and width of the scenes, in pixels.
        channels: 1 for grey, 3 for RGB.
        ignore: above the classes' numbers, at most 255.

    Returns:
        Sorted by name. Masks do not tell one object from another, so that boxes and labels are empty.

    Raises:
        ValueError: an argument is not as said above; no mask has a pixel of any class; or a file, which the message
            names, is broken, without its picture or mask, or of another size or other numbers than said above.

    Used in the chapter ``segmentation``.
    """
    import torch

    check_form(size, channels)
    classes = names_of_classes(classes)
    if type(ignore) is not int or not len(classes) < ignore <= 255:
        raise ValueError(
            f"ignore is {ignore!r}; expected a whole number above {len(classes)}, the last class, and at most 255"
        )
    for name, path in (("images", images), ("masks", masks)):
        if not isinstance(path, (str, Path)) or not Path(path).is_dir():
            raise ValueError(f"{name} is {path!r}; expected a folder")
    picture_files, mask_files = files_by_name(images, PICTURES), files_by_name(masks, (".png",))
    names = sorted({*picture_files, *mask_files})
    if not names:
        raise ValueError(f"images is {images!r}; expected pictures in it, {', '.join(PICTURES)}, found none")
    for name in names:
        if name not in picture_files:
            raise ValueError(f"{mask_files[name]} has no picture of its name in {images}; expected one")
        if name not in mask_files:
            raise ValueError(f"{Path(masks) / name}.png is missing; expected a mask for each picture")

    pictures, squares, numbers = [], [], set()
    for name in names:
        pixels = open_pixels(picture_files[name], channels)
        mask = open_mask(mask_files[name], *pixels.shape[:2], classes, ignore)
        numbers |= set(np.unique(mask).tolist())
        pictures.append(letterboxed_picture(pixels, size))
        squares.append(letterboxed_mask(mask, size, bars=ignore))
    # Black and white masks would pass for ground and pixels to ignore.
    if not numbers - {0, ignore}:
        found = " and ".join(map(str, sorted(numbers)))
        raise ValueError(
            f"masks is {masks!r}; expected pixels of {', '.join(classes)} in it, 1 to {len(classes)}, found only {found}"
        )
    return Scenes(
        torch.from_numpy(channels_first(pictures)),
        tuple(torch.zeros(0, 4) for _ in names),
        tuple(torch.zeros(0, dtype=torch.int64) for _ in names),
        torch.from_numpy(np.stack(squares)),
        classes,
    )
