"""SegmentationLab: garments are moved in a scene, and trained networks name every pixel (chapter ``segmentation``)."""

import traitlets

from cnnbook.figures.figure import Figure
from cnnbook.figures.garments import GarmentScene, below, distinct
from cnnbook.figures.network import Network, output_shape

_MOST_NETWORKS = 2
_MOST_CLASSES = 5  # as many as there are colours


class SegmentationLab(GarmentScene, Figure):
    """One or two U-Nets, live in the page, on a scene whose garments the reader drags; each pixel's answer in numbers.

    >>> first, *_ = shop_window_pieces(1)
    >>> lab = SegmentationLab(
    ...     networks={"with skips": as_arrays(net), "without skips": as_arrays(other)},
    ...     grounds=first.ground[None], cutouts=first.cutouts, classes=classes, opacity=0.8,
    ... )
    >>> lab.order, lab.opacity, lab.mistakes
    ([0], 0.8, False)

    The networks see pixels from 0 to 1: the bytes of the scene divided by 255. Each pixel gets the class of the largest
    logit. The truth is what shows: the opaque pixels of the foremost cut-out, and the ground elsewhere.

    Args:
        networks: one or two, by the names that the reader sees: what `cnnbook.nets.as_arrays` makes of a network of one
            input channel whose outputs are as large as the scene, one for the ground and one for each class.
        grounds: uint8, ``(n, height, width)``, one to four: empty scenes, one of which is shown.
        cutouts: one to six garments, such as `cnnbook.data.Cutout`; the first behind all others.
        classes: the names of one to five classes, without the ground.
        ground: the number of the scene.
        places: for each cut-out the row and the column of its upper left corner; it lies wholly inside. By default as
            the cut-outs say.
        order: the numbers of the cut-outs in the scene, from the back to the front; the others are taken out.
        row, column: the pixel whose probabilities are shown. By default the middle of the last cut-out.
        opacity: of the predicted mask over the scene, 0 to 1.
        shown: the numbers of the classes whose colour the mask has. By default all.
        mistakes: whether the pixels whose class is wrong are hatched.

    The networks, the grounds, the cut-outs and the names stay as they are made; the rest Python can set.

    Raises:
        traitlets.TraitError: for a value out of bounds.
        ValueError: for a network that does not take the scene or whose answer does not fit it or the classes, for
            cut-outs that do not fit the scene.

    The comparison is that of Ronneberger et al., "U-Net" (2015), figure 1, with and without its "copy and crop"; IoU as
    in `cnnbook.masks.iou`, of this scene alone.
    """

    # Two U-Nets of 300 k parameters add less than 600 kB, gzipped, to a page so, and 999 of 1,000 pixels keep their class.
    networks = traitlets.Dict(Network(steps=3_600), key_trait=traitlets.Unicode()).tag(sync=True)

    row = traitlets.Int(min=0).tag(sync=True)
    column = traitlets.Int(min=0).tag(sync=True)
    opacity = traitlets.Float(0.6, min=0, max=1).tag(sync=True)
    shown = traitlets.List(traitlets.Int()).tag(sync=True)
    mistakes = traitlets.Bool(False).tag(sync=True)

    def __init__(self, *, networks, grounds, classes, **kwargs):
        cls = type(self)  # here the traits stand for themselves
        networks = cls.networks.validate(self, networks)
        grounds = cls.grounds.validate(self, grounds)
        _check_networks(networks, grounds, classes)
        super().__init__(networks=networks, grounds=grounds, classes=classes, **kwargs)

    @traitlets.default("row")
    def _row(self):
        return self.last_middle()[0]

    @traitlets.default("column")
    def _column(self):
        return self.last_middle()[1]

    @traitlets.default("shown")
    def _shown(self):
        return [*range(len(self.classes))]

    @traitlets.validate("row")
    def _validate_row(self, proposal):
        return below("row", proposal["value"], self.grounds.shape[1])

    @traitlets.validate("column")
    def _validate_column(self, proposal):
        return below("column", proposal["value"], self.grounds.shape[2])

    @traitlets.validate("shown")
    def _validate_shown(self, proposal):
        return distinct("shown", proposal["value"], len(self.classes))


def _check_networks(networks, grounds, classes):
    if not 1 <= len(networks) <= _MOST_NETWORKS:
        raise ValueError(f"there are {len(networks)} networks; expected 1 to {_MOST_NETWORKS}")
    if not 1 <= len(classes) <= _MOST_CLASSES:
        raise ValueError(f"there are {len(classes)} classes; expected 1 to {_MOST_CLASSES}")
    expected = 1 + len(classes), *grounds.shape[1:]
    for name, layers in networks.items():
        made = output_shape(layers, (1, *grounds.shape[1:]))
        if made != expected:
            raise ValueError(
                f"network {name!r} makes {made} of the scene; expected {expected}: the ground and {len(classes)} classes"
            )
