"""SegmentationLab: the masks and their scores against torch and cnnbook.masks, and what a reader can do with it."""

import gzip
import itertools
import json
import re

import numpy as np
import pytest
import torch
from figure_probe import ENCODE, boxes, decode, pixels, set_traits, status, touch, trait
from ipywidgets.embed import dependency_state
from torchmetrics.functional import jaccard_index
from traitlets import TraitError

from cnnbook import data, masks, plots, training
from cnnbook.figures import SegmentationLab
from cnnbook.figures.picture import GreyImages
from cnnbook.nets import UNet, as_arrays

HEIGHT, WIDTH = 80, 96
CLASSES = ["T-shirt/top", "Trouser", "Dress", "Sneaker", "Bag"]
NEARLY_ALL = 0.997  # of the pixels of a single scene, whose uncertain ones may be more than usual
BOOK = {"widths": (16, 32, 64, 96), "decoder": (48, 24, 16), "upsampling": "bilinear"}
STATE = ["ground", "places", "order", "row", "column", "opacity", "shown", "mistakes"]


def make_cutouts():
    """Four garments of four classes, from scenes that no network learned from."""
    windows = data.shop_window_pieces(20, seed=8, split="test")
    firsts = {cutout.label: cutout for window in windows for cutout in window.cutouts}
    return [firsts[label]._replace(row=4 + 9 * at, col=50 - 14 * at) for at, label in enumerate((0, 1, 3, 4))]


CUTOUTS = make_cutouts()
SHAPES = [cutout.pixels.shape for cutout in CUTOUTS]
GROUNDS = np.stack([window.ground[:HEIGHT] for window in data.shop_window_pieces(2, seed=9, split="test")])


def trained(skips):
    """The book's network, after a few seconds: it has seen every class, and errs a lot."""
    torch.manual_seed(0)
    net = UNet(1, 6, **BOOK, skips=skips)
    training.fit_segmenter(net, data.shop_windows(250, seed=2), epochs=3, progress=False)
    return net.eval()


@pytest.fixture(scope="module")
def nets():
    return {"with skips": trained(True), "without skips": trained(False)}


@pytest.fixture(scope="module")
def make(nets):
    """``make(order=[1])``: a figure of these networks; ``make("with skips")``: of one."""
    arrays = {name: as_arrays(net) for name, net in nets.items()}
    given = {"grounds": GROUNDS, "cutouts": CUTOUTS, "classes": CLASSES}

    def make_figure(*names, **setting):
        networks = {name: arrays[name] for name in names or arrays}
        return SegmentationLab(networks=networks, **given | setting)

    return make_figure


def scene_of(figure):
    """The scene and its true classes, (H, W) each."""
    scene, truth = figure.grounds[figure.ground].copy(), np.zeros((HEIGHT, WIDTH), np.int64)
    for index in figure.order:
        cutout = CUTOUTS[index]
        row, col = figure.places[index]
        window = np.s_[row : row + cutout.opaque.shape[0], col : col + cutout.opaque.shape[1]]
        scene[window][cutout.opaque] = cutout.pixels[cutout.opaque]
        truth[window][cutout.opaque] = 1 + cutout.label
    return scene, torch.from_numpy(truth)


def answer(net, figure):
    """The logits of every pixel, (classes, H, W)."""
    image = torch.tensor(scene_of(figure)[0])[None, None] / 255
    with torch.no_grad():
        return net(image)[0]


SETTINGS = [
    {},
    {"places": [[30, 60], [0, 0], [50, 44], [20, 30]], "order": [3, 1, 0, 2], "ground": 1},
    {"places": [[10, 10], [10, 10], [12, 12], [8, 8]], "order": [0, 1, 2, 3]},
    {"order": [2]},
    {"order": []},
]  # fmt: skip


# ── what it says ──

COLORS = [[0, 0, 0, 0]] + [
    [*bytes.fromhex(plots.COLORS[name][1:]), 255] for name in ("input", "kernel", "output", "error", "negative")
]  # fmt: skip


