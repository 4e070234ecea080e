"""Of the chapter `stride_padding`: answers worked out with torch, and wrong ones as a reader would write them."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from answers.convolution import as_array, tensor


def framed(mode):
    return F.pad(torch.tensor([[[3.0, 1, 4, 1, 5]]]), (2, 2), mode=mode).flatten().tolist()


def windows(height, width, kernel_size, stride, padding, dilation):
    layer = nn.Conv2d(1, 1, kernel_size, stride, padding, dilation)
    return tuple(layer(torch.zeros(1, height, width)).shape[1:])


def without_dilation(height, width, kernel_size, stride, padding, dilation):
    return windows(height, width, kernel_size, stride, padding, 1)


def turned(*layer):
    return windows(*layer)[::-1]


def one_place_short(*layer):
    rows, columns = windows(*layer)
    return rows - 1, columns - 1


def read(kernel_size, stride, dilation, output):
    """The inputs with a gradient."""
    row = torch.zeros(1, 1, 40, requires_grad=True)
    F.conv1d(row, torch.ones(1, 1, kernel_size), stride=stride, dilation=dilation)[0, 0, output].backward()
    return row.grad.flatten().nonzero().flatten().tolist()


def sums(output, settings=((3, 1), (1, 2), (2, 3))):
    return [read(4, *setting, output) for setting in settings]


def strided(kernel, input_size, stride, dilation):
    weight = tensor(kernel)[None, None]
    return as_array(
        lambda row: F.conv1d(tensor(row)[None], weight, stride=stride, dilation=dilation).numpy(), input_size
    )


def sampled(size, stride):
    return as_array(lambda row: F.max_pool1d(tensor(row)[None], 1, stride).numpy(), size)


def averaged(size, stride):
    return as_array(lambda row: F.avg_pool1d(tensor(row)[None], stride, ceil_mode=True).numpy(), size)


def counts(*layers):
    return tuple(part.numel() for layer in layers for part in (layer.weight, layer.bias))


def by_interleaving(weight):
    """Which weight each number of the row meets, by the gradient."""
    pixels = torch.zeros(weight.shape[1], weight.shape[0], dtype=torch.float64, requires_grad=True)
    F.conv1d(pixels.T[None], tensor(weight)[None]).sum().backward()
    return pixels.grad.flatten().numpy()


def blocks(weight, input_size):
    return as_array(lambda rows: F.conv1d(tensor(rows), tensor(weight)).numpy(), weight.shape[1], input_size)


def channels_last(weight, input_size):
    return as_array(
        lambda rows: F.conv1d(tensor(rows.T), tensor(weight)).numpy(), input_size, weight.shape[1]
    )


def both_counts(in_channels, out_channels, kernel_size, bias=False):
    layers = (
        nn.Conv2d(in_channels, out_channels, kernel_size, bias=bias),
        nn.Conv2d(in_channels, in_channels, kernel_size, groups=in_channels, bias=bias),
        nn.Conv2d(in_channels, out_channels, 1, bias=bias),
    )
    ordinary, *separable = (sum(part.numel() for part in layer.parameters()) for layer in layers)
    return ordinary, sum(separable)


ANSWERS = {
    "stride_dropped": (
        (*windows(30, 44, 5, 4, 0, 1), 30 - (5 + 6 * 4), 44 - (5 + 9 * 4)),
        [(8, 11, 1, 3), (6, 9, 1, 3), (10, 7, 3, 1), (7, 10, 0, 0), (7, 10, 3, 1)],
    ),
    "stride_padded_row": (
        [framed("reflect"), framed("circular")],
        [
            [framed("replicate"), framed("circular")],
            [framed("circular"), framed("reflect")],
            [[1, 3, 3, 1, 4, 1, 5, 5, 1], framed("circular")],
            [framed("constant"), framed("circular")],
        ],
    ),
    "stride_equation": (
        sums(4),
        [
            sums(4, [(1, 1), (1, 2), (1, 3)]),
            sums(4, [(3, 1), (1, 1), (2, 1)]),
            sums(4, [(1, 3), (2, 1), (3, 2)]),
            sums(3),
            sums(5),
        ],
    ),
    "stride_same": ((3, 6), [(3, 2), (6, 12), (7, 13), (2, 2), (3, 7)]),
    "stride_output_size": (windows, [without_dilation, turned, one_place_short, lambda *layer: layer[:2]]),
    "stride_matrix": (
        strided,
        [
            lambda kernel, size, stride, dilation: strided(kernel, size, 1, dilation),
            lambda kernel, size, stride, dilation: strided(kernel, size, stride, 1),
            lambda kernel, size, stride, dilation: strided(kernel[::-1], size, stride, dilation),
            lambda kernel, size, stride, dilation: strided(kernel, size, dilation, stride),
        ],
    ),
    "stride_sampling": (
        sampled,
        [
            lambda size, stride: sampled(size, stride).T,
            lambda size, stride: np.eye(size)[stride - 1 :: stride],
            lambda size, stride: np.eye(size)[: len(sampled(size, stride))],
            averaged,
        ],
    ),
    "stride_count": (
        counts(nn.Conv1d(2, 6, 5), nn.Conv1d(6, 12, 3), nn.Conv2d(4, 9, 7)),
        [
            counts(nn.Conv2d(2, 6, 5), nn.Conv2d(6, 12, 3), nn.Conv2d(4, 9, 7)),
            counts(nn.Conv1d(2, 6, 5), nn.Conv1d(6, 12, 3), nn.Conv1d(4, 9, 7)),
            counts(nn.Conv1d(2, 6, 5), nn.Conv1d(2, 12, 3), nn.Conv2d(4, 9, 7)),
            counts(nn.Conv1d(6, 2, 5), nn.Conv1d(12, 6, 3), nn.Conv2d(9, 4, 7)),
            counts(nn.Conv1d(2, 6, 5), nn.Conv1d(6, 12, 3), nn.Conv2d(4, 9, 5)),
        ],
    ),
    "stride_grouped": (
        (*nn.Conv2d(12, 8, 5, groups=4).weight.shape, counts(nn.Conv2d(12, 8, 5, groups=4))[0] + 8),
        [(8, 12, 5, 5, 2408), (8, 3, 5, 5, 600), (2, 3, 5, 5, 608), (3, 8, 5, 5, 608)],
    ),
    "stride_separable": (
        both_counts,
        [
            lambda *layer: both_counts(*layer, bias=True),
            lambda c, n, k: (c * n * k * k, c * k * k),
            lambda c, n, k: (c * n * k, c * k + c * n),
            lambda *layer: both_counts(*layer)[::-1],
        ],
    ),
    "stride_interleaved": (
        by_interleaving,
        [
            np.ravel,
            np.transpose,
            lambda weight: by_interleaving(weight)[::-1],
            lambda weight: by_interleaving(weight[:, ::-1]),
            lambda weight: by_interleaving(weight[::-1]),
        ],
    ),
    "stride_channel_matrix": (
        blocks,
        [
            channels_last,
            lambda weight, size: blocks(weight, size).T,
            lambda weight, size: blocks(weight[..., ::-1].copy(), size),
            lambda weight, size: blocks(weight.swapaxes(0, 1), size),
            lambda weight, size: blocks(weight[:1], size),
        ],
    ),
}
