"""YoloGrid: the boxes and the steps to them against torch, and what a reader can do with the garments and the cells."""

import gzip
import itertools
import json
import re

import numpy as np
import pytest
import torch
from figure_probe import ENCODE, boxes, cells, decode, overlap, pixels, set_traits, status, touch, trait
from ipywidgets.embed import dependency_state
from torchvision.ops import box_iou
from traitlets import TraitError

from cnnbook import data, training
from cnnbook.boxes import nms, yolo_decode
from cnnbook.figures import YoloGrid
from cnnbook.figures.garments import Cutouts
from cnnbook.nets import TinyYOLO, as_arrays

HEIGHT, WIDTH = 80, 96
ROWS, COLS = 10, 12
CLASSES = ["T-shirt/top", "Trouser", "Ankle boot"]
SHAPES = [(40, 24), (12, 30), (25, 18), (33, 33)]
STATE = [
    "ground", "places", "order", "row", "column", "confidence", "iou_threshold", "confidence_map", "suppressed", "truth",
]  # fmt: skip


def make_cutouts():
    """Four disks of noise, cut at their edges, of two classes."""
    rng = np.random.default_rng(0)
    made = []
    for number, (height, width) in enumerate(SHAPES):
        row, col = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        opaque = row**2 + col**2 < 1.3
        pixels = rng.integers(0, 256, (height, width), np.uint8)
        made.append(data.Cutout(pixels, opaque, number % 3, 5 + 9 * number, 50 - 14 * number))
    return made


CUTOUTS = make_cutouts()
GROUNDS = np.random.default_rng(1).integers(0, 90, (2, HEIGHT, WIDTH), np.uint8)


@pytest.fixture(scope="module")
def net():
    """A network whose untrained answers are loud: each cell has a box, some sure, many of one class."""
    torch.manual_seed(3)
    net = TinyYOLO(num_classes=3).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.fill_(0.05)
            module.bias.data.uniform_(-0.2, 0.2)
    with torch.no_grad():
        raw = net(torch.rand(8, 1, HEIGHT, WIDTH))
        spread = raw.std((0, 2, 3))
        net.head.weight *= (1.5 / spread)[:, None, None, None]
        net.head.bias -= raw.mean((0, 2, 3)) * 1.5 / spread
        net.head.bias[2:4] -= 0.3
    return net


@pytest.fixture(scope="module")
def make(net):
    """``make(order=[1])``: a figure of that network."""
    arrays = as_arrays(net)
    given = {"network": arrays, "grounds": GROUNDS, "cutouts": CUTOUTS, "classes": CLASSES}
    return lambda **setting: YoloGrid(**given | setting)


def scene_of(figure):
    """The scene (H, W), and of each garment in it the box round what is visible; None for one that is hidden or taken out."""
    scene, owner = figure.grounds[figure.ground].copy(), np.full((HEIGHT, WIDTH), -1)
    for index in figure.order:
        pixels, opaque, *_ = CUTOUTS[index]
        row, col = figure.places[index]
        window = np.s_[row : row + opaque.shape[0], col : col + opaque.shape[1]]
        scene[window][opaque] = pixels[opaque]
        owner[window][opaque] = index
    truths = []
    for index in range(len(CUTOUTS)):
        rows, cols = np.nonzero(owner == index)
        truths.append([cols.min(), rows.min(), cols.max() + 1, rows.max() + 1] if len(rows) else None)
    return scene, truths


def detected(net, figure):
    image = torch.tensor(scene_of(figure)[0])[None, None]
    (found,) = training.detect(net, image, confidence=figure.confidence, iou_threshold=figure.iou_threshold)
    return found


def answer(net, figure):
    """The raw numbers and what they mean, (rows, cols, 8) each."""
    image = torch.tensor(scene_of(figure)[0])[None, None] / 255
    with torch.no_grad():
        raw = net(image)
        return raw[0].permute(1, 2, 0).numpy(), net.vectors(raw)[0]


def shown_boxes(page, kind="kept"):
    """Boxes, labels and scores of one kind, as the drawing holds them."""
    found = page.eval_on_selector_all(
        f".yg-drawing .yg-{kind}",
        "all => all.map(({ dataset: { box, label, score } }) => [...box.split(',').map(Number), Number(label), Number(score)])",
    )
    found = np.array(found, float).reshape(-1, 6)
    return found[:, :4], found[:, 4].astype(int), found[:, 5]


