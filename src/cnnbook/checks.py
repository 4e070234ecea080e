"""What the exercises call: each checker knows the right answer to one exercise and the usual slips.

A checker is named after its exercise: the exercise ``fc-tiny`` ends in ``checks.fc_tiny(answer)``.
To write one, state the truth, the usual slips and what to say to each; ``tests/test_checks.py`` tries it.
"""

import copy
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cnnbook import boxes, ops, shapes


class WrongAnswer(AssertionError):
    """An answer that a checker refused. The message is a hint; a notebook shows it without a traceback."""

    def _render_traceback_(self):
        return [f"Not yet: {self}"]


@dataclass(frozen=True, kw_only=True)
class Checker:
    """Compares a reader's answer with the truth, and answers a known slip with its own hint.

    >>> check = Checker(truth=6, right="Two rows of three.", hint="Count again.",
    ...                 slips=[(5, "You added the sides: multiply them.")])
    >>> check(2 * 3)
    Right: Two rows of three.
    >>> check(...)
    Not answered yet: replace ... by your answer.

    Args:
        truth: a number, a tuple of numbers, an array, or a function.
        right: what a right answer earns: one sentence that adds something.
        slips: pairs of a wrong answer, of the same kind as the truth, and its hint, which holds no answer.
        hint: what to say to any other wrong answer.
        tries: for a function, the argument tuples that it is tried on; images with unequal height and width.
        rtol: how far a number may be off, as a share of the largest true number. Integers have to be exact.

    Calling it prints a sentence, or raises WrongAnswer. One wrong element makes the whole answer wrong.
    """

    truth: float | tuple | np.ndarray | Callable
    right: str
    slips: Sequence[tuple[object, str]]
    hint: str
    tries: Sequence[tuple] = ()
    rtol: float = 1e-5

    def __call__(self, answer):
        if callable(answer) != callable(self.truth) and answer is not ...:
            raise WrongAnswer(f"This exercise asks for {self._asked()}, and the answer is {_shown(answer)}.")
        outcomes = [answer] if answer is ... else self._outcomes(answer)
        if any(_is_stub(outcome) for outcome in outcomes):
            print("Not answered yet: replace ... by your answer.")
            return
        for outcome in outcomes:
            if not _is_numeric(outcome):
                subject = "your function returns" if callable(answer) else "the answer is"
                raise WrongAnswer(f"This exercise asks for {self._asked()}, and {subject} {_shown(outcome)}.")
        if self._agree(outcomes, self._outcomes(self.truth)):
            print(textwrap.fill(f"Right: {self.right}", width=66))
            return
        for slip, hint in self.slips:
            if self._agree(outcomes, self._outcomes(slip)):
                raise WrongAnswer(hint)
        raise WrongAnswer(self._shape_note(outcomes) + self.hint)

    def _asked(self):
        if callable(self.truth):
            return "a function of numbers"
        if isinstance(self.truth, tuple):
            return f"{len(self.truth)} numbers in round brackets"
        return "an array of numbers" if isinstance(self.truth, np.ndarray) else "a number"

    def _outcomes(self, candidate):
        if not callable(candidate):
            return [candidate]
        outcomes = []
        for arguments in self.tries:
            try:
                outcomes.append(candidate(*copy.deepcopy(arguments)))
            except Exception as error:
                told = f"{type(error).__name__}: {error}"
                raise WrongAnswer(f"Tried on {_described(arguments)}, your function stops: {told}") from error
        return outcomes

    def _agree(self, outcomes, others):
        return all(map(self._equal, map(np.asarray, outcomes), map(np.asarray, others)))

    def _equal(self, given, true):
        if given.shape != true.shape:
            return False
        tolerance = 0 if true.dtype.kind in "iu" else self.rtol * np.abs(true).max(initial=0)
        return bool(np.all(np.abs(given - true) <= tolerance))

    def _shape_note(self, outcomes):
        tries = self.tries if callable(self.truth) else [None]
        for arguments, outcome, true in zip(tries, outcomes, self._outcomes(self.truth), strict=True):
            if np.shape(outcome) != np.shape(true):
                where = f" for {_described(arguments)}" if arguments else ""
                return f"The answer{where} has shape {np.shape(outcome)}, which is not the shape asked for. "
        return ""


def _is_stub(answer):
    return answer is ... or (isinstance(answer, tuple | list) and any(_is_stub(part) for part in answer))


def _is_numeric(answer):
    try:
        parts = np.asarray(answer).ravel().tolist()
    except (TypeError, ValueError, RuntimeError):
        return False
    return all(isinstance(part, int | float) and not isinstance(part, bool) for part in parts)


def _shown(answer):
    if callable(answer):
        return "a function"
    text = repr(answer)
    return f"{text if len(text) <= 40 else text[:39] + '…'} (of type {type(answer).__name__})"


def _described(arguments):
    parts = [f"an array of shape {np.shape(part)}" if np.ndim(part) else repr(part) for part in arguments]
    return ", ".join(parts)


# Chapter 1, fully_connected

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


# Chapter 2, convolution

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


def _slide(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape, axis=(-2, -1))
    return np.sum(windows * kernel, axis=(-2, -1))


