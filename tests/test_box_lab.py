"""BoxLab: overlap, suppression, matching and the curve against cnnbook.boxes, and what a reader can do with the boxes."""

import gzip
import itertools
import json
import math
import re

import numpy as np
import pytest
import torch
from figure_probe import boxes, overlap, pixels, set_traits, status, touch, trait
from ipywidgets.embed import dependency_state
from traitlets import TraitError

from cnnbook.boxes import Detections, average_precision, giou, iou, nms, precision_recall
from cnnbook.figures import BoxLab

HEIGHT, WIDTH, IMAGES, SCENES = 64, 88, 3, 14
CLASSES = ["T-shirt/top", "Bag", "Ankle boot", "Hat"]  # no scene has a hat
STATE = ["view", "box_a", "box_b", "scene", "confidence", "iou_threshold", "per_class", "suppressed", "truth", "label", "chosen"]  # fmt: skip


def make_scenes():
    """Truths, and detections near them, some of another class, many with equal scores; one scene has none of either."""
    rng = np.random.default_rng(0)
    detections, truths = [], []
    for scene in range(SCENES):
        corner, size = rng.uniform(0, (50, 30), (4, 2)), rng.uniform(12, 34, (4, 2))
        count = 0 if scene == 5 else rng.integers(1, 5)
        true = np.hstack([corner, corner + size])[:count]
        labels = rng.integers(0, 3, count)
        of = rng.integers(0, count, 24) if count else np.zeros(0, int)
        near = true[of] + rng.normal(0, 3, (len(of), 4))
        said = np.where(rng.random(len(of)) < 0.75, labels[of], rng.integers(0, 4, len(of)))
        detections.append(Detections(torch.tensor(near, dtype=torch.float32), torch.tensor((0.94 * rng.random(len(of))).round(1 + scene % 2)), torch.tensor(said)))  # fmt: skip
        truths.append((torch.tensor(true), torch.tensor(labels)))
    return detections, truths


DETECTIONS, TRUTHS = make_scenes()
PICTURES = np.random.default_rng(1).integers(0, 256, (IMAGES, HEIGHT, WIDTH), np.uint8)


def make(**setting):
    given = {"images": PICTURES, "detections": DETECTIONS, "truths": TRUTHS, "classes": CLASSES}
    return BoxLab(**given | {"view": "predictions"} | setting)


# ── the arithmetic ──

JUDGE = """({ detections, truths, thresholds }) => {
  const scenes = readScenes(detections, truths);
  return thresholds.map(([threshold, perClass]) => {
    const verdicts = scenes.map((scene) => judged(scene, threshold, perClass));
    const curves = [0, 1, 2, 3].map((label) => precisionRecall(scenes, verdicts, label));
    return { by: verdicts.map(({ by }) => by), curves, averages: curves.map(averagePrecision), pooled: precisionRecall(scenes, verdicts, -1) };
  });
}"""


def as_tensors(scenes):
    return [tuple(map(torch.tensor, scene)) for scene in scenes]


def after_nms(figure, threshold, per_class, confidence=0.0):
    """For each scene of a figure the numbers of its kept detections, and these."""
    kept, found = [], []
    for boxes_, scores, labels in as_tensors(figure.detections):
        indices = nms(boxes_, scores, threshold, labels if per_class else None)
        indices = indices[scores[indices] >= confidence]
        kept.append(indices)
        found.append(Detections(boxes_[indices], scores[indices], labels[indices]))
    return kept, found


THRESHOLDS = [*itertools.product((0, 0.3, 0.5, 0.85, 1), (True, False))]


def test_suppression_matching_and_the_curve_are_those_of_cnnbook_boxes(run_js):
    figure = make()
    given = {name: figure.get_state(name)[name] for name in ("detections", "truths")}
    answers = run_js(["net.js", "boxes.js", "box_lab.js"], JUDGE, given | {"thresholds": THRESHOLDS})
    truths = as_tensors(figure.truths)
    seen = set()
    for (threshold, per_class), answer in zip(THRESHOLDS, answers, strict=True):
        kept, found = after_nms(figure, threshold, per_class)
        assert [{at for at, by in enumerate(one) if by < 0} for one in answer["by"]] == [{*one.tolist()} for one in kept]  # fmt: skip
        averages = average_precision(found, truths, num_classes=4)
        np.testing.assert_allclose([math.nan if a is None else a for a in answer["averages"]], averages, atol=1e-6)  # fmt: skip
        seen.add(round(float(averages.nanmean()), 3))
        for label in range(3):
            expected = precision_recall(found, truths, label=label)
            points = answer["curves"][label]["points"]
            for name, numbers in (("precision", expected.precision), ("recall", expected.recall), ("score", expected.scores)):  # fmt: skip
                np.testing.assert_allclose([point[name] for point in points], numbers, atol=1e-6)
        points = answer["pooled"]["points"]
        assert points[-1]["hits"] == sum(curve["points"][-1]["hits"] for curve in answer["curves"] if curve["points"])  # fmt: skip
        assert len(points) == sum(map(len, kept)) and answer["pooled"]["objects"] == sum(len(t[1]) for t in truths)  # fmt: skip
    assert len(seen) >= 5


MOVE = """moves => moves.map(([box, right, down]) =>
  [movedBox(box, right, down), ...CORNERS.map((corner) => resizedBox(box, corner, right, down))])"""


