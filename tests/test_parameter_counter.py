"""ParameterCounter: its counts and its drawing against torch, and what a reader can do with it."""

import re
from itertools import pairwise, product

import pytest
import torch
from traitlets import TraitError

from cnnbook.figures import ParameterCounter

MODULE = ["parameter_counter.js"]
LIMITS = ParameterCounter().limits
SMALLEST = {name: LIMITS[name]["min"] for name in LIMITS if "min" in LIMITS[name]}
LARGEST = {name: LIMITS[name]["max"] for name in LIMITS if "max" in LIMITS[name]}
WIRINGS = LIMITS["wiring"]["values"]
WIDTHS = [300, 420, 500, 640, 688, 760]
SLIDER_STOPS = {
    "image_size": range(8, 513, 4),
    "in_channels": range(1, 17),
    "kernel_size": range(1, 12),
    "out_channels": range(1, 513),
}
CASES = [
    {},
    {"image_size": 8, "in_channels": 1, "units": 7, "kernel_size": 5, "out_channels": 3},
    {"image_size": 96, "in_channels": 16, "units": 150528, "kernel_size": 11, "out_channels": 512},
    {"image_size": 227, "units": 4097},
    SMALLEST,
    LARGEST,
]


def torch_counts(image_size, in_channels, units, kernel_size, out_channels):
    """Parameters of the four layers, counted by torch on modules that hold no memory."""
    with torch.device("meta"):
        inputs, places = image_size**2 * in_channels, image_size**2
        layers = [
            torch.nn.Linear(inputs, units),
            torch.nn.Linear(inputs, out_channels * places),
            # One group for each place shares nothing; the input is every place's window, unfolded.
            torch.nn.Conv2d(in_channels * kernel_size**2 * places, out_channels * places, 1, groups=places),
            torch.nn.Conv2d(in_channels, out_channels, kernel_size, padding="same"),
        ]
    return [sum(parameter.numel() for parameter in layer.parameters()) for layer in layers]


def values(setting):
    counter = ParameterCounter(**setting)
    return {name: getattr(counter, name) for name in SMALLEST}


@pytest.fixture
def unit_stops(run_js):
    return run_js(MODULE, "max => unitStops(max)", LARGEST["units"])


def status(page):
    return page.get_by_role("status").inner_text()


def shown_counts(page):
    return [int(text.replace(",", "")) for text in page.locator(".count").all_inner_texts()]


def trait(page, name):
    return page.evaluate(f"model.get('{name}')")


def set_traits(page, setting):
    page.evaluate("s => Object.entries(s).forEach(([name, value]) => model.set(name, value))", setting)


def present(page, selector):
    """How many lines or squares of the drawing are visible."""
    return page.locator(f"{selector}:not(.absent)").count()


# counting


def test_counts_equal_torch_at_every_slider_stop_of_each_axis(run_js, unit_stops):
    others = [values(case) for case in CASES]
    stops = {**SLIDER_STOPS, "units": unit_stops}
    settings = [other | {name: value} for name in stops for value in stops[name] for other in others]
    counts = run_js(
        MODULE,
        """settings => settings.map(({ image_size, in_channels, units, kernel_size, out_channels }) => {
          const { full, fullToOutputs, local, shared } = countLayers(
            { imageSize: image_size, inChannels: in_channels, units, kernelSize: kernel_size,
              outChannels: out_channels });
          return [full, fullToOutputs, local, shared].map(total);
        })""",
        settings,
    )
    wrong = [s for s, count in zip(settings, counts, strict=True) if count != torch_counts(**s)]
    assert len(settings) > 4000
    assert wrong == []


def test_the_page_shows_torchs_counts(mount):
    page = mount(ParameterCounter(**CASES[1]))
    assert shown_counts(page) == torch_counts(**values(CASES[1]))
    for setting in map(values, CASES):
        set_traits(page, setting)
        assert shown_counts(page) == torch_counts(**setting)


