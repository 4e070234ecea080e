"""PoolingExplorer: its numbers against torch at every reachable setting, and what a reader can do with it."""

import itertools
import re

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
from cnnbook.figures import PoolingExplorer

LIMITS = PoolingExplorer().limits
KINDS = LIMITS["kind"]["values"]
SHAPES = LIMITS["shape"]["values"]
STATE = [name for name in PoolingExplorer.class_own_traits() if name in LIMITS or name == "ceil_mode"]


def every(name):
    return range(LIMITS[name]["min"], LIMITS[name]["max"] + 1)


DETECTOR = torch.tensor([[-1.0, 0, 1]] * 3, dtype=torch.float64)[None, None]
BLUR = torch.outer(*[torch.tensor([1.0, 2, 1], dtype=torch.float64) / 4] * 2)[None, None]


def feature_map(inputs, stride=1):
    return F.conv2d(inputs, DETECTOR, stride=stride).relu()


def torch_pool(kind, inputs, kernel_size, stride, ceil_mode):
    """(N, 1, H, W) inputs to pooled maps, as the docstring of PoolingExplorer says."""
    feature = feature_map(inputs)
    if kind == "max":
        return F.max_pool2d(feature, kernel_size, stride, ceil_mode=ceil_mode)
    if kind == "average":
        return F.avg_pool2d(feature, kernel_size, stride, ceil_mode=ceil_mode)
    if kind == "blur":
        dense = F.max_pool2d(feature, kernel_size, stride=1)
        return F.conv2d(F.pad(dense, (1, 1, 1, 1), mode="reflect"), BLUR, stride=stride)
    return feature if kind == "none" else feature_map(inputs, stride)


INPUTS = f"""
({{ shapes, dx, dy }}) => {{
  {ENCODE}
  return encode(Float64Array.from(shapes.flatMap((shape) => dy.flatMap((down) => dx.flatMap((right) => shapeInput(shape, right, down).flat())))));
}}
"""
POOL_ALL = f"""
({{ shapes, dx, dy, kind, kernelSize, stride, ceilMode }}) => {{
  {ENCODE}
  const maps = shapes.flatMap((shape) => dy.flatMap((down) => dx.map((right) =>
    pooledMap(kind, shapeInput(shape, right, down), {{ kernelSize, stride, ceilMode }}))));
  return {{ size: [maps[0].length, maps[0][0].length], numbers: encode(Float64Array.from(maps.flat(2))) }};
}}
"""
PLACES = {"shapes": SHAPES, "dx": list(every("dx")), "dy": list(every("dy"))}


@pytest.fixture
def explorer_js(run_js):
    return lambda expression, argument: run_js(["pooling_explorer.js"], expression, argument)


@pytest.fixture
def inputs(explorer_js):
    """Every shape at every place: (shapes, places down, places right, 14, 16)."""
    pixels = decode(explorer_js(INPUTS, PLACES), np.float64)
    return torch.tensor(pixels).reshape(len(SHAPES), len(every("dy")), len(every("dx")), 14, 16)


# ── the arithmetic ──


def test_a_shape_moves_whole_and_never_touches_the_rim(inputs):
    for drawn in inputs:
        shape = drawn[0, 0, 2:7, 2:7]
        assert shape.count_nonzero() == drawn[0, 0].count_nonzero() > 0
        assert 0 <= shape.min() and shape.max() == 1
        for dy, dx in itertools.product(every("dy"), every("dx")):
            torch.testing.assert_close(drawn[dy, dx], drawn[0, 0].roll((dy, dx), (0, 1)), rtol=0, atol=0)
            assert drawn[dy, dx, 1:-1, 1:-1].sum() == pytest.approx(shape.sum().item())