def test_a_box_keeps_its_size_when_moved_and_its_opposite_corner_when_resized(run_js):
    rng = np.random.default_rng(2)
    moves = []
    for _ in range(300):
        x, y = np.sort(rng.integers(0, 97, 2)), np.sort(rng.integers(0, 65, 2))
        moves.append(([x[0], y[0], x[1], y[1]], *rng.integers(-110, 111, 2)))
    moves = [[list(map(int, box)), int(right), int(down)] for box, right, down in moves]
    for (box, right, down), (moved, *resized) in zip(
        moves, run_js(["net.js", "boxes.js", "box_lab.js"], MOVE, moves), strict=True
    ):
        x1, y1, x2, y2 = box
        by_x, by_y = min(max(right, -x1), 96 - x2), min(max(down, -y1), 64 - y2)
        assert moved == [x1 + by_x, y1 + by_y, x2 + by_x, y2 + by_y]
        left, top = min(max(x1 + right, 0), x2), min(max(y1 + down, 0), y2)
        far, low = max(min(x2 + right, 96), x1), max(min(y2 + down, 64), y1)
        assert resized == [[left, top, x2, y2], [x1, top, far, y2], [left, y1, x2, low], [x1, y1, far, low]]


# ── two boxes: what it says ──

PAIRS = {
    "crossing": ([20, 12, 60, 44], [36, 20, 84, 52], "The boxes share 576 of the 2240 that they cover: IoU is 0.257."),
    "same": ([3, 5, 30, 64], [3, 5, 30, 64], "The boxes are the same: IoU is 1."),
    "a in b": ([10, 10, 20, 30], [0, 0, 96, 64], "A lies inside of B. The boxes share 200 of the 6144 that they cover: IoU is 0.033."),
    "b in a": ([0, 0, 50, 40], [0, 10, 20, 40], "B lies inside of A. The boxes share 600 of the 2000 that they cover: IoU is 0.300."),
    "touching": ([0, 0, 20, 20], [20, 5, 40, 30], "The boxes touch, but share no area: IoU is 0."),
    "at a corner": ([0, 0, 20, 20], [20, 20, 40, 30], "The boxes touch, but share no area: IoU is 0."),
    "apart": ([0, 0, 10, 10], [86, 54, 96, 64], "The boxes lie apart: IoU is 0 however far; GIoU, −0.967, says how far."),
    "a line": ([10, 10, 40, 10], [0, 0, 30, 30], "Box A has no area, so they share none: IoU is 0."),
    "another line": ([10, 10, 40, 30], [96, 0, 96, 64], "Box B has no area, so they share none: IoU is 0."),
    "two points": ([5, 5, 5, 5], [5, 5, 5, 5], "Neither box has an area: IoU counts as 0."),
    "far lines": ([0, 0, 0, 64], [96, 0, 96, 64], "Neither box has an area: IoU counts as 0."),
}  # fmt: skip


def shown_sums(page):
    found = page.eval_on_selector_all(
        ".bl-sums tr", "rows => rows.map((row) => [row.dataset.part, [row.querySelector('td').textContent, Number(row.querySelector('td').dataset.value)]])"
    )  # fmt: skip
    return dict(found)


def test_areas_iou_and_giou_are_those_of_cnnbook_boxes_and_the_sums_hold(mount):
    page = mount(BoxLab())
    for a, b, words in PAIRS.values():
        set_traits(page, box_a=a, box_b=b)
        one, other = torch.tensor([a, b], dtype=torch.float64)
        areas = ((one[2:] - one[:2]).prod(), (other[2:] - other[:2]).prod())
        shared = (torch.minimum(one, other)[2:] - torch.maximum(one, other)[:2]).clamp(min=0).prod()
        around = (torch.maximum(one, other)[2:] - torch.minimum(one, other)[:2]).prod()
        covered = sum(areas) - shared
        expected = {"A": areas[0], "B": areas[1], "shared": shared, "covered": covered, "around": around, "empty": around - covered, "iou": iou(one, other), "giou": giou(one, other)}  # fmt: skip
        shown = shown_sums(page)
        assert {name: value for name, (_, value) in shown.items()} == pytest.approx({name: float(value) for name, value in expected.items()})  # fmt: skip
        for text, value in shown.values():
            text = text.replace("·", "*").replace("−", "-")
            if ":" in text:
                assert value == float(text.split(": ")[1]) == 0
            else:
                left, right = text.split(" = ")
                assert eval(left) == pytest.approx(float(right), abs=1.1e-3)
                assert float(right) == pytest.approx(value, abs=5.1e-4)
        assert status(page) == words


def drawn(page, selector):
    """The box that a path of the stage draws, in units."""
    found = page.eval_on_selector_all(selector, "all => all.map((one) => { const { x, y, width, height } = one.getBBox(); return [x, y, x + width, y + height]; })")  # fmt: skip
    zoom = page.locator(".bl-stage").bounding_box()["width"] / 96
    return [pytest.approx([edge / zoom for edge in box], abs=0.01) for box in found]


def test_intersection_union_and_enclosing_box_are_drawn(mount):
    page = mount(BoxLab())
    for a, b, _ in PAIRS.values():
        set_traits(page, box_a=a, box_b=b)
        zoom = page.locator(".bl-stage").bounding_box()["width"] / 96
        both = [*np.maximum(a, b)[:2].tolist(), *np.minimum(a, b)[2:].tolist()]
        has_shared = both[0] < both[2] and both[1] < both[3]
        assert drawn(page, ".bl-shared") == ([both] if has_shared else [])
        assert drawn(page, ".bl-edge-a") == [a] and drawn(page, ".bl-edge-b") == [b]
        around = [*np.minimum(a, b)[:2].tolist(), *np.maximum(a, b)[2:].tolist()]
        assert drawn(page, ".bl-around") == [around]
        clip = page.locator(".bl-union").evaluate("one => one.style.clipPath")
        numbers = [float(number) / zoom for number in re.findall(r"[\d.]+", clip)]
        expected = [edge for x1, y1, x2, y2 in (a, b) for edge in (x1, y1, x2, y2, x1)]
        assert numbers == pytest.approx(expected, abs=0.01)