def assert_shows(page, expected):
    """The kept boxes are these detections, in any order: scores that are nearly equal may change places."""
    found, labels, scores = shown_boxes(page)
    assert len(found) == len(expected.boxes)
    if len(found):
        distances = np.abs(found[:, None] - expected.boxes.numpy()).max(-1)
        same = distances.argmin(1)
        assert sorted(same) == [*range(len(found))] and distances.min(1).max() < 0.05
        np.testing.assert_array_equal(labels, expected.labels[same])
        np.testing.assert_allclose(scores, expected.scores[same], rtol=0, atol=2e-3)


def drawn_boxes(page, kind="kept"):
    """Where the drawing has the boxes of one kind, in pixels of the scene."""
    found = page.eval_on_selector_all(
        f".yg-drawing .yg-{kind} rect:last-child",
        "all => all.map((one) => ['x', 'y', 'width', 'height'].map((name) => one[name].baseVal.value))",
    )
    zoom = page.locator(".yg-scene").bounding_box()["width"] / WIDTH
    found = np.array(found, float).reshape(-1, 4) / zoom
    return np.hstack([found[:, :2], found[:, :2] + found[:, 2:]])


SETTINGS = [
    {},
    {"places": [[40, 72], [0, 0], [55, 78], [20, 30]], "order": [3, 1, 0, 2], "ground": 1, "confidence": 0.5},
    {"places": [[10, 10], [10, 10], [12, 12], [8, 8]], "order": [0, 1, 2, 3], "iou_threshold": 0.2, "confidence": 0.2},
    {"order": [], "confidence": 0.45, "iou_threshold": 0.8},
    {"order": [2], "confidence": 0.0, "iou_threshold": 1.0},
    {"confidence": 1.0},
]  # fmt: skip


# ── what it says ──


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_boxes_are_torch_s(mount, make, net, setting):
    figure = make(**setting)
    page = mount(figure)
    scene, _ = scene_of(figure)
    np.testing.assert_array_equal(pixels(page)[..., 0], scene)
    expected = detected(net, figure)
    assert_shows(page, expected)
    np.testing.assert_allclose(drawn_boxes(page), shown_boxes(page)[0], rtol=0, atol=0.01)
    count = len(expected.boxes)
    words = "No box: no score reaches" if count == 0 else "1 box: " if count == 1 else f"{count} boxes: "
    assert status(page).startswith(words)
    if count:
        first = f"{CLASSES[expected.labels[0]]} {expected.scores[0]:.2f}".replace(" 0.", " .")
        assert f": {first}" in status(page)


def test_the_settings_have_no_box_one_box_and_many(make, net):
    counts = [len(detected(net, make(**setting)).boxes) for setting in SETTINGS]
    assert min(counts) == 0 and max(counts) == ROWS * COLS and len(set(counts)) >= 5


def shown_answer(page):
    found = page.eval_on_selector_all(
        ".yg-cell tr[data-part]",
        "rows => rows.map((row) => [row.dataset.part, [...row.querySelectorAll('td')].map((cell) => [cell.textContent, cell.dataset.value])])",
    )
    return dict(found)


@pytest.mark.parametrize("setting", SETTINGS[:3])
def test_a_cell_s_answer_is_torch_s_step_by_step(mount, make, net, setting):
    figure = make(**setting)
    page = mount(figure)
    raw, vectors = answer(net, figure)
    for row, column in [(0, 0), (9, 11), (4, 7), (6, 2)]:
        set_traits(page, row=row, column=column)
        check_answer(page, raw[row, column], vectors, row, column)


def check_answer(page, raw, vectors, row, column):
    vector = vectors[row, column].numpy()
    shown = shown_answer(page)

    def number(text):
        return float(text.replace("−", "-"))

    for at, name in enumerate(["x", "y", "w", "h", "confidence", "class 0", "class 1", "class 2"]):
        (first, _), (formula, value) = shown[name]
        assert number(first) == pytest.approx(raw[at], abs=0.006)
        assert float(value) == pytest.approx(vector[at], abs=1e-3)
        if at < 5:
            written, result = formula.split(" = ")
            pattern = r"3σ\((.*)\) − 1" if at < 2 else r"σ\((.*)\)"
            assert number(re.fullmatch(pattern, written)[1]) == number(first)
            assert number(result) == pytest.approx(float(value), abs=6e-4)
        else:
            assert number(formula) == pytest.approx(float(value), abs=6e-4)
    label = int(vector[5:].argmax())
    assert page.locator(".yg-best").get_attribute("data-part") == f"class {label}"
    decoded = yolo_decode(vectors, num_classes=3, image_size=(HEIGHT, WIDTH))
    index = row * COLS + column
    sides = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT])
    x1, y1, x2, y2 = decoded.boxes[index].numpy()
    expected = {"centre x": (x1 + x2) / 2, "centre y": (y1 + y2) / 2, "width": x2 - x1, "height": y2 - y1, "score": decoded.scores[index]}  # fmt: skip
    for name, value in expected.items():
        ((text, exact),) = shown[name]
        assert float(exact) == pytest.approx(float(value), abs=0.02)
        left, right = text.replace("−", "-").replace("·", "*").split(" = ")
        assert eval(left) == pytest.approx(float(right), abs=0.0571)  # the numbers written out
    box = [float(edge) for edge in shown["box"][0][1].split(",")]
    np.testing.assert_allclose(box, decoded.boxes[index].numpy().clip(0, sides), atol=0.02)
    np.testing.assert_allclose(drawn_boxes(page, "chosen")[0], box, atol=0.01)
    centre = page.locator(".yg-centre").evaluate("({ cx, cy }) => [cx.baseVal.value, cy.baseVal.value]")
    zoom = page.locator(".yg-scene").bounding_box()["width"] / WIDTH
    np.testing.assert_allclose(np.array(centre) / zoom, [expected["centre x"], expected["centre y"]], atol=0.02)  # fmt: skip


