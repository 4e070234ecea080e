"""FeatureMaps: its maps, sums and probabilities against torch, and what a reader can do with it."""

import itertools
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from figure_probe import ENCODE, boxes, cells, decode, pixels, set_traits, status, touch, trait
from torch import nn
from traitlets import TraitError

from cnnbook.figures import FeatureMaps
from cnnbook.nets import SmallNet, as_arrays

HEIGHT, WIDTH = 20, 28
CLASSES = ["T-shirt", "Trouser", "Pullover", "Dress", "Ankle boot"]
LABELS = [4, 0, 2]
STATE = [
    "image", "dx", "dy", "drawing", "tool", "layer", "channel", "row", "column", "input_channel",
]  # fmt: skip


# ── the oracle ──


def trained(net, seed=0):
    """The network as if trained: its batch norms hold statistics of their own."""
    random = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for numbers, low, high in (
                (module.running_mean, -0.3, 0.3), (module.running_var, 0.2, 2), (module.weight.data, 0.5, 2), (module.bias.data, -0.5, 0.5),
            ):  # fmt: skip
                numbers.uniform_(low, high, generator=random)
    return net.eval()


def make_net(name):
    torch.manual_seed(1)
    return trained(
        {
            "average": lambda: SmallNet(classes=5, widths=(4, 6, 7)),
            "flatten": lambda: SmallNet(classes=5, widths=(3, 4, 2), flatten=(HEIGHT, WIDTH)),
            "strides": lambda: nn.Sequential(
                nn.Conv2d(1, 4, 5, stride=2, padding=1), nn.MaxPool2d(3, 2), nn.ReLU(), nn.Conv2d(4, 3, 2), nn.ReLU(),
                nn.Flatten(), nn.Linear(45, 6), nn.ReLU(), nn.Linear(6, 5),
            ),
            "book": lambda: SmallNet(widths=(16, 32, 32)),
        }[name]()
    )  # fmt: skip


def maps_of(net, picture):
    """What each layer makes of a picture of bytes, batch norm counted with its convolution and flatten left out: each (C, H, W)."""
    values = torch.tensor(picture / 255, dtype=torch.float32)[None, None]
    maps = []
    with torch.no_grad():
        for module in net.modules():
            if any(module.children()):
                continue
            values = module(values)
            if isinstance(module, nn.Flatten):
                continue
            shape = (*values.shape[1:], 1, 1)[:3]
            maps[-1 if isinstance(module, nn.BatchNorm2d) else len(maps) :] = [values.numpy().reshape(shape)]
    return maps


def make_images(height=HEIGHT, width=WIDTH, count=3):
    """Blurred noise: some of it 0, some 255, all of it uneven."""
    noise = torch.rand(count, 1, height + 4, width + 4, generator=torch.Generator().manual_seed(2))
    blurred = F.avg_pool2d(noise, 5, 1)[:, 0]
    return (510 * (blurred - 0.25)).clamp(0, 255).numpy().astype(np.uint8)


IMAGES = make_images()


def make(net="average", **setting):
    return FeatureMaps(
        network=as_arrays(make_net(net)), images=IMAGES, labels=LABELS, classes=CLASSES, **setting
    )


def composed(image, drawing, dx, dy):
    """Image and drawing on a large canvas, of which the part at (dx, dy) is seen."""
    canvas = np.zeros((HEIGHT + 24, WIDTH + 24), np.uint8)
    if image is not None:
        canvas[12 : 12 + HEIGHT, 12 : 12 + WIDTH] = IMAGES[image]
    for row, col, value in drawing:
        canvas[12 + row, 12 + col] = value
    return canvas[12 - dy : 12 - dy + HEIGHT, 12 - dx : 12 - dx + WIDTH]


def picture_of(page):
    """The picture as the page draws it, and as its traits say it is."""
    drawn = pixels(page, 0)
    assert (drawn[..., :1] == drawn[..., :3]).all() and (drawn[..., 3] == 255).all()
    expected = composed(*(trait(page, name) for name in ("image", "drawing", "dx", "dy")))
    np.testing.assert_array_equal(drawn[..., 0], expected)
    return expected


# ── its arithmetic ──

SUMS = f"""
({{ network, picture, height, width }}) => {{
  {ENCODE}
  const layers = readNetwork(network);
  const input = {{ values: Float32Array.from(picture, (value) => value / 255), channels: 1, height, width }};
  const maps = [input, ...forward(layers, input)];
  return layers.flatMap(({{ kind }}, at) => {{
    if (kind === "flatten") return [];
    const {{ channels, height, width }} = maps[at + 1];
    const values = [], sums = [];
    for (let channel = 0; channel < channels; channel++)
      for (let row = 0; row < height; row++)
        for (let col = 0; col < width; col++) {{
          const sum = unitSum(layers, maps, at, channel, row, col);
          const cells = sum.parts.flatMap((part) => (part.products ?? part.window).flat());
          const inside = sum.parts[0].window.flatMap((line, i) => line.filter((_, j) => sum.isInside(i, j)));
          values.push(sum.value);
          const made = {{ sum: () => total(cells) + sum.bias, max: () => Math.max(...inside), mean: () => total(cells) / inside.length, cell: () => inside[0] }}[sum.kind]();
          sums.push(sum.relu ? Math.max(0, made) : made);
          if (sum.kind === "sum" && Math.abs(sum.total - total(sum.parts.map((part) => part.sum)) - sum.bias) > 1e-9) sums.fill(NaN);
        }}
    return [{{ shape: [channels, height, width], values: encode(Float64Array.from(values)), sums: encode(Float64Array.from(sums)) }}];
  }});
}}
"""


