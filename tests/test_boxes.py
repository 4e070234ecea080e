"""Boxes against torchvision and torchmetrics, on random and on degenerate input."""

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.detection import MeanAveragePrecision

from cnnbook import boxes
from cnnbook.boxes import Detections


def random_boxes(count, generator, side=20):
    """Boxes of whole pixels, so that ties, touching edges and boxes without area are frequent."""
    corners = torch.randint(side, (count, 2, 2), generator=generator)
    return torch.cat([corners.amin(1), corners.amax(1)], dim=1).float()


@st.composite
def two_sets(draw):
    generator = torch.manual_seed(draw(st.integers(0, 10_000)))
    return [random_boxes(draw(st.integers(0, 7)), generator) for _ in range(2)]


@given(two_sets())
def test_iou_and_giou_are_torchvision_s(sets):
    a, b = sets
    area = torchvision.ops.box_area
    meaningful = (area(a)[:, None] + area(b)) > 0  # torchvision divides 0 by 0 there
    ours, theirs = boxes.iou(a[:, None], b), torchvision.ops.box_iou(a, b)
    assert torch.allclose(ours[meaningful], theirs[meaningful])
    assert (ours[~meaningful] == 0).all()
    ours, theirs = boxes.giou(a[:, None], b), torchvision.ops.generalized_box_iou(a, b)
    assert torch.allclose(ours[meaningful], theirs[meaningful], atol=1e-6)
    assert ours.isfinite().all()


def test_the_gradient_of_giou_is_finite_and_leads_towards_the_other_box():
    far = torch.tensor([[10.0, 10, 14, 16], [10, 10, 10, 10]], requires_grad=True)
    boxes.giou(far, torch.tensor([0.0, 0, 4, 6])).sum().backward()
    assert far.grad.isfinite().all()
    assert far.grad[0, 0] < 0 and far.grad[0, 1] < 0


@given(two_sets(), st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.integers(0, 1000))
def test_nms_is_torchvision_s(sets, threshold, seed):
    both = torch.cat(sets)
    both = both[torchvision.ops.box_area(both) > 0]
    generator = torch.manual_seed(seed)
    scores = torch.rand(len(both), generator=generator)
    labels = torch.randint(3, (len(both),), generator=generator)
    assert torch.equal(boxes.nms(both, scores, threshold), torchvision.ops.nms(both, scores, threshold))
    theirs = torchvision.ops.batched_nms(both, scores, labels, threshold)
    assert torch.equal(boxes.nms(both, scores, threshold, labels), theirs)


def test_of_equal_scores_the_earlier_box_is_kept():
    same = torch.tensor([[0.0, 0, 4, 6]]).expand(3, 4)
    assert boxes.nms(same, torch.ones(3)).tolist() == [0]
    assert boxes.nms(same, torch.ones(3), labels=torch.tensor([1, 0, 1])).tolist() == [0, 1]


# YOLO's grid


def test_what_is_encoded_is_decoded_back():
    """A picture higher than wide; each box has a cell of its own."""
    given_boxes = torch.tensor([[2.0, 3, 20, 31], [30, 50, 60, 60], [10, 70, 11, 95]])
    labels = torch.tensor([2, 0, 1])
    target = boxes.yolo_encode(given_boxes, labels, grid=6, num_classes=3, image_size=(96, 64))
    assert target.shape == (6, 6, 8)
    found = boxes.yolo_decode(target, num_classes=3, image_size=(96, 64))
    sure = found.scores == 1
    assert sure.sum() == 3 and (found.scores[~sure] == 0).all()
    order = found.boxes[sure][:, 1].argsort()
    assert torch.allclose(found.boxes[sure][order], given_boxes, atol=1e-4)
    assert torch.equal(found.labels[sure][order], labels)


def test_neighbours_say_the_same_box_and_the_centre_s_own_cell_wins():
    given_boxes = torch.tensor([[8.0, 8, 16, 20], [24, 8, 32, 20]])  # centres in cells (1, 1) and (1, 3)
    target = boxes.yolo_encode(
        given_boxes, torch.tensor([0, 1]), grid=6, num_classes=2, image_size=48, neighbours=1
    )
    taken = target[..., 4] > 0
    assert torch.equal(taken.nonzero().unique(dim=0), torch.cartesian_prod(torch.arange(3), torch.arange(5)))
    found = boxes.yolo_decode(target, num_classes=2, image_size=48)
    for row, col in taken.nonzero().tolist():
        label = 0 if col < 2 else 1  # column 2 lies next to both: the box in front stays
        assert found.labels[row * 6 + col] == label
        assert torch.allclose(found.boxes[row * 6 + col], given_boxes[label], atol=1e-5)