conv_by_hand = Checker(
    truth=_slide(_HAND_IMAGE, _HAND_KERNEL),
    right="Six products and a sum for each output, in every place with the same six weights.",
    slips=[
        (
            _slide(_HAND_IMAGE, _HAND_KERNEL[::-1, ::-1]),
            "You turned the kernel by 180 degrees. Lay it on the window as it is.",
        ),
        (_slide(_HAND_IMAGE, _HAND_KERNEL).T, "Rows and columns changed places."),
        (
            _slide(_HAND_IMAGE, np.abs(_HAND_KERNEL)),
            "One weight is negative: subtract that product.",
        ),
        (_slide(_HAND_IMAGE, _HAND_KERNEL)[:1], "The window can move down too."),
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
    truth=lambda image, kernels: np.stack([_slide(image, kernel) for kernel in kernels]),
    right="However many kernels, it is one product of two matrices.",
    slips=[
        (
            lambda image, kernels: np.stack([_slide(image, kernel[::-1, ::-1]) for kernel in kernels]),
            "Your kernels are flipped.",
        ),
        (
            lambda image, kernels: np.stack([_slide(image, kernel) for kernel in kernels], axis=-1),
            "The kernels have to come first in the shape: one map for each.",
        ),
        (
            lambda image, kernels: np.stack([_slide(image, kernel) for kernel in kernels], axis=-1).reshape(
                len(kernels), *_slide(image, kernels[0]).shape
            ),
            "The shape is right, but the numbers are shuffled: transpose before you reshape.",
        ),
        (
            lambda image, kernels: _slide(image, kernels.sum(axis=0)),
            "You added the maps up. Keep one for each kernel.",
        ),
    ],
    hint="Write windows as rows of one matrix, kernels as rows of another. Which one is transposed?",
    tries=[
        (np.arange(20.0).reshape(4, 5) ** 2, np.arange(12.0).reshape(2, 2, 3)),
        (np.cos(np.arange(42.0)).reshape(7, 6), np.sin(np.arange(18.0)).reshape(3, 3, 2)),
    ],
)


# Chapter 3, stride_padding

_TALL, _WIDE = (30, 44), dict(kernel_size=5, stride=4)

stride_dropped = Checker(
    truth=(*shapes.conv_output_size(_TALL, **_WIDE), *shapes.unused(_TALL, **_WIDE)),
    right="The floor drops rows and columns one axis at a time, and says nothing.",
    slips=[
        ((8, 11, 1, 3), "You rounded up. A window that hangs over the end does not count."),
        ((6, 9, 1, 3), "You counted the steps. The first place comes before the first step."),
        (
            (7, 10, 0, 0),
            "The sizes are right. Where does the last window end, and where the image?",
        ),
        ((10, 7, 3, 1), "Rows and columns changed places: rows come first."),
        ((7, 11, 2, 0), "You forgot the kernel: the first window already covers five cells."),
    ],
    hint="Along each axis: take the kernel away, divide by the stride, round down, add one. What remains?",
)

_ROW = np.array([3, 1, 4, 1, 5])

stride_padded_row = Checker(
    truth=np.stack([np.pad(_ROW, 2, mode="reflect"), np.pad(_ROW, 2, mode="wrap")]),
    right="Both modes take their numbers from the row itself, so no foreign zeros come in.",
    slips=[
        (
            np.stack([np.pad(_ROW, 2, mode="symmetric"), np.pad(_ROW, 2, mode="wrap")]),
            "In `reflect` the mirror stands on the last cell, so that cell is not repeated.",
        ),
        (
            np.stack([np.pad(_ROW, 2, mode="wrap"), np.pad(_ROW, 2, mode="reflect")]),
            "The two rows changed places.",
        ),
        (
            np.stack([np.pad(_ROW, 2, mode="edge"), np.pad(_ROW, 2, mode="wrap")]),
            "The first row repeats the border. That is `replicate`.",
        ),
        (
            np.stack([np.pad(_ROW, 2, mode="reflect"), np.pad(_ROW, 2, mode="wrap")])[:, 1:-1],
            "That is a padding of 1. It has to be 2, on both sides.",
        ),
    ],
    hint="The five numbers stay in the middle. What stands two cells outside, in each mode?",
)

stride_same = Checker(
    truth=(3, 6),
    right="Half of what the kernel spans beyond one cell, on each side.",
    slips=[
        ((3, 2), "The second kernel is dilated. How many cells does it span?"),
        ((6, 12), "That is the padding of both sides together. Give one side's."),
        ((7, 13), "That is what the kernel spans. How much of it hangs over one side?"),
        ((4, 7), "One cell of the kernel lies on the pixel itself."),
        ((2, 2), "The first kernel has seven cells along a side."),
    ],
    hint="At stride 1 the size shrinks by what the kernel spans, less one. Padding has to give that back.",
)


def _on_both_axes(size_along):
    """A function of height, width and a layer, from a function of one size and the layer."""
    return lambda height, width, *layer: (size_along(height, *layer), size_along(width, *layer))


stride_output_size = Checker(
    truth=_on_both_axes(shapes.conv_output_size),
    right="That is PyTorch's formula, for every convolution that you will meet.",
    slips=[
        (
            lambda height, width, *layer: _on_both_axes(shapes.conv_output_size)(width, height, *layer),
            "Rows and columns changed places: rows come first.",
        ),
        (_on_both_axes(lambda n, k, s, p, d: (n + 2 * p - k) // s + 1), "You left out the dilation."),
        (
            _on_both_axes(lambda n, k, s, p, d: (n + p - d * (k - 1) - 1) // s + 1),
            "Padding is on both sides.",
        ),
        (
            _on_both_axes(lambda n, k, s, p, d: (n + 2 * p - d * k) // s + 1),
            "Three weights have two gaps between them. What does a dilated kernel span?",
        ),
        (
            _on_both_axes(lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) // s),
            "You counted the steps. The first place comes before the first step.",
        ),
        (
            _on_both_axes(lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) / s + 1),
            "A step that does not fit is not made: round down.",
        ),
    ],
    hint="Work on one axis. What is the padded size, what does the kernel span, how many steps fit?",
    tries=[
        (7, 9, 3, 1, 0, 1),
        (32, 45, 3, 2, 1, 1),
        (30, 44, 5, 4, 0, 1),
        (20, 33, 3, 2, 3, 4),
        (11, 8, 1, 3, 0, 2),
    ],
)

_GROUPED = (8, 12 // 4, 5, 5, shapes.conv_parameters(12, 8, 5, groups=4))

stride_grouped = Checker(
    truth=_GROUPED,
    right="Each of the eight filters sees only the channels of its own group.",
    slips=[
        (
            (8, 12, 5, 5, shapes.conv_parameters(12, 8, 5)),
            "Those are the numbers without groups. How many channels does one filter see?",
        ),
        ((*_GROUPED[:4], _GROUPED[4] - 8), "Every filter has a bias too."),
        ((2, *_GROUPED[1:]), "There are two filters in each group. The weight holds those of all groups."),
        ((12, 2, 5, 5, shapes.conv_parameters(8, 12, 5, groups=4)), "Filters first, channels second."),
        ((8, 4, 5, 5, 8 * (4 * 25 + 1)), "There are four groups. That is not four channels in each."),
    ],
    hint="Split the input channels into the groups. One filter has a kernel for each channel that it sees.",
)

stride_separable = Checker(
    truth=lambda in_channels, out_channels, kernel_size: (
        shapes.conv_parameters(in_channels, out_channels, kernel_size, bias=False),
        shapes.depthwise_separable_parameters(in_channels, out_channels, kernel_size, bias=False),
    ),
    right="A product has become a sum, and that is the whole saving.",
    slips=[
        (
            lambda in_channels, out_channels, kernel_size: (
                shapes.conv_parameters(in_channels, out_channels, kernel_size),
                shapes.depthwise_separable_parameters(in_channels, out_channels, kernel_size),
            ),
            "No biases here: weights alone.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: (
                in_channels * out_channels * kernel_size**2,
                in_channels * kernel_size**2,
            ),
            "The second count stops after the depthwise step. The 1 × 1 step has weights too.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: (
                in_channels * out_channels * kernel_size**2,
                out_channels * kernel_size**2 + in_channels * out_channels,
            ),
            "The depthwise step has one kernel for each channel that comes in.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: (
                in_channels * out_channels * kernel_size,
                in_channels * kernel_size + in_channels * out_channels,
            ),
            "A kernel is a square.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: (
                in_channels * out_channels * kernel_size**2,
                in_channels * kernel_size**2 * in_channels * out_channels,
            ),
            "The two steps come one after the other: add their weights.",
        ),
    ],
    hint="Count kernels and their cells: in the ordinary layer, in the depthwise step, in the 1 × 1 step.",
    tries=[(4, 2, 3), (64, 128, 3), (3, 16, 5)],
)


# Chapter 4, pooling

_POOL_MAP = np.array([[1.0, 5, 2, 0, 3, 3], [0, 2, 8, 4, 1, 5], [6, 1, 0, 0, 7, 2], [3, 2, 4, 0, 1, 2]])


def _pooled(pool, image, *settings):
    return pool(image[None], *settings)[0]


def _both_pooled(image, *settings):
    return np.stack([_pooled(ops.max_pool2d, image, *settings), _pooled(ops.avg_pool2d, image, *settings)])


pool_by_hand = Checker(
    truth=_both_pooled(_POOL_MAP, 2),
    right="A quarter of the numbers is left. The maximum keeps one of each four as it was, the average none.",
    slips=[
        (_both_pooled(_POOL_MAP, 2)[::-1], "The maximum comes first, the average second."),
        (
            _both_pooled(_POOL_MAP, 2) * [[[1]], [[4]]],
            "In the second grid you added up. Divide by the cells.",
        ),
        (_both_pooled(_POOL_MAP, 2, 1), "Your window moves by one cell. Here it moves by its own size."),
        (
            np.stack([-_pooled(ops.max_pool2d, -_POOL_MAP, 2), _pooled(ops.avg_pool2d, _POOL_MAP, 2)]),
            "The first grid holds the smallest numbers.",
        ),
        (_both_pooled(_POOL_MAP.T, 2), "Rows and columns changed places."),
        (_both_pooled(_POOL_MAP, 2)[0], "That is one grid. Give both, the maximum and the average."),
    ],
    hint="Cut the map into blocks of two rows and two columns. Ask each block twice.",
)

_POOL_SIZES = [shapes.pool_output_size((13, 16), 3, 2, ceil_mode=ceil_mode) for ceil_mode in (False, True)]

pool_sizes = Checker(
    truth=(*_POOL_SIZES[0], *_POOL_SIZES[1]),
    right="Where the steps fit, the two modes agree. They differ where a step is left over.",
    slips=[
        ((6, 7, 7, 8), "Thirteen rows leave no step over, so rounding up adds nothing there."),
        ((6, 7, 6, 7), "Rounded up, a last window may hang over the end. Which side has cells left over?"),
        ((6, 8, 6, 7), "The two modes changed places: floor first."),
        ((4, 5, 5, 6), "That is with the stride that PyTorch takes by default. Here it is given."),
        ((5, 6, 5, 7), "You counted the steps. The first place comes before the first step."),
        ((7, 6, 8, 6), "Rows and columns changed places: rows come first."),
    ],
    hint="Take the window away, divide by the stride, round down or up, and add one.",
)

pool_windows = Checker(
    truth=lambda image, kernel_size, stride: _pooled(ops.max_pool2d, image, kernel_size, stride),
    right="Any window and any stride: where the stride is smaller than the window, the windows overlap.",
    slips=[
        (
            lambda image, kernel_size, stride: _pooled(ops.avg_pool2d, image, kernel_size, stride),
            "That is average pooling. Keep the largest number.",
        ),
        (
            lambda image, kernel_size, stride: _pooled(ops.max_pool2d, image, kernel_size),
            "Your window always moves by its own size. Use the stride.",
        ),
        (
            lambda image, kernel_size, stride: _pooled(ops.max_pool2d, image, kernel_size, 1),
            "Your window always moves by one cell. Use the stride.",
        ),
        (
            lambda image, kernel_size, stride: np.maximum(
                _pooled(ops.max_pool2d, image, kernel_size, stride), 0
            ),
            "Where all numbers of a window are negative, you return 0. The largest of them was asked for.",
        ),
        (
            lambda image, kernel_size, stride: _pooled(
                ops.max_pool2d, image, kernel_size, stride, 0, 1, True
            ),
            "Your last window hangs over the end. It has to stay inside.",
        ),
        (
            lambda image, kernel_size, stride: _pooled(ops.max_pool2d, image.T, kernel_size, stride),
            "Rows and columns changed places.",
        ),
    ],
    hint="How many places are there along each side? Cut the window out at each, and keep its maximum.",
    tries=[
        (_POOL_MAP, 2, 2),
        (np.sin(np.arange(40.0)).reshape(8, 5), 3, 2),
        (-np.arange(1.0, 43.0).reshape(6, 7), 2, 3),
        (np.cos(np.arange(30.0)).reshape(5, 6), 3, 1),
    ],
)

_POOL_CONV = dict(in_channels=16, out_channels=32, kernel_size=3)

pool_costs = Checker(
    truth=(
        shapes.conv_macs(**_POOL_CONV, output_size=(28, 40)),
        shapes.conv_macs(**_POOL_CONV, output_size=(14, 20)),
        0,
    ),
    right="Pooling has nothing to learn, but the convolution before it has worked for numbers that are dropped.",
    slips=[
        (
            (
                shapes.conv_macs(**_POOL_CONV, output_size=(28, 40)),
                shapes.conv_macs(**_POOL_CONV, output_size=(28, 20)),
                0,
            ),
            "The stride counts along the rows and along the columns.",
        ),
        (
            (shapes.conv_macs(**_POOL_CONV, output_size=(28, 40)),) * 2 + (0,),
            "With stride 2 the kernel visits fewer places.",
        ),
        (
            (shapes.conv_macs(**_POOL_CONV, output_size=(14, 20)),) * 2 + (0,),
            "Pooling comes after the convolution, which has to visit every place first.",
        ),
        (
            (
                shapes.conv_macs(**_POOL_CONV, output_size=(28, 40)),
                shapes.conv_macs(**_POOL_CONV, output_size=(14, 20)),
                4 * 32,
            ),
            "A maximum has no weights.",
        ),
        (
            (
                shapes.conv_macs(1, 32, 3, output_size=(28, 40)),
                shapes.conv_macs(1, 32, 3, output_size=(14, 20)),
                0,
            ),
            "A filter reads all channels that come in.",
        ),
    ],
    hint="MACs are weights times places. How many places does the kernel visit in each of the two?",
)

pool_kept = Checker(
    truth=lambda kernel_size, shift: max(0, 1 - shift / kernel_size),
    right="At half the window you have forgiven half of the places, and at the whole window none.",
    slips=[
        (lambda kernel_size, shift: 1 - shift / kernel_size, "A share is never negative."),
        (lambda kernel_size, shift: min(1, shift / kernel_size), "That is the share that changes."),
        (
            lambda kernel_size, shift: max(0, 1 - shift / kernel_size) ** 2,
            "The spot moves along one axis only.",
        ),
        (
            lambda kernel_size, shift: max(0, kernel_size - shift),
            "Those are the places. What share of all places in a window are they?",
        ),
        (
            lambda kernel_size, shift: float(shift < kernel_size),
            "A spot at the end of its window leaves it with the first step.",
        ),
        (
            lambda kernel_size, shift: max(0, 1 - (shift + 1) / kernel_size),
            "You are off by one. With no shift at all, every place keeps its output.",
        ),
    ],
    hint="Number the columns of one window from 0. From which of them does the spot stay in the window?",
    tries=[(2, 1), (2, 2), (3, 1), (4, 3), (3, 5), (4, 0)],
)


def _blur_pooled(signal, mode="reflect", weights=(0.25, 0.5, 0.25), start=0, stride=2):
    largest = np.maximum(signal[:-1], signal[1:])
    return np.correlate(np.pad(largest, 1, mode=mode), weights, "valid")[start::stride]


pool_blur = Checker(
    truth=_blur_pooled,
    right="Three steps, and only the last one throws numbers away.",
    slips=[
        (lambda signal: np.maximum(signal[:-1], signal[1:])[::2], "That is max pooling. Where is the blur?"),
        (lambda signal: _blur_pooled(signal, stride=1), "You keep every place. Keep every second one."),
        (lambda signal: _blur_pooled(signal, start=1), "Start with the first place, and skip the second."),
        (lambda signal: _blur_pooled(signal, mode="constant"), "You padded with zeros. Mirror the row."),
        (
            lambda signal: _blur_pooled(signal, mode="edge"),
            "You repeated the last number. The mirror stands on it, so it is not repeated.",
        ),
        (lambda signal: _blur_pooled(signal, weights=(1, 2, 1)), "Your weights do not add up to 1."),
        (
            lambda signal: _blur_pooled(signal, weights=(1 / 3, 1 / 3, 1 / 3)),
            "You weighed all three alike. The middle one counts double.",
        ),
        (
            lambda signal: np.correlate(np.pad(signal, 1, mode="reflect"), (0.25, 0.5, 0.25), "valid")[::2],
            "The maximum is missing: it comes before the blur.",
        ),
    ],
    hint="First the maximum of each two neighbours, in every place. Mirror, blur, and only then skip.",
    tries=[
        (np.array([0.0, 0, 8, 0, 0, 0, 0, 0]),),
        (np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3]),),
        (np.array([-1.0, -5, -2, -7, -3, -4]),),
    ],
)


