"""The question banks: well formed, one for each chapter, asked by its quiz, and right where torch can tell."""

from fractions import Fraction
from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F
import yaml
from torch import nn

from cnnbook import boxes, masks, questions, shapes
from cnnbook.figures import Quiz

ROOT = Path(__file__).parent.parent
ALL = [(chapter, question) for chapter in questions.CHAPTERS for question in questions.bank(chapter)]


def notebook(chapter):
    return nbformat.read(ROOT / f"notebooks/{chapter}.ipynb", as_version=4)


def test_there_is_a_bank_for_every_chapter_in_the_book_s_order_and_with_its_title():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    chapters = [file.removeprefix("notebooks/") for file in files if file.startswith("notebooks/")]
    assert list(questions.CHAPTERS) == chapters
    for chapter, title in questions.CHAPTERS.items():
        assert notebook(chapter).cells[0].source.splitlines()[0] == f"# {title}"


@pytest.mark.parametrize("chapter", questions.CHAPTERS)
def test_a_bank_is_well_formed_and_its_first_three_are_the_chapter_s_quiz(chapter):
    bank = questions.bank(chapter)
    assert len(bank) >= 6
    assert Quiz(bank).questions == bank
    for question in bank:
        assert 3 <= len(question["choices"]) <= 4
        assert all(why.endswith(".") for why in question["why"])
        assert len(set(question["why"])) == len(question["why"])
    quizzes = [cell.source for cell in notebook(chapter).cells if "Quiz(" in cell.source]
    assert quizzes == [f'Quiz(questions.bank("{chapter}")[:3])']


def test_no_question_is_asked_twice_and_none_is_an_exercise():
    texts = [question["question"] for _, question in ALL]
    assert len(set(texts)) == len(texts)
    exercises = " ".join(cell.source for chapter in questions.CHAPTERS for cell in notebook(chapter).cells)
    assert [text for text in texts if text in exercises] == []


def test_an_unknown_chapter_is_named():
    with pytest.raises(ValueError, match="no questions on 'softmax'; expected one of fully_connected, "):
        questions.bank("softmax")


def test_banks_hold_all_questions():
    banks = questions.banks()
    assert [(bank["chapter"], bank["title"]) for bank in banks] == list(questions.CHAPTERS.items())
    assert [(bank["chapter"], one) for bank in banks for one in bank["questions"]] == ALL


# what can be computed: the right choice by the question's first words


def parameters(layer):
    return f"{sum(one.numel() for one in layer.parameters()):,}"


def size(layer, *shape):
    return tuple(layer(torch.zeros(1, *shape)).shape[1:])


def times(layer, *shape):
    _, rows, columns = size(layer, *shape)
    return f"{rows} × {columns}"


def local_and_shared():
    local, shared = 10 * 12 * 9, 9
    return f"{local // shared} times"


def nonzero_entries():
    pixels = torch.eye(48).reshape(48, 1, 6, 8)
    return f"{int(torch.count_nonzero(F.conv2d(pixels, torch.ones(1, 1, 3, 3)))):,}"


def slid():
    row, kernel = torch.tensor([[[2.0, 0, 1, 3]]]), torch.tensor([[[1.0, -2]]])
    return " ".join(f"{value:.0f}" for value in F.conv1d(row, kernel)[0, 0].tolist()).replace("-", "−")


def columns_that_disagree():
    """Of five padded layers over one row of a picture and of the same picture, moved by twelve."""
    torch.manual_seed(0)
    wide = torch.rand(1, 1, 9, 80)
    first, second = wide[..., 12:], wide[..., :-12]
    for kernel in torch.rand(5, 1, 1, 3, 3):
        first, second = F.conv2d(first, kernel, padding=1), F.conv2d(second, kernel, padding=1)
    differ = ~torch.isclose(first[..., :-12], second[..., 12:]).all(dim=-2).flatten()
    return torch.nonzero(differ).flatten().tolist(), differ.numel()


