"""ArchitectureExplorer: its every number against nets.profile of the module, its volumes, its controls."""

import functools
import itertools
import re

import pytest
import torch
from figure_probe import boxes, set_traits, status, touch, trait
from torchvision import models
from traitlets import TraitError

from cnnbook import nets
from cnnbook.figures import ArchitectureExplorer

FILES = ["architecture_explorer.js"]
FIGURE = ArchitectureExplorer()
LIMITS, ARCHITECTURES = FIGURE.limits, FIGURE.architectures
NAMES = LIMITS["architecture"]["values"]
SIZES = range(LIMITS["input_size"]["min"], LIMITS["input_size"]["max"] + 1)
LEAST = {  # the smallest image that each takes, by PyTorch: see the test of it
    "LeNet-5": 16, "AlexNet (2012)": 67, "AlexNet (two GPUs)": 67, "AlexNet (torchvision)": 63,
    "VGG-11": 32, "VGG-13": 32, "VGG-16": 32, "VGG-19": 32, "ResNet-18": 8,
}  # fmt: skip


# ── the oracle ──


def module(name, size):
    """The network, of shapes alone."""
    with torch.device("meta"):
        if name == "LeNet-5":
            return nets.LeNet5(input_size=size)
        if name in GROUPS:
            return nets.AlexNet("paper", groups=GROUPS[name], input_size=size)
    return torchvision_s(name)


GROUPS = {"AlexNet (2012)": 1, "AlexNet (two GPUs)": 2}


@functools.cache
def torchvision_s(name):
    function = {"AlexNet (torchvision)": "alexnet"}.get(name, name.lower().replace("-", ""))
    with torch.device("meta"):
        return getattr(models, function)()


OWN_ROW = {
    "Conv2d": "conv", "MaxPool2d": "max pool", "AdaptiveAvgPool2d": "average pool", "Linear": "linear", "add": "sum",
}  # fmt: skip


def profiled(name, size):
    """What nets.profile says, each row with the parameters of the rows after it that the figure gives no row (batch norm)."""
    net = module(name, size)
    found = nets.profile(net, (ARCHITECTURES[name]["channels"], size, size))
    rows = []
    for layer in found.layers:
        if layer.kind in OWN_ROW:
            seen = layer.receptive_field
            rows.append(
                {
                    "kind": OWN_ROW[layer.kind],
                    "shape": list(layer.output_shape[1:]),
                    "parameters": 0,
                    "macs": 0,
                    "field": seen and seen._asdict(),
                }
            )
        rows[-1]["parameters"] += layer.parameters
        rows[-1]["macs"] += layer.macs
    assert sum(row["parameters"] for row in rows) == found.parameters
    return rows


RECORDS = """([architecture, sizes]) => sizes.map((size) => layerTable(architecture, size).slice(1).map((row) => ({
  kind: row.kind, shape: row.kind === "linear" ? [row.channels] : [row.channels, row.size, row.size],
  parameters: row.parameters, macs: row.macs, field: row.field,
})))"""


# ── arithmetic ──


@pytest.mark.parametrize("name", NAMES)
def test_every_number_equals_the_profile_s(run_js, name):
    """At the 32 smallest images, which leave every remainder that the strides can, and then at every 19th size."""
    sizes = [size for size in SIZES if size >= LEAST[name]]
    sizes = sizes[:32] + sizes[32::19]
    found = run_js(FILES, RECORDS, [ARCHITECTURES[name], sizes])
    for size, rows in zip(sizes, found, strict=True):
        assert rows == profiled(name, size), size


