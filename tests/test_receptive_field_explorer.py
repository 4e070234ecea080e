"""ReceptiveFieldExplorer: its arithmetic, pyramid and patch against the support of torch's gradients; its controls."""

import random
import re

import numpy as np
import pytest
import torch
from figure_probe import boxes, pixels, set_traits, status, touch, trait
from traitlets import TraitError

from cnnbook import data, shapes
from cnnbook.figures import ReceptiveFieldExplorer
from cnnbook.figures.picture import data_url

FIGURE = ReceptiveFieldExplorer()
LIMITS, PRESETS = FIGURE.limits, FIGURE.presets
TRAITS = ["kernel_size", "stride", "padding", "dilation"]
KERNELS = ["kernel", *TRAITS[1:]]  # what the columns are called


def layer(kernel_size, stride=1, padding=0, dilation=1, kind="conv"):
    return dict(zip(["kind", *TRAITS], [kind, kernel_size, stride, padding, dilation], strict=True))


# ── the oracle ──


def rows_of(layers, input_size):
    """The input and what each layer makes of it, along one axis; every weight is 1, so no tap is lost.

    A layer without output ends the list.
    """
    rows = [torch.ones(1, 1, input_size, dtype=torch.float64, requires_grad=True)]
    for one in layers:
        weight = torch.ones(1, 1, one["kernel_size"], dtype=torch.float64)
        options = {name: one[name] for name in TRAITS[1:]}
        try:
            rows.append(torch.nn.functional.conv1d(rows[-1], weight, **options))
        except RuntimeError as problem:
            assert "Kernel size can't be greater than actual input size" in str(problem)
            break
    return rows


def support(rows, level, unit):
    """For each row from the input up to `level`: the units that one unit of that level reads, by gradient."""
    if level == 0:
        return [[unit]]
    gradients = torch.autograd.grad(rows[level][0, 0, unit], rows[:level], retain_graph=True)
    return [gradient[0, 0].nonzero()[:, 0].tolist() for gradient in gradients] + [[unit]]


def field_by_gradient(layers):
    """Size, jump and start of the last layer, from two units in the middle of an input so long that no padding is near."""
    rows = rows_of(layers, 2500)
    unit = rows[-1].shape[2] // 2
    (here, *_), (there, *_) = (support(rows, len(layers), at) for at in (unit, unit + 1))
    assert here[0] > 500 and there[-1] < 2000
    size, jump = here[-1] - here[0] + 1, there[0] - here[0]
    return {"size": size, "jump": jump, "start": (here[0] + here[-1]) / 2 - unit * jump}


def random_layers(random, most):
    kinds = [random.choice(["conv", "pool"]) for _ in range(random.randint(1, most))]
    return [
        layer(
            random.randint(1, 5), random.randint(1, 2), random.randint(0, 2), random.randint(1, 3), kind=kind
        )
        for kind in kinds
    ]


RANDOM = [random_layers(random.Random(seed), 5) for seed in range(60)]
# kernels of every size, strides beyond the kernel, padding beyond it
ODD = [
    [layer(11, 8, 5, 4)], [layer(1, 8, 5)], [layer(2, 3), layer(3, 2, 1)], [layer(3, 1, 5), layer(1, 2, 3), layer(4, 1, 0, 4)],
    [layer(3, dilation=4), layer(2, dilation=3)], [layer(1)], [layer(5, 1, 2), layer(1, 1, 2)],
]  # fmt: skip
STACKS = [*RANDOM, *ODD, *(preset["layers"] for preset in PRESETS.values())]


# ── arithmetic ──


def test_size_jump_and_start_equal_the_gradient_s_support_after_every_layer(run_js):
    found = run_js(["receptive_field_explorer.js"], "stacks => stacks.map(receptiveField)", STACKS)
    for layers, fields in zip(STACKS, found, strict=True):
        assert fields == [field_by_gradient(layers[: at + 1]) for at in range(len(layers))], layers


def test_size_jump_and_start_are_those_of_shapes_for_twenty_layers_of_any_kind(run_js):
    drawn = random.Random(0)
    bounds = [(LIMITS[name]["min"], LIMITS[name]["max"]) for name in TRAITS]
    stacks = [[layer(*(drawn.randint(*ends) for ends in bounds)) for _ in range(20)] for _ in range(100)]
    found = run_js(["receptive_field_explorer.js"], "stacks => stacks.map(receptiveField)", stacks)
    for layers, fields in zip(stacks, found, strict=True):
        chain = [{name: one[name] for name in TRAITS} for one in layers]
        expected = [field._asdict() for field in shapes.receptive_field(chain)]
        for ours, theirs in zip(fields, expected, strict=True):
            assert ours == pytest.approx(theirs, rel=1e-12)  # beyond 2**53 JavaScript rounds


@pytest.mark.parametrize(
    ("preset", "sizes"),
    [
        ("two 3×3", [3, 5]),
        ("three 3×3", [3, 5, 7]),
        ("dilated 1, 2, 4", [3, 7, 15]),
        ("LeNet-5", [5, 6, 14, 16, 32]),
        ("AlexNet", [11, 19, 51, 67, 99, 131, 163, 195]),
        ("VGG-16", [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212]),
        ("ResNet block", [3, 5]),
    ],
)
def test_the_presets_see_what_the_papers_say(run_js, preset, sizes):
    fields = run_js(["receptive_field_explorer.js"], "receptiveField", PRESETS[preset]["layers"])
    assert [field["size"] for field in fields] == sizes