def test_of_two_centres_in_a_cell_the_box_in_front_stays():
    same = torch.tensor([[0.0, 0, 8, 6], [1, 1, 7, 5]])
    target = boxes.yolo_encode(same, torch.tensor([0, 1]), grid=2, num_classes=2, image_size=16)
    assert target[0, 0].tolist() == [0.5, 0.375, 0.375, 0.25, 1, 0, 1]


def test_each_box_of_a_cell_has_a_score_for_each_class():
    vectors = torch.rand(2, 3, 2 * 5 + 4)
    best = boxes.yolo_decode(vectors, num_classes=4, image_size=96, boxes_per_cell=2)
    every = boxes.yolo_decode(vectors, num_classes=4, image_size=96, boxes_per_cell=2, every_class=True)
    assert len(best.boxes) == 12 and len(every.boxes) == 48
    for at, (row, col, box) in enumerate(torch.cartesian_prod(*map(torch.arange, (2, 3, 2))).tolist()):
        x, y, w, h, confidence = vectors[row, col, 5 * box : 5 * box + 5]
        across, down = (col + x) / 3 * 96, (row + y) / 2 * 96
        corners = torch.stack([across - w * 48, down - h * 48, across + w * 48, down + h * 48])
        scores = confidence * vectors[row, col, 10:]
        assert torch.allclose(best.boxes[at], corners, atol=1e-4)
        assert best.labels[at] == scores.argmax() and torch.isclose(best.scores[at], scores.max())
        assert torch.allclose(every.scores[4 * at : 4 * at + 4], scores)
        assert every.labels[4 * at : 4 * at + 4].tolist() == [0, 1, 2, 3]
        assert torch.equal(every.boxes[4 * at : 4 * at + 4], best.boxes[at].expand(4, 4))


# Average precision


def answers(seed, images=6, classes=2):
    """Truths, and detections that are some of them moved a little, some doubled, some invented."""
    generator = torch.manual_seed(seed)
    truths, detections = [], []
    for _ in range(images):
        true = random_boxes(int(torch.randint(4, (1,), generator=generator)), generator) + torch.tensor(
            [0, 0, 9, 5]
        )
        labels = torch.randint(classes, (len(true),), generator=generator)
        moved = true.repeat(2, 1) + torch.randint(-2, 3, (2 * len(true), 2), generator=generator).repeat(1, 2)
        invented = random_boxes(2, generator) + torch.tensor([0, 0, 3, 2])
        found = torch.cat([moved, invented]).float()
        named = torch.cat([labels.repeat(2), torch.randint(classes, (2,), generator=generator)])
        truths.append((true, labels))
        detections.append(Detections(found, torch.rand(len(found), generator=generator), named))
    return detections, truths


def reference(detections, truths, label, iou_threshold, recalls):
    """torchmetrics' average precision of one class at one threshold, the mean over these recalls."""
    metric = MeanAveragePrecision(
        iou_thresholds=[iou_threshold], rec_thresholds=recalls, max_detection_thresholds=[1, 10, 100]
    )
    of_class = [
        {"boxes": d.boxes[d.labels == label], "scores": d.scores[d.labels == label], "labels": torch.zeros((d.labels == label).sum(), dtype=torch.int64)}
        for d in detections
    ]  # fmt: skip
    true = [
        {"boxes": b[n == label], "labels": torch.zeros((n == label).sum(), dtype=torch.int64)}
        for b, n in truths
    ]
    metric.update(of_class, true)
    return metric.compute()["map"].item()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([0.3, 0.5, 0.75]))
def test_average_precision_is_torchmetrics(seed, threshold):
    detections, truths = answers(seed)
    for method in ("all-point", "11-point"):
        ours = boxes.average_precision(
            detections, truths, num_classes=2, iou_threshold=threshold, method=method
        )
        for label in range(2):
            objects = sum((labels == label).sum().item() for _, labels in truths)
            if objects == 0:
                assert ours[label].isnan()
                continue
            recalls = [k / objects for k in range(1, objects + 1)]
            if method == "11-point":
                recalls = [k / 10 for k in range(11)]
            theirs = reference(detections, truths, label, threshold, recalls)
            assert ours[label].item() == pytest.approx(theirs, abs=1e-5)