def shown_mask(page, which=0):
    """The class of each pixel, by its colour in the network's mask; every class has to be shown."""
    painted = pixels(page, 1 + 3 * which)
    same = (painted[:, :, None] == np.array(COLORS)).all(-1)
    assert (same.sum(-1) == 1).all()
    return same.argmax(-1)


def numbers(page, table):
    """A table's numbers by the name of the row: one for each network; NaN for a dash."""
    rows = page.eval_on_selector_all(
        f".{table} tbody tr",
        "rows => rows.map((row) => [row.cells[0].textContent, [...row.cells].slice(1).map((cell) => [cell.dataset.value, cell.textContent])])",
    )
    return {name: [(float(value or "nan"), text) for value, text in cells] for name, cells in rows}


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_masks_are_torch_s_and_their_scores_those_of_cnnbook(mount, make, nets, setting):
    figure = make(**setting)
    page = mount(figure)
    scene, truth = scene_of(figure)
    shown = numbers(page, "sl-ious")
    assert list(shown) == ["ground", *CLASSES, "mean IoU", "right pixels"]
    for which, (name, net) in enumerate(nets.items()):
        np.testing.assert_array_equal(pixels(page, 3 * which)[..., 0], scene)
        predicted = shown_mask(page, which)
        assert (predicted == answer(net, figure).argmax(0).numpy()).mean() >= NEARLY_ALL
        # The mask that is shown may differ from torch's in a few pixels, but its scores are exact.
        confusion = masks.confusion_matrix(torch.from_numpy(predicted)[None], truth[None], num_classes=6)
        ious, found = masks.iou(confusion), confusion.diagonal()
        either = confusion.sum(0) + confusion.sum(1) - found
        for label, one in enumerate(["ground", *CLASSES]):
            value, text = shown[one][which]
            assert value == pytest.approx(float(ious[label]), abs=1e-6, nan_ok=True)
            expected = f"{ious[label]:.2f}".removeprefix("0") + f"{found[label]}/{either[label]}"
            assert text == (expected if either[label] else "–")
        mean, right = float(ious.nanmean()), float(masks.pixel_accuracy(confusion))
        assert shown["mean IoU"][which][0] == pytest.approx(mean, abs=1e-6)
        assert shown["right pixels"][which][0] == pytest.approx(right, abs=1e-6)
        words = f"{name}: mean IoU {mean:.2f}, {100 * right:.1f} % of the pixels right.".replace(
            " 0.", " .", 1
        )
        assert words.capitalize().replace("iou", "IoU") in status(page).replace("\xa0", " ")


def test_the_settings_have_classes_that_are_nowhere_found_and_missed(make, nets):
    found = []
    for setting in SETTINGS:
        figure = make(**setting)
        predicted = answer(nets["with skips"], figure).argmax(0)[None]
        found.append(masks.iou(masks.confusion_matrix(predicted, scene_of(figure)[1][None], 6)))
    found = torch.stack(found)
    assert found.isnan().any() and (found == 0).any() and (found[:, 1:] > 0.3).any()


ASK = f"""
({{ packed, images }}) => {{
  {ENCODE}
  const layers = readNetwork(packed);
  const {{ images: bytes, height, width }} = readImages(images);
  return bytes.map((values) => encode(predictedClasses(forward(layers, {{ values: Float32Array.from(values, (byte) => byte / 255), channels: 1, height, width }}).at(-1))));
}}
"""
MODULES = ["net.js", "boxes.js", "garments.js", "segmentation_lab.js"]


