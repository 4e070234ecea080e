"""ChannelExplorer: its maps and counts against torch at every setting, and what a reader can do with it."""

import itertools

import numpy as np
import pytest
import torch
from figure_probe import boxes, set_traits, status, trait
from traitlets import TraitError

from cnnbook import data, shapes
from cnnbook.figures import ChannelExplorer
from cnnbook.figures.picture import data_url

LIMITS = ChannelExplorer().limits
CHANNELS = range(1, 9)
SIZES = LIMITS["kernel_size"]["values"]
CAT = data.cat(80)


def layer(in_channels, out_channels, kernel_size, groups, separable, bias):
    return {
        "inChannels": in_channels, "outChannels": out_channels, "kernelSize": kernel_size,
        "groups": groups, "depthwiseSeparable": separable, "bias": bias,
    }  # fmt: skip


def every_layer():
    """Every setting that has an output: 1,032 convolutions and 768 depthwise separable ones."""
    pairs = itertools.product(CHANNELS, CHANNELS, SIZES, (False, True))
    for in_channels, out_channels, kernel_size, bias in pairs:
        yield layer(in_channels, out_channels, kernel_size, 1, True, bias)
        for groups in CHANNELS:
            if in_channels % groups == 0 and out_channels % groups == 0:
                yield layer(in_channels, out_channels, kernel_size, groups, False, bias)


LAYERS = list(every_layer())
LAYER_TRAITS = ["in_channels", "out_channels", "kernel_size", "groups", "depthwise_separable", "bias"]