def padding_that_halves():
    return next(str(p) for p in range(3) if size(nn.Conv2d(1, 1, 5, 2, p), 1, 64, 64)[1] == 32)


def head_savings():
    return f"{256 * 6 * 6 * 10 - 256 * 10:,}"


def pooled_rows():
    pool = nn.MaxPool2d(2)
    return str(size(nn.Sequential(pool, pool, pool), 1, 28, 28)[1])


def field(*layers):
    return str(
        shapes.receptive_field([shapes.Layer(kernel, stride=stride) for kernel, stride in layers])[-1].size
    )


def first_weight_s_gradient():
    weight = torch.zeros(1, 1, 2, requires_grad=True)
    F.conv1d(torch.tensor([[[3.0, 1, 4]]]), weight).backward(torch.tensor([[[1.0, 2]]]))
    return f"{weight.grad[0, 0, 0]:.0f}"


def small_stack():
    one = shapes.conv_parameters(1, 8, 7, bias=False)
    three = shapes.conv_parameters(1, 8, 3, bias=False) + 2 * shapes.conv_parameters(8, 8, 3, bias=False)
    assert (one, three) == (392, 1224)
    return {3: "They grow about threefold."}[round(three / one)]


def iou_of_two_boxes():
    a, b = torch.tensor([[0.0, 0, 6, 4]]), torch.tensor([[3.0, 0, 9, 8]])
    return str(Fraction(boxes.iou(a, b).item()).limit_denominator(100))


def kept_by_nms():
    three = torch.tensor([[0.0, 0, 10, 10], [2.5, 0, 12.5, 10], [5.0, 0, 15.0, 10]])
    overlap = boxes.iou(three[:, None], three)
    assert overlap[0, 1] > 0.55 and overlap[1, 2] > 0.55 and 0.25 < overlap[0, 2] < 0.35
    kept = boxes.nms(three, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist()
    return {(0, 2): "the first and the third"}[tuple(kept)]


def iou_of_a_class():
    target, predicted = torch.zeros(2, 1, 1, 60, dtype=torch.int64)
    target[..., :30] = 1
    predicted[..., 10:50] = 1
    return str(
        Fraction(masks.iou(masks.confusion_matrix(predicted, target, 2))[1].item()).limit_denominator(100)
    )


def moved_square():
    truth = torch.zeros(1, 96, 96, dtype=torch.int64)
    truth[0, 20:70, 10:60] = 1
    moved = truth.roll(1, dims=1)
    inside = masks.iou(masks.confusion_matrix(moved, truth, 2))[1]
    outline = masks.boundary_iou(moved, truth, 2, width=2)[1]
    return "boundary IoU" if outline < inside - 0.1 else "IoU"


def even_overlap():
    def counts(kernel):
        return F.conv_transpose1d(torch.ones(1, 1, 9), torch.ones(1, 1, kernel), stride=3)[0, 0, 6:-6]

    return next(f"{k} × {k}" for k in (3, 4, 5) if counts(k).unique().numel() == 1)


COMPUTED = {
    "A colour image of 32 × 32": lambda: parameters(nn.Linear(32 * 32 * 3, 100)),
    "A window of 3 × 3 looks": local_and_shared,
    "A kernel of 5 × 5 slides": lambda: times(nn.Conv2d(1, 1, 5), 1, 20, 30),
    "The kernel 1 −2 slides": slid,
    "A 3 × 3 kernel without padding": nonzero_entries,
    "A row of 32 cells": lambda: str(size(nn.Conv2d(1, 1, 5, stride=2), 1, 32, 32)[1]),
    "A kernel of 3 with dilation 2": lambda: str(shapes.padding_sides(3, "same", 2)[0]),
    "A 5 × 5 kernel with stride 2": padding_that_halves,
    "How many parameters does nn.Conv2d": lambda: parameters(nn.Conv2d(32, 64, kernel_size=3)),
    "You replace an ordinary 3 × 3 layer": lambda: str(
        Fraction(
            shapes.depthwise_separable_macs(64, 10**6, 3, (8, 8)) / shapes.conv_macs(64, 10**6, 3, (8, 8))
        ).limit_denominator(100)
    ),
    "A pooling layer with a window of 3": lambda: "32 channels of " + times(nn.MaxPool2d(3, 2), 32, 15, 20),
    "A network ends with 256 maps": head_savings,
    "A map of 28 × 28": pooled_rows,
    "A 3 × 3 convolution with stride 2, then": lambda: field((3, 2), (3, 1)),
    "Five 3 × 3 convolutions with": lambda: field(*[(3, 1)] * 5),
    "Two 2 × 2 poolings": lambda: field((2, 2), (2, 2), (3, 1)),
    "A block puts out 24 maps": lambda: parameters(nn.Conv2d(24, 1, 3, bias=False)),
    "A kernel of two weights": first_weight_s_gradient,
    "The last 32 maps of 7 × 7": lambda: parameters(nn.Linear(32 * 7 * 7, 10)),
    "A first layer reads one grey channel": small_stack,
    "VGG-16 reads 224": lambda: f"{512 * (224 // 2**5) ** 2:,}",
    "AlexNet's first layer": lambda: str(size(nn.Conv2d(1, 1, 11, stride=4), 1, 227, 227)[1]),
    "A box reaches from": iou_of_two_boxes,
    "A network built like YOLOv1": lambda: str(5 * 5 * (2 * 5 + 3)),
    "Three boxes of one class": kept_by_nms,
    "A transposed convolution has stride 3": even_overlap,
    "U-Net's paper pads nothing": lambda: times(
        nn.Sequential(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)), 1, 572, 572
    ),
    "A class fills 30 pixels": iou_of_a_class,
    "On the way up, 48 maps": lambda: str(torch.cat([torch.zeros(1, 48, 4, 6), torch.zeros(1, 32, 4, 6)], 1).shape[1]),
    "You take the true mask": moved_square,
}  # fmt: skip


