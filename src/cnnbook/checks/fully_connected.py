"""The exercises of the chapter `fully_connected`."""

import numpy as np

from cnnbook import shapes
from cnnbook.checks.checker import Checker

fc_tiny = Checker(
    truth=shapes.linear_parameters(4 * 5 * 3, 6),
    right="The image's size is in the count, so a larger image needs a larger layer.",
    slips=[
        (4 * 5 * 3 * 6, "Those are the weights. Each unit has a bias too."),
        (shapes.linear_parameters(4 * 5, 6), "A colour image has three numbers at each pixel. Count all."),
        (4 * 5 * 6, "Count the three channels and the biases."),
        (4 * 5 * 3 * 6 + 4 * 5 * 3, "The biases belong to the units, one each, and not to the inputs."),
        (4 * 5 * 3 + 6, "Every input is connected to every unit: multiply."),
    ],
    hint="Count the inputs (rows, columns, channels), then one unit's weights and bias, then all units.",
)

_SMALL_LAYER = shapes.linear_parameters(64 * 64 * 3, 512)
_SMALL_LAYER_WEIGHTS = shapes.linear_parameters(64 * 64 * 3, 512, bias=False)

fc_training_bytes = Checker(
    truth=_SMALL_LAYER * 16,
    right="Adam holds four numbers for each parameter, so training takes four times the layer's own bytes.",
    slips=[
        (_SMALL_LAYER * 4, "Those bytes hold the parameters. What else does Adam keep for each of them?"),
        (_SMALL_LAYER * 8, "Parameters and gradients are there. Adam also remembers two averages for each."),
        (_SMALL_LAYER * 12, "Parameter, gradient, and how many averages? Count Adam's again."),
        (_SMALL_LAYER * 4 * 32, "You counted bits. A byte has eight of them."),
        (_SMALL_LAYER_WEIGHTS * 16, "You forgot the biases: they are trained too."),
        (shapes.linear_parameters(64 * 64, 512) * 16, "You forgot the channels: a colour image has three."),
    ],
    hint="Count the parameters. How many numbers does Adam hold for each, and how many bytes does one take?",
)

fc_mirrored_weight = Checker(
    truth=lambda weight, height, width: weight.reshape(-1, height, width)[:, :, ::-1].reshape(weight.shape),
    right="A fully connected layer reads a mirrored world as easily: left and right are nothing to it.",
    slips=[
        (lambda weight, height, width: weight, "That weight expects the pixels in their old places."),
        (lambda weight, height, width: weight[:, ::-1], "That turns the image upside down as well."),
        (
            lambda weight, height, width: weight.reshape(-1, height, width)[:, ::-1].reshape(weight.shape),
            "You mirrored top and bottom. Which axis runs from left to right?",
        ),
        (
            lambda weight, height, width: weight[::-1],
            "You reversed the units. Reorder each unit's own weights.",
        ),
        (
            lambda weight, height, width: weight.reshape(-1, width, height)[:, :, ::-1].reshape(weight.shape),
            "Height and width changed places: an image has `height` rows.",
        ),
        (
            lambda weight, height, width: weight.reshape(-1, height, width)[:, :, ::-1],
            "Each row is right, but it is still an image. Flatten it again.",
        ),
    ],
    hint="Give each unit's weights the shape of the image. Mirror that, and flatten it again.",
    tries=[(np.arange(24.0).reshape(2, 12), 3, 4), (np.arange(30.0).reshape(3, 10), 5, 2)],
)

_PIXELS, _WINDOW = 6 * 9, 3 * 3
_PLACES = shapes.conv_output_size(6, kernel_size=3) * shapes.conv_output_size(9, kernel_size=3)

fc_wirings = Checker(
    truth=(_PIXELS * _PLACES, _WINDOW * _PLACES, _WINDOW),
    right="Each step keeps every output and drops weights. Only the last count would fit any image.",
    slips=[
        (
            (_PIXELS * _PIXELS, _WINDOW * _PIXELS, _WINDOW),
            "The window stays inside: fewer places than pixels.",
        ),
        (
            (_PIXELS * (6 - 3) * (9 - 3), _WINDOW * (6 - 3) * (9 - 3), _WINDOW),
            "Along a side of 4, a window of 3 fits twice, not once.",
        ),
        ((_PIXELS * _PLACES, 3 * _PLACES, 3), "A window of 3 by 3 has more than three weights."),
        ((_PIXELS * _PLACES, _WINDOW * _PLACES, _WINDOW * _PLACES), "Shared weights are counted once."),
        (((_PIXELS + 1) * _PLACES, (_WINDOW + 1) * _PLACES, _WINDOW + 1), "No biases here: weights alone."),
        ((_PIXELS, _WINDOW, _WINDOW), "Those are the weights of one output. How many outputs are there?"),
        ((_WINDOW, _WINDOW * _PLACES, _PIXELS * _PLACES), "The counts are right, and in reverse order."),
    ],
    hint="How many places does the window have? That is the number of outputs. What does each connect to?",
)


def _mean_window(weight, kernel_size):
    return np.mean(_windows_of(weight, kernel_size), axis=0)


def _windows_of(weight, kernel_size):
    return [row[place : place + kernel_size] for place, row in enumerate(weight)]


fc_shared = Checker(
    truth=_mean_window,
    right="Of all kernels this one has the smallest sum of squared differences from the windows.",
    slips=[
        (
            lambda weight, kernel_size: np.sum(_windows_of(weight, kernel_size), axis=0),
            "You added the windows up. Take their mean.",
        ),
        (
            lambda weight, kernel_size: weight[:, :kernel_size].mean(axis=0),
            "You took the same columns in every row. The window moves by one pixel from row to row.",
        ),
        (
            lambda weight, kernel_size: weight[0, :kernel_size],
            "That is the first output's window. All outputs have a say.",
        ),
        (
            lambda weight, kernel_size: _mean_window(weight, kernel_size)[::-1],
            "Your kernel is reversed: its first weight belongs to the leftmost pixel of the window.",
        ),
        (
            lambda weight, kernel_size: np.mean(_windows_of(weight, kernel_size), axis=1),
            "You took the mean of each window. Take it over the windows, for each place in them.",
        ),
    ],
    hint="Cut the window of each row out of it: in row p it begins at pixel p. Then the mean, place by place.",
    tries=[
        (np.arange(24.0).reshape(4, 6) ** 2, 3),
        (np.cos(np.arange(30.0)).reshape(5, 6), 2),
        (np.sin(np.arange(14.0)).reshape(2, 7), 6),
    ],
)
