"""PhotoFilter: its maps against torch at every setting, its magnifier, the pictures that a reader opens."""

import re

import numpy as np
import pytest
import torch
from figure_probe import ENCODE, boxes, decode, pixels, set_traits, status, touch, trait
from PIL import Image
from traitlets import TraitError

from cnnbook import data
from cnnbook.figures import PhotoFilter
from cnnbook.figures.picture import data_url

LIMITS = PhotoFilter().limits
PRESETS = [name for name in LIMITS["kernel_preset"]["values"] if name != "custom"]
STRIDES = range(LIMITS["stride"]["min"], LIMITS["stride"]["max"] + 1)
CAT = data.cat(160)
GREY = np.array(Image.fromarray(CAT).convert("L"))
OUTPUT, NEGATIVE = (0, 158, 115), (204, 121, 167)

# ── the oracle ──


def kernels(name, size):
    """(1 or 3, K, K): the named kernels, written down a second time."""
    rise = np.sign(np.arange(size) - size // 2).astype(float)
    flat, spot = np.ones((size, size)), np.zeros((size, size))
    spot[size // 2, size // 2] = 1
    return {
        "identity": spot[None],
        "vertical edges": np.tile(rise, (size, 1))[None],
        "horizontal edges": np.tile(rise, (size, 1)).T[None],
        "blur": flat[None] / size**2,
        "sharpen": (size**2 + 1) * spot[None] - flat,
        "green spots": np.stack([-flat, 2 * flat, -flat]),
        "corners": np.outer(rise, rise)[None],
    }[name]


def torch_map(weight, per_channel, stride, relu, image=CAT, grey=GREY):
    """The whole map, ``(height, width)``, of ``weight`` (1 or 3, K, K)."""
    if per_channel:
        planes, weight = image.transpose(2, 0, 1), np.broadcast_to(weight, (3, *weight.shape[1:]))
    else:
        planes, weight = grey[None], weight.sum(0, keepdims=True)
    tensors = [torch.tensor(np.array(array, float))[None] for array in (planes, weight)]
    output = torch.nn.functional.conv2d(*tensors, stride=stride)[0, 0]
    return (output.relu() if relu else output).numpy()


COMPUTE_ALL = (
    """
({ size, presets, strides, width, height, planes }) => {
"""
    + ENCODE
    + """
  const picture = planes.map((plane) => Float64Array.from(plane));
  const maps = [];
  const either = [false, true];
  for (const name of presets)
    for (const perChannel of either)
      for (const stride of strides)
        for (const relu of either) {
          const kernels = kernelsFor(presetKernels(name, size), perChannel);
          const input = perChannel ? picture : [greyOf(picture)];
          maps.push(filterPicture(input, kernels, { width, height, stride, relu }));
        }
  const numbers = maps.map(({ values }) => encode(values));
  const shapes = maps.map((map) => [map.height, map.width]);
  return { numbers, shapes, ends: maps.map((map) => [map.least, map.greatest]) };
}
"""
)


@pytest.mark.parametrize("size", LIMITS["kernel_size"]["values"])
def test_the_whole_map_equals_torch_at_every_setting(run_js, size):
    height, width, _ = CAT.shape
    planes = CAT.reshape(-1, 3).T.tolist()
    names = {"size": size, "presets": PRESETS, "strides": list(STRIDES)}
    found = run_js(
        ["photo_filter.js"], COMPUTE_ALL, names | {"width": width, "height": height, "planes": planes}
    )
    numbers = np.concatenate([decode(text, np.float64) for text in found["numbers"]])
    settings = [(n, c, s, r) for n in PRESETS for c in (False, True) for s in STRIDES for r in (False, True)]
    at = 0
    for (name, per_channel, stride, relu), shape, ends in zip(
        settings, found["shapes"], found["ends"], strict=True
    ):
        expected = torch_map(kernels(name, size), per_channel, stride, relu)
        assert tuple(shape) == expected.shape
        shown = numbers[at : at + expected.size].reshape(expected.shape)
        np.testing.assert_allclose(
            shown, expected, rtol=1e-9, atol=1e-9, err_msg=f"{name} {per_channel} {stride} {relu}"
        )
        np.testing.assert_allclose(ends, [expected.min(), expected.max()], rtol=1e-9, atol=1e-9)
        at += expected.size
    assert at == numbers.size


FILTER = """
({ planes, kernels, options }) => {
  const map = filterPlanes(planes.map((plane) => Float64Array.from(plane)), kernels, options);
  return { values: [...map.values], shape: [map.height, map.width] };
}
"""


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("stride", STRIDES)
def test_stride_and_padding_together_equal_torch(run_js, kernel_size, padding, stride):
    rng = np.random.default_rng(kernel_size)
    planes, kernels = rng.normal(size=(2, 7, 10)), rng.normal(size=(2, kernel_size, kernel_size))
    options = {"height": 7, "width": 10, "stride": stride, "padding": padding}
    given = {"planes": planes.reshape(2, -1).tolist(), "kernels": kernels.tolist(), "options": options}
    found = run_js(["kit.js"], FILTER, given)
    tensors = torch.tensor(planes)[None], torch.tensor(kernels)[None]
    expected = torch.nn.functional.conv2d(*tensors, stride=stride, padding=padding)[0, 0].numpy()
    np.testing.assert_allclose(np.reshape(found["values"], found["shape"]), expected, rtol=1e-9, atol=1e-9)


# ── the page ──


@pytest.fixture
def shown(mount):
    """``shown(figure, **options)``: the page once the picture is read and drawn."""

    def mount_and_wait(figure, **options):
        page = mount(figure, **options)
        page.wait_for_selector("[data-grid=output][data-value]")
        return page

    return mount_and_wait


def cells(page, grid):
    found = page.eval_on_selector_all(
        f"[data-grid={grid}]", "cells => cells.map(c => Number(c.dataset.value))"
    )
    return np.array(found).reshape(round(len(found) ** 0.5), -1)


def output(page):
    """The magnified output: its row, column and value."""
    data = page.locator("[data-grid=output]").evaluate("cell => ({ ...cell.dataset })")
    return int(data["row"]), int(data["col"]), float(data["value"])


@pytest.mark.parametrize("per_channel", [False, True])
def test_the_picture_is_the_cat_number_by_number(shown, per_channel):
    drawn = pixels(shown(PhotoFilter(per_channel=per_channel)), 0)
    np.testing.assert_array_equal(drawn[..., :3], CAT if per_channel else np.repeat(GREY[..., None], 3, 2))
    assert (drawn[..., 3] == 255).all()


OWN = [[0, 1.5, -2], [0.25, -3, 0], [1, 0, 2]]
SIGNED = [
    {"kernel_preset": "vertical edges"},
    {"kernel_preset": "corners", "kernel_size": 5, "stride": 3, "per_channel": True},
    {"kernel_preset": "green spots"},
    {"weight": OWN, "stride": 2},
    {"weight": [OWN, [[1] * 3] * 3, [[-0.5] * 3] * 3]},
]


def weight_of(figure):
    if figure.kernel_preset != "custom":
        return kernels(figure.kernel_preset, figure.kernel_size)
    weight = np.array(figure.weight)
    return weight if weight.ndim == 3 else weight[None]


@pytest.mark.parametrize("setting", SIGNED)
def test_a_signed_map_is_drawn_in_two_colors(shown, setting):
    figure = PhotoFilter(**setting)
    page = shown(figure)
    drawn, expected = pixels(page, 1), torch_map(weight_of(figure), figure.per_channel, figure.stride, False)
    reach = np.abs(expected).max()
    np.testing.assert_allclose(drawn[..., 3], 255 * (np.abs(expected) / reach) ** 0.65, atol=0.51)
    strong = np.abs(expected) > 0.6 * reach  # a faint color is rounded by its own opacity
    colors = np.where(expected[..., None] < 0, NEGATIVE, OUTPUT)
    assert np.abs(drawn[..., :3] - colors)[strong].max() <= 1
    assert f"from {expected.min():.10g} to {expected.max():.10g}" in status(page)


@pytest.mark.parametrize(
    ("setting", "white"),
    [
        ({"kernel_preset": "identity", "kernel_size": 5}, 255),
        ({"kernel_preset": "sharpen"}, 255),
        ({"kernel_preset": "blur", "per_channel": True, "stride": 2}, 3 * 255),
        ({"kernel_preset": "horizontal edges", "relu": True}, None),
    ],
)
def test_a_map_without_a_sign_is_drawn_in_greys(shown, setting, white):
    figure = PhotoFilter(**setting)
    drawn = pixels(shown(figure), 1)
    expected = torch_map(weight_of(figure), figure.per_channel, figure.stride, figure.relu)
    white = white or expected.max()
    np.testing.assert_allclose(drawn[..., 0], np.clip(255 * expected / white, 0, 255), atol=0.51)
    assert (drawn[..., 1] == drawn[..., 0]).all() and (drawn[..., 3] == 255).all()


@pytest.mark.parametrize(
    "setting", [*SIGNED, {"relu": True}, {"kernel_preset": "sharpen", "relu": True, "per_channel": True}]
)
def test_the_magnifier_s_numbers_are_the_map_s(shown, setting):
    figure = PhotoFilter(**setting)
    page = shown(figure)
    size, stride, weight = figure.kernel_size, figure.stride, weight_of(figure)
    expected = torch_map(weight, figure.per_channel, stride, figure.relu)
    planes = np.moveaxis(CAT, 2, 0) if figure.per_channel else GREY[None]
    for row, column in [(0, 0), (58, 71), (159, 240)]:
        set_traits(page, row=row, column=column)
        out_row, out_col, value = output(page)
        assert value == pytest.approx(expected[out_row, out_col], rel=1e-9)
        for at, asked, outputs in zip((out_row, out_col), (row, column), expected.shape, strict=True):
            distances = np.abs(np.arange(outputs) * stride + size // 2 - asked)
            assert distances[at] == distances.min()
        top, left, total = out_row * stride, out_col * stride, 0
        for channel, plane in enumerate(planes):
            if figure.per_channel:
                page.locator(".addend").nth(channel).click()
            patch = plane[top : top + size, left : left + size]
            kernel = weight[channel] if len(weight) == 3 and figure.per_channel else weight.sum(0)
            np.testing.assert_array_equal(cells(page, "input"), patch)
            np.testing.assert_array_equal(cells(page, "kernel"), kernel)
            np.testing.assert_allclose(cells(page, "product"), patch * kernel)
            total += cells(page, "product").sum()
        assert value == pytest.approx(max(0, total) if figure.relu else total, abs=1e-9)


def test_the_sum_is_written_out(shown):
    page = shown(PhotoFilter(weight=[[1, 0, -1]] * 3, row=1, column=1))
    line = page.get_by_role("group", name="sum of the window").inner_text()
    terms = " + ".join(
        f"{value}·{weight}"
        for row in GREY[:3, :3]
        for value, weight in zip(row, ("1", "0", "(-1)"), strict=True)
    )
    total = int(GREY[:3, 0].sum()) - int(GREY[:3, 2].sum())
    assert line == f"output row 1, column 1 = {terms} = {total}"


def test_the_sum_of_three_channels_and_relu_are_written_out(shown):
    page = shown(PhotoFilter(kernel_preset="green spots", relu=True, row=20, column=30))
    red, green, blue = (
        factor * int(CAT[19:22, 29:32, channel].sum()) for channel, factor in enumerate((-1, 2, -1))
    )
    page.locator(".addend").nth(1).click()
    line = page.get_by_role("group", name="sum of the window").inner_text()
    total = red + green + blue
    assert total < 0, "the test needs a place where ReLU matters"
    assert (
        line.startswith("green = ")
        and f" = {green}; red + green + blue = {red} + {green} − {-blue} = {total}" in line
    )
    assert line.endswith(f"after ReLU max(0, {total}) = 0")


def test_grey_says_why_it_has_no_green(shown):
    page = shown(PhotoFilter(kernel_preset="green spots", per_channel=False))
    assert "the detector’s weights -1, 2 and -1 cancel" in status(page) and (cells(page, "kernel") == 0).all()
    page.get_by_role("checkbox", name="per channel").check()
    assert status(page).startswith("Green spots, 3 × 3 on red, green and blue")


# ── the window over the picture ──


def place(page, which, row, col, height=160, width=241):
    """The middle of a pixel of the picture on the screen; `which` 0 for the picture, 1 for the map."""
    box = page.locator(".box").nth(which).bounding_box()
    zoom = min(box["width"] / width, box["height"] / height)
    left, top = (box["width"] - width * zoom) / 2, (box["height"] - height * zoom) / 2
    return box["x"] + left + (col + 0.5) * zoom, box["y"] + top + (row + 0.5) * zoom


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("width", [328, 760])
def test_the_pointer_moves_the_window_over_the_picture_and_over_the_map(shown, which, width):
    page = shown(PhotoFilter(), width=width)
    for row, col in [(10, 20), (150, 230), (0, 120)]:
        page.mouse.move(*place(page, which, row, col))
        assert (trait(page, "row"), trait(page, "column")) == (row, col)
        assert output(page)[:2] == (min(max(row - 1, 0), 157), min(col - 1, 238))


def test_dragging_moves_the_window(shown):
    page = shown(PhotoFilter())
    page.mouse.move(*place(page, 0, 20, 20))
    page.mouse.down()
    page.mouse.move(*place(page, 0, 80, 90), steps=4)
    page.mouse.up()
    assert output(page)[:2] == (79, 89)


@pytest.mark.parametrize("name", ["photograph", "map"])
def test_the_arrow_keys_walk_output_by_output(shown, name):
    page = shown(PhotoFilter(stride=3, kernel_size=5, row=62, column=71))
    box = page.get_by_role("application", name=f"{name}: arrow keys move the window")
    row, col, _ = output(page)
    box.press("ArrowDown")
    box.press("ArrowLeft")
    assert output(page)[:2] == (row + 1, col - 1)
    box.press("Shift+ArrowRight")
    assert output(page)[:2] == (row + 1, col + 9)
    for _ in range(20):
        box.press("Shift+ArrowUp")
    assert output(page)[:2] == (0, col + 9)


def test_the_markers_frame_the_window_and_its_output(shown):
    page = shown(PhotoFilter(kernel_size=5, stride=4, row=80, column=120))
    row, col, _ = output(page)
    corner = place(page, 0, 4 * row, 4 * col)
    for which, (start, length) in enumerate([(0, 5), (0.5, 4)]):
        marker = page.locator(".marker").nth(which).bounding_box()
        x, y = place(page, which, 4 * row + start + (length - 1) / 2, 4 * col + start + (length - 1) / 2)
        assert marker["x"] + marker["width"] / 2 == pytest.approx(x, abs=0.1)
        assert marker["y"] + marker["height"] / 2 == pytest.approx(y, abs=0.1)
    first = page.locator(".marker").first.bounding_box()
    assert first["x"] < corner[0] < first["x"] + first["width"]


def test_a_finger_taps_and_drags_sideways(shown):
    page = shown(PhotoFilter(), width=360, has_touch=True)
    page.touchscreen.tap(*place(page, 0, 100, 60))
    assert (trait(page, "row"), trait(page, "column")) == pytest.approx((100, 60), abs=1)
    touch(page, *(place(page, 0, 100, col) for col in range(60, 200, 10)))
    assert (trait(page, "row"), trait(page, "column")) == pytest.approx((100, 190), abs=1)


def test_a_vertical_swipe_over_the_picture_scrolls_the_page(shown):
    page = shown(PhotoFilter(), width=360, has_touch=True)
    page.set_viewport_size({"width": 360, "height": 500})
    x, y = place(page, 0, 80, 60)
    touch(page, *((x, y - step) for step in range(0, 200, 20)))
    page.wait_for_function("scrollY > 50")
    assert (trait(page, "row"), trait(page, "column")) == (58, 71)


# ── controls ──


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_every_preset_can_be_chosen(shown, how):
    page = shown(PhotoFilter(row=74, column=84))
    for name in PRESETS:
        button = page.get_by_role("group", name="kernel preset").get_by_role("button", name=name, exact=True)
        button.click() if how == "mouse" else button.press("Enter")
        assert trait(page, "kernel_preset") == name and button.get_attribute("aria-pressed") == "true"
        assert page.locator(".preset[aria-pressed=true]").count() == 1
        row, col, value = output(page)
        assert value == pytest.approx(
            torch_map(kernels(name, 3), trait(page, "per_channel"), 1, False)[row, col]
        )


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_the_other_controls(shown, how):
    page = shown(PhotoFilter(row=74, column=84))
    for name, label in (("per_channel", "per channel"), ("relu", "ReLU")):
        box = page.get_by_role("checkbox", name=label)
        for wanted in (True, False, True):
            box.click() if how == "mouse" else box.press("Space")
            assert trait(page, name) is wanted
    menu, slider = page.get_by_role("combobox", name="kernel size"), page.get_by_role("slider", name="stride")
    if how == "mouse":
        menu.select_option("5 × 5")
        box = slider.bounding_box()
        page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    else:
        menu.press("ArrowDown")
        slider.press("End")
    assert (trait(page, "kernel_size"), trait(page, "stride")) == (5, 4)
    row, col, value = output(page)
    assert value == pytest.approx(torch_map(kernels("vertical edges", 5), True, 4, True)[row, col])


def test_the_tab_key_reaches_every_control(shown):
    page = shown(PhotoFilter(per_channel=True))
    names = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        names.add(
            page.evaluate(
                "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )
    wanted = {
        "kernel size",
        "stride",
        "per channel",
        "ReLU",
        "Open a picture",
        "Reset",
        "sum of the window",
        *PRESETS,
        "custom",
    }
    assert wanted <= names
    assert {"photograph: arrow keys move the window", "map: arrow keys move the window"} <= names
    assert sum(name.startswith(("red", "green", "blue")) for name in names - set(PRESETS)) == 3


def edit(page, text, row=1, col=1):
    cell = page.locator(f"[data-grid=kernel][data-row='{row}'][data-col='{col}']")
    cell.focus()
    cell.press("Enter")
    page.locator(".editor").fill(text)
    page.locator(".editor").press("Enter")
    return cell


def test_a_weight_typed_makes_the_kernel_the_reader_s_own(shown):
    page = shown(PhotoFilter(kernel_preset="vertical edges"))
    cell = edit(page, "-2,5", row=0, col=1)
    weight = [[-1, -2.5, 1], [-1, 0, 1], [-1, 0, 1]]
    assert cell.get_attribute("data-value") == "-2.5"
    assert (trait(page, "kernel_preset"), trait(page, "weight")) == ("custom", weight)
    assert page.get_by_role("button", name="custom").get_attribute("aria-pressed") == "true"
    row, col, value = output(page)
    assert value == torch_map(np.array([weight]), False, 1, False)[row, col]
    page.get_by_role("button", name="blur").click()
    page.get_by_role("button", name="custom").click()
    assert cells(page, "kernel").tolist() == weight


def test_a_weight_typed_for_one_color_leaves_the_others(shown):
    page = shown(PhotoFilter(kernel_preset="green spots", row=74, column=84))
    page.locator(".addend").nth(2).click()
    edit(page, "4", row=2, col=0)
    expected = kernels("green spots", 3)
    expected[2, 2, 0] = 4
    assert trait(page, "weight") == expected.tolist()
    row, col, value = output(page)
    assert value == torch_map(expected, True, 1, False)[row, col]


def test_a_second_click_edits_too(shown):
    page = shown(PhotoFilter())
    cell = page.locator("[data-grid=kernel][data-row='2'][data-col='2']")
    cell.click()
    cell.click()
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    assert cell.get_attribute("data-value") == "7"


def test_custom_starts_from_the_kernel_at_hand_and_keeps_its_middle_at_another_size(shown):
    page = shown(PhotoFilter(kernel_preset="sharpen"))
    page.get_by_role("button", name="custom").click()
    assert cells(page, "kernel").tolist() == kernels("sharpen", 3)[0].tolist()
    page.get_by_role("combobox", name="kernel size").select_option("5 × 5")
    np.testing.assert_array_equal(cells(page, "kernel"), np.pad(kernels("sharpen", 3)[0], 1))


def test_a_kernel_of_zeros_says_so(shown):
    page = shown(PhotoFilter(kernel_preset="custom"))
    assert status(page) == "Every weight is 0, so the map is 0 everywhere. Type a number into the kernel."
    edit(page, "2")
    assert status(page).startswith("Custom, 3 × 3 on grey") and output(page)[2] == 2 * GREY[58, 71]


@pytest.mark.parametrize("text", ["abc", "NaN", "", "1e9", "-Infinity"])
def test_a_weight_that_is_no_number_says_so_and_keeps_what_was_typed(shown, text):
    page = shown(PhotoFilter())
    cell = edit(page, text)
    assert f"“{text}” is not a number from -1000 to 1000" in status(page)
    assert page.locator(".editor").input_value() == text
    page.locator(".editor").press("Escape")
    assert cell.get_attribute("data-value") == "0" and status(page).startswith("Vertical edges")
    edit(page, "3")
    assert cell.get_attribute("data-value") == "3"


# ── pictures of the reader's ──


def save(path, array, **options):
    Image.fromarray(np.asarray(array, np.uint8)).save(path, **options)
    return path


def open_picture(page, path, says):
    """Choose a file, and wait until it is read and the figure says this of it."""
    page.get_by_label("Open a picture").set_input_files(path)
    page.wait_for_function(
        "says => (text => text.includes(says) && !text.includes('Reading “'))(document.querySelector('.cnnbook').innerText)",
        arg=says,
        timeout=60_000,
    )


def two_colors(height, width):
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2], image[:, width // 2 :] = (200, 30, 60), (20, 240, 90)
    return image


def test_a_picture_of_the_reader_s_is_shown_and_stays_in_the_page(shown, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (40, 30, 3))
    page = shown(PhotoFilter(per_channel=True, kernel_preset="blur"))
    requests, cat = [], trait(page, "image")
    page.on("request", lambda request: requests.append(request.url))
    open_picture(page, save(tmp_path / "mine.png", image), "mine.png")
    np.testing.assert_array_equal(pixels(page, 0)[..., :3], image)
    row, col, value = output(page)
    assert value == pytest.approx(torch_map(kernels("blur", 3), True, 1, False, image=image)[row, col])
    assert trait(page, "image") == cat
    assert [url for url in requests if not url.startswith("blob:")] == []


@pytest.mark.parametrize("name", ["wide.png", "wide.jpg"])
def test_fifty_megapixels_are_reduced_and_say_so(shown, tmp_path, name):
    page = shown(PhotoFilter(per_channel=True))
    path = save(
        tmp_path / name,
        two_colors(5774, 8660),
        **({"compress_level": 1} if name.endswith("png") else {"quality": 95}),
    )
    open_picture(page, path, f"{name}, reduced from 5774 × 8660")
    drawn = pixels(page, 0)
    assert drawn.shape == (171, 256, 4)
    assert (
        np.abs(drawn[:, :120, :3] - (200, 30, 60)).max() <= 3
        and np.abs(drawn[:, 136:, :3] - (20, 240, 90)).max() <= 3
    )
    page.get_by_role("slider", name="stride").press("End")
    assert "43 × 64 outputs" in status(page)


def test_a_photograph_taken_upright_stands_upright(shown, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rows are columns
    page = shown(PhotoFilter(per_channel=True))
    open_picture(
        page, save(tmp_path / "turned.jpg", two_colors(300, 600), exif=exif), "reduced from 600 × 300"
    )
    drawn = pixels(page, 0)
    assert drawn.shape == (256, 128, 4)
    assert (
        np.abs(drawn[10, 10, :3] - (200, 30, 60)).max() <= 4
        and np.abs(drawn[240, 10, :3] - (20, 240, 90)).max() <= 4
    )


def test_transparency_stands_over_white(shown, tmp_path):
    image = np.zeros((20, 30, 4), np.uint8)
    image[:, 10:20, 3], image[:, 20:, 3] = 255, 51
    page = shown(PhotoFilter())
    open_picture(page, save(tmp_path / "clear.png", image), "clear.png")
    drawn = pixels(page, 0)[..., 0]
    assert (
        (drawn[:, :10] == 255).all()
        and (drawn[:, 10:20] == 0).all()
        and (np.abs(drawn[:, 20:] - 204) <= 1).all()
    )


@pytest.mark.parametrize("content", [b"not a picture", b"", b"\x89PNG\r\n\x1a\n broken"])
def test_a_file_that_is_no_picture_says_so_and_the_old_picture_stays(shown, tmp_path, content):
    page = shown(PhotoFilter())
    path = tmp_path / "notes.png"
    path.write_bytes(content)
    open_picture(page, path, "“notes.png” is not a picture that this browser can read.")
    assert status(page).endswith("Choose a PNG, JPEG or WebP file; until then the picture stays.")
    np.testing.assert_array_equal(pixels(page, 0)[..., 0], GREY)
    page.get_by_role("button", name="blur").click()
    assert status(page).startswith("Blur, 3 × 3 on grey, stride 1: 158 × 239 outputs")
    open_picture(page, save(tmp_path / "good.png", two_colors(20, 40)), "good.png")
    assert "18 × 38 outputs" in status(page)


@pytest.mark.parametrize(("shape", "here"), [((4, 50), "4 × 50"), ((10, 3000), "1 × 256")])
def test_a_picture_smaller_than_the_kernel_says_so(shown, tmp_path, shape, here):
    page = shown(PhotoFilter(kernel_size=5))
    open_picture(page, save(tmp_path / "thin.png", two_colors(*shape)), "too small for a 5 × 5 kernel")
    assert f"“thin.png” is {shape[0]} × {shape[1]} pixels, here {here}" in status(page)
    np.testing.assert_array_equal(pixels(page, 0)[..., 0], GREY)


def test_a_slow_picture_does_not_replace_a_later_one(shown, tmp_path):
    page = shown(PhotoFilter())
    page.evaluate(
        """() => {
          const decode = createImageBitmap;
          globalThis.held = [];
          globalThis.createImageBitmap = (...given) =>
            new Promise((resolve) => held.push(() => decode(...given).then(resolve)));
        }"""
    )
    for name in ("slow.png", "later.png"):
        page.get_by_label("Open a picture").set_input_files(save(tmp_path / name, two_colors(20, 40)))
    page.wait_for_function("held.length === 2")
    assert status(page) == "Reading “later.png”."
    page.evaluate("held[1]()")
    page.wait_for_function("document.querySelector('.half .note').textContent === 'later.png'")
    page.evaluate("held[0]()")
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    assert page.locator(".half .note").inner_text() == "later.png"


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_the_file_dialog_opens(shown, how):
    page = shown(PhotoFilter())
    button = page.get_by_label("Open a picture")
    with page.expect_file_chooser() as chooser:
        button.click() if how == "mouse" else button.press("Enter")
    assert not chooser.value.is_multiple()


def test_reset_brings_back_the_author_s_setting_and_the_cat(shown, tmp_path):
    page = shown(PhotoFilter(stride=2, kernel_preset="corners"))
    open_picture(page, save(tmp_path / "mine.png", two_colors(30, 50)), "mine.png")
    for name in ("relu", "per channel"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("slider", name="stride").press("End")
    edit(page, "9")
    page.locator(".box").first.press("ArrowUp")
    page.get_by_role("button", name="Reset").click()
    page.wait_for_function("!document.querySelector('.cnnbook').innerText.includes('mine.png')")
    names = ["kernel_preset", "kernel_size", "weight", "per_channel", "relu", "stride", "row", "column"]
    assert [trait(page, name) for name in names] == ["corners", 3, [], False, False, 2, 58, 71]
    np.testing.assert_array_equal(pixels(page, 0)[..., 0], GREY)


def test_traits_set_from_outside_move_the_figure(shown):
    page = shown(PhotoFilter())
    set_traits(page, stride=4, kernel_size=5, per_channel=True, row=10, column=20)
    assert output(page)[:2] == (2, 5) and "39 × 60 outputs" in status(page)
    assert page.get_by_role("slider", name="stride").input_value() == "4"
    set_traits(page, image=data_url(two_colors(12, 33)))
    page.wait_for_function("document.querySelector('.cnnbook').innerText.includes('12\\u00a0×\\u00a033')")
    np.testing.assert_array_equal(pixels(page, 0)[..., :3], two_colors(12, 33))


# ── its look ──

WORST = {"weight": [[[-999.25] * 5] * 5] * 3, "relu": False, "stride": 1, "row": 159, "column": 240}
LOOKS = [
    {"kernel_preset": "blur", "kernel_size": 3},
    {"kernel_preset": "green spots", "kernel_size": 5, "relu": True},
    {"kernel_preset": "sharpen", "stride": 4},
    WORST,
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [328, 760])
@pytest.mark.parametrize("setting", LOOKS)
def test_fits_and_is_accessible(shown, axe, theme, width, setting):
    page = shown(PhotoFilter(**setting), width=width, theme=theme)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    frame, lens = boxes(page, ".cnnbook")[0], boxes(page, ".lens")[0]
    for box in boxes(page, ".grid, .box, .column, .preset, .sum"):
        assert box["left"] >= frame["left"] and box["right"] <= frame["right"]
    assert all(box["bottom"] <= lens["bottom"] + 1 for box in boxes(page, ".grid, .column"))
    cut = "cells => cells.filter(c => c.scrollWidth > c.clientWidth).map(c => c.textContent)"
    assert page.eval_on_selector_all(".grid [data-grid]", cut) == []
    targets = boxes(page, "button:not([hidden]), select, input[type=range], [data-grid=kernel]")
    assert all(min(box["width"], box["height"]) >= 24 for box in targets)


@pytest.mark.parametrize("width", [328, 760])
def test_its_height_never_changes(shown, tmp_path, width):
    page = shown(PhotoFilter(), width=width)
    heights = {page.locator(".cnnbook").bounding_box()["height"]}
    for setting in (*LOOKS, *SIGNED, {"kernel_preset": "green spots", "per_channel": False}):
        figure = PhotoFilter(**setting)
        names = ("kernel_preset", "kernel_size", "weight", "per_channel", "relu", "stride")
        set_traits(page, **{name: getattr(figure, name) for name in names})
        heights.add(page.locator(".cnnbook").bounding_box()["height"])
    edit(page, "a long text that is no number at all")
    heights.add(page.locator(".cnnbook").bounding_box()["height"])
    page.locator(".editor").press("Escape")
    for name, shape in (
        ("a_name_that_goes_on_and_on_and_on_for_ever.png", (500, 70)),
        ("flat.png", (9, 30)),
        ("no.png", (2, 2)),
    ):
        open_picture(page, save(tmp_path / name, two_colors(*shape)), name)
        heights.add(page.locator(".cnnbook").bounding_box()["height"])
    assert len(heights) == 1


def test_the_kernel_stands_above_the_fold_of_the_first_page(shown):
    """The kernel ends within the 620 pixels that the first page leaves in a window of 1280 by 800."""
    page = shown(PhotoFilter(kernel_size=5), width=760)
    frame, kernel = (
        page.locator(".cnnbook").bounding_box(),
        page.get_by_role("grid", name="kernel").bounding_box(),
    )
    assert kernel["y"] + kernel["height"] - frame["y"] <= 620


# ── Python ──


def test_the_cat_is_small_enough_for_a_page():
    assert len(PhotoFilter().image) < 90_000 and PhotoFilter().image.startswith("data:image/webp;base64,")


def test_what_is_left_out_follows_from_what_is_given():
    five = [[0.0] * 5] * 5
    assert (PhotoFilter(weight=five).kernel_size, PhotoFilter(weight=five).kernel_preset) == (5, "custom")
    assert PhotoFilter(weight=[five] * 3).per_channel and PhotoFilter(weight=[five] * 3).kernel_size == 5
    assert PhotoFilter(kernel_preset="green spots").per_channel
    assert not PhotoFilter(kernel_preset="green spots", per_channel=False).per_channel
    assert (PhotoFilter().kernel_preset, PhotoFilter().kernel_size, PhotoFilter().per_channel) == (
        "vertical edges",
        3,
        False,
    )


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([[1.0, float("nan"), 0]] * 3, "weight holds nan; expected finite numbers from -1000 to 1000"),
        ([[5000.0] * 3] * 3, "weight holds 5000.0"),
        ([[1.0, 2.0]], re.escape("weight has shape (1, 2); expected (K, K) or (3, K, K) with K 3 or 5")),
        ([[[1.0] * 3] * 3] * 2, re.escape("weight has shape (2, 3, 3)")),
        ([[1.0] * 3, [1.0] * 2, [1.0] * 3], "expected rows of numbers, equally long"),
        ([["a"] * 3] * 3, "expected rows of numbers, equally long"),
    ],
)
def test_python_refuses_weights_that_are_no_kernel(weight, message):
    with pytest.raises(ValueError, match=message):
        PhotoFilter(weight=weight)


@pytest.mark.parametrize(
    "bad",
    [
        {"stride": 0}, {"stride": 5}, {"kernel_size": 4}, {"kernel_preset": "emboss"}, {"relu": "yes"},
        {"row": -1}, {"column": 256}, {"image": "https://example.org/cat.png"}, {"image": ""},
        {"image": "data:image/png;base64,AAAA"},
    ],
)  # fmt: skip
def test_python_refuses_values_out_of_bounds(bad):
    with pytest.raises(TraitError, match=next(iter(bad))):
        PhotoFilter(**bad)


def test_python_refuses_unknown_traits():
    with pytest.raises(TypeError, match="PhotoFilter has no padding; its traits are"):
        PhotoFilter(padding=1)


@pytest.mark.parametrize(
    "array", [np.zeros((3, 4), np.uint8), np.zeros((3, 4, 3)), np.zeros((3, 4, 4), np.uint8)]
)
def test_a_data_url_is_made_of_rgb_bytes_only(array):
    with pytest.raises(ValueError, match="expected uint8"):
        data_url(array)
