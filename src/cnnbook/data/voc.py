"""Folders in the format of Pascal VOC: pictures of the reader's own, with boxes, and with masks if there are."""

from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from cnnbook.data.pictures import open_picture
from cnnbook.data.scenes import Scenes

_SUFFIXES = ".jpg", ".jpeg", ".png"
_BARS = 128  # the grey beside a picture that is not square
_IGNORE = 255  # VOC's number for pixels on the rim of an object, which count for no class


class _Object(NamedTuple):
    name: str
    difficult: bool
    edges: tuple[float, ...]  # xmin, ymin, xmax, ymax as VOC counts: from 1, the last pixel included


def voc_folder(path, *, split=None, classes=None, size=96, channels=1) -> Scenes:
    """Scenes out of a folder in the format of Pascal VOC, which most tools for drawing boxes can write.

    >>> scenes = voc_folder("VOCdevkit/VOC2007", split="train", channels=3)  # doctest: +SKIP
    >>> scenes.images.shape, scenes.boxes[0].shape, scenes.classes[:2]  # doctest: +SKIP
    (torch.Size([2501, 3, 96, 96]), torch.Size([1, 4]), ('aeroplane', 'bicycle'))

    The folder holds ``JPEGImages/NAME.jpg`` (or ``.png``) and ``Annotations/NAME.xml``. It may hold
    ``ImageSets/Main/SPLIT.txt``, with a NAME a line, and ``SegmentationClass/NAME.png``, whose palette indices are
    0 for the ground, 1 for the first class, and so on, and 255 for pixels that count for no class.

    Each picture is scaled until it just fits the square, its height to width kept, and stands in its middle between
    grey bars. Boxes and masks go with it. A picture of ``size`` × ``size`` stays as it is. Objects marked
    ``difficult`` are left out, as in the VOC benchmark.

    Args:
        path: the folder.
        split: whose names to read, in that order; None for every picture, sorted by name.
        classes: their names, in the order of the labels; None for all names in ``Annotations``, sorted, which gives
            every split the same labels. Masks of a folder with some of VOC's twenty classes need all twenty here.
        size: height and width of the scenes, in pixels.
        channels: 1 for grey, 3 for RGB.

    Returns:
        boxes and labels in the order of the file. Masks if each of the pictures has one, else None; 255 stays 255,
        and bars are ground.

    Raises:
        ValueError: an argument is not as said above; or a file, which the message names, is missing, broken, or
            does not fit the others: a box outside its picture or inside out, an object without name or box or of
            an unknown class, a picture of another size than its annotation says or than its mask.

    Source: Everingham et al., "The Pascal Visual Object Classes (VOC) Challenge" (2010); the format is described in
    its development kit. Used in the chapter ``detection``.
    """
    import torch

    if type(size) is not int or size < 1:
        raise ValueError(f"size is {size!r}; expected a whole number of at least 1")
    if channels not in (1, 3):
        raise ValueError(f"channels is {channels!r}; expected 1 or 3")
    if not isinstance(path, (str, Path)) or not all(
        (Path(path) / part).is_dir() for part in ("JPEGImages", "Annotations")
    ):
        raise ValueError(f"path is {path!r}; expected a folder that holds JPEGImages and Annotations")
    folder = Path(path)
    pictures = {
        file.stem: file for file in (folder / "JPEGImages").iterdir() if file.suffix.lower() in _SUFFIXES
    }
    annotations = {file.stem: file for file in (folder / "Annotations").glob("*.xml")}
    names = sorted({*pictures, *annotations}) if split is None else _names_in_split(folder, split)
    if not names:
        raise ValueError(f"path is {path!r}; expected pictures and annotations in it, found none")
    for name in names:
        if name not in pictures:
            raise ValueError(f"{folder / 'JPEGImages' / name}.jpg is missing, and so is .png; expected one")
        if name not in annotations:
            raise ValueError(f"{folder / 'Annotations' / name}.xml is missing; expected one for each picture")
    classes = _names_of_classes(classes, annotations.values())
    mask_files = {name: folder / "SegmentationClass" / f"{name}.png" for name in names}
    with_masks = all(file.is_file() for file in mask_files.values())

    images, boxes, labels, masks = [], [], [], []
    for name in names:
        pixels = open_picture(pictures[name])
        if channels == 1:
            pixels = np.asarray(Image.fromarray(pixels).convert("L"))
        height, width = pixels.shape[:2]
        objects = [
            thing for thing in _annotated(annotations[name], height, width, classes) if not thing.difficult
        ]
        images.append(_letterboxed(pixels, size, _BARS, Image.Resampling.BILINEAR))
        edges = np.array([thing.edges for thing in objects]).reshape(-1, 4)
        boxes.append(torch.from_numpy(_boxes_in_letterbox(edges, height, width, size)))
        labels.append(torch.tensor([classes.index(thing.name) for thing in objects], dtype=torch.int64))
        if with_masks:
            mask = _open_mask(mask_files[name], height, width, classes)
            masks.append(_letterboxed(mask, size, 0, Image.Resampling.NEAREST))
    layout = np.stack(images).reshape(len(names), size, size, channels).transpose(0, 3, 1, 2)
    return Scenes(
        torch.from_numpy(np.ascontiguousarray(layout)),
        tuple(boxes),
        tuple(labels),
        torch.from_numpy(np.stack(masks)) if with_masks else None,
        classes,
    )


