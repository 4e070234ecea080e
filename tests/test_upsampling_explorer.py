"""UpsamplingExplorer: its numbers against torch at every reachable setting, and what a reader can do with it."""

import itertools
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from figure_probe import (
    ENCODE,
    boxes,
    cells,
    decode,
    heights_and_cuts,
    overlap,
    set_traits,
    status,
    touch,
    trait,
)
from traitlets import TraitError

from cnnbook import shapes
from cnnbook.figures import UpsamplingExplorer

LIMITS = UpsamplingExplorer().limits
KINDS = LIMITS["kind"]["values"]
STATE = [
    name
    for name in UpsamplingExplorer.class_own_traits()
    if name in LIMITS or name in ("align_corners", "show_overlap", "input", "weight")
]
DEFAULTS = {name: getattr(UpsamplingExplorer(), name) for name in STATE}
SLIDERS = ["input_size", "kernel_size", "stride", "padding", "output_padding"]
ASKS = {
    "nearest": ["input_size", "stride"],
    "bilinear": ["input_size", "stride", "align_corners"],
    "transposed convolution": SLIDERS,
    "unpooling": ["input_size", "stride"],
    "resize, then convolve": ["input_size", "kernel_size", "stride", "padding"],
}


def every(name):
    return range(LIMITS[name]["min"], LIMITS[name]["max"] + 1)


def settings_of(kind):
    """All settings that a kind tells apart."""
    values = [(False, True) if name == "align_corners" else every(name) for name in ASKS[kind]]
    return [{"kind": kind, **dict(zip(ASKS[kind], one, strict=True))} for one in itertools.product(*values)]


def state_of(setting):
    """A figure's traits without the figure, of which a thousand would take seconds."""
    return SimpleNamespace(**DEFAULTS | setting)


def torch_upsample(inputs, weight, figure, indices):
    """(N, 1, n, n) inputs to outputs as the docstring of UpsamplingExplorer says; None where torch refuses."""
    try:
        if figure.kind == "nearest":
            return F.interpolate(inputs, scale_factor=figure.stride)
        if figure.kind == "bilinear":
            return F.interpolate(
                inputs, scale_factor=figure.stride, mode="bilinear", align_corners=figure.align_corners
            )
        if figure.kind == "transposed convolution":
            return F.conv_transpose2d(
                inputs, weight, None, figure.stride, figure.padding, figure.output_padding
            )
        if figure.kind == "unpooling":
            return F.max_unpool2d(inputs, indices.expand_as(inputs), figure.stride)
        return F.conv2d(F.interpolate(inputs, scale_factor=figure.stride), weight, padding=figure.padding)
    except RuntimeError:
        return None


def basis(size):
    """Every input of one cell that is 1: (size * size, 1, size, size)."""
    return torch.eye(size * size, dtype=torch.float64).reshape(-1, 1, size, size)


RNG = np.random.default_rng(9)
OWN_INPUT = RNG.normal(size=(5, 5)).round(2).tolist()
OWN_WEIGHT = RNG.normal(size=(5, 5)).round(2).tolist()

COMPUTE = f"""
({{ settings, state }}) => settings.map((setting) => {{
  {ENCODE}
  const all = {{ ...state, ...setting }};
  const now = computeUpsampling((trait) => all[trait]);
  const pixels = now.pixels.flat();
  return {{
    problem: now.problem, size: now.size, sentence: now.problem ? "" : SENTENCES[now.kind](now), overlap: now.problem ? null : overlapOf(now.pixels),
    output: encode(Float64Array.from(now.output.flat())),
    counts: encode(Int32Array.from(pixels, ({{ count }}) => count)), whole: encode(Uint8Array.from(pixels, ({{ whole }}) => whole)),
  }};
}})
"""


@pytest.fixture
def explorer_js(run_js):
    return lambda expression, argument=None: run_js(["upsampling_explorer.js"], expression, argument)


@pytest.fixture
def indices_of(explorer_js):
    found = explorer_js(
        "([sizes, scales]) => sizes.map((size) => scales.map((scale) => maximumIndices(size, scale)))",
        [list(every("input_size")), list(every("stride"))],
    )
    return lambda size, stride: torch.tensor(found[size - LIMITS["input_size"]["min"]][stride - 1])[
        None, None
    ]


@pytest.fixture
def compute(explorer_js):
    """``compute(settings)``: what the page computes of the reader's own input and kernel, one dict a setting."""

    def compute_all(settings, **state):
        own = {"input": OWN_INPUT, "weight": OWN_WEIGHT, "input_pattern": "custom", "kernel_preset": "custom"}
        found = explorer_js(COMPUTE, {"settings": settings, "state": DEFAULTS | own | state})
        for one in found:
            for name, dtype in (("output", "f8"), ("counts", "i4"), ("whole", "u1")):
                one[name] = decode(one[name], dtype)
        return found

    return compute_all