# ── two boxes: what a reader does ──

A, B = [20, 12, 60, 44], [36, 20, 84, 52]


def held(page, name):
    return page.get_by_role("application", name=name)


def grab(page, name):
    """The middle of a box or a corner's handle, and the pixels of a unit."""
    box = held(page, name).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, page.locator(".bl-stage").bounding_box()["width"] / 96  # fmt: skip


def pull(page, name, right, down, button="left"):
    x, y, zoom = grab(page, name)
    page.mouse.move(x, y)
    page.mouse.down(button=button)
    page.mouse.move(x + right * zoom, y + down * zoom, steps=3)
    page.mouse.up(button=button)


def both(page):
    return trait(page, "box_a"), trait(page, "box_b")


def test_the_mouse_moves_a_box_as_far_as_the_stage(mount):
    page = mount(BoxLab(box_a=[0, 0, 20, 20], box_b=[50, 40, 90, 60]))
    pull(page, "box A, x", 7.2, 12.9)
    assert both(page) == ([7, 13, 27, 33], [50, 40, 90, 60])
    pull(page, "box B, x", 100, -100)
    assert both(page) == ([7, 13, 27, 33], [56, 0, 96, 20])
    page.mouse.move(100, 300)  # with no button down
    assert trait(page, "box_b") == [56, 0, 96, 20]
    pull(page, "box A, x", 10, 10, button="right")
    assert trait(page, "box_a") == [7, 13, 27, 33]


@pytest.mark.parametrize(
    "corner, expected",
    [("upper left", [41, 40, 70, 50]), ("upper right", [30, 40, 81, 50]), ("lower left", [41, 30, 70, 60]), ("lower right", [30, 30, 81, 60])],
)  # fmt: skip
def test_the_mouse_moves_each_corner(mount, corner, expected):
    page = mount(BoxLab(box_a=[30, 30, 70, 50], box_b=[0, 0, 4, 4]))
    pull(page, f"box A, {corner} corner", 11, 10)
    assert both(page) == (expected, [0, 0, 4, 4])


def test_a_corner_stops_at_the_opposite_one_and_the_box_opens_again(mount):
    page = mount(BoxLab(box_a=[30, 30, 50, 50], box_b=[0, 0, 4, 4]))
    pull(page, "box A, upper left corner", 60, 60)
    assert trait(page, "box_a") == [50, 50, 50, 50] and status(page).startswith("Box A has no area")
    pull(page, "box A, lower right corner", 9, 6)
    assert trait(page, "box_a") == [50, 50, 59, 56]


def test_a_box_inside_of_the_other_can_be_taken_hold_of(mount):
    page = mount(BoxLab(box_a=[40, 20, 56, 40], box_b=[10, 5, 80, 60]))
    pull(page, "box A, x", -5, 3)
    assert both(page) == ([35, 23, 51, 43], [10, 5, 80, 60])
    page = mount(BoxLab(box_b=[40, 20, 56, 40], box_a=[10, 5, 80, 60]))
    pull(page, "box B, x", -5, 3)
    assert both(page) == ([10, 5, 80, 60], [35, 23, 51, 43])


def test_the_arrow_keys_move_a_box_and_a_corner(mount):
    page = mount(BoxLab())
    held(page, "box A, x").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    assert trait(page, "box_a") == [16, 14, 56, 46]
    held(page, "box B, lower left corner").focus()
    for key in ("Shift+ArrowUp", "ArrowRight", "Control+ArrowRight"):
        page.keyboard.press(key)
    assert trait(page, "box_b") == [37, 20, 84, 47]
    assert held(page, "box B, lower left corner").get_attribute("aria-label").startswith("box B, lower left corner, x 37, y 47")  # fmt: skip


def test_tab_walks_the_boxes_and_their_corners(mount):
    page = mount(BoxLab())
    held(page, "box A, x").focus()
    names = []
    for _ in range(10):
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label')").split(",")[:2])
        page.keyboard.press("Tab")
    assert [name for name, _ in names] == ["box A"] * 5 + ["box B"] * 5
    assert len({tuple(name) for name in names}) == 10


@pytest.mark.parametrize("right, down", [(0, 9), (8, 0), (-3, 7)])
def test_a_finger_drags_in_any_direction(mount, right, down):
    page = phone(mount, BoxLab(box_a=[20, 12, 60, 44], box_b=[0, 52, 10, 64]))
    before = page.evaluate("scrollY")
    x, y, zoom = grab(page, "box A, x")
    touch(page, *((x + share * right * zoom, y + share * down * zoom) for share in np.linspace(0, 1, 7)))
    assert trait(page, "box_a") == [20 + right, 12 + down, 60 + right, 44 + down]
    x, y, zoom = grab(page, "box A, lower right corner")
    touch(page, *((x + share * right * zoom, y + share * down * zoom) for share in np.linspace(0, 1, 7)))
    assert trait(page, "box_a") == [20 + right, 12 + down, 60 + 2 * right, 44 + 2 * down]
    assert page.evaluate("scrollY") == before


