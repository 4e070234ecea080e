"""ConvolutionExplorer: its numbers against torch at every reachable setting, and what a reader can do with it."""

import numpy as np
import pytest
import torch
from figure_probe import ENCODE, cells, decode, status
from traitlets import TraitError

from cnnbook.figures import ConvolutionExplorer

LIMITS = ConvolutionExplorer().limits
SIZES = ["input_size", "kernel_size", "stride", "padding", "dilation"]
PATTERNS = [name for name in LIMITS["input_pattern"]["values"] if name != "custom"]
PRESETS = [name for name in LIMITS["kernel_preset"]["values"] if name != "custom"]
TORCH_MODES = {"zeros": "constant"}

COMPUTE_ALL = (
    """
({ inputSize, kernelSize, limits, modes, patterns, presets }) => {
"""
    + ENCODE
    + """
  const range = ({ min, max }) => Array.from({ length: max - min + 1 }, (_, i) => min + i);
  const numbers = [], sizes = [];
  const state = { input_size: inputSize, kernel_size: kernelSize };
  for (state.padding_mode of modes) for (state.stride of range(limits.stride)) for (state.padding of range(limits.padding))
    for (state.dilation of range(limits.dilation)) for (state.input_pattern of patterns) for (state.kernel_preset of presets) {
      const { size, output, problem } = compute((trait) => state[trait]);
      sizes.push(problem ? 0 : size);
      for (const row of output) for (const value of row) numbers.push(value);
    }
  return { sizes, numbers: encode(new Float32Array(numbers)) };
}
"""
)
INPUTS_AND_WEIGHTS = """
({ patterns, presets, limits }) => {
  const range = ({ min, max }) => Array.from({ length: max - min + 1 }, (_, i) => min + i);
  return {
    inputs: range(limits.input_size).map((size) => patterns.map((name) => inputPattern(name, size))),
    weights: range(limits.kernel_size).map((size) => presets.map((name) => kernelPreset(name, size))),
  };
}
"""


def every(trait):
    return range(LIMITS[trait]["min"], LIMITS[trait]["max"] + 1)


def torch_outputs(inputs, weights, mode, stride, padding, dilation):
    """(patterns, presets, size, size) as torch computes it, or None where it refuses."""
    try:
        padded = torch.nn.functional.pad(inputs[:, None], (padding,) * 4, TORCH_MODES.get(mode, mode))
        return torch.nn.functional.conv2d(padded, weights[:, None], stride=stride, dilation=dilation)
    except RuntimeError:
        return None


@pytest.fixture
def explorer_js(run_js):
    return lambda expression, argument: run_js(["convolution_explorer.js"], expression, argument)


def test_every_reachable_setting_equals_torch(explorer_js):
    """All sizes, strides, paddings, dilations, modes, patterns and presets: over half a million convolutions."""
    names = {"patterns": PATTERNS, "presets": PRESETS, "limits": LIMITS}
    drawn = explorer_js(INPUTS_AND_WEIGHTS, names)
    refused = computed = 0
    for input_size in every("input_size"):
        inputs = torch.tensor(drawn["inputs"][input_size - LIMITS["input_size"]["min"]], dtype=torch.float64)
        for kernel_size in every("kernel_size"):
            weights = torch.tensor(
                drawn["weights"][kernel_size - LIMITS["kernel_size"]["min"]], dtype=torch.float64
            )
            modes = LIMITS["padding_mode"]["values"]
            shown = explorer_js(
                COMPUTE_ALL, names | {"inputSize": input_size, "kernelSize": kernel_size, "modes": modes}
            )
            sizes, expected = [], []
            for mode in modes:
                for stride in every("stride"):
                    for padding in every("padding"):
                        for dilation in every("dilation"):
                            output = torch_outputs(inputs, weights, mode, stride, padding, dilation)
                            sizes += (
                                [0 if output is None else output.shape[-1]] * len(PATTERNS) * len(PRESETS)
                            )
                            expected += [] if output is None else [output.flatten()]
            assert shown["sizes"] == sizes
            numbers = decode(shown["numbers"], np.float32)
            np.testing.assert_allclose(numbers, torch.cat(expected).numpy(), rtol=1e-6, atol=1e-5)
            refused += sizes.count(0)
            computed += len(sizes) - sizes.count(0)
    assert refused > 100_000 and computed > 300_000