# ── the arithmetic ──


@pytest.mark.parametrize("kind", KINDS)
def test_every_reachable_setting_equals_torch(compute, indices_of, kind):
    """1264 settings, of which torch refuses 379; of unlike numbers, so that no two weights can be exchanged unseen."""
    settings, refused = settings_of(kind), 0
    for setting, shown in zip(settings, compute(settings), strict=True):
        figure = state_of(setting)
        size, k = figure.input_size, figure.kernel_size
        image = torch.tensor(OWN_INPUT, dtype=torch.float64)[None, None, :size, :size]
        weight = torch.tensor(OWN_WEIGHT, dtype=torch.float64)[None, None, :k, :k]
        expected = torch_upsample(image, weight, figure, indices_of(size, figure.stride))
        assert (shown["problem"] is not None) == (expected is None), setting
        if expected is None:
            refused += 1
            assert shown["size"] == 0
            continue
        assert (shown["size"],) * 2 == expected.shape[2:]
        np.testing.assert_allclose(shown["output"], expected.flatten(), rtol=0, atol=1e-11)
    assert refused == {"transposed convolution": 371, "resize, then convolve": 8}.get(kind, 0)


def spread_by_torch(figure, weight):
    """The contributions to each pixel, and which pixels lose none at the border, as masks of the output."""
    size, stride = figure.input_size, figure.stride
    if figure.kind == "transposed convolution":
        margin = 5  # input cells around the input, more than a kernel reaches
        ones = torch.ones_like(weight)
        shape = (stride, figure.padding, figure.output_padding)
        counts = F.conv_transpose2d(basis(size).sum(0, keepdim=True), ones, None, *shape)
        wide = F.conv_transpose2d(basis(size + 2 * margin).sum(0, keepdim=True), ones, None, *shape)
        start, end = margin * stride, margin * stride + counts.shape[-1]
        return counts, wide[:, :, start:end, start:end] == counts
    resized = torch.ones(1, 1, size * stride, size * stride, dtype=torch.float64)
    counts = F.conv2d(resized, torch.ones_like(weight), padding=figure.padding)
    return counts, counts == weight.numel()


@pytest.mark.parametrize("kind", ["transposed convolution", "resize, then convolve"])
@pytest.mark.parametrize("preset", ["ones", "bilinear weights", "custom"])
def test_the_overlap_and_what_is_said_of_it_are_torch_s(compute, explorer_js, kind, preset):
    """The smallest and the largest inputs, the least and the most output padding."""
    settings = [one for one in settings_of(kind) if one["input_size"] in (2, 5)]
    settings = [one for one in settings if one.get("output_padding", 0) in (0, one["stride"] - 1)]
    make = "([name, size]) => stampKernel(name, size)"
    kernels = {k: explorer_js(make, [preset, k]) for k in every("kernel_size")}
    said = {"even it out": 0, "gets a pattern": 0, "too small for a pattern": 0, "with gaps": 0}
    for setting, shown in zip(settings, compute(settings, kernel_preset=preset), strict=True):
        if shown["problem"]:
            continue
        figure, sentence = state_of(setting), shown["sentence"]
        size, k = figure.input_size, figure.kernel_size
        kernel = OWN_WEIGHT if preset == "custom" else kernels[k]
        weight = torch.tensor(kernel, dtype=torch.float64)[None, None, :k, :k]
        counts, whole = spread_by_torch(figure, weight)
        np.testing.assert_array_equal(shown["counts"], counts.flatten())
        np.testing.assert_array_equal(shown["whole"], whole.flatten())
        sums = torch_upsample(torch.ones(1, 1, size, size, dtype=torch.float64), weight, figure, None)[whole]
        inside = sorted(set(counts[whole].int().tolist()))
        even = sums.numel() == 0 or (sums.max() - sums.min()).item() < 1e-9
        ends = {"least": counts.min().item(), "most": counts.max().item()}
        assert shown["overlap"] == {**ends, "inside": inside, "even": even}
        divides = kind != "transposed convolution" or k % figure.stride == 0
        assert ("no checkerboard" in sentence) == divides
        assert (": a checkerboard" in sentence) == (len(inside) > 1)
        assert ("too small for a pattern" in sentence) == (not divides and len(inside) <= 1)
        assert ("with gaps" in sentence) == (len(inside) > 1 and inside[0] == 0)
        assert ("even it out" in sentence) == (len(inside) > 1 and even)
        assert ("gets a pattern" in sentence) == (divides and not even)
        said = {words: count + (words in sentence) for words, count in said.items()}
    stamps = kind == "transposed convolution"
    assert [count > 0 for count in said.values()] == [
        stamps and preset == "bilinear weights", stamps and preset != "ones", stamps, stamps,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["nearest", "bilinear", "unpooling"])