def torch_convolutions(settings):
    """The one or two ``Conv2d`` modules that a setting stands for."""
    inputs, outputs, size, groups, separable, bias = settings.values()
    same = {"padding": size // 2, "bias": bias, "dtype": torch.float64}
    if not separable:
        return [torch.nn.Conv2d(inputs, outputs, size, groups=groups, **same)]
    pointwise = torch.nn.Conv2d(inputs, outputs, 1, bias=bias, dtype=torch.float64)
    return [torch.nn.Conv2d(inputs, inputs, size, groups=inputs, **same), pointwise]


# ── the arithmetic ──

COUNT = """
({ layers, size }) => layers.map((settings) => costOf(settings, size))
"""


def test_every_count_is_pytorch_s_and_its_formula_gives_it(run_js):
    size = {"height": 80, "width": 120}
    costs = run_js(["channel_explorer.js"], COUNT, {"layers": LAYERS, "size": size})
    for settings, cost in zip(LAYERS, costs, strict=True):
        inputs, outputs, kernel_size, groups, separable, _ = settings.values()
        if separable:
            macs = shapes.depthwise_separable_macs(inputs, outputs, kernel_size, (80, 120))
        else:
            macs = shapes.conv_macs(inputs, outputs, kernel_size, (80, 120), groups=groups)
        numel = sum(p.numel() for conv in torch_convolutions(settings) for p in conv.parameters())
        assert (cost["parameters"], cost["macs"]) == (numel, macs), settings
        for formula, count in (("parameterFormula", "parameters"), ("macFormula", "macs")):
            assert eval(cost[formula].replace("·", "*")) == cost[count], settings


def test_the_book_s_example_of_a_depthwise_separable_layer(run_js):
    layers = [layer(4, 2, 3, 1, separable, bias=False) for separable in (True, False)]
    found = run_js(["channel_explorer.js"], COUNT, {"layers": layers, "size": {"height": 5, "width": 7}})
    assert [cost["parameters"] for cost in found] == [44, 72]
    assert [cost["parameterFormula"] for cost in found] == ["4 · 3 · 3 + 4 · 2", "4 · 2 · 3 · 3"]


RUN = """
({ layers, width, height, planes }) => layers.map((settings) => {
  const stages = layersFor(settings);
  const maps = [planes.slice(0, settings.inChannels).map((plane) => Float64Array.from(plane))];
  for (const outputs of stages) maps.push(runLayer(maps.at(-1), outputs, { width, height }));
  return { stages, maps: maps.at(-1).map((map) => [...map]) };
})
"""


def test_every_map_equals_torch(run_js):
    """The kernels go into torch's own modules, which decide for themselves which inputs each output sees."""
    height, width = 6, 9
    planes = np.random.default_rng(0).integers(0, 256, (8, height, width)).astype(float)
    given = {"layers": LAYERS, "width": width, "height": height, "planes": planes.reshape(8, -1).tolist()}
    with torch.no_grad():
        for settings, found in zip(LAYERS, run_js(["channel_explorer.js"], RUN, given), strict=True):
            maps = torch.tensor(planes[None, : settings["inChannels"]])
            for convolution, outputs in zip(torch_convolutions(settings), found["stages"], strict=True):
                weight = torch.tensor([output["kernels"] for output in outputs], dtype=torch.float64)
                assert weight.shape == convolution.weight.shape
                convolution.weight.copy_(weight)
                if settings["bias"]:
                    convolution.bias.copy_(torch.arange(1.0, len(outputs) + 1))
                maps = convolution(maps)
            shown = np.array(found["maps"]).reshape(-1, height, width)
            np.testing.assert_allclose(shown, maps[0], rtol=1e-9, atol=1e-9, err_msg=str(settings))


def test_no_kernel_is_nothing_and_outputs_differ(run_js):
    """All eight outputs differ; a 1 x 1 kernel has only so many mixtures of its inputs to offer."""
    layers = [settings for settings in LAYERS if settings["bias"] and settings["groups"] == 1]
    found = run_js(["channel_explorer.js"], "layers => layers.map(layersFor)", layers)
    for settings, stages in zip(layers, found, strict=True):
        outputs, inputs = stages[-1], settings["inChannels"]
        assert all(np.any(output["kernels"]) for output in outputs)
        mixes = settings["depthwiseSeparable"] or settings["kernelSize"] == 1
        if inputs > 1 and (not mixes or len(outputs) <= 2 * inputs + 1):
            assert len({output["name"] for output in outputs}) == len(outputs), settings
            assert len({str(output["kernels"]) for output in outputs}) == len(outputs), settings


INPUTS = """
({ planes, width, height }) => {
  const picture = { planes: planes.map((plane) => Float64Array.from(plane)), width, height };
  return inputPlanes(picture, 8).map((plane) => [...plane]);
}
"""


def test_the_inputs_are_the_picture_and_maps_made_of_it(run_js):
    height, width, _ = CAT.shape
    given = {"planes": CAT.reshape(-1, 3).T.tolist(), "width": width, "height": height}
    found = np.array(run_js(["channel_explorer.js"], INPUTS, given)).reshape(8, height, width)
    np.testing.assert_array_equal(found[:3], CAT.transpose(2, 0, 1))
    grey = torch.tensor(found[3])[None, None]
    rise = torch.tensor([[-1.0, 0, 1]] * 3, dtype=torch.float64)
    corner = torch.tensor([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]], dtype=torch.float64)
    for at, kernel in (
        (4, torch.ones(5, 5, dtype=torch.float64) / 25),
        (5, rise / 3),
        (6, rise.T / 3),
        (7, corner / 2),
    ):
        expected = torch.nn.functional.conv2d(grey, kernel[None, None], padding=len(kernel) // 2)[0, 0]
        np.testing.assert_allclose(found[at], expected, rtol=1e-9, atol=1e-9)
    assert np.abs(found).max() <= 255


# ── the page ──


@pytest.fixture
def shown(mount):
    """``shown(figure, **options)``: the page once the picture is read and drawn."""

    def mount_and_wait(figure, **options):
        page = mount(figure, **options)
        page.wait_for_function(
            "document.querySelector('.map canvas').width > 0 && document.querySelector('.stage').style.height"
        )
        return page

    return mount_and_wait


def table(page):
    return [[cell.inner_text() for cell in row.locator("td").all()] for row in page.locator("tbody tr").all()]


SETTINGS = [
    {},
    {"in_channels": 4, "out_channels": 8, "groups": 2, "kernel_size": 5},
    {"in_channels": 6, "out_channels": 3, "groups": 3, "bias": False},
    {"depthwise_separable": True},
    {"in_channels": 8, "out_channels": 8, "kernel_size": 1},
    {"in_channels": 8, "out_channels": 5, "kernel_size": 5, "depthwise_separable": True, "bias": False},
    {"in_channels": 1, "out_channels": 1, "groups": 1},
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_output_is_the_sum_of_its_shares(shown, run_js, setting):
    figure = ChannelExplorer(**setting, row=33, column=61)
    page = shown(figure)
    settings = layer(*(getattr(figure, name) for name in LAYER_TRAITS))
    height, width, _ = CAT.shape
    planes = run_js(
        ["channel_explorer.js"],
        INPUTS,
        {"planes": CAT.reshape(-1, 3).T.tolist(), "width": width, "height": height},
    )
    found = run_js(
        ["channel_explorer.js"],
        RUN,
        {"layers": [settings], "width": width, "height": height, "planes": planes},
    )[0]
    for output in range(figure.out_channels):
        page.locator(".map.output").nth(output).focus()
        share = page.eval_on_selector_all(
            "[data-grid=product]", "all => all.map(one => [+one.dataset.col, +one.dataset.value])"
        )
        last = found["stages"][-1][output]
        assert [channel for channel, _ in share] == last["sources"]
        value = float(page.locator("[data-grid=output]").get_attribute("data-value"))
        assert value == pytest.approx(found["maps"][output][33 * width + 61])
        assert value == pytest.approx(sum(part for _, part in share) + last["bias"], abs=1e-9)
        assert page.locator(".term").count() == len(share) + figure.bias + 1
        assert f"Output {output + 1} here: {round(value, 3):.10g}." in status(page)
        assert (
            f"output {output + 1}, {last['name']}, at row 34, column 62:"
            in page.locator(".cnnbook").inner_text()
        )
        wires = page.eval_on_selector_all(
            ".wires > path.lit[data-output]",
            "all => all.map(one => [+one.dataset.output, +one.dataset.input])",
        )
        assert wires == [[output, source] for source in last["sources"]]
        assert page.locator(".map.output[aria-pressed=true]").count() == 1


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_counts_stand_beside_the_dense_layer_s(shown, setting):
    figure = ChannelExplorer(**setting)
    ours, dense, ratio = table(shown(figure))
    inputs, outputs, size = figure.in_channels, figure.out_channels, figure.kernel_size
    full = [
        shapes.conv_parameters(inputs, outputs, size, bias=figure.bias),
        shapes.conv_macs(inputs, outputs, size, (80, 120)),
    ]
    if figure.depthwise_separable:
        here = [
            shapes.depthwise_separable_parameters(inputs, outputs, size, bias=figure.bias),
            shapes.depthwise_separable_macs(inputs, outputs, size, (80, 120)),
        ]
    else:
        here = [
            shapes.conv_parameters(inputs, outputs, size, groups=figure.groups, bias=figure.bias),
            shapes.conv_macs(inputs, outputs, size, (80, 120), groups=figure.groups),
        ]
    for counts, texts in ((here, ours), (full, dense)):
        for count, text in zip(counts, texts, strict=True):
            assert text.endswith(f" = {count:,}")
    assert [float(text) for text in ratio] == pytest.approx(
        [a / b for a, b in zip(here, full, strict=True)], rel=5e-3
    )


def test_the_words_are_pytorch_s(shown):
    page = shown(ChannelExplorer())
    assert status(page).startswith("Conv2d(3, 4, 3, padding=1): 112 parameters, 1,036,800 MACs.")
    assert table(page)[0][0] == "3 · 4 · 3 · 3 + 4 = 112"
    set_traits(page, in_channels=4, out_channels=8, groups=2, bias=False)
    assert status(page).startswith("Conv2d(4, 8, 3, padding=1, groups=2, bias=False): 144 parameters")
    page.get_by_role("checkbox", name="depthwise separable").check()
    assert status(page).startswith(
        "Conv2d(4, 4, 3, padding=1, groups=4, bias=False), then Conv2d(4, 8, 1, bias=False): 68 parameters"
    )


def drawn(page, kind, at):
    """A map as it is drawn: (height, width, 4)."""
    return page.evaluate(
        """([kind, at]) => {
          const canvas = document.querySelectorAll(`.map.${kind} canvas`)[at];
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return [canvas.height, canvas.width, [...data]];
        }""",
        [kind, at],
    )


def as_array(drawing):
    height, width, numbers = drawing
    return np.array(numbers).reshape(height, width, 4)


def test_the_maps_are_drawn(shown):
    page = shown(ChannelExplorer())
    for channel in range(3):
        plane = CAT[..., channel]
        np.testing.assert_allclose(
            as_array(drawn(page, "input", channel))[..., 0], 255 * (plane / plane.max()), atol=0.51
        )
    tensor = torch.tensor(CAT.transpose(2, 0, 1).sum(0, dtype=float))[None, None]
    edges = (
        torch.nn.functional.conv2d(
            tensor, torch.tensor([[[[-1.0, 0, 1]] * 3]], dtype=torch.float64), padding=1
        )[0, 0]
        + 1
    )
    found = as_array(drawn(page, "output", 0))
    np.testing.assert_allclose(found[..., 3], 255 * (edges / edges.abs().max()).abs() ** 0.65, atol=0.51)
    strong = (edges.abs() > 0.6 * edges.abs().max()).numpy()
    colors = np.where(edges.numpy()[..., None] < 0, (204, 121, 167), (0, 158, 115))
    assert np.abs(found[..., :3] - colors)[strong].max() <= 1


def test_grouped_kernels_stand_in_blocks(shown):
    page = shown(ChannelExplorer(in_channels=4, out_channels=4, groups=2))
    pairs = page.eval_on_selector_all(
        ".wires > path", "all => all.map(one => [+one.dataset.output, +one.dataset.input])"
    )
    assert pairs == [[output, source] for output in range(4) for source in ((0, 1) if output < 2 else (2, 3))]
    assert page.locator(".wires .kernels .icon").count() == 8 and page.locator(".wires > circle").count() == 8


def test_depthwise_separable_has_two_stages(shown):
    page = shown(ChannelExplorer(in_channels=4, out_channels=2, depthwise_separable=True))
    assert page.locator(".map.middle:visible").count() == 4
    assert (
        page.locator(".wires > path").count() == 4 + 4 * 2
        and page.locator(".wires .icon").count() == 4 + 4 * 2
    )
    assert page.get_by_role("slider", name="groups").is_disabled()
    page.get_by_role("checkbox", name="depthwise separable").uncheck()
    assert (
        page.locator(".map.middle:visible").count() == 0
        and page.get_by_role("slider", name="groups").is_enabled()
    )


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        (
            {"groups": 2},
            "2 groups cannot share 3 input channels evenly. Choose 1 for groups, or other numbers",
        ),
        (
            {"in_channels": 4, "out_channels": 6, "groups": 4},
            "4 groups cannot share 6 output channels evenly. Choose 1 or 2 for groups",
        ),
        (
            {"in_channels": 3, "out_channels": 1, "groups": 8},
            "8 groups cannot share 3 input channels and 1 output channel evenly.",
        ),
        ({"in_channels": 8, "out_channels": 8, "groups": 3}, "Choose 1, 2, 4 or 8 for groups"),
    ],
)
def test_groups_that_do_not_divide_say_why_and_the_figure_goes_on(shown, setting, says):
    page = shown(ChannelExplorer(**setting))
    assert says in status(page)
    assert page.locator("[data-grid=output]").count() == 0 and page.locator(".wires > *").count() == 0
    assert table(page)[0] == ["none", "none"] and table(page)[1][0] != "none"
    page.get_by_role("slider", name="groups").press("Home")
    assert status(page).startswith("Conv2d(") and page.locator("[data-grid=output]").count() == 1