@pytest.mark.parametrize("name", ["with skips", "without skips"])
def test_999_of_1000_pixels_are_named_as_by_torch(run_js, make, nets, name):
    images = data.shop_windows(25, seed=6, split="test").images
    given = {"packed": make(name).networks[name], "images": GreyImages.packed(images[:, 0].numpy())}
    found = np.stack([decode(text, np.uint8).reshape(96, 96) for text in run_js(MODULES, ASK, given)])
    with torch.no_grad():
        expected = nets[name](images / 255).argmax(1).numpy()
    assert len(np.unique(expected)) >= 3
    assert (found == expected).mean() >= 0.999


COUNT = f"""
({{ logits, truth, shape: [channels, height, width] }}) => {{
  {ENCODE}
  const predicted = predictedClasses({{ values: Float32Array.from(logits), channels, height, width }});
  return [encode(predicted), scores(overlaps(predicted, Uint8Array.from(truth), channels), height * width)];
}}
"""


@pytest.mark.parametrize("seed", range(6))
def test_classes_and_scores_are_torch_s_on_random_maps(run_js, seed):
    generator = torch.manual_seed(seed)
    channels, height, width = 2 + seed, 7, 11
    logits = torch.randn(channels, height, width, generator=generator).round(decimals=1)  # some are equal
    logits[-1] = -9  # a class that is nowhere
    truth = torch.randint(0, 1 + seed, (height, width), generator=generator)
    given = {"logits": logits.flatten().tolist(), "truth": truth.flatten().tolist(), "shape": [channels, height, width]}  # fmt: skip
    text, found = run_js(MODULES, COUNT, given)
    predicted = logits.argmax(0)
    np.testing.assert_array_equal(decode(text, np.uint8).reshape(height, width), predicted)
    expected = jaccard_index(predicted, truth, "multiclass", num_classes=channels, average="none")
    there = (predicted.unique().tolist(), truth.unique().tolist())
    for label, iou in enumerate(found["ious"]):
        assert (iou is None) == (label not in there[0] + there[1])
        assert iou is None or iou == pytest.approx(float(expected[label]), abs=1e-6)
    assert found["mean"] == pytest.approx(np.mean([iou for iou in found["ious"] if iou is not None]))
    assert found["right"] == pytest.approx(float((predicted == truth).float().mean()))


@pytest.mark.parametrize("setting", SETTINGS[:2])
def test_a_pixel_s_probabilities_are_torch_s(mount, make, nets, setting):
    figure = make(**setting)
    page = mount(figure)
    _, truth = scene_of(figure)
    for row, column in [(0, 0), (HEIGHT - 1, WIDTH - 1), (30, 41), (64, 20)]:
        set_traits(page, row=row, column=column)
        shown = numbers(page, "sl-pixel-table")
        said = []
        for which, (name, net) in enumerate(nets.items()):
            expected = answer(net, figure)[:, row, column].softmax(0)
            for label, one in enumerate(["ground", *CLASSES]):
                value, text = shown[one][which]
                assert value == pytest.approx(float(expected[label]), abs=5e-3)
                assert float(text) == pytest.approx(value, abs=6e-4)
            label = shown_mask(page, which)[row, column]
            best = page.locator(f".sl-pixel-table tbody tr:nth-child({1 + label}) td:nth-child({2 + which})")
            is_right = label == int(truth[row, column])
            assert best.get_attribute("class") == ("sl-right" if is_right else "sl-false")
            said.append(f"{name}: {['ground', *CLASSES][label]}")
        words = f"Row {row}, column {column}: truly {['ground', *CLASSES][truth[row, column]]}. {', '.join(said)}."
        assert page.locator(".sl-pixel-table caption").inner_text() == words.replace(" with", " With", 1)
        assert page.locator(".sl-true th").inner_text() == ["ground", *CLASSES][truth[row, column]]