def test_what_becomes_of_each_cell_s_box_is_said(mount, make, net):
    figure = make(confidence=0.45, iou_threshold=0.4, suppressed=True)
    page = mount(figure)
    _, vectors = answer(net, figure)
    boxes_, scores, labels = yolo_decode(vectors, num_classes=3, image_size=(HEIGHT, WIDTH))
    boxes_ = boxes_.clamp(min=0).minimum(torch.tensor([WIDTH, HEIGHT, WIDTH, HEIGHT]))
    sure = (scores >= 0.45).nonzero().flatten()
    kept = set(sure[nms(boxes_[sure], scores[sure], 0.4, labels[sure])].tolist())
    fates = {"kept": kept, "left out": set(range(ROWS * COLS)) - set(sure.tolist())}
    fates["suppressed"] = set(sure.tolist()) - kept
    assert min(map(len, fates.values())) > 5
    for fate, members in fates.items():
        for index in sorted(members)[:: max(1, len(members) // 4)]:
            row, col = divmod(index, COLS)
            set_traits(page, row=row, column=col)
            name = CLASSES[labels[index]]
            assert status(page).endswith(f", {fate}.")
            assert page.locator(".yg-verdict").inner_text().startswith(f"{name}: {fate}")
            if fate == "suppressed":
                said = re.search(r"\((\d+), (\d+)\), IoU (\S+)\.$", page.locator(".yg-verdict").inner_text())  # fmt: skip
                by = int(said[1]) * COLS + int(said[2])
                overlap = float(box_iou(boxes_[[by]], boxes_[[index]]))
                assert by in kept and labels[by] == labels[index] and scores[by] > scores[index]
                assert float(said[3]) == pytest.approx(overlap, abs=0.006) and overlap > 0.4
    assert page.locator(".yg-drawing .yg-suppressed").count() == len(fates["suppressed"])
    set_traits(page, suppressed=False)
    assert page.locator(".yg-drawing .yg-suppressed").count() == 0


@pytest.mark.parametrize("setting", SETTINGS[:3])
def test_true_boxes_and_the_overlap_of_the_nearest_kept_box(mount, make, net, setting):
    figure = make(**setting, truth=True)
    page = mount(figure)
    _, truths = scene_of(figure)
    found = page.eval_on_selector_all(
        ".yg-drawing .yg-truth", "all => all.map(({ dataset: { garment, box } }) => [garment, box])"
    )
    expected = {str(index): ",".join(map(str, box)) for index, box in enumerate(truths) if box}
    assert dict(found) == expected
    kept = detected(net, figure)
    for index, box in enumerate(truths):
        cell = page.locator(f".yg-found[data-garment='{index}']")
        if box is None:
            assert cell.inner_text().strip() == "hidden"
            continue
        overlaps = box_iou(torch.tensor([box], dtype=torch.float32), kept.boxes)[0]
        best = int(overlaps.argmax())
        name, score = CLASSES[kept.labels[best]], f"{kept.scores[best]:.2f}".lstrip("0")
        assert cell.inner_text().split("\n")[0] == f"{name} {score}"
        assert float(cell.get_attribute("data-value")) == pytest.approx(float(overlaps[best]), abs=2e-3)
        is_wrong = int(kept.labels[best]) != CUTOUTS[index].label
        assert cell.evaluate("one => one.classList.contains('yg-wrong')") == is_wrong
    set_traits(page, truth=False)
    assert page.locator(".yg-drawing .yg-truth").count() == 0


PASTE = f"""
({{ packed, places, order, ground }}) => {{
  {ENCODE}
  const cutouts = readCutouts(packed);
  const {{ values, owner }} = pasted(Uint8Array.from(ground.flat()), cutouts, places, order, ground[0].length);
  return [encode(values), visibleBoxes(owner, cutouts.length, ground[0].length)];
}}
"""


def test_pasting_and_what_is_visible(run_js, make):
    rng = np.random.default_rng(5)
    packed = Cutouts.packed(CUTOUTS)
    hidden = 0
    for trial in range(20):
        places = [
            [int(rng.integers(0, 1 + (HEIGHT - h) // (1 + trial % 3))), int(rng.integers(0, 1 + (WIDTH - w) // (1 + trial % 3)))]
            for h, w in SHAPES
        ]  # fmt: skip
        if trial == 0:
            places = [[4, 5], [12, 8], [6, 9], [3, 4]]  # the last covers the second
        order = rng.permutation(4)[: rng.integers(0, 5)].tolist() if trial else [1, 0, 2, 3]
        figure = make(places=places, order=order)
        scene, truths = scene_of(figure)
        given = {"packed": packed, "places": places, "order": order, "ground": GROUNDS[0].tolist()}
        text, found = run_js(["net.js", "boxes.js", "garments.js", "yolo_grid.js"], PASTE, given)
        np.testing.assert_array_equal(decode(text, np.uint8).reshape(HEIGHT, WIDTH), scene)
        assert found == truths
        hidden += any(truths[index] is None for index in order)
    assert hidden


def test_a_shop_window_s_pieces_make_its_picture(mount, net):
    (window,) = data.shop_window_pieces(1, seed=4)
    image = data.shop_windows(1, seed=4).images[0, 0]
    net = TinyYOLO(num_classes=5).eval()
    page = mount(
        YoloGrid(
            network=as_arrays(net), grounds=window.ground[None], cutouts=window.cutouts, classes=list("abcde")
        )
    )
    np.testing.assert_array_equal(pixels(page)[..., 0], image)
    assert page.get_by_role("combobox").count() == 0  # one ground is no choice


# ── garments ──


def places(page):
    return trait(page, "places")


def garment(page, index):
    return page.locator(f".garment[data-garment='{index}']")


def shown_place(page, index):
    scene, box = page.locator(".yg-scene").bounding_box(), garment(page, index).bounding_box()
    zoom = scene["width"] / WIDTH
    return [round((box["y"] - scene["y"]) / zoom, 1), round((box["x"] - scene["x"]) / zoom, 1)]


def middle(page, index):
    box = garment(page, index).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] / SHAPES[index][1]


APART = {"places": [[2, 4], [60, 4], [50, 70], [5, 50]]}


def test_the_mouse_drags_a_garment_and_the_boxes_follow(mount, make, net):
    page = mount(make(**APART))
    before = shown_boxes(page)[0]
    x, y, zoom = middle(page, 0)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10.2 * zoom, y + 6.9 * zoom, steps=3)
    assert places(page)[0] == shown_place(page, 0) == [9, 14]
    moved = make(places=[[9, 14], *APART["places"][1:]])
    np.testing.assert_array_equal(pixels(page)[..., 0], scene_of(moved)[0])
    assert_shows(page, detected(net, moved))
    assert not np.array_equal(shown_boxes(page)[0], before)
    page.mouse.move(x - 90 * zoom, y + 300 * zoom, steps=3)
    assert places(page)[0] == shown_place(page, 0) == [HEIGHT - 40, 0]
    page.mouse.move(x + 200 * zoom, y - 100 * zoom, steps=3)
    page.mouse.up()
    assert places(page)[0] == [0, WIDTH - 24] and places(page)[1:] == APART["places"][1:]
    page.mouse.move(x, y)
    assert places(page)[0] == [0, WIDTH - 24]


def test_another_button_does_not_drag(mount, make):
    page = mount(make(**APART))
    x, y, zoom = middle(page, 3)
    page.mouse.move(x, y)
    page.mouse.down(button="right")
    page.mouse.move(x + 9 * zoom, y)
    page.mouse.up(button="right")
    assert places(page) == APART["places"]


def test_the_garment_in_front_is_the_one_that_is_taken_hold_of(mount, make):
    page = mount(make(places=[[10, 10]] * 4, order=[0, 3, 1, 2]))
    for top in (2, 1):
        x, y, zoom = middle(page, top)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 30 * zoom, y, steps=2)
        page.mouse.up()
        assert places(page)[top] == [10, 40]
    assert places(page)[0] == places(page)[3] == [10, 10]


def test_beside_a_garment_s_outline_lies_the_cell_below(mount, make):
    page = mount(make(**APART, row=0, column=0))
    scene = page.locator(".yg-scene").bounding_box()
    zoom = scene["width"] / WIDTH
    page.mouse.move(scene["x"] + 50.5 * zoom, scene["y"] + 5.5 * zoom)  # a corner of the disk's frame
    page.mouse.down()
    page.mouse.move(scene["x"] + 70 * zoom, scene["y"] + 30 * zoom, steps=2)
    page.mouse.up()
    assert places(page) == APART["places"]


def test_a_click_on_a_garment_chooses_the_cell_under_it_and_its_keys(mount, make):
    page = mount(make(**APART))
    x, y, zoom = middle(page, 0)
    page.mouse.click(x - 4 * zoom, y + 2 * zoom)  # pixel row 24, column 12
    assert (trait(page, "row"), trait(page, "column")) == (3, 1) and places(page) == APART["places"]
    page.keyboard.press("ArrowDown")
    assert places(page)[0] == [3, 4]


def test_a_click_with_an_unsteady_hand_moves_nothing(mount, make):
    page = mount(make(**APART, row=0, column=0))
    x, y, _ = middle(page, 3)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 2, y - 2)
    page.mouse.up()
    assert places(page) == APART["places"] and (trait(page, "row"), trait(page, "column")) == (2, 8)


def test_the_arrow_keys_move_a_garment(mount, make):
    page = mount(make(**APART))
    garment(page, 2).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowLeft", "Shift+ArrowDown"):
        page.keyboard.press(key)
    assert places(page)[2] == shown_place(page, 2) == [54, 67]
    for _ in range(20):
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowDown")
    assert places(page)[2] == [HEIGHT - 25, WIDTH - 18]
    assert "2" in garment(page, 1).get_attribute("aria-label")


def test_enter_and_the_button_bring_a_garment_to_the_front(mount, make):
    page = mount(make(places=[[10, 10]] * 4))
    garment(page, 1).press("Enter")
    assert trait(page, "order") == [0, 2, 3, 1]
    page.get_by_role("button", name="To front: 3 Ankle boot").click()
    assert trait(page, "order") == [0, 3, 1, 2]
    np.testing.assert_array_equal(
        pixels(page)[..., 0], scene_of(make(places=[[10, 10]] * 4, order=[0, 3, 1, 2]))[0]
    )


@pytest.mark.parametrize("key", ["Delete", "Backspace"])
def test_a_garment_is_taken_out_and_put_back(mount, make, key):
    page = mount(make(**APART))
    garment(page, 1).press(key)
    box = page.get_by_role("checkbox", name="2 Trouser in the scene")
    assert trait(page, "order") == [0, 2, 3] and not garment(page, 1).is_visible() and not box.is_checked()
    assert page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.getAttribute('aria-label')") == "2 Trouser in the scene"  # fmt: skip
    assert page.locator(".yg-found[data-garment='1']").inner_text().strip() == "taken out"
    np.testing.assert_array_equal(pixels(page)[..., 0], scene_of(make(**APART, order=[0, 2, 3]))[0])
    page.keyboard.press("Space")
    assert trait(page, "order") == [0, 2, 3, 1] and garment(page, 1).is_visible() and box.is_checked()
    box.uncheck()
    page.get_by_role("button", name="To front: 2 Trouser").click()
    assert trait(page, "order") == [0, 2, 3, 1]


def test_a_scene_without_garments_says_so(mount, make):
    page = mount(make(**APART))
    for index in range(4):
        garment(page, index).press("Delete")
    assert page.locator("canvas").first.get_attribute("aria-label").endswith("empty")
    assert page.locator(".yg-found").all_inner_texts() == ["taken out"] * 4


def phone(mount, figure):
    page = mount(figure, width=360, has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 360, "height": 640})
    return page