def test_without_a_kernel_an_input_cell_with_a_weight_is_a_contribution(compute, indices_of, kind):
    settings = settings_of(kind)
    for setting, shown in zip(settings, compute(settings), strict=True):
        figure = state_of(setting)
        size = figure.input_size
        weights = torch_upsample(basis(size), None, figure, indices_of(size, figure.stride))
        counts = (weights.abs() > 1e-12).sum(0).flatten()
        np.testing.assert_array_equal(shown["counts"], counts)
        words = shown["sentence"]
        assert "no checkerboard" in words
        if kind == "bilinear":
            least, most = counts.min().item(), counts.max().item()
            assert f"mixes {least} to {most} input cells" in words or (
                least == most and f"{most} input cell " in words
            )
            np.testing.assert_allclose(weights.sum(0), 1, atol=1e-12)
        if kind == "unpooling" and figure.stride > 1:
            assert f"the other {(counts == 0).sum()} output pixels get 0: gaps" in words


def test_maxima_lie_one_in_each_window_at_unlike_places(indices_of):
    for size, stride in itertools.product(every("input_size"), every("stride")):
        indices = indices_of(size, stride)
        picture = F.max_unpool2d(torch.ones(1, 1, size, size), indices, stride)
        assert torch.equal(F.max_pool2d(picture, stride, return_indices=True)[1], indices)
        rows, cols = indices // (size * stride), indices % (size * stride)
        places = {
            (row, col)
            for row, col in zip(
                (rows % stride).flatten().tolist(), (cols % stride).flatten().tolist(), strict=True
            )
        }
        assert stride == 1 or len(places) >= min(size, 3)


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_bilinear_weights_make_a_transposed_convolution_interpolate(explorer_js, stride):
    """As Long et al. initialise it: kernel 2 · stride − stride % 2, padding ⌈(stride − 1) / 2⌉."""
    kernel_size, padding = 2 * stride - stride % 2, stride // 2
    weight = torch.tensor(explorer_js("size => stampKernel('bilinear weights', size)", kernel_size))[
        None, None
    ]
    image = torch.tensor(RNG.normal(size=(1, 1, 5, 7)))
    made = F.conv_transpose2d(image, weight.double(), stride=stride, padding=padding)
    expected = F.interpolate(image, scale_factor=stride, mode="bilinear", align_corners=False)
    inside = (..., slice(stride, -stride), slice(stride, -stride))
    torch.testing.assert_close(made[inside], expected[inside])


def test_sizes_and_refusals_of_a_transposed_convolution_are_the_book_s(explorer_js):
    settings = settings_of("transposed convolution")
    names = {"input_size": "inputSize", "kernel_size": "kernelSize", "output_padding": "outputPadding"}
    asked = [{names.get(name, name): value for name, value in one.items()} for one in settings]
    found = explorer_js(
        "asked => asked.map((one) => (upsamplingProblem(one) ? null : upsampledSize(one)))", asked
    )
    for setting, size in zip(settings, found, strict=True):
        arguments = {name: value for name, value in setting.items() if name != "kind"}
        if size is None:
            with pytest.raises(ValueError, match=r"padding is \d"):
                shapes.conv_transpose_output_size(**arguments)
        else:
            assert shapes.conv_transpose_output_size(**arguments) == size


# ── the page ──

EXAMPLES = [
    {},
    {"kind": "nearest", "stride": 4, "input_size": 2, "input_pattern": "ramp"},
    {"kind": "bilinear", "stride": 3, "input_size": 4, "row": 5, "column": 7},
    {"kind": "bilinear", "stride": 4, "input_size": 5, "align_corners": True, "row": 23},
    {"kind": "transposed convolution", "kernel_size": 4, "padding": 1, "kernel_preset": "bilinear weights"},
    {"kernel_size": 5, "stride": 4, "input_size": 5, "output_padding": 3, "input_pattern": "flat"},
    {"kernel_size": 1, "stride": 3, "input_size": 4, "input_pattern": "spot", "row": 1},
    {"kind": "unpooling", "stride": 3, "input_size": 5},
    {"kind": "resize, then convolve", "padding": 2, "kernel_size": 5, "input_size": 5, "stride": 4},
    {"kind": "resize, then convolve", "kernel_size": 4, "kernel_preset": "bilinear weights", "input_size": 2},
    {"input": [[1.5, -2, 0], [0, 3, 8], [4, 0.25, -1]], "input_pattern": "custom", "kernel_preset": "custom",
     "weight": [[1, -2, 3], [0, 0.5, -0.25], [7, 0, 1]], "kernel_size": 3, "stride": 1},
]  # fmt: skip