def phone(mount, figure):
    page = mount(figure, width=360, has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 360, "height": 640})
    return page


def test_a_vertical_swipe_beside_the_boxes_scrolls_the_page(mount):
    page = phone(mount, BoxLab(box_a=[0, 0, 10, 10], box_b=[2, 2, 12, 12]))
    page.set_viewport_size({"width": 360, "height": 400})
    box = page.locator(".bl-stage").bounding_box()
    touch(page, *((box["x"] + 0.7 * box["width"], box["y"] + 0.9 * box["height"] - step) for step in range(0, 140, 20)))  # fmt: skip
    page.wait_for_function("scrollY > 50")


def test_presets_show_their_case(mount):
    page = mount(BoxLab())
    expected = {"same": 1, "half shifted": 1 / 3, "inside": None, "touching": 0, "apart": 0}
    for name, value in expected.items():
        button = page.get_by_role("button", name=name)
        assert button.get_attribute("aria-pressed") == "false"
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        shown = shown_sums(page)["iou"][1]
        assert shown == pytest.approx(value) if value is not None else 0.1 < shown < 0.5
    assert shown_sums(page)["giou"][1] < 0
    page.get_by_role("button", name="Reset").click()
    assert both(page) == (A, B)


def test_without_scenes_there_is_but_one_view(mount):
    page = mount(BoxLab())
    assert page.get_by_role("combobox").count() == 0 and page.get_by_role("slider").count() == 0


# ── predictions: what it says ──

SETTINGS = [
    {},
    {"scene": 1, "confidence": 0.0, "iou_threshold": 0.7, "per_class": False, "label": 1, "truth": True},
    {"scene": 2, "confidence": 0.6, "iou_threshold": 0.2, "label": 2, "suppressed": False},
    {"confidence": 0.0, "iou_threshold": 1.0, "label": 3},
    {"scene": 1, "confidence": 1.0, "iou_threshold": 0.0, "label": 0},
]


def hits_of(found, truths, label):
    """Of the detections of a class, the surest first: whether each is a true positive."""
    objects = sum(int((labels == label).sum()) for _, labels in truths)
    count = sum(int((one.labels == label).sum()) for one in found)
    if objects == 0:
        return [False] * count
    recall = precision_recall(found, truths, label=label).recall
    return (torch.diff(recall * objects, prepend=torch.zeros(1)) > 0.5).tolist()


def scored(found, truths):
    """Hits, detections and objects of each class."""
    hits = [sum(hits_of(found, truths, label)) for label in range(4)]
    counts = [sum(int((one.labels == label).sum()) for one in found) for label in range(4)]
    objects = [sum(int((labels == label).sum()) for _, labels in truths) for label in range(4)]
    return np.array([hits, counts, objects])


def listed_rows(page):
    return page.eval_on_selector_all(".bl-list button", "all => all.map((one) => [...one.children].map((part) => part.textContent))")  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS)
def test_kept_and_suppressed_boxes_and_their_counts(mount, setting):
    figure = make(**setting)
    page = mount(figure)
    np.testing.assert_array_equal(pixels(page)[..., 0], PICTURES[figure.scene])
    boxes_, scores, labels = as_tensors(figure.detections)[figure.scene]
    truths = as_tensors(figure.truths)
    kept, found = after_nms(figure, figure.iou_threshold, figure.per_class, figure.confidence)
    kept = kept[figure.scene].tolist()
    shown = page.eval_on_selector_all(
        ".bl-drawing [data-fate]", "all => all.map(({ dataset: { at, fate, box } }) => [Number(at), fate, box.split(',').map(Number)])"
    )  # fmt: skip
    for at, _, box in shown:
        assert box == pytest.approx(boxes_[at].tolist())
    flags = {label: hits_of(found[figure.scene : figure.scene + 1], truths[figure.scene : figure.scene + 1], label) for label in range(4)}  # fmt: skip
    fates = {at: "true" if flags[int(labels[at])].pop(0) else "false" for at in kept}
    assert {at: fate for at, fate, _ in shown if fate != "suppressed"} == fates
    sure = (scores >= figure.confidence).nonzero().flatten().tolist()
    gone = set(sure) - set(kept)
    assert {at for at, fate, _ in shown if fate == "suppressed"} == (gone if figure.suppressed else set())
    order = sorted(sure, key=lambda at: (-scores[at], at))
    rows = listed_rows(page)
    names = [f"{CLASSES[labels[at]]} {scores[at]:.2f}".replace(" 0.", " .") for at in order]
    assert [row[:2] for row in rows] == [[str(rank), name] for rank, name in enumerate(names, 1)]
    for at, (_, _, fate) in zip(order, rows, strict=True):
        if at in gone:
            by = order[int(re.fullmatch(r"suppressed by (\d+)", fate)[1]) - 1]
            assert by in kept and float(iou(boxes_[by], boxes_[at])) > figure.iou_threshold
            assert not figure.per_class or labels[by] == labels[at]
        else:
            assert fate == f"{fates[at]} positive"
    hits = sum(fate == "true" for fate in fates.values())
    numbers = [int(number) for number in re.findall(r"\d+", status(page))]
    objects = len(truths[figure.scene][1])
    assert numbers == [figure.scene, len(kept), len(gone), hits, len(kept) - hits, objects - hits, objects]  # fmt: skip


def shown_counts(page):
    found = page.eval_on_selector_all(
        ".bl-counts tr", "rows => rows.map((row) => [row.dataset.part, [row.querySelector('td').textContent, row.querySelector('td').dataset.value]])"
    )  # fmt: skip
    return dict(found)


