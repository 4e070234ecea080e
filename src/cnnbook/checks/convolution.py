"""The exercises of the chapter `convolution`."""

import numpy as np

from cnnbook.checks.checker import Checker

conv_one_d = Checker(
    truth=lambda signal, kernel: np.correlate(signal, kernel, "valid"),
    right="The loop has one turn for each place, and the number of places follows from the two lengths.",
    slips=[
        (
            lambda signal, kernel: np.convolve(signal, kernel, "valid"),
            "Your kernel is reversed. Its first weight meets the first cell of the window.",
        ),
        (
            lambda signal, kernel: np.correlate(signal, kernel, "valid")[:-1],
            "The last place is missing. Where does the last window start?",
        ),
        (
            lambda signal, kernel: np.correlate(signal, kernel, "full")[: len(signal)],
            "Your window hangs over an end of the row. It has to stay inside.",
        ),
        (
            lambda signal, kernel: np.correlate(signal, kernel, "valid") / len(kernel),
            "You took the average of the products. Take their sum.",
        ),
        (
            lambda signal, kernel: np.correlate(signal, kernel, "valid")[:: len(kernel)],
            "Your window jumps by its own length. It slides by one cell.",
        ),
    ],
    hint="For each place: cut out the window, multiply it by the kernel cell by cell, add up.",
    tries=[
        (np.array([0, 0, 0, 5, 5, 5, 5]), np.array([-1, 0, 1])),
        (np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]), np.array([0.5, 2.0])),
        (np.array([2, 7, 1, 8, 2]), np.array([1, 2, 3, 4])),
    ],
)

_HAND_IMAGE = np.array([[1, 0, 2, 1], [3, 1, 0, 2], [0, 2, 4, 1]])
_HAND_KERNEL = np.array([[1, 0, -1], [2, 1, 0]])


def slide(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape, axis=(-2, -1))
    return np.sum(windows * kernel, axis=(-2, -1))


conv_by_hand = Checker(
    truth=slide(_HAND_IMAGE, _HAND_KERNEL),
    right="Six products and a sum for each output, in every place with the same six weights.",
    slips=[
        (
            slide(_HAND_IMAGE, _HAND_KERNEL[::-1, ::-1]),
            "You turned the kernel by 180 degrees. Lay it on the window as it is.",
        ),
        (slide(_HAND_IMAGE, _HAND_KERNEL).T, "Rows and columns changed places."),
        (
            slide(_HAND_IMAGE, np.abs(_HAND_KERNEL)),
            "One weight is negative: subtract that product.",
        ),
        (slide(_HAND_IMAGE, _HAND_KERNEL)[:1], "The window can move down too."),
    ],
    hint="Lay the kernel on the top left corner, multiply the six pairs and add up. Then move by one cell.",
)

conv_flipped = Checker(
    truth=lambda kernel: kernel[::-1, ::-1],
    right="Flip twice, upside down and left to right, and torch computes the convolution of mathematics.",
    slips=[
        (lambda kernel: kernel, "With that kernel torch computes the cross-correlation."),
        (lambda kernel: kernel[::-1], "That is upside down only. There is a second axis."),
        (lambda kernel: kernel[:, ::-1], "That is left to right only. There is a second axis."),
        (lambda kernel: kernel.T, "That swaps rows and columns. Reverse them, and keep their roles."),
        (lambda kernel: -kernel, "That changes signs. Reverse the order of the weights, along both axes."),
    ],
    hint="The first weight has to change places with the last, and so on: reverse both axes.",
    tries=[(np.arange(6).reshape(2, 3),), (np.array([[1.0, -2.0], [0.0, 5.0], [3.0, 4.0]]),)],
)

_FOUR_NEIGHBORS = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
_CENTER = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])