def test_precision_and_recall_by_hand():
    """Sorted: a hit, a double, a hit of another image, one of another class left out, one at nothing."""
    true = torch.tensor([[0.0, 0, 10, 20]])
    first = Detections(
        torch.stack([true[0] + 1, true[0], torch.tensor([50.0, 50, 60, 60])]),
        torch.tensor([0.8, 0.9, 0.1]),
        torch.tensor([1, 1, 1]),
    )
    second = Detections(true.repeat(2, 1), torch.tensor([0.7, 0.6]), torch.tensor([1, 0]))
    truths = [(true, torch.tensor([1])), (torch.cat([true, true + 40]), torch.tensor([1, 1]))]
    curve = boxes.precision_recall([first, second], truths, label=1)
    assert curve.scores.tolist() == pytest.approx([0.9, 0.8, 0.7, 0.1])
    assert curve.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 2 / 4])
    assert curve.recall.tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])
    ap = boxes.average_precision([first, second], truths, num_classes=2)
    assert ap[0].isnan() and ap[1].item() == pytest.approx((1 + 2 / 3) / 3)


def test_no_detection_at_all_has_an_average_precision_of_0():
    nothing = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    truths = [(torch.tensor([[0.0, 0, 4, 6]]), torch.tensor([0]))]
    for method in ("all-point", "11-point"):
        assert boxes.average_precision([nothing], truths, num_classes=1, method=method).tolist() == [0]


# Refusals

BOX = torch.tensor([[0.0, 0, 4, 6]])
LABEL = torch.tensor([0])
FOUND = [Detections(BOX, torch.ones(1), LABEL)]


def encode(of=BOX, labels=LABEL, **changes):
    settings = {"grid": 4, "num_classes": 1, "image_size": 16} | changes
    return boxes.yolo_encode(of, labels, **settings)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: boxes.iou(BOX * torch.nan, BOX), "a holds .*nan.*; expected finite"),
        (lambda: boxes.giou(BOX, torch.tensor([0.0, 0, torch.inf, 1])), "b holds .*inf"),
        (lambda: boxes.iou(torch.tensor([4.0, 0, 0, 6]), BOX), r"a holds \[4.0, 0.0, 0.0, 6.0\]; expected finite x1"),
        (lambda: boxes.iou([0, 0, 4, 6], BOX), r"a is \[0, 0, 4, 6\]; expected"),
        (lambda: boxes.iou(torch.zeros(3, 4), torch.zeros(2, 4)), r"a has shape \(3, 4\) and b \(2, 4\)"),
        (lambda: boxes.nms(BOX, torch.ones(2)), r"scores is .*\(2,\); expected \(1,\)"),
        (lambda: boxes.nms(BOX, torch.ones(1) * torch.nan), "scores holds nan"),
        (lambda: boxes.nms(BOX, torch.ones(1), 1.5), "iou_threshold is 1.5; expected a number from 0 to 1"),
        (lambda: boxes.nms(BOX, torch.ones(1), labels=torch.ones(1)), "labels is .*float32"),
        (lambda: encode(labels=torch.tensor([1])), "labels run from 1 to 1; expected 0 to 0"),
        (lambda: encode(of=BOX + 14), "expected its centre inside the image"),
        (lambda: encode(grid=0), "grid is 0"),
        (lambda: encode(image_size=-4), "image_size is -4"),
        (lambda: encode(neighbours=2), "neighbours is 2; expected 0 or 1"),
        (lambda: boxes.yolo_decode(torch.ones(3, 4, 9), num_classes=5, image_size=96), r"vectors is .*\(3, 4, 9\); expected \(rows, cols, 10\)"),
        (lambda: boxes.yolo_decode(torch.full((3, 4, 6), torch.nan), num_classes=1, image_size=96), "vectors holds nan"),
        (lambda: boxes.precision_recall(FOUND, [], label=0), "expected as many"),
        (lambda: boxes.precision_recall(FOUND, [(BOX, LABEL)], label=3), "label is 3; expected a class that"),
        (lambda: boxes.average_precision(FOUND, [(BOX, LABEL)], num_classes=1, iou_threshold=0), "iou_threshold is 0"),
        (lambda: boxes.average_precision(FOUND, [(BOX, LABEL)], num_classes=1, method="101"), "method is '101'"),
        (lambda: boxes.average_precision(FOUND, [(BOX, LABEL + 1)], num_classes=1), r"labels of truths\[0\] run from 1 to 1"),
    ],
)  # fmt: skip
def test_what_is_no_box_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