@pytest.mark.parametrize("setting", SETTINGS)
def test_counts_over_all_scenes_and_the_point_on_the_curve(mount, setting):
    figure = make(**setting)
    page = mount(figure)
    truths = as_tensors(figure.truths)
    for label in range(-1, 4):
        set_traits(page, label=label)
        _, found = after_nms(figure, figure.iou_threshold, figure.per_class, figure.confidence)
        table = scored(found, truths)
        hits, count, objects = (table.sum(1) if label < 0 else table[:, label]).tolist()
        shown = shown_counts(page)
        assert [int(shown[name][1]) for name in ("true positives", "false positives", "missed")] == [hits, count - hits, objects - hits]  # fmt: skip
        for name, whole in (("precision", count), ("recall", objects)):
            text, value = shown[name]
            assert text == (f"{hits} / {whole} = {hits / whole:.2f}".replace("= 0", "= ") if whole else "–")
            assert value == "" if whole == 0 else float(value) == pytest.approx(hits / whole)
        _, everything = after_nms(figure, figure.iou_threshold, figure.per_class)
        averages = average_precision(everything, truths, num_classes=4)
        average = averages.nanmean() if label < 0 else averages[label]
        text, value = shown["average precision"]
        assert (text, value) == ("–", "") if average.isnan() else float(value) == pytest.approx(float(average), abs=1e-6)  # fmt: skip
        point = page.locator(".bl-point")
        assert point.count() == (count > 0 and objects > 0)
        if point.count():
            assert float(point.get_attribute("data-recall")) == pytest.approx(hits / objects)
            assert float(point.get_attribute("data-precision")) == pytest.approx(hits / count)
            assert on_curve(page)
        assert len(page.locator(".bl-curve").get_attribute("d")) > 0 or objects == 0 or not any(len(one.boxes) for one in everything)  # fmt: skip


def on_curve(page):
    """Whether the point lies where the curve has a point."""
    x, y = page.locator(".bl-point").evaluate("({ cx, cy }) => [cx.baseVal.value, cy.baseVal.value]")
    curve = page.locator(".bl-curve").get_attribute("d")
    points = np.array(re.findall(r"[ML]([\d.e-]+) ([\d.e-]+)", curve), float)
    return np.abs(points - [x, y]).max(1).min() < 1e-3


def test_the_shaded_area_is_the_average_precision(mount):
    page = mount(make(label=0))
    set_traits(page, label=0)
    d = page.locator(".bl-area").get_attribute("d")
    steps = np.array(re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)H([\d.]+)", d), float)
    rule = page.locator(".bl-rule").first.get_attribute("d")  # from recall 0 to 1 along precision 0
    left, right = float(re.match(r"M([\d.]+) ", rule)[1]), float(re.search(r"H([\d.]+)", rule)[1])
    top = float(page.locator(".bl-rule").last.get_attribute("d").split("H")[0].split(" ")[1])
    width, height = right - left, steps[0, 1] - top
    area = ((steps[:, 3] - steps[:, 0]) * (steps[:, 1] - steps[:, 2])).sum() / (width * height)
    assert area == pytest.approx(float(shown_counts(page)["average precision"][1]), abs=1e-4) and area > 0.1
    set_traits(page, label=-1)
    assert page.locator(".bl-area").get_attribute("d") == ""


def drawn_boxes(page, kind):
    found = page.eval_on_selector_all(
        f".bl-drawing .bl-{kind} rect:last-child",
        "all => all.map((one) => ['x', 'y', 'width', 'height'].map((name) => one[name].baseVal.value))",
    )
    zoom = page.locator(".bl-scene").bounding_box()["width"] / WIDTH
    found = np.array(found, float).reshape(-1, 4) / zoom
    return np.hstack([found[:, :2], found[:, :2] + found[:, 2:]])


def test_true_boxes_are_drawn_if_asked_for(mount):
    figure = make(scene=1)
    page = mount(figure)
    assert len(drawn_boxes(page, "truth")) == 0
    page.get_by_role("checkbox", name="true boxes").check()
    assert trait(page, "truth")
    np.testing.assert_allclose(drawn_boxes(page, "truth"), figure.truths[1][0], atol=0.01)


# ── predictions: what a reader does ──