def test_the_identity_of_a_resnet_block_adds_nothing_to_what_its_convolutions_see():
    block = PRESETS["ResNet block"]
    rows = rows_of(block["layers"], block["input_size"])
    (convolutions, *_) = support(rows, 2, 20)
    (gradient,) = torch.autograd.grad((rows[2] + rows[0])[0, 0, 20], rows[:1])
    assert gradient[0, 0].nonzero()[:, 0].tolist() == convolutions == [18, 19, 20, 21, 22]


def test_every_unit_reads_what_the_gradient_reaches_in_every_row_at_the_border_too(run_js):
    expression = """([layers, inputSize]) => {
      const sizes = stackSizes(layers, inputSize);
      const units = (layer) => Array.from({ length: sizes[layer] }, (_, unit) => unit);
      const read = (layer, unit) => unitsRead(layers, sizes, layer, unit).map((row) => row.units);
      return { sizes, read: sizes.map((_, layer) => units(layer).map((unit) => read(layer, unit))) };
    }"""
    short = 0
    for layers in (*RANDOM[:30], *ODD):
        for input_size in (8, 23):
            rows = rows_of(layers, input_size)
            found = run_js(["receptive_field_explorer.js"], expression, [layers, input_size])
            assert found["sizes"] == [row.shape[2] for row in rows]
            short += len(rows) <= len(layers)
            for level, units in enumerate(found["read"]):
                assert units == [support(rows, level, unit) for unit in range(len(units))], (layers, level)
    assert short > 5  # stacks that leave no output came up too


def test_the_range_of_a_unit_spans_what_it_reads(run_js):
    """Within the input, what a dense stack sees begins and ends where the gradient does."""
    expression = """([layers, units]) => {
      const fields = receptiveField(layers);
      return Array.from({ length: units }, (_, unit) => [pixelRange(fields.at(-1), unit), spans(layers, layers.length, unit)[0]]);
    }"""
    for preset in PRESETS.values():
        layers, input_size = preset["layers"], preset["input_size"]
        rows = rows_of(layers, input_size)
        found = run_js(["receptive_field_explorer.js"], expression, [layers, rows[-1].shape[2]])
        for unit, ((first, last), span) in enumerate(found):
            reached = support(rows, len(layers), unit)[0]
            assert [max(0, first), min(input_size - 1, last)] == [reached[0], reached[-1]]
            assert span == [first, last]


# ── the page ──


@pytest.fixture
def shown(mount):
    """``shown(figure, **options)``: the page once the photograph is drawn."""

    def mount_and_wait(figure, **options):
        page = mount(figure, **options)
        page.wait_for_selector("canvas[data-painted]")
        return page

    return mount_and_wait


def inside(page, level, name, units, field):
    """Which units of a row lie in one of its shapes, at their true place; None where the picture does not go so far."""
    return page.evaluate(
        """([level, name, centers]) => {
          const svg = document.querySelector("svg");
          const { first, scale, left } = svg.dataset;
          const row = svg.querySelector(`[data-layer="${level}"]`);
          const y = Number(row.querySelector("text").getAttribute("y"));
          return centers.map((center) => {
            const x = Number(left) + (center - first + 0.5) * scale;
            if (x < Number(left) || x > svg.width.baseVal.value) return null;
            return row.querySelector(`.${name}`).isPointInFill(Object.assign(svg.createSVGPoint(), { x, y }));
          });
        }""",
        [level, name, [field["start"] + unit * field["jump"] for unit in units]],
    )


LOOKS = [
    {},
    {"preset": "dilated 1, 2, 4", "row": 1, "col": 1},
    {"preset": "LeNet-5", "layer": 4},
    {"preset": "AlexNet", "layer": 7, "row": 12, "col": 0},
    {"preset": "VGG-16", "row": 0, "col": 6},
    {"preset": "ResNet block", "input_size": 224, "row": 200, "col": 3},
    {"layers": [layer(3, 2, 1, 3), layer(2, 2, 1, kind="pool"), layer(1, 1, 2)], "input_size": 40, "col": 4},
    {"layer": 0, "row": 3, "col": 30},
]
IDS = ["two", "dilated", "lenet", "alexnet", "vgg", "resnet", "gaps", "pixel"]


def stack_of(figure):
    return figure.layers if figure.preset == "custom" else PRESETS[figure.preset]["layers"]


def rows_and_level(figure):
    """Every row of the stack, and which of them the chosen unit stands in."""
    rows = rows_of(stack_of(figure), figure.input_size)
    level = min(figure.layer, len(rows) - 1)
    return rows, level


def unit_said(page):
    """The row and the column of the unit that the figure speaks of."""
    return map(int, re.search(r"(?:unit|pixel) \((\d+), (\d+)\)", status(page)).groups())


