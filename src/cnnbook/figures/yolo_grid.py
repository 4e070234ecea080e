"""YoloGrid: garments are moved in a scene, and a detector says what it sees, cell by cell (chapter ``detection``)."""

import base64

import numpy as np
import traitlets

from cnnbook.figures.figure import Figure
from cnnbook.figures.network import Network, output_shape
from cnnbook.figures.picture import GreyImages

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

    Used by `YoloGrid`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.tag(to_json=lambda value, widget: self.packed(value))

    def validate(self, obj, value):
        cutouts = [tuple(cutout) for cutout in value]
        for number, cutout in enumerate(cutouts):
            if len(cutout) != 5:
                raise ValueError(
                    f"{self.name}[{number}] has {len(cutout)} parts; expected pixels, opaque, label, row, col"
                )
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
        return cutouts

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


class YoloGrid(Figure):
    """A YOLO, live in the page, on a scene whose garments the reader drags; each cell's answer step by step.

    >>> first, *_ = shop_window_pieces(1)
    >>> grid = YoloGrid(
    ...     network=as_arrays(net), grounds=first.ground[None], cutouts=first.cutouts, classes=classes, places=[[20, 30]]
    ... )
    >>> grid.order, grid.confidence, grid.iou_threshold
    ([0], 0.3, 0.5)

    The network sees pixels from 0 to 1: the bytes of the scene divided by 255. What it says is read as
    `cnnbook.nets.TinyYOLO` means it with ``modern=True``, and selected as by `cnnbook.training.detect`.

    Args:
        network: what `cnnbook.nets.as_arrays` makes of a network of one input channel, whose outputs are 5 numbers and
            one for each class, in each cell of a grid.
        grounds: uint8, ``(n, height, width)``, one to four: empty scenes, one of which is shown. Cells are square.
        cutouts: one to six garments, such as `cnnbook.data.Cutout`; the first behind all others.
        classes: the names of the classes.
        ground: the number of the scene.
        places: for each cut-out the row and the column of its upper left corner; it lies wholly inside. By default as
            the cut-outs say.
        order: the numbers of the cut-outs in the scene, from the back to the front; the others are taken out.
        row, column: the cell whose answer is shown. By default the one with the middle of the last cut-out.
        confidence: boxes with a lower score are left out, 0 to 1.
        iou_threshold: of two boxes of one class that overlap more than this, the one with the lower score is left out.
        confidence_map: whether the cells are shaded by their confidence.
        suppressed: whether boxes that were left out for their overlap are shown too.
        truth: whether the true boxes are shown too, tight round what is visible of each garment.

    The network, the grounds, the cut-outs and the names stay as they are made; the rest Python can set.

    Raises:
        traitlets.TraitError: for a value out of bounds.
        ValueError: for a network that does not take the scene or whose answer does not fit the classes, for cut-outs
            that do not fit the scene.

    The answer of a cell, and a box's score, are those of Redmon et al., "You Only Look Once" (2016), section 2.
    """

    network = Network().tag(sync=True)
    grounds = GreyImages().tag(sync=True)
    cutouts = Cutouts().tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)

    ground = traitlets.Int(0, min=0).tag(sync=True)
    places = traitlets.List(traitlets.List(traitlets.Int(), minlen=2, maxlen=2)).tag(sync=True)
    order = traitlets.List(traitlets.Int()).tag(sync=True)
    row = traitlets.Int(min=0).tag(sync=True)
    column = traitlets.Int(min=0).tag(sync=True)
    confidence = traitlets.Float(0.3, min=0, max=1).tag(sync=True)
    iou_threshold = traitlets.Float(0.5, min=0, max=1).tag(sync=True)
    confidence_map = traitlets.Bool(False).tag(sync=True)
    suppressed = traitlets.Bool(False).tag(sync=True)
    truth = traitlets.Bool(False).tag(sync=True)

    def __init__(self, *, network, grounds, cutouts, classes, **kwargs):
        cls = type(self)  # here the traits stand for themselves
        network = cls.network.validate(self, network)
        grounds = cls.grounds.validate(self, grounds)
        cutouts = cls.cutouts.validate(self, cutouts)
        scene = grounds.shape[1:]
        self._grid = _grid_of(network, grounds, classes)
        _check_cutouts(cutouts, scene, classes)
        pixels, _, _, *corner = cutouts[-1]
        middle = np.add(corner, np.divide(pixels.shape, 2))
        row, column = (middle * self._grid // scene).astype(int).tolist()
        own = {
            "places": [[int(cutout[3]), int(cutout[4])] for cutout in cutouts],
            "order": [*range(len(cutouts))],
            "row": row,
            "column": column,
        }
        given = {"network": network, "grounds": grounds, "cutouts": cutouts, "classes": classes}
        super().__init__(**given, **own | kwargs)

    @traitlets.validate("ground")
    def _validate_ground(self, proposal):
        return _below("ground", proposal["value"], len(self.grounds))

    @traitlets.validate("row")
    def _validate_row(self, proposal):
        return _below("row", proposal["value"], self._grid[0])

    @traitlets.validate("column")
    def _validate_column(self, proposal):
        return _below("column", proposal["value"], self._grid[1])

    @traitlets.validate("order")
    def _validate_order(self, proposal):
        order, count = proposal["value"], len(self.cutouts)
        if len(set(order)) < len(order) or not set(order) <= set(range(count)):
            raise traitlets.TraitError(f"order is {order}; expected numbers below {count}, each at most once")
        return order

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


def _grid_of(network, grounds, classes):
    """The rows and columns of cells that the network answers for."""
    count, height, width = grounds.shape
    if count > _MOST_GROUNDS or max(height, width) > _LARGEST_SCENE:
        raise ValueError(
            f"grounds has shape {grounds.shape}; expected at most {_MOST_GROUNDS}, no side above {_LARGEST_SCENE}"
        )
    channels, rows, cols = output_shape(network, (1, height, width))
    if channels != 5 + len(classes):
        raise ValueError(
            f"the network makes {channels} numbers a cell; expected {5 + len(classes)}, 5 and {len(classes)} classes"
        )
    if height * cols != width * rows:
        raise ValueError(
            f"the network has {rows} × {cols} cells for a scene of {height} × {width}; expected square cells"
        )
    return rows, cols


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


def _below(name, value, count):
    if value >= count:
        raise traitlets.TraitError(f"{name} is {value}; expected a number below {count}")
    return value