def test_every_reachable_setting_equals_torch(explorer_js, inputs):
    """All kinds, windows, strides and ceil modes, on all shapes at all places: 216 inputs through 160 layers."""
    batch = inputs.reshape(-1, 1, 14, 16)
    cropped = 0
    for kind, kernel_size, stride, ceil_mode in itertools.product(
        [*KINDS, "none"], every("kernel_size"), every("stride"), (False, True)
    ):
        setting = {"kind": kind, "kernelSize": kernel_size, "stride": stride, "ceilMode": ceil_mode}
        shown = explorer_js(POOL_ALL, PLACES | setting)
        expected = torch_pool(kind, batch, kernel_size, stride, ceil_mode)
        assert shown["size"] == list(expected.shape[2:]), setting
        np.testing.assert_allclose(
            decode(shown["numbers"], np.float64), expected.flatten(), rtol=0, atol=1e-12
        )
        cropped += kind == "max" and ceil_mode and (stride > kernel_size)
    assert cropped == 6


FUNCTIONS = """
({ input, kernelSize, stride }) => [
  maxPool2d(input, kernelSize, stride), maxPool2d(input, kernelSize, stride, true),
  avgPool2d(input, kernelSize, stride), avgPool2d(input, kernelSize, stride, true), blurPool2d(input, kernelSize, stride),
]
"""


@pytest.mark.parametrize("height, width", [(6, 9), (11, 5), (7, 13)])
def test_the_functions_equal_torch_on_signed_inputs_of_any_shape(explorer_js, height, width):
    rng = np.random.default_rng(height)
    for kernel_size, stride in itertools.product((1, 2, 3, 4), (1, 2, 3, 4, 5)):
        image = torch.tensor(rng.normal(size=(1, 1, height, width)))
        given = {"input": image[0, 0].tolist(), "kernelSize": kernel_size, "stride": stride}
        dense = F.pad(F.max_pool2d(image, kernel_size, 1), (1, 1, 1, 1), mode="reflect")
        expected = [
            F.max_pool2d(image, kernel_size, stride),
            F.max_pool2d(image, kernel_size, stride, ceil_mode=True),
            F.avg_pool2d(image, kernel_size, stride),
            F.avg_pool2d(image, kernel_size, stride, ceil_mode=True),
            F.conv2d(dense, BLUR, stride=stride),
        ]
        for found, wanted in zip(explorer_js(FUNCTIONS, given), expected, strict=True):
            np.testing.assert_allclose(np.array(found), wanted[0, 0], rtol=0, atol=1e-12)


def test_sizes_are_the_book_s(explorer_js):
    asked = [
        [size, kernel_size, stride, ceil_mode]
        for size, kernel_size, stride, ceil_mode in itertools.product(
            range(1, 20), range(1, 6), range(1, 6), (False, True)
        )
        if kernel_size <= size
    ]
    found = explorer_js("asked => asked.map((one) => poolSize(...one))", asked)
    assert found == [
        shapes.pool_output_size(size, kernel_size, stride, ceil_mode=ceil_mode)
        for size, kernel_size, stride, ceil_mode in asked
    ]


def change(before, after):
    """What the figure's note says, in torch."""
    difference = (after - before).abs()
    changed = difference > 1e-6
    total, base = difference.sum().item(), before.abs().sum().item()
    return {
        "changed": changed.sum().item(),
        "cells": changed.numel(),
        "share": changed.double().mean().item(),
        "mean": difference[changed].mean().item() if changed.any() else 0,
        "size": total / base if base else 0 if total < 1e-6 else None,
    }


CURVES = """
({ settings, kinds }) => settings.map((setting) => changeCurves(kinds, setting))
"""


