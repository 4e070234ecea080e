"""ParameterCounter: what the wiring of a layer costs (chapter ``fully_connected``, "The parameters explode")."""

import traitlets

from cnnbook.figures.figure import Figure


class ParameterCounter(Figure):
    """Counts the parameters of one layer, wired three ways, and draws the three wirings.

    >>> counter = ParameterCounter(image_size=224, in_channels=3, units=6644)
    >>> counter.units
    6644

    The fully connected layer is ``torch.nn.Linear(image_size * image_size * in_channels, units)``. The
    convolution is ``torch.nn.Conv2d(in_channels, out_channels, kernel_size, padding="same")``. The locally
    connected layer has the convolution's outputs, but weights of its own for every one of them.

    Args:
        image_size: height and width of the image, 8 to 512 pixels.
        in_channels: channels of the image, 1 to 16.
        units: outputs of the fully connected layer, 1 to 150,528, the numbers of a 224 by 224 RGB image.
        kernel_size: height and width of the window, 1 to 11.
        out_channels: filters of the convolution, 1 to 512.
        wiring: what the sentence counts and the drawing shows: ``"fully connected"``,
            ``"locally connected"`` or ``"shared weights"``.

    Raises:
        traitlets.TraitError: for a value out of bounds.

    The argument from full to local to shared weights follows LeCun (1989), "Generalization and network design
    strategies".
    """

    image_size = traitlets.Int(224, min=8, max=512).tag(sync=True)
    in_channels = traitlets.Int(3, min=1, max=16).tag(sync=True)
    units = traitlets.Int(1000, min=1, max=224 * 224 * 3).tag(sync=True)
    kernel_size = traitlets.Int(3, min=1, max=11).tag(sync=True)
    out_channels = traitlets.Int(64, min=1, max=512).tag(sync=True)

    wiring = traitlets.Enum(
        ["fully connected", "locally connected", "shared weights"], "fully connected"
    ).tag(sync=True)
