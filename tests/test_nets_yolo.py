"""TinyYOLO and its losses, against a loop over cells written out here."""

from functools import partial

import numpy as np
import pytest
import torch
from torchvision.ops import box_iou, generalized_box_iou

from cnnbook import nets
from cnnbook.boxes import yolo_encode

SIZE = 96, 64  # height and width: 12 × 8 cells


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def target_of(boxes, labels, rows, cols, classes):
    """As yolo_encode, for a grid with unequal sides: that of the longer one, cut off."""
    square = yolo_encode(
        torch.tensor(boxes),
        torch.tensor(labels),
        grid=rows,
        num_classes=classes,
        image_size=SIZE[0],
    )[:, :cols]
    square[..., 2] *= rows / cols
    return square


TARGETS = torch.stack(
    [
        target_of([[3.0, 5, 30, 60], [40, 50, 60, 90]], [1, 2], 12, 8, 3),
        target_of([[10.0, 70, 50, 80]], [0], 12, 8, 3),
    ]
)


def cell_box(x, y, w, h, row, col):
    """Edges in shares of the picture, of 12 × 8 cells."""
    across, down = (col + x) / 8, (row + y) / 12
    return torch.stack([across - w / 2, down - h / 2, across + w / 2, down + h / 2])


def raw_numbers(modern):
    torch.manual_seed(1)
    model = nets.TinyYOLO(3, modern=modern)
    return model, torch.randn(2, 5 * model.boxes_per_cell + 3, 12, 8)


@pytest.mark.parametrize(
    ("settings", "cells", "channels", "parameters"),
    [
        ({"num_classes": 5}, 12, 10, 135_034),
        ({"num_classes": 10}, 12, 15, 135_359),
        ({"num_classes": 5, "grid": 6}, 6, 10, 135_034),
        ({"num_classes": 5, "modern": False}, 12, 15, 135_359),
    ],
)
def test_shapes_and_parameters(settings, cells, channels, parameters):
    model = nets.TinyYOLO(**settings)
    assert model(torch.zeros(2, 1, 96, 96)).shape == (2, channels, cells, cells)
    assert count(model) == parameters
    assert nets.TinyYOLO(2, in_channels=3, widths=(4, 6, 8))(torch.zeros(1, 3, *SIZE)).shape == (1, 7, 12, 8)


def test_the_modern_answer_is_in_bounds_and_yolov1_s_is_linear_but_for_its_sides():
    model, raw = raw_numbers(modern=True)
    vectors = model.vectors(5 * raw)
    assert vectors.shape == (2, 12, 8, 8)
    assert -1 <= vectors[..., :2].min() and vectors[..., :2].max() <= 2
    assert 0 <= vectors[..., 2:5].min() and vectors[..., 2:5].max() <= 1
    assert torch.allclose(vectors[..., 5:].sum(-1), torch.ones(2, 12, 8))
    model, raw = raw_numbers(modern=False)
    expected = raw.permute(0, 2, 3, 1).clone()
    expected[..., [2, 3, 7, 8]] **= 2
    assert torch.equal(model.vectors(raw), expected)


def test_an_untrained_modern_net_is_not_confident():
    vectors = nets.TinyYOLO(5).eval()
    confidence = vectors.vectors(vectors(torch.rand(4, 1, 96, 96)))[..., 4]
    assert confidence.mean() < 0.1


def test_its_layers_are_a_chain_that_figures_can_carry():
    kinds = [layer["kind"] for layer in nets.as_arrays(nets.TinyYOLO(5))]
    assert kinds == ["conv2d", "relu"] * 6 + ["conv2d"]


