"""PoolingExplorer: a shape is moved, and what pooling makes of it (chapter ``pooling``)."""

import traitlets

from cnnbook.figures.figure import Figure


class PoolingExplorer(Figure):
    """A shape that the reader drags, its feature map, the pooled map, and which numbers changed.

    >>> explorer = PoolingExplorer(kernel_size=3, stride=2, kind="average", dx=2)
    >>> explorer.ceil_mode
    False

    The input is 14 x 16 pixels. Its feature map, 12 x 14, is a 3 x 3 kernel for vertical edges without
    padding, then ReLU. The four kinds, in PyTorch's words:

    - ``"max"``: ``F.max_pool2d(feature, kernel_size, stride, ceil_mode=ceil_mode)``.
    - ``"average"``: ``F.avg_pool2d`` with the same arguments.
    - ``"blur"``: ``F.max_pool2d(feature, kernel_size, stride=1)``, padded by one mirrored cell on every side
      (``F.pad(..., mode="reflect")``), then ``F.conv2d`` with the outer product of ``[1, 2, 1] / 4`` with
      itself at ``stride``. The padding makes the map as large as max-pooling's.
    - ``"strided convolution"``: the feature map's own kernel at ``stride``, then ReLU; so every ``stride``-th
      cell of the feature map. It has no window: ``kernel_size`` does not touch it.

    The last two end in a convolution, and PyTorch's have no ``ceil_mode``; they round down.

    A cell counts as changed if it differs by more than 1e-6 from the same cell with the shape at
    (``reference_dx``, ``reference_dy``). The size of a change is ``|after - before|.sum() / |before|.sum()``.

    Args:
        kernel_size: height and width of the window, 1 to 4.
        stride: cells from one window to the next, 1 to 4.
        kind: ``"max"``, ``"average"``, ``"blur"`` or ``"strided convolution"``.
        ceil_mode: whether a last window may hang over the end, as in ``torch.nn.MaxPool2d``.
        shape: ``"disk"``, ``"cross"``, ``"bar"`` (all of ones) or ``"soft disk"`` (fades to its rim).
        dx, dy: pixels that the shape stands to the right (0 to 8) and down (0 to 5).
        reference_dx, reference_dy: the place that it is compared with.
        row, column: the pooled cell that is taken apart, from 0; the last one where there are fewer.

    Raises:
        traitlets.TraitError: for a value out of bounds.

    Blur-pooling is Zhang (2019), section 3; strided convolution in the place of pooling is Springenberg et al.
    (2015), section 2.
    """

    kernel_size = traitlets.Int(2, min=1, max=4).tag(sync=True)
    stride = traitlets.Int(2, min=1, max=4).tag(sync=True)
    kind = traitlets.Enum(["max", "average", "blur", "strided convolution"], "max").tag(sync=True)
    ceil_mode = traitlets.Bool(False).tag(sync=True)

    shape = traitlets.Enum(["disk", "cross", "bar", "soft disk"], "disk").tag(sync=True)
    dx = traitlets.Int(1, min=0, max=8).tag(sync=True)
    dy = traitlets.Int(0, min=0, max=5).tag(sync=True)
    reference_dx = traitlets.Int(0, min=0, max=8).tag(sync=True)
    reference_dy = traitlets.Int(0, min=0, max=5).tag(sync=True)

    row = traitlets.Int(1, min=0, max=11).tag(sync=True)
    column = traitlets.Int(1, min=0, max=13).tag(sync=True)