@pytest.mark.parametrize("width", [328, 760])
@pytest.mark.parametrize("setting", LOOKS, ids=IDS)
def test_the_pyramid_lights_up_what_the_gradient_reaches(shown, setting, width):
    figure = ReceptiveFieldExplorer(**setting)
    page = shown(figure, width=width)
    layers = stack_of(figure)
    rows, level = rows_and_level(figure)
    fields = [{"jump": 1, "start": 0}] + [field_by_gradient(layers[: at + 1]) for at in range(len(layers))]
    _, unit = unit_said(page)
    if figure.col is None:
        middle = (figure.input_size - 1) / 2
        centers = fields[level]["start"] + torch.arange(rows[level].shape[2]) * fields[level]["jump"]
        assert (centers[unit] - middle).abs() == (centers - middle).abs().min()
    else:
        assert unit == figure.col
    reached = support(rows, level, unit)
    for at, row in enumerate(rows):
        units = range(row.shape[2])
        lit = inside(page, at, "lit", units, fields[at])
        expected = set(reached[at]) if at <= level else set()
        assert [is_lit for is_lit in lit if is_lit is not None] == [
            unit in expected for unit, is_lit in zip(units, lit, strict=True) if is_lit is not None
        ], at
        assert all(within is not False for within in inside(page, at, "units", units, fields[at]))
        padding = layers[at]["padding"] if at < len(layers) else 0
        if at > 0:
            outside = [-padding - 1, *range(-padding, 0), *range(len(units), len(units) + padding + 1)]
            hatched = inside(page, at, "padding", outside, fields[at])
            expected = [False, *[True] * 2 * padding, False]
            assert all(h in (None, e) for h, e in zip(hatched, expected, strict=True)), at


def frame_in_pixels(page, input_size):
    """The patch's top, left, bottom and right edge, measured on the page in pixels of the photograph."""
    photo, frame = page.locator("canvas").bounding_box(), page.locator(".photo .frame").bounding_box()
    zoom = photo["width"] / input_size
    top, left = (frame["y"] - photo["y"]) / zoom, (frame["x"] - photo["x"]) / zoom
    return [top, left, top + frame["height"] / zoom, left + frame["width"] / zoom]


@pytest.mark.parametrize("width", [328, 760])
@pytest.mark.parametrize("setting", LOOKS, ids=IDS)
def test_the_patch_stands_at_its_true_place_and_its_range_is_said(shown, setting, width):
    figure = ReceptiveFieldExplorer(**setting)
    page = shown(figure, width=width)
    layers = stack_of(figure)
    rows, level = rows_and_level(figure)
    if level == 0:
        assert status(page) == "Input, pixel (3, 30): it sees itself, row 3, column 30."
        assert frame_in_pixels(page, 32) == pytest.approx([3, 30, 4, 31], abs=0.01)
        return
    field = field_by_gradient(layers[:level])
    row, col = unit_said(page)
    ends = []
    for unit in (row, col):
        first = round(field["start"] + unit * field["jump"] - (field["size"] - 1) / 2)
        ends.append((first, first + field["size"] - 1))
    (top, bottom), (left, right) = ends
    said = f"sees {field['size']} × {field['size']} pixels, rows {top} to {bottom}, columns {left} to {right}"
    assert said in status(page)
    measured = frame_in_pixels(page, figure.input_size)
    assert measured == pytest.approx([top, left, bottom + 1, right + 1], abs=0.05)
    ours = [len(set(range(a, b + 1)) & set(range(figure.input_size))) for a, b in ends]
    assert (f"{ours[0]} × {ours[1]} in the input" in status(page)) == (min(ours) < field["size"])
    read = [len(support(rows, level, unit)[0]) for unit in (row, col)]
    assert (f"with gaps it reads only {read[0]} × {read[1]}" in status(page)) == (read != ours)
    light, photo = page.locator(".light").bounding_box(), page.locator("canvas").bounding_box()
    zoom = photo["width"] / figure.input_size
    assert (light["y"] - photo["y"]) / zoom == pytest.approx(top, abs=0.05)
    assert light["width"] / zoom == pytest.approx(right + 1 - left, abs=0.05)


def test_a_unit_that_reads_padding_alone_says_so(shown):
    page = shown(ReceptiveFieldExplorer(layers=[layer(1, 1, 5)], row=0, col=7))
    assert status(page) == (
        "Layer 1, unit (0, 7): sees 1 × 1 pixels, row -5, column 2; it reads padding alone."
    )


def test_numbers_too_long_to_show_are_shortened(shown):
    page = shown(ReceptiveFieldExplorer(layers=[layer(11, 8, 5)] + [layer(1, 8, 3)] * 19))
    row = page.locator("[data-layer='20'][role=row]")
    assert re.search(r"\d P$", row.locator(".jump").inner_text())
    assert boxes(page, "svg")[0]["width"] < 760


def test_the_photograph_is_the_middle_of_the_cat_at_the_input_s_size(shown):
    page = shown(ReceptiveFieldExplorer(preset="VGG-16"))
    cat = data.cat(224)[:, 56:280].astype(int)
    assert (
        np.abs(pixels(page)[..., :3] - cat).mean() < 3
    )  # it is there to be looked at, in a fifth of the bytes
    set_traits(page, input_size=32)
    page.wait_for_selector("canvas[data-painted='32']")
    blocks = cat.reshape(32, 7, 32, 7, 3).mean((1, 3))
    assert np.abs(pixels(page)[..., :3] - blocks).mean() < 8


