"""ConvolutionExplorer: one convolution, cell by cell (chapters ``convolution`` and ``stride_padding``)."""

import traitlets

from cnnbook.figures.figure import Figure, square_of_numbers


class ConvolutionExplorer(Figure):
    """A kernel slides over an input; every number in sight can be pointed at, and most can be edited.

    >>> explorer = ConvolutionExplorer(input_size=5, kernel_size=3, stride=2, padding=1)
    >>> explorer.stride
    2

    The front end computes what ``torch.nn.functional.conv2d`` computes, for one channel.

    Args:
        input_size: height and width of the input, 3 to 12 cells.
        kernel_size: height and width of the kernel, 1 to 7.
        stride, padding, dilation: as in ``torch.nn.Conv2d``; 1 to 4, 0 to 6, 1 to 3.
        padding_mode: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        input_pattern: a named input, or ``"custom"`` for the numbers in ``input``.
        kernel_preset: a named kernel, or ``"custom"`` for the numbers in ``weight``.
        input: a square of at most 12 by 12 numbers from -1000 to 1000, shown where ``input_pattern`` is
            ``"custom"``; cells beyond it are zero.
        weight: a square of at most 7 by 7 numbers, shown where ``kernel_preset`` is ``"custom"``.
        position: which output cell the window rests on, row by row; -1 shows the output without a window.

    Raises:
        traitlets.TraitError: for a value out of bounds.
        ValueError: for an ``input`` or ``weight`` that is no square of such numbers.

    The arithmetic of sizes follows Dumoulin and Visin (2016), section 2.
    """

    input_size = traitlets.Int(7, min=3, max=12).tag(sync=True)
    kernel_size = traitlets.Int(3, min=1, max=7).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=4).tag(sync=True)
    padding = traitlets.Int(0, min=0, max=6).tag(sync=True)
    dilation = traitlets.Int(1, min=1, max=3).tag(sync=True)
    padding_mode = traitlets.Enum(["zeros", "reflect", "replicate", "circular"], "zeros").tag(sync=True)

    input_pattern = traitlets.Enum(["ramp", "edge", "spot", "random", "custom"], "edge").tag(sync=True)
    kernel_preset = traitlets.Enum(
        ["vertical edges", "horizontal edges", "blur", "sharpen", "identity", "sum", "custom"],
        "vertical edges",
    ).tag(sync=True)
    input = traitlets.List().tag(sync=True)
    weight = traitlets.List().tag(sync=True)

    position = traitlets.Int(0, min=-1, max=24 * 24 - 1).tag(sync=True)

    @traitlets.validate("input")
    def _validate_input(self, proposal):
        return square_of_numbers("input", proposal["value"], self.traits()["input_size"].max)

    @traitlets.validate("weight")
    def _validate_weight(self, proposal):
        return square_of_numbers("weight", proposal["value"], self.traits()["kernel_size"].max)
