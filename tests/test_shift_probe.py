"""ShiftProbe: what it says of a moved garment against torch, and what a reader can do with it."""

import itertools
import re

import numpy as np
import pytest
import torch
from figure_probe import (
    ENCODE,
    boxes,
    decode,
    heights_and_cuts,
    overlap,
    pixels,
    set_traits,
    status,
    touch,
    trait,
)
from playwright.sync_api import expect
from traitlets import TraitError

from cnnbook import data, training
from cnnbook.figures import ShiftProbe
from cnnbook.figures.picture import GreyImages
from cnnbook.nets import FullyConnected, SmallNet, as_arrays

CANVAS = 40
REACH = range(-6, 7)
NAMES = ["fully connected", "CNN, global average"]


def canvas_of(image, dx=0, dy=0, size=CANVAS):
    """An image (H, W) in the middle of a black canvas, moved; what goes over the edge is lost."""
    height, width = image.shape
    wide = np.zeros((size + 24, size + 24), np.uint8)
    top, left = 12 + (size - height) // 2 + dy, 12 + (size - width) // 2 + dx
    wide[top : top + height, left : left + width] = image
    return wide[12:-12, 12:-12]


@pytest.fixture(scope="module")
def garments():
    """One garment of each class, (10, 28, 28), and the names of the classes."""
    all_garments = data.fashion_mnist()
    firsts = [int((all_garments.test_labels == label).nonzero()[0]) for label in range(10)]
    return all_garments.test_images[firsts, 0].numpy(), list(all_garments.classes)


@pytest.fixture(scope="module")
def models():
    """The two networks, trained a little on garments in the middle."""
    all_garments = data.fashion_mnist()
    images, labels = all_garments.train_images[:1500], all_garments.train_labels[:1500]
    centred = torch.nn.functional.pad(images, (6, 6, 6, 6))
    torch.manual_seed(0)
    nets = [FullyConnected(CANVAS**2), SmallNet(widths=(16, 32, 32))]
    training.fit(nets[0], centred, labels, epochs=6, progress=False)
    training.fit(nets[1], centred[:700], labels[:700], epochs=3, progress=False)
    return dict(zip(NAMES, nets, strict=True))


@pytest.fixture(scope="module")
def probe(models, garments):
    """``probe(dx=3)``: the figure of the book, with these networks and garments."""
    images, classes = garments
    networks = {name: as_arrays(model) for name, model in models.items()}

    def make(**setting):
        given = {"networks": networks, "images": images, "labels": list(range(10)), "classes": classes}
        return ShiftProbe(**given | setting)

    return make


@pytest.fixture(scope="module")
def probabilities(models, garments):
    """``probabilities(image, dx, dy)``: what torch says, by the network's name, (10,)."""
    images, _ = garments

    def ask(image, dx, dy):
        batch = torch.tensor(canvas_of(images[image], dx, dy))[None, None] / 255
        with torch.no_grad():
            return {name: model(batch)[0].double().softmax(0).numpy() for name, model in models.items()}

    return ask


def shown_bars(page, name):
    """A network's probabilities as the table has them: exact, in words, and as lengths of the bars."""
    found = page.eval_on_selector_all(
        f"tbody td[data-network='{name}']",
        "cells => cells.map(c => [+c.dataset.value, parseFloat(c.innerText), new DOMMatrix(getComputedStyle(c.querySelector('.sp-bar')).transform).a])",
    )
    return np.array(found).T


PLACES = [
    {"image": 9}, {"image": 0, "dx": 6, "dy": -6}, {"image": 5, "dx": -6, "dy": 3}, {"image": 8, "dx": 1, "dy": 6},
]  # fmt: skip


# ── what it says ──