# ── controls ──


@pytest.mark.parametrize("name", ["in_channels", "out_channels", "groups"])
@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_sliders_reach_both_ends(shown, name, how):
    page = shown(ChannelExplorer(in_channels=8, out_channels=8))
    slider = page.get_by_role("slider", name=name.replace("_", " "), exact=True)
    box = slider.bounding_box()
    for end, key, x in ((1, "Home", box["x"] + 2), (8, "End", box["x"] + box["width"] - 2)):
        slider.press(key) if how == "keyboard" else page.mouse.click(x, box["y"] + box["height"] / 2)
        assert trait(page, name) == end and status(page).startswith("Conv2d(")


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_the_other_controls(shown, how):
    page = shown(ChannelExplorer())
    for name in ("depthwise_separable", "bias"):
        box = page.get_by_role("checkbox", name=name.replace("_", " "))
        before = trait(page, name)
        for wanted in (not before, before):
            box.click() if how == "mouse" else box.press("Space")
            assert trait(page, name) is wanted
    menu = page.get_by_role("combobox", name="kernel size")
    menu.select_option("5 × 5") if how == "mouse" else menu.press("ArrowDown")
    assert trait(page, "kernel_size") == 5 and "Conv2d(3, 4, 5, padding=2)" in status(page)


def middle_of(page, kind, at, row, col):
    box = page.locator(f".map.{kind} canvas").nth(at).bounding_box()
    return box["x"] + (col + 0.5) * box["width"] / 120, box["y"] + (row + 0.5) * box["height"] / 80