conv_from_words = Checker(
    truth=_CENTER - _FOUR_NEIGHBORS / 4,
    right="Its weights add up to 0, so a flat area gives 0, and a pixel unlike its neighbours stands out.",
    slips=[
        (_CENTER - _FOUR_NEIGHBORS, "You subtract the sum of the neighbours. The average was asked for."),
        (4 * _CENTER - _FOUR_NEIGHBORS, "That is a multiple of the kernel asked for. Mind the words."),
        (_FOUR_NEIGHBORS / 4 - _CENTER, "That is the average minus the pixel: the other way round."),
        (
            _CENTER - (1 - _CENTER) / 8,
            "You used all eight neighbours. Leave out the diagonal ones.",
        ),
        (_FOUR_NEIGHBORS / 4, "That is the average alone. Where is the pixel itself?"),
        (_CENTER + _FOUR_NEIGHBORS / 4, "You add the average. It has to be subtracted."),
    ],
    hint="What does the pixel itself count for? What does each of the four neighbours count for?",
)


def _rows_of(kernel, input_size, places):
    rows = np.zeros((places, input_size + len(kernel)), dtype=kernel.dtype)
    for place in range(places):
        rows[place, place : place + len(kernel)] = kernel
    return rows[:, :input_size]


conv_matrix = Checker(
    truth=lambda kernel, input_size: _rows_of(kernel, input_size, input_size - len(kernel) + 1),
    right="One row for each place, and each row is the row above it, moved one step to the right.",
    slips=[
        (
            lambda kernel, input_size: _rows_of(kernel[::-1], input_size, input_size - len(kernel) + 1),
            "Your kernel is reversed in every row.",
        ),
        (
            lambda kernel, input_size: _rows_of(kernel, input_size, input_size - len(kernel) + 1).T,
            "That is transposed: each row belongs to one output.",
        ),
        (
            lambda kernel, input_size: _rows_of(kernel, input_size, input_size),
            "In the last rows the kernel hangs over the end. The window has to stay inside.",
        ),
        (
            lambda kernel, input_size: _rows_of(kernel, input_size, input_size - len(kernel)),
            "A row is missing at the end. How many places are there?",
        ),
    ],
    hint="Start from zeros, with one row for each place. Write the kernel into each row where its window is.",
    tries=[(np.array([2, 5, 3]), 6), (np.array([1.0, -4.0]), 5), (np.array([1, 2, 3, 4]), 9)],
)

conv_moved = Checker(
    truth=(6, 4, 80),
    right="The place moved with the image (equivariance). The largest value did not change (invariance).",
    slips=[
        ((2, 10, 80), "You moved it the other way. Down is a larger row, left a smaller column."),
        ((6, 10, 80), "Left is a smaller column."),
        ((2, 4, 80), "Down is a larger row."),
        ((4, 7, 80), "That would be invariance of the whole map. The place moves with the image."),
        ((1, 9, 80), "Rows and columns changed places: two rows, three columns."),
        ((6, 4, 0), "The detector sees the same patch as before, so it answers as before."),
    ],
    hint="The output moves as the image does. Ask row, column and value one by one.",
)

conv_filter_bank = Checker(
    truth=lambda image, kernels: np.stack([slide(image, kernel) for kernel in kernels]),
    right="However many kernels, it is one product of two matrices.",
    slips=[
        (
            lambda image, kernels: np.stack([slide(image, kernel[::-1, ::-1]) for kernel in kernels]),
            "Your kernels are flipped.",
        ),
        (
            lambda image, kernels: np.stack([slide(image, kernel) for kernel in kernels], axis=-1),
            "The kernels have to come first in the shape: one map for each.",
        ),
        (
            lambda image, kernels: np.stack([slide(image, kernel) for kernel in kernels], axis=-1).reshape(
                len(kernels), *slide(image, kernels[0]).shape
            ),
            "The shape is right, but the numbers are shuffled: transpose before you reshape.",
        ),
        (
            lambda image, kernels: slide(image, kernels.sum(axis=0)),
            "You added the maps up. Keep one for each kernel.",
        ),
    ],
    hint="Write windows as rows of one matrix, kernels as rows of another. Which one is transposed?",
    tries=[
        (np.arange(20.0).reshape(4, 5) ** 2, np.arange(12.0).reshape(2, 2, 3)),
        (np.cos(np.arange(42.0)).reshape(7, 6), np.sin(np.arange(18.0)).reshape(3, 3, 2)),
    ],
)