def _names_in_split(folder, split):
    file = folder / "ImageSets/Main" / f"{split}.txt"
    if not file.is_file():
        raise ValueError(f"split is {split!r}; expected a list of names in {file}, which is missing")
    # Some editors begin a file with a byte order mark, which is no part of the first name.
    names = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    if not names:
        raise ValueError(f"{file} is empty; expected a name a line")
    return names


def _names_of_classes(classes, annotations):
    if classes is None:
        found = tuple(sorted({thing.name for file in annotations for thing in _read_annotation(file)[1]}))
        if not found:
            raise ValueError(
                "classes is None, and no annotation has an object; expected the names of classes"
            )
        return found
    if isinstance(classes, str) or not all(isinstance(name, str) for name in classes):
        raise ValueError(f"classes is {classes!r}; expected a tuple of names")
    if not classes or len(set(classes)) < len(classes):
        raise ValueError(f"classes is {classes!r}; expected at least one name, and none twice")
    return tuple(classes)


class _WithoutDoctype(ElementTree.TreeBuilder):
    """Stops where a document type begins: entities, which can fetch files or grow without end, are declared there."""

    def doctype(self, name, public, system):
        raise ValueError("it declares a document type; expected none")


def _read_annotation(file):
    """The width and height that the file says, None if it says none; and its objects."""
    try:
        root = ElementTree.fromstring(
            file.read_bytes(), parser=ElementTree.XMLParser(target=_WithoutDoctype())
        )
        if root.tag != "annotation":
            raise ValueError(f"it holds <{root.tag}>; expected <annotation>")
        size = root.find("size")
        stated = None if size is None else (_number(size, "width"), _number(size, "height"))
        return stated, [_read_object(element) for element in root.iterfind("object")]
    # Expat says LookupError or ValueError to an encoding that it does not know.
    except (ElementTree.ParseError, LookupError, ValueError) as problem:
        raise ValueError(f"{file} cannot be read as an annotation: {problem}") from problem


def _read_object(element):
    # Only direct children are read: a person's head and hands are <part>s with names and boxes of their own.
    name = element.findtext("name", "").strip()
    if not name:
        raise ValueError("an object has no <name>; expected one")
    box = element.find("bndbox")
    if box is None:
        raise ValueError(f"an object {name!r} has no <bndbox>; expected one")
    edges = tuple(_number(box, edge) for edge in ("xmin", "ymin", "xmax", "ymax"))
    return _Object(name, element.findtext("difficult", "").strip() == "1", edges)


def _number(parent, tag):
    text = parent.findtext(tag, "")
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"<{tag}> in <{parent.tag}> is {text!r}; expected a number") from None


def _annotated(file, height, width, classes):
    """The objects of a picture, after a look at whether they can be its own."""
    stated, objects = _read_annotation(file)
    if stated not in (None, (width, height)):
        raise ValueError(
            f"{file} says that its picture is {stated[0]:g} wide and {stated[1]:g} high; expected {width} and {height}"
        )
    for name, _, (xmin, ymin, xmax, ymax) in objects:
        if name not in classes:
            raise ValueError(f"{file} has an object {name!r}; expected one of {', '.join(classes)}")
        if not (1 <= xmin <= xmax <= width and 1 <= ymin <= ymax <= height):
            raise ValueError(
                f"{file} has a box with xmin {xmin:g}, ymin {ymin:g}, xmax {xmax:g}, ymax {ymax:g}; expected "
                f"1 <= xmin <= xmax <= {width} and 1 <= ymin <= ymax <= {height} (VOC counts pixels from 1)"
            )
    return objects


def _open_mask(file, height, width, classes):
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
    strange = mask[(mask > len(classes)) & (mask != _IGNORE)]
    if strange.size:
        raise ValueError(
            f"{file} holds the number {strange.max()}; expected 0 to {len(classes)} for the ground and "
            f"{', '.join(classes)}, or {_IGNORE}"
        )
    return mask


def _fit(height, width, size):
    """Height and width of a picture that just fits the square, and its first row and column there."""
    rows, cols = (max(1, round(side * size / max(height, width))) for side in (height, width))
    return rows, cols, (size - rows) // 2, (size - cols) // 2


def _letterboxed(pixels, size, bars, resampling):
    rows, cols, top, left = _fit(*pixels.shape[:2], size)
    square = np.full((size, size, *pixels.shape[2:]), bars, np.uint8)
    # Pillow copies a picture that has the wanted size already, so nothing is resampled then.
    square[top : top + rows, left : left + cols] = Image.fromarray(pixels).resize((cols, rows), resampling)
    return square


def _boxes_in_letterbox(edges, height, width, size):
    rows, cols, top, left = _fit(height, width, size)
    boxes = edges - [1, 1, 0, 0]  # from VOC's counting to edges
    return (boxes * ([cols / width, rows / height] * 2) + ([left, top] * 2)).astype(np.float32)