EDGES = [
    {},
    {"input_size": 12, "kernel_size": 1, "padding": 6, "input_pattern": "random", "kernel_preset": "sum"},
    {"input_size": 3, "kernel_size": 7, "padding": 6, "dilation": 2, "kernel_preset": "blur"},
    {"input_size": 11, "kernel_size": 4, "stride": 4, "padding": 3, "padding_mode": "reflect", "input_pattern": "spot"},
    {"input_size": 6, "kernel_size": 3, "padding": 6, "padding_mode": "circular", "input_pattern": "ramp", "stride": 3},
    {"input_size": 5, "kernel_size": 2, "padding": 2, "padding_mode": "replicate", "kernel_preset": "sharpen"},
]  # fmt: skip


@pytest.mark.parametrize("setting", EDGES)
def test_the_cells_show_what_torch_computes(mount, setting):
    explorer = ConvolutionExplorer(**setting)
    page = mount(explorer)
    shown, kernel = cells(page, "input"), cells(page, "kernel")
    expected = torch_outputs(
        torch.tensor(shown)[None], torch.tensor(kernel)[None],
        explorer.padding_mode, explorer.stride, explorer.padding, explorer.dilation,
    )[0, 0]  # fmt: skip
    np.testing.assert_allclose(cells(page, "output"), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(cells(page, "output", "textContent"), expected, rtol=5e-3, atol=5e-4)
    assert shown.shape == (explorer.input_size,) * 2 and kernel.shape == (explorer.kernel_size,) * 2
    assert f"output {len(expected)} × {len(expected)}" in status(page)


@pytest.mark.parametrize("trait", SIZES)
def test_sliders_by_keyboard_reach_both_ends(mount, trait):
    page = mount(ConvolutionExplorer(input_size=12, padding=3))
    slider = page.get_by_role("slider", name=trait.replace("_", " "), exact=True)
    slider.press("Home")
    assert page.evaluate(f"model.get('{trait}')") == LIMITS[trait]["min"]
    slider.press("End")
    assert page.evaluate(f"model.get('{trait}')") == LIMITS[trait]["max"]
    slider.press("ArrowLeft")
    assert page.evaluate(f"model.get('{trait}')") == LIMITS[trait]["max"] - 1


@pytest.mark.parametrize("trait", SIZES)
def test_sliders_by_mouse_reach_both_ends(mount, trait):
    page = mount(ConvolutionExplorer(input_size=12, padding=3))
    box = page.get_by_role("slider", name=trait.replace("_", " "), exact=True).bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, middle, steps=5)
    assert page.evaluate(f"model.get('{trait}')") == LIMITS[trait]["max"]
    page.mouse.move(box["x"] + 1, middle, steps=5)
    page.mouse.up()
    assert page.evaluate(f"model.get('{trait}')") == LIMITS[trait]["min"]


@pytest.mark.parametrize("trait", ["padding_mode", "input_pattern", "kernel_preset"])
def test_menus_offer_every_value(mount, trait):
    page = mount(ConvolutionExplorer(padding=1))
    menu = page.get_by_role("combobox", name=trait.replace("_", " "), exact=True)
    for value in LIMITS[trait]["values"]:
        menu.select_option(value)
        assert page.evaluate(f"model.get('{trait}')") == value
        assert "output 7 × 7" in status(page)


def test_pointing_at_an_output_lights_its_window_and_writes_its_sum(mount):
    page = mount(ConvolutionExplorer(input_size=8, padding=1, stride=2, dilation=2, input_pattern="ramp"))
    page.locator("[data-grid=output][data-row='1'][data-col='2']").hover()
    lit = page.eval_on_selector_all(".lit", "cells => cells.map(c => [+c.dataset.row, +c.dataset.col])")
    assert lit == [[row, col] for row in (1, 3, 5) for col in (3, 5, 7)]
    line = page.get_by_role("group", name="sum of the window").inner_text()
    assert line.startswith("output row 2, column 3 = 4·(-1) + 6·0 + 8·1") and line.endswith("= 12")


def test_pointing_at_an_input_lights_the_outputs_that_it_feeds(mount):
    page = mount(ConvolutionExplorer(input_size=6, padding=1, stride=2))
    page.locator("[data-grid=input][data-row='1'][data-col='2']").hover()
    lit = page.eval_on_selector_all(
        "[data-grid=output].lit", "cells => cells.map(c => [+c.dataset.row, +c.dataset.col])"
    )
    assert lit == [[0, 1], [1, 1]]
    assert "this input cell feeds 2 outputs" in status(page)


def test_rows_that_no_window_reads_are_hatched(mount):
    page = mount(ConvolutionExplorer(input_size=8, kernel_size=3, stride=2))
    dropped = page.eval_on_selector_all(
        ".dropped", "cells => cells.map(c => [+c.dataset.row, +c.dataset.col])"
    )
    assert sorted(dropped) == sorted([[row, 7] for row in range(8)] + [[7, col] for col in range(7)])
    assert "the last row and column are in no window" in status(page)