@pytest.mark.parametrize("words", COMPUTED)
def test_the_answer_is_what_comes_out(words):
    (question,) = [question for _, question in ALL if question["question"].startswith(words)]
    assert question["choices"][question["answer"]] == COMPUTED[words]()


def test_five_padded_layers_carry_the_border_five_columns_in():
    columns, width = columns_that_disagree()
    assert columns == [*range(5), *range(width - 5, width)]


def test_windows_of_5_by_5_are_nearly_25_times_the_image():
    rows, columns = 160, 241
    assert 23.5 < (rows - 4) * (columns - 4) * 25 / (rows * columns) < 25


def test_with_three_poolings_a_shift_by_8_and_no_smaller_one_leaves_the_scores():
    torch.manual_seed(0)
    layers = [layer for _ in range(3) for layer in (nn.Conv2d(1, 1, 3), nn.MaxPool2d(2))]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1)).double()
    canvas = torch.zeros(1, 1, 96, 120, dtype=torch.float64)
    canvas[..., 40:56, 50:70] = torch.rand(16, 20)
    same = [s for s in range(1, 9) if torch.isclose(net(canvas), net(canvas.roll(s, -1)), atol=1e-12, rtol=0)]
    assert same == [8]


def test_gradient_s_square_doubles_where_the_depth_is_four_times():
    def within_90(layers):
        paths = torch.ones(1, dtype=torch.float64)
        for _ in range(layers):
            paths = F.conv1d(F.pad(paths, (2, 2))[None, None], torch.ones(1, 1, 3, dtype=torch.float64))[0, 0]
        paths /= paths.sum()
        middle = layers
        return next(
            2 * r + 1 for r in range(layers + 1) if paths[middle - r : middle + r + 1].sum() ** 2 >= 0.9
        )

    assert 1.8 < within_90(64) / within_90(16) < 2.3


def test_relu_and_max_pooling_can_be_exchanged():
    torch.manual_seed(0)
    image = torch.randn(1, 3, 8, 12)
    assert torch.equal(F.max_pool2d(F.relu(image), 2), F.relu(F.max_pool2d(image, 2)))
