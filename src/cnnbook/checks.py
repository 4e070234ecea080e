"""What the exercises call: each checker knows the right answer to one exercise and the usual slips.

A checker is named after its exercise: the exercise ``fc-tiny`` ends in ``checks.fc_tiny(answer)``.
To write one, state the truth, the usual slips and what to say to each; ``tests/test_checks.py`` tries it.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cnnbook import shapes


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
            print(f"Right: {self.right}")
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