def test_a_picture_set_from_outside_is_shown(shown):
    page = shown(ReceptiveFieldExplorer())
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, :10], image[:, 10:50] = (255, 0, 0), (20, 200, 60)  # red is cut off
    page.evaluate("delete document.querySelector('canvas').dataset.painted")
    set_traits(page, image=data_url(image))
    page.wait_for_selector("canvas[data-painted]")
    assert np.abs(pixels(page)[..., :3] - (20, 200, 60)).max() <= 1


# ── choosing a unit ──


def place_in_pyramid(page, level, pixel):
    """Where on the page a row shows a pixel's column."""
    return page.evaluate(
        """([level, pixel]) => {
          const svg = document.querySelector("svg");
          const { first, scale, left } = svg.dataset;
          const box = svg.getBoundingClientRect();
          const y = Number(svg.querySelector(`[data-layer="${level}"] text`).getAttribute("y"));
          return [box.left + Number(left) + (pixel - first + 0.5) * scale, box.top + y];
        }""",
        [level, pixel],
    )


def place_in_photo(page, row, col):
    box = page.locator("canvas").bounding_box()
    zoom = box["width"] / trait(page, "input_size")
    return box["x"] + (col + 0.5) * zoom, box["y"] + (row + 0.5) * zoom


def chosen(page):
    last = page.locator("[role=row][data-layer]").count()
    return min(last, trait(page, "layer")), trait(page, "row"), trait(page, "col")


def test_pointing_at_any_unit_lights_its_cone_and_leaving_brings_the_chosen_one_back(shown):
    page = shown(ReceptiveFieldExplorer(row=4, col=9))
    before = status(page)
    for level, pixel, says in [
        (1, 20, "Layer 1, unit (4, 20): sees 3 × 3 pixels, rows 3 to 5, columns 19 to 21."),
        (2, 3, "Layer 2, unit (4, 3): sees 5 × 5 pixels, rows 2 to 6, columns 1 to 5."),
        (0, 31, "Input, pixel (4, 31): it sees itself, row 4, column 31."),
    ]:
        page.mouse.move(*place_in_pyramid(page, level, pixel))
        assert status(page) == says
        (lit,) = inside(page, 0, "lit", [pixel], {"start": 0, "jump": 1})
        assert lit
    page.mouse.move(5, 5)
    assert status(page) == before and trait(page, "layer") == LIMITS["layer"]["max"]


def test_a_click_in_the_pyramid_chooses_the_unit(shown):
    page = shown(ReceptiveFieldExplorer(preset="LeNet-5"))
    page.mouse.click(*place_in_pyramid(page, 3, 6.5 + 2 * 7))
    assert chosen(page) == (3, 5, 7)
    page.mouse.move(5, 5)
    assert "columns 14 to 27" in status(page)


def test_the_arrow_keys_walk_the_pyramid(shown):
    page = shown(ReceptiveFieldExplorer(preset="AlexNet", row=2, col=1))
    pyramid = page.locator(".pyramid")
    for key, expected in [
        ("ArrowRight", (8, 2, 2)), ("End", (8, 2, 5)), ("ArrowRight", (8, 2, 5)), ("Home", (8, 2, 0)), ("ArrowLeft", (8, 2, 0)),
        ("ArrowDown", (7, 5, 1)), ("ArrowRight", (7, 5, 2)), ("Shift+ArrowRight", (7, 5, 12)), ("ArrowUp", (8, 2, 5)),
    ]:  # fmt: skip
        pyramid.press(key)
        assert chosen(page) == expected, key
    for _ in range(10):
        pyramid.press("ArrowDown")
    assert chosen(page)[0] == 0 and status(page).startswith("Input, pixel")


def test_keys_that_the_figure_does_not_use_are_the_page_s(shown):
    page = shown(ReceptiveFieldExplorer(row=4, col=9))
    for key in ("a", "Control+ArrowRight", "PageDown"):
        page.locator(".pyramid").press(key)
        page.locator(".photo").press(key)
    assert chosen(page)[1:] == (4, 9)


@pytest.mark.parametrize("width", [328, 760])
def test_a_click_and_a_drag_on_the_photograph_move_the_unit(shown, width):
    page = shown(ReceptiveFieldExplorer(preset="AlexNet"), width=width)
    page.locator(".photo").scroll_into_view_if_needed()
    page.mouse.move(*place_in_photo(page, 40, 180))
    assert trait(page, "row") is None  # the mouse alone moves nothing here
    page.mouse.click(*place_in_photo(page, 40, 180))
    assert chosen(page)[1:] == (0, 5)
    page.mouse.move(*place_in_photo(page, 100, 180))
    page.mouse.down()
    for col in range(170, 0, -20):
        page.mouse.move(*place_in_photo(page, 100, col))
    page.mouse.up()
    assert chosen(page)[1:] == (2, 0)


