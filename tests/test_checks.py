"""Every checker accepts the right answer, refuses plausible wrong ones, and never gives the answer away."""

import dataclasses
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
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
    assert len(check.slips) >= 2
    for slip, hint in check.slips:
        assert refusal(check, slip) == hint


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


# chapter 5, receptive_field: answers worked out apart from the checkers


def by_the_recurrence(layers):
    size, jump, start = 1, 1, 0
    for kernel_size, stride, padding, dilation in layers:
        reach = dilation * (kernel_size - 1)
        size, start, jump = size + reach * jump, start + (reach / 2 - padding) * jump, jump * stride
    return size, jump, start


def centred_at_the_image(layers):
    size, jump, _ = by_the_recurrence(layers)
    return size, jump, (size - 1) / 2


def one_layer_short(layers):
    return by_the_recurrence(layers[:-1])


def size_alone(layers):
    return by_the_recurrence(layers)[0]


FIELD_ANSWERS = {
    "field_chain": ((7 + 2 * 2 + 2 * 2 + 2 * 4, 2 * 2 * 2), [(13, 8), (23, 6), (22, 8), (15, 4)]),
    "field_dilation": ((27 - 9) / 2, [18, 23, 8, 10]),
    "field_border": ((0, 5, 34, 39), [(-4, 5, 34, 43), (0, 9, 38, 39), (0, 5, 34, 38), (0, 6, 35, 39)]),
    "field_recurrence": (by_the_recurrence, [centred_at_the_image, one_layer_short, size_alone]),
    "field_hundred": ((50, 9), [(49, 9), (50, 13), (51, 9), (50, 10)]),
    "field_paths": ((1, 7 * 7), [(1, 7), (7, 49), (1, 729), (1, 27)]),
}


# chapter 4, pooling: answers worked out with torch, and wrong ones as a reader would write them


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


POOL_ANSWERS = {
    "pool_by_hand": (
        [[[5, 8, 5], [6, 4, 7]], [[2, 3.5, 3], [3, 1, 3]]],
        [
            [[[5, 8, 5], [6, 4, 7]], [[2, 3.5, 3], [3, 1, 4]]],
            [[[5, 8, 5], [6, 4, 7]], [[8, 14, 12], [12, 4, 12]]],
            [[5, 8, 5], [6, 4, 7]],
        ],
    ),
    "pool_sizes": ((6, 7, 6, 8), [(6, 7, 7, 8), (6, 7, 6, 7), (5, 6, 6, 7), (7, 8, 7, 8), (6, 8, 6, 8)]),
    "pool_windows": (max_pool, [blocks_of_the_stride, upside_down, as_rows]),
    "pool_costs": (
        (16 * 32 * 9 * 28 * 40, 16 * 32 * 9 * 14 * 20, 0),
        [(16 * 32 * 9 * 28 * 40, 16 * 32 * 9 * 14 * 20, 1), (5_160_960, 2_580_480, 0), (573_440, 143_360, 0)],
    ),
    "pool_kept": (
        places_in_the_window,
        [lambda k, d: 1 - d / (k + 1), lambda k, d: max(0, 1 - d / k) if d else 0, lambda k, d: 1 / k],
    ),
    "pool_blur": (max_blur_pool, [blur_then_max, blur_unpadded, lambda signal: max_blur_pool(signal)[:-1]]),
}


# chapter 6, building_a_cnn: answers by torch and autograd, and wrong ones as a reader would write them


def widest(budget, in_features, classes):
    width = 0
    while sum(p.numel() for p in one_hidden_layer(width + 1, in_features, classes).parameters()) <= budget:
        width += 1
    return width


def one_hidden_layer(width, in_features, classes):
    layers = torch.nn.Linear(in_features, width), torch.nn.Linear(width, classes)
    return torch.nn.Sequential(*layers).to("meta")


def by_autograd(of_kernel, image, kernel, grad_output):
    image, kernel = (torch.tensor(array, requires_grad=True) for array in (image, kernel))
    F.conv2d(image[None, None], kernel[None, None])[0, 0].backward(torch.tensor(grad_output))
    return (kernel if of_kernel else image).grad.numpy()


def kernel_gradient(image, grad_output):
    size = np.subtract(image.shape, grad_output.shape) + 1
    return by_autograd(True, image, np.zeros(size), grad_output)


def image_gradient(kernel, grad_output):
    size = np.add(kernel.shape, grad_output.shape) - 1
    return by_autograd(False, np.zeros(size), kernel, grad_output)


def same_size(kernel, grad_output):
    return F.conv2d(*(torch.tensor(part)[None, None] for part in (grad_output, kernel)), padding="same")[
        0, 0
    ].numpy()


