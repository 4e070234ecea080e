"""A small U-Net for the tests of nets in the page: an encoder, a decoder, and a skip at each of three sizes."""

import torch
import torch.nn.functional as F
from torch import nn


class Hourglass(nn.Module):
    """From images (N, 1, H, W), sides multiples of 16, to logits (N, 6, H, W).

    `up` makes the maps of the decoder larger: "nearest", "bilinear", or "transposed", whose convolutions have a batch
    norm of their own.
    """

    def __init__(self, up="bilinear"):
        super().__init__()
        self.first = nn.Sequential(*_block(1, 16, stride=2), *_block(16, 16))
        self.second = nn.Sequential(nn.MaxPool2d(2), *_block(16, 32), *_block(32, 32))
        self.third = nn.Sequential(nn.MaxPool2d(2), *_block(32, 64), *_block(64, 64))
        self.bottom = nn.Sequential(nn.MaxPool2d(2), *_block(64, 96), *_block(96, 96))
        self.ups = nn.ModuleList(_enlarging(up, channels) for channels in (96, 48, 24))
        self.up_third = nn.Sequential(*_block(96 + 64, 48))
        self.up_second = nn.Sequential(*_block(48 + 32, 24))
        self.up_first = nn.Sequential(*_block(24 + 16, 16))
        self.head = nn.Conv2d(16, 6, 1)

    def forward(self, images):
        first = self.first(images)
        second = self.second(first)
        third = self.third(second)
        maps = self.bottom(third)
        maps = self.up_third(torch.cat([self.ups[0](maps), third], dim=1))
        maps = self.up_second(torch.cat([self.ups[1](maps), second], dim=1))
        maps = self.up_first(torch.cat([self.ups[2](maps), first], dim=1))
        return F.interpolate(self.head(maps), scale_factor=2, mode="bilinear")


def _block(in_channels, out_channels, stride=1):
    conv = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
    return conv, nn.BatchNorm2d(out_channels), nn.ReLU()


def _enlarging(up, channels):
    if up == "transposed":
        return nn.Sequential(nn.ConvTranspose2d(channels, channels, 2, 2), nn.BatchNorm2d(channels))
    return nn.Upsample(scale_factor=2, mode=up)