def test_the_arrow_keys_walk_the_photograph(shown):
    page = shown(ReceptiveFieldExplorer(row=4, col=9))
    photo = page.locator(".photo")
    for key, expected in [
        ("ArrowUp", (3, 9)), ("ArrowRight", (3, 10)), ("Shift+ArrowDown", (13, 10)), ("Shift+ArrowLeft", (13, 0)), ("ArrowLeft", (13, 0)),
    ]:  # fmt: skip
        photo.press(key)
        assert chosen(page)[1:] == expected
    assert "rows 11 to 15, columns -2 to 2; 5 × 3 in the input" in status(page)


def test_a_finger_taps_and_drags_sideways(shown):
    page = shown(ReceptiveFieldExplorer(), width=360, has_touch=True)
    page.touchscreen.tap(*place_in_pyramid(page, 1, 12))
    assert chosen(page) == (1, 16, 12)
    page.locator(".photo").scroll_into_view_if_needed()
    page.touchscreen.tap(*place_in_photo(page, 8, 6))
    assert chosen(page) == (1, 8, 6)
    touch(page, *(place_in_photo(page, 8, col) for col in range(6, 30, 2)))
    assert chosen(page) == (1, 8, 28)


@pytest.mark.parametrize("name", [".pyramid", ".photo"])
def test_a_vertical_swipe_scrolls_the_page(shown, name):
    page = shown(ReceptiveFieldExplorer(row=4, col=9), width=360, has_touch=True)
    page.set_viewport_size({"width": 360, "height": 500})
    page.locator(name).scroll_into_view_if_needed()
    start = page.evaluate("scrollY")
    box = page.locator(name).bounding_box()
    x, y = box["x"] + box["width"] / 2, min(480, box["y"] + box["height"] - 10)
    touch(page, *((x, y - step) for step in range(0, 200, 20)))
    page.wait_for_function("start => scrollY > start + 50", arg=start)
    assert chosen(page)[1:] == (4, 9)


def test_the_pyramid_follows_a_chosen_unit_out_of_view(shown):
    page = shown(ReceptiveFieldExplorer(input_size=224, row=0, col=100))
    first = page.locator("svg").get_attribute("data-first")
    pyramid = page.locator(".pyramid")
    pyramid.press("ArrowRight")
    assert page.locator("svg").get_attribute("data-first") == first
    pyramid.press("End")
    assert inside(page, 2, "lit", [223], {"start": 0, "jump": 1}) == [True]


# ── the layers ──


def table(page):
    """What each row of the table says: output size, receptive field, jump, start."""
    return page.eval_on_selector_all(
        "[role=row][data-layer]",
        "rows => rows.map(row => ['output', 'field', 'jump', 'start'].map(name => row.querySelector(`.${name}`).innerText))",
    )


def expected_table(layers, input_size):
    rows = rows_of(layers, input_size)[1:]
    found = []
    for at, row in enumerate(rows):
        field = field_by_gradient(layers[: at + 1])
        found.append([str(row.shape[2]), *(f"{field[name]:g}" for name in ("size", "jump", "start"))])
    return found + [["none"] * 4] * (len(layers) - len(rows))


def menus(page):
    """The layers as the menus of the table show them."""
    read = """rows => rows.map(row => [...row.querySelectorAll("select")].map(menu => menu.value))"""
    return [
        {"kind": kind} | {name: int(value) for name, value in zip(TRAITS, values, strict=True)}
        for kind, *values in page.eval_on_selector_all("[role=row][data-layer]", read)
    ]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_table_of_a_preset(shown, preset):
    page = shown(ReceptiveFieldExplorer())
    page.get_by_role("combobox", name="preset").select_option(preset)
    layers, input_size = PRESETS[preset]["layers"], PRESETS[preset]["input_size"]
    assert (trait(page, "preset"), trait(page, "input_size")) == (preset, input_size)
    assert table(page) == expected_table(layers, input_size) and menus(page) == layers
    assert page.locator(".half .note").inner_text() == PRESETS[preset]["note"]
    assert status(page).startswith(f"Layer {len(layers)}, unit ")


def menu_of(page, number, name):
    return page.get_by_role("combobox", name=f"layer {number} {name}", exact=True)


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
@pytest.mark.parametrize("name", TRAITS)
def test_every_trait_of_a_layer_reaches_both_ends(shown, name, how):
    page = shown(ReceptiveFieldExplorer(layers=[layer(3), layer(3), layer(2)], input_size=200))
    menu = menu_of(page, 2, name.replace("_", " "))
    for value, key in ((LIMITS[name]["max"], "End"), (LIMITS[name]["min"], "Home")):
        menu.select_option(str(value)) if how == "mouse" else menu.press(key)
        assert trait(page, "layers")[1][name] == value
        assert table(page) == expected_table(trait(page, "layers"), 200)
    assert [one for at, one in enumerate(trait(page, "layers")) if at != 1] == [layer(3), layer(2)]


def test_an_edit_makes_the_stack_the_reader_s_own_and_it_is_kept(shown):
    page = shown(ReceptiveFieldExplorer(preset="AlexNet"))
    menu_of(page, 1, "stride").select_option("2")
    own = [PRESETS["AlexNet"]["layers"][0] | {"stride": 2}, *PRESETS["AlexNet"]["layers"][1:]]
    assert (trait(page, "preset"), trait(page, "layers")) == ("custom", own)
    preset = page.get_by_role("combobox", name="preset")
    assert preset.input_value() == "custom" and table(page) == expected_table(own, 224)
    preset.select_option("two 3×3")
    preset.select_option("custom")
    assert menus(page) == own and trait(page, "input_size") == 32
    assert PRESETS["AlexNet"]["layers"][0]["stride"] == 4