# Chapter 5, receptive_field

field_chain = Checker(
    truth=shapes.receptive_field(
        [shapes.Layer(7, stride=2), shapes.Layer(3), shapes.Layer(3, stride=2), shapes.Layer(3, stride=2)]
    )[-1][:2],
    right="Each layer adds its gaps times the jump so far. Its own stride counts only for the layers above.",
    slips=[
        ((13, 8), "You left the strides out of the size. A step on a strided map is several pixels long."),
        ((41, 8), "A layer's own stride does not widen its own kernel. It counts from the next layer on."),
        ((32, 8), "A kernel of three has two gaps between its cells: two are added, not three."),
        ((22, 8), "Begin with one: a pixel sees itself."),
        ((23, 6), "Strides multiply. They do not add up."),
        ((23, 4), "The last layer has a stride too, and its units are that much further apart."),
        ((8, 23), "Size first, jump second."),
    ],
    hint="Go from layer to layer: add (kernel − 1) times the jump so far, then multiply the jump by the stride.",
)

field_dilation = Checker(
    truth=9,
    right="Dilations of 1, 3 and 9 fit together without gaps: each layer steps by what the last one spans.",
    slips=[
        (23, "A 3 × 3 kernel reaches one dilation to the left and one to the right."),
        (18, "That is how much the third layer adds in all. It adds on two sides."),
        (9.5, "Do not forget the pixel in the middle."),
        (27, "That is the whole patch. How much of it do the first two layers see already?"),
        (22, "One on each side: count the gaps of the kernel."),
    ],
    hint="What do the first two layers see? How much is missing, and how many gaps has the third kernel?",
)