def test_every_curve_is_the_change_that_torch_finds(explorer_js, inputs):
    """All windows, strides, ceil modes and shapes, from three places of reference at three heights."""
    kinds, undefined = [*KINDS, "none"], 0
    references = [(0, 0, 0), (3, 1, 1), (8, 5, 2)]
    asked = [
        (kernel_size, stride, ceil_mode, at, reference)
        for kernel_size, stride, ceil_mode, at, reference in itertools.product(
            every("kernel_size"), every("stride"), (False, True), range(len(SHAPES)), references
        )
    ]
    settings = [
        {
            "kernelSize": kernel_size, "stride": stride, "ceilMode": ceil_mode, "shape": SHAPES[at],
            "dy": dy, "reference": {"dx": right, "dy": down}, "last": LIMITS["dx"]["max"],
        }
        for kernel_size, stride, ceil_mode, at, (right, down, dy) in asked
    ]  # fmt: skip
    found = explorer_js(CURVES, {"settings": settings, "kinds": kinds})
    for (kernel_size, stride, ceil_mode, at, (right, down, dy)), curves in zip(asked, found, strict=True):
        batch = torch.cat([inputs[at, down, right][None], inputs[at, dy]])[:, None]
        assert [curve["kind"] for curve in curves] == kinds
        for curve in curves:
            before, *after = torch_pool(curve["kind"], batch, kernel_size, stride, ceil_mode)
            wanted = [change(before, one) for one in after]
            for one, expected in zip(curve["changes"], wanted, strict=True):
                assert one == pytest.approx(expected, abs=1e-9)
                undefined += one["size"] is None
    assert undefined > 0  # a stride can miss the shape altogether


# ── the page ──


def marked(page, grid, name):
    """Which cells of a grid carry a class, as a mask of the grid's shape."""
    found = page.eval_on_selector_all(
        f"[data-grid={grid}].{name}", "cells => cells.map(c => [+c.dataset.row, +c.dataset.col])"
    )
    mask = np.zeros(cells(page, grid).shape, bool)
    for row, col in found:
        mask[row, col] = True
    return mask


SETTINGS = [
    {},
    {"kind": "average", "kernel_size": 3, "ceil_mode": True, "dx": 3, "dy": 2, "row": 5, "column": 6},
    {"kind": "blur", "shape": "soft disk", "dx": 4, "reference_dx": 2, "reference_dy": 1, "row": 0},
    {"kind": "strided convolution", "stride": 3, "shape": "cross", "dx": 6, "ceil_mode": True},
    {"kind": "max", "kernel_size": 4, "stride": 1, "shape": "bar", "dx": 8, "dy": 5},
    {"kind": "blur", "kernel_size": 4, "stride": 1, "shape": "disk", "dx": 8, "row": 8, "column": 10},
    {"kind": "average", "kernel_size": 4, "stride": 3, "ceil_mode": True, "shape": "soft disk", "row": 3},
    {"kind": "max", "kernel_size": 1, "stride": 4, "shape": "bar", "dx": 5},
]


def torch_maps(figure, kind, drawn):
    """The maps that a kind of pooling makes of the two inputs that `inputs_of` read."""
    batch = torch.tensor(np.stack(drawn))[:, None]
    return torch_pool(kind, batch, figure.kernel_size, figure.stride, figure.ceil_mode)[:, 0]


def inputs_of(page, figure):
    """The input where the shape was, and where it is, as the page draws them."""
    after = cells(page, "input")
    set_traits(page, dx=figure.reference_dx, dy=figure.reference_dy)
    before = cells(page, "input")
    set_traits(page, dx=figure.dx, dy=figure.dy)
    return before, after


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_maps_and_their_marks_are_torch_s(mount, setting):
    figure = PoolingExplorer(**setting)
    page = mount(figure)
    drawn = inputs_of(page, figure)
    np.testing.assert_array_equal(cells(page, "kernel"), DETECTOR[0, 0])
    for grid, kind in (("feature", "none"), ("output", figure.kind)):
        before, after = torch_maps(figure, kind, drawn)
        np.testing.assert_allclose(cells(page, grid), after, rtol=0, atol=1e-12)
        np.testing.assert_allclose(cells(page, grid, "textContent"), after, rtol=0, atol=0.0501)
        np.testing.assert_array_equal(marked(page, grid, "changed"), (after - before).abs() > 1e-6)