def test_the_list_is_walked_and_says_what_suppressed_what(mount):
    figure = make(confidence=0.0, iou_threshold=0.3)
    page = mount(figure)
    boxes_, scores, _ = as_tensors(figure.detections)[0]
    order = sorted(range(len(scores)), key=lambda at: (-scores[at], at))
    rows = listed_rows(page)
    assert page.locator(".bl-verdict").inner_text() == "No box is chosen."
    assert page.eval_on_selector_all(".bl-list button", "all => all.map((one) => one.tabIndex)") == [0] + [-1] * (len(rows) - 1)  # fmt: skip
    page.locator(".bl-list button").first.focus()
    fates = set()
    for rank, at in enumerate(order):
        assert trait(page, "chosen") == at
        said = page.locator(".bl-verdict").inner_text()
        assert said.startswith(f"{rank + 1} {rows[rank][1]}: {rows[rank][2].split(' by')[0]}")
        np.testing.assert_allclose(drawn_boxes(page, "chosen"), boxes_[at : at + 1], atol=0.01)
        if "suppressed by" in said:
            by, overlap = re.search(r"suppressed by (\d+) .*, IoU (\.\d+|1\.00), above \.30\.$", said).groups()  # fmt: skip
            assert rows[rank][2] == f"suppressed by {by}"
            assert float(overlap) == pytest.approx(float(iou(boxes_[order[int(by) - 1]], boxes_[at])), abs=0.006)  # fmt: skip
            np.testing.assert_allclose(drawn_boxes(page, "marked"), boxes_[[order[int(by) - 1]]], atol=0.01)
        else:
            victims = [number for number, row in enumerate(rows, 1) if row[2] == f"suppressed by {rank + 1}"]
            number = re.search(r"Suppresses (\w+)", said)[1]
            assert number == (str(len(victims)) if victims else "none")
            assert [int(n) for n in re.findall(r"(\d+) [^,(]*\(IoU", said)] == victims[:3]
            assert len(drawn_boxes(page, "marked")) == len(victims)
        fates.add(said.split(": ")[1].split(" ")[0])
        page.keyboard.press("ArrowDown")
    assert fates == {"suppressed", "true", "false"} and trait(page, "chosen") == order[-1]
    page.keyboard.press("Control+ArrowUp")  # the browser's
    assert trait(page, "chosen") == order[-1]
    page.keyboard.press("Home")
    assert trait(page, "chosen") == order[0]
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    assert trait(page, "chosen") == order[-2]
    assert page.evaluate("document.activeElement.tabIndex") == 0


FALSE = {
    "a surer box has the object": ([[0, 0, 20, 20], [0, 0, 20, 18]], [0.9, 0.8], [0, 0]),
    "IoU .40 with the nearest T-shirt/top": ([[40, 0, 50, 20], [0, 0, 20, 8]], [0.9, 0.8], [0, 0]),
    "there is no Bag": ([[40, 0, 50, 20], [0, 0, 20, 20]], [0.9, 0.8], [0, 1]),
}


@pytest.mark.parametrize("why", FALSE)
def test_a_false_positive_has_a_reason(mount, why):
    truth = ([[0, 0, 20, 20]], [0])
    page = mount(make(images=PICTURES[:1], detections=[FALSE[why]], truths=[truth], chosen=1, iou_threshold=1.0))  # fmt: skip
    assert f": false positive, {why}. Suppresses none." in page.locator(".bl-verdict").inner_text()


def test_the_mouse_points_at_a_box_by_its_nearest_edge(mount):
    page = mount(make(confidence=0.0, iou_threshold=1.0))
    scene = page.locator(".bl-scene").bounding_box()
    zoom = scene["width"] / WIDTH
    boxes_ = np.array(make().detections[0][0])
    chosen = set()
    for x, y in itertools.product(range(5, WIDTH, 17), range(4, HEIGHT, 13)):
        page.mouse.move(scene["x"] + x * zoom, scene["y"] + y * zoom)
        inside = (boxes_[:, :2] < [x, y]).all(1) & (boxes_[:, 2:] > [x, y]).all(1)
        if not inside.any():
            continue
        distance = np.abs(boxes_ - [x, y, x, y]).min(1)
        at = trait(page, "chosen")
        assert distance[at] <= distance[inside].min() + 1e-6
        chosen.add(at)
    assert len(chosen) > 3


def test_a_tap_on_a_box_chooses_it_and_a_swipe_scrolls(mount):
    page = phone(mount, make(confidence=0.0))
    page.locator(".bl-scene").scroll_into_view_if_needed()
    box = boxes(page, ".bl-drawing [data-fate=true] rect:last-child")[0]
    page.touchscreen.tap(box["left"] + 1, box["top"] + box["height"] / 2)
    assert trait(page, "chosen") >= 0
    before, scene = page.evaluate("scrollY"), page.locator(".bl-scene").bounding_box()
    touch(page, *((scene["x"] + 100, scene["y"] + scene["height"] - 5 - step) for step in range(0, 160, 20)))
    page.wait_for_function(f"scrollY > {before} + 50")


@pytest.mark.parametrize("name, word", [("confidence", "confidence threshold"), ("iou_threshold", "NMS IoU threshold")])  # fmt: skip
def test_sliders_reach_both_ends(mount, name, word):
    page = mount(make())
    seen = set()
    for key, value in (("End", 1), ("Home", 0), ("ArrowRight", 0.01)):
        page.get_by_role("slider", name=word).press(key)
        assert trait(page, name) == value
        seen.add(status(page))
    assert len(seen) >= 2


def test_menus_and_boxes_set_their_traits(mount):
    page = mount(make(chosen=2))
    page.get_by_role("combobox", name="scene").select_option("scene 2")
    assert (trait(page, "scene"), trait(page, "chosen")) == (2, -1)
    np.testing.assert_array_equal(pixels(page)[..., 0], PICTURES[2])
    page.get_by_role("combobox", name="class").select_option("Bag")
    assert trait(page, "label") == 1 and f"{SCENES} scenes, Bag" in page.locator(".bl-scores").inner_text()
    page.get_by_role("combobox", name="class").select_option("all classes")
    assert trait(page, "label") == -1
    page.get_by_role("checkbox", name="suppress within a class only").uncheck()
    page.get_by_role("checkbox", name="suppressed boxes").uncheck()
    assert not trait(page, "per_class") and not trait(page, "suppressed")
    page.get_by_role("combobox", name="view").select_option("two boxes")
    assert page.get_by_role("slider").count() == 0 and page.locator(".bl-stage").is_visible()
    assert status(page).startswith("The boxes share")