def test_the_arrow_keys_walk_the_output_and_the_formula_holds_the_numbers(mount):
    page = mount(ConvolutionExplorer(padding=1))
    page.locator("[data-grid=output][data-row='0'][data-col='0']").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('position')") == 8
    assert "⌊(7 + 2 · 1 − 3) / 1⌋ + 1 = 7" in page.locator(".formula").inner_text()


def test_play_step_and_scrub_move_the_window(mount):
    page = mount(ConvolutionExplorer(input_size=4))
    page.get_by_role("button", name="Step", exact=True).click()
    assert page.evaluate("model.get('position')") == 1
    page.get_by_role("button", name="Step back").press("Enter")
    assert page.evaluate("model.get('position')") == 0
    page.get_by_role("slider", name="position").press("End")
    assert page.evaluate("model.get('position')") == 3
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("model.get('position') === 3")
    page.get_by_role("button", name="Play").wait_for()
    assert page.locator(".todo").count() == 0


def test_the_position_counts_the_outputs_of_the_present_setting(mount):
    page = mount(ConvolutionExplorer())
    label = page.locator(".control", has=page.get_by_role("slider", name="position")).locator(".value")
    for padding, outputs in ((1, 49), (2, 81), (0, 25)):
        page.evaluate(f"model.set('padding', {padding})")
        assert label.inner_text() == f"1 of {outputs}"


def edit(page, grid, text, row=1, col=1):
    cell = page.locator(f"[data-grid={grid}][data-row='{row}'][data-col='{col}']")
    cell.focus()
    cell.press("Enter")
    page.locator(".editor").fill(text)
    page.locator(".editor").press("Enter")
    return cell


@pytest.mark.parametrize(("grid", "pattern"), [("input", "input_pattern"), ("kernel", "kernel_preset")])
def test_a_cell_edited_by_keyboard_changes_the_outputs(mount, grid, pattern):
    page = mount(ConvolutionExplorer(kernel_preset="sum"))
    before = cells(page, "output")
    cell = edit(page, grid, "-2,5")
    assert cell.get_attribute("data-value") == "-2.5"
    assert page.evaluate(f"model.get('{pattern}')") == "custom"
    assert not np.array_equal(before, cells(page, "output"))
    expected = torch_outputs(
        torch.tensor(cells(page, "input"))[None], torch.tensor(cells(page, "kernel"))[None], "zeros", 1, 0, 1
    )
    np.testing.assert_array_equal(cells(page, "output"), expected[0, 0])


def test_a_second_click_edits_and_typing_a_digit_replaces(mount):
    page = mount(ConvolutionExplorer())
    cell = page.locator("[data-grid=kernel][data-row='0'][data-col='2']")
    cell.click()
    cell.click()
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    assert cell.get_attribute("data-value") == "7"
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    assert cell.get_attribute("data-value") == "3"


@pytest.mark.parametrize("text", ["abc", "NaN", "", "1e9", "Infinity"])
def test_a_cell_that_is_no_number_says_so_and_keeps_what_was_typed(mount, text):
    page = mount(ConvolutionExplorer())
    cell = edit(page, "input", text)
    assert f"“{text}” is not a number" in status(page)
    assert page.locator(".editor").input_value() == text
    page.locator(".editor").press("Escape")
    assert page.locator(".editor").count() == 0 and "output 5 × 5" in status(page)
    assert cell.get_attribute("data-value") == "0"


def test_numbers_beyond_a_shrunken_input_come_back(mount):
    page = mount(ConvolutionExplorer(input_size=6))
    edit(page, "input", "42", row=5, col=5)
    slider = page.get_by_role("slider", name="input size")
    slider.press("Home")
    edit(page, "input", "7", row=0, col=0)
    slider.press("End")
    shown = cells(page, "input")
    assert shown[5, 5] == 42 and shown[0, 0] == 7


def test_a_setting_without_output_says_why_and_the_figure_goes_on(mount):
    page = mount(ConvolutionExplorer(input_size=3, kernel_size=5))
    assert status(page) == (
        "The kernel spans 5 cells, the padded input only 3: no output. "
        "Use a smaller kernel or dilation, or more input or padding."
    )
    assert (
        page.locator("[data-grid=output]").count() == 0
        and page.get_by_role("button", name="Play").is_disabled()
    )
    page.get_by_role("slider", name="padding").press("End")
    assert "output 11 × 11" in status(page)


@pytest.mark.parametrize(("mode", "padding"), [("reflect", 3), ("circular", 4)])
def test_padding_that_cannot_mirror_or_wrap_says_so(mount, mode, padding):
    page = mount(ConvolutionExplorer(input_size=3, padding=padding, padding_mode=mode))
    assert f"padding is {padding}" in status(page)