@pytest.mark.parametrize("name", ["average", "flatten", "strides"])
def test_every_unit_of_every_layer_is_the_sum_that_is_written_out_and_torch_s(run_js, name):
    figure, picture = make(name), composed(0, [], 3, -2)
    given = {
        "network": figure.get_state()["network"], "picture": picture.ravel().tolist(), "height": HEIGHT, "width": WIDTH,
    }  # fmt: skip
    found = run_js(["net.js", "feature_maps.js"], SUMS, given)
    expected = maps_of(make_net(name), picture)
    for layer, numbers in zip(found, expected, strict=True):
        assert tuple(layer["shape"]) == numbers.shape
        for part in ("values", "sums"):
            np.testing.assert_allclose(
                decode(layer[part], np.float64).reshape(numbers.shape), numbers, atol=1e-3
            )


COMPOSE = f"""
({{ image, drawing, height, width, moves }}) => {{
  {ENCODE}
  return moves.map(([dx, dy]) => encode(composed(image && Uint8Array.from(image), drawing, {{ height, width, dx, dy }})));
}}
"""


@pytest.mark.parametrize("image", [1, None], ids=["garment", "canvas"])
def test_image_and_drawing_move_together_everywhere(run_js, image):
    drawing = [[-6, -6, 255], [25, 33, 254], [0, 27, 253], [19, 0, 252], [5, 6, 0], [5, 7, 100]]
    moves = list(itertools.product(range(-6, 7), repeat=2))
    garment = None if image is None else IMAGES[image].ravel().tolist()
    given = {"image": garment, "drawing": drawing, "height": HEIGHT, "width": WIDTH, "moves": moves}
    for (dx, dy), text in zip(moves, run_js(["net.js", "feature_maps.js"], COMPOSE, given), strict=True):
        shown = decode(text, np.uint8).reshape(HEIGHT, WIDTH)
        np.testing.assert_array_equal(shown, composed(image, drawing, dx, dy))


STROKE = """
({ drawing, from, to, value, settings }) => withStroke(drawing, from, to, value, settings)
"""


@pytest.mark.parametrize(
    "start, end",
    [((4, 5), (4, 5)), ((2.3, 3.4), (11.6, 20.2)), ((12, 20), (3, 20)), ((-3, 26), (5, 40)), ((0, 0), (3, 1)), ((30, 50), (31, 50))],
    ids=["dot", "slanted", "upright", "over the edge", "corner", "beside"],
)  # fmt: skip
def test_a_stroke_covers_the_pixels_within_its_reach_and_keeps_the_others(run_js, start, end):
    before = [[7, 9, 40], [3, 3, 50]]
    settings = {"height": HEIGHT, "width": WIDTH, "dx": 2, "dy": -1}
    given = {"drawing": before, "from": start, "to": end, "value": 255, "settings": settings}
    found = run_js(["net.js", "feature_maps.js"], STROKE, given)
    # The nearest of many points along the line.
    line = np.linspace(start, end, 20001)
    near = {
        (row, col)
        for row, col in itertools.product(range(HEIGHT), range(WIDTH))
        if np.hypot(*(line - [row, col]).T).min() <= 1.5 + 1e-6
    }
    expected = {(7, 9): 40, (3, 3): 50} | {(row + 1, col - 2): 255 for row, col in near}
    assert {(row, col): value for row, col, value in found} == expected and len(found) == len(expected)


@pytest.mark.parametrize(
    "rows, cols, words",
    [
        ([3, 3], [5, 5], "1 × 1 pixels, row 3, column 5"),
        ([3, 6], [-2, 1], "4 × 4 pixels, rows 3 to 6, columns -2 to 1, partly padding"),
        ([-5, 22], [-2, 30], "the whole image"),
        ([-5, 18], [-2, 30], "24 × 33 pixels, rows -5 to 18, columns -2 to 30, partly padding"),
    ],
)
def test_what_a_unit_sees_in_words(run_js, rows, cols, words):
    given = {"seen": {"rows": rows, "cols": cols}, "height": HEIGHT, "width": WIDTH}
    said = run_js(
        ["net.js", "feature_maps.js"], "({ seen, height, width }) => seenWords(seen, height, width)", given
    )
    assert said.replace("\u00a0", " ") == words


# ── the page ──

DRAWING = [[4, 4, 255], [4, 5, 255], [5, 5, 0], [10, 12, 200]]
LOOKS = [
    {},
    {"layer": 4, "channel": 5, "row": 9, "column": 0, "input_channel": 3, "dx": 2, "dy": -3, "drawing": DRAWING},
    {"layer": 3, "channel": 2, "row": 4, "column": 13, "image": 2},
    {"layer": 8, "channel": 6, "row": 0, "column": 6, "input_channel": 5, "tool": "pen"},
    {"layer": 9, "channel": 1, "image": None, "drawing": DRAWING},
    {"layer": 10, "channel": 4, "input_channel": 6, "image": 1},
]  # fmt: skip
IDS = ["first", "second conv", "pool", "last ReLU", "average", "linear"]


