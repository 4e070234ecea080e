"""Of the chapter `fully_connected`: answers worked out with torch, and wrong ones as a reader would write them."""

import numpy as np
from torch import nn


def counted(layer):
    return sum(parameter.numel() for parameter in layer.parameters())


SMALL = counted(nn.Linear(64 * 64 * 3, 512))


def by_each_pixel(weight, height, width):
    """Column c: what `weight` makes of the mirror image of a picture that is 1 at pixel c."""
    pictures = np.eye(height * width).reshape(-1, height, width)
    return np.stack([weight @ np.fliplr(picture).ravel() for picture in pictures], axis=1)


def upside_down(weight, height, width):
    return weight.reshape(-1, height, width)[:, ::-1].reshape(weight.shape)


def all_reversed(weight, height, width):
    return weight[:, ::-1]


def units_reversed(weight, height, width):
    return weight[::-1]


def along_the_diagonal(weight, kernel_size):
    """Least squares: the kernel whose shared array is nearest to the windows of `weight`."""
    places = len(weight)
    basis = np.zeros((places * kernel_size, kernel_size))
    target = np.zeros(places * kernel_size)
    for place in range(places):
        for at in range(kernel_size):
            basis[place * kernel_size + at, at] = 1
            target[place * kernel_size + at] = weight[place, place + at]
    return np.linalg.lstsq(basis, target, rcond=None)[0]


ANSWERS = {
    "fc_tiny": (counted(nn.Linear(4 * 5 * 3, 6)), [360, 126, 120, 66, 365]),
    "fc_training_bytes": (
        SMALL * 4 * 4,
        [SMALL * 4, SMALL * 4 * 2, 64 * 64 * 3 * 512 * 16, SMALL * 4 * 3, SMALL],
    ),
    "fc_mirrored_weight": (
        by_each_pixel,
        [upside_down, all_reversed, units_reversed, lambda weight, height, width: weight],
    ),
    "fc_wirings": (
        (54 * 28, 9 * 28, 9),
        [(54 * 54, 9 * 54, 9), (54 * 28, 9 * 28, 9 * 28), (9, 252, 1512), (1512, 252, 28)],
    ),
    "fc_shared": (
        along_the_diagonal,
        [
            lambda weight, kernel_size: weight.mean(axis=0)[:kernel_size],
            lambda weight, kernel_size: weight[0, :kernel_size],
            lambda weight, kernel_size: along_the_diagonal(weight, kernel_size) * len(weight),
            lambda weight, kernel_size: along_the_diagonal(weight, kernel_size)[::-1],
            lambda weight, kernel_size: np.median(
                [row[place : place + kernel_size] for place, row in enumerate(weight)], axis=0
            ),
        ],
    ),
}