@pytest.mark.parametrize("height, width, size", [(28, 28, 40), (5, 8, 9), (10, 7, 10), (6, 9, 16)])
def test_the_canvas_is_the_image_moved_and_cut_off_at_the_edge(run_js, height, width, size):
    image = np.random.default_rng(0).integers(1, 256, (1, height, width), np.uint8)
    places = list(itertools.product((-6, -1, 0, 4, 6), (-6, 0, 1, 5)))
    found = run_js(
        ["net.js", "shift_probe.js"],
        f"""({{ packed, canvasSize, places }}) => {{
          {ENCODE}
          const {{ images: [image], height, width }} = readImages(packed);
          return places.map(([dx, dy]) => encode(onCanvas(image, {{ height, width, canvasSize, dx, dy }}).values));
        }}""",
        {"packed": GreyImages.packed(image), "canvasSize": size, "places": places},
    )
    for (dx, dy), text in zip(places, found, strict=True):
        expected = canvas_of(image[0], dx, dy, size)
        np.testing.assert_array_equal(decode(text, np.uint8).reshape(size, size), expected)


@pytest.mark.parametrize("setting", PLACES)
def test_the_bars_and_the_words_are_torch_s(mount, probe, probabilities, garments, setting):
    images, classes = garments
    figure = probe(**setting)
    page = mount(figure)
    expected = probabilities(figure.image, figure.dx, figure.dy)
    np.testing.assert_array_equal(pixels(page)[..., 0], canvas_of(images[figure.image], figure.dx, figure.dy))
    for name, values in expected.items():
        exact, words, bar = shown_bars(page, name)
        np.testing.assert_allclose(exact, values, rtol=0, atol=2e-3)
        np.testing.assert_allclose(bar, exact, rtol=0, atol=1e-5)
        np.testing.assert_allclose(words, 100 * exact, rtol=0, atol=0.5001)
        answer = int(values.argmax())
        verdict = "right" if answer == figure.image else "wrong"
        assert (
            page.locator(f"tfoot td[data-network='{name}']").inner_text() == f"{classes[answer]}, {verdict}"
        )
        colored = page.locator(f"tbody td[data-network='{name}']:is(.sp-right, .sp-wrong)")
        assert colored.count() == 1 and colored.get_attribute("class") == f"sp-{verdict}"
        assert colored.get_attribute("data-class") == classes[answer]
        said = f"{name[0].upper()}{name[1:]}: {classes[answer]}, {words[answer]:.0f}\u00a0%, {verdict}."
        assert said in status(page)
    assert page.locator("tr.sp-true th").inner_text() == classes[figure.image]


def test_the_words_say_where_the_garment_stands(mount, probe):
    page = mount(probe(image=1))
    for place, words in (
        ({"dx": 0, "dy": 0}, "in the middle"),
        ({"dx": 3, "dy": 0}, "3 px right"),
        ({"dx": -1, "dy": -6}, "1 px left and 6 px up"),
    ):
        set_traits(page, **place)
        assert status(page).replace("\u00a0", " ").startswith(f"Trouser, {words}. Fully connected: ")


def curve(page, name):
    """The points of a network's curve: shift, value, whether the answer is right, and where the mark stands."""
    expect(page.locator(".sp-chart .sp-mark")).to_have_count(len(REACH) * page.locator(".sp-chart g").count())
    return page.eval_on_selector_all(
        f".sp-chart [data-network='{name}'] .sp-mark",
        "marks => marks.map(m => { const { x, y, width, height } = m.getBBox(); return [+m.dataset.shift, +m.dataset.value, m.classList.contains('sp-right'), x + width / 2, y + height / 2]; })",
    )


@pytest.mark.parametrize("setting", PLACES)
def test_every_point_of_the_curves_is_torch_s(mount, probe, probabilities, setting):
    figure = probe(**setting)
    page = mount(figure)
    for name in NAMES:
        for (shift, value, is_right, *_), expected in zip(curve(page, name), REACH, strict=True):
            values = probabilities(figure.image, expected, figure.dy)[name]
            assert shift == expected and value == pytest.approx(values[figure.image], abs=2e-3)
            if np.diff(np.sort(values)[-2:]) > 0.01:
                assert is_right == (values.argmax() == figure.image)
    assert f"dy {str(figure.dy).replace('-', '−')}" in page.locator(".sp-stage + .grid-title").inner_text()