@pytest.mark.parametrize("setting", LOOKS, ids=IDS)
def test_every_map_is_drawn_in_two_colors_side_by_side(mount, setting):
    page = mount(make(**setting))
    maps = maps_of(make_net("average"), picture_of(page))
    for index, values in enumerate(maps[:-1]):
        opacity = np.round(255 * (np.abs(values) / np.abs(values).max()) ** 0.65)
        drawn = pixels(page, 2 + index)
        np.testing.assert_allclose(drawn[..., 3], np.hstack(list(opacity)), atol=1.01)
        is_pink = drawn[..., 0] > drawn[..., 1]
        strong = drawn[..., 3] > 60
        np.testing.assert_array_equal(is_pink[strong], np.hstack(list(values < 0))[strong])
    chosen = maps[trait(page, "layer") - 1]
    opacity = np.round(255 * (np.abs(chosen[trait(page, "channel")]) / np.abs(chosen).max()) ** 0.65)
    np.testing.assert_allclose(pixels(page, 1)[..., 3], opacity, atol=1.01)


def shares(page):
    return page.eval_on_selector_all(".fm-class", "bars => bars.map((bar) => Number(bar.dataset.value))")


@pytest.mark.parametrize("setting", LOOKS, ids=IDS)
def test_the_class_bars_are_the_probabilities_of_torch(mount, setting):
    page = mount(make(**setting))
    logits = maps_of(make_net("average"), picture_of(page))[-1].ravel()
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(shares(page), expected, atol=1e-3)
    names = page.locator(".fm-class").all_inner_texts()
    for name, share, text in zip(CLASSES, shares(page), names, strict=True):
        assert text.replace("\u00a0", " ").split("\n")[0].startswith(
            name
        ) and f"{100 * share:.1f} %" in text.replace("\u00a0", " ")
    widths = [box["width"] for box in boxes(page, ".fm-bar")]
    room = boxes(page, ".fm-class")[0]["width"]
    np.testing.assert_allclose(widths, np.array(shares(page)) * room, atol=3)


def test_the_status_says_what_the_network_says(mount):
    page = mount(make())
    for image in (0, 1, 2, None):
        set_traits(page, image=image)
        best = int(np.argmax(shares(page)))
        said = status(page).replace("\u00a0", " ")
        assert said.startswith(f"The network says {CLASSES[best]}, {100 * shares(page)[best]:.1f} %")
        verdict = (
            "."
            if image is None
            else ": right."
            if LABELS[image] == best
            else f"; it is: {CLASSES[LABELS[image]]}."
        )
        assert said.split(" %")[1].startswith(f"{verdict} 1 conv 3×3, channel 0, unit (12, 12) is ")
        assert page.locator(".fm-true .fm-name").all_inner_texts() == (
            [] if image is None else [CLASSES[LABELS[image]]]
        )