def test_a_shop_window_s_pieces_make_its_picture_and_its_truth(mount, make):
    (window,) = data.shop_window_pieces(1, seed=4)
    scenes = data.shop_windows(1, seed=4)
    page = mount(make("with skips", grounds=window.ground[None], cutouts=window.cutouts))
    np.testing.assert_array_equal(pixels(page)[..., 0], scenes.images[0, 0])
    shown = numbers(page, "sl-ious")
    confusion = masks.confusion_matrix(torch.from_numpy(shown_mask(page))[None], scenes.masks, num_classes=6)
    np.testing.assert_allclose(
        [shown[name][0][0] for name in ("ground", *CLASSES)], masks.iou(confusion), atol=1e-6
    )
    assert page.get_by_role("combobox").count() == 0  # one ground is no choice


# ── the mask's look ──


def test_a_class_is_switched_off_and_on(mount, make):
    page = mount(make(**SETTINGS[1]))
    whole, other = shown_mask(page), shown_mask(page, 1)
    label = int(np.bincount(whole[whole > 0]).argmax())
    box = page.get_by_role("checkbox", name=f"{CLASSES[label - 1]} in colour")
    box.uncheck()
    assert trait(page, "shown") == [at for at in range(5) if at != label - 1]
    np.testing.assert_array_equal(shown_mask(page), np.where(whole == label, 0, whole))
    np.testing.assert_array_equal(shown_mask(page, 1), np.where(other == label, 0, other))
    assert f"{CLASSES[label - 1]} {(whole == label).sum()}" in page.locator(".sl-mask").first.get_attribute("aria-label")  # fmt: skip
    box.check()
    np.testing.assert_array_equal(shown_mask(page), whole)


def test_each_class_has_its_colour_beside_its_name(mount, make):
    page = mount(make())
    swatches = "all => all.map((one) => getComputedStyle(one).backgroundColor)"
    expected = [f"rgb({red}, {green}, {blue})" for red, green, blue, _ in COLORS[1:]]
    for place in (
        ".sl-classes label:not(:last-child) .sl-swatch",
        ".sl-ious tr:not(:first-child) .sl-swatch",
    ):
        assert page.eval_on_selector_all(place, swatches) == expected


def test_the_slider_changes_the_mask_s_opacity(mount, make):
    page = mount(make())
    slider = page.get_by_role("slider", name="opacity")
    for key, value in (("End", 1), ("Home", 0), ("ArrowRight", 0.01)):
        slider.press(key)
        assert trait(page, "opacity") == value
        looks = page.eval_on_selector_all(
            ".sl-mask", "all => all.map((one) => Number(getComputedStyle(one).opacity))"
        )
        assert looks == [value, value]


def test_mistakes_are_hatched_and_nothing_else(mount, make):
    figure = make(**SETTINGS[1])
    page = mount(figure)
    assert not any(one.is_visible() for one in page.locator(".sl-wrong").all())
    page.get_by_role("checkbox", name="mistakes").check()
    assert trait(page, "mistakes")
    truth = scene_of(figure)[1].numpy()
    for which in (0, 1):
        assert page.locator(".sl-wrong").nth(which).is_visible()
        painted = pixels(page, 3 * which + 2)
        scale = painted.shape[0] // HEIGHT
        wrong = shown_mask(page, which) != truth
        of_pixel = painted.reshape(HEIGHT, scale, WIDTH, scale, 4)
        np.testing.assert_array_equal((of_pixel[..., 3] > 0).any((1, 3)), wrong)
        assert {tuple(color) for color in painted[painted[..., 3] > 0]} == {
            (0, 0, 0, 255),
            (255, 255, 255, 255),
        }
        assert 0.01 < wrong.mean() < 0.5
    before = pixels(page, 2)
    garment(page, 0).press("Shift+ArrowDown")
    assert not np.array_equal(pixels(page, 2), before)


# ── garments ──


def places(page):
    return trait(page, "places")


def garment(page, index, which=0):
    return page.locator(f".garment[data-garment='{index}']").nth(which)


