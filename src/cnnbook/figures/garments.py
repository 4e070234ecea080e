"""Garments that the reader moves in a scene: what `YoloGrid` and `SegmentationLab` have in common."""

import base64

import numpy as np
import traitlets

from cnnbook.figures.picture import GreyImages
from cnnbook.shapes import is_integer

_MOST_CUTOUTS = 6
_MOST_GROUNDS = 4
_LARGEST_SCENE = 128  # pixels of a side


class Cutouts(traitlets.TraitType):
    """A trait that holds objects cut out of their pictures, such as `cnnbook.data.Cutout`.

    >>> Cutouts.packed([(np.full((1, 2), 255, np.uint8), np.array([[True, False]]), 3, 0, 0)])
    [{'shape': [1, 2], 'pixels': '//8=', 'opaque': 'AQA=', 'label': 3}]

    Each is ``(pixels, opaque, label, row, col)``: uint8 and bool, both ``(height, width)``, and three whole numbers.

    Raises:
        ValueError: for anything else; the message names the cut-out.

    Used by `GarmentScene`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.tag(to_json=lambda value, widget: self.packed(value))

    def validate(self, obj, value):
        if not isinstance(value, list | tuple):
            raise ValueError(f"{self.name} is {value!r}; expected a list of cut-outs")
        for number, cutout in enumerate(value):
            if not isinstance(cutout, tuple):
                raise ValueError(f"{self.name}[{number}] is {cutout!r}; expected a tuple, such as a Cutout")
            if len(cutout) != 5:
                raise ValueError(
                    f"{self.name}[{number}] has {len(cutout)} parts; expected pixels, opaque, label, row, col"
                )
            for part, at in zip(("label", "row", "col"), cutout[2:], strict=True):
                if not is_integer(at):
                    raise ValueError(f"{self.name}[{number}] has {part} {at!r}; expected a whole number")
            pixels, opaque = map(np.asarray, cutout[:2])
            if pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.size == 0:
                raise ValueError(
                    f"{self.name}[{number}] has pixels of {pixels.dtype} {pixels.shape}; expected uint8 (height, width)"
                )
            if opaque.dtype != bool or opaque.shape != pixels.shape or not opaque.any():
                raise ValueError(
                    f"{self.name}[{number}] has opaque of {opaque.dtype} {opaque.shape} with {opaque.sum()} set; "
                    f"expected bool {pixels.shape} with some"
                )
        return [*value]

    @staticmethod
    def packed(cutouts):
        return [
            {
                "shape": list(pixels.shape),
                "pixels": base64.b64encode(pixels.tobytes()).decode("ascii"),
                "opaque": base64.b64encode(opaque.tobytes()).decode("ascii"),
                "label": int(label),
            }
            for pixels, opaque, label, _, _ in cutouts
        ]


class GarmentScene(traitlets.HasTraits):
    """The traits of a figure whose reader moves garments in a scene; the page's part stands in ``garments.js``.

    >>> garments = [(np.zeros((40, 24), np.uint8), np.ones((40, 24), bool), 1, 12, 50)]
    >>> scene = GarmentScene(grounds=np.zeros((1, 80, 96), np.uint8), cutouts=garments, classes=["Bag", "Dress"])
    >>> scene.places, scene.order
    ([[12, 50]], [0])

    Args:
        grounds: uint8, ``(n, height, width)``, one to four: empty scenes, one of which is shown. No side is longer than
            128 pixels.
        cutouts: one to six garments, such as `cnnbook.data.Cutout`; the first behind all others.
        classes: the names of the classes.
        ground: the number of the scene.
        places: for each cut-out the row and the column of its upper left corner; it lies wholly inside. By default as
            the cut-outs say.
        order: the numbers of the cut-outs in the scene, from the back to the front; the others are taken out.

    Raises:
        traitlets.TraitError: for a value out of bounds.
        ValueError: for cut-outs that do not fit the scene or the classes.

    Used by `YoloGrid` and `SegmentationLab`.
    """

    grounds = GreyImages().tag(sync=True)
    cutouts = Cutouts().tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)

    ground = traitlets.Int(0, min=0).tag(sync=True)
    places = traitlets.List(traitlets.List(traitlets.Int(), minlen=2, maxlen=2)).tag(sync=True)
    order = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, *, grounds, cutouts, classes, **kwargs):
        cls = type(self)  # here the traits stand for themselves
        grounds = cls.grounds.validate(self, grounds)
        cutouts = cls.cutouts.validate(self, cutouts)
        _check_grounds(grounds)
        _check_cutouts(cutouts, grounds.shape[1:], classes)
        super().__init__(grounds=grounds, cutouts=cutouts, classes=classes, **kwargs)

    @traitlets.default("places")
    def _places(self):
        return [[int(row), int(col)] for *_, row, col in self.cutouts]

    @traitlets.default("order")
    def _order(self):
        return [*range(len(self.cutouts))]

    def last_middle(self):
        """The row and the column of the pixel in the middle of the last cut-out, where it stands at first."""
        pixels, _, _, row, col = self.cutouts[-1]
        return int(row) + pixels.shape[0] // 2, int(col) + pixels.shape[1] // 2

    @traitlets.validate("ground")
    def _validate_ground(self, proposal):
        return below("ground", proposal["value"], len(self.grounds))

    @traitlets.validate("order")
    def _validate_order(self, proposal):
        return distinct("order", proposal["value"], len(self.cutouts))

    @traitlets.validate("places")
    def _validate_places(self, proposal):
        places, shapes = proposal["value"], [cutout[0].shape for cutout in self.cutouts]
        if len(places) != len(shapes):
            raise traitlets.TraitError(
                f"places has {len(places)} rows; expected {len(shapes)}, one a cut-out"
            )
        for place, shape in zip(places, shapes, strict=True):
            last = np.subtract(self.grounds.shape[1:], shape).tolist()
            if not all(0 <= at <= most for at, most in zip(place, last, strict=True)):
                raise traitlets.TraitError(f"places holds {place}; expected [0, 0] to {last}")
        return places


def below(name, value, count):
    """The value of a trait, if it is below a count.

    >>> below("row", 3, 10)
    3
    """
    if value >= count:
        raise traitlets.TraitError(f"{name} is {value}; expected a number below {count}")
    return value


def distinct(name, numbers, count):
    """The value of a trait, if it holds whole numbers below a count, each at most once.

    >>> distinct("order", [2, 0], 3)
    [2, 0]
    """
    if len(set(numbers)) < len(numbers) or not set(numbers) <= set(range(count)):
        raise traitlets.TraitError(f"{name} is {numbers}; expected numbers below {count}, each at most once")
    return numbers


def _check_grounds(grounds):
    if len(grounds) > _MOST_GROUNDS or max(grounds.shape[1:]) > _LARGEST_SCENE:
        raise ValueError(
            f"grounds has shape {grounds.shape}; expected at most {_MOST_GROUNDS}, no side above {_LARGEST_SCENE}"
        )


def _check_cutouts(cutouts, scene, classes):
    if not 1 <= len(cutouts) <= _MOST_CUTOUTS:
        raise ValueError(f"there are {len(cutouts)} cutouts; expected 1 to {_MOST_CUTOUTS}")
    for number, (pixels, _, label, row, col) in enumerate(cutouts):
        if not 0 <= label < len(classes):
            raise ValueError(f"cutouts[{number}] has label {label}; expected 0 to {len(classes) - 1}")
        if min(row, col) < 0 or row + pixels.shape[0] > scene[0] or col + pixels.shape[1] > scene[1]:
            raise ValueError(
                f"cutouts[{number}], {pixels.shape[0]} × {pixels.shape[1]}, stands at row {row}, column {col}; "
                f"expected it inside of the scene, {scene[0]} × {scene[1]}"
            )