READ_AXES = """
(chart) => {
  const middle = (node) => { const { x, y, width, height } = node.getBBox(); return [x + width / 2, y + height / 2]; };
  return {
    rules: [...chart.querySelectorAll(".sp-rule")].map((node) => [parseFloat(node.nextSibling.textContent), middle(node)[1]]),
    ticks: [...chart.querySelectorAll("text[text-anchor=middle]")].map((node) => [node.textContent.replace("−", "-"), middle(node)[0]]),
    cursor: middle(chart.querySelector(".sp-cursor"))[0],
  };
}
"""


@pytest.mark.parametrize("width", [332, 792])
def test_the_curve_s_points_stand_where_its_axes_say(mount, probe, width):
    page = mount(probe(image=9, dx=3), width=width)
    points = {name: curve(page, name) for name in NAMES}
    found = page.locator(".sp-chart").evaluate(READ_AXES)
    (low, bottom), _, (high, top) = found["rules"]
    assert (low, high) == (0, 100)
    ticks = {int(text): x for text, x in found["ticks"][:-1]}  # the last is the axis's name
    assert set(ticks) == (
        set(REACH) if width == 792 else {shift for shift in REACH if shift % 2 == 0 or shift == 3}
    )
    assert found["cursor"] == pytest.approx(ticks[3], abs=0.05)
    for shift, value, _, x, y in itertools.chain.from_iterable(points.values()):
        assert y == pytest.approx(
            bottom + value * (top - bottom), abs=0.6
        )  # a triangle's middle is not its box's
        assert shift not in ticks or x == pytest.approx(ticks[shift], abs=0.05)
    assert page.locator(".sp-chart text.sp-here").text_content() == "3"


def test_each_network_has_a_dash_and_a_marker_of_its_own(mount, probe, models):
    arrays = as_arrays(models[NAMES[0]])
    page = mount(probe(networks={"one": arrays, "two": arrays, "three": arrays}))
    looks = page.eval_on_selector_all(
        ".sp-sample",
        "all => all.map(one => getComputedStyle(one.querySelector('.sp-line')).strokeDasharray + one.querySelector('.sp-mark').getAttribute('d'))",
    )
    assert len(set(looks)) == 3
    for name in ("one", "two", "three"):
        assert [point[1] for point in curve(page, name)] == [point[1] for point in curve(page, "one")]


# ── moving the garment ──


def place(page):
    return trait(page, "dx"), trait(page, "dy")


def shown_place(page):
    """Where the frame about the garment stands, in pixels of the canvas from its middle."""
    grip, start = boxes(page, ".sp-grip")[0], boxes(page, ".sp-start")[0]
    zoom = start["width"] / 28
    return round((grip["x"] - start["x"]) / zoom, 2), round((grip["y"] - start["y"]) / zoom, 2)


def canvas_middle(page):
    box = page.locator(".sp-canvas").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] / CANVAS


def test_the_mouse_drags_the_garment_and_stops_at_the_ends(mount, probe):
    page = mount(probe())
    x, y, zoom = canvas_middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3.2 * zoom, y - 1.9 * zoom, steps=4)
    assert place(page) == shown_place(page) == (3, -2)
    page.mouse.move(x + 40 * zoom, y + 40 * zoom, steps=4)
    assert place(page) == shown_place(page) == (6, 6)
    page.mouse.move(x - 40 * zoom, y + zoom, steps=4)
    page.mouse.up()
    assert place(page) == shown_place(page) == (-6, 1)
    page.mouse.move(x + 4 * zoom, y)
    assert place(page) == (-6, 1)


def test_another_button_does_not_drag(mount, probe):
    page = mount(probe())
    x, y, zoom = canvas_middle(page)
    page.mouse.move(x, y)
    page.mouse.down(button="right")
    page.mouse.move(x + 3 * zoom, y)
    page.mouse.up(button="right")
    assert place(page) == (0, 0)


def test_the_arrow_keys_move_the_garment(mount, probe):
    page = mount(probe())
    page.locator(".sp-canvas").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert place(page) == shown_place(page) == (1, -2)
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Shift+ArrowDown")
    assert place(page) == shown_place(page) == (-6, 6)


def test_clicking_the_garment_lets_the_arrow_keys_go_on(mount, probe):
    page = mount(probe())
    page.locator(".sp-canvas").click()
    page.keyboard.press("ArrowRight")
    assert place(page) == (1, 0)


