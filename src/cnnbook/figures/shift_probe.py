"""ShiftProbe: a garment is moved, and trained networks say what they see (chapter ``fully_connected``)."""

import traitlets

from cnnbook.figures.figure import Figure
from cnnbook.figures.network import Network, check_labels, output_shape
from cnnbook.figures.picture import GreyImages

_FARTHEST = 6  # pixels that a garment moves to each side
_MOST_NETWORKS = 3
_MOST_IMAGES = 20


class ShiftProbe(Figure):
    """Trained networks, live in the page, on a garment that the reader drags about a canvas.

    >>> probe = ShiftProbe(
    ...     networks={"fully connected": as_arrays(fc), "CNN": as_arrays(cnn)},
    ...     images=images, labels=[9, 2], classes=classes, dx=3,
    ... )
    >>> probe.canvas_size, probe.dx, probe.dy
    (40, 3, 0)

    Beside the garment stand the probabilities of all classes, for each network; below them that of the garment's own
    class at every dx. The networks see pixels from 0 to 1: the bytes of the canvas divided by 255.

    Args:
        networks: one to three, by the names that the reader sees: what `cnnbook.nets.as_arrays` makes of a network
            of one input channel.
        images: uint8, ``(n, height, width)``, one to twenty: the garments.
        labels: for each image the number of its class.
        classes: the names of the classes, one for each of a network's outputs.
        canvas_size: height and width of the canvas, whose rest is black. Where a side of the canvas and of the image
            differ by an odd number, the image stands nearer to the top, or to the left.
        image: the garment at hand.
        dx, dy: pixels that it stands to the right of the middle and below it, -6 to 6. What goes over the edge is
            cut off.

    The networks, the images and their names stay as they are made; the rest Python can set.

    Raises:
        traitlets.TraitError: for a value out of bounds.
        ValueError: for a network that does not take the canvas or has another number of outputs than there are
            classes, for images larger than the canvas, or labels that do not fit.

    The experiment is that of Azulay and Weiss, "Why do deep convolutional networks generalize so poorly to small image
    transformations?" (2019), figure 1, with smaller networks.
    """

    networks = traitlets.Dict(Network(), key_trait=traitlets.Unicode()).tag(sync=True)
    images = GreyImages().tag(sync=True)
    labels = traitlets.List(traitlets.Int()).tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    canvas_size = traitlets.Int(40, min=8, max=64).tag(sync=True)

    image = traitlets.Int(0, min=0).tag(sync=True)
    dx = traitlets.Int(0, min=-_FARTHEST, max=_FARTHEST).tag(sync=True)
    dy = traitlets.Int(0, min=-_FARTHEST, max=_FARTHEST).tag(sync=True)

    def __init__(self, *, networks, images, labels, classes, **kwargs):
        super().__init__(networks=networks, images=images, labels=labels, classes=classes, **kwargs)
        if not 1 <= len(self.networks) <= _MOST_NETWORKS:
            raise ValueError(f"there are {len(self.networks)} networks; expected 1 to {_MOST_NETWORKS}")
        count, height, width = self.images.shape
        if count > _MOST_IMAGES or max(height, width) > self.canvas_size:
            raise ValueError(
                f"images has shape {self.images.shape}; expected at most {_MOST_IMAGES}, none larger than the "
                f"canvas, {self.canvas_size} × {self.canvas_size}"
            )
        for name, layers in self.networks.items():
            outputs = output_shape(layers, (1, self.canvas_size, self.canvas_size))
            if outputs != (len(self.classes), 1, 1):
                raise ValueError(
                    f"network {name!r} makes {outputs} of the canvas; expected {len(self.classes)} classes"
                )
        check_labels(self.labels, self.images, self.classes)

    @traitlets.validate("image")
    def _validate_image(self, proposal):
        image, count = proposal["value"], len(self.images)
        if image >= count:
            raise traitlets.TraitError(f"image is {image}; expected a number below {count}")
        return image
