"""ChannelExplorer: many channels in, many out (chapter ``stride_padding``, section on channels)."""

import traitlets

from cnnbook.figures.figure import Figure
from cnnbook.figures.picture import Picture, cat_url

_LONGEST_SIDE = 128  # pixels; channel_explorer.js reduces a picture to as much


class ChannelExplorer(Figure):
    """Which input channel feeds which output channel, through which kernel, and what that costs.

    >>> explorer = ChannelExplorer(in_channels=4, out_channels=8, groups=2)
    >>> explorer.bias
    True

    The layer is ``Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, groups=groups)``,
    or with ``depthwise_separable`` two layers: one kernel for each channel (``groups=in_channels``), then a
    1 x 1 convolution that mixes the channels. Pixel values are 0 to 255. The weights are fixed detectors,
    named in the figure, and output channel ``i`` has bias ``i + 1``.

    Args:
        in_channels: 1 to 8. The first three are the picture's red, green and blue; the others are maps as an
            earlier layer would make them: grey, grey blurred, and three maps of edges.
        out_channels: 1 to 8.
        kernel_size: 1, 3 or 5.
        groups: 1 to 8; where it does not divide both numbers of channels, the page says so and draws no
            output. A depthwise separable layer has its own groups.
        depthwise_separable: whether the layer is split in two.
        bias: whether every layer has biases, as ``torch.nn.Conv2d``'s ``bias``.
        output_channel: which output is taken apart, from 0; the last one where there are fewer.
        row, column: at which pixel.
        image: a picture as a data URL; the book's cat, 80 pixels high, unless given. The page reduces a
            larger one to 128 pixels on its longest side.

    Raises:
        traitlets.TraitError: for a value out of bounds, or an image that is no picture.

    Groups are those of Krizhevsky et al. (2012), section 3.5; depthwise separable layers of Howard et al.
    (2017), section 3.1.
    """

    in_channels = traitlets.Int(3, min=1, max=8).tag(sync=True)
    out_channels = traitlets.Int(4, min=1, max=8).tag(sync=True)
    kernel_size = traitlets.Enum([1, 3, 5], 3).tag(sync=True)
    groups = traitlets.Int(1, min=1, max=8).tag(sync=True)
    depthwise_separable = traitlets.Bool(False).tag(sync=True)
    bias = traitlets.Bool(True).tag(sync=True)

    output_channel = traitlets.Int(0, min=0, max=7).tag(sync=True)
    row = traitlets.Int(29, min=0, max=_LONGEST_SIDE - 1).tag(sync=True)
    column = traitlets.Int(35, min=0, max=_LONGEST_SIDE - 1).tag(sync=True)

    image = Picture().tag(sync=True)

    @traitlets.default("image")
    def _image(self):
        return cat_url(80)