def test_bytes_are_those_of_torch_tensors(run_js):
    weight = torch.nn.Linear(12, 5, bias=False).weight
    optimizer = torch.optim.Adam([weight])
    weight.grad = torch.ones_like(weight)
    optimizer.step()
    moments = [value for value in optimizer.state[weight].values() if value.shape == weight.shape]
    stored, trained = run_js(MODULE, "count => [bytesToStore(count), bytesToTrain(count)]", weight.numel())
    assert stored == weight.nbytes
    assert trained == sum(tensor.nbytes for tensor in [weight, weight.grad, *moments])


def test_the_page_shows_the_bytes(mount):
    page = mount(ParameterCounter())
    assert page.locator(".bytes").all_inner_texts() == [
        "574.2 MiB, to train 2.24 GiB",
        "1.76 TiB, to train 7.03 TiB",
        "343.0 MiB, to train 1.34 GiB",
        "7.00 KiB, to train 28.00 KiB",
    ]


def test_unit_stops_are_round_rise_and_hit_what_the_text_names(unit_stops):
    assert unit_stops == sorted(set(unit_stops))
    assert {1, 10, 1000, 4096, 6644, 150528} <= set(unit_stops)
    assert (unit_stops[0], unit_stops[-1]) == (1, LARGEST["units"])
    assert max(right / left for left, right in pairwise(unit_stops[1:])) <= 1.5


def test_nearest_stop(run_js, unit_stops):
    counts = [1, 13, 999, 1000, 4097, 6643, 150528]
    near = run_js(
        MODULE, "([stops, counts]) => counts.map(c => stops[nearestStop(stops, c)])", [unit_stops, counts]
    )
    assert near == [1, 15, 1000, 1000, 4096, 6644, 150528]


# the sentence


SENTENCES = [
    ({}, "224 × 224 × 3 = 150,528 inputs × 1,000 units = 150,528,000 weights + 1,000 biases."),
    (
        {"units": 6643},
        "224 × 224 × 3 = 150,528 inputs × 6,643 units = 999,957,504 weights + 6,643 biases.",
    ),
    (
        {"units": 6644},
        "224 × 224 × 3 = 150,528 inputs × 6,644 units = 1,000,108,032 weights + 6,644 biases: "
        "more than a billion parameters.",
    ),
    (SMALLEST, "8 × 8 × 1 = 64 inputs × 1 unit = 64 weights + 1 bias."),
    (
        {"wiring": "locally connected", "kernel_size": 5},
        "224 × 224 × 64 = 3,211,264 outputs × 5 × 5 × 3 = 240,844,800 weights + 3,211,264 biases.",
    ),
    (
        {"wiring": "locally connected", "kernel_size": 11},
        "224 × 224 × 64 = 3,211,264 outputs × 11 × 11 × 3 = 1,165,688,832 weights + 3,211,264 biases: "
        "more than a billion parameters.",
    ),
    (
        {"wiring": "shared weights"},
        "64 filters × 3 × 3 × 3 = 1,728 weights + 64 biases, whatever the size of the image.",
    ),
]


def test_the_status_writes_the_count_out(mount):
    page = mount(ParameterCounter())
    for setting, sentence in SENTENCES:
        set_traits(page, values({}) | {"wiring": "fully connected"} | setting)
        assert status(page) == sentence


# the bars


def test_bars_are_logarithmic_and_meet_the_labelled_powers_of_ten(mount):
    """6,644 units make a billion weights and 0.01 %: that bar ends on the mark of the billion."""
    page = mount(ParameterCounter(units=6644))
    bars = [bar.bounding_box()["width"] for bar in page.locator(".bar").all()]
    fills = [fill.bounding_box()["width"] for fill in page.locator(".fill").all()]
    billion = page.locator(".axis span", has_text="billion").bounding_box()
    left = page.locator(".fill").first.bounding_box()["x"]
    assert len(set(bars)) == 1
    assert fills[0] == pytest.approx(billion["x"] + billion["width"] / 2 - left, abs=1)
    counts = torch.tensor(shown_counts(page), dtype=torch.float64)
    assert fills == pytest.approx((counts.log10() / 15 * bars[0]).tolist(), abs=0.5)


