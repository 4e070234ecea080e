"""FeatureMaps: a trained network at work on a garment, map by map (chapter ``building_a_cnn``)."""

import numpy as np
import traitlets

from cnnbook.figures.figure import Figure
from cnnbook.figures.network import Network, check_labels, output_shape
from cnnbook.figures.picture import GreyImages

_FARTHEST = 6  # pixels that a garment moves to each side
_KINDS = (
    "conv2d",
    "relu",
    "max_pool2d",
    "global_avg_pool2d",
    "flatten",
    "linear",
)  # whose units feature_maps.js takes apart


class FeatureMaps(Figure):
    """A trained network, live in the page: a garment to move and draw on, every layer's maps, and each unit's sum.

    >>> net = SmallNet(widths=(16, 32, 32))
    >>> figure = FeatureMaps(
    ...     network=as_arrays(net), images=images, labels=[9, 2], classes=classes, layer=4, channel=5, row=3
    ... )
    >>> figure.image, figure.tool
    (0, 'move')

    The network sees pixels from 0 to 1: the bytes of the picture divided by 255. Rows, columns and channels count
    from 0.

    Args:
        network: what `cnnbook.nets.as_arrays` makes of a network of one input channel, a chain that makes nothing larger.
        images: uint8, ``(n, height, width)``: what the reader may choose from.
        labels: for each image the number of its class.
        classes: the names of the classes, one for each of the network's outputs.
        image: the image at hand; None for an empty canvas.
        dx, dy: pixels that image and drawing stand to the right and down, -6 to 6. What goes over the edge is kept
            and comes back.
        drawing: what is drawn over the image: ``[row, column, value]`` for each pixel that is, value 0 to 255. Row and
            column are the image's own, from -6 to 5 beyond its last.
        tool: what the pointer and the arrow keys do to the image: ``"move"``, ``"pen"`` or ``"eraser"``.
        layer: the layer whose unit is taken apart, 1 the first; flatten is not counted, as it only rearranges.
        channel, row, column: that unit; in a layer that has fewer, the last.
        input_channel: whose window, weights and products are shown; the last where there are fewer.

    The network, the images and their names stay as they are made; the rest Python can set.

    Raises:
        traitlets.TraitError: for a value out of bounds.
        ValueError: for a network that does not take the images, has another number of outputs than there are
            classes, or has skips or upsampling; for labels that do not fit, or a drawing that is none.

    The way from the whole network to one product follows CNN Explainer: Wang et al., "CNN Explainer: Learning
    Convolutional Neural Networks with Interactive Visualization" (2020).
    """

    network = Network().tag(sync=True)
    images = GreyImages().tag(sync=True)
    labels = traitlets.List(traitlets.Int()).tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)

    image = traitlets.Int(0, min=0, allow_none=True).tag(sync=True)
    dx = traitlets.Int(0, min=-_FARTHEST, max=_FARTHEST).tag(sync=True)
    dy = traitlets.Int(0, min=-_FARTHEST, max=_FARTHEST).tag(sync=True)
    drawing = traitlets.List().tag(sync=True)
    tool = traitlets.Enum(["move", "pen", "eraser"], "move").tag(sync=True)

    layer = traitlets.Int(1, min=1).tag(sync=True)
    channel = traitlets.Int(0, min=0).tag(sync=True)
    row = traitlets.Int(12, min=0).tag(sync=True)
    column = traitlets.Int(12, min=0).tag(sync=True)
    input_channel = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, *, network, images, labels, classes, **kwargs):
        super().__init__(network=network, images=images, labels=labels, classes=classes, **kwargs)
        for number, layer in enumerate(self.network, start=1):
            if layer["kind"] not in _KINDS:
                raise ValueError(
                    f"layer {number} of the network is {layer['kind']}; expected one of {', '.join(_KINDS)}"
                )
        _, height, width = self.images.shape
        outputs = output_shape(self.network, (1, height, width))
        if outputs != (len(self.classes), 1, 1):
            raise ValueError(f"the network makes {outputs} of an image; expected {len(self.classes)} classes")
        check_labels(self.labels, self.images, self.classes)

    @traitlets.validate("image")
    def _validate_image(self, proposal):
        image, count = proposal["value"], len(self.images)
        if image is not None and image >= count:
            raise traitlets.TraitError(f"image is {image}; expected None or a number below {count}")
        return image

    @traitlets.validate("drawing")
    def _validate_drawing(self, proposal):
        _, height, width = self.images.shape
        lowest = (-_FARTHEST, -_FARTHEST, 0)
        highest = (height - 1 + _FARTHEST, width - 1 + _FARTHEST, 255)
        for pixel in proposal["value"]:
            bounds = zip(lowest, pixel, highest, strict=True) if np.shape(pixel) == (3,) else [(0, -1, 0)]
            if not all(type(number) is int and low <= number <= high for low, number, high in bounds):
                raise ValueError(
                    f"drawing holds {pixel!r}; expected [row, column, value] from {lowest} to {highest}"
                )
        return proposal["value"]