def test_a_click_chooses_the_output_and_the_pixel(shown):
    page = shown(ChannelExplorer())
    page.mouse.click(*middle_of(page, "output", 2, 50, 70))
    assert [trait(page, name) for name in ("output_channel", "row", "column")] == [2, 50, 70]
    assert "output 3, green against rest, at row 51, column 71:" in page.locator(".cnnbook").inner_text()
    page.mouse.move(*middle_of(page, "input", 1, 9, 100))
    assert [trait(page, name) for name in ("output_channel", "row", "column")] == [2, 9, 100]


def test_tab_and_arrow_keys_choose_the_output_and_the_pixel(shown):
    page = shown(ChannelExplorer(row=40, column=60))
    page.get_by_role("button", name="output 1: vertical edges").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    assert [trait(page, name) for name in ("output_channel", "row", "column")] == [1, 39, 70]
    for _ in range(9):
        page.keyboard.press("Shift+ArrowDown")
    assert trait(page, "row") == 79
    page.keyboard.press("Enter")
    assert [trait(page, name) for name in ("output_channel", "row", "column")] == [1, 79, 70]


def test_a_tap_chooses_the_output_and_the_pixel(shown):
    page = shown(ChannelExplorer(), width=360, has_touch=True)
    page.touchscreen.tap(*middle_of(page, "output", 3, 20, 90))
    assert trait(page, "output_channel") == 3
    assert (trait(page, "row"), trait(page, "column")) == pytest.approx((20, 90), abs=2)