def test_custom_begins_with_the_stack_at_hand(shown):
    page = shown(ReceptiveFieldExplorer(preset="LeNet-5"))
    page.get_by_role("combobox", name="preset").select_option("custom")
    assert trait(page, "layers") == PRESETS["LeNet-5"]["layers"] == menus(page)


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_layers_are_added_moved_and_removed(shown, how):
    page = shown(ReceptiveFieldExplorer(layers=[layer(3), layer(5, 2, 1)]))

    def press(name):
        button = page.get_by_role("button", name=name, exact=True)
        button.click() if how == "mouse" else button.press("Enter")
        return button

    def focused():
        return page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText")

    press("Add a pool")
    press("Add a conv")
    pool, conv = layer(2, 2, kind="pool"), layer(3, padding=1)
    assert trait(page, "layers") == [layer(3), layer(5, 2, 1), pool, conv]
    press("layer 3 move up")
    assert trait(page, "layers") == [layer(3), pool, layer(5, 2, 1), conv]
    assert focused() == "layer 2 move up"  # the same layer's, so that a second press moves it on
    page.keyboard.press("Enter")
    assert trait(page, "layers") == [pool, layer(3), layer(5, 2, 1), conv]
    assert focused() == "layer 1 move down"
    press("layer 3 move down")
    assert trait(page, "layers") == [pool, layer(3), conv, layer(5, 2, 1)] == menus(page)
    assert table(page) == expected_table(trait(page, "layers"), 32)
    press("layer 4 remove")
    assert trait(page, "layers") == [pool, layer(3), conv] and focused() == "layer 3 remove"
    press("layer 1 remove")
    assert trait(page, "layers") == [layer(3), conv] == menus(page) and focused() == "layer 1 remove"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert trait(page, "layers") == [] and focused() == "Add a conv"
    assert status(page) == "Input, pixel (16, 16): it sees itself, row 16, column 16."
    page.keyboard.press("Enter")
    assert trait(page, "layers") == [conv] == menus(page) and status(page).startswith("Layer 1, unit")


def test_twenty_layers_are_the_most(shown):
    page = shown(ReceptiveFieldExplorer(preset="VGG-16"))
    for _ in range(2):
        page.get_by_role("button", name="Add a conv").click()
    assert len(trait(page, "layers")) == 20 and page.locator(".foot").inner_text().endswith("20 of 20 layers")
    for name in ("Add a conv", "Add a pool"):
        assert page.get_by_role("button", name=name).is_disabled()
    page.get_by_role("button", name="layer 20 remove").click()
    assert page.get_by_role("button", name="Add a conv").is_enabled()


def test_an_added_layer_comes_into_sight(shown):
    page = shown(ReceptiveFieldExplorer(preset="VGG-16"))
    page.get_by_role("button", name="Add a conv").click()
    region, row = (
        page.get_by_role("group", name="layers").bounding_box(),
        page.locator("[role=row][data-layer='19']").bounding_box(),
    )
    assert region["y"] < row["y"] and row["y"] + row["height"] <= region["y"] + region["height"] + 1


def test_a_row_s_number_shows_that_layer(shown):
    page = shown(ReceptiveFieldExplorer(preset="LeNet-5"))
    page.get_by_role("button", name="layer 2 show").click()
    assert trait(page, "layer") == 2 and "sees 6 × 6 pixels" in status(page)
    assert page.locator("[aria-pressed=true]").inner_text() == "2"


def test_an_edit_leaves_the_chosen_unit_near_its_place(shown):
    page = shown(ReceptiveFieldExplorer(layers=[layer(3, padding=1), layer(3, padding=1)], row=8, col=24))
    menu_of(page, 1, "stride").select_option("2")
    assert chosen(page)[1:] == (4, 12)
    page.get_by_role("button", name="layer 2 remove").click()
    assert chosen(page)[1:] == (4, 12)


def test_a_pool_pads_by_at_most_half_its_kernel(shown):
    page = shown(ReceptiveFieldExplorer(layers=[layer(5, 1, 3), layer(4, 2, 2, kind="pool")]))

    def offered(number):
        return menu_of(page, number, "padding").evaluate(
            "menu => [...menu.options].filter(o => !o.disabled).map(o => Number(o.value))"
        )

    def accepted(kernel_size):
        """By PyTorch, of the paddings that the figure has."""
        found = []
        for padding in range(LIMITS["padding"]["max"] + 1):
            try:
                torch.nn.functional.max_pool1d(torch.zeros(1, 1, 32), kernel_size, 1, padding)
                found.append(padding)
            except RuntimeError as problem:
                assert "at most half" in str(problem)
        return found

    assert offered(1) == [0, 1, 2, 3, 4, 5]
    for kernel_size in (1, 2, 3, 11, 4):
        menu_of(page, 2, "kernel size").select_option(str(kernel_size))
        assert offered(2) == accepted(kernel_size)
    assert trait(page, "layers")[1]["padding"] == 0  # the kernel of 1 left none
    menu_of(page, 1, "kind").select_option("pool")
    assert trait(page, "layers")[0] == layer(5, 1, 2, kind="pool") and offered(1) == [0, 1, 2]