def test_no_bar_leaves_its_track(mount):
    page = mount(ParameterCounter(**LARGEST))
    widths = page.evaluate(
        "[...document.querySelectorAll('.bar')].map(bar => [bar.firstChild.offsetWidth, bar.offsetWidth])"
    )
    assert all(0 < fill <= bar for fill, bar in widths)


def test_the_wiring_marks_its_bars(mount):
    page = mount(ParameterCounter())
    for wiring, rows in zip(WIRINGS, [[0, 1], [2], [3]], strict=True):
        set_traits(page, {"wiring": wiring})
        marked = page.evaluate(
            "[...document.querySelectorAll('.layers li')].map(row => row.classList.contains('current'))"
        )
        assert [at for at, is_marked in enumerate(marked) if is_marked] == rows


# the drawing


@pytest.mark.parametrize(
    ("wiring", "lines", "weights"), list(zip(WIRINGS, [64, 24, 24], [64, 24, 3], strict=True))
)
def test_the_drawing_has_a_line_for_each_connection_and_a_color_for_each_weight(
    mount, wiring, lines, weights
):
    page = mount(ParameterCounter(wiring=wiring))
    assert present(page, ".lines line") == lines
    assert page.locator(".counts .now").inner_text() == str(weights)
    places = page.evaluate(
        "[...document.querySelectorAll('.store rect:not(.absent)')].map(square => square.style.transform)"
    )
    assert len(set(places)) == weights
    assert f"{weights} weights" in page.locator(".caption").inner_text()


def test_the_small_wirings_count_what_torch_counts(run_js):
    counts = run_js(MODULE, "wirings => wirings.map(storedWeights)", WIRINGS)
    with torch.device("meta"):
        full = torch.nn.Linear(8, 8, bias=False).weight.numel()
        local = torch.nn.Conv1d(3 * 8, 8, 1, groups=8, bias=False).weight.numel()
        shared = torch.nn.Conv1d(1, 1, 3, padding="same", bias=False).weight.numel()
    assert counts == [full, local, shared] == [64, 24, 3]


def test_the_shared_wiring_is_a_convolution(run_js):
    """The drawing's table of weights, applied to numbers, gives what torch's conv1d gives."""
    ids = run_js(
        MODULE,
        """() => Array.from({ length: 8 }, (_, y) =>
                   Array.from({ length: 10 }, (_, x) => weightOf(SHARED, x - 1, y)))""",
    )
    weight, signal = torch.tensor([2.0, -3.0, 5.0]), torch.arange(1.0, 9.0) ** 2
    matrix = torch.tensor([[weight[i] if i >= 0 else 0.0 for i in row] for row in ids])
    padded = torch.nn.functional.pad(signal, (1, 1))
    assert torch.equal(
        matrix @ padded, torch.nn.functional.conv1d(signal[None, None], weight[None, None], padding=1)[0, 0]
    )


@pytest.mark.parametrize("width", [332, 760])
def test_lines_run_from_cell_to_cell(mount, width):
    page = mount(ParameterCounter(wiring="locally connected"), width=width)
    lines = page.evaluate(
        """[...document.querySelectorAll(".lines line:not(.absent)")].map(line => {
          const { left, top } = line.ownerSVGElement.getBoundingClientRect();
          return ["x1", "y1", "x2", "y2"].map((name, at) => +line.getAttribute(name) + (at % 2 ? top : left));
        })"""
    )
    padding = page.locator(".cells .padding").all()
    inputs = [padding[0], *page.locator("[data-grid=input]").all(), padding[1]]
    outputs = page.locator("[data-grid=output]").all()
    above, below = [[cell.bounding_box() for cell in cells] for cells in (inputs, outputs)]
    ends = [(above[out + tap], below[out]) for out in range(8) for tap in range(3)]
    for (x1, y1, x2, y2), (start, end) in zip(lines, ends, strict=True):
        assert x1 == pytest.approx(start["x"] + start["width"] / 2, abs=1)
        assert y1 == pytest.approx(start["y"] + start["height"], abs=1.5)
        assert x2 == pytest.approx(end["x"] + end["width"] / 2, abs=1)
        assert y2 == pytest.approx(end["y"], abs=1.5)