def test_reset_brings_the_author_s_setting_back(shown):
    page = shown(ChannelExplorer(in_channels=4, groups=2))
    page.mouse.click(*middle_of(page, "output", 2, 50, 70))
    for name in ("in channels", "out channels", "groups"):
        page.get_by_role("slider", name=name).press("End")
    page.get_by_role("checkbox", name="depthwise separable").check()
    page.get_by_role("button", name="Reset").click()
    names = [*LAYER_TRAITS, "output_channel", "row", "column"]
    assert [trait(page, name) for name in names] == [4, 4, 3, 2, False, True, 0, 29, 35]
    assert status(page).startswith("Conv2d(4, 4, 3, padding=1, groups=2)")


def test_an_output_beyond_the_last_is_the_last(shown):
    page = shown(ChannelExplorer(output_channel=7))
    assert "output 4, corners, at row 30" in page.locator(".cnnbook").inner_text()


def test_a_picture_set_from_outside_is_shown_and_a_large_one_is_reduced(shown):
    page = shown(ChannelExplorer())
    set_traits(page, image=data_url(np.full((200, 512, 3), 90, np.uint8)))
    page.wait_for_function("document.querySelector('.map canvas').width === 128")
    assert table(page)[0][1] == "3 · 4 · 3 · 3 · 50 · 128 = 691,200"


# ── its look ──


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [328, 760])
@pytest.mark.parametrize("setting", [*SETTINGS[::2], SETTINGS[5], {"groups": 2, "out_channels": 8}])
def test_fits_and_is_accessible(shown, axe, theme, width, setting):
    page = shown(ChannelExplorer(**setting), width=width, theme=theme)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    frame, stage = boxes(page, ".cnnbook")[0], boxes(page, ".stage")[0]
    for box in boxes(page, ".map:not([hidden]), .wires .icon"):
        assert box["left"] >= frame["left"] and box["right"] <= frame["right"]
        assert box["top"] >= stage["top"] - 1 and box["bottom"] <= stage["bottom"] + 1
    for kind in ("input", "output"):
        maps = boxes(page, f".map.{kind}:not([hidden])")
        assert all(above["bottom"] < below["top"] for above, below in itertools.pairwise(maps))
        assert all(min(box["width"], box["height"]) >= 24 for box in maps)
    addends = page.get_by_role("group", name="one output pixel as a sum")
    assert addends.evaluate(
        "part => part.scrollHeight <= part.clientHeight && part.scrollWidth <= part.clientWidth"
    )


@pytest.mark.parametrize("width", [328, 760])
def test_its_height_never_changes(shown, width):
    page = shown(ChannelExplorer(), width=width)
    heights = set()
    for setting in (
        *SETTINGS,
        {"groups": 7},
        {"in_channels": 8, "out_channels": 8, "kernel_size": 5, "groups": 2},
    ):
        figure = ChannelExplorer(**setting)
        set_traits(page, **{name: getattr(figure, name) for name in LAYER_TRAITS})
        heights.add(page.locator(".cnnbook").bounding_box()["height"])
    assert len(heights) == 1


# ── Python ──


@pytest.mark.parametrize(
    "bad",
    [
        {"in_channels": 0},
        {"out_channels": 9},
        {"kernel_size": 2},
        {"groups": 0},
        {"bias": "no"},
        {"row": 128},
        {"image": "cat.png"},
    ],
)
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        ChannelExplorer(**bad)


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match="ChannelExplorer has no stride; its traits are"):
        ChannelExplorer(stride=1)