def test_yolov1_s_loss_is_the_paper_s_sum_over_cells():
    model, raw = raw_numbers(modern=False)
    raw.requires_grad_()
    terms = nets.yolo_v1_loss(model, raw, TARGETS)
    expected = dict.fromkeys(["centre", "size", "object", "no object", "class"], 0.0)
    for image, row, col in np.ndindex(2, 12, 8):
        said, true = raw[image, :, row, col].detach(), TARGETS[image, row, col]
        boxes = said[:10].view(2, 5)
        responsible = None
        if true[4]:
            goal = cell_box(*true[:4], row, col)
            each = torch.stack([cell_box(x, y, w**2, h**2, row, col) for x, y, w, h, _ in boxes])
            fit = box_iou(each, goal[None])[:, 0]
            responsible = int(fit.argmax())
            x, y, w, h, confidence = boxes[responsible]
            expected["centre"] += 5 * ((x - true[0]) ** 2 + (y - true[1]) ** 2)
            expected["size"] += 5 * ((w - true[2] ** 0.5) ** 2 + (h - true[3] ** 0.5) ** 2)
            expected["object"] += (confidence - fit[responsible]) ** 2
            expected["class"] += ((said[10:] - true[5:]) ** 2).sum()
        for box in {0, 1} - {responsible}:
            expected["no object"] += 0.5 * boxes[box, 4] ** 2
    assert [*terms] == [*expected]
    for name, value in expected.items():
        assert terms[name].item() == pytest.approx(float(value) / 2, rel=1e-4)
    sum(terms.values()).backward()
    assert raw.grad.isfinite().all() and (raw.grad != 0).any()


@pytest.mark.parametrize("box", ["giou", "squared"])
def test_the_modern_loss_is_its_sum_over_cells(box):
    model, raw = raw_numbers(modern=True)
    raw.requires_grad_()
    terms = nets.yolo_loss(model, raw, TARGETS, box=box)
    expected = {"box": 0.0, "confidence": 0.0, "class": 0.0}
    for image, row, col in np.ndindex(2, 12, 8):
        said, true = raw[image, :, row, col].detach(), TARGETS[image, row, col]
        x, y, w, h, confidence = [*(3 * said[:2].sigmoid() - 1), *said[2:5].sigmoid()]
        goal = 0.0
        if true[4]:
            mine, real = (cell_box(*four, row, col)[None] for four in ((x, y, w, h), true[:4]))
            goal = box_iou(mine, real).item()
            giou = 2 * (1 - generalized_box_iou(mine, real).item())
            square = (x - true[0]) ** 2 + (y - true[1]) ** 2
            square += (w**0.5 - true[2] ** 0.5) ** 2 + (h**0.5 - true[3] ** 0.5) ** 2
            expected["box"] += giou if box == "giou" else 5 * square.item()
            expected["class"] -= said[5:].log_softmax(0)[true[5:].argmax()].item()
        expected["confidence"] -= (goal * confidence.log() + (1 - goal) * (1 - confidence).log()).item()
    for name, value in expected.items():
        assert terms[name].item() == pytest.approx(value / 3, rel=1e-4)
    sum(terms.values()).backward()
    assert raw.grad.isfinite().all()


@pytest.mark.parametrize(
    ("modern", "loss"), [(True, nets.yolo_loss), (True, partial(nets.yolo_loss, box="squared")), (False, nets.yolo_v1_loss)]
)  # fmt: skip
def test_scenes_without_any_object_have_a_finite_loss(modern, loss):
    model, raw = raw_numbers(modern)
    terms = loss(model, raw.requires_grad_(), torch.zeros_like(TARGETS))
    sum(terms.values()).backward()
    assert raw.grad.isfinite().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nets.TinyYOLO(0), "num_classes is 0; expected a whole number of at least 1"),
        (lambda: nets.TinyYOLO(5, in_channels=1.0), "in_channels is 1.0"),
        (lambda: nets.TinyYOLO(5, grid=7), "grid is 7; expected 12 or 6"),
        (lambda: nets.TinyYOLO(5, widths=(16, 32)), r"widths is \(16, 32\); expected three"),
        (lambda: nets.yolo_loss(*raw_numbers(False), TARGETS), "model has modern=False; expected True"),
        (lambda: nets.yolo_v1_loss(*raw_numbers(True), TARGETS), "model has modern=True; expected False"),
        (lambda: nets.yolo_loss(*raw_numbers(True), TARGETS, box="l1"), "box is 'l1'; expected 'giou' or 'squared'"),
        (lambda: nets.yolo_loss(*raw_numbers(True), TARGETS[:, :6]), r"targets \(2, 6, 8, 8\); expected"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