def addends(page):
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".fm-addend")].filter((one) => one.style.visibility !== "hidden")
          .map((one) => [one.firstChild.textContent, Number(one.lastChild.dataset.value)]))"""
    )


def padded_window(values, top, left, size):
    """A square of one channel, zeros beside it."""
    room = np.pad(values, size)
    return room[top + size : top + 2 * size, left + size : left + 2 * size]


@pytest.mark.parametrize(
    "layer, channel, row, col, plane", [(1, 2, 0, 27, 0), (4, 5, 9, 0, 3), (5, 1, 4, 13, 2), (7, 6, 4, 3, 5), (8, 0, 0, 6, 1)]
)  # fmt: skip
def test_a_convolution_s_unit_is_taken_apart(mount, layer, channel, row, col, plane):
    net = make_net("average")
    page = mount(make(layer=layer, channel=channel, row=row, column=col, input_channel=plane))
    picture = picture_of(page)
    maps = [picture[None] / 255, *maps_of(net, picture)]
    at = {1: 1, 4: 4, 5: 4, 7: 7, 8: 7}[layer]  # the convolution itself, before its ReLU
    conv = as_arrays(net)[at - 1]
    windows = np.stack([padded_window(values, row - 1, col - 1, 3) for values in maps[at - 1]])
    weight = conv["weight"][channel]
    products = windows * weight
    np.testing.assert_allclose(cells(page, "input"), windows[plane], atol=1e-3)
    np.testing.assert_allclose(cells(page, "kernel"), weight[plane], atol=1e-4)
    np.testing.assert_allclose(cells(page, "product"), products[plane], atol=1e-3)
    made = addends(page)
    partial, total = products[plane].sum(), maps[at][channel, row, col]
    expected = {f"input channel {plane}": partial, "bias": conv["bias"][channel], "sum": total}
    if len(windows) > 1:
        expected[f"the other {len(windows) - 1}"] = products.sum() - partial
    if layer in (5, 8):
        expected["after ReLU"] = max(0, total)
    assert made == pytest.approx(expected, abs=1e-3)
    bars = page.eval_on_selector_all(
        ".fm-chart [data-channel]", "bars => bars.map((bar) => Number(bar.dataset.value))"
    )
    np.testing.assert_allclose(bars, [*products.sum((1, 2)), conv["bias"][channel]], atol=1e-3)
    written = page.locator(".sum").inner_text()
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", written.split("=")[1])]
    np.testing.assert_allclose(numbers, bars, atol=1e-4)
    assert (
        page.locator(".number.padding").count()
        == (~padded_window(np.ones(maps[at - 1].shape[1:], bool), row - 1, col - 1, 3)).sum()
    )


def test_a_max_pool_s_unit_is_the_largest_of_its_window(mount):
    page = mount(make(layer=3, channel=2, row=4, column=13))
    maps = maps_of(make_net("average"), picture_of(page))
    window = maps[1][2, 8:10, 26:28]
    np.testing.assert_allclose(cells(page, "input"), window, atol=1e-3)
    assert addends(page) == pytest.approx({"largest": window.max()}, abs=1e-3)
    lit = page.locator("[data-grid=input].lit").evaluate_all(
        "all => all.map((one) => Number(one.dataset.value))"
    )
    assert lit == pytest.approx([window.max()] * len(lit), abs=1e-3) and lit
    assert not page.locator(".fm-kernel").is_visible() and not page.locator(".fm-chart").is_visible()
    assert page.locator(".sum").inner_text().startswith("3 max pool 2×2, channel 2, row 4, column 13 = max(")


def test_a_global_average_is_the_mean_of_its_map(mount):
    page = mount(make(layer=9, channel=3, image=1))
    values = maps_of(make_net("average"), picture_of(page))[7][3]
    np.testing.assert_allclose(cells(page, "input"), values, atol=1e-3)
    assert addends(page) == pytest.approx({"mean": values.mean()}, abs=1e-3)
    assert ") / 35 = " in page.locator(".sum").inner_text()


@pytest.mark.parametrize("net, layer", [("average", 10), ("flatten", 9)])
def test_a_linear_layer_has_a_weight_for_each_cell_that_it_reads(mount, net, layer):
    page = mount(make(net, layer=layer, channel=3, input_channel=1))
    maps = maps_of(make_net(net), picture_of(page))
    before, head = maps[-2], as_arrays(make_net(net))[-1]
    weight = head["weight"][3].reshape(before.shape)
    np.testing.assert_allclose(cells(page, "input"), before[1], atol=1e-3)
    np.testing.assert_allclose(cells(page, "kernel"), weight[1], atol=1e-4)
    made = addends(page)
    assert made["input channel 1"] == pytest.approx((before[1] * weight[1]).sum(), abs=1e-3)
    assert made["sum"] == pytest.approx(maps[-1][3, 0, 0], abs=1e-3)


def test_a_relu_without_a_sum_before_it_reads_one_cell(mount):
    page = mount(make("strides", layer=3, channel=1, row=2, column=4))
    maps = maps_of(make_net("strides"), picture_of(page))
    np.testing.assert_allclose(cells(page, "input"), [[maps[1][1, 2, 4]]], atol=1e-3)
    assert addends(page) == pytest.approx({"after ReLU": maps[2][1, 2, 4]}, abs=1e-3)


def sees(net, layer, row, col):
    """The pixels that a unit sees, (H, W), by the gradient of a network that is all positive."""
    modules = []
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            positive = nn.Conv2d(
                module.in_channels, module.out_channels, module.kernel_size, module.stride, module.padding
            )
            nn.init.ones_(positive.weight)
            modules.append(positive)
        elif isinstance(module, nn.MaxPool2d):
            modules.append(nn.AvgPool2d(module.kernel_size, module.stride))
        elif isinstance(module, nn.ReLU):
            modules.append(nn.Identity())
    image = torch.ones(1, 1, HEIGHT, WIDTH, requires_grad=True)
    nn.Sequential(*modules[:layer])(image)[0, 0, row, col].backward()
    return image.grad[0, 0].numpy() > 0


def lit(page):
    """First and last row, first and last column of the frame on the image, in pixels, cut off at its edges."""
    frame, image = boxes(page, ".fm-frame")[0], boxes(page, ".fm-box canvas")[0]
    scale = image["width"] / WIDTH
    ends = []
    for low, high, start, size in (("top", "bottom", "y", HEIGHT), ("left", "right", "x", WIDTH)):
        first, last = ((frame[side] - image[start]) / scale for side in (low, high))
        ends += [max(0, round(first, 2)), min(size, round(last, 2)) - 1]
    return ends


@pytest.mark.parametrize("width", [332, 792])
@pytest.mark.parametrize(
    "layer, row, col", [(1, 0, 5), (2, 12, 27), (3, 4, 13), (4, 9, 0), (5, 5, 6), (6, 2, 2), (7, 0, 6), (8, 2, 3)]
)  # fmt: skip
def test_the_image_lights_up_where_the_gradient_reaches(mount, width, layer, row, col):
    page = mount(make(layer=layer, row=row, column=col), width=width)
    rows, cols = np.nonzero(sees(make_net("average"), layer, row, col))
    assert lit(page) == pytest.approx([rows.min(), rows.max(), cols.min(), cols.max()], abs=0.05)
    light = page.evaluate(
        "() => { const [one, two] = ['.fm-light', '.fm-frame'].map((name) => document.querySelector(name).style.cssText); return one === two; }"
    )
    assert light


@pytest.mark.parametrize("layer", [9, 10])
def test_the_head_sees_the_whole_image(mount, layer):
    page = mount(make(layer=layer))
    assert lit(page) == [0, HEIGHT - 1, 0, WIDTH - 1] and "sees the whole image" in status(page)


# ── the garment is moved ──


def image_box(page):
    return page.locator(".fm-box").first


def at_pixel(page, row, col, which=0):
    """Where the middle of a pixel of the image stands on the page."""
    box = boxes(page, ".fm-box canvas")[which]
    return box["x"] + (col + 0.5) * box["width"] / WIDTH, box["y"] + (row + 0.5) * box["height"] / HEIGHT


def moved(page):
    return trait(page, "dx"), trait(page, "dy")


def test_the_mouse_drags_the_garment_and_stops_at_the_ends(mount):
    page = mount(make())
    page.mouse.move(*at_pixel(page, 10, 10))
    page.mouse.down()
    page.mouse.move(*at_pixel(page, 8, 13))
    assert moved(page) == (3, -2)
    picture_of(page)
    page.mouse.move(*at_pixel(page, 19, 27))
    assert moved(page) == (6, 6)
    page.mouse.up()
    page.mouse.move(*at_pixel(page, 10, 10))
    assert moved(page) == (6, 6)
    picture_of(page)


def test_arrow_keys_and_sliders_move_the_garment(mount):
    page = mount(make())
    for key in ["ArrowRight"] * 8 + ["ArrowUp"] * 2:
        image_box(page).press(key)
    assert moved(page) == (6, -2)
    page.get_by_role("slider", name="dx").press("Home")
    page.get_by_role("slider", name="dy").press("End")
    assert moved(page) == (-6, 6)
    picture_of(page)


def phone(mount, **setting):
    page = mount(make(**setting), width=332, height=700, has_touch=True, is_mobile=True)
    page.evaluate("document.body.style.paddingBottom = '2000px'")
    return page


def test_a_finger_that_starts_sideways_drags_the_garment(mount):
    page = phone(mount)
    x, y = at_pixel(page, 10, 8)
    touch(page, (x, y), (x + 8, y + 1), (x + 20, y - 8))
    assert moved(page) == (4, -2)
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize(
    "name", [".fm-box >> nth=0", ".fm-box >> nth=1", ".fm-overview", ".fm-parts", ".fm-lens"]
)
def test_a_vertical_swipe_scrolls_the_page_and_changes_nothing(mount, name):
    page = phone(mount, layer=4, row=3, column=3)
    before = [trait(page, trait_name) for trait_name in STATE]
    page.locator(name).scroll_into_view_if_needed()
    start = page.evaluate("scrollY")
    box = page.locator(name).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 10
    touch(page, *[(x, y - 15 * step) for step in range(8)])
    page.wait_for_function(f"scrollY > {start} + 40")
    assert [trait(page, trait_name) for trait_name in STATE] == before


# ── the reader draws ──


def tool(page, name):
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("name, value", [("Pen", 255), ("Eraser", 0)])
def test_the_mouse_draws_a_line(mount, name, value):
    page = mount(make(dx=1, dy=-2))
    tool(page, name)
    before = picture_of(page).copy()
    page.mouse.move(*at_pixel(page, 6, 4))
    page.mouse.down()
    page.mouse.move(*at_pixel(page, 6, 18))
    page.mouse.up()
    page.mouse.move(*at_pixel(page, 15, 18))
    expected = before
    expected[5:8, 3:20] = value
    shown = picture_of(page)
    # Round ends: a corner may lie at the very edge of the brush.
    for corner in itertools.product((5, 7), (3, 19)):
        assert shown[corner] in (value, composed(0, [], 1, -2)[corner])
        shown[corner] = expected[corner]
    np.testing.assert_array_equal(shown, expected)
    assert moved(page) == (1, -2)


def test_a_finger_draws_up_and_down_and_the_page_stays(mount):
    page = phone(mount, tool="pen", image=None)
    x, y = at_pixel(page, 4, 14)
    touch(page, (x, y), (x, y + 15), (x, y + 40))
    shown = picture_of(page)
    assert page.evaluate("scrollY") == 0
    assert shown[5:12, 14].tolist() == [255] * 7 and (shown[:, :11] == 0).all()


def test_the_keys_draw_at_a_cursor_that_is_shown_and_said(mount):
    page = mount(make(image=None))
    tool(page, "Pen")
    image_box(page).focus()
    page.keyboard.press("ArrowUp")
    cursor, image = page.locator(".fm-cursor"), boxes(page, ".fm-box canvas")[0]
    assert cursor.is_visible() and "Pen at row 9, column 14; 0 pixels drawn." in status(page)
    assert trait(page, "drawing") == []
    page.keyboard.press("Space")
    shown = picture_of(page)
    assert shown.sum() == 9 * 255 and (shown[8:11, 13:16] == 255).all()
    box, scale = cursor.bounding_box(), image["width"] / WIDTH
    assert [
        (box["y"] - image["y"]) / scale,
        (box["x"] - image["x"]) / scale,
        box["width"] / scale,
    ] == pytest.approx([8, 13, 3], abs=0.05)
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    assert (picture_of(page)[8:11, 13:19] == 255).all() and moved(page) == (0, 0)
    page.keyboard.press("Tab")
    assert not cursor.is_visible()
    tool(page, "Eraser")
    image_box(page).press("Enter")
    assert (picture_of(page)[8:11, 16:19] == 0).all() and "Eraser at row 9, column 17" in status(page)


def test_the_cursor_stays_on_the_image(mount):
    page = mount(make(tool="pen"))
    for key in ["ArrowDown"] * HEIGHT + ["ArrowRight"] * WIDTH:
        image_box(page).press(key)
    assert f"Pen at row {HEIGHT - 1}, column {WIDTH - 1};" in status(page)


def test_what_is_drawn_outlives_every_other_control(mount):
    page = mount(make())
    tool(page, "Pen")
    page.mouse.move(*at_pixel(page, 1, 1))
    page.mouse.down()
    page.mouse.move(*at_pixel(page, 17, 26))
    page.mouse.up()
    drawn, shown = trait(page, "drawing"), picture_of(page).copy()
    assert len(drawn) > 60
    tool(page, "Move")
    for name in ("dx", "dy", "channel", "row", "column", "input channel"):
        slider = page.get_by_role("slider", name=name, exact=True)
        for key in ("End", "Home"):
            if slider.is_enabled():
                slider.press(key)
            picture_of(page)
    for name in ("image", "layer"):
        menu = page.get_by_role("combobox", name=name)
        for index in range(menu.locator("option").count()):
            menu.select_option(index=index)
            picture_of(page)
    page.locator(".fm-overview").press("ArrowRight")
    page.locator(".fm-class").last.click()
    assert trait(page, "drawing") == drawn
    set_traits(page, image=0, dx=0, dy=0)
    np.testing.assert_array_equal(picture_of(page), shown)


def test_clear_takes_the_drawing_away_and_leaves_the_garment(mount):
    page = mount(make(drawing=DRAWING, image=1, dx=2))
    clear = page.get_by_role("button", name="Clear the drawing")
    clear.click()
    assert trait(page, "drawing") == [] and clear.is_disabled()
    np.testing.assert_array_equal(picture_of(page), composed(1, [], 2, 0))


# ── a unit is chosen ──


def unit(page):
    return tuple(trait(page, name) for name in ("layer", "channel", "row", "column"))


@pytest.mark.parametrize(
    "layer, channel, row, col", [(1, 3, 19, 0), (4, 5, 2, 12), (6, 0, 4, 6), (9, 6, 0, 0)]
)
def test_a_click_on_a_strip_chooses_layer_channel_and_unit(mount, layer, channel, row, col):
    page = mount(make(layer=2))
    heights = {1: (20, 28), 4: (10, 14), 6: (5, 7), 9: (1, 1)}[layer]
    channels = {1: 4, 4: 6, 6: 6, 9: 7}[layer]
    box = page.locator(f".fm-strip[data-layer='{layer}'] .fm-sheet").bounding_box()
    x = box["x"] + box["width"] / channels * (channel + (col + 0.5) / heights[1])
    page.mouse.click(x, box["y"] + box["height"] * (row + 0.5) / heights[0])
    assert unit(page) == (layer, channel, row, col)
    mark = page.locator(f".fm-strip[data-layer='{layer}'] .fm-here").bounding_box()
    assert mark["x"] == pytest.approx(box["x"] + channel * box["width"] / channels, abs=1)
    assert page.locator(".fm-here:visible").count() == 1


def test_on_a_phone_a_strip_of_many_maps_has_two_lines(mount):
    torch.manual_seed(0)
    images, names = make_images(28, 28), [*"abcdefghij"]
    figure = FeatureMaps(network=as_arrays(make_net("book")), images=images, labels=[0, 1, 2], classes=names)
    page = mount(figure, width=332, has_touch=True)
    sheet = page.locator(".fm-strip[data-layer='7'] .fm-sheet")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    side = box["width"] / 16
    page.touchscreen.tap(box["x"] + 3.5 * side, box["y"] + 1.5 * box["height"] / 2)
    assert unit(page) == (7, 19, 3, 3)
    mark = page.locator("[data-layer='7'] .fm-here").bounding_box()
    assert (mark["x"] - box["x"], mark["y"] - box["y"]) == pytest.approx((3 * side, box["height"] / 2), abs=1)
    values = maps_of(make_net("book"), images[0])[6]
    opacity = np.round(255 * (np.abs(values) / np.abs(values).max()) ** 0.65)
    lines = [np.hstack(list(opacity[:16])), np.hstack(list(opacity[16:]))]
    np.testing.assert_allclose(pixels(page, 8)[..., 3], np.vstack(lines), atol=1.01)


def test_the_arrow_keys_walk_the_overview(mount):
    page = mount(make(layer=3, channel=2, row=4, column=7))
    overview = page.locator(".fm-overview")
    for key, expected in [
        ("ArrowRight", (3, 3, 4, 7)), ("ArrowRight", (3, 3, 4, 7)), ("ArrowLeft", (3, 2, 4, 7)), ("ArrowUp", (2, 2, 9, 15)),
        ("ArrowDown", (3, 2, 4, 7)), ("ArrowDown", (4, 2, 4, 7)),
    ]:  # fmt: skip
        overview.press(key)
        layer, channel, row, col = unit(page)
        assert (
            (layer, channel) == expected[:2] and abs(row - expected[2]) <= 1 and abs(col - expected[3]) <= 1
        )
    for _ in range(12):
        overview.press("ArrowDown")
    assert unit(page)[0] == 10
    assert page.locator(".fm-class").nth(2).get_attribute("aria-pressed") == "true"
    for _ in range(12):
        overview.press("ArrowUp")
    assert unit(page)[0] == 1


def test_another_layer_keeps_the_place_in_the_image(mount):
    page = mount(make(layer=1, channel=3, row=17, column=3))
    menu = page.get_by_role("combobox", name="layer")
    for index in range(8):
        menu.select_option(index=index)
        layer, _, row, col = unit(page)
        rows, cols = np.nonzero(sees(make_net("average"), layer, row, col))
        assert layer == index + 1 and rows.min() <= 17 <= rows.max() and cols.min() <= 3 <= cols.max()


def test_a_click_and_the_arrow_keys_choose_a_unit_of_the_map(mount):
    page = mount(make(layer=4, channel=1))
    box = boxes(page, ".fm-box canvas")[1]
    page.mouse.click(box["x"] + box["width"] * 3.5 / 14, box["y"] + box["height"] * 8.5 / 10)
    assert unit(page) == (4, 1, 8, 3)
    chosen = page.get_by_role("application", name="chosen map")
    for key in ("ArrowUp", "Shift+ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown"):
        chosen.press(key)
    assert unit(page) == (4, 1, 9, 9)
    spot = page.locator(".fm-spot").bounding_box()
    assert ((spot["y"] - box["y"]) / box["height"], (spot["x"] - box["x"]) / box["width"]) == pytest.approx(
        (9 / 10, 9 / 14), abs=0.01
    )
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    assert unit(page) == (4, 1, 9, 9)


def test_a_class_bar_chooses_its_logit(mount):
    page = mount(make())
    page.get_by_role("button", name="Dress").click()
    logit = maps_of(make_net("average"), picture_of(page))[-1][3, 0, 0]
    assert unit(page)[:2] == (10, 3) and addends(page)["sum"] == pytest.approx(logit, abs=1e-3)
    assert page.locator("[aria-pressed=true].fm-class").count() == 1


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_an_input_channel_is_chosen_in_the_chart_or_by_its_slider(mount, how):
    page = mount(make(layer=7))
    for plane in (5, 0, 3):
        if how == "mouse":
            chart = page.locator(".fm-parts")
            chart.scroll_into_view_if_needed()
            bar = page.locator(f".fm-chart [data-channel='{plane}']").bounding_box()
            page.mouse.click(bar["x"] + bar["width"] / 2, chart.bounding_box()["y"] + 20)
        else:
            slider = page.get_by_role("slider", name="input channel")
            slider.press("Home")
            for _ in range(plane):
                slider.press("ArrowRight")
        assert trait(page, "input_channel") == plane and f"input channel {plane}" in addends(page)
        source = page.locator(".fm-strip[data-layer='6'] .fm-sheet").bounding_box()
        mark = page.locator(".fm-from:visible").bounding_box()
        assert mark["x"] == pytest.approx(source["x"] + plane * source["width"] / 6, abs=1)


@pytest.mark.parametrize("name, last", [("channel", 5), ("row", 9), ("column", 13), ("input channel", 3)])
def test_the_sliders_reach_both_ends_of_a_layer(mount, name, last):
    page = mount(make(layer=4, row=3, column=3))
    slider = page.get_by_role("slider", name=name, exact=True)
    for key, value in (("End", last), ("Home", 0)):
        slider.press(key)
        assert trait(page, name.replace(" ", "_")) == value


def test_beyond_the_last_counts_as_the_last(mount):
    page = mount(make(layer=99, channel=40, row=12, column=12, input_channel=9))
    assert "10 linear, channel 4, unit (0, 0)" in status(page) and "input channel 6" in addends(page)


def test_the_menu_offers_every_image_and_an_empty_canvas(mount):
    page = mount(make())
    menu = page.get_by_role("combobox", name="image")
    names = ["0: Ankle boot", "1: T-shirt", "2: Pullover", "empty canvas"]
    assert menu.locator("option").all_inner_texts() == names
    for index, name in enumerate(names):
        menu.select_option(name)
        assert trait(page, "image") == (index if index < 3 else None)
        picture_of(page)


def test_reset_brings_the_author_s_setting_back(mount):
    figure = make(**LOOKS[1])
    page = mount(figure)
    before = status(page)
    tool(page, "Eraser")
    image_box(page).press("Space")
    for name in ("dx", "dy", "row", "channel"):
        page.get_by_role("slider", name=name, exact=True).press("Home")
    page.get_by_role("combobox", name="image").select_option("empty canvas")
    page.get_by_role("combobox", name="layer").select_option(index=8)
    page.get_by_role("button", name="Reset").click()
    assert {name: trait(page, name) for name in STATE} == {name: getattr(figure, name) for name in STATE}
    assert status(page) == before
    picture_of(page)


def test_traits_set_from_outside_move_the_figure(mount):
    page = mount(make())
    set_traits(
        page, image=2, dx=-3, dy=4, drawing=DRAWING, layer=8, channel=6, row=4, column=1, tool="eraser"
    )
    picture_of(page)
    assert "8 ReLU, channel 6, unit (4, 1)" in status(page)
    assert page.get_by_role("slider", name="dx").input_value() == "-3"
    assert page.get_by_role("combobox", name="layer").input_value() == "8"
    assert page.get_by_role("button", name="Eraser").get_attribute("aria-pressed") == "true"


# ── its look ──


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [332, 792])
@pytest.mark.parametrize("setting", [LOOKS[1], LOOKS[4]], ids=["second conv", "average"])
def test_is_accessible(mount, axe, theme, width, setting):
    assert axe(mount(make(**setting), width=width, theme=theme)) == []


def book(**setting):
    """The book's own network, with the longest names."""
    names = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]
    return FeatureMaps(
        network=as_arrays(make_net("book")), images=make_images(28, 28), labels=[9, 0, 9], classes=names, **setting
    )  # fmt: skip