field_border = Checker(
    truth=(0, 5, 34, 39),
    right="Of the ten by ten pixels of its patch, only 36 are in the image. The rest is padding.",
    slips=[
        ((-4, 5, 34, 43), "Part of that lies in the padding. Which of these rows and columns has the image?"),
        ((0, 9, 38, 39), "You left out the padding: it moves the patch up and to the left."),
        (
            (0, 6, 35, 39),
            "The second padding lies around a map whose units are two pixels apart. How many pixels is it?",
        ),
        ((34, 39, 0, 5), "Rows first, columns second."),
        ((0, 5, 15, 24), "You moved one pixel for each unit. How far apart are the units?"),
        ((0, 5, 34, 43), "The image has columns 0 to 39."),
    ],
    hint="Find the size, the jump and the first pixel of unit 0. Move by the jump, then cut at the border.",
)


def _last_field(layers):
    return tuple(shapes.receptive_field([shapes.Layer(*layer) for layer in layers])[-1])


def _recurrence(step):
    """A function of a chain, from one that takes a field and a layer to the next field."""

    def through(layers):
        field = 1, 1, 0.0
        for layer in layers:
            field = step(*field, *layer)
        return field

    return through


field_recurrence = Checker(
    truth=_last_field,
    right="These few lines tell you what a unit sees in any chain of convolutions and pools.",
    slips=[
        (
            _recurrence(
                lambda size, jump, start, k, s, p, d: (
                    size + (k - 1) * d * jump * s,
                    jump * s,
                    start + ((k - 1) * d / 2 - p) * jump * s,
                )
            ),
            "You multiplied the jump too early: a layer's stride counts from the next layer on.",
        ),
        (
            _recurrence(
                lambda size, jump, start, k, s, p, d: (
                    size + (k - 1) * jump,
                    jump * s,
                    start + ((k - 1) / 2 - p) * jump,
                )
            ),
            "You left out the dilation: it makes the gaps of the kernel longer.",
        ),
        (
            _recurrence(
                lambda size, jump, start, k, s, p, d: (
                    size + (k - 1) * d * jump,
                    jump * s,
                    start + (k - 1) * d / 2 * jump - p,
                )
            ),
            "The padding lies around this layer's own input, where a step is one jump long.",
        ),
        (
            _recurrence(
                lambda size, jump, start, k, s, p, d: (
                    size + (k - 1) * d * jump,
                    jump * s,
                    start + ((k - 1) * d / 2 + p) * jump,
                )
            ),
            "Padding moves the first unit outward: to the left, where pixels are negative.",
        ),
        (
            _recurrence(
                lambda size, jump, start, k, s, p, d: (
                    size + ((k - 1) * d - 2 * p) * jump,
                    jump * s,
                    start + ((k - 1) * d / 2 - p) * jump,
                )
            ),
            "Padding does not change how much a unit reads. It only moves it.",
        ),
        (
            lambda layers: (_last_field(layers)[0] - 1, *_last_field(layers)[1:]),
            "Begin with a size of one: a pixel sees itself.",
        ),
    ],
    hint="Start from size 1, jump 1, start 0. For each layer update the size and the start, then the jump.",
    tries=[
        ([(3, 1, 0, 1)],),
        ([(3, 2, 1, 1), (5, 1, 2, 2)],),
        ([(7, 2, 3, 1), (2, 2, 0, 1), (3, 1, 4, 4)],),
        ([(11, 4, 2, 1), (3, 2, 0, 1), (5, 1, 2, 1), (3, 2, 0, 1), (3, 1, 1, 1)],),
    ],
)

field_hundred = Checker(
    truth=(50, 9),
    right="The pools are what carries a network across a large picture: 50 layers against nine.",
    slips=[
        ((49, 9), "Almost: with that many the first stack sees 99 pixels."),
        ((34, 9), "The first layer sees three pixels, and each further one adds two."),
        ((50, 13), "You counted the pools too. How many convolutions are among them?"),
        (
            (50, 8),
            "The pool adds a little and doubles the jump, but it is not enough before the next convolution.",
        ),
        ((9, 50), "The plain stack first, the one with pools second."),
        ((100, 9), "A kernel of three adds a pixel on either side."),
    ],
    hint="Follow the size from layer to layer. Two is added at first; how much after each pool?",
)

field_paths = Checker(
    truth=(1, 49),
    right="That is why a unit listens to the middle of its patch: many ways lead there, and one to a corner.",
    slips=[
        ((1, 7), "That is along one axis. Rows and columns choose their ways independently: multiply."),
        ((1, 14), "Each way along the rows goes with each way along the columns: do not add them."),
        ((1, 729), "Those are all the ways, to any pixel. How many of them end in the middle?"),
        ((1, 27), "Those are all the ways along one axis, to any pixel. How many of them end in the middle?"),
        ((1, 9), "That is the middle after two layers."),
        ((49, 1), "The corner first, the middle second."),
    ],
    hint="Along one axis each layer steps by −1, 0 or 1. In how many ways do three steps end where you want?",
)


# Chapter 6, building_a_cnn

_TWO_BLOCKS = shapes.conv_parameters(3, 24, 5) + shapes.conv_parameters(24, 40, 3)

build_shapes = Checker(
    truth=(40, 8, 10, _TWO_BLOCKS),
    right="The image's size is nowhere in the parameters: the same two blocks take a larger image as well.",
    slips=[
        ((40, 9, 11, _TWO_BLOCKS), "The second convolution has no padding: it takes rows and columns away."),
        ((40, 10, 8, _TWO_BLOCKS), "Rows come before columns."),
        ((40, 16, 20, _TWO_BLOCKS), "There is a second pooling."),
        (
            (40, 8, 10, shapes.conv_parameters(3, 24, 5, bias=False) + 40 * 24 * 9),
            "Those are the weights. Each filter has a bias too.",
        ),
        (
            (40, 8, 10, shapes.conv_parameters(3, 24, 5) + shapes.conv_parameters(1, 40, 3)),
            "A filter of the second block reads all the channels that the first block puts out.",
        ),
        (
            (40, 8, 10, shapes.conv_parameters(1, 24, 5) + shapes.conv_parameters(24, 40, 3)),
            "A colour image has three channels, and a filter of the first block reads all of them.",
        ),
    ],
    hint="Go layer by layer: write down channels, rows and columns after each. Pools and ReLUs have no weights.",
)

