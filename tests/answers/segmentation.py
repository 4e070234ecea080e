"""Of the chapter `segmentation`: answers worked out with torch and SciPy, and wrong ones as a reader would write them."""

import numpy as np
import scipy.ndimage
import torch
import torch.nn.functional as F
from torch import nn

from answers.convolution import as_array, tensor


def side(kernel, padding, output_padding=0):
    layer = nn.ConvTranspose2d(1, 1, kernel, 2, padding, output_padding)
    return layer(torch.zeros(1, 6, 6)).shape[1]


def enlarged(image, scale):
    return F.interpolate(tensor(image)[None, None], scale_factor=scale)[0, 0].numpy()


def bilinear(image, scale):
    return F.interpolate(tensor(image)[None, None], scale_factor=scale, mode="bilinear")[0, 0].numpy()


def side_by_side(image, scale):
    return np.tile(image, (scale, scale))


def stamped(row, kernel, stride):
    return F.conv_transpose1d(tensor(row)[None], tensor(kernel)[None, None], stride=stride)[0].numpy()


def met(size, kernel, stride):
    return stamped(np.ones(size), np.ones(kernel), stride).astype(int)


def columns(kernel, size, stride):
    return as_array(lambda row: stamped(row, kernel, stride), size)


def mask_iou(predicted, true, label):
    said, is_it = (set(np.flatnonzero(mask == label)) for mask in (predicted, true))
    return len(said & is_it) / len(said | is_it)


def dice(predicted, true, label):
    share = mask_iou(predicted, true, label)
    return 2 * share / (1 + share)


def recall(predicted, true, label):
    return (predicted[true == label] == label).mean()


def outline(mask, structure=((1, 1, 1),) * 3, beyond=0):
    inside = scipy.ndimage.binary_erosion(mask, structure, border_value=beyond)
    return mask - inside.astype(int)


def ring(mask):
    return scipy.ndimage.binary_dilation(mask, np.ones((3, 3))).astype(int) - mask


ANSWERS = {
    "seg_size": (
        (side(4, 1), side(3, 1), side(3, 1, 1)),
        [(14, 13, 14), (12, 11, 11), (3, 3, 3), (12, 12, 12), (11, 10, 11)],
    ),
    "seg_nearest": (
        enlarged,
        [
            side_by_side,
            lambda image, scale: enlarged(image, 2),
            lambda image, scale: enlarged(image.T, scale),
            bilinear,
        ],
    ),
    "seg_kernels": (
        [[[1, 1], [1, 1]], [[0, 0], [0, 1]], [[0.25, 0.25], [0.25, 0.25]]],
        [
            [[[1, 1], [1, 1]], [[1, 0], [0, 0]], [[0.25, 0.25], [0.25, 0.25]]],
            [[[1, 1], [1, 1]], [[0, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]]],
            [[[0.25, 0.25], [0.25, 0.25]], [[0, 0], [0, 1]], [[1, 1], [1, 1]]],
            [[[1, 1], [1, 1]], [[0, 1], [0, 0]], [[0.25, 0.25], [0.25, 0.25]]],
        ],
    ),
    "seg_overlap": (
        met,
        [
            lambda size, kernel, stride: np.minimum(met(size, kernel, stride), 1),
            lambda size, kernel, stride: met(size, kernel, 1),
            lambda size, kernel, stride: np.full_like(met(size, kernel, stride), kernel),
            lambda size, kernel, stride: met(size, kernel, stride)[:-1],
        ],
    ),
    "seg_matrix": (
        columns,
        [
            lambda kernel, size, stride: columns(kernel, size, stride).T,
            lambda kernel, size, stride: columns(kernel[::-1], size, stride),
            lambda kernel, size, stride: columns(kernel, size, 1),
            lambda kernel, size, stride: columns(kernel, size, stride)[:, ::-1],
        ],
    ),
    "seg_iou": (
        mask_iou,
        [dice, recall, lambda predicted, true, label: (predicted == true).mean(), lambda *_: 0.5],
    ),
    "seg_mean": (
        np.mean([80 / (84 + 86 - 80), 6 / (12 + 10 - 6), 3 / (4 + 4 - 3)]),
        [89 / 100, np.mean([80 / 84, 6 / 12, 3 / 4]), np.mean([80 / 86, 6 / 10, 3 / 4]), 0.5],
    ),
    "seg_outline": (
        outline,
        [
            ring,
            lambda mask: outline(mask, beyond=1),
            lambda mask: outline(mask, structure=((0, 1, 0), (1, 1, 1), (0, 1, 0))),
            lambda mask: mask - outline(mask),
            lambda mask: mask,
        ],
    ),
}