def words(found):
    mean = f"; mean change {round(found['mean'], 2):g}" if found["changed"] else ""
    return f"{found['changed']} of {found['cells']}", mean


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_words_the_table_and_the_curves_count_the_same_change(mount, setting):
    figure = PoolingExplorer(**setting)
    page = mount(figure)
    drawn = inputs_of(page, figure)
    found = {kind: change(*torch_maps(figure, kind, drawn)) for kind in [*KINDS, "none"]}
    if (figure.dx, figure.dy) != (figure.reference_dx, figure.reference_dy):
        count, mean = words(found[figure.kind])
        feature, feature_mean = words(found["none"])
        assert f": {count} pooled cells changed{mean}. Feature map: {feature}{feature_mean}." in status(page)
    for kind, one in found.items():
        row = page.locator(f"tr[data-kind='{kind}'] td").all_inner_texts()
        size = "none" if one["size"] is None else f"{one['size']:.2f}"
        assert row == [
            f"{one['changed']} of {one['cells']} ({np.floor(100 * one['share'] + 0.5):.0f}\u00a0%)",
            size,
        ]
        assert page.locator(f"tr[data-kind='{kind}'].present").count() == (kind == figure.kind)
        for at, measure in enumerate(("share", "size")):
            point = page.locator(".chart").nth(at).locator(f"[data-kind='{kind}'] [data-shift='{figure.dx}']")
            if one[measure] is None:
                assert point.count() == 0
            else:
                assert float(point.get_attribute("data-value")) == pytest.approx(one[measure], abs=1e-9)


def test_each_line_of_the_charts_has_a_dash_and_a_marker_of_its_own(mount):
    page = mount(PoolingExplorer())
    looks = page.eval_on_selector_all(
        "tbody .sample",
        "all => all.map(one => getComputedStyle(one.querySelector('.line')).strokeDasharray + one.querySelector('.mark').getAttribute('d'))",
    )
    assert len(set(looks)) == len(KINDS) + 1
    chart = page.locator(".chart").first
    assert chart.locator(".series").count() == len(KINDS) + 1
    for kind in KINDS:
        page.get_by_role("combobox", name="kind").select_option(kind)
        assert chart.locator(".series").last.get_attribute("data-kind") == kind
        assert chart.locator(".series.present").count() == 1
        assert kind.split()[0] in page.get_by_role("img").first.get_attribute("aria-label").lower()


READ_CHART = """
(chart) => {
  const middle = (node) => { const { x, y, width, height } = node.getBBox(); return { x: x + width / 2, y: y + height / 2 }; };
  const read = (selector, one) => [...chart.querySelectorAll(selector)].map(one);
  return {
    rules: read(".rule", (node) => [parseFloat(node.nextSibling.textContent), middle(node).y]),
    ticks: read("text[text-anchor=middle]", (node) => [node.textContent, middle(node).x]),
    marks: read("[data-kind=average] .mark", (node) => [node.dataset.shift, +node.dataset.value, middle(node)]),
  };
}
"""


@pytest.mark.parametrize("at, unit", [(0, 0.01), (1, 1)])
def test_the_points_of_a_chart_stand_where_its_axes_say(mount, at, unit):
    page = mount(PoolingExplorer(dx=3, dy=1))
    chart = page.locator(".chart").nth(at)
    found = chart.evaluate(READ_CHART)
    (low, bottom), _, (high, top) = found["rules"]
    *ticks, _ = found["ticks"]  # the last is the axis's name
    assert [int(shift) for shift, _ in ticks] == list(every("dx")) and low == 0
    for (shift, value, point), (tick, x) in zip(found["marks"], ticks, strict=True):
        assert shift == tick
        y = bottom + value / (high * unit) * (top - bottom)
        assert (point["x"], point["y"]) == pytest.approx((x, y), abs=0.05)
    assert chart.locator("text.here").text_content() == "3"