def phone(mount, figure):
    page = mount(figure, width=360, has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 360, "height": 640})
    return page


def test_a_finger_drags_sideways_and_then_both_ways(mount, probe):
    page = phone(mount, probe())
    before = page.evaluate("scrollY")
    x, y, zoom = canvas_middle(page)
    sideways = [(x + step * zoom, y) for step in np.linspace(0, 4, 9)]
    touch(page, *sideways, *((x + 4 * zoom, y + step * zoom) for step in np.linspace(0.5, 3, 6)))
    assert place(page) == shown_place(page) == (4, 3)
    assert page.evaluate("scrollY") == before


@pytest.mark.parametrize("where", [".sp-canvas", "table", ".sp-chart"])
def test_a_vertical_swipe_over_the_figure_scrolls_the_page(mount, probe, where):
    page = phone(mount, probe())
    page.locator(where).scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, Math.max(0, scrollY - 60))")
    before, box = page.evaluate("scrollY"), page.locator(where).bounding_box()
    y = min(box["y"] + box["height"] - 10, 600)
    touch(page, *((box["x"] + 100, y - step) for step in range(0, 200, 20)))
    page.wait_for_function(f"scrollY > {before} + 50")
    assert place(page) == (0, 0)


# ── controls ──


@pytest.mark.parametrize("name", ["dx", "dy"])
@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_sliders_reach_both_ends(mount, probe, name, how):
    page = mount(probe())
    slider = page.get_by_role("slider", name=name, exact=True)
    box = slider.bounding_box()
    for key, x, value in (("End", box["x"] + box["width"] - 2, 6), ("Home", box["x"] + 2, -6)):
        slider.press(key) if how == "keyboard" else page.mouse.click(x, box["y"] + box["height"] / 2)
        assert trait(page, name) == value


def test_the_menu_offers_every_garment(mount, probe, garments):
    images, classes = garments
    page = mount(probe())
    menu = page.get_by_role("combobox", name="garment")
    assert menu.locator("option").all_inner_texts() == [f"{at}: {name}" for at, name in enumerate(classes)]
    for at in (7, 3):
        menu.select_option(index=at)
        assert trait(page, "image") == at and status(page).startswith(f"{classes[at]}, ")
        np.testing.assert_array_equal(pixels(page)[..., 0], canvas_of(images[at]))


def test_reset_brings_the_author_s_setting_back(mount, probe):
    page = mount(probe(image=4, dx=2, dy=-3))
    before = status(page)
    page.get_by_role("combobox", name="garment").select_option(index=6)
    for name in ("dx", "dy"):
        page.get_by_role("slider", name=name, exact=True).press("End")
    assert status(page) != before
    page.get_by_role("button", name="Reset").click()
    assert (trait(page, "image"), *place(page)) == (4, 2, -3) and status(page) == before


def test_a_trait_set_from_outside_moves_the_figure(mount, probe):
    page = mount(probe())
    set_traits(page, dx=5, dy=-4, image=2)
    assert shown_place(page) == (5, -4)
    assert page.get_by_role("slider", name="dx").input_value() == "5"
    assert status(page).startswith("Pullover, ")


# ── its look ──


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("setting", PLACES[:2])
def test_is_accessible(mount, axe, probe, theme, setting):
    page = mount(probe(**setting), theme=theme)
    curve(page, NAMES[0])
    assert axe(page) == []


WIDTHS = [332, 360, 640, 792]  # of the page; the figure is 32 narrower