def test_a_change_of_the_rule_suppresses_and_counts_anew(mount):
    rules = [{"per_class": True}, {"per_class": False}, {"per_class": False, "iou_threshold": 0.9}]
    fresh = [mount(make(confidence=0.0, **rule)) for rule in rules]
    expected = [(status(page), listed_rows(page), shown_counts(page)) for page in fresh]
    assert len({str(one) for one in expected}) == 3
    page = mount(make(confidence=0.0))
    for rule, (words, rows, counts) in zip(rules, expected, strict=True):
        set_traits(page, **rule)
        assert (status(page), listed_rows(page), shown_counts(page)) == (words, rows, counts)


def test_reset_brings_the_author_s_setting_back(mount):
    figure = make(**SETTINGS[1], chosen=3)
    page = mount(figure)
    before = status(page)
    page.get_by_role("slider", name="confidence").press("End")
    page.get_by_role("slider", name="NMS").press("Home")
    for box in page.get_by_role("checkbox").all():
        box.click()
    page.get_by_role("combobox", name="class").select_option(index=0)
    page.get_by_role("combobox", name="scene").select_option(index=2)
    page.get_by_role("combobox", name="view").select_option(index=0)
    held(page, "box A, x").press("ArrowLeft")
    page.get_by_role("button", name="Reset").click()
    assert {name: trait(page, name) for name in STATE} == {name: getattr(figure, name) for name in STATE}
    assert status(page) == before


# ── its look ──

LOOKS = {
    "two boxes": {"view": "two boxes"},
    "as it opens": {},
    "all at once": {"scene": 1, "confidence": 0.0, "truth": True, "label": 0, "chosen": 1},
    "every box": {"confidence": 0.0, "iou_threshold": 1.0, "label": 3},
    "empty": {"confidence": 1.0, "label": 0},
}


@pytest.mark.parametrize(
    "theme, width, look",
    [("light", 332, "all at once"), ("dark", 792, "all at once"), ("dark", 332, "empty"), ("light", 792, "two boxes"), ("dark", 332, "two boxes")],
)  # fmt: skip
def test_is_accessible(mount, axe, theme, width, look):
    assert axe(mount(make(**LOOKS[look]), width=width, theme=theme)) == []


def test_every_drawing_has_words_that_follow(mount):
    page = mount(make(label=0))
    words = []
    for look in ("as it opens", "all at once", "empty", "two boxes"):
        set_traits(page, **{name: getattr(make(**LOOKS[look]), name) for name in STATE})
        words.append(page.eval_on_selector_all("[role=img]", "all => all.filter((one) => one.checkVisibility()).map((one) => one.getAttribute('aria-label'))"))  # fmt: skip
    assert words[0][0].startswith("Scene 0, 64 by 88 pixels, with ") and words[1][0].startswith("Scene 1")
    assert words[0][1].startswith("Boxes, in pixels: ") and words[2][1] == "No box"
    assert "at confidence .25 recall ." in words[0][2] and words[2][2].endswith("no box reaches the confidence")  # fmt: skip
    assert words[3] == ["Stage of 96 by 64 units: box A from x 20 to 60 and y 12 to 44, box B from x 36 to 84 and y 20 to 52"]  # fmt: skip


WIDTHS = [332, 360, 664, 792]  # of the page; the figure is 32 narrower
CUT = """all => all.filter((one) => one.checkVisibility() && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1))
  .map((one) => one.textContent)"""
LARGEST = {"box_a": [0, 0, 96, 64], "box_b": [0, 0, 96, 64]}
FARTHEST = {"box_a": [0, 0, 11, 11], "box_b": [96, 40, 96, 64]}


@pytest.mark.parametrize("width", WIDTHS)
def test_fits_and_its_height_changes_with_the_view_only(mount, width):
    page = mount(make(), width=width)
    frame = boxes(page, ".cnnbook")[0]
    heights = {"two boxes": set(), "predictions": set()}
    looks = [*LOOKS.values(), *({**LOOKS["two boxes"], **pair} for pair in (LARGEST, FARTHEST))]
    looks += [{**LOOKS["two boxes"], "box_a": a, "box_b": b} for a, b, _ in PAIRS.values()]
    for look in looks:
        figure = make(**look)
        set_traits(page, **{name: getattr(figure, name) for name in STATE})
        heights[figure.view].add(boxes(page, ".cnnbook")[0]["height"])
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shown = "all => all.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().toJSON())"
        parts = ".bl-top > *, .bl-stage, .bl-body, .bl-scene, .bl-legend > *, table, .controls > *, .bl-checks > *, .bl-list, .bl-chart text"  # fmt: skip
        for box in page.eval_on_selector_all(parts, shown):
            assert box["left"] >= frame["left"] + 11.9 and box["right"] <= frame["right"] - 11.9
        for box in page.eval_on_selector_all(".bl-handle", shown):
            assert box["left"] >= frame["left"] and box["right"] <= frame["right"]
        for box in page.eval_on_selector_all("button, select, input[type=range], .bl-handle", shown):
            assert min(box["width"], box["height"]) >= 24
        assert page.eval_on_selector_all("[role=status], .grid-title, .bl-verdict, td, th, .bl-fate", CUT) == []  # fmt: skip
        assert overlap(page.eval_on_selector_all(".tag rect", shown)) < 0.1
    assert [len(found) for found in heights.values()] == [1, 1]


def test_nothing_moves_by_itself(mount):
    page = mount(BoxLab(), reduced_motion="reduce")
    held(page, "box A, x").press("ArrowRight")
    assert page.evaluate("document.getAnimations().length") == 0