# ── one pooled cell ──


def covered(page, name, grid):
    """The rows and columns of a grid that the frame drawn over it covers."""
    frame = boxes(page, f".part.{name} .window")[0]
    found = page.eval_on_selector_all(
        f"[data-grid={grid}]",
        "cells => cells.map(c => { const { x, y, width, height } = c.getBoundingClientRect(); return [+c.dataset.row, +c.dataset.col, x + width / 2, y + height / 2]; })",
    )
    inside = [
        (row, col)
        for row, col, x, y in found
        if frame["left"] < x < frame["right"] and frame["top"] < y < frame["bottom"]
    ]
    return [sorted(set(axis)) for axis in zip(*inside, strict=True)]


@pytest.mark.parametrize("setting", SETTINGS)
def test_pointing_at_a_pooled_cell_frames_what_it_reads(mount, setting):
    """What it reads is where the gradient of this cell can be other than zero."""
    figure = PoolingExplorer(**setting)
    page = mount(figure)
    height, width = cells(page, "output").shape
    for row, col in {(0, 0), (1, 2), (height - 1, width - 1)}:
        page.locator(f"[data-grid=output][data-row='{row}'][data-col='{col}']").hover()
        assert (trait(page, "row"), trait(page, "column")) == (row, col)
        assert covered(page, "pooled", "output") == [[row], [col]]
        read = reads(figure, row, col)
        assert covered(page, "feature", "feature") == [sorted(set(axis)) for axis in read]
        assert covered(page, "input", "input") == [list(range(min(axis), max(axis) + 3)) for axis in read]
        assert (
            page.get_by_role("group", name="one pooled cell")
            .inner_text()
            .startswith(f"pooled row {row + 1}, column {col + 1} = ")
        )


def reads(figure, row, col):
    """The rows and columns of the feature map that change a pooled cell, tried one by one, each with a high bump."""
    bumps = torch.eye(12 * 14, dtype=torch.float64).reshape(-1, 1, 12, 14)
    if figure.kind == "strided convolution":
        pooled = bumps[:, :, :: figure.stride, :: figure.stride]
    elif figure.kind == "blur":
        dense = F.pad(F.max_pool2d(bumps, figure.kernel_size, 1), (1, 1, 1, 1), mode="reflect")
        pooled = F.conv2d(dense, BLUR, stride=figure.stride)
    else:
        pool = F.max_pool2d if figure.kind == "max" else F.avg_pool2d
        pooled = pool(bumps, figure.kernel_size, figure.stride, ceil_mode=figure.ceil_mode)
    return np.unravel_index(pooled[:, 0, row, col].nonzero()[:, 0].numpy(), (12, 14))


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_numbers_of_a_pooled_cell_make_its_value(mount, setting):
    page = mount(PoolingExplorer(**setting))
    pooled = cells(page, "output")
    for row, col in itertools.product((0, 1, len(pooled) - 1), (0, 1, len(pooled[0]) - 1)):
        set_traits(page, row=row, column=col)
        text = page.get_by_role("group", name="one pooled cell").inner_text()
        formula, value = re.fullmatch(
            r"pooled row \d+, column \d+ = (.*) = (\S+); before the move .*\.", text
        ).groups()
        assert float(value) == pytest.approx(pooled[row, col], abs=1e-4)
        formula = formula.replace("·", "*").replace(", of maxima at stride 1,", "")
        formula = re.sub(r"max\(([^,]+)\)", r"\1", formula)
        assert eval(formula) == pytest.approx(pooled[row, col], abs=2e-4)