def test_a_stack_without_output_says_which_layer_and_the_figure_goes_on(shown):
    layers = [layer(3), layer(3), layer(3), layer(5), layer(2, 2, kind="pool")]
    page = shown(ReceptiveFieldExplorer(layers=layers, input_size=8))
    assert status(page) == (
        "Layer 4 (conv 5 × 5) needs 5 pixels; its input is 2 wide. So there is no output: "
        "give it a smaller kernel or more padding, or take a layer out."
    )
    assert page.locator(".problem").count() == 1
    assert menus(page) == layers and table(page) == expected_table(layers, 8)
    assert table(page)[3:] == [["none"] * 4] * 2 and page.locator(".level.none").count() == 2
    page.locator(".photo").press("ArrowUp")  # the layers before it can still be looked at
    assert frame_in_pixels(page, 8) == pytest.approx([0, 1, 7, 8], abs=0.01)
    menu_of(page, 4, "padding").select_option("1")
    assert status(page).startswith(
        "Layer 4 (conv 5 × 5) needs 5 pixels; its input is 2 wide, 4 with padding."
    )
    menu_of(page, 4, "padding").select_option("5")
    assert page.locator(".problem").count() == 0 and status(page).startswith("Layer 5, unit")
    menu_of(page, 4, "dilation").select_option("4")
    assert status(page).startswith(
        "Layer 4 (conv 5 × 5, dilation 4) needs 17 pixels; its input is 2 wide, 12 with padding."
    )
    page.get_by_role("slider", name="input size").press("End")
    assert page.locator(".problem").count() == 0 and trait(page, "layers")[3] == layer(5, 1, 5, 4)


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_the_input_size_reaches_both_ends(shown, how):
    page = shown(ReceptiveFieldExplorer())
    slider = page.get_by_role("slider", name="input size")
    for end, value in (("End", LIMITS["input_size"]["max"]), ("Home", LIMITS["input_size"]["min"])):
        box = slider.bounding_box()
        if how == "keyboard":
            slider.press(end)
        else:
            page.mouse.click(
                box["x"] + (box["width"] - 2 if end == "End" else 2), box["y"] + box["height"] / 2
            )
        assert trait(page, "input_size") == value and trait(page, "preset") == "two 3×3"
        assert table(page)[0][0] == str(value)


def test_reset_brings_the_author_s_setting_back(shown):
    page = shown(ReceptiveFieldExplorer(preset="AlexNet", row=1, col=2, layer=5))
    page.get_by_role("combobox", name="preset").select_option("LeNet-5")
    menu_of(page, 2, "stride").select_option("3")
    page.locator(".photo").press("ArrowLeft")
    page.get_by_role("button", name="Reset").click()
    assert [trait(page, name) for name in ("preset", "layers", "input_size", "layer", "row", "col")] == [
        "AlexNet", [], 224, 5, 1, 2,
    ]  # fmt: skip
    assert "Layer 5, unit (1, 2): sees 99 × 99 pixels" in status(page)


def test_traits_set_from_outside_move_the_figure(shown):
    page = shown(ReceptiveFieldExplorer())
    set_traits(page, layers=[layer(7, 2, 3)], preset="custom", input_size=64, layer=1, row=0, col=31)
    assert "Layer 1, unit (0, 31): sees 7 × 7 pixels, rows -3 to 3, columns 59 to 65" in status(page)
    assert table(page) == [["32", "7", "2", "0"]] and menus(page) == [layer(7, 2, 3)]
    set_traits(page, layer=9, row=400)
    assert "Layer 1, unit (31, 31)" in status(page)


def test_the_tab_key_reaches_every_control(shown):
    page = shown(ReceptiveFieldExplorer())
    page.get_by_role("combobox", name="preset").focus()
    names = []
    while page.evaluate("document.querySelector('.cnnbook').contains(document.activeElement)"):
        names.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText"))
        page.keyboard.press("Tab")
    row = ["show", "kind", "kernel size", "stride", "padding", "dilation", "move up", "move down", "remove"]
    expected = [f"layer {number} {name}" for number in (1, 2) for name in row]
    expected = [name for name in expected if name not in ("layer 1 move up", "layer 2 move down")]
    assert names[:3] == ["preset", "input size", "Reset"]
    assert names[3].startswith("pyramid") and names[4].startswith("photograph") and names[5] == "layers"
    assert names[6:] == [*expected, "Add a conv", "Add a pool"]


# ── its look ──