@pytest.mark.parametrize("right, down", [(0, 16), (9, 0), (-4, 20)])
def test_a_finger_drags_a_garment_in_any_direction(mount, make, right, down):
    page = phone(mount, make(**APART))
    garment(page, 0).scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    x, y, zoom = middle(page, 0)
    touch(page, *((x + share * right * zoom, y + share * down * zoom) for share in np.linspace(0, 1, 7)))
    assert places(page)[0] == [2 + down, 4 + right] and page.evaluate("scrollY") == before


def test_a_tap_on_a_garment_chooses_a_cell(mount, make):
    page = phone(mount, make(**APART, row=0, column=0))
    garment(page, 3).scroll_into_view_if_needed()
    x, y, _ = middle(page, 3)
    page.touchscreen.tap(x, y)
    assert (trait(page, "row"), trait(page, "column")) == (2, 8) and places(page) == APART["places"]


@pytest.mark.parametrize("where", [".yg-scene", ".yg-cell table", ".garments"])
def test_a_vertical_swipe_beside_the_garments_scrolls_the_page(mount, make, where):
    page = phone(mount, make(order=[]))
    page.locator(where).scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, Math.max(0, scrollY - 60))")
    before, box = page.evaluate("scrollY"), page.locator(where).bounding_box()
    y = min(box["y"] + box["height"] - 10, 600)
    touch(page, *((box["x"] + 100, y - step) for step in range(0, 200, 20)))
    page.wait_for_function(f"scrollY > {before} + 50")