def test_shared_weights_repeat_three_colors_that_differ(mount):
    page = mount(ParameterCounter(wiring="shared weights"))
    colors = page.evaluate(
        "[...document.querySelectorAll('.lines line:not(.absent)')].map(line => line.style.stroke)"
    )
    assert len(colors) == 24
    assert len(set(colors)) == 3
    assert colors == colors[:3] * 8


@pytest.mark.parametrize(("wiring", "lit", "squares"), list(zip(WIRINGS, [8, 3, 3], [8, 3, 24], strict=True)))
def test_pointing_at_an_output_lights_its_own_weights(mount, wiring, lit, squares):
    """In the shared wiring 24 squares lie on three places and all stay lit: they are the same weights."""
    page = mount(ParameterCounter(wiring=wiring))
    page.get_by_role("gridcell", name="y₃").hover()
    assert present(page, ".lines line.lit") == lit
    assert page.locator(".lines line.dim").count() == (64 if wiring == "fully connected" else 24) - lit
    assert page.locator(".store rect:not(.dim):not(.absent)").count() == squares
    assert page.locator(".caption").inner_text().startswith("y₃ reads")
    page.mouse.move(2, 2)
    assert page.locator(".lit, .dim").count() == 0


def test_pointing_says_what_is_joined(mount):
    page = mount(ParameterCounter(wiring="locally connected"))
    for cell, sentence in {
        "y₁": "y₁ reads padding, x₁ and x₂ through 3 weights of its own.",
        "y₅": "y₅ reads x₄, x₅ and x₆ through 3 weights of its own.",
        "x₁": "x₁ feeds y₁ and y₂.",
    }.items():
        page.get_by_role("gridcell", name=cell).hover()
        assert page.locator(".caption").inner_text() == sentence
    page.evaluate("model.set('wiring', 'shared weights')")
    page.get_by_role("gridcell", name="y₅").hover()
    assert (
        page.locator(".caption").inner_text()
        == "y₅ reads x₄, x₅ and x₆ through the 3 weights that every output uses."
    )


def test_the_drawing_by_keyboard(mount):
    page = mount(ParameterCounter(wiring="locally connected"))
    page.get_by_role("gridcell", name="y₁").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".caption").inner_text().startswith("y₂ reads x₁, x₂ and x₃")
    page.keyboard.press("End")
    assert page.locator(".caption").inner_text().startswith("y₈ reads x₇, x₈ and padding")


# controls


@pytest.mark.parametrize("name", SLIDER_STOPS)
def test_sliders_by_keyboard_reach_both_ends(mount, name):
    page = mount(ParameterCounter())
    slider = page.get_by_role("slider", name=name.replace("_", " "), exact=True)
    slider.press("End")
    assert trait(page, name) == LARGEST[name]
    slider.press("Home")
    assert trait(page, name) == SMALLEST[name]
    slider.press("ArrowRight")
    assert trait(page, name) == SLIDER_STOPS[name][1]
    assert shown_counts(page) == torch_counts(**values({name: SLIDER_STOPS[name][1]}))


def test_the_units_slider_walks_its_stops_by_keyboard(mount, unit_stops):
    page = mount(ParameterCounter(units=1))
    slider = page.get_by_role("slider", name="units", exact=True)
    walked = [1]
    for _ in unit_stops[1:]:
        slider.press("ArrowRight")
        walked.append(trait(page, "units"))
    assert walked == unit_stops
    assert slider.get_attribute("aria-valuetext") == "150,528"


@pytest.mark.parametrize("name", [*SLIDER_STOPS, "units"])
def test_sliders_by_mouse(mount, name):
    page = mount(ParameterCounter())
    slider = page.get_by_role("slider", name=name.replace("_", " "), exact=True)
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    assert trait(page, name) == LARGEST[name]
    page.mouse.click(box["x"] + 3, box["y"] + box["height"] / 2)
    assert trait(page, name) == SMALLEST[name]


def test_a_python_value_between_the_stops_is_kept(mount):
    page = mount(ParameterCounter(units=4097, image_size=227))
    assert status(page).startswith("227 × 227 × 3 = 154,587 inputs × 4,097 units")
    assert trait(page, "units") == 4097
    assert page.get_by_role("slider", name="units", exact=True).get_attribute("aria-valuetext") == "4,097"