def _both_orders(signal, kernel, shift):
    outputs = np.correlate(signal, kernel, "valid")
    return np.stack([outputs[:-shift]] * 2)


conv_equivariance = Checker(
    truth=_both_orders,
    right="Two equal rows, whatever the weights: first shift, then convolve, or the other way round.",
    slips=[
        (
            lambda signal, kernel, shift: np.stack(
                [np.correlate(np.roll(signal, shift), kernel, "valid"), np.correlate(signal, kernel, "valid")]
            ),
            "You compare place by place. The output has moved: compare place i + shift with place i.",
        ),
        (
            lambda signal, kernel, shift: np.stack([np.correlate(signal, kernel, "valid")[shift:]] * 2),
            "That is the end of the output. What moves to the right leaves the row there.",
        ),
        (
            lambda signal, kernel, shift: np.stack([np.correlate(signal, kernel, "valid")] * 2),
            "Windows that read what came in on the left are unknown, and what left on the right is gone.",
        ),
        (
            lambda signal, kernel, shift: _both_orders(signal, kernel[::-1], shift),
            "Your kernel is reversed. Lay it on the window as it is.",
        ),
        (
            lambda signal, kernel, shift: _both_orders(signal, kernel, shift)[0],
            "That is one row. Give both, one for each order of the two steps.",
        ),
    ],
    hint="Which windows of the moved signal read only numbers that were there before? Keep those places.",
    tries=[
        (np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5]), np.array([1.0, 2, -1]), 2),
        (np.array([2.0, 7, 1, 8, 2, 8, 1]), np.array([0.5, -3]), 1),
        (np.cos(np.arange(12.0)), np.array([1.0, 0, 2, 5]), 4),
    ],
)


def _matrix_of(convolve, height, width):
    """The array of a linear map of images: column c is what it makes of the image that is 1 at pixel c."""
    pixels = np.eye(height * width).reshape(-1, height, width)
    return np.stack([convolve(pixel).ravel() for pixel in pixels], axis=1)


def _matrix_2d(kernel, height, width):
    return _matrix_of(lambda image: slide(image, kernel), height, width)


def _matrix_without_jump(kernel, height, width):
    """All weights side by side, as if the kernel were a part of one row."""
    rows, columns = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    array = np.zeros((rows * columns, height * width))
    for place, (row, column) in enumerate(np.ndindex(rows, columns)):
        start = row * width + column
        array[place, start : start + kernel.size] = kernel.ravel()
    return array


conv_matrix_2d = Checker(
    truth=_matrix_2d,
    right="Bands of bands: the kernel's rows stand one image row apart, and 0 fills the rest.",
    slips=[
        (
            lambda kernel, height, width: _matrix_2d(kernel[::-1, ::-1], height, width),
            "Your kernel is reversed.",
        ),
        (
            lambda kernel, height, width: _matrix_2d(kernel, height, width).T,
            "That is transposed: each row belongs to one output.",
        ),
        (
            _matrix_without_jump,
            "The kernel's rows lie in different rows of the image: leave the rest of the image row between them.",
        ),
        (
            lambda kernel, height, width: _matrix_of(lambda image: slide(image, kernel).T, height, width),
            "The outputs are in the order of columns. Number them row by row.",
        ),
        (
            lambda kernel, height, width: _matrix_of(
                lambda image: slide(image.reshape(width, height).T, kernel), height, width
            ),
            "You numbered the pixels column by column. Number them row by row.",
        ),
        (
            lambda kernel, height, width: _matrix_of(
                lambda image: np.pad(slide(image, kernel), [(0, 0), (0, kernel.shape[1] - 1)]), height, width
            ),
            "You have places where the window hangs over the right side. It has to stay inside.",
        ),
    ],
    hint="Pixel (row, column) is number row · width + column. Where do the kernel's weights fall for each output?",
    tries=[
        (np.array([[2.0, 5, 3], [1, -4, 6]]), 3, 5),
        (np.array([[1.0, 2], [3, 4], [5, 6]]), 4, 3),
        (np.array([[7.0, -2]]), 2, 4),
    ],
)
