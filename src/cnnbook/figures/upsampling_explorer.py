"""UpsamplingExplorer: a small map becomes a large one, pixel by pixel (chapter ``segmentation``)."""

import traitlets

from cnnbook.figures.figure import Figure, square_of_numbers


class UpsamplingExplorer(Figure):
    """A small input, the large output that is made of it, and what each input cell adds to each output pixel.

    >>> explorer = UpsamplingExplorer(kind="transposed convolution", kernel_size=4, stride=2, padding=1)
    >>> explorer.show_overlap
    False

    The kinds, in PyTorch's words, with n the input's size and s the ``stride``:

    - ``"nearest"``: ``F.interpolate(input, scale_factor=s)``.
    - ``"bilinear"``: ``F.interpolate(input, scale_factor=s, mode="bilinear", align_corners=align_corners)``.
    - ``"transposed convolution"``: ``F.conv_transpose2d(input, weight, None, s, padding, output_padding)``.
    - ``"unpooling"``: ``F.max_unpool2d(input, indices, s)``, with fixed places of the maxima, one in each
      window of s x s pixels.
    - ``"resize, then convolve"``: ``F.conv2d(F.interpolate(input, scale_factor=s), weight, padding=padding)``.

    An output pixel gets one *contribution* for each pair of an input cell and a kernel place that adds into
    it; where there is no kernel, for each input cell that has a weight there. The contributions of all pixels
    are the *overlap*. Where the stride does not divide the kernel, a transposed convolution's overlap is a
    checkerboard.

    Args:
        kind: how the map is made larger, one of the five above.
        input_size: height and width of the input, 2 to 5 cells.
        kernel_size: height and width of the kernel, 1 to 5.
        stride: output pixels from one input cell to the next, 1 to 4; without a transposed convolution it is
            the scale.
        padding: pixels cut off each side of a transposed convolution's output, or zeros added to each side of
            the resized map, 0 to 2.
        output_padding: pixels added at the bottom and the right of a transposed convolution's output, 0 to 3;
            PyTorch takes less than the stride.
        align_corners: whether the middles of the corner pixels lie on each other, for ``"bilinear"``.
        input_pattern: a named input, or ``"custom"`` for the numbers in ``input``.
        kernel_preset: ``"ones"``, ``"bilinear weights"`` or ``"custom"`` for the numbers in ``weight``.
        input: a square of at most 5 by 5 numbers from -1000 to 1000, shown where ``input_pattern`` is
            ``"custom"``; cells beyond it are zero.
        weight: a square of at most 5 by 5 numbers, shown where ``kernel_preset`` is ``"custom"``.
        row, column: the output pixel that is taken apart, from 0; the last one where there are fewer.
        show_overlap: whether the output shows its contributions, counted, in the place of its values.

    Raises:
        traitlets.TraitError: for a value out of bounds.
        ValueError: for an ``input`` or ``weight`` that is no square of such numbers.

    Transposed convolution is Dumoulin and Visin (2016), chapter 4; unpooling Zeiler and Fergus (2014), section
    2.1; bilinear weights Long et al. (2015), section 3.3; overlap, checkerboards and resizing before a
    convolution Odena et al. (2016).
    """

    kind = traitlets.Enum(
        ["nearest", "bilinear", "transposed convolution", "unpooling", "resize, then convolve"],
        "transposed convolution",
    ).tag(sync=True)
    input_size = traitlets.Int(3, min=2, max=5).tag(sync=True)
    kernel_size = traitlets.Int(3, min=1, max=5).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=4).tag(sync=True)
    padding = traitlets.Int(0, min=0, max=2).tag(sync=True)
    output_padding = traitlets.Int(0, min=0, max=3).tag(sync=True)
    align_corners = traitlets.Bool(False).tag(sync=True)

    input_pattern = traitlets.Enum(["flat", "ramp", "edge", "spot", "random", "custom"], "random").tag(
        sync=True
    )
    kernel_preset = traitlets.Enum(["ones", "bilinear weights", "custom"], "ones").tag(sync=True)
    input = traitlets.List().tag(sync=True)
    weight = traitlets.List().tag(sync=True)

    row = traitlets.Int(4, min=0, max=23).tag(sync=True)
    column = traitlets.Int(4, min=0, max=23).tag(sync=True)
    show_overlap = traitlets.Bool(False).tag(sync=True)

    @traitlets.validate("input")
    def _validate_input(self, proposal):
        return square_of_numbers("input", proposal["value"], self.traits()["input_size"].max)

    @traitlets.validate("weight")
    def _validate_weight(self, proposal):
        return square_of_numbers("weight", proposal["value"], self.traits()["kernel_size"].max)