def middle(page, index, which=0):
    """A point on a garment, and the pixels of the page for one of the scene."""
    box = garment(page, index, which).bounding_box()
    rows, cols = np.nonzero(CUTOUTS[index].opaque)
    at = np.argmin(np.hypot(rows - rows.mean(), cols - cols.mean()))
    zoom = box["width"] / SHAPES[index][1]
    return box["x"] + (cols[at] + 0.5) * zoom, box["y"] + (rows[at] + 0.5) * zoom, zoom


APART = {"places": [[2, 50], [2, 2], [60, 4], [44, 60]]}


@pytest.mark.parametrize("which", [0, 1])
def test_the_mouse_drags_a_garment_in_either_scene_and_both_masks_follow(mount, make, nets, which):
    page = mount(make(**APART))
    x, y, zoom = middle(page, 1, which)
    page.mouse.move(x, y)
    page.mouse.down()
    pixel = trait(page, "row"), trait(page, "column")
    page.mouse.move(x + 10.2 * zoom, y + 6.9 * zoom, steps=3)
    assert places(page) == [APART["places"][0], [9, 12], *APART["places"][2:]]
    assert (trait(page, "row"), trait(page, "column")) == pixel  # what is dragged is not pointed at
    moved = make(places=places(page))
    for at, net in enumerate(nets.values()):
        np.testing.assert_array_equal(pixels(page, 3 * at)[..., 0], scene_of(moved)[0])
        assert (shown_mask(page, at) == answer(net, moved).argmax(0).numpy()).mean() >= NEARLY_ALL
    page.mouse.move(x - 90 * zoom, y + 300 * zoom, steps=3)
    page.mouse.up()
    assert places(page)[1] == [HEIGHT - SHAPES[1][0], 0]


def test_the_keyboard_moves_a_garment_brings_it_to_the_front_and_takes_it_out(mount, make):
    page = mount(make(**APART))
    garment(page, 3).focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    assert places(page)[3] == [43, 56]
    garment(page, 0).press("Enter")
    assert trait(page, "order") == [1, 2, 3, 0]
    garment(page, 0).press("Delete")
    assert trait(page, "order") == [1, 2, 3]
    assert not garment(page, 0).is_visible() and not garment(page, 0, 1).is_visible()
    left = make(places=places(page), order=[1, 2, 3])
    np.testing.assert_array_equal(pixels(page)[..., 0], scene_of(left)[0])
    page.keyboard.press("Space")  # the focus is on the garment's box in the list
    assert trait(page, "order") == [1, 2, 3, 0]
    page.get_by_role("button", name="To front: 2 ").click()
    assert trait(page, "order") == [2, 3, 0, 1]


def test_a_scene_without_garments_says_so(mount, make):
    page = mount(make(order=[]))
    assert page.locator("canvas").first.get_attribute("aria-label").endswith("empty")
    assert page.locator(".garments .out").count() == 4


# ── pixels ──


def pixel(page):
    return trait(page, "row"), trait(page, "column")