def test_reset_brings_the_author_s_setting_back(mount):
    page = mount(ConvolutionExplorer(input_size=9, stride=2, kernel_preset="blur"))
    for name in ("input size", "stride", "padding", "dilation"):
        page.get_by_role("slider", name=name, exact=True).press("End")
    edit(page, "kernel", "5")
    page.get_by_role("button", name="Reset").click()
    assert [page.evaluate(f"model.get('{t}')") for t in SIZES] == [9, 3, 2, 0, 1]
    assert page.evaluate("model.get('kernel_preset')") == "blur" and "output 4 × 4" in status(page)


def test_a_trait_set_from_outside_moves_the_figure(mount):
    page = mount(ConvolutionExplorer(input_size=9))
    page.evaluate("model.set('stride', 3)")
    assert "output 3 × 3" in status(page)
    assert page.get_by_role("slider", name="stride").input_value() == "3"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("setting", [{}, {"input_size": 3, "kernel_size": 7}])
def test_is_accessible(mount, axe, theme, setting):
    assert axe(mount(ConvolutionExplorer(**setting), theme=theme)) == []


GRIDS_FILLED = """
() => [...document.querySelectorAll(".grid")].map((grid) => {
  const frame = grid.getBoundingClientRect();
  const cells = [...grid.querySelectorAll("[data-grid]")].map((cell) => cell.getBoundingClientRect());
  const edges = [["left", Math.min], ["top", Math.min], ["right", Math.max], ["bottom", Math.max]];
  return Math.max(...edges.map(([side, end]) => Math.abs(end(...cells.map((cell) => cell[side])) - frame[side])));
})
"""


def test_cells_fill_their_grid_to_its_edges_whatever_was_shown_before(mount):
    page = mount(ConvolutionExplorer(padding=6, input_size=12))
    for settings in ({"padding": 0}, {"padding": 2, "input_size": 5}, {"stride": 3}, {"padding": 6}):
        page.evaluate(
            "settings => Object.entries(settings).forEach(([name, value]) => model.set(name, value))",
            settings,
        )
        page.evaluate("() => new Promise(requestAnimationFrame)")
        assert max(page.evaluate(GRIDS_FILLED)) < 0.5


@pytest.mark.parametrize("width", [328, 760])
@pytest.mark.parametrize("setting", EDGES)
def test_fits(mount, width, setting):
    page = mount(ConvolutionExplorer(**setting), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    stage = page.locator(".stage").bounding_box()
    for name in ("input", "kernel", "output"):
        grid = page.get_by_role("grid", name=name).bounding_box()
        assert grid["x"] + grid["width"] <= stage["x"] + stage["width"] + 1
        assert grid["y"] + grid["height"] <= stage["y"] + stage["height"] + 1


@pytest.mark.parametrize("width", [328, 760])
def test_its_height_never_changes(mount, width):
    page = mount(ConvolutionExplorer(), width=width)
    heights = {page.locator(".cnnbook").bounding_box()["height"]}
    for name in ("padding", "input size", "kernel size", "dilation", "stride"):
        for key in ("End", "Home", "End"):
            page.get_by_role("slider", name=name, exact=True).press(key)
            heights.add(page.locator(".cnnbook").bounding_box()["height"])
    assert len(heights) == 1


def test_touch_selects_and_edits(mount):
    page = mount(ConvolutionExplorer(), width=328, has_touch=True)
    cell = page.locator("[data-grid=input][data-row='2'][data-col='3']")
    cell.tap()
    assert "this input cell feeds 9 outputs" in status(page)
    cell.tap()
    page.locator(".editor").fill("5")
    page.locator(".editor").press("Enter")
    assert cell.get_attribute("data-value") == "5"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"input": [[1.0, float("nan")], [0.0, 1.0]]}, r"input\[0\]\[1\] is nan"),
        ({"weight": [[1.0, 2.0]]}, r"weight has rows of lengths \[2\]"),
        ({"weight": [3]}, r"weight is \[3\]; expected rows of numbers"),
        ({"weight": [["a"]]}, r"weight\[0\]\[0\] is 'a'"),
        ({"weight": [[5000.0]]}, r"weight\[0\]\[0\] is 5000"),
    ],
)
def test_python_refuses_numbers_that_cannot_be_shown(bad, message):
    with pytest.raises(ValueError, match=message):
        ConvolutionExplorer(**bad)


@pytest.mark.parametrize(
    "bad", [{"stride": 0}, {"padding": -1}, {"kernel_size": 8}, {"padding_mode": "mirror"}]
)
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        ConvolutionExplorer(**bad)


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match="ConvolutionExplorer has no strides; its traits are"):
        ConvolutionExplorer(strides=2)
