"""Of the chapter `pooling`: answers worked out with torch, and wrong ones as a reader would write them."""

import numpy as np
import torch
import torch.nn.functional as F


def max_pool(image, kernel_size, stride):
    return F.max_pool2d(torch.tensor(image)[None, None], kernel_size, stride)[0, 0].numpy()


def blocks_of_the_stride(image, kernel_size, stride):
    return max_pool(image, stride, stride)


def upside_down(image, kernel_size, stride):
    return max_pool(image[::-1].copy(), kernel_size, stride)


def as_rows(image, kernel_size, stride):
    return max_pool(image, kernel_size, stride).ravel()


def places_in_the_window(kernel_size, shift):
    """The share of a window's columns from which the spot stays in it, counted one by one."""
    return sum(column + shift < kernel_size for column in range(kernel_size)) / kernel_size


def max_blur_pool(signal):
    largest = F.max_pool1d(torch.tensor(signal)[None, None], 2, stride=1)
    padded = F.pad(largest, (1, 1), mode="reflect")
    weight = torch.tensor([[[1.0, 2, 1]]], dtype=torch.float64) / 4
    return F.conv1d(padded, weight, stride=2)[0, 0].numpy()


def blur_then_max(signal):
    blurred = np.correlate(np.pad(signal, 1, mode="reflect"), [0.25, 0.5, 0.25], "valid")
    return np.maximum(blurred[:-1], blurred[1:])[::2]


def blur_unpadded(signal):
    return np.correlate(np.maximum(signal[:-1], signal[1:]), [0.25, 0.5, 0.25], "valid")[::2]


ANSWERS = {
    "pool_by_hand": (
        [[[5, 8, 5], [6, 4, 7]], [[2, 3.5, 3], [3, 1, 3]]],
        [
            [[[5, 8, 5], [6, 4, 7]], [[2, 3.5, 3], [3, 1, 4]]],
            [[[5, 8, 5], [6, 4, 7]], [[8, 14, 12], [12, 4, 12]]],
            [[5, 8, 5], [6, 4, 7]],
            [[[2, 3.5, 3], [3, 1, 3]], [[5, 8, 5], [6, 4, 7]]],
            [[[5, 6], [8, 4], [5, 7]], [[2, 3], [3.5, 1], [3, 3]]],
        ],
    ),
    "pool_sizes": (
        (6, 7, 6, 8),
        [(6, 7, 7, 8), (6, 7, 6, 7), (5, 6, 6, 7), (7, 8, 7, 8), (6, 8, 6, 8), (7, 6, 8, 6)],
    ),
    "pool_windows": (
        max_pool,
        [
            blocks_of_the_stride,
            upside_down,
            as_rows,
            lambda image, kernel_size, stride: max_pool(image, kernel_size, 1),
            lambda image, kernel_size, stride: max_pool(image, kernel_size, kernel_size),
            lambda image, kernel_size, stride: -max_pool(-image, kernel_size, stride),
            lambda image, kernel_size, stride: np.maximum(0, max_pool(image, kernel_size, stride)),
        ],
    ),
    "pool_costs": (
        (16 * 32 * 9 * 28 * 40, 16 * 32 * 9 * 14 * 20, 0),
        [
            (16 * 32 * 9 * 28 * 40, 16 * 32 * 9 * 14 * 20, 1),
            (5_160_960, 2_580_480, 0),
            (573_440, 143_360, 0),
            (5_160_960, 5_160_960, 0),
            (5_160_960, 1_290_240, 128),
        ],
    ),
    "pool_kept": (
        places_in_the_window,
        [
            lambda k, d: 1 - d / (k + 1),
            lambda k, d: max(0, 1 - d / k) if d else 0,
            lambda k, d: 1 / k,
            lambda k, d: 1 - d / k,
            lambda k, d: max(0, k - d),
            lambda k, d: min(1, d / k),
        ],
    ),
    "pool_blur": (
        max_blur_pool,
        [
            blur_then_max,
            blur_unpadded,
            lambda signal: max_blur_pool(signal)[:-1],
            lambda signal: np.maximum(signal[:-1], signal[1:])[::2],
            lambda signal: 4 * max_blur_pool(signal),
        ],
    ),
}