NO_OUTPUT = {"layers": [layer(3), layer(11, 1, 0, 4), layer(2)], "input_size": 8}
WORST = [
    {"layers": [layer(11, 1, 0, 4)] * 20, "input_size": 8},
    {"layers": [layer(11, 8, 5)] + [layer(1, 8, 3)] * 19, "row": 0},
    {"layers": [layer(3, 2, 5, 4), layer(11, 3, 5, 4)], "input_size": 256, "row": 0, "col": 30},
    {"layers": [layer(1)]},
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [328, 760])
@pytest.mark.parametrize("setting", [LOOKS[1], NO_OUTPUT], ids=["dilated", "no output"])
def test_is_accessible(shown, axe, theme, width, setting):
    assert axe(shown(ReceptiveFieldExplorer(**setting), width=width, theme=theme)) == []


@pytest.mark.parametrize("width", [328, 760])
@pytest.mark.parametrize("setting", [*LOOKS, *WORST])
def test_fits(shown, width, setting):
    page = shown(ReceptiveFieldExplorer(**setting), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    frame = boxes(page, ".cnnbook")[0]
    for box in boxes(page, ".pyramid, svg, .photo, .layers, .controls, .foot, [role=cell]"):
        assert box["left"] >= frame["left"] and box["right"] <= frame["right"]
    drawing = boxes(page, "svg")[0]
    drawn = boxes(page, "svg text, svg path, svg .current")
    for box in (box for box in drawn if box["width"] or box["height"]):
        assert box["left"] >= drawing["left"] - 2 and box["right"] <= drawing["right"] + 2
        assert box["top"] >= drawing["top"] - 1 and box["bottom"] <= drawing["bottom"] + 1
    targets = boxes(page, ".cnnbook :is(button, select, input[type=range])")
    assert all(min(box["width"], box["height"]) >= 24 for box in targets)
    cut = """parts => parts.filter(p => p.scrollWidth > p.clientWidth + 1 || p.scrollHeight > p.clientHeight + 1)
      .map(p => p.textContent)"""
    assert page.eval_on_selector_all("[role=status], .note, [role=cell]", cut) == []


@pytest.mark.parametrize("width", [328, 760])
def test_its_height_never_changes(shown, width):
    page = shown(ReceptiveFieldExplorer(), width=width)
    heights = {page.locator(".cnnbook").bounding_box()["height"]}
    for setting in (*LOOKS, *WORST):
        figure = ReceptiveFieldExplorer(**setting)
        set_traits(
            page, **{n: getattr(figure, n) for n in ("preset", "layers", "input_size", "layer", "row", "col")}
        )
        heights.add(page.locator(".cnnbook").bounding_box()["height"])
    for preset in PRESETS:
        page.get_by_role("combobox", name="preset").select_option(preset)
        heights.add(page.locator(".cnnbook").bounding_box()["height"])
    assert len(heights) == 1


# ── Python ──


def test_what_is_left_out_is_pytorch_s_default():
    figure = ReceptiveFieldExplorer(
        layers=[{"kind": "conv", "kernel_size": 3}, {"kind": "pool", "kernel_size": 3}]
    )
    assert figure.layers == [layer(3), layer(3, 3, kind="pool")]
    assert (figure.preset, figure.input_size) == ("custom", 32)
    assert ReceptiveFieldExplorer(preset="AlexNet").input_size == 224
    assert ReceptiveFieldExplorer(preset="AlexNet", input_size=64).input_size == 64


def test_presets_are_layers_that_the_figure_accepts():
    for name, preset in PRESETS.items():
        assert ReceptiveFieldExplorer(layers=preset["layers"]).layers == preset["layers"], name


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([layer(3), layer(12)], "layer 2 has kernel_size 12; expected a whole number from 1 to 11"),
        ([layer(3, stride=0)], "layer 1 has stride 0; expected a whole number from 1 to 8"),
        ([layer(3, padding=-1)], "layer 1 has padding -1"),
        ([layer(3, dilation=2.0)], "layer 1 has dilation 2.0"),
        ([layer(True)], "layer 1 has kernel_size True"),
        ([layer("3")], "layer 1 has kernel_size '3'"),
        ([layer("3", kind="pool")], "layer 1 has kernel_size '3'"),
        ([layer(3, kind="relu")], "layer 1 has the kind 'relu'; expected 'conv' or 'pool'"),
        ([layer(3, padding=2, kind="pool")], "layer 1 has padding 2; expected at most 1, half the kernel of a pool"),
        ([{"kind": "conv"}], re.escape("layer 1 has ['kind']; expected a dict with kind, kernel_size")),
        ([layer(3) | {"groups": 2}], "expected a dict with kind, kernel_size and at most stride, padding, dilation"),
        (["conv 3"], "layer 1 has 'conv 3'; expected a dict"),
        ([layer(3)] * 21, "layers has 21 layers; expected at most 20"),
    ],
)  # fmt: skip
def test_python_refuses_layers_that_are_none(layers, message):
    with pytest.raises(ValueError, match=message):
        ReceptiveFieldExplorer(layers=layers)


@pytest.mark.parametrize(
    "bad",
    [
        {"preset": "GoogLeNet"}, {"input_size": 7}, {"input_size": 257}, {"layer": 21}, {"layer": -1}, {"row": -1}, {"col": 456},
        {"image": "https://example.org/cat.png"}, {"layers": 3},
    ],
)  # fmt: skip
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        ReceptiveFieldExplorer(**bad)


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match="ReceptiveFieldExplorer has no stride; its traits are"):
        ReceptiveFieldExplorer(stride=1)