build_width = Checker(
    truth=lambda budget, in_features, classes: (budget - classes) // (in_features + 1 + classes),
    right="A hidden unit costs its weights from the pixels, its bias, and its weights to the classes.",
    slips=[
        (
            lambda budget, in_features, classes: budget // (in_features + 1 + classes),
            "The classes have biases too, however many hidden units there are.",
        ),
        (
            lambda budget, in_features, classes: (budget - classes) // (in_features + classes),
            "Each hidden unit has a bias.",
        ),
        (
            lambda budget, in_features, classes: budget // (in_features + classes),
            "You counted weights alone. There are two kinds of biases.",
        ),
        (
            lambda budget, in_features, classes: -(-(budget - classes) // (in_features + 1 + classes)),
            "Round down: the net may not have more parameters than the budget.",
        ),
        (
            lambda budget, in_features, classes: (budget - classes) / (in_features + 1 + classes),
            "That is no whole number of units.",
        ),
        (
            lambda budget, in_features, classes: budget // (in_features + 1),
            "A hidden unit also has a weight to each class.",
        ),
    ],
    hint="What does one more hidden unit cost? What is there even with none?",
    tries=[(31_809, 784, 10), (14_458, 784, 10), (109, 6, 3)],
)

_POOLED_MAP = np.array([[1.0, 5, 2, 0], [3, 4, 8, 1], [2, 0, 6, 7]])
_POOLED_GRADIENT = np.array([[1.0, -2, 3], [4, 5, -2]])


def _pool_gradient(backward, gradient=_POOLED_GRADIENT):
    return backward(gradient[None], _POOLED_MAP[None], kernel_size=2, stride=1)[0]


build_pool_backward = Checker(
    truth=_pool_gradient(ops.max_pool2d_backward),
    right="A cell that wins several windows collects the gradients of all of them; the losers get nothing.",
    slips=[
        (
            np.array([[0.0, 1, 0, 0], [0, 4, -2, 0], [0, 0, 0, 0]]),
            "The 8 wins several windows. Add up what comes from all of them.",
        ),
        (_pool_gradient(ops.avg_pool2d_backward), "You shared each gradient out: that is average pooling."),
        (
            _pool_gradient(ops.max_pool2d_backward, np.ones((2, 3))),
            "You counted how often each cell wins. Add up the gradients of those windows.",
        ),
        (
            _pool_gradient(ops.max_pool2d_backward, np.abs(_POOLED_GRADIENT)),
            "A gradient may be negative: keep its sign.",
        ),
        (
            _pool_gradient(ops.max_pool2d_backward) * _POOLED_MAP,
            "Pass the gradient on as it is, without the map.",
        ),
    ],
    hint="Go through the six windows. Which cell is the largest, and which number of the gradient goes to it?",
)

_GRADIENT_TRIES = [
    (np.arange(12.0).reshape(3, 4), np.array([[1.0, -2.0, 0.0], [3.0, 0.5, 1.0]])),
    (
        np.array([[2.0, 7, 1, 8, 2], [8, 1, 8, 2, 8], [4, 5, 9, 0, 4], [5, 2, 3, 5, 3]]),
        np.array([[1.0, 2, 4, -1]]),
    ),
]

build_kernel_gradient = Checker(
    truth=_slide,
    right="The same sliding window as in the forward pass, with the gradient in the kernel's place.",
    slips=[
        (
            lambda image, grad_output: _slide(image, grad_output[::-1, ::-1]),
            "You flipped the gradient. The first output's gradient goes with the first window.",
        ),
        (
            lambda image, grad_output: _slide(image, np.ones_like(grad_output)),
            "You summed the pixels that each weight met. Weigh each with the gradient of its output.",
        ),
        (
            lambda image, grad_output: _slide(image, grad_output) / grad_output.size,
            "You took the mean over the outputs. The weight's effects on them add up.",
        ),
        (lambda image, grad_output: _slide(image, grad_output).T, "Rows and columns changed places."),
        (
            lambda image, grad_output: _slide(image, grad_output)[:1],
            "The kernel has more rows. How many, if the image and the output have so many?",
        ),
    ],
    hint="Weight (a, b) meets pixel (i + a, j + b) on its way to output (i, j). Sum over all outputs.",
    tries=_GRADIENT_TRIES,
)


def _spread(kernel, grad_output):
    rows, columns = kernel.shape
    return _slide(np.pad(grad_output, [(rows - 1,) * 2, (columns - 1,) * 2]), kernel[::-1, ::-1])


build_image_gradient = Checker(
    truth=_spread,
    right="Each output stamps the kernel, times its gradient, onto its window: a transposed convolution.",
    slips=[
        (
            lambda kernel, grad_output: _spread(kernel[::-1, ::-1], grad_output),
            "You flipped the kernel. Stamp it as it is: its first weight onto the window's first pixel.",
        ),
        (
            lambda kernel, grad_output: _spread(np.ones_like(kernel), grad_output),
            "You passed on each gradient whole. Multiply it with the weight that the pixel met.",
        ),
        (
            lambda kernel, grad_output: _spread(kernel, np.ones_like(grad_output)),
            "You added up the weights that a pixel met. Multiply each with the gradient of its output.",
        ),
        (
            lambda kernel, grad_output: _spread(kernel, grad_output)[
                : len(grad_output), : len(grad_output[0])
            ],
            "The image is larger than the output: the last windows reach further down and right.",
        ),
    ],
    hint="Begin with zeros as large as the image. Add to each output's window the kernel times its gradient.",
    tries=[(kernel, image) for image, kernel in _GRADIENT_TRIES],
)


# Chapter 7, classification

class_lenet = Checker(
    truth=(shapes.conv_parameters(6, 16, 5), 16 * 4 * 4, shapes.linear_parameters(16 * 4 * 4, 120)),
    right="C3 does not know the image's size. C5, a linear layer, has to be built for it.",
    slips=[
        (
            (2416, 400, 48120),
            "That is the net for 32 pixels. Follow the 28 through both convolutions and poolings.",
        ),
        ((2400, 256, 30720), "Those are the weights. Each map and each unit has a bias too."),
        ((2416, 16, 2040), "Flattening keeps every place of every map: channels times rows times columns."),
        (
            (2416, 784, 94200),
            "The convolutions have no padding here: each takes four rows and four columns away.",
        ),
        ((416, 256, 30840), "A kernel of C3 reads all the maps below it, and has 25 weights for each."),
        ((2406, 256, 30840), "A bias belongs to a map that a layer puts out, not to one that it reads."),
    ],
    hint="A convolution of 5 takes four rows away, a pooling of 2 halves. Weights: all that is read, times all units.",
)

class_groups = Checker(
    truth=tuple(shapes.conv_parameters(96, 192, 3, groups) for groups in (1, 2, 4)),
    right="Each doubling of the groups halves the weights. The biases stay: one a map.",
    slips=[
        ((165888, 82944, 41472), "Those are the weights. How many biases has the layer?"),
        ((166080, 83040, 41520), "The biases do not get fewer: there are as many maps as before."),
        (
            (166080, 332160, 664320),
            "A group reads only a part of the maps below, so a kernel has fewer weights.",
        ),
        (
            (166080, 41664, 10560),
            "Each group reads a part and makes a part, but there are several groups: add them up.",
        ),
        (
            (165984, 83040, 41568),
            "A bias belongs to a map that the layer puts out, not to one that it reads.",
        ),
    ],
    hint="With g groups a kernel reads 96 / g maps. There are 192 kernels in any case.",
)

class_size = Checker(
    truth=(shapes.linear_parameters(512 * 14 * 14, 4096, bias=False), 4),
    right="The first linear layer is built for one size. The convolutions take any, and work as much as it has places.",
    slips=[
        (
            (102_760_448, 4),
            "That is the layer for 224 pixels. Which maps come out of 448, halved five times?",
        ),
        ((411_045_888, 4), "The exercise asks for the weights: leave the biases out."),
        ((411_041_792, 2), "The maps grow along both sides."),
        ((205_520_896, 2), "The maps grow along both sides."),
        ((411_041_792, 1), "A kernel stays as it is, but it has more places to visit."),
        ((29_360_128, 4), "Flattening keeps every place: rows times columns."),
    ],
    hint="Halve 448 five times. The weights of a linear layer: all inputs times all units. Work: places of a map.",
)


def _stack_of_threes(kernel_size, channels):
    layers = (kernel_size - 1) // 2
    return layers, kernel_size**2 * channels**2, layers * 9 * channels**2


class_stacks = Checker(
    truth=_stack_of_threes,
    right="For a kernel of 5 the stack has 18 weights to 25, for a kernel of 11 it has 45 to 121.",
    slips=[
        (
            lambda k, c: (k // 3, k**2 * c**2, k // 3 * 9 * c**2),
            "Kernels do not stand side by side: each further layer adds two pixels to the field.",
        ),
        (
            lambda k, c: ((k - 1) // 2, k**2 * c, (k - 1) // 2 * 9 * c),
            "A kernel reads all channels, and there is one for each channel that the layer puts out.",
        ),
        (
            lambda k, c: ((k - 1) // 2, k**2 * c**2, 9 * c**2),
            "That is one layer of the stack.",
        ),
        (
            lambda k, c: ((k - 1) // 2, k**2 * c**2 + c, (k - 1) // 2 * (9 * c**2 + c)),
            "The exercise asks for weights: leave the biases out.",
        ),
        (
            lambda k, c: ((k - 1) // 2, (k - 1) // 2 * 9 * c**2, k**2 * c**2),
            "The large kernel first, the stack last.",
        ),
    ],
    hint="How many layers of 3 see as far? A layer has kernel × kernel × channels in × channels out weights.",
    tries=[(3, 8), (5, 64), (7, 20), (11, 96)],
)


def _top_k_error(logits, labels, k):
    best = np.argsort(-logits, axis=1)[:, :k]
    return float(np.mean([label not in row for label, row in zip(labels, best, strict=True)]))


_LOGITS = np.random.default_rng(7).normal(size=(12, 7))
_LABELS = np.array([0, 1, 2, 3, 4, 5, 6, 0, 2, 4, 6, 1])

class_top_k = Checker(
    truth=_top_k_error,
    right="This is the number by which ImageNet's contest ranked its entries, with k = 5.",
    slips=[
        (
            lambda logits, labels, k: 1 - _top_k_error(logits, labels, k),
            "That is the share that was named rightly. An error counts the others.",
        ),
        (
            lambda logits, labels, k: _top_k_error(logits, labels, 1),
            "You looked at the best class only. The label may be any of the k best.",
        ),
        (
            lambda logits, labels, k: _top_k_error(-logits, labels, k),
            "You took the k lowest scores.",
        ),
        (
            lambda logits, labels, k: len(labels) * _top_k_error(logits, labels, k),
            "You counted the errors. Divide by the number of pictures.",
        ),
        (
            lambda logits, labels, k: float(
                np.mean(
                    [row[-k] != label for row, label in zip(np.argsort(logits, axis=1), labels, strict=True)]
                )
            ),
            "You asked only whether the class at place k is the label. The places before count too.",
        ),
    ],
    hint="For each picture: is its label among the k classes with the highest scores? The share that is not.",
    tries=[(_LOGITS, _LABELS, 1), (_LOGITS, _LABELS, 3), (_LOGITS[:5], _LABELS[:5], 5)],
)


# Chapter 8, detection

det_shift = Checker(
    truth=(1 / 3, 1 / 7, 1 / 4),
    right="The union counts what they share once. So IoU falls fast: half a width costs two thirds.",
    slips=[
        ((1 / 2, 1 / 4, 1 / 4), "You divided by the area of one box. The union is larger than that."),
        ((1 / 2, 1 / 4, 1), "You divided by the smaller area. Divide by the union."),
        ((1 / 4, 1 / 8, 1 / 5), "You counted what they share twice: take it off the sum of the areas once."),
        ((1 / 3, 1 / 7, 1 / 2), "A box twice as wide and twice as high has how many times the area?"),
        (
            (1 / 3, 1 / 4, 1 / 4),
            "The second is off: they share a quarter of a box, and cover more than one box.",
        ),
        ((1 / 3, 1 / 7, 1), "The third is off: the large box has area that the small one does not cover."),
    ],
    hint="Call the area of the first box 1. What do the two share, and what do they cover together?",
    rtol=0.015,
)


def _iou(a, b):
    return boxes.iou(*(torch.tensor(box, dtype=torch.float64) for box in (a, b))).item()


def _shared(a, b, floor):
    """What two boxes share, with sides of at least `floor`, and their areas."""
    width = max(floor, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(floor, min(a[3], b[3]) - max(a[1], b[1]))
    return width * height, *((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))


def _iou_without_floor(a, b):
    shared, of_a, of_b = _shared(a, b, floor=-np.inf)
    return shared / (of_a + of_b - shared)


def _iou_of_sum(a, b):
    shared, of_a, of_b = _shared(a, b, floor=0)
    return shared / (of_a + of_b)


def _iou_of_edges(a, b):
    shared, *_ = _shared(a, b, floor=0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def _iou_of_smaller(a, b):
    shared, of_a, of_b = _shared(a, b, floor=0)
    return shared / min(of_a, of_b)


det_iou = Checker(
    truth=_iou,
    right="It is 0 for boxes apart, and nothing can exceed 1.",
    slips=[
        (
            _iou_without_floor,
            "Try it on two boxes that lie apart, one lower right of the other: two negative sides give a positive area.",
        ),
        (_iou_of_sum, "The sum of the two areas counts what they share twice."),
        (_iou_of_smaller, "Divide by the union, not by the smaller box."),
        (_iou_of_edges, "The last two numbers are edges, not sizes: a width is x2 − x1."),
        (lambda a, b: _shared(a, b, floor=0)[0], "That is the intersection. Divide it by the union."),
    ],
    hint="The shared part begins at the larger of the left edges and ends at the smaller of the right ones.",
    tries=[
        ((10, 10, 30, 50), (20, 20, 40, 60)),
        ((0, 0, 8, 12), (2, 3, 6, 5)),
        ((0, 0, 8, 12), (20, 30, 50, 36)),
        ((5, 5, 15, 9), (5, 9, 15, 13)),
    ],
)


def _cell_of_box(x1, y1, x2, y2, grid=12, size=96):
    cell = size / grid
    (row, y), (col, x) = (divmod((first + last) / 2 / cell, 1) for first, last in ((y1, y2), (x1, x2)))
    return row, col, x, y, (x2 - x1) / size, (y2 - y1) / size


_TO_ENCODE = (12, 40, 50, 74)

det_encode = Checker(
    truth=_cell_of_box(*_TO_ENCODE),
    right="The cell says roughly where, x and y say where in the cell, w and h how large.",
    slips=[
        (
            tuple(_cell_of_box(*_TO_ENCODE)[at] for at in (1, 0, 2, 3, 4, 5)),
            "The row comes first. It counts downwards.",
        ),
        (
            (*_cell_of_box(12, 40, 12, 40)[:4], *_cell_of_box(*_TO_ENCODE)[4:]),
            "You took the upper left corner. The centre decides.",
        ),
        (
            (*_cell_of_box(*_TO_ENCODE)[:4], 38 / 8, 34 / 8),
            "Width and height are shares of the whole image, not of a cell.",
        ),
        (
            (*_cell_of_box(*_TO_ENCODE)[:2], 31 / 96, 57 / 96, *_cell_of_box(*_TO_ENCODE)[4:]),
            "You gave the centre as a share of the image. x and y say where it is inside its cell, from 0 to 1.",
        ),
        (
            (*_cell_of_box(*_TO_ENCODE)[:4], 38, 34),
            "You gave width and height in pixels. They are shares of the whole image.",
        ),
        (
            tuple(_cell_of_box(*_TO_ENCODE)[at] for at in (0, 1, 3, 2, 4, 5)),
            "x comes before y: it goes with the column.",
        ),
        (
            tuple(_cell_of_box(*_TO_ENCODE)[at] for at in (0, 1, 2, 3, 5, 4)),
            "The width comes before the height.",
        ),
    ],
    rtol=1e-4,
    hint="Find the centre, divide it by the width of a cell, and split each number into its whole part and the rest.",
)


def _box_of_cell(vector, row, col, grid, size):
    x, y, width, height = vector
    across, down = (col + x) / grid * size, (row + y) / grid * size
    half_width, half_height = width * size / 2, height * size / 2
    return across - half_width, down - half_height, across + half_width, down + half_height


def _box_from_corner(vector, row, col, grid, size):
    x, y, width, height = vector
    left, top = (col + x) / grid * size, (row + y) / grid * size
    return left, top, left + width * size, top + height * size


def _centre_and_size(vector, row, col, grid, size):
    x, y, width, height = vector
    return (col + x) / grid * size, (row + y) / grid * size, width * size, height * size


det_decode = Checker(
    truth=_box_of_cell,
    right="This is all that stands between YOLO's numbers and a box on the picture.",
    slips=[
        (_box_from_corner, "x and y place the centre of the box, not its upper left corner."),
        (
            lambda vector, row, col, grid, size: _box_of_cell(vector, col, row, grid, size),
            "The column goes with x, the row with y.",
        ),
        (
            lambda vector, row, col, grid, size: _box_of_cell(
                (*vector[:2], vector[2] / grid, vector[3] / grid), row, col, grid, size
            ),
            "Width and height are shares of the image, not of a cell.",
        ),
        (
            lambda vector, row, col, grid, size: _box_of_cell((0.5, 0.5, *vector[2:]), row, col, grid, size),
            "You took the middle of the cell. x and y say where in the cell the centre is.",
        ),
        (
            lambda vector, row, col, grid, size: _box_of_cell(vector, row, col, 12, 96),
            "Use `grid` and `size`: your function is tried on other grids and pictures too.",
        ),
        (
            lambda *cell: (*_box_of_cell(*cell)[:2], cell[0][2] * cell[-1], cell[0][3] * cell[-1]),
            "The corner is right. Then return the right and the bottom edge, not the size.",
        ),
        (_centre_and_size, "You returned the centre and the size. Return the four edges."),
    ],
    hint="The centre, in pixels, is the cell's number plus x, times the width of a cell. Then half a width to each side.",
    tries=[
        ((0.5, 0.5, 0.25, 0.125), 3, 5, 12, 96),
        ((0.2, 0.9, 0.4, 0.1), 0, 6, 7, 448),
        ((-0.4, 1.6, 0.3, 0.5), 2, 1, 6, 96),
    ],
)


def _nms(corners, scores, threshold):
    tensors = (torch.tensor(part, dtype=torch.float64) for part in (corners, scores))
    return boxes.nms(*tensors, threshold).tolist()


def _nms_by_all(corners, scores, threshold):
    """Boxes that are suppressed themselves suppress others too: a chain eats itself up."""
    order = np.argsort(-np.asarray(scores))
    return [
        int(at)
        for place, at in enumerate(order)
        if all(_iou(corners[at], corners[before]) <= threshold for before in order[:place])
    ]


_CROWD = np.array(
    [[60, 60, 90, 80], [10, 10, 40, 50], [4, 70, 20, 90], [22, 14, 52, 54], [61, 58, 92, 81], [14, 12, 44, 52]],
    dtype=float,
)  # fmt: skip
_SURE = np.array([0.6, 0.9, 0.3, 0.7, 0.65, 0.8])
_HALVES = np.array([[0, 0, 8, 8], [0, 0, 8, 16], [0, 0, 8, 4]], dtype=float)  # IoU with the first: 0.5 each


det_nms = Checker(
    truth=_nms,
    right="Mind the chain: a box that is gone suppresses no other.",
    slips=[
        (
            lambda corners, scores, threshold: _nms(corners, -np.arange(len(scores)), threshold),
            "Take the boxes by falling score, and not in the order in which they come.",
        ),
        (
            lambda corners, scores, threshold: [int(at) for at in np.argsort(-scores) if scores[at] >= threshold],
            "The threshold is for the IoU of two boxes, not for the scores.",
        ),
        (
            lambda corners, scores, threshold: _nms(corners, scores, threshold - 1e-9),
            "A box whose IoU is just the threshold stays: only above it is too much.",
        ),
        (_nms_by_all, "A box that was suppressed may not suppress others. Compare with those kept so far."),
        (
            lambda corners, scores, threshold: sorted(_nms(corners, scores, threshold)),
            "The best first: give the kept boxes by falling score.",
        ),
        (
            lambda corners, scores, threshold: _nms(corners, -np.asarray(scores), threshold),
            "You began with the lowest score.",
        ),
        (
            lambda corners, scores, threshold: _nms(corners[np.argsort(-np.asarray(scores))], -np.sort(-np.asarray(scores)), threshold),
            "Those are places in the sorted list. Give the places in the list that you were handed.",
        ),
    ],
    hint="Take the boxes by falling score. Keep one if its IoU with every box kept so far is at most the threshold.",
    tries=[
        (_CROWD, _SURE, 0.5),
        (_CROWD, _SURE, 0.3),
        (_CROWD[3:], _SURE[3:], 0.9),
        (_HALVES, np.array([0.9, 0.8, 0.7]), 0.5),
    ],
)  # fmt: skip

det_ap = Checker(
    truth=(1 + 3 / 4 + 3 / 4) / 4,
    right="The one garment that was never found costs a quarter, whatever the threshold.",
    slips=[
        (
            (1 + 2 / 3 + 3 / 4) / 4,
            "At each recall take the best precision that is reached there or further on.",
        ),
        ((1 + 3 / 4 + 3 / 4) / 3, "One garment was never found. It counts too, with a precision of 0."),
        ((1 + 2 / 3 + 3 / 4) / 3, "Two things: the best precision further on, and the garment never found."),
        (3 / 5, "That is the precision of the whole list. Average over the recalls."),
        (3 / 4, "That is the recall at the end of the list. Average the precisions."),
    ],
    rtol=0.005,
    hint="Each garment found raises the recall by a quarter. Sum a quarter times the best precision from there on.",
)


# Chapter 9, segmentation

_TO_ENLARGE = ((4, 2, 1, 0), (3, 2, 1, 0), (3, 2, 1, 1))  # kernel, stride, padding, output padding


def _enlarged(size, padding_counts=True, output_padding_counts=True):
    return tuple(
        (size - 1) * stride + kernel - 2 * padding * padding_counts + extra * output_padding_counts
        for kernel, stride, padding, extra in _TO_ENLARGE
    )


seg_size = Checker(
    truth=tuple(
        shapes.conv_transpose_output_size(6, kernel, stride, padding, extra)
        for kernel, stride, padding, extra in _TO_ENLARGE
    ),
    right="The output padding picks one of the sizes that a convolution would have made 6 of.",
    slips=[
        (
            tuple(
                shapes.conv_output_size(6, kernel, stride, padding)
                for kernel, stride, padding, _ in _TO_ENLARGE
            ),
            "That is the way of a convolution. A transposed one goes back: from the small map to the large one.",
        ),
        (_enlarged(6, padding_counts=False), "Padding takes its pixels off here, on both sides."),
        (_enlarged(6, output_padding_counts=False), "Output padding adds its pixel, on one side."),
        ((12, 12, 12), "Twice the size is not a rule. Look at the kernel of the second."),
    ],
    hint="Put down the first cell's kernel, and step by the stride for each further cell. Then cut the padding off.",
)


def _repeated(image, scale):
    return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)


def _scattered(image, scale):
    large = np.zeros_like(_repeated(image, scale))
    large[::scale, ::scale] = image
    return large


seg_nearest = Checker(
    truth=_repeated,
    right="Output pixel (row, col) is input pixel (row // scale, col // scale).",
    slips=[
        (lambda image, scale: np.tile(image, (scale, scale)), "You laid whole pictures side by side. Repeat each pixel."),
        (_scattered, "You left zeros between the pixels. Each pixel fills its whole square."),
        (lambda image, scale: np.repeat(image, scale, axis=0), "The rows are repeated. Repeat the columns too."),
        (lambda image, scale: np.repeat(image, scale, axis=1), "The columns are repeated. Repeat the rows too."),
        (lambda image, scale: _repeated(image.T, scale), "Rows and columns have changed places."),
        (lambda image, scale: _repeated(image, 2), "Use `scale`: it is not always 2."),
    ],
    hint="Each pixel becomes a square with `scale` pixels along each side, all of its own value.",
    tries=[(np.arange(6.0).reshape(2, 3), 2), (np.arange(8.0).reshape(4, 2), 3), (np.array([[5.0, 7.0]]), 4)],
)  # fmt: skip


def _overlap(size, kernel, stride, step=None, length=None):
    """The counts; or those of kernels another step apart, or in an array of another length."""
    step = stride if step is None else step
    counts = np.zeros((size - 1) * stride + kernel if length is None else length, dtype=int)
    for cell in range(size):
        counts[cell * step : cell * step + kernel] += 1
    return counts


seg_overlap = Checker(
    truth=_overlap,
    right="Where the stride divides the kernel, all counts in the middle are alike.",
    slips=[
        (
            lambda size, kernel, stride: np.full((size - 1) * stride + kernel, kernel),
            "Each cell puts down that many products. How many meet in one output pixel?",
        ),
        (
            lambda size, kernel, stride: _overlap(size, kernel, stride, step=1),
            "Your kernels are put down 1 apart. From cell to cell they move by the stride.",
        ),
        (
            lambda size, kernel, stride: _overlap(size, kernel, stride, step=kernel),
            "Your kernels lie side by side, whatever the stride. From cell to cell they move by the stride.",
        ),
        (
            lambda size, kernel, stride: _overlap(size, kernel, stride, length=size * stride),
            "The length is off. The last kernel reaches beyond `size` times the stride, or ends before it.",
        ),
        (
            lambda size, kernel, stride: _overlap(size, kernel, stride, step=1, length=size - 1 + kernel),
            "Your kernels are put down 1 apart. From cell to cell they move by the stride.",
        ),
        (
            lambda size, kernel, stride: np.minimum(_overlap(size, kernel, stride), 1),
            "You marked which pixels are reached. Count how often.",
        ),
    ],
    hint="Begin with zeros, `(size - 1) * stride + kernel` of them. For each cell add 1 where its kernel lies.",
    tries=[(3, 3, 2), (4, 4, 2), (2, 5, 3), (3, 1, 2)],
)


def _of_class(predicted, true, label):
    """Pixels of a class: in both masks, in the prediction, in the truth."""
    said, is_it = predicted == label, true == label
    return (said & is_it).sum(), said.sum(), is_it.sum()


def _mask_iou(predicted, true, label):
    both, said, is_it = _of_class(predicted, true, label)
    return both / (said + is_it - both)


_SAID = np.array([[0, 0, 1, 1, 2], [0, 1, 1, 2, 2], [0, 0, 0, 2, 2]])
_TRUE = np.array([[0, 1, 1, 1, 2], [0, 1, 1, 1, 2], [0, 2, 2, 2, 1]])

seg_iou = Checker(
    truth=_mask_iou,
    right="It is the IoU of boxes, with pixels in the place of areas.",
    slips=[
        (lambda predicted, true, label: np.mean(predicted == true), "That is the share of right pixels, over all classes."),
        (lambda *masks: _of_class(*masks)[0] / _of_class(*masks)[2], "Pixels that are wrongly taken for the class cost too: they are in the union."),
        (lambda *masks: _of_class(*masks)[0] / _of_class(*masks)[1], "Pixels of the class that were not found cost too: they are in the union."),
        (lambda *masks: 2 * _of_class(*masks)[0] / sum(_of_class(*masks)[1:]), "That is the Dice score: twice the intersection over the sum. Divide by the union."),
        (lambda predicted, true, label: np.mean((predicted == label) == (true == label)), "Pixels that are of the class in neither mask do not count."),
    ],
    hint="Which pixels are of the class in both masks, and which in at least one? Count and divide.",
    tries=[(_SAID, _TRUE, 0), (_SAID, _TRUE, 1), (_SAID, _TRUE, 2), (_TRUE.T, _SAID.T, 1)],
)  # fmt: skip

_CONFUSION = np.array([[80, 4, 0], [5, 6, 1], [1, 0, 3]])  # true classes in rows


def _mean_over_classes(confusion, below):
    return float(np.mean(np.diag(confusion) / below))


seg_mean = Checker(
    truth=_mean_over_classes(_CONFUSION, _CONFUSION.sum(0) + _CONFUSION.sum(1) - np.diag(_CONFUSION)),
    right="The ground fills most pixels, and counts as one class in three.",
    slips=[
        (float(np.trace(_CONFUSION) / _CONFUSION.sum()), "That is the share of right pixels. The ground decides it almost alone."),
        (_mean_over_classes(_CONFUSION, _CONFUSION.sum(1)), "You divided by the true pixels alone. Pixels wrongly taken for the class are in the union too."),
        (_mean_over_classes(_CONFUSION, _CONFUSION.sum(0)), "You divided by the predicted pixels alone. Pixels that were not found are in the union too."),
        (_mean_over_classes(_CONFUSION, _CONFUSION.sum(0) + _CONFUSION.sum(1)), "The right pixels are in the row and in the column: take them off once."),
    ],
    rtol=0.005,
    hint="For each class: the number on the diagonal, over its row and its column together. Then the mean of the three.",
)  # fmt: skip
