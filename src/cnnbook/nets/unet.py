"""U-Net: an hourglass with bridges, and an answer for each pixel."""

import torch
from torch import nn

from cnnbook import shapes

UPSAMPLINGS = ("transposed", "nearest", "bilinear")


class UNet(nn.Module):
    """An hourglass: convolutions and pooling lead down to few places, upsampling leads back, skips join equal sizes.

    >>> net = UNet(in_channels=1, num_classes=6)
    >>> net(torch.zeros(2, 1, 96, 96)).shape
    torch.Size([2, 6, 96, 96])
    >>> paper = UNet(in_channels=1, num_classes=2, **U_NET_2015)
    >>> paper(torch.zeros(1, 1, 572, 572)).shape
    torch.Size([1, 2, 388, 388])

    =============================  ==========================  ==========================
    level                          down                        up
    =============================  ==========================  ==========================
    1                              widths[0] maps, 48 × 48     decoder[2] maps, 48 × 48
    2                              widths[1] maps, 24 × 24     decoder[1] maps, 24 × 24
    3                              widths[2] maps, 12 × 12     decoder[0] maps, 12 × 12
    4                              widths[3] maps, 6 × 6
    =============================  ==========================  ==========================

    Those are the places of a picture of 96 × 96 pixels with ``stride=2``. Down, a level is two 3 × 3 convolutions; max
    pooling halves between two levels. Up, the map is doubled, the level's map from the way down is appended, and one
    3 × 3 convolution joins the two (two in the paper's). A 1 × 1 convolution names the classes, and with ``stride=2``
    its map is doubled once more, bilinearly. Behind each 3 × 3 stand batch norm and ReLU.

    `U_NET_2015` holds the arguments of the paper's network: five levels, no padding, so that each 3 × 3 loses a border
    of one pixel and the skips are cut to size, no batch norm. It makes 388 × 388 pixels out of 572 × 572, with
    31,030,658 parameters for one input channel and two classes.

    Args:
        in_channels: of the picture, at least 1.
        num_classes: of a pixel, the ground among them; at least 1.
        widths: maps of the levels on the way down, two or more.
        decoder: maps of the levels on the way up, one fewer; None: ``widths`` backwards, without the deepest.
        skips: whether the maps of the way down are appended on the way up.
        upsampling: how a map is doubled: ``"transposed"``, a transposed convolution of 2 × 2 with stride 2, which
            brings it to the width of its level; ``"nearest"`` or ``"bilinear"``, which leave the maps as many.
        stride: of the first convolution, 1 or 2.
        paper: no padding, no batch norm, two convolutions a level on the way up, as in 2015.

    Raises:
        ValueError: an argument is not as said above.

    Source: Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015),
    figure 1. Used in the chapter ``segmentation``.
    """

    def __init__(
        self,
        in_channels=1,
        num_classes=6,
        widths=(16, 32, 64, 96),
        *,
        decoder=None,
        skips=True,
        upsampling="transposed",
        stride=2,
        paper=False,
    ):
        super().__init__()
        if decoder is None and isinstance(widths, tuple | list):
            decoder = tuple(widths[-2::-1])
        _check(in_channels, num_classes, widths, decoder, upsampling, stride)
        shapes.flag("skips", skips)
        shapes.flag("paper", paper)
        self.skips = skips
        self.paper = paper
        sizes = [in_channels, *widths]
        strides = [stride] + [1] * (len(widths) - 1)
        self.down = nn.ModuleList(
            nn.Sequential(*_block(before, after, paper, step), *_block(after, after, paper))
            for before, after, step in zip(sizes[:-1], widths, strides, strict=True)
        )
        self.pool = nn.MaxPool2d(kernel_size=2)
        self.enlarge = nn.ModuleList()
        self.up = nn.ModuleList()
        channels = widths[-1]
        for level, width in zip(reversed(widths[:-1]), decoder, strict=True):
            if upsampling == "transposed":
                self.enlarge.append(nn.ConvTranspose2d(channels, width, kernel_size=2, stride=2))
                channels = width
            else:
                self.enlarge.append(nn.Upsample(scale_factor=2, mode=upsampling))
            joined = channels + level if skips else channels
            again = _block(width, width, paper) if paper else ()
            self.up.append(nn.Sequential(*_block(joined, width, paper), *again))
            channels = width
        self.head = nn.Conv2d(channels, num_classes, kernel_size=1)
        self.last = nn.Upsample(scale_factor=stride, mode="bilinear") if stride > 1 else nn.Identity()

    def forward(self, images):
        """Logits, ``(N, num_classes, H, W)``, of images ``(N, in_channels, H, W)``.

        ``H`` and ``W`` divide by 2 for each level but the first, and by ``stride``. If not, the skips do not fit, which
        PyTorch refuses, or without skips the logits are fewer. With ``paper`` they are fewer always.
        """
        maps, skips = images, []
        for level in self.down[:-1]:
            maps = level(maps)
            skips.append(maps)
            maps = self.pool(maps)
        maps = self.down[-1](maps)
        for enlarge, join in zip(self.enlarge, self.up, strict=True):
            maps = enlarge(maps)
            skip = skips.pop()
            if self.paper:
                skip = _middle(skip, maps.shape[2:])
            if self.skips:
                maps = torch.cat([maps, skip], dim=1)
            maps = join(maps)
        return self.last(self.head(maps))


# The arguments of the network of 2015, but for the channels and the classes.
U_NET_2015 = {"widths": (64, 128, 256, 512, 1024), "stride": 1, "paper": True}


def _block(in_channels, out_channels, paper, stride=1):
    if paper:
        return nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride), nn.ReLU()
    conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=False)
    return conv, nn.BatchNorm2d(out_channels), nn.ReLU()


def _middle(maps, size):
    """The middle of maps, cut to a height and a width."""
    top, left = ((whole - part) // 2 for whole, part in zip(maps.shape[2:], size, strict=True))
    return maps[:, :, top : top + size[0], left : left + size[1]]


def _check(in_channels, num_classes, widths, decoder, upsampling, stride):
    counts = {"in_channels": in_channels, "num_classes": num_classes}
    for name, value in counts.items():
        shapes.integer(name, value)
    for name, values, least in (("widths", widths, 2), ("decoder", decoder, 1)):
        if not isinstance(values, tuple | list) or len(values) < least:
            raise ValueError(f"{name} is {values!r}; expected {least} whole numbers or more")
        for value in values:
            shapes.integer(name, value)
    if len(decoder) != len(widths) - 1:
        raise ValueError(
            f"decoder is {decoder!r}; expected {len(widths) - 1} whole numbers, one fewer than widths"
        )
    if upsampling not in UPSAMPLINGS:
        raise ValueError(f"upsampling is {upsampling!r}; expected one of {', '.join(UPSAMPLINGS)}")
    if shapes.integer("stride", stride) > 2:
        raise ValueError(f"stride is {stride!r}; expected 1 or 2")
