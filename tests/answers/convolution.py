"""Of the chapter `convolution`: answers worked out with torch and SciPy, and wrong ones as a reader would write them."""

import numpy as np
import scipy.signal
import torch
import torch.nn.functional as F


def tensor(array):
    return torch.tensor(np.array(array, dtype=float))


def conv1d(signal, kernel):
    return F.conv1d(tensor(signal)[None], tensor(kernel)[None, None])[0].numpy()


def conv2d(image, kernel):
    return F.conv2d(tensor(image)[None], tensor(kernel)[None, None])[0].numpy()


def as_array(layer, *sides):
    """The array of a layer, by what it makes of each input that is 1 in one place."""
    inputs = np.eye(np.prod(sides)).reshape(-1, *sides)
    return np.stack([layer(one).ravel() for one in inputs], axis=1)


def matrix_1d(kernel, input_size):
    return as_array(lambda signal: conv1d(signal, kernel), input_size)


def matrix_2d(kernel, height, width):
    return as_array(lambda image: conv2d(image, kernel), height, width)


def in_order_of_columns(kernel, height, width):
    return as_array(lambda image: conv2d(image, kernel).T, height, width)


def moved_and_cut(signal, kernel, shift):
    moved = np.concatenate([np.full(shift, 1e9), signal])[: len(signal)]
    return np.stack([conv1d(moved, kernel)[shift:], conv1d(signal, kernel)[:-shift]])


def moved_in_a_ring(signal, kernel, shift):
    return np.stack([conv1d(np.roll(signal, shift), kernel), np.roll(conv1d(signal, kernel), shift)])


def maps(image, kernels):
    return F.conv2d(tensor(image)[None], tensor(kernels)[:, None]).numpy()


ANSWERS = {
    "conv_one_d": (
        conv1d,
        [
            lambda signal, kernel: np.convolve(signal, kernel, "valid"),
            lambda signal, kernel: conv1d(signal, kernel)[:-1],
            lambda signal, kernel: conv1d(signal, kernel) / len(kernel),
            lambda signal, kernel: np.correlate(signal, kernel, "full"),
        ],
    ),
    "conv_by_hand": (
        conv2d([[1, 0, 2, 1], [3, 1, 0, 2], [0, 2, 4, 1]], [[1, 0, -1], [2, 1, 0]]),
        [[[6, 5], [1, 7]], [[6, 1]], [[10, 3], [5, 11]], [[6, 1], [5, 8]], [6, 1, 5, 7]],
    ),
    "conv_flipped": (
        lambda kernel: np.rot90(kernel, 2),
        [np.flipud, np.fliplr, np.transpose, np.rot90, lambda kernel: kernel],
    ),
    "conv_from_words": (
        [[0, -0.25, 0], [-0.25, 1, -0.25], [0, -0.25, 0]],
        [
            [[0, -1, 0], [-1, 4, -1], [0, -1, 0]],
            [[0, 0.25, 0], [0.25, -1, 0.25], [0, 0.25, 0]],
            [[-1 / 8, -1 / 8, -1 / 8], [-1 / 8, 1, -1 / 8], [-1 / 8, -1 / 8, -1 / 8]],
            [[0, -0.2, 0], [-0.2, 0.8, -0.2], [0, -0.2, 0]],
        ],
    ),
    "conv_matrix": (
        matrix_1d,
        [
            lambda kernel, input_size: matrix_1d(kernel[::-1], input_size),
            lambda kernel, input_size: matrix_1d(kernel, input_size).T,
            lambda kernel, input_size: matrix_1d(kernel, input_size)[:-1],
            lambda kernel, input_size: matrix_1d(kernel, input_size)[::-1],
        ],
    ),
    "conv_matrix_2d": (
        matrix_2d,
        [
            lambda kernel, height, width: matrix_2d(kernel[::-1, ::-1], height, width),
            lambda kernel, height, width: matrix_2d(kernel, height, width).T,
            in_order_of_columns,
            lambda kernel, height, width: matrix_2d(kernel, height, width)[:-1],
        ],
    ),
    "conv_moved": ((6, 4, 80), [(4, 7, 80), (6, 10, 80), (2, 4, 80), (7, 5, 80)]),
    "conv_equivariance": (
        moved_and_cut,
        [
            moved_in_a_ring,
            lambda signal, kernel, shift: moved_and_cut(signal, kernel, shift)[0],
            lambda signal, kernel, shift: moved_and_cut(signal, kernel[::-1], shift),
            lambda signal, kernel, shift: np.stack([conv1d(signal, kernel)[shift:]] * 2),
            lambda signal, kernel, shift: moved_and_cut(signal, kernel, shift)[:, 1:],
        ],
    ),
    "conv_filter_bank": (
        maps,
        [
            lambda image, kernels: maps(image, kernels)[0],
            lambda image, kernels: maps(image, kernels).transpose(1, 2, 0),
            lambda image, kernels: maps(image, kernels).sum(axis=0),
            lambda image, kernels: np.stack(
                [scipy.signal.convolve2d(image, kernel, "valid") for kernel in kernels]
            ),
        ],
    ),
}