@pytest.mark.parametrize("name", [name for name in NAMES if LEAST[name] > SIZES[0]])
def test_where_pytorch_finds_an_image_too_small_the_layer_is_named(run_js, name):
    """PyTorch's refusal names the layer; the figure stops before it, with what the layers in front of it make."""
    features = module(name, LEAST[name]).features
    layers = [layer["name"] for layer in ARCHITECTURES[name]["layers"]]
    places = [place for place, part in features.named_children() if type(part).__name__ in OWN_ROW]
    sizes = range(SIZES[0], LEAST[name] + 1)
    found = run_js(
        FILES,
        """([name, architecture, sizes]) => sizes.map((size) => [layerTable(architecture, size).length - 1, sizeProblem(name, architecture, size)])""",
        [name, ARCHITECTURES[name], list(sizes)],
    )
    for size, (complete, problem) in zip(sizes, found, strict=True):
        try:
            nets.profile(features, (ARCHITECTURES[name]["channels"], size, size))
        except ValueError as refusal:
            assert complete == places.index(re.match(r"layer (\d+) ", str(refusal))[1])
            assert problem.startswith(f"{layers[complete]} (")
            assert problem.endswith(f"{name} takes images of {LEAST[name]} pixels and more.")
        else:
            assert problem is None and size == LEAST[name]


@pytest.mark.parametrize(
    ("name", "parameters", "macs"),
    [
        ("LeNet-5", 61_706, 416_520),
        ("AlexNet (2012)", 62_378_344, 1_135_256_096),
        ("AlexNet (two GPUs)", 60_965_224, 724_406_816),
        ("AlexNet (torchvision)", 61_100_840, 714_188_480),
        ("VGG-11", 132_863_336, 7_609_090_048),
        ("VGG-16", 138_357_544, 15_470_264_320),
        ("VGG-19", 143_667_240, 19_632_062_464),
        ("ResNet-18", 11_689_512, 1_814_073_344),
    ],
)
def test_the_totals_are_the_published_ones_at_the_paper_s_size(mount, name, parameters, macs):
    page = mount(ArchitectureExplorer(architecture=name))
    assert [page.locator(f".foot .{count}").inner_text() for count in ("parameters", "macs")] == [
        f"{parameters:,}", f"{macs:,}",
    ]  # fmt: skip


def test_shares_are_rounded_and_none_is_lost(run_js):
    shares = run_js(
        FILES, "pairs => pairs.map((pair) => share(...pair))", [[1, 8], [1, 30], [1, 3000], [0, 5], [5, 5]]
    )
    assert shares == ["13 %", "3.3 %", "< 0.1 %", "0 %", "100 %"]


# ── the page ──


def listed(page):
    """The table's rows as they can be read."""
    return page.eval_on_selector_all(
        ".sheet [role=row]:not([hidden])",
        "rows => rows.map(row => [...row.children].map(cell => cell.textContent))",
    )


def shown_shape(shape):
    return " × ".join(map(str, shape)) if len(shape) == 3 else f"{shape[0]:,}"


def shown_field(field, size):
    return "varies" if field is None else "whole" if field["jump"] == 0 else str(field["size"])


@pytest.mark.parametrize("size", [None, 91])
@pytest.mark.parametrize("name", NAMES)
def test_the_table_shows_the_profile(mount, name, size):
    size = size or ARCHITECTURES[name]["input_size"]
    page = mount(ArchitectureExplorer(architecture=name, input_size=size))
    rows = profiled(name, size)
    table = listed(page)
    assert table[0] == [
        "input",
        "image",
        f"{ARCHITECTURES[name]['channels']} × {size} × {size}",
        "0",
        "0",
        "1",
    ]
    assert [row[2:] for row in table[1:]] == [
        [
            shown_shape(row["shape"]),
            f"{row['parameters']:,}",
            f"{row['macs']:,}",
            shown_field(row["field"], size),
        ]
        for row in rows
    ]
    for layer, (shown_name, kind, *_) in zip(ARCHITECTURES[name]["layers"], table[1:], strict=True):
        assert shown_name == layer["name"] and kind.startswith(layer["kind"].split()[0])