def test_the_arrow_keys_walk_the_pooled_map(mount):
    page = mount(PoolingExplorer(row=0, column=0))
    page.locator("[data-grid=output][data-row='0'][data-col='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert (trait(page, "row"), trait(page, "column")) == (1, 2)
    assert covered(page, "feature", "feature") == [[2, 3], [4, 5]]
    page.keyboard.press("End")
    assert (trait(page, "row"), trait(page, "column")) == (1, 6)


def test_a_cell_beyond_the_last_is_the_last(mount):
    page = mount(PoolingExplorer(row=11, column=13))
    assert covered(page, "pooled", "output") == [[5], [6]]
    assert "pooled row 6, column 7 = max(" in page.get_by_role("group", name="one pooled cell").inner_text()


def test_cells_in_no_window_are_hatched_and_counted(mount):
    page = mount(PoolingExplorer(kernel_size=3, stride=2))
    unread = np.zeros((12, 14), bool)
    unread[11:] = unread[:, 13:] = True
    np.testing.assert_array_equal(marked(page, "feature", "dropped"), unread)
    assert page.locator(".aside").inner_text() == "25 feature-map cells are in no window (hatched)."
    page.get_by_role("checkbox", name="ceil mode").check()
    assert not marked(page, "feature", "dropped").any()
    assert (
        page.locator(".aside").inner_text()
        == "The last windows hang over the edge; only their cells inside count."
    )
    for kind in ("blur", "strided convolution"):
        page.get_by_role("combobox", name="kind").select_option(kind)
        assert (
            page.locator(".aside")
            .inner_text()
            .startswith("PyTorch’s conv2d has no ceil_mode: it rounds down.")
        )


# ── moving the shape ──


def place(page):
    return trait(page, "dx"), trait(page, "dy")


def handle_middle(page):
    box = page.locator(".handle").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] / 5


def shown_place(page):
    """Where the drawn shape stands, from the input's own numbers."""
    rows, cols = np.nonzero(cells(page, "input"))
    return cols.min() - 2, rows.min() - 2


def test_the_mouse_drags_the_shape_and_stops_at_the_ends(mount):
    page = mount(PoolingExplorer(dx=0))
    x, y, pitch = handle_middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3.2 * pitch, y + 1.9 * pitch, steps=4)
    assert place(page) == shown_place(page) == (3, 2)
    page.mouse.move(x + 40 * pitch, y + 40 * pitch, steps=4)
    assert place(page) == shown_place(page) == (8, 5)
    page.mouse.move(x + pitch, y - 9 * pitch, steps=4)
    page.mouse.up()
    assert place(page) == shown_place(page) == (1, 0)
    page.mouse.move(x + 4 * pitch, y)
    assert place(page) == (1, 0)


def test_the_arrow_keys_move_the_shape(mount):
    page = mount(PoolingExplorer(dx=0))
    page.locator(".handle").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    assert place(page) == shown_place(page) == (2, 1)
    assert "shape 2 px right and 1 px down:" in status(page).replace("\u00a0", " ")
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowUp")
    assert place(page) == (0, 0)
    assert "nothing has changed" in status(page)


def test_clicking_the_shape_lets_the_arrow_keys_go_on(mount):
    page = mount(PoolingExplorer())
    page.locator(".handle").click()
    page.keyboard.press("ArrowRight")
    assert place(page) == (2, 0)


def phone(mount, **setting):
    page = mount(PoolingExplorer(**setting), width=360, has_touch=True, is_mobile=True)
    page.set_viewport_size({"width": 360, "height": 640})
    page.locator(".stage").scroll_into_view_if_needed()
    return page


def test_a_finger_drags_the_shape_both_ways_and_the_page_stays(mount):
    page = phone(mount, dx=0)
    before = page.evaluate("scrollY")
    x, y, pitch = handle_middle(page)
    touch(page, *((x + step * pitch, y + step * pitch) for step in np.linspace(0, 4, 9)))
    assert place(page) == shown_place(page) == (4, 4)
    x, y, pitch = handle_middle(page)
    touch(page, *((x, y - step * pitch) for step in np.linspace(0, 3, 9)))
    assert place(page) == (4, 1)
    assert page.evaluate("scrollY") == before


