"""PhotoFilter: one kernel over a photograph (chapter ``convolution``, and the book's first page)."""

import numpy as np
import traitlets

from cnnbook.figures.figure import Figure
from cnnbook.figures.picture import Picture, cat_url

_PRESETS = [
    "identity", "vertical edges", "horizontal edges", "blur", "sharpen", "green spots", "corners", "custom",
]  # fmt: skip
_NUMBER_LIMIT = 1000
_LONGEST_SIDE = 256  # pixels; photo_filter.js reduces a reader's picture to as much


class PhotoFilter(Figure):
    """A photograph, a kernel that can be edited, and the map that the kernel makes of the photograph.

    >>> PhotoFilter(kernel_preset="green spots").per_channel
    True
    >>> PhotoFilter(weight=[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]).kernel_preset
    'custom'

    Pixel values are 0 to 255. The map is what ``torch.nn.functional.conv2d`` computes without padding: of
    the picture as grey (one channel, Pillow's ``convert("L")``), or with ``per_channel`` of its red, green
    and blue, each with a kernel of its own, the three results summed, as
    ``Conv2d(3, 1, kernel_size, bias=False)`` does. One kernel serves all three channels; three kernels act on
    a grey picture as their sum.

    A picture that the reader opens in the page stays there: it is not sent to Python.

    Args:
        kernel_preset: a named kernel, or ``"custom"`` for ``weight``. By default ``"vertical edges"``, or
            ``"custom"`` where a weight is given.
        kernel_size: 3 or 5; by default the size of ``weight``, else 3.
        weight: ``(K, K)`` numbers from -1000 to 1000, or ``(3, K, K)`` for red, green and blue; K is 3 or 5.
            Shown at another ``kernel_size``, it is cropped or surrounded by zeros.
        per_channel: whether the kernels see red, green and blue or grey; by default true for
            ``"green spots"`` and for a weight of three kernels.
        relu: whether negative outputs become 0.
        stride: 1 to 4.
        row, column: the pixel of the picture at the middle of the magnified window.
        image: a picture as a data URL; the book's cat, 160 pixels high, unless given. The page reduces a
            larger one to 256 pixels on its longest side.

    Raises:
        traitlets.TraitError: for a value out of bounds, or an image that is no picture.
        ValueError: for a ``weight`` of another shape, or with a number that is not finite or too large.
    """

    kernel_preset = traitlets.Enum(_PRESETS).tag(sync=True)
    kernel_size = traitlets.Enum([3, 5]).tag(sync=True)
    weight = traitlets.List().tag(sync=True)
    per_channel = traitlets.Bool().tag(sync=True)

    relu = traitlets.Bool(False).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=4).tag(sync=True)

    row = traitlets.Int(58, min=0, max=_LONGEST_SIDE - 1).tag(sync=True)
    column = traitlets.Int(71, min=0, max=_LONGEST_SIDE - 1).tag(sync=True)

    image = Picture().tag(sync=True)

    @traitlets.default("kernel_preset")
    def _kernel_preset(self):
        return "custom" if self.weight else "vertical edges"

    @traitlets.default("kernel_size")
    def _kernel_size(self):
        return len(self.weight[-1]) if self.weight else 3

    @traitlets.default("per_channel")
    def _per_channel(self):
        return np.ndim(self.weight) == 3 or self.kernel_preset == "green spots"

    @traitlets.default("image")
    def _image(self):
        return cat_url(160)

    @traitlets.validate("weight")
    def _validate_weight(self, proposal):
        try:
            weight = np.array(proposal["value"], float)
        except (TypeError, ValueError):
            message = f"weight is {proposal['value']!r}; expected rows of numbers, equally long"
            raise ValueError(message) from None
        if weight.shape not in [(0,), (3, 3), (5, 5), (3, 3, 3), (3, 5, 5)]:
            raise ValueError(f"weight has shape {weight.shape}; expected (K, K) or (3, K, K) with K 3 or 5")
        wrong = weight[~(np.abs(weight) <= _NUMBER_LIMIT)]
        if wrong.size:
            raise ValueError(
                f"weight holds {wrong[0]}; expected finite numbers from -{_NUMBER_LIMIT} to {_NUMBER_LIMIT}"
            )
        return weight.tolist()
