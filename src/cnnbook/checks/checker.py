"""What a checker is: the truth about one exercise, the usual slips, and what to say to each."""

import copy
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


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