@pytest.mark.parametrize("grid", ["input", "feature", "output"])
def test_a_vertical_swipe_beside_the_shape_scrolls_the_page(mount, grid):
    page = phone(mount, stride=1)
    cell = page.locator(f"[data-grid={grid}][data-row='8'][data-col='11']")
    cell.scroll_into_view_if_needed()
    before, box = page.evaluate("scrollY"), cell.bounding_box()
    y = min(box["y"], 500)
    touch(page, *((box["x"] + 5, y - step) for step in range(0, 200, 20)))
    page.wait_for_function(f"scrollY > {before} + 50")
    assert place(page) == (1, 0)


def test_a_tap_chooses_a_pooled_cell(mount):
    page = phone(mount)
    cell = page.locator("[data-grid=output][data-row='2'][data-col='3']")
    box = cell.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    cell.tap()
    assert (trait(page, "row"), trait(page, "column")) == (2, 3)


def test_the_place_that_the_reader_marks_is_compared_with(mount):
    page = mount(PoolingExplorer(dx=0))
    button = page.get_by_role("button", name="Mark place")
    assert button.is_disabled()
    page.get_by_role("slider", name="dx").press("End")
    page.get_by_role("slider", name="dy").press("ArrowRight")
    button.click()
    assert (trait(page, "reference_dx"), trait(page, "reference_dy")) == (8, 1)
    assert "nothing has changed" in status(page) and button.is_disabled()
    assert page.locator(".changed.number").count() == 0
    page.get_by_role("slider", name="dx").press("ArrowLeft")
    page.get_by_role("slider", name="dy").press("Home")
    assert "shape 1 px left and 1 px up: " in status(page).replace("\u00a0", " ")
    assert page.locator("[data-grid=output].changed").count() > 0


GHOST = """
() => {
  const path = document.querySelector(".ghost path").getBBox();
  const grid = document.querySelector(".part.input .grid-frame").getBoundingClientRect();
  return [path.x, path.y, path.width, path.height].map((length) => length / (grid.width / 16));
}
"""


def test_the_dashed_outline_stands_where_the_shape_was(mount):
    page = mount(PoolingExplorer(dx=6, dy=2, reference_dx=3, reference_dy=1))
    assert page.evaluate(GHOST) == pytest.approx([5, 3, 5, 5], abs=0.1)
    set_traits(page, shape="bar")
    assert page.evaluate(GHOST) == pytest.approx([6, 3, 2, 5], abs=0.1)


# ── controls ──


@pytest.mark.parametrize("name", ["kernel_size", "stride", "dx", "dy"])
@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_sliders_reach_both_ends(mount, name, how):
    page = mount(PoolingExplorer())
    slider = page.get_by_role("slider", name=name.replace("_", " "), exact=True)
    box = slider.bounding_box()
    for key, x in (("End", box["x"] + box["width"] - 2), ("Home", box["x"] + 2)):
        slider.press(key) if how == "keyboard" else page.mouse.click(x, box["y"] + box["height"] / 2)
        assert trait(page, name) == LIMITS[name]["max" if key == "End" else "min"]


@pytest.mark.parametrize("name", ["kind", "shape"])
def test_menus_offer_every_value(mount, name):
    page = mount(PoolingExplorer())
    said = set()
    for value in LIMITS[name]["values"]:
        page.get_by_role("combobox", name=name).select_option(value)
        assert trait(page, name) == value
        said.add(status(page))
    assert len(said) == 4


def test_ceil_mode_adds_the_last_windows(mount):
    page = mount(PoolingExplorer(kernel_size=3))
    assert cells(page, "output").shape == (5, 6)
    page.get_by_role("checkbox", name="ceil mode").press("Space")
    assert trait(page, "ceil_mode") is True and cells(page, "output").shape == (6, 7)