def torch_output(page, figure):
    inputs = torch.tensor(cells(page, "input"))[None, None]
    uses_kernel = figure.kind in ("transposed convolution", "resize, then convolve")
    weight = torch.tensor(cells(page, "kernel"))[None, None] if uses_kernel else None
    indices = torch.tensor(cells(page, "places")).long()[None, None] if figure.kind == "unpooling" else None
    return torch_upsample(inputs, weight, figure, indices)[0, 0].numpy()


@pytest.mark.parametrize("setting", EXAMPLES)
def test_the_cells_show_what_torch_computes(mount, setting):
    figure = UpsamplingExplorer(**setting)
    page = mount(figure)
    expected = torch_output(page, figure)
    np.testing.assert_allclose(cells(page, "output"), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(cells(page, "output", "textContent"), expected, rtol=1e-2, atol=5.1e-3)
    assert status(page).replace("\u00a0", " ").startswith(f"Output {len(expected)} × {len(expected)}. ")
    formula = page.locator(".formula").inner_text().replace("\u00a0", " ")
    numbers = re.search(r"= ([^=]*) = (\d+)\.", formula)
    assert eval(numbers[1].replace("·", "*").replace("−", "-")) == int(numbers[2]) == len(expected)


def test_a_cell_s_text_is_short_and_near_its_number(explorer_js):
    values = [
        0,
        1,
        -1,
        0.3333,
        -0.5,
        5.333,
        9.996,
        10.5,
        -10.25,
        100.5,
        99.96,
        9999,
        0.004,
        1e-9,
        12345,
        -3.2e7,
    ]
    texts = explorer_js("values => values.map(cellText)", values)
    assert texts[:9] == ["0", "1", "-1", ".33", "-.5", "5.33", "10", "10.5", "-10.3"]
    assert texts[-2:] == ["12k", "-32M"] and all(len(text.removeprefix("-")) <= 4 for text in texts)
    np.testing.assert_allclose([float(text) for text in texts[:-2]], values[:-2], rtol=5e-3, atol=5e-3)


def pixel(row, col, grid="output"):
    return f"[data-grid={grid}][data-row='{row}'][data-col='{col}']"


def marked(page, grid, name):
    return page.eval_on_selector_all(
        f"[data-grid={grid}].{name}", "cells => cells.map(c => [+c.dataset.row, +c.dataset.col])"
    )


def panel(page):
    return page.get_by_role("group", name="the chosen cell").inner_text()


@pytest.mark.parametrize("setting", EXAMPLES)
def test_pointing_at_an_output_pixel_lights_its_inputs_and_writes_its_sum(mount, setting):
    """The inputs that add into it are those with a gradient."""
    figure = UpsamplingExplorer(**setting)
    page = mount(figure)
    output, inputs = cells(page, "output"), cells(page, "input")
    for row, col in {(0, 0), (len(output) // 3, len(output) // 2), (len(output) - 1, len(output) // 2)}:
        page.locator(pixel(row, col)).hover()
        assert (trait(page, "row"), trait(page, "column")) == (row, col)
        assert marked(page, "output", "current") == [[row, col]]
        lit = marked(page, "input", "lit")
        start, products, total, count = re.fullmatch(
            r"(output row \d+, column \d+)(?: = (.*))? = (\S+): (no|\d+) (?:input cell|contribution).*\.",
            panel(page),
        ).groups()
        assert start == f"output row {row + 1}, column {col + 1}"
        assert float(total) == pytest.approx(output[row, col], rel=5e-3, abs=5e-4)
        terms = [product.split("·") for product in products.split(" + ")] if products else []
        assert [float(value) for value, _ in terms] == pytest.approx([inputs[r, c] for r, c in lit], abs=5e-4)
        weights = [float(weight.strip("()")) for _, weight in terms]
        assert sum(w * inputs[r, c] for w, (r, c) in zip(weights, lit, strict=True)) == pytest.approx(
            output[row, col], rel=5e-3, abs=2e-2
        )
        page.get_by_role("checkbox", name="show overlap").check()
        assert cells(page, "output")[row, col] == (0 if count == "no" else int(count))
        page.get_by_role("checkbox", name="show overlap").uncheck()


def test_the_kernel_cells_of_a_pixel_are_lit(mount):
    page = mount(UpsamplingExplorer(input_size=4))
    page.locator(pixel(4, 3)).hover()
    assert marked(page, "kernel", "lit") == [[0, 1], [2, 1]]
    assert marked(page, "input", "lit") == [[1, 1], [2, 1]]
    page.get_by_role("combobox", name="kind").select_option("resize, then convolve")
    assert len(marked(page, "kernel", "lit")) == 9 and "9 contributions from 4 input cells" in panel(page)


@pytest.mark.parametrize("setting", [one for one in EXAMPLES if one.get("input_size", 3) < 5])
def test_pointing_at_an_input_cell_shows_its_stamp(mount, setting):
    """Its stamp is the output of an input that is zero elsewhere; in the overlap, of its contributions."""
    figure = UpsamplingExplorer(**setting)
    page = mount(figure)
    whole = cells(page, "output")
    stamps = np.zeros_like(whole)
    for row, col in itertools.product(range(figure.input_size), repeat=2):
        page.locator(pixel(row, col, "input")).focus()
        shown = cells(page, "output")
        stamps += shown
        if (row, col) == (1, 0):
            assert page.locator(".part.output .grid-title").inner_text() == "stamp of input row 2, column 1"
            reached = int(re.search(r"adds into (\d+) of (\d+) output pixels", panel(page))[1])
            assert page.locator("[data-grid=output]:not(.todo)").count() == reached
            assert (shown != 0).sum() <= reached
    np.testing.assert_allclose(stamps, whole, rtol=0, atol=1e-9)
    page.locator(pixel(0, 0)).hover()  # the pointer wins over the focus, which is still on an input cell
    np.testing.assert_allclose(cells(page, "output"), whole, rtol=0, atol=0)


def test_the_stamps_of_the_overlap_add_up_to_it(mount):
    page = mount(UpsamplingExplorer(kind="resize, then convolve", padding=1, show_overlap=True))
    whole = cells(page, "output")
    stamps = np.zeros_like(whole)
    for row, col in itertools.product(range(3), repeat=2):
        page.locator(pixel(row, col, "input")).hover()
        stamps += cells(page, "output")
    np.testing.assert_array_equal(stamps, whole)
    assert whole.max() == 9 and whole.min() == 4


def test_pointing_at_a_kernel_cell_lights_where_it_lands(mount):
    page = mount(UpsamplingExplorer(input_size=3, padding=1))
    page.locator(pixel(2, 1, "kernel")).hover()
    assert marked(page, "output", "lit") == [[row, col] for row in (1, 3) for col in (0, 2, 4)]
    page.locator(pixel(3, 2)).hover()
    page.locator(pixel(2, 1, "kernel")).hover()
    assert marked(page, "input", "current") == [[1, 1]]


def test_the_overlap_paints_a_checkerboard_and_its_gaps(mount):
    page = mount(UpsamplingExplorer(show_overlap=True))
    axis = np.array([1, 1, 2, 1, 2, 1, 1])
    np.testing.assert_array_equal(cells(page, "output"), np.outer(axis, axis))
    assert page.locator(pixel(2, 2)).get_attribute("class") != page.locator(pixel(2, 3)).get_attribute(
        "class"
    )
    assert page.locator(".gap").count() == 0
    set_traits(page, kernel_size=1)
    assert len(marked(page, "output", "gap")) == 25 - 9
    set_traits(page, kernel_size=2)
    assert page.locator(".gap").count() == 0 and cells(page, "output").max() == 1


SAYS = [
    ({}, "Output 7 × 7. Each pixel gets 1 to 4 contributions, away from the border 1, 2 or 4: a checkerboard, for stride 2 does not divide kernel 3."),
    ({"kernel_size": 4}, "Output 8 × 8. Each pixel gets 1 to 4 contributions, away from the border always 4: no checkerboard, for stride 2 divides kernel 4."),
    ({"kernel_preset": "bilinear weights"}, "Output 7 × 7. Each pixel gets 1 to 4 contributions, away from the border 1, 2 or 4: a checkerboard, for stride 2 does not divide kernel 3. But these weights even it out for a flat input."),
    ({"kernel_size": 2, "kernel_preset": "custom", "weight": [[1, 2], [3, 4]]}, "Output 6 × 6. Each pixel gets 1 contribution: no checkerboard, for stride 2 divides kernel 2. But these weights are uneven: a flat input gets a pattern."),
    ({"kernel_size": 2, "stride": 3}, "Output 8 × 8. Each pixel gets 0 or 1 contribution, away from the border 0 or 1: a checkerboard with gaps, for stride 3 does not divide kernel 2."),
    ({"kernel_size": 5, "input_size": 2}, "Output 7 × 7. Each pixel gets 1 to 4 contributions. The output is too small for a pattern, but a larger one has a checkerboard, for stride 2 does not divide kernel 5."),
    ({"kernel_size": 5, "input_size": 2, "stride": 1}, "Output 6 × 6. Each pixel gets 1 to 4 contributions, and all lie at the border: no checkerboard, for stride 1 divides kernel 5."),
    ({"kind": "nearest"}, "Output 6 × 6. Each pixel copies one input cell, 1 contribution: no checkerboard, but blocks of 2 × 2."),
    ({"kind": "bilinear", "stride": 3}, "Output 9 × 9. Each pixel mixes 1 to 4 input cells by weights that add up to 1: no checkerboard."),
    ({"kind": "unpooling"}, "Output 6 × 6. Each input cell goes where max-pooling found it, 1 contribution; the other 27 output pixels get 0: gaps, no checkerboard."),
    ({"kind": "resize, then convolve", "padding": 1}, "Output 6 × 6. Each pixel gets 4 to 9 contributions, away from the border always 9: no checkerboard, for the kernel moves over the resized map by 1."),
    ({"output_padding": 2}, "Output padding is 2, but PyTorch takes only less than the stride, which is 2. Use less output padding or a larger stride."),
    ({"kernel_size": 1, "stride": 1, "input_size": 2, "padding": 2}, "Padding 2 cuts the whole output away: its size would be -2. Use less padding, or a larger input, stride or kernel."),
    ({"kind": "resize, then convolve", "kernel_size": 5, "stride": 1}, "The kernel spans 5 pixels, the resized and padded map only 3: no output. Use a smaller kernel, or more scale, input or padding."),
]  # fmt: skip


def test_the_status_says_the_size_the_overlap_and_whether_there_is_a_checkerboard(mount):
    page = mount(UpsamplingExplorer())
    for setting, sentence in SAYS:
        set_traits(page, **DEFAULTS | setting)
        assert status(page).replace("\u00a0", " ") == sentence


def test_a_setting_without_output_leaves_the_figure_usable(mount):
    page = mount(UpsamplingExplorer(output_padding=3))
    assert page.locator("[data-grid=output]").count() == 0 and panel(page) == ""
    assert page.get_by_role("slider", name="row").is_disabled()
    page.locator(pixel(0, 0, "input")).hover()
    assert "PyTorch takes only less" in status(page)
    page.get_by_role("slider", name="stride").press("End")
    assert "Output 14" in status(page) and page.get_by_role("slider", name="row").is_enabled()
    assert cells(page, "output").shape == (14, 14)


# ── controls ──


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_sliders_reach_both_ends(mount, how):
    page = mount(UpsamplingExplorer(input_size=3))
    for name in ["row", "column", *SLIDERS]:
        slider = page.get_by_role("slider", name=re.compile(f"^{name.replace('_', ' ')}( or scale)?$"))
        box = slider.bounding_box()
        ends = {"min": 0, "max": 6} if name in ("row", "column") else LIMITS[name]
        for key, x in (("End", box["x"] + box["width"] - 2), ("Home", box["x"] + 2)):
            slider.press(key) if how == "keyboard" else page.mouse.click(x, box["y"] + box["height"] / 2)
            assert trait(page, name) == ends["max" if key == "End" else "min"], name
        set_traits(page, **{name: DEFAULTS[name]})


@pytest.mark.parametrize("name", ["kind", "input_pattern", "kernel_preset"])
def test_menus_offer_every_value(mount, name):
    page = mount(UpsamplingExplorer())
    shown = set()
    for value in LIMITS[name]["values"]:
        page.get_by_role("combobox", name=name.replace("_", " ")).select_option(value)
        assert trait(page, name) == value
        shown.add(cells(page, "output").tobytes())
    assert len(shown) == len(LIMITS[name]["values"])


def test_controls_that_a_kind_does_not_ask_are_switched_off(mount):
    page = mount(UpsamplingExplorer())
    controls = {
        name: page.get_by_role(
            "checkbox" if name == "align_corners" else "slider", name=name.replace("_", " "), exact=True
        )
        for name in ("kernel_size", "padding", "output_padding", "align_corners")
    }
    for kind in KINDS:
        page.get_by_role("combobox", name="kind").select_option(kind)
        for name, control in controls.items():
            assert control.is_enabled() == (name in ASKS[kind]), (kind, name)
        asks_kernel = "kernel_size" in ASKS[kind]
        assert page.get_by_role("combobox", name="kernel preset").is_enabled() == asks_kernel
        middle = (
            "kernel" if asks_kernel else "indices of the maxima" if kind == "unpooling" else "weights used"
        )
        assert [
            name
            for name in ("kernel", "weights used", "indices of the maxima")
            if page.get_by_role("grid", name=name).count()
        ] == [middle]


def test_what_a_kind_does_not_ask_changes_nothing(compute):
    others = {"kernel_size": 5, "padding": 2, "output_padding": 3, "align_corners": True}
    for kind in KINDS:
        for name in set(others) - set(ASKS[kind]):
            plain, other = compute([{"kind": kind}, {"kind": kind, name: others[name]}])
            assert (
                plain["sentence"] == other["sentence"]
                and plain["output"].tolist() == other["output"].tolist()
            )


def test_the_arrow_keys_walk_the_output_and_the_sliders_follow(mount):
    page = mount(UpsamplingExplorer(row=1, column=1))
    home = page.locator("[data-grid=output][tabindex='0']")
    assert (home.get_attribute("data-row"), home.get_attribute("data-col")) == ("1", "1")
    home.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert (trait(page, "row"), trait(page, "column")) == (2, 3)
    assert page.get_by_role("slider", name="column").input_value() == "3"
    assert panel(page).startswith("output row 3, column 4 = ")
    page.get_by_role("slider", name="row").press("ArrowRight")
    assert marked(page, "output", "current") == [[3, 3]]


def test_a_pixel_beyond_the_last_is_the_last(mount):
    page = mount(UpsamplingExplorer(row=23, column=22))
    assert marked(page, "output", "current") == [[6, 6]] and panel(page).startswith(
        "output row 7, column 7 = "
    )
    label = page.locator(".control", has=page.get_by_role("slider", name="row")).locator(".value")
    assert label.inner_text() == "7 of 7"


def edit(page, grid, text, row=1, col=1):
    cell = page.locator(pixel(row, col, grid))
    cell.focus()
    cell.press("Enter")
    page.locator(".editor").fill(text)
    page.locator(".editor").press("Enter")
    return cell


@pytest.mark.parametrize(("grid", "preset"), [("input", "input_pattern"), ("kernel", "kernel_preset")])
@pytest.mark.parametrize("kind", ["transposed convolution", "resize, then convolve"])
def test_a_cell_edited_by_keyboard_changes_the_output(mount, kind, grid, preset):
    figure = UpsamplingExplorer(kind=kind)
    page = mount(figure)
    before = cells(page, "output")
    assert edit(page, grid, "-2,5").get_attribute("data-value") == "-2.5"
    page.locator(pixel(0, 0)).hover()
    assert trait(page, preset) == "custom"
    after = cells(page, "output")
    assert not np.array_equal(before, after)
    np.testing.assert_allclose(after, torch_output(page, figure), rtol=0, atol=1e-12)


def test_a_cell_that_is_no_number_says_so(mount):
    page = mount(UpsamplingExplorer())
    edit(page, "kernel", "abc")
    assert "“abc” is not a number" in status(page)
    page.locator(".editor").press("Escape")
    assert "Output 7" in status(page) and trait(page, "kernel_preset") == "ones"


def test_numbers_beyond_a_smaller_kernel_come_back(mount):
    page = mount(UpsamplingExplorer())
    edit(page, "kernel", "42", row=2, col=2)
    slider = page.get_by_role("slider", name="kernel size")
    slider.press("ArrowLeft")
    edit(page, "kernel", "7", row=0, col=0)
    slider.press("ArrowRight")
    shown = cells(page, "kernel")
    assert shown[2, 2] == 42 and shown[0, 0] == 7 and shown[1, 2] == 1


def test_reset_brings_the_author_s_setting_back(mount):
    figure = UpsamplingExplorer(kernel_size=4, padding=1, kernel_preset="bilinear weights", row=3)
    page = mount(figure)
    before = status(page), panel(page)
    page.get_by_role("combobox", name="input pattern").select_option("spot")
    page.get_by_role("slider", name="stride").press("End")
    page.get_by_role("checkbox", name="show overlap").check()
    edit(page, "kernel", "5")
    page.locator(pixel(1, 0)).hover()
    page.get_by_role("combobox", name="kind").select_option("nearest")
    assert status(page) != before[0]
    page.get_by_role("button", name="Reset").click()
    assert {name: trait(page, name) for name in STATE} == {name: getattr(figure, name) for name in STATE}
    assert (status(page), panel(page)) == before


# ── touch ──


def test_a_tap_chooses_stamps_and_edits(mount):
    page = mount(UpsamplingExplorer(), width=332, has_touch=True)
    page.locator(pixel(3, 2)).tap()
    assert (trait(page, "row"), trait(page, "column")) == (3, 2)
    cell = page.locator(pixel(2, 1, "input"))
    cell.tap()
    assert "adds into 9 of 49 output pixels" in panel(page)
    cell.tap()
    page.locator(".editor").fill("5")
    page.locator(".editor").press("Enter")
    assert cell.get_attribute("data-value") == "5"
    page.locator(pixel(0, 0)).tap()
    assert panel(page).startswith("output row 1, column 1 = ")


def test_a_swipe_over_the_output_scrolls_the_page(mount):
    page = mount(UpsamplingExplorer(input_size=5, stride=4), width=332, has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 332, "height": 640})
    page.locator(".stage").scroll_into_view_if_needed()
    before, box = page.evaluate("scrollY"), page.locator(pixel(9, 9)).bounding_box()
    y = min(box["y"], 500)
    touch(page, *((box["x"] + 5, y - step) for step in range(0, 200, 20)))
    page.wait_for_function(f"scrollY > {before} + 50")
    assert (trait(page, "row"), trait(page, "column")) == (4, 4)


# ── its look ──


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("setting", [{"show_overlap": True}, {"kind": "unpooling"}, {"output_padding": 3}])
def test_is_accessible(mount, axe, theme, setting):
    assert axe(mount(UpsamplingExplorer(input_size=2, **setting), theme=theme)) == []


WIDTHS = [332, 640, 792]  # of the page; the figure is 32 narrower


@pytest.mark.parametrize("width", WIDTHS)
def test_fits(mount, width):
    page = mount(UpsamplingExplorer(), width=width)
    frame = boxes(page, ".cnnbook")[0]
    for setting in EXAMPLES:
        set_traits(page, **DEFAULTS | setting)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        stage = boxes(page, ".stage")[0]
        for box in boxes(page, ".part, .grid-frame:not([hidden]), .grid-title, .controls > *"):
            assert box["left"] >= frame["left"] + 12 and box["right"] <= frame["right"] - 12
        grids = boxes(page, ".grid-frame:not([hidden])")
        assert len(grids) == 3
        for box in grids:
            assert box["bottom"] <= stage["bottom"] and box["right"] <= stage["right"]
        assert overlap(grids) <= 0
        for box in boxes(page, "button, select, input[type=range], .check"):
            assert min(box["width"], box["height"]) >= 24


@pytest.mark.parametrize("width", WIDTHS)
def test_its_height_never_changes_and_no_text_is_cut_off(mount, width):
    page = mount(UpsamplingExplorer(), width=width)
    settings = [DEFAULTS | setting for setting in [*EXAMPLES, *(setting for setting, _ in SAYS)]]
    largest = {"input_size": 5, "kernel_size": 5, "stride": 4, "row": 22, "column": 22}
    settings += [{**largest, "kind": kind} for kind in KINDS]
    heights, cut = heights_and_cuts(page, settings, "[role=status], .grid-title")
    assert len(heights) == 1 and cut == []


# ── Python ──


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "bicubic"}, {"input_size": 1}, {"input_size": 6}, {"kernel_size": 0}, {"kernel_size": 6}, {"stride": 0},
        {"stride": 5}, {"padding": -1}, {"padding": 3}, {"output_padding": 4}, {"align_corners": "yes"},
        {"input_pattern": "sine"}, {"kernel_preset": "sum"}, {"row": 24}, {"column": -1},
    ],
)  # fmt: skip
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        UpsamplingExplorer(**bad)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"input": [[1.0, float("nan")], [0.0, 1.0]]}, r"input\[0\]\[1\] is nan"),
        ({"input": [[0.0] * 6] * 6}, "a square of at most 5 by 5"),
        ({"weight": [[1.0, 2.0]]}, r"weight has rows of lengths \[2\]"),
        ({"weight": [3]}, r"weight is \[3\]; expected rows of numbers"),
        ({"weight": [["a"]]}, r"weight\[0\]\[0\] is 'a'"),
        ({"weight": [[5000.0]]}, r"weight\[0\]\[0\] is 5000"),
    ],
)
def test_python_refuses_numbers_that_cannot_be_shown(bad, message):
    with pytest.raises(ValueError, match=message):
        UpsamplingExplorer(**bad)


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match="UpsamplingExplorer has no scale; its traits are"):
        UpsamplingExplorer(scale=2)