def test_a_kind_is_written_as_in_the_papers(mount):
    page = mount(ArchitectureExplorer(architecture="AlexNet (two GPUs)"))
    kinds = {name: kind for name, kind, *_ in listed(page)}
    assert kinds["conv1"] == "conv 11 × 11, stride 4"
    assert kinds["conv2"] == "conv 5 × 5, padding 2, 2 groups"
    assert kinds["pool5"] == "max pool 3 × 3, stride 2" and kinds["fc8"] == "linear"
    set_traits(page, architecture="ResNet-18")
    kinds = {name: kind for name, kind, *_ in listed(page)}
    assert kinds["skip3_1"] == "conv 1 × 1, stride 2" and kinds["average"] == "average to 1 × 1"
    assert (kinds["sum2_1"], kinds["sum3_1"], kinds["sum3_2"]) == (
        "sum with pool1",
        "sum with skip3_1",
        "sum with sum3_1",
    )


def reckoned(line):
    """The product that a line writes out, worked out; and what the figure says it is."""
    product, _, value = line.rpartition(" = ")
    expression = re.sub(r"[a-zA-Z,]+", "", product.split(": ", 1)[1]).replace("×", "*").replace("−", "-")
    expression = re.sub(r"\((.*?)\)", lambda inner: f"({inner[1]})", expression)
    return eval(expression), int(re.match(r"[\d,]+", value)[0].replace(",", ""))


@pytest.mark.parametrize("size", [None, 75])
@pytest.mark.parametrize("name", NAMES)
def test_every_layer_s_counts_are_written_out_as_products(mount, name, size):
    size = size or ARCHITECTURES[name]["input_size"]
    page = mount(ArchitectureExplorer(architecture=name, input_size=size))
    for at, row in enumerate(profiled(name, size), start=1):
        set_traits(page, layer=at)
        lines = page.locator(".sum p").all_inner_texts()
        assert [line.split(":")[0] for line in lines] == ["parameters", "MACs", "receptive field"]
        for line, count in zip(lines, ("parameters", "macs"), strict=False):
            if row["macs"]:
                assert reckoned(line) == (row[count], row[count]), line
            else:
                assert line.endswith(": none")
        if row["field"] is None:
            assert lines[2].endswith("places averaged to 6") or lines[2].endswith("places averaged to 7")
        elif row["field"]["jump"] == 0:
            assert lines[2].endswith(": the whole input")
        else:
            assert lines[2].endswith(f" = {row['field']['size']} pixels along a side")
            if "+" in lines[2]:
                assert reckoned(lines[2])[0] == row["field"]["size"]


