"""The layers from scratch in NumPy, with the names, signatures and meaning of `torch.nn.functional`.

Arrays are laid out as PyTorch's: N images, C channels, H rows, W columns; a single image has no N. They are
float32 or float64, and the output keeps the type. What PyTorch turns down raises `ValueError` before any
work; the rules about sizes are in `shapes`. One idea runs through most of it: a layer is a sum, or a maximum,
over the windows of its input, and `sliding_window_view` shows all windows without copying a pixel.
"""

from cnnbook.ops.convolution import conv1d, conv2d, conv2d_backward, conv2d_loops, conv_transpose2d
from cnnbook.ops.pooling import (
    adaptive_avg_pool2d,
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_with_indices,
)
from cnnbook.ops.upsampling import max_unpool2d, overlap, upsample_bilinear2d, upsample_nearest2d

__all__ = [
    "adaptive_avg_pool2d",
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv1d",
    "conv2d",
    "conv2d_backward",
    "conv2d_loops",
    "conv_transpose2d",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool2d_with_indices",
    "max_unpool2d",
    "overlap",
    "upsample_bilinear2d",
    "upsample_nearest2d",
]
