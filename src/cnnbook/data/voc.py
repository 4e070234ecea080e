"""Folders in the format of Pascal VOC: pictures of the reader's own, with boxes, and with masks if there are."""

from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from cnnbook.data.folders import (
    PICTURES,
    channels_first,
    check_form,
    files_by_name,
    fit,
    letterboxed_mask,
    letterboxed_picture,
    names_of_classes,
    open_mask,
    open_pixels,
)
from cnnbook.data.scenes import Scenes


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

    check_form(size, channels)
    if not isinstance(path, (str, Path)) or not all(
        (Path(path) / part).is_dir() for part in ("JPEGImages", "Annotations")
    ):
        raise ValueError(f"path is {path!r}; expected a folder that holds JPEGImages and Annotations")
    folder = Path(path)
    pictures = files_by_name(folder / "JPEGImages", PICTURES)
    annotations = files_by_name(folder / "Annotations", (".xml",))
    names = sorted({*pictures, *annotations}) if split is None else _names_in_split(folder, split)
    if not names:
        raise ValueError(f"path is {path!r}; expected pictures and annotations in it, found none")
    for name in names:
        if name not in pictures:
            raise ValueError(f"{folder / 'JPEGImages' / name}.jpg is missing, and so is .png; expected one")
        if name not in annotations:
            raise ValueError(f"{folder / 'Annotations' / name}.xml is missing; expected one for each picture")
    classes = _names_in(annotations.values()) if classes is None else names_of_classes(classes)
    mask_files = {name: folder / "SegmentationClass" / f"{name}.png" for name in names}
    with_masks = all(file.is_file() for file in mask_files.values())

    images, boxes, labels, masks = [], [], [], []
    for name in names:
        pixels = open_pixels(pictures[name], channels)
        height, width = pixels.shape[:2]
        objects = [
            thing for thing in _annotated(annotations[name], height, width, classes) if not thing.difficult
        ]
        images.append(letterboxed_picture(pixels, size))
        edges = np.array([thing.edges for thing in objects]).reshape(-1, 4)
        boxes.append(torch.from_numpy(_boxes_in_letterbox(edges, height, width, size)))
        labels.append(torch.tensor([classes.index(thing.name) for thing in objects], dtype=torch.int64))
        if with_masks:
            masks.append(letterboxed_mask(open_mask(mask_files[name], height, width, classes), size, bars=0))
    return Scenes(
        torch.from_numpy(channels_first(images)),
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


def _names_in(annotations):
    """The names of all objects, sorted."""
    found = tuple(sorted({thing.name for file in annotations for thing in _read_annotation(file)[1]}))
    if not found:
        raise ValueError("classes is None, and no annotation has an object; expected the names of classes")
    return found


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


def _boxes_in_letterbox(edges, height, width, size):
    rows, cols, top, left = fit(height, width, size)
    boxes = edges - [1, 1, 0, 0]  # from VOC's counting to edges
    return (boxes * ([cols / width, rows / height] * 2) + ([left, top] * 2)).astype(np.float32)