# ── cells ──


def chosen(page):
    return trait(page, "row"), trait(page, "column")


def test_the_cells_hold_the_confidence(mount, make, net):
    figure = make()
    page = mount(figure)
    confidence = answer(net, figure)[1][..., 4].numpy()
    np.testing.assert_allclose(cells(page, "output"), confidence, rtol=0, atol=1e-3)
    shades = "all => all.map((one) => [...one.classList].find((name) => name.startsWith('plus')) ?? '')"
    assert set(page.eval_on_selector_all("[data-grid=output]", shades)) == {""}
    page.get_by_role("checkbox", name="confidence map").check()
    assert trait(page, "confidence_map")
    expected = [f"plus-{5 * round(10 * value)}" if round(10 * value) else "" for value in confidence.flat]
    found = page.eval_on_selector_all("[data-grid=output]", shades)
    off = [value for value in confidence.flat if abs(10 * value % 1 - 0.5) < 0.02]
    assert sum(one != other for one, other in zip(found, expected, strict=True)) <= len(off)
    texts = page.locator("[data-grid=output]").all_inner_texts()
    np.testing.assert_allclose(np.array(texts, float), confidence.flat, atol=0.006)


def test_a_click_and_the_arrow_keys_choose_a_cell(mount, make):
    page = mount(make(order=[], row=5, column=5))
    page.locator("[data-row='7'][data-col='2']").click()
    assert chosen(page) == (7, 2)
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    assert chosen(page) == (9, 4)
    assert page.locator(".current").get_attribute("data-col") == "4"
    assert page.locator(".yg-title").inner_text().startswith("cell in row 9, column 4")