WIDTHS = [332, 360, 640, 792]  # of the page; the figure is 32 narrower
SETTINGS = [
    {},
    {"image": None, "tool": "pen", "layer": 3, "channel": 15, "row": 13, "column": 13},
    {
        "layer": 8,
        "channel": 31,
        "row": 0,
        "column": 6,
        "input_channel": 31,
        "dx": -6,
        "dy": 6,
        "drawing": DRAWING,
    },
    {"layer": 9, "channel": 31},
    {"layer": 10, "channel": 9, "input_channel": 20},
    {"layer": 4, "channel": 31, "row": 13, "column": 0, "input_channel": 15, "tool": "eraser"},
]


@pytest.mark.parametrize("width", WIDTHS)
def test_fits_and_its_height_never_changes(mount, width):
    page = mount(book(), width=width)
    frame = boxes(page, ".cnnbook")[0]
    heights = set()
    for setting in SETTINGS:
        figure = book(**setting)
        set_traits(page, **{name: getattr(figure, name) for name in STATE})
        heights.add(boxes(page, ".cnnbook")[0]["height"])
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for box in boxes(
            page,
            ".fm-stage > *, .fm-sheet, .fm-label > *, .grid, .fm-addends, .fm-chart, .controls > *, .controls button",
        ):
            assert box["left"] >= frame["left"] + 12 and box["right"] <= frame["right"] - 12
        for one, other in itertools.pairwise(boxes(page, ".fm-lens > .part .grid-frame")):
            assert one["right"] <= other["left"]
        for shape, sheet in zip(boxes(page, ".fm-shape"), boxes(page, ".fm-sheet"), strict=True):
            assert shape["right"] <= sheet["left"] or shape["bottom"] <= sheet["top"] + 1
        lens = boxes(page, ".fm-lens")[0]
        assert all(box["bottom"] <= lens["bottom"] + 1 for box in boxes(page, ".fm-lens > *, .fm-lens .grid"))
        cut = """all => all.filter((one) => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight + 1)
          .map((one) => one.textContent)"""
        assert (
            page.eval_on_selector_all(
                ".fm-class, [role=status], .grid-title, .fm-addend, .controls button", cut
            )
            == []
        )
        assert (
            page.eval_on_selector_all(
                ".fm-lens .grid:not(.tiny) [data-grid]",
                "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)",
            )
            == []
        )
        for box in boxes(page, "button, select, input[type=range]"):
            assert min(box["width"], box["height"]) >= 24
    assert len(heights) == 1