def test_reset_brings_the_author_s_setting_back(mount):
    setting = {"kernel_size": 3, "kind": "blur", "dx": 4, "reference_dx": 2, "row": 2}
    figure = PoolingExplorer(**setting)
    page = mount(figure)
    before = status(page)
    for name in ("kernel size", "stride", "dx", "dy"):
        page.get_by_role("slider", name=name, exact=True).press("End")
    page.get_by_role("button", name="Mark place").click()
    page.get_by_role("checkbox", name="ceil mode").check()
    page.locator("[data-grid=output]").last.hover()
    assert status(page) != before
    page.get_by_role("button", name="Reset").click()
    assert {name: trait(page, name) for name in STATE} == {name: getattr(figure, name) for name in STATE}
    assert status(page) == before


def test_a_trait_set_from_outside_moves_the_figure(mount):
    page = mount(PoolingExplorer())
    set_traits(page, dx=7, dy=3, stride=3)
    assert shown_place(page) == (7, 3)
    assert page.get_by_role("slider", name="dx").input_value() == "7"
    assert page.get_by_role("slider", name="stride").input_value() == "3"


# ── its look ──


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("setting", [SETTINGS[0], SETTINGS[3]])
def test_is_accessible(mount, axe, theme, setting):
    assert axe(mount(PoolingExplorer(**setting), theme=theme)) == []


WIDTHS = [332, 360, 640, 792]  # of the page; the figure is 32 narrower


@pytest.mark.parametrize("width", WIDTHS)
def test_fits(mount, width):
    page = mount(PoolingExplorer(), width=width)
    frame = boxes(page, ".cnnbook")[0]
    for setting in SETTINGS:
        figure = PoolingExplorer(**setting)
        set_traits(page, **{name: getattr(figure, name) for name in STATE})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for box in boxes(page, ".part, .grid, .grid-title, .chart, td, th, .controls > *"):
            assert box["left"] >= frame["left"] + 12 and box["right"] <= frame["right"] - 12
        assert overlap(boxes(page, ".part .grid-frame, .keys")) <= 0
        for box in boxes(page, "button, select, input[type=range], .check, .handle"):
            assert min(box["width"], box["height"]) >= 24


@pytest.mark.parametrize("width", WIDTHS)
def test_its_height_never_changes_and_no_text_is_cut_off(mount, width):
    page = mount(PoolingExplorer(), width=width)
    settings = [
        {
            "kind": kind,
            "kernel_size": size,
            "stride": stride,
            "ceil_mode": ceil,
            "dx": dx,
            "dy": dy,
            "shape": shape,
        }
        for kind, size, stride, ceil, (dx, dy, shape) in itertools.product(
            KINDS,
            (1, 4),
            every("stride"),
            (False, True),
            [(0, 0, "cross"), (8, 5, "bar"), (3, 2, "soft disk")],
        )
    ]
    heights, cut = heights_and_cuts(page, settings, "[role=status], .aside, .grid-title, td", sideways=False)
    assert len(heights) == 1 and cut == []


def test_nothing_moves_by_itself(mount):
    page = mount(PoolingExplorer(), reduced_motion="reduce")
    page.get_by_role("slider", name="dx").press("End")
    assert page.evaluate("document.getAnimations().length") == 0


# ── Python ──


@pytest.mark.parametrize(
    "bad",
    [
        {"kernel_size": 0}, {"kernel_size": 5}, {"stride": 0}, {"kind": "mean"}, {"ceil_mode": "yes"}, {"shape": "square"},
        {"dx": -1}, {"dx": 9}, {"dy": 6}, {"reference_dx": 9}, {"row": 12}, {"column": -1},
    ],
)  # fmt: skip
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        PoolingExplorer(**bad)


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match="PoolingExplorer has no padding; its traits are"):
        PoolingExplorer(padding=1)