def test_the_tab_key_comes_to_the_chosen_cell(mount, make):
    page = mount(make(row=3, column=8))
    assert page.locator("[data-grid=output][tabindex='0']").count() == 1
    set_traits(page, row=6)
    page.get_by_role("checkbox", name="true boxes").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("[document.activeElement.dataset.row, document.activeElement.dataset.col]") == [
        "6",
        "8",
    ]
    assert chosen(page) == (6, 8)


def test_by_default_the_cell_of_the_last_garment_is_chosen(make):
    _, _, _, row, col = CUTOUTS[-1]
    figure = make()
    assert (figure.row, figure.column) == ((row + 33 / 2) // 8, (col + 33 / 2) // 8)


def test_a_cell_that_holds_a_garment_s_centre_says_so(mount, make):
    figure = make(**APART, order=[0])
    page = mount(figure)
    (x1, y1, x2, y2), *_ = scene_of(figure)[1]
    row, col = int((y1 + y2) / 2 // 8), int((x1 + x2) / 2 // 8)
    for at, to in itertools.product((row - 1, row, row + 1), (col, col + 1)):
        set_traits(page, row=at, column=to)
        words = page.locator(".yg-title").inner_text()
        assert words.endswith("with the centre of 1 T-shirt/top") == ((at, to) == (row, col))


# ── controls ──


@pytest.mark.parametrize(
    "name, word", [("confidence", "confidence threshold"), ("iou_threshold", "IoU threshold")]
)
def test_sliders_reach_both_ends_and_decode_at_once(mount, make, net, name, word):
    page = mount(make())
    slider = page.get_by_role("slider", name=word)
    for key, value in (("End", 1), ("Home", 0), ("ArrowRight", 0.01)):
        slider.press(key)
        assert trait(page, name) == value
        assert_shows(page, detected(net, make(**{name: float(value)})))


def test_the_menu_changes_the_ground(mount, make):
    page = mount(make(**APART))
    menu = page.get_by_role("combobox", name="ground")
    menu.select_option(index=1)
    assert trait(page, "ground") == 1
    np.testing.assert_array_equal(pixels(page)[..., 0], scene_of(make(**APART, ground=1))[0])


def test_reset_brings_the_author_s_setting_back(mount, make):
    figure = make(**SETTINGS[1], row=2, column=9, truth=True)
    page = mount(figure)
    before = status(page)
    garment(page, 0).press("Shift+ArrowLeft")
    garment(page, 1).press("Delete")
    page.get_by_role("slider", name="confidence").press("Home")
    page.get_by_role("slider", name="IoU").press("End")
    for name in ("confidence map", "suppressed boxes", "true boxes"):
        page.get_by_role("checkbox", name=name).click()
    page.get_by_role("combobox", name="ground").select_option(index=0)
    page.locator("[data-row='0'][data-col='11']").click()
    page.get_by_role("button", name="Reset").click()
    assert {name: trait(page, name) for name in STATE} == {name: getattr(figure, name) for name in STATE}
    assert status(page) == before


def test_traits_set_from_outside_move_the_figure(mount, make, net):
    page = mount(make())
    figure = make(**SETTINGS[2], row=1, column=1, truth=True)
    set_traits(page, **{name: getattr(figure, name) for name in STATE})
    assert_shows(page, detected(net, figure))
    assert shown_place(page, 3) == [8, 8] and page.get_by_role("checkbox", name="true boxes").is_checked()
    assert "Cell (1, 1): " in status(page)


# ── its look ──

LOOKS = {
    "as it opens": {},
    "all at once": {"confidence_map": True, "suppressed": True, "truth": True},
    "every box": {"confidence": 0.0, "iou_threshold": 1.0, "suppressed": True},
    "two alike": {"places": [[10, 10]] * 4, "order": [1, 0, 2, 3], "truth": True},
    "empty": {"order": [], "confidence": 1.0},
}


@pytest.mark.parametrize(
    "theme, width, look",
    [("light", 332, "all at once"), ("dark", 792, "all at once"), ("dark", 332, "empty"), ("light", 792, "as it opens")],
)  # fmt: skip
def test_is_accessible(mount, make, axe, theme, width, look):
    assert axe(mount(make(**LOOKS[look]), width=width, theme=theme)) == []


def test_every_drawing_has_words_that_follow(mount, make):
    page = mount(make(**APART))
    words = []
    for setting in ({}, {"order": []}, {"confidence": 1.0}):
        set_traits(page, **setting)
        words.append(page.eval_on_selector_all(".yg-scene > :is(canvas, svg)", "all => all.map((one) => one.getAttribute('aria-label'))"))  # fmt: skip
    assert "from the back to the front: 1 T-shirt/top at row 2, column 4; 2 Trouser" in words[0][0]
    assert words[0][1].startswith("Boxes, in pixels: ") and words[0][1] != words[1][1]
    assert words[1][0].endswith("empty") and words[2][1] == "No box"


WIDTHS = [332, 360, 640, 792]  # of the page; the figure is 32 narrower
CUT = """all => all.filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
  .map((one) => one.textContent)"""


@pytest.mark.parametrize("width", WIDTHS)
def test_fits_and_its_height_never_changes(mount, make, width):
    page = mount(make(), width=width)
    frame = boxes(page, ".cnnbook")[0]
    heights = set()
    corners = [{"row": row, "column": column} for row, column in ((0, 0), (9, 11), (4, 6))]
    for look, corner in itertools.product(LOOKS.values(), corners):
        figure = make(**look, **corner)
        set_traits(page, **{name: getattr(figure, name) for name in STATE})
        heights.add(boxes(page, ".cnnbook")[0]["height"])
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for box in boxes(page, ".yg-scene, .yg-legend > *, table, li > *, .controls > *, .yg-checks > *"):
            assert box["left"] >= frame["left"] + 12 and box["right"] <= frame["right"] - 12
        for box in boxes(page, ".tag rect"):
            scene = boxes(page, ".yg-scene")[0]
            assert box["left"] >= scene["left"] - 0.1 and box["right"] <= scene["right"] + 0.1
            assert box["top"] >= scene["top"] - 0.1 and box["bottom"] <= scene["bottom"] + 0.1
        assert overlap(boxes(page, ".tag rect")) < 0.1
        assert (
            page.eval_on_selector_all("[role=status], .grid-title, .yg-verdict, td, th, .yg-found", CUT) == []
        )
        for box in boxes(page, "button, select, input[type=range]"):
            assert min(box["width"], box["height"]) >= 24
    for one, other in itertools.combinations(boxes(page, ".yg-left, .yg-cell, .garments"), 2):
        assert one["right"] <= other["left"] or one["bottom"] <= other["top"]
    assert len(heights) == 1


def test_the_words_of_a_tag_fit_it(mount, make):
    page = mount(make(**LOOKS["as it opens"]))
    over = page.eval_on_selector_all(
        ".tag", "all => all.map((one) => one.querySelector('rect').getBBox().width - one.querySelector('text').getBBox().width)"
    )  # fmt: skip
    assert over and min(over) > 0


def test_nothing_moves_by_itself(mount, make):
    page = mount(make(), reduced_motion="reduce")
    garment(page, 0).press("ArrowRight")
    assert page.evaluate("document.getAnimations().length") == 0


def test_what_it_adds_to_a_page_stays_small(make):
    state = json.dumps(dependency_state([make()], drop_defaults=False))
    assert len(gzip.compress(state.encode())) < 600_000


# ── Python ──

SMALL = [{"kind": "conv2d", "weight": np.zeros((7, 1, 8, 8)), "bias": np.zeros(7), "stride": 8, "padding": 0}]
ROUND = (np.zeros((4, 6), np.uint8), np.ones((4, 6), bool), 1, 2, 3)
REFUSED = {
    "grounds of floats": ({"grounds": np.zeros((1, 16, 24))}, r"grounds is float64 \(1, 16, 24\); expected uint8"),
    "one ground": ({"grounds": np.zeros((16, 24), np.uint8)}, r"grounds is uint8 \(16, 24\); expected uint8 \(n, height, width\)"),
    "five grounds": ({"grounds": np.zeros((5, 16, 24), np.uint8)}, "expected at most 4, no side above 128"),
    "a large ground": ({"grounds": np.zeros((1, 16, 136), np.uint8)}, "expected at most 4, no side above 128"),
    "a scene too small": ({"grounds": np.zeros((1, 6, 24), np.uint8)}, r"layer 1 \(conv2d\)"),
    "long cells": ({"grounds": np.zeros((1, 16, 20), np.uint8)}, "the network has 2 × 2 cells for a scene of 16 × 20; expected square cells"),
    "another number of classes": ({"classes": ["a", "b", "c"]}, "the network makes 7 numbers a cell; expected 8, 5 and 3 classes"),
    "a broken network": ({"network": [{"kind": "gelu"}]}, "layer 1 has the kind 'gelu'"),
    "no cutouts": ({"cutouts": []}, "there are 0 cutouts; expected 1 to 6"),
    "seven cutouts": ({"cutouts": [ROUND] * 7}, "there are 7 cutouts; expected 1 to 6"),
    "a triple": ({"cutouts": [ROUND[:3]]}, r"cutouts\[0\] has 3 parts; expected pixels, opaque, label, row, col"),
    "float pixels": ({"cutouts": [ROUND, (np.zeros((4, 6)), *ROUND[1:])]}, r"cutouts\[1\] has pixels of float64 \(4, 6\); expected uint8"),
    "an opaque of bytes": ({"cutouts": [(ROUND[0], ROUND[0], 1, 2, 3)]}, r"cutouts\[0\] has opaque of uint8 \(4, 6\)"),
    "another opaque": ({"cutouts": [(ROUND[0], np.ones((6, 4), bool), 1, 2, 3)]}, r"opaque of bool \(6, 4\) with 24 set; expected bool \(4, 6\)"),
    "nothing opaque": ({"cutouts": [(ROUND[0], ~ROUND[1], 1, 2, 3)]}, r"opaque of bool \(4, 6\) with 0 set"),
    "a label of no class": ({"cutouts": [(*ROUND[:2], 2, 2, 3)]}, r"cutouts\[0\] has label 2; expected 0 to 1"),
    "over the edge": ({"cutouts": [(*ROUND[:3], 13, 3)]}, r"cutouts\[0\], 4 × 6, stands at row 13, column 3; expected it inside of the scene, 16 × 24"),
    "before the edge": ({"cutouts": [(*ROUND[:3], 3, -1)]}, "stands at row 3, column -1"),
}  # fmt: skip


def small(**changes):
    given = {
        "network": SMALL,
        "grounds": np.zeros((1, 16, 24), np.uint8),
        "cutouts": [ROUND, ROUND],
        "classes": ["a", "b"],
    }
    return YoloGrid(**given | changes)


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_by_name(name):
    changes, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        small(**changes)


@pytest.mark.parametrize(
    "bad",
    [
        {"ground": 1}, {"ground": -1}, {"row": 2}, {"row": -1}, {"column": 3}, {"confidence": 1.01}, {"confidence": -0.1},
        {"iou_threshold": 1.5}, {"order": [0, 0]}, {"order": [2]}, {"order": [-1]}, {"places": [[0, 0]]},
        {"places": [[0, 0], [13, 0]]}, {"places": [[0, 19], [0, 0]]}, {"places": [[0, 0], [0, -1]]}, {"places": [[0, 0], [0]]},
    ],
    ids=str,
)  # fmt: skip
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        small(**bad)


def test_python_can_move_a_garment():
    figure = small()
    assert figure.places == [[2, 3], [2, 3]] and figure.order == [0, 1]
    figure.places = [[12, 18], [0, 0]]
    figure.order = []
    with pytest.raises(TraitError, match=re.escape("places holds [13, 18]; expected [0, 0] to [12, 18]")):
        figure.places = [[13, 18], [0, 0]]


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match="YoloGrid has no padding; its traits are"):
        small(padding=1)
