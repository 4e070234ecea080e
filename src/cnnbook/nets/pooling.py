"""Nets that differ in nothing but how they make their maps smaller (chapter ``pooling``)."""

import torch
import torch.nn.functional as F
from torch import nn

from cnnbook import shapes

DOWNSAMPLING = ("max", "average", "strided", "blur")


class BlurPool2d(nn.Module):
    """Blur each channel, then keep every ``stride``-th place.

    >>> BlurPool2d(channels=16)(torch.zeros(1, 16, 31, 45)).shape
    torch.Size([1, 16, 16, 23])

    The blur is a row of Pascal's triangle, made to add up to 1, along the rows and along the columns: 1 2 1 for
    a kernel of 3. The border is mirrored, so that the blur itself keeps the size. It has no parameters.

    Args:
        channels: C of the input, ``(N, C, H, W)``.
        kernel_size: cells of the blur along a side, at least 1.
        stride: places from one that is kept to the next, at least 1.

    Raises:
        ValueError: an argument is not a whole number of at least 1.

    Source: Zhang, "Making Convolutional Networks Shift-Invariant Again" (2019), section 3.2. Used in the chapter
    ``pooling``, "Blur before you skip".
    """

    def __init__(self, channels, kernel_size=3, stride=2):
        super().__init__()
        self.channels = shapes.integer("channels", channels)
        self.kernel_size = shapes.integer("kernel_size", kernel_size)
        self.stride = shapes.integer("stride", stride)
        row = torch.ones(1)
        for _ in range(kernel_size - 1):
            row = (F.pad(row, (1, 0)) + F.pad(row, (0, 1))) / 2
        self.register_buffer("weight", torch.outer(row, row).expand(channels, 1, -1, -1).clone())

    def forward(self, input):
        before, after = (self.kernel_size - 1) // 2, self.kernel_size // 2
        padded = F.pad(input, (before, after, before, after), mode="reflect")
        return F.conv2d(padded, self.weight, stride=self.stride, groups=self.channels)

    def extra_repr(self):
        return f"{self.channels}, kernel_size={self.kernel_size}, stride={self.stride}"


class SmallNet(nn.Module):
    """Three 3 × 3 convolutions with a halving after the first and the second; then one score for each class.

    >>> SmallNet(downsampling="blur")(torch.zeros(5, 1, 36, 40)).shape
    torch.Size([5, 10])

    ======  ======================================  =====================
    layer   what                                    output
    ======  ======================================  =====================
    1       conv 3 × 3, batch norm, ReLU, halving   widths[0] × H/2 × W/2
    2       conv 3 × 3, batch norm, ReLU, halving   widths[1] × H/4 × W/4
    3       conv 3 × 3, batch norm, ReLU            widths[2] × H/4 × W/4
    head    global average pooling, linear          classes
    ======  ======================================  =====================

    Every downsampling has the same parameters, so the same seed gives the same weights to start from:

    - ``"max"``: max pooling, 2 × 2.
    - ``"average"``: average pooling, 2 × 2.
    - ``"strided"``: the convolution before it takes stride 2 (Springenberg et al. 2015, section 2).
    - ``"blur"``: max pooling, 2 × 2, at stride 1, then blur-pooling at stride 2 (Zhang 2019, equation 6).

    The head decides how much of the place gets lost. Global average pooling forgets all of it, so that what is
    left to compare is the downsampling. Flattening keeps all of it.

    Args:
        downsampling: one of those four.
        in_channels: of the images, ``(N, in_channels, H, W)``.
        classes: the number of logits.
        flatten: None for global average pooling, or the ``(H, W)`` of the images to flatten the last maps of.
        widths: the channels behind each of the three convolutions.

    Raises:
        ValueError: an argument is not as said above.

    Used in the chapters ``fully_connected``, ``pooling`` and ``building_a_cnn``.
    """

    def __init__(self, downsampling="max", in_channels=1, classes=10, flatten=None, widths=(8, 16, 32)):
        if downsampling not in DOWNSAMPLING:
            raise ValueError(f"downsampling is {downsampling!r}; expected one of {', '.join(DOWNSAMPLING)}")
        shapes.integer("in_channels", in_channels)
        shapes.integer("classes", classes)
        first, second, third = (
            shapes.integer("widths", width) for width in shapes.per_dimension("widths", widths, 3)
        )
        stride = 2 if downsampling == "strided" else 1
        super().__init__()
        self.features = nn.Sequential(
            *_conv(in_channels, first, stride),
            *_halving(downsampling, first),
            *_conv(first, second, stride),
            *_halving(downsampling, second),
            *_conv(second, third, stride=1),
        )
        self.head = nn.Sequential(*_head(third, classes, flatten))

    def forward(self, input):
        return self.head(self.features(input))


def _conv(in_channels, out_channels, stride):
    # Batch norm has a bias of its own.
    conv = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
    return conv, nn.BatchNorm2d(out_channels), nn.ReLU()


def _halving(downsampling, channels):
    return {
        "max": (nn.MaxPool2d(2),),
        "average": (nn.AvgPool2d(2),),
        "strided": (),
        "blur": (nn.MaxPool2d(2, stride=1), BlurPool2d(channels)),
    }[downsampling]


def _head(channels, classes, flatten):
    if flatten is None:
        linear = nn.Linear(channels, classes)
        # The averages over whole maps differ little between images. Larger weights to start from make up for it:
        # in a training of few steps that is worth a point or two.
        with torch.no_grad():
            linear.weight *= 10
        return nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear
    height, width = shapes.per_dimension("flatten", flatten, 2)
    for side in (height, width):
        if side < 4 or side % 4:
            raise ValueError(f"flatten is {flatten!r}; expected (H, W), multiples of 4")
    return nn.Flatten(), nn.Linear(channels * (height // 4) * (width // 4), classes)
