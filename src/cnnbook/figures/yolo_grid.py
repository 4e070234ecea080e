"""YoloGrid: garments are moved in a scene, and a detector says what it sees, cell by cell (chapter ``detection``)."""

import traitlets

from cnnbook.figures.figure import Figure
from cnnbook.figures.garments import GarmentScene, below
from cnnbook.figures.network import Network, output_shape


class YoloGrid(GarmentScene, Figure):
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

    row = traitlets.Int(min=0).tag(sync=True)
    column = traitlets.Int(min=0).tag(sync=True)
    confidence = traitlets.Float(0.3, min=0, max=1).tag(sync=True)
    iou_threshold = traitlets.Float(0.5, min=0, max=1).tag(sync=True)
    confidence_map = traitlets.Bool(False).tag(sync=True)
    suppressed = traitlets.Bool(False).tag(sync=True)
    truth = traitlets.Bool(False).tag(sync=True)

    def __init__(self, *, network, grounds, classes, **kwargs):
        cls = type(self)  # here the traits stand for themselves
        network = cls.network.validate(self, network)
        grounds = cls.grounds.validate(self, grounds)
        self._grid = _grid_of(network, grounds, classes)
        super().__init__(network=network, grounds=grounds, classes=classes, **kwargs)

    @traitlets.default("row")
    def _row(self):
        return self.last_middle()[0] * self._grid[0] // self.grounds.shape[1]

    @traitlets.default("column")
    def _column(self):
        return self.last_middle()[1] * self._grid[1] // self.grounds.shape[2]

    @traitlets.validate("row")
    def _validate_row(self, proposal):
        return below("row", proposal["value"], self._grid[0])

    @traitlets.validate("column")
    def _validate_column(self, proposal):
        return below("column", proposal["value"], self._grid[1])


def _grid_of(network, grounds, classes):
    """The rows and columns of cells that the network answers for."""
    _, height, width = grounds.shape
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
