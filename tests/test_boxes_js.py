"""Boxes in the page: boxes.js against torchvision and cnnbook.boxes."""

import numpy as np
import pytest
import torch
from torchvision.ops import batched_nms, box_iou, nms

from cnnbook.boxes import giou, yolo_decode
from cnnbook.nets import TinyYOLO


@pytest.fixture
def boxes_js(run_js):
    return lambda expression, argument: run_js(["boxes.js"], expression, argument)


def random_boxes(seed, count):
    """Boxes of whole numbers: many are equal, touch, lie inside of another or have no area."""
    edges = torch.from_numpy(np.random.default_rng(seed).integers(0, 9, (count, 2, 2))).float()
    return torch.cat([edges.amin(2), edges.amax(2)], dim=1)


def test_iou_is_torchvision_s(boxes_js):
    boxes = random_boxes(0, 60)
    # Two boxes without area have no union: torchvision's quotient is NaN, ours 0.
    expected = box_iou(boxes, boxes).nan_to_num()
    assert {0.0, 1.0} < set(expected.flatten().tolist())
    found = boxes_js("boxes => boxes.map((a) => boxes.map((b) => iou(a, b)))", boxes.tolist())
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_giou_is_ours(boxes_js):
    boxes = random_boxes(3, 60)
    expected = giou(boxes[:, None], boxes)
    assert {-1.0, 0.0, 1.0} < set(expected.flatten().tolist())
    found = boxes_js("boxes => boxes.map((a) => boxes.map((b) => giou(a, b)))", boxes.tolist())
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


NMS = """({ boxes, scores, labels, threshold, perClass }) =>
  nms(boxes.map((box, at) => ({ box, score: scores[at], label: labels[at] })), threshold, perClass)"""


@pytest.mark.parametrize("per_class", [True, False])
@pytest.mark.parametrize("threshold", [0, 0.25, 0.5, 1])
def test_nms_keeps_what_torchvision_keeps_and_names_the_suppressor(boxes_js, threshold, per_class):
    boxes = random_boxes(1, 80)
    boxes = torch.cat([boxes[(boxes[:, 2:] > boxes[:, :2]).all(1)], boxes[:10]])  # some of them twice
    # Distinct scores: of equal ones torchvision promises no order.
    scores = torch.from_numpy(np.random.default_rng(2).permutation(len(boxes)) / len(boxes)).float()
    labels = torch.arange(len(boxes)) % 3
    kept = batched_nms(boxes, scores, labels, threshold) if per_class else nms(boxes, scores, threshold)
    given = {"boxes": boxes.tolist(), "scores": scores.tolist(), "labels": labels.tolist()}
    found = boxes_js(NMS, given | {"threshold": threshold, "perClass": per_class})
    assert {at for at, by in enumerate(found) if by == -1} == set(kept.tolist())
    overlaps = box_iou(boxes, boxes)
    for at, by in enumerate(found):
        if by >= 0:
            assert found[by] == -1 and scores[by] > scores[at] and overlaps[by, at] > threshold
            assert not per_class or labels[by] == labels[at]


def test_of_equal_scores_the_earlier_comes_first_and_none_is_fine(boxes_js):
    given = {
        "boxes": [[0, 0, 4, 4]] * 3,
        "scores": [0.5, 0.9, 0.9],
        "labels": [0, 0, 0],
        "threshold": 0.5,
        "perClass": True,
    }
    assert boxes_js(NMS, given) == [1, -1, 1]
    assert boxes_js(NMS, {"boxes": [], "scores": [], "labels": [], "threshold": 0.5, "perClass": True}) == []


DECODE = """({ values, rows, cols, height, width, classes }) => {
  const vectors = yoloVectors({ values, height: rows, width: cols }, classes);
  return [vectors.map(({ x, y, w, h, confidence, classes }) => [x, y, w, h, confidence, ...classes]),
    yoloDecode(vectors, { rows, cols, height, width }).map(({ box, score, label }) => [...box, score, label])];
}"""


def test_vectors_and_boxes_are_torch_s(boxes_js):
    torch.manual_seed(0)
    net, raw = TinyYOLO(num_classes=4), 4 * torch.randn(1, 9, 3, 5)
    raw[0, :, 0, 0], raw[0, :, 2, 4] = 800, -800  # a sigmoid at its ends
    given = {"values": raw.flatten().tolist(), "rows": 3, "cols": 5, "height": 48, "width": 60, "classes": 4}
    vectors, decoded = map(np.array, boxes_js(DECODE, given))
    expected = net.vectors(raw)[0]
    np.testing.assert_allclose(vectors, expected.flatten(0, 1), rtol=0, atol=1e-6)
    boxes, scores, labels = yolo_decode(expected, num_classes=4, image_size=(48, 60))
    np.testing.assert_allclose(decoded[:, :4], boxes, rtol=0, atol=1e-4)
    np.testing.assert_allclose(decoded[:, 4], scores, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(decoded[:, 5], labels)