@pytest.mark.parametrize("use", ["mouse", "keyboard"])
def test_steps_through_the_wirings(mount, use):
    page = mount(ParameterCounter())
    for wiring in [*WIRINGS[1:], WIRINGS[0]]:
        button = page.get_by_role("button", name=wiring)
        button.click() if use == "mouse" else button.press("Enter")
        assert trait(page, "wiring") == wiring
        pressed = page.get_by_role("button", pressed=True).all_inner_texts()
        assert pressed == [wiring]


def test_reset_returns_to_what_python_made(mount):
    page = mount(ParameterCounter(units=4096, wiring="locally connected"))
    before = status(page)
    page.get_by_role("button", name="shared weights").click()
    page.get_by_role("slider", name="units").press("End")
    page.get_by_role("slider", name="kernel size").press("End")
    assert status(page) != before
    page.get_by_role("button", name="Reset").click()
    assert status(page) == before
    assert trait(page, "units") == 4096


def test_follows_traits_set_from_outside(mount):
    page = mount(ParameterCounter())
    page.evaluate("model.set('units', 4096); model.set('in_channels', 1)")
    assert shown_counts(page) == torch_counts(**values({"units": 4096, "in_channels": 1}))
    assert page.get_by_role("slider", name="in channels").input_value() == "1"


# layout


@pytest.mark.parametrize("width", WIDTHS)
def test_height_stays_and_nothing_scrolls_sideways(mount, width):
    page = mount(ParameterCounter(), width=width + 32)
    heights = set()
    for setting, wiring in product([SMALLEST, LARGEST, values({})], WIRINGS):
        set_traits(page, setting | {"wiring": wiring})
        for cell in ("y₁", "x₈"):
            page.get_by_role("gridcell", name=cell).focus()
            heights.add(page.locator(".cnnbook").bounding_box()["height"])
        page.evaluate("document.activeElement.blur()")
        heights.add(page.locator(".cnnbook").bounding_box()["height"])
        assert page.evaluate("document.documentElement.scrollWidth") <= width + 32
        overflowing = page.evaluate(
            """[...document.querySelectorAll('.cnnbook p, .cnnbook button')]
               .filter(e => e.scrollWidth > e.clientWidth + 1).length"""
        )
        assert overflowing == 0
    assert len(heights) == 1


def test_phone_targets_are_large_enough(mount):
    page = mount(ParameterCounter(), width=332)
    for target in page.locator(".cnnbook :is(input, button, [role=gridcell])").all():
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= 24


def test_survives_a_place_without_width(mount):
    page = mount(ParameterCounter())
    page.evaluate("document.querySelector('main').style.display = 'none'")
    page.evaluate("new Promise(requestAnimationFrame)")
    page.evaluate("model.set('units', 4096)")
    page.evaluate("document.querySelector('main').style.display = ''")
    assert status(page).startswith("224 × 224 × 3 = 150,528 inputs × 4,096 units")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("wiring", WIRINGS)
def test_accessible(mount, axe, theme, wiring):
    page = mount(ParameterCounter(wiring=wiring), theme=theme)
    assert axe(page) == []


def test_still_under_reduced_motion(mount):
    page = mount(ParameterCounter(), reduced_motion="reduce")
    duration = "e => getComputedStyle(e).transitionDuration"
    assert page.locator(".lines line").first.evaluate(duration) == "0s"
    page = mount(ParameterCounter(), reduced_motion="no-preference")
    assert page.locator(".lines line").first.evaluate(duration) != "0s"


# Python


@pytest.mark.parametrize("name", SMALLEST)
def test_python_refuses_values_out_of_bounds(name):
    for value in (SMALLEST[name] - 1, LARGEST[name] + 1, 2.5, "3"):
        with pytest.raises(TraitError, match=re.escape(name)):
            ParameterCounter(**{name: value})


def test_python_refuses_an_unknown_wiring_or_keyword():
    with pytest.raises(TraitError, match="wiring"):
        ParameterCounter(wiring="sparse")
    with pytest.raises(TypeError, match="filters"):
        ParameterCounter(filters=3)