@pytest.mark.parametrize("which", [0, 1])
def test_the_mouse_points_at_a_pixel_in_either_scene(mount, make, which):
    page = mount(make(**APART))
    scene = boxes(page, ".sl-scene")[which]
    zoom = scene["width"] / WIDTH
    page.mouse.move(scene["left"] + 41.6 * zoom, scene["top"] + 55.3 * zoom)
    assert pixel(page) == (55, 41)
    for marker, around in zip(boxes(page, ".sl-pixel"), boxes(page, ".sl-scene"), strict=True):
        assert (marker["left"] - around["left"]) / zoom == pytest.approx(41, abs=0.01)
        assert (marker["top"] - around["top"]) / zoom == pytest.approx(55, abs=0.01)
    x, y, _ = middle(page, 0, which)
    page.mouse.move(x, y)
    assert pixel(page) == (int((y - scene["top"]) // zoom), int((x - scene["left"]) // zoom))


@pytest.mark.parametrize("which", [0, 1])
def test_a_click_leaves_the_pixel_to_the_arrow_keys(mount, make, which):
    page = mount(make(order=[]))
    scene = boxes(page, ".sl-scene")[which]
    zoom = scene["width"] / WIDTH
    page.mouse.click(scene["left"] + 3.5 * zoom, scene["top"] + 2.5 * zoom)
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowDown", "Shift+ArrowUp", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert pixel(page) == (0, 4)
    for _ in range(20):
        page.keyboard.press("Shift+ArrowRight")
    assert pixel(page) == (0, WIDTH - 1)
    assert "row 0, column 95" in page.locator(".sl-pixel").first.get_attribute("aria-label")


def test_the_tab_key_comes_to_each_garment_and_to_the_pixel_once(mount, make):
    page = mount(make())
    stops = []
    page.get_by_role("checkbox", name="mistakes").focus()
    for _ in range(6):
        page.keyboard.press("Tab")
        stops.append(
            page.evaluate("[document.activeElement.className, document.activeElement.dataset.garment]")
        )
    assert stops[:5] == [*(["garment", str(index)] for index in range(4)), ["sl-pixel", None]]
    assert stops[5][0] == ""  # on to the list


def phone(mount, figure):
    page = mount(figure, width=360, has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 360, "height": 640})
    return page


@pytest.mark.parametrize("which, right, down", [(0, 0, 16), (1, 9, -2)])
def test_a_finger_drags_a_garment_in_any_direction(mount, make, which, right, down):
    page = phone(mount, make(**APART))
    garment(page, 1, which).scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    x, y, zoom = middle(page, 1, which)
    touch(page, *((x + share * right * zoom, y + share * down * zoom) for share in np.linspace(0, 1, 7)))
    assert places(page)[1] == [2 + down, 2 + right] and page.evaluate("scrollY") == before


def test_a_tap_on_a_garment_or_beside_it_chooses_a_pixel(mount, make):
    page = phone(mount, make(**APART, row=0, column=0))
    garment(page, 3).scroll_into_view_if_needed()
    for x, y, zoom in (middle(page, 3), middle(page, 0)):
        page.touchscreen.tap(x, y)
        scene = boxes(page, ".sl-scene")[0]
        assert pixel(page) == (int((y - scene["top"]) // zoom), int((x - scene["left"]) // zoom))
    assert places(page) == APART["places"]


@pytest.mark.parametrize("where", [".sl-scene", ".sl-tables", ".garments"])
def test_a_vertical_swipe_beside_the_garments_scrolls_the_page(mount, make, where):
    page = phone(mount, make(order=[]))
    page.locator(where).first.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, Math.max(0, scrollY - 60))")
    before, box = page.evaluate("scrollY"), page.locator(where).first.bounding_box()
    y = min(box["y"] + box["height"] - 10, 600)
    touch(page, *((box["x"] + 100, y - step) for step in range(0, 200, 20)))
    page.wait_for_function(f"scrollY > {before} + 50")


# ── controls ──


def test_the_menu_changes_the_ground(mount, make):
    page = mount(make(**APART))
    page.get_by_role("combobox", name="ground").select_option(index=1)
    assert trait(page, "ground") == 1
    np.testing.assert_array_equal(pixels(page)[..., 0], scene_of(make(**APART, ground=1))[0])


def test_reset_brings_the_author_s_setting_back(mount, make):
    figure = make(**SETTINGS[1], row=2, column=9, mistakes=True, opacity=0.35, shown=[0, 3])
    page = mount(figure)
    before = status(page)
    garment(page, 0).press("Shift+ArrowLeft")
    garment(page, 1).press("Delete")
    page.get_by_role("slider", name="opacity").press("Home")
    page.get_by_role("checkbox", name="mistakes").click()
    page.get_by_role("checkbox", name="Dress in colour").check()
    page.get_by_role("combobox", name="ground").select_option(index=0)
    page.locator(".sl-pixel").first.press("ArrowDown")
    page.get_by_role("button", name="Reset").click()
    assert {name: trait(page, name) for name in STATE} == {name: getattr(figure, name) for name in STATE}
    assert status(page) == before


def test_traits_set_from_outside_move_the_figure(mount, make, nets):
    page = mount(make())
    figure = make(**SETTINGS[2], row=1, column=3, opacity=0.25)
    set_traits(page, **{name: getattr(figure, name) for name in STATE})
    assert (shown_mask(page) == answer(nets["with skips"], figure).argmax(0).numpy()).mean() >= NEARLY_ALL
    assert page.get_by_role("slider", name="opacity").input_value() == "0.25"
    assert page.locator(".sl-pixel-table caption").inner_text().startswith("Row 1, column 3: ")


# ── its look ──

LOOKS = {
    "as it opens": {},
    "all at once": {"mistakes": True, "opacity": 1.0, "row": 20, "column": 60},
    "two alike": {"places": [[10, 10]] * 4, "order": [1, 0, 2, 3], "mistakes": True, "row": 0, "column": 0},
    "empty": {"order": [], "shown": []},
}


@pytest.mark.parametrize(
    "theme, width, names, look",
    [
        ("light", 332, (), "all at once"), ("dark", 792, (), "all at once"), ("dark", 332, (), "empty"),
        ("light", 792, ("with skips",), "as it opens"),
    ],
)  # fmt: skip
def test_is_accessible(mount, make, axe, theme, width, names, look):
    assert axe(mount(make(*names, **LOOKS[look]), width=width, theme=theme)) == []


def always(label):
    """A network that names every pixel alike."""
    bias = np.where(np.arange(6) == label, 9.0, 0.0)
    return [{"kind": "conv2d", "weight": np.zeros((6, 1, 1, 1)), "bias": bias, "stride": 1, "padding": 0}]


ALWAYS = {"with skips": always(1), "without skips": always(1)}  # T-shirt/top, the longest name
CUT = """all => all.filter((one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
  .map((one) => one.textContent)"""


@pytest.mark.parametrize(
    "width, names", [*((width, ()) for width in (332, 360, 560, 640, 718, 792)), *((width, ("with skips",)) for width in (332, 792))]
)  # fmt: skip
def test_fits_and_its_height_never_changes(mount, width, names):
    def make(**setting):
        networks = {name: ALWAYS[name] for name in names or ALWAYS}
        return SegmentationLab(
            networks=networks, grounds=GROUNDS, cutouts=CUTOUTS, classes=CLASSES, **setting
        )

    page = mount(make(), width=width)
    frame = boxes(page, ".cnnbook")[0]
    heights = set()
    for look in LOOKS.values():
        figure = make(**look)
        set_traits(page, **{name: getattr(figure, name) for name in STATE})
        heights.add(boxes(page, ".cnnbook")[0]["height"])
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for box in boxes(page, ".sl-scene, table, .garments > li > *, .controls > *, .sl-classes > *"):
            assert box["left"] >= frame["left"] + 12 and box["right"] <= frame["right"] - 12
        assert page.eval_on_selector_all("[role=status], caption, .grid-title, td, th", CUT) == []
        for box in boxes(page, "button, select, input[type=range]"):
            assert min(box["width"], box["height"]) >= 24
    for one, other in itertools.combinations(boxes(page, ".sl-panel, table, .garments"), 2):
        assert one["right"] <= other["left"] or one["bottom"] <= other["top"]
    assert len(heights) == 1


def test_nothing_moves_by_itself(mount, make):
    page = mount(make(), reduced_motion="reduce")
    garment(page, 0).press("ArrowRight")
    assert page.evaluate("document.getAnimations().length") == 0


def test_what_it_adds_to_a_page_stays_small(make):
    state = json.dumps(dependency_state([make()], drop_defaults=False))
    assert len(gzip.compress(state.encode())) < 600_000


# ── Python ──

SMALL = [{"kind": "conv2d", "weight": np.zeros((3, 1, 3, 3)), "bias": np.zeros(3), "stride": 1, "padding": 1}]
ROUND = (np.zeros((4, 6), np.uint8), np.ones((4, 6), bool), 1, 2, 3)


def small(**changes):
    given = {
        "networks": {"a net": SMALL},
        "grounds": np.zeros((1, 16, 24), np.uint8),
        "cutouts": [ROUND, ROUND],
        "classes": ["a", "b"],
    }
    return SegmentationLab(**given | changes)


REFUSED = {
    "no network": ({"networks": {}}, "there are 0 networks; expected 1 to 2"),
    "three networks": ({"networks": dict.fromkeys("abc", SMALL)}, "there are 3 networks; expected 1 to 2"),
    "a broken network": ({"networks": {"a": [{"kind": "gelu"}]}}, "layer 1 has the kind 'gelu'"),
    "a smaller map": ({"networks": {"a": [SMALL[0] | {"stride": 2}]}}, r"network 'a' makes \(3, 8, 12\) of the scene; expected \(3, 16, 24\): the ground and 2 classes"),
    "another number of classes": ({"classes": ["a", "b", "c"]}, r"network 'a net' makes \(3, 16, 24\) of the scene; expected \(4, 16, 24\)"),
    "no classes": ({"classes": []}, "there are 0 classes; expected 1 to 5"),
    "six classes": ({"classes": list("abcdef")}, "there are 6 classes; expected 1 to 5"),
    "grounds of floats": ({"grounds": np.zeros((1, 16, 24))}, r"grounds is float64 \(1, 16, 24\); expected uint8"),
    "five grounds": ({"grounds": np.zeros((5, 16, 24), np.uint8)}, "expected at most 4, no side above 128"),
    "a large ground": ({"grounds": np.zeros((1, 16, 136), np.uint8)}, "expected at most 4, no side above 128"),
    "no cutouts": ({"cutouts": []}, "there are 0 cutouts; expected 1 to 6"),
    "a number for cutouts": ({"cutouts": 3}, "cutouts is 3; expected a list"),
    "a number for a cutout": ({"cutouts": [3]}, r"cutouts\[0\] is 3; expected a tuple"),
    "a word for a label": ({"cutouts": [(*ROUND[:2], "x", 2, 3)]}, r"cutouts\[0\] has label 'x'"),
    "half a row": ({"cutouts": [(*ROUND[:3], 2.5, 3)]}, r"cutouts\[0\] has row 2.5"),
    "a label of no class": ({"cutouts": [(*ROUND[:2], 2, 2, 3)]}, r"cutouts\[0\] has label 2; expected 0 to 1"),
    "over the edge": ({"cutouts": [(*ROUND[:3], 13, 3)]}, r"cutouts\[0\], 4 × 6, stands at row 13, column 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_by_name(name):
    changes, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        small(**changes)


@pytest.mark.parametrize(
    "bad",
    [
        {"ground": 1}, {"row": 16}, {"row": -1}, {"column": 24}, {"opacity": 1.01}, {"opacity": -0.1}, {"shown": [2]},
        {"shown": [0, 0]}, {"shown": [-1]}, {"order": [0, 0]}, {"order": [2]}, {"places": [[0, 0]]}, {"places": [[0, 0], [13, 0]]},
    ],
    ids=str,
)  # fmt: skip
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        small(**bad)


def test_python_can_change_what_is_shown():
    figure = small()
    assert (figure.row, figure.column, figure.shown, figure.order) == (4, 6, [0, 1], [0, 1])
    figure.shown = [1]
    figure.row, figure.column = 15, 23
    figure.places = [[12, 18], [0, 0]]
    with pytest.raises(
        TraitError, match=re.escape("shown is [1, 1]; expected numbers below 2, each at most once")
    ):
        figure.shown = [1, 1]


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match=r"SegmentationLab has no padding; its traits are .*cutouts.*opacity"):
        small(padding=1)