def test_the_chosen_layer_and_its_part_are_said_in_words(mount):
    page = mount(ArchitectureExplorer(architecture="AlexNet (2012)", layer=9))
    assert status(page) == (
        "fc6 (linear) makes 4,096 of 256 × 6 × 6: 61 % of all parameters, 3.3 % of all MACs."
    )
    set_traits(page, layer=2)
    assert status(page) == (
        "pool1 (max pool 3 × 3, stride 2) makes 96 × 27 × 27 of 96 × 55 × 55; it has no parameters and no MACs."
    )
    set_traits(page, layer=0)
    assert status(page) == "Input: 3 × 227 × 227, that is 154,587 numbers."
    set_traits(page, architecture="ResNet-18", input_size=224, layer=12)
    assert status(page).startswith(
        "sum3_1 (sum with skip3_1) makes 128 × 28 × 28 of 128 × 28 × 28 and 128 × 28 × 28"
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", ["parameters", "macs"])
def test_the_bars_show_each_layer_s_share(mount, name, count):
    page = mount(ArchitectureExplorer(architecture=name))
    rows = profiled(name, ARCHITECTURES[name]["input_size"])
    total = sum(row[count] for row in rows)
    strip = page.locator(".strip").nth(["parameters", "macs"].index(count))
    width = strip.bounding_box()["width"]
    parts = strip.locator("span").evaluate_all(
        "parts => parts.map(part => [+part.dataset.layer, part.dataset.kind, part.getBoundingClientRect().width])"
    )
    assert [at for at, *_ in parts] == [at for at, row in enumerate(rows, start=1) if row[count]]
    for at, kind, measured in parts:
        assert kind == rows[at - 1]["kind"]
        assert measured / width == pytest.approx(rows[at - 1][count] / total, abs=0.001)
    place = f".sheet .{count} .meter"
    meters, cells = boxes(page, place), boxes(page, f".sheet .{count}")
    for meter, cell, row in zip(meters[1:], cells[1:], rows, strict=False):
        assert meter["width"] / cell["width"] == pytest.approx(row[count] / total, abs=0.005)
    words = page.locator(".share").nth(["parameters", "macs"].index(count)).inner_text()
    for kind in ("conv", "linear"):
        part = 100 * sum(row[count] for row in rows if row["kind"] == kind) / total
        said = re.search(rf"{kind} (?:< )?([\d.]+) %", words)[1]
        assert float(said) == pytest.approx(part, abs=0.51 if part >= 10 else 0.1)


# ── the volumes ──


def fronts(page):
    """The front of every volume that is drawn: where it stands, its width and its height."""
    return page.evaluate(
        """() => {
          const { left, top } = document.querySelector("svg").getBoundingClientRect();
          return [...document.querySelectorAll("svg [data-layer]")].filter((one) => one.style.display !== "none").map((one) => {
            const { x, y, width, height } = one.querySelector(".front").getBBox();
            return { left: left + x, top: top + y, x, y, width, height, kind: one.dataset.kind };
          });
        }"""
    )


@pytest.mark.parametrize("width", [328, 760])
@pytest.mark.parametrize("scale", LIMITS["scale"]["values"])
@pytest.mark.parametrize("size", [None, 71])
@pytest.mark.parametrize("name", NAMES)
def test_the_volumes_are_to_scale(mount, name, size, scale, width):
    size = size or ARCHITECTURES[name]["input_size"]
    page = mount(ArchitectureExplorer(architecture=name, input_size=size, scale=scale), width=width)
    assert (
        page.locator(".volumes + .note")
        .inner_text()
        .startswith({"true": "True to scale"}.get(scale, "Drawn by square roots"))
    )
    shapes = [[ARCHITECTURES[name]["channels"], size, size], *(row["shape"] for row in profiled(name, size))]
    drawn = fronts(page)
    assert len(drawn) == len(shapes)
    power = 1 if scale == "true" else 0.5
    volumes = [(box, shape) for box, shape in zip(drawn, shapes, strict=True) if box["kind"] != "sum"]
    for side, length in (
        ("height", lambda shape: shape[-1] if len(shape) > 1 else 1),
        ("width", lambda shape: shape[0]),
    ):
        unit = max(box[side] for box, _ in volumes) / max(length(shape) for _, shape in volumes) ** power
        for box, shape in volumes:
            assert box[side] == pytest.approx(max(2, unit * length(shape) ** power), abs=0.05), (side, shape)
    path = [
        box
        for box, layer in zip(drawn[1:], ARCHITECTURES[name]["layers"], strict=True)
        if not layer["name"].startswith("skip")
    ]
    for one, following in itertools.pairwise([drawn[0], *path]):
        assert following["x"] > one["x"] + one["width"]


def test_a_residual_s_way_round_leads_from_what_its_block_reads_to_its_sum(mount):
    page = mount(ArchitectureExplorer(architecture="ResNet-18"))
    layers = [{"name": "input"}, *ARCHITECTURES["ResNet-18"]["layers"]]
    names = [layer["name"] for layer in layers]
    box = dict(zip(names, fronts(page), strict=True))
    volume = dict(zip(names, boxes(page, "svg [data-layer]"), strict=True))
    ways = re.findall(
        r"M([\d.]+) ([\d.]+)V([\d.]+)H([\d.]+)V([\d.]+)", page.locator(".way").get_attribute("d")
    )
    sums = [layer for layer in layers if layer.get("kind") == "sum"]
    assert len(ways) == len(sums) == 8

    def inside(name, x, y):
        one = box[name]
        return one["x"] <= x <= one["x"] + one["width"] and one["y"] <= y <= one["y"] + one["height"] + 0.01

    for way, layer in zip(ways, sums, strict=True):
        x, y, low, end, arrival = map(float, way)
        branch, other = layer["reads"]
        entry = layers[names.index(other)]["reads"][0] if other.startswith("skip") else other
        assert names.index(entry) == names.index(branch) - 2  # what the first of the two convolutions reads
        assert inside(entry, x, y) and inside(layer["name"], end, arrival)
        assert low > box[branch]["y"] + box[branch]["height"]
        if other.startswith("skip"):
            assert volume[other]["top"] > volume[branch]["bottom"]
            assert x < box[other]["x"] < end and inside(other, box[other]["x"], low)


def test_numbers_below_the_volumes_are_heights(mount):
    page = mount(ArchitectureExplorer(architecture="VGG-16"))
    assert page.locator("svg g text").all_text_contents() == ["224", "112", "56", "28", "14", "7", "1"]
    assert page.locator("svg .here").text_content() == "conv1_1: 64 × 224 × 224"


# ── choosing a layer ──


def chosen(page):
    """The chosen layer, as the trait, the table and the drawing have it."""
    (row,) = page.locator(".sheet .here").evaluate_all("rows => rows.map(row => +row.dataset.layer)")
    pressed = page.locator(".sheet [aria-pressed=true]").inner_text()
    assert pressed == page.locator("svg .here").text_content().split(":")[0]
    assert [pressed == name for name, *_ in listed(page)].index(True) == row
    return row


def middle_of(box):
    return box["left"] + box["width"] / 2, box["top"] + box["height"] / 2


@pytest.mark.parametrize("name", ["LeNet-5", "VGG-19", "ResNet-18"])
def test_a_click_on_any_volume_chooses_its_layer(mount, name):
    page = mount(ArchitectureExplorer(architecture=name))
    for at, box in enumerate(fronts(page)):
        page.mouse.click(*middle_of(box))
        assert chosen(page) == trait(page, "layer") == at


def test_the_mouse_alone_chooses_nothing_and_a_drag_follows(mount):
    page = mount(ArchitectureExplorer(architecture="VGG-11"))
    places = [middle_of(box) for box in fronts(page)]
    page.mouse.move(*places[5])
    assert chosen(page) == 1
    page.mouse.down()
    for at in (6, 7, 8):
        page.mouse.move(*places[at])
        assert chosen(page) == at
    page.mouse.up()


def test_a_finger_taps_and_drags_sideways(mount):
    page = mount(ArchitectureExplorer(architecture="AlexNet (2012)"), width=360, has_touch=True)
    places = [middle_of(box) for box in fronts(page)]
    page.touchscreen.tap(*places[4])
    assert chosen(page) == 4
    touch(page, *places[4:10])
    assert chosen(page) == 9


def test_a_vertical_swipe_scrolls_the_page(mount):
    page = mount(ArchitectureExplorer(layer=3), width=360, has_touch=True)
    page.set_viewport_size({"width": 360, "height": 600})
    x, y = middle_of(fronts(page)[8])
    touch(page, *((x, y - step) for step in range(0, 200, 20)))
    page.wait_for_function("scrollY > 50")
    assert chosen(page) == 3


def test_the_arrow_keys_walk_the_volumes(mount):
    page = mount(ArchitectureExplorer(architecture="LeNet-5"))
    volumes = page.get_by_role("application")
    for key, at in [
        ("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2), ("End", 7), ("ArrowRight", 7), ("ArrowUp", 6), ("ArrowDown", 7),
        ("Home", 0), ("ArrowLeft", 0), ("Control+ArrowRight", 0), ("a", 0), ("Alt+End", 0),
    ]:  # fmt: skip
        volumes.press(key)
        assert chosen(page) == at, key


def test_the_arrow_keys_walk_the_table_and_the_focus_goes_with_them(mount):
    page = mount(ArchitectureExplorer(architecture="ResNet-18", layer=5))
    page.locator(".sheet [aria-pressed=true]").focus()
    for key, at in [
        ("ArrowDown", 6),
        ("ArrowDown", 7),
        ("ArrowUp", 6),
        ("End", 31),
        ("Home", 0),
        ("ArrowDown", 1),
    ]:
        page.keyboard.press(key)
        page.wait_for_function("document.activeElement.ariaPressed === 'true'")
        assert chosen(page) == at, key
        assert page.evaluate("+document.activeElement.closest('[role=row]').dataset.layer") == at


def test_a_click_anywhere_in_a_row_chooses_it(mount):
    page = mount(ArchitectureExplorer(architecture="AlexNet (2012)"))
    for at, column in ((3, "macs"), (2, "kind"), (4, "layer"), (5, "sees")):
        page.locator(f".sheet [data-layer='{at}'] .{column}").click()
        assert chosen(page) == at


@pytest.mark.parametrize("width", [328, 760])
def test_the_chosen_row_comes_into_sight_and_the_page_stays(mount, width):
    page = mount(ArchitectureExplorer(architecture="VGG-19"), width=width)
    page.set_viewport_size({"width": width, "height": 600})
    for at in (25, 1, 14):
        set_traits(page, layer=at)
        region, head, foot, row = (
            page.locator(selector).bounding_box()
            for selector in (".listing", ".head", ".foot", ".sheet .here")
        )
        top = max(region["y"], head["y"] + head["height"] if width > 640 else 0)
        assert row["y"] >= top - 1 and row["y"] + row["height"] <= foot["y"] + 1
        assert page.evaluate("scrollY") == 0


def test_only_the_chosen_row_stands_in_the_tab_order(mount):
    page = mount(ArchitectureExplorer(layer=4))
    page.get_by_role("combobox", name="architecture").focus()
    names = []
    while page.evaluate("document.querySelector('.cnnbook').contains(document.activeElement)"):
        names.append(page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.innerText"))
        page.keyboard.press("Tab")
    assert names == [
        "architecture", "input size", "scale", "Reset", "volumes: arrow keys choose the layer", "written out", "pool2",
    ]  # fmt: skip


# ── controls ──


def test_an_architecture_comes_with_its_paper_s_input_size(mount):
    page = mount(ArchitectureExplorer(architecture="VGG-16", layer=20, input_size=100))
    menu = page.get_by_role("combobox", name="architecture")
    for name in NAMES:
        menu.select_option(name)
        assert (trait(page, "architecture"), trait(page, "input_size")) == (
            name,
            ARCHITECTURES[name]["input_size"],
        )
        assert chosen(page) == 1 and page.locator(".about").inner_text() == ARCHITECTURES[name]["note"]
        assert len(listed(page)) == 1 + len(ARCHITECTURES[name]["layers"])


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_the_input_size_reaches_both_ends(mount, how):
    page = mount(ArchitectureExplorer(architecture="ResNet-18"))
    slider = page.get_by_role("slider", name="input size")
    for end, value in (("End", SIZES[-1]), ("Home", SIZES[0])):
        box = slider.bounding_box()
        if how == "keyboard":
            slider.press(end)
        else:
            page.mouse.click(
                box["x"] + (box["width"] - 2 if end == "End" else 2), box["y"] + box["height"] / 2
            )
        assert trait(page, "input_size") == value and listed(page)[0][2] == f"3 × {value} × {value}"


def test_the_first_linear_layer_grows_with_the_input_unless_maps_are_averaged(mount):
    page = mount(ArchitectureExplorer(architecture="AlexNet (2012)", input_size=67))
    slider = page.get_by_role("slider", name="input size")

    def weights():
        return next(row for row in listed(page) if row[0] == "fc6")[3]

    assert weights() == f"{4096 * (256 + 1):,}"
    slider.press("End")
    assert weights() == f"{4096 * (256 * 6 * 6 + 1):,}"
    page.get_by_role("combobox", name="architecture").select_option("AlexNet (torchvision)")
    before = weights()
    slider.press("End")
    assert weights() == before == f"{4096 * (256 * 6 * 6 + 1):,}"


@pytest.mark.parametrize("width", [328, 760])
def test_an_input_too_small_says_why_and_the_figure_goes_on(mount, width):
    figure = ArchitectureExplorer(architecture="AlexNet (torchvision)", input_size=40, layer=12)
    page = mount(figure, width=width)
    assert status(page) == (
        "pool5 (max pool 3 × 3, stride 2) spans 3; what it reads is 1 wide. "
        "So there is no output: AlexNet (torchvision) takes images of 63 pixels and more."
    )
    assert page.locator(".problem").count() == 1 and chosen(page) == 7
    table = listed(page)
    assert table[7] == ["conv5", "conv 3 × 3, padding 1", "256 × 1 × 1", "590,080", "589,824", "67"]
    assert [row[2:] for row in table[8:]] == [["none"] * 4] * 5
    assert page.locator(".foot").inner_text().split()[1:] == ["none", "none"]
    assert [text.strip() for text in page.locator(".amount").all_inner_texts()] == [
        "No output, so no total of parameters", "No output, so no total of MACs",
    ]  # fmt: skip
    assert page.locator(".strip span").count() == 0
    assert page.locator(".sheet button:disabled").count() == 5
    page.locator(".sheet [data-layer='9']").click()
    assert chosen(page) == 7
    page.get_by_role("application").press("Home")
    assert chosen(page) == 0 and page.locator(".problem").count() == 1
    page.mouse.click(*middle_of(fronts(page)[3]))
    assert (
        page.locator(".sum p").first.inner_text()
        == "parameters: 192 kernels × (64 × 5 × 5 weights + 1 bias) = 307,392"
    )
    set_traits(page, input_size=63)
    assert page.locator(".problem").count() == 0 and listed(page)[-1][2] == "1,000"
    set_traits(page, architecture="LeNet-5", input_size=8)
    assert status(page).startswith(
        "C3 (conv 5 × 5) spans 5; what it reads is 2 wide. So there is no output: LeNet-5 takes"
    )
    set_traits(page, architecture="AlexNet (torchvision)")
    assert status(page).startswith("pool1 (max pool 3 × 3, stride 2) spans 3; what it reads is 1 wide.")


def test_padding_counts_where_a_kernel_does_not_fit(run_js):
    net = {"channels": 3, "layers": [{"name": "conv1", "kind": "conv", "channels": 8, "kernel_size": 11, "stride": 4, "padding": 2, "dilation": 1}]}  # fmt: skip
    assert run_js(FILES, "([net, size]) => sizeProblem('It', net, size)", [net, 5]) == (
        "conv1 (conv 11 × 11, stride 4, padding 2) spans 11; what it reads is 5 wide, 9 with padding. "
        "So there is no output: It takes images of 7 pixels and more."
    )


def test_reset_brings_the_author_s_setting_back(mount):
    page = mount(ArchitectureExplorer(architecture="VGG-13", layer=7, input_size=99, scale="true"))
    page.get_by_role("combobox", name="architecture").select_option("LeNet-5")
    page.get_by_role("combobox", name="scale").select_option("square root")
    page.get_by_role("slider", name="input size").press("End")
    page.get_by_role("application").press("End")
    page.get_by_role("button", name="Reset").click()
    assert [trait(page, name) for name in ("architecture", "layer", "input_size", "scale")] == [
        "VGG-13",
        7,
        99,
        "true",
    ]
    assert chosen(page) == 7 and listed(page)[7][0] == "conv3_1"


def test_traits_set_from_outside_move_the_figure(mount):
    page = mount(ArchitectureExplorer())
    set_traits(page, architecture="LeNet-5", input_size=28, layer=31, scale="true")
    assert chosen(page) == 7 and listed(page)[5][2:] == ["120", "30,840", "30,720", "whole"]
    assert page.get_by_role("combobox", name="architecture").input_value() == "LeNet-5"
    assert page.get_by_role("slider", name="input size").input_value() == "28"


# ── its look ──

LOOKS = [
    {"architecture": "AlexNet (torchvision)", "input_size": 40, "layer": 3},
    {"architecture": "AlexNet (two GPUs)", "layer": 3, "scale": "true"},
    {"architecture": "VGG-19", "layer": 23},
    {"architecture": "ResNet-18", "layer": 12},
]
IDS = ["too small", "groups", "vgg", "resnet"]
WORST = [
    *LOOKS,
    {"architecture": "AlexNet (torchvision)", "input_size": 250, "layer": 9},
    {"architecture": "AlexNet (torchvision)", "input_size": 10, "layer": 9},
    {"architecture": "ResNet-18", "input_size": 9, "layer": 30},
    {"architecture": "ResNet-18", "input_size": 256, "layer": 11, "scale": "true"},
    {"architecture": "VGG-16", "input_size": 256, "layer": 20},
    {"architecture": "LeNet-5", "input_size": 256, "layer": 0},
    {"architecture": "LeNet-5", "input_size": 8},
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [328, 760])
@pytest.mark.parametrize("setting", LOOKS, ids=IDS)
def test_is_accessible(mount, axe, theme, width, setting):
    assert axe(mount(ArchitectureExplorer(**setting), width=width, theme=theme)) == []


@pytest.mark.parametrize("width", [328, 500, 760])
def test_fits_at_one_height_whatever_the_setting(mount, width):
    page = mount(ArchitectureExplorer(), width=width)
    height = page.locator(".cnnbook").bounding_box()["height"]
    frame = boxes(page, ".cnnbook")[0]
    for setting in [*WORST, *({"architecture": name, "layer": 31} for name in NAMES)]:
        figure = ArchitectureExplorer(**setting)
        set_traits(
            page, **{name: getattr(figure, name) for name in ("architecture", "input_size", "layer", "scale")}
        )
        assert page.locator(".cnnbook").bounding_box()["height"] == height, setting
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        parts = "svg, .controls, .sum, .strip, .strip span, .listing, .legend, [role=cell], [role=rowheader]"
        for box in (box for box in boxes(page, parts) if box["width"]):
            assert box["left"] >= frame["left"] and box["right"] <= frame["right"], setting
        drawing = boxes(page, "svg")[0]
        for box in (box for box in boxes(page, "svg path, svg text") if box["width"] or box["height"]):
            assert box["left"] >= drawing["left"] - 0.5 and box["right"] <= drawing["right"] + 0.5, setting
            assert box["top"] >= drawing["top"] - 0.5 and box["bottom"] <= drawing["bottom"] + 0.5, setting
        cut = """parts => parts.filter(p => p.scrollWidth > p.clientWidth + 1 || p.scrollHeight > p.clientHeight + 1)
          .map(p => p.textContent)"""
        inner = "[role=status], .note, .amount, .sum, .listing button, .sheet [role=cell]:not([hidden])"
        assert page.eval_on_selector_all(inner, cut) == [], setting
    targets = boxes(page, ".cnnbook :is(button, select, input[type=range])")
    assert all(min(box["width"], box["height"]) >= 24 for box in targets if box["width"])


# ── Python ──


def test_the_input_size_is_the_paper_s_unless_given():
    assert [ArchitectureExplorer(architecture=name).input_size for name in ("LeNet-5", "AlexNet (2012)", "VGG-11")] == [
        32, 227, 224,
    ]  # fmt: skip
    assert ArchitectureExplorer(architecture="LeNet-5", input_size=28).input_size == 28


def test_the_layer_trait_reaches_every_layer_and_no_name_comes_twice():
    assert LIMITS["layer"] == {"min": 0, "max": max(len(one["layers"]) for one in ARCHITECTURES.values())}
    for architecture in ARCHITECTURES.values():
        names = [layer["name"] for layer in architecture["layers"]]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "bad",
    [
        {"architecture": "GoogLeNet"}, {"input_size": 7}, {"input_size": 257}, {"layer": -1}, {"layer": 32},
        {"scale": "logarithm"}, {"input_size": 32.5},
    ],
    ids=str,
)  # fmt: skip
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        ArchitectureExplorer(**bad)


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match="ArchitectureExplorer has no size; its traits are"):
        ArchitectureExplorer(size=3)