def windows_left_out(image, grad_output):
    return (
        kernel_gradient(image[:-1], grad_output[:-1])
        if len(grad_output) > 1
        else kernel_gradient(image, grad_output)
    )


BUILD_ANSWERS = {
    "build_shapes": (
        (40, 8, 10, 24 * (3 * 25 + 1) + 40 * (24 * 9 + 1)),
        [
            (40, 9, 11, 10_504),
            (40, 8, 10, 10_440),
            (40, 8, 10, 2_224),
            (24, 8, 10, 10_504),
            (40, 4, 5, 10_504),
        ],
    ),
    "build_width": (
        widest,
        [lambda b, i, c: b // (i + c), lambda b, i, c: b // i, lambda b, i, c: round((b - c) / (i + c + 1))],
    ),
    "build_pool_backward": (
        [[0, 1, 0, 0], [0, 4, 4, 0], [0, 0, 0, 0]],
        [
            [[0, 1, 0, 0], [0, 4, -2, 0], [0, 0, 0, 0]],
            [[0, 1, 0, 0], [0, 4, 20, 0], [0, 0, 0, 0]],
            [[0, 1, 0, 0], [0, 4, 6, 0], [0, 0, 0, -2]],
            [[1, 5], [4, 0]],
        ],
    ),
    "build_kernel_gradient": (
        kernel_gradient,
        [windows_left_out, lambda image, gradient: kernel_gradient(image, gradient)[::-1], image_gradient],
    ),
    "build_image_gradient": (
        image_gradient,
        [same_size, lambda kernel, gradient: image_gradient(kernel, gradient)[::-1], kernel_gradient],
    ),
}


# chapter 7, classification: answers worked out with torch and by counting, and wrong ones as a reader would write them


def grouped(groups):
    layer = torch.nn.Conv2d(96, 192, 3, groups=groups)
    return sum(parameter.numel() for parameter in layer.parameters())


def stack_counted(kernel_size, channels):
    layers, sees = 1, 3
    while sees < kernel_size:
        layers, sees = layers + 1, sees + 2
    large = torch.nn.Conv2d(channels, channels, kernel_size, bias=False).weight.numel()
    return layers, large, layers * torch.nn.Conv2d(channels, channels, 3, bias=False).weight.numel()


def top_k_error(logits, labels, k):
    hits = torch.tensor(logits).topk(k, dim=1).indices == torch.tensor(labels)[:, None]
    return 1 - hits.any(dim=1).double().mean().item()


def of_the_first_picture(logits, labels, k):
    return float(labels[0] not in np.argsort(-logits[0])[:k])


def each_hit_counts(logits, labels, k):
    hits = torch.tensor(logits).topk(k, dim=1).indices == torch.tensor(labels)[:, None]
    return 1 - hits.double().mean().item()


CLASS_ANSWERS = {
    "class_lenet": (
        (6 * 16 * 25 + 16, 16 * 4 * 4, 256 * 120 + 120),
        [(2416, 400, 48_120), (2400, 256, 30_720), (2416, 16, 2040), (2416, 256, 30_841), (416, 256, 30_840)],
    ),
    "class_groups": (
        (grouped(1), grouped(2), grouped(4)),
        [(166_080, 83_040, 41_520), (165_888, 82_944, 41_472), (grouped(4), grouped(2), grouped(1))],
    ),
    "class_size": (
        (512 * 14 * 14 * 4096, (448 // 224) ** 2),
        [(512 * 7 * 7 * 4096, 4), (512 * 14 * 14 * 4096, 2), (512 * 14 * 14 * 4096 + 4096, 4)],
    ),
    "class_stacks": (
        stack_counted,
        [
            lambda k, c: (k // 2, k * k * c * c, k // 2 * 9 * c * c + 1),
            lambda k, c: (k - 2, k * k * c * c, (k - 2) * 9 * c * c),
            lambda k, c: (k // 2, k * k * c, k // 2 * 9 * c),
        ],
    ),
    "class_top_k": (
        top_k_error,
        [
            each_hit_counts,
            of_the_first_picture,
            lambda *given: 1 - top_k_error(*given),
            lambda logits, *_: 0.5,
        ],
    ),
}


ANSWERS = FIELD_ANSWERS | POOL_ANSWERS | BUILD_ANSWERS | CLASS_ANSWERS


@pytest.mark.parametrize("name", ANSWERS)
def test_a_reader_s_answers(name, capsys):
    right, wrong_ones = ANSWERS[name]
    CHECKERS[name](right)
    assert capsys.readouterr().out.startswith("Right: ")
    for wrong in wrong_ones:
        refusal(CHECKERS[name], wrong)


def test_every_exercise_of_these_chapters_is_answered():
    assert set(ANSWERS) == {
        name for name in CHECKERS if name.startswith(("field_", "pool_", "build_", "class_"))
    }