def test_what_sixty_scenes_add_to_a_page_stays_small():
    rng = np.random.default_rng(0)
    corner, size = rng.uniform(0, 60, (60, 30, 2)), rng.uniform(8, 36, (60, 30, 2))
    found = np.concatenate([corner, corner + size], axis=2)
    detections = [(one, rng.random(30), rng.integers(0, 4, 30)) for one in found]
    truths = [(one[:3], np.arange(3)) for one in found]

    def size_of(**given):
        states = dependency_state([BoxLab(**given)], drop_defaults=False)
        return len(gzip.compress(json.dumps(states).encode()))

    images = np.zeros((1, 8, 8), np.uint8)
    assert size_of(images=images, detections=detections, truths=truths, classes=CLASSES) - size_of() < 40_000


# ── Python ──

ONE = ([[1, 2, 3, 4.5]], [0.5], [1])
TRUE = ([[1, 2, 3, 4.5]], [1])
REFUSED = {
    "images of floats": ({"images": np.zeros((1, 4, 6))}, r"images is float64 \(1, 4, 6\); expected uint8"),
    "thirteen images": ({"images": np.zeros((13, 4, 6), np.uint8)}, "there are 13 images; expected at most 12"),
    "too few detections": ({"images": np.zeros((2, 4, 6), np.uint8)}, "there are 2 images and detections of 1 scenes"),
    "no image": ({"images": None}, "there are 0 images and detections of 1 scenes; expected at least one image"),
    "too many scenes": ({"detections": [ONE] * 201, "truths": [TRUE] * 201}, "of at most 200 scenes"),
    "another number of truths": ({"truths": [TRUE] * 2}, "detections are of 1 scenes and truths of 2; expected as many"),
    "a pair": ({"detections": [TRUE]}, r"detections\[0\] has 2 parts; expected boxes, scores, labels"),
    "a triple of truths": ({"truths": [ONE]}, r"truths\[0\] has 3 parts; expected boxes, labels"),
    "five edges": ({"truths": [([[1, 2, 3, 4, 5]], [1])]}, r"truths\[0\] has boxes of \(1, 5\); expected \(N, 4\)"),
    "inside out": ({"truths": [([[1, 2, 3, 1]], [1])]}, r"truths\[0\] has the box \[1, 2, 3, 1\]; expected finite x1"),
    "not a number": ({"truths": [([[1, 2, 3, np.nan]], [1])]}, r"has the box \[1.0, 2.0, 3.0, nan\]"),
    "infinite": ({"truths": [([[1, 2, np.inf, 4]], [1])]}, "expected finite"),
    "two scores": ({"detections": [(ONE[0], [0.5, 0.6], [1])]}, r"detections\[0\] has scores of \(2,\); expected \(1,\), one a box"),
    "no label": ({"truths": [(ONE[0], [])]}, r"truths\[0\] has labels of \(0,\); expected \(1,\)"),
    "a score above 1": ({"detections": [(ONE[0], [1.5], [1])]}, r"has scores \[1.5\]; expected 0 to 1"),
    "a score not a number": ({"detections": [(ONE[0], [np.nan], [1])]}, r"has scores \[nan\]; expected 0 to 1"),
    "a label of no class": ({"detections": [(*ONE[:2], [2])]}, r"detections\[0\] has label 2; expected 0 to 1"),
    "a negative label": ({"truths": [(ONE[0], [-1])]}, r"truths\[0\] has labels int64 \[-1\]; expected whole numbers from 0"),
    "half a label": ({"truths": [(ONE[0], [0.5])]}, r"has labels float64 \[0.5\]; expected whole numbers"),
}  # fmt: skip


def small(**changes):
    given = {"images": np.zeros((1, 4, 6), np.uint8), "detections": [ONE], "truths": [TRUE], "classes": ["a", "b"]}  # fmt: skip
    return BoxLab(**given | changes)


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_by_name(name):
    changes, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        small(**changes)


@pytest.mark.parametrize(
    "bad",
    [
        {"view": "three boxes"}, {"box_a": [0, 0, 97, 4]}, {"box_b": [0, 0, 9, 65]}, {"box_a": [5, 0, 4, 4]}, {"box_b": [0, 9, 4, 8]},
        {"box_a": [-1, 0, 4, 4]}, {"box_a": [0, 0, 4]}, {"scene": 1}, {"scene": -1}, {"confidence": 1.01}, {"confidence": -0.1},
        {"iou_threshold": 1.5}, {"label": 2}, {"label": -2}, {"chosen": 1}, {"chosen": -2}, {"per_class": "no"},
    ],
    ids=str,
)  # fmt: skip
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        small(**bad)


def test_the_view_of_predictions_needs_scenes():
    with pytest.raises(TraitError, match="view is 'predictions', and there are no scenes"):
        BoxLab(view="predictions")
    with pytest.raises(TraitError, match="scene is 1"):
        BoxLab(scene=1)
    assert BoxLab(classes=["a"], label=0).view == "two boxes"


def test_python_holds_the_rounded_numbers_that_the_page_shows():
    figure = small(detections=[([[0.004, 1.006, 3.3333, 4]], [0.123456], [1])], chosen=0)
    (found, scores, labels), *_ = figure.detections
    assert (found.tolist(), scores.tolist(), labels.tolist()) == ([[0, 1.01, 3.33, 4]], [0.1235], [1])
    assert figure.get_state("detections")["detections"] == [{"boxes": [0, 101, 333, 400], "labels": [1], "scores": [1235]}]  # fmt: skip


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match="BoxLab has no padding; its traits are"):
        BoxLab(padding=1)
