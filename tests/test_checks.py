"""Every checker accepts the right answer, refuses plausible wrong ones, and never gives the answer away."""

import dataclasses
import re

import numpy as np
import pytest
from answers import ANSWERS
from IPython.core.interactiveshell import InteractiveShell

from cnnbook import checks
from cnnbook.checks import Checker, WrongAnswer

CHECKERS = {name: check for name, check in vars(checks).items() if isinstance(check, Checker)}
FUNCTIONS = [name for name, check in CHECKERS.items() if callable(check.truth)]
of_all = pytest.mark.parametrize("name", CHECKERS)
of_functions = pytest.mark.parametrize("name", FUNCTIONS)
of_values = pytest.mark.parametrize("name", [name for name in CHECKERS if name not in FUNCTIONS])


def refusal(check, answer):
    with pytest.raises(WrongAnswer) as caught:
        check(answer)
    return str(caught.value)


def spoiled(truth):
    """The truth with one element changed, for each element."""
    flat = np.asarray(truth, dtype=float).ravel()
    for at in range(flat.size):
        wrong = flat.copy()
        wrong[at] += 1
        yield wrong.reshape(np.shape(truth))


# every checker of the book


@of_all
def test_the_truth_is_right(name, capsys):
    CHECKERS[name](CHECKERS[name].truth)
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(lines) == f"Right: {CHECKERS[name].right}"
    assert max(map(len, lines)) <= 66  # the page does not wrap what a cell prints


@of_all
def test_each_slip_gets_its_own_hint(name):
    check = CHECKERS[name]
    assert len({hint for _, hint in check.slips} - {check.hint}) >= 3
    for slip, hint in check.slips:
        assert refusal(check, slip) == hint


def test_every_checker_is_answered():
    assert set(ANSWERS) == set(CHECKERS)


@of_all
def test_a_reader_s_answers(name, capsys):
    """The right one passes, no other does, and at least three of the others are told what is wrong with them."""
    right, wrong_ones = ANSWERS[name]
    CHECKERS[name](right)
    assert capsys.readouterr().out.startswith("Right: ")
    told = {refusal(CHECKERS[name], wrong) for wrong in wrong_ones}
    assert len(told & {hint for _, hint in CHECKERS[name].slips}) >= 3


@of_all
def test_an_exercise_left_alone_is_no_error(name, capsys):
    CHECKERS[name](...)
    assert capsys.readouterr().out.startswith("Not answered yet")


@of_values
def test_one_wrong_element_is_refused(name):
    for wrong in spoiled(CHECKERS[name].truth):
        refusal(CHECKERS[name], wrong)


@of_values
def test_no_hint_holds_the_answer(name):
    check = CHECKERS[name]
    for hint in [check.hint, *(hint for _, hint in check.slips)]:
        numbers = [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", hint)]
        assert not set(np.ravel(check.truth).tolist()) <= set(numbers), hint


@of_values
@pytest.mark.parametrize("answer", ["12", None, {"a": 1}, [[1, 2], [3]], True, 2j, np.array(["a"]), len])
def test_a_wrong_type_gets_a_sentence(name, answer):
    assert refusal(CHECKERS[name], answer).startswith("This exercise asks for ")


@of_functions
def test_a_function_is_tried_on_unequal_heights_and_widths(name):
    tries = CHECKERS[name].tries
    assert len(tries) >= 2
    images = [np.shape(part)[-2:] for arguments in tries for part in arguments if np.ndim(part) >= 2]
    assert all(height != width for height, width in images)


@of_functions
def test_a_function_wrong_on_one_try_only_is_refused(name):
    check = CHECKERS[name]
    for last in range(1, len(check.tries) + 1):
        calls = []

        def wrong_once(*arguments, last=last, calls=calls):
            calls.append(arguments)
            return np.asarray(check.truth(*arguments)) + (len(calls) == last)

        refusal(check, wrong_once)


# the framework


AREA = Checker(truth=6, right="Two rows of three.", slips=[(5, "You added the sides.")], hint="Count cells.")


def area(**changes):
    return dataclasses.replace(AREA, **changes)


def rows(array):
    return array.sum(axis=1)


ROWS = Checker(
    truth=rows,
    right="One sum a row.",
    slips=[(lambda array: array.sum(axis=0), "You summed the columns.")],
    hint="Sum along one axis.",
    tries=[(np.arange(6.0).reshape(2, 3),), (np.ones((5, 4)),)],
)


def test_what_a_checker_says(capsys):
    AREA(6)
    AREA(6.0)
    AREA(np.int64(6))
    assert capsys.readouterr().out == "Right: Two rows of three.\n" * 3
    assert refusal(AREA, 5) == "You added the sides."
    assert refusal(AREA, 7) == "Count cells."
    assert refusal(AREA, float("nan")) == "Count cells."
    assert refusal(AREA, 10**30) == "Count cells."


def test_integers_are_exact_and_floats_as_close_as_said():
    refusal(area(truth=150_528_000), 150_528_001)
    area(truth=2 / 3)(0.6666667)
    refusal(area(truth=2 / 3), 0.6667)
    area(truth=2 / 3, rtol=1e-3)(0.6667)


def test_a_tuple_may_be_a_list_and_has_the_right_length():
    check = area(truth=(3, 4), slips=[((4, 3), "Height comes first.")])
    check([3, 4])
    check(np.array([3, 4]))
    assert refusal(check, (4, 3)) == "Height comes first."
    assert refusal(check, (3, 5)) == "Count cells."
    assert refusal(check, (3, 4, 1)).startswith("The answer has shape (3,), which is not the shape asked for")
    assert "2 numbers in round brackets" in refusal(check, "3, 4")


def test_an_array_with_one_wrong_element_or_another_shape_is_refused():
    truth = np.arange(6.0).reshape(2, 3)
    check = area(truth=truth)
    check(truth.tolist())
    for wrong in spoiled(truth):
        refusal(check, wrong)
    assert "shape (3, 2)" in refusal(check, truth.T)
    assert "shape (1, 2, 3)" in refusal(check, truth[None])


@pytest.mark.parametrize("stub", [..., (..., ...), (3, ...), [[1, ...]]])
def test_a_stub_is_not_answered_yet(stub, capsys):
    area(truth=(3, 4))(stub)
    ROWS(lambda array: stub)
    assert capsys.readouterr().out == "Not answered yet: replace ... by your answer.\n" * 2


def test_a_function_is_called_on_every_try(capsys):
    ROWS(rows)
    assert capsys.readouterr().out == "Right: One sum a row.\n"
    assert refusal(ROWS, lambda array: array.sum(axis=0)) == "You summed the columns."
    assert refusal(ROWS, lambda array: rows(array) + 1) == "Sum along one axis."
    assert refusal(ROWS, lambda array: array).startswith("The answer for an array of shape (2, 3) has shape")
    assert refusal(ROWS, lambda array: None).endswith("your function returns None (of type NoneType).")
    assert refusal(ROWS, lambda array: array[9]).startswith("Tried on an array of shape (2, 3), your func")
    assert refusal(ROWS, rows(np.ones((2, 3)))).startswith("This exercise asks for a function")


def test_a_function_cannot_spoil_what_it_is_tried_on(capsys):
    def in_place(array):
        array *= 2
        return rows(array)

    refusal(ROWS, in_place)
    ROWS(rows)
    assert capsys.readouterr().out == "Right: One sum a row.\n"


def test_a_notebook_shows_the_hint_alone(capsys):
    shell = InteractiveShell()
    shell.push({"check": AREA})
    shell.run_cell("check(5)")
    assert capsys.readouterr().out.strip() == "Not yet: You added the sides."