def test_nothing_moves_by_itself(mount):
    page = mount(make(), reduced_motion="reduce")
    image_box(page).press("ArrowRight")
    assert page.evaluate("document.getAnimations().length") == 0


# ── Python ──


def refused(**changes):
    given = {
        "network": as_arrays(make_net("average")),
        "images": IMAGES,
        "labels": LABELS,
        "classes": CLASSES,
    }
    return FeatureMaps(**(given | changes))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"images": IMAGES.astype(float)}, "images is float64 (3, 20, 28); expected uint8 (n, height, width)"),
        ({"images": IMAGES[0]}, "images is uint8 (20, 28); expected uint8 (n, height, width)"),
        ({"labels": [1, 2]}, "labels has 2 numbers; expected 3, one an image"),
        ({"labels": [1, 2, 5]}, "labels holds 5; expected whole numbers from 0 to 4"),
        ({"classes": CLASSES[:4]}, "the network makes (5, 1, 1) of an image; expected 4 classes"),
        ({"network": [{"kind": "upsample", "mode": "nearest", "scale": 2}]}, "layer 1 of the network is upsample; expected one of conv2d, relu"),
        ({"drawing": [[0, 0, 256]]}, "drawing holds [0, 0, 256]; expected [row, column, value] from (-6, -6, 0) to (25, 33, 255)"),
        ({"drawing": [[0, 34, 255]]}, "drawing holds [0, 34, 255]"),
        ({"drawing": [[0, 255]]}, "drawing holds [0, 255]"),
        ({"drawing": [[0.5, 0, 255]]}, "drawing holds [0.5, 0, 255]"),
        ({"drawing": [7]}, "drawing holds 7"),
    ],
    ids=["float images", "one image", "few labels", "label 5", "few classes", "upsampling", "value 256", "column 34", "pair", "half a row", "number"],
)  # fmt: skip
def test_python_refuses_what_does_not_fit(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        refused(**changes)


def test_python_refuses_a_network_that_does_not_take_the_images():
    with pytest.raises(ValueError, match=re.escape("expected 70 channels")):
        refused(
            network=as_arrays(SmallNet(classes=5, widths=(3, 4, 2), flatten=(20, 28))),
            images=make_images(24, 28),
        )


@pytest.mark.parametrize(
    "bad",
    [
        {"image": 3}, {"image": -1}, {"dx": 7}, {"dy": -7}, {"tool": "brush"}, {"layer": 0}, {"channel": -1}, {"row": -1},
        {"column": 0.5}, {"input_channel": -1}
    ],
    ids=str,
)  # fmt: skip
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        make(**bad)


def test_python_can_move_to_another_image():
    figure = make()
    figure.image = 2
    figure.image = None
    with pytest.raises(TraitError, match="image is 3; expected None or a number below 3"):
        figure.image = 3


def test_python_refuses_unknown_traits_and_wants_what_it_needs():
    with pytest.raises(TypeError, match="FeatureMaps has no zoom; its traits are"):
        make(zoom=2)
    with pytest.raises(TypeError, match="network"):
        FeatureMaps(images=IMAGES, labels=LABELS, classes=CLASSES)