@pytest.fixture(scope="module")
def three(probe, models):
    """The figure with as many networks as it takes, by long names."""
    fully, small = (as_arrays(model) for model in models.values())
    return lambda: probe(
        networks={"fully connected": fully, "CNN, flattened, linear": small, "CNN, global average": small}
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [2, 3])
def test_fits(mount, probe, three, width, count):
    page = mount(probe() if count == 2 else three(), width=width)
    frame = boxes(page, ".cnnbook")[0]
    for setting in PLACES:
        set_traits(page, **{"dx": 0, "dy": 0} | setting)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for box in boxes(page, ".sp-canvas, .sp-chart, th, td, .grid-title, .sp-key, .controls > *"):
            assert box["left"] >= frame["left"] + 12 and box["right"] <= frame["right"] - 12
        assert overlap(boxes(page, ".sp-canvas, table, .sp-chart, .sp-legend")) <= 0
        for box in boxes(page, "button, select, input[type=range]"):
            assert min(box["width"], box["height"]) >= 24


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [2, 3])
def test_its_height_never_changes_and_no_text_is_cut_off(mount, probe, three, width, count):
    page = mount(probe() if count == 2 else three(), width=width)
    settings = [
        {"image": image, "dx": dx, "dy": dy}
        for image, (dx, dy) in itertools.product(range(10), [(0, 0), (6, -6), (-6, 6), (-6, 0)])
    ]
    heights, cut = heights_and_cuts(page, settings, "[role=status], .grid-title, th, td")
    assert len(heights) == 1 and cut == []


def test_nothing_moves_by_itself(mount, probe):
    page = mount(probe(), reduced_motion="reduce")
    page.get_by_role("slider", name="dx").press("End")
    assert page.evaluate("document.getAnimations().length") == 0


# ── Python ──

SMALL = {
    "classes": ["a", "b", "c"],
    "labels": [2],
    "images": np.zeros((1, 6, 8), np.uint8),
    "canvas_size": 10,
}


def linear(features, classes):
    return [
        {"kind": "flatten"},
        {"kind": "linear", "weight": np.ones((classes, features)), "bias": np.zeros(classes)},
    ]


REFUSED = {
    "no network": ({"networks": {}}, "there are 0 networks; expected 1 to 3"),
    "four networks": ({"networks": {name: linear(100, 3) for name in "abcd"}}, "there are 4 networks; expected 1 to 3"),
    "another canvas": ({"networks": {"a": linear(81, 3)}}, r"layer 2 \(linear\): its input is 100 × 1 × 1; expected 81"),
    "another number of classes": ({"networks": {"a": linear(100, 4)}}, r"network 'a' makes \(4, 1, 1\) of the canvas; expected 3 classes"),
    "a broken network": ({"networks": {"a": [{"kind": "gelu"}]}}, "layer 1 has the kind 'gelu'"),
    "images too large": ({"images": np.zeros((1, 6, 11), np.uint8)}, r"images has shape \(1, 6, 11\); expected at most 20, none larger than the canvas, 10 × 10"),
    "too many images": ({"images": np.zeros((21, 6, 8), np.uint8)}, r"images has shape \(21, 6, 8\); expected at most 20"),
    "images of floats": ({"images": np.zeros((1, 6, 8))}, r"images is float64 \(1, 6, 8\); expected uint8"),
    "too many labels": ({"labels": [0, 1]}, "labels has 2 numbers; expected 1, one an image"),
    "a label of no class": ({"labels": [3]}, "labels holds 3; expected whole numbers from 0 to 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_by_name(name):
    bad, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        ShiftProbe(**{"networks": {"net": linear(100, 3)}} | SMALL | bad)


@pytest.mark.parametrize(
    "bad", [{"dx": 7}, {"dx": -7}, {"dy": 7}, {"image": 1}, {"image": -1}, {"canvas_size": 7}]
)
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        ShiftProbe(**{"networks": {"net": linear(100, 3)}} | SMALL | bad)


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match="ShiftProbe has no padding; its traits are"):
        ShiftProbe(networks={"net": linear(100, 3)}, **SMALL, padding=1)


def test_images_that_are_not_square_stand_in_the_middle(mount):
    images = np.random.default_rng(0).integers(0, 256, (1, 6, 9), np.uint8)
    page = mount(
        ShiftProbe(networks={"net": linear(256, 3)}, **SMALL | {"images": images, "canvas_size": 16}, dx=5)
    )
    np.testing.assert_array_equal(pixels(page)[..., 0], canvas_of(images[0], 5, 0, 16))
    assert re.match(r"C, 5\u00a0px right\. Net: a, 33\u00a0%, wrong\.", status(page))
