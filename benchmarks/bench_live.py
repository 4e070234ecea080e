"""Trained networks in the page: milliseconds of an inference and of a step of a drag, and what a figure adds to its page."""

import gzip
import io
import itertools
import json
import time

import find_chromium
import numpy as np
import torch
from conftest import CHROMIUM_FLAGS, figure_page, top_level
from ipywidgets.embed import dependency_state
from playwright.sync_api import sync_playwright

from benchmarks.bench_segmentation import CASES, WIDTHS
from benchmarks.bench_slider import FRAME, row, work_so_far
from benchmarks.table import print_table
from cnnbook import data, training
from cnnbook.figures import FeatureMaps, SegmentationLab, ShiftProbe, YoloGrid
from cnnbook.nets import FullyConnected, SmallNet, TinyYOLO, UNet, as_arrays, yolo_loss

CANVAS = 40
REACH = 6
REPEATS = 100
# Along the rows of all places, to and fro, as a hand that drags: each step is one pixel.
PLACES = [
    (dx if row % 2 else -dx, dy)
    for row, dy in enumerate(range(-REACH, REACH + 1))
    for dx in range(-REACH, REACH + 1)
]

INFER = """
({ networks, pixels, side, repeats }) => {
  const all = networks.map(readNetwork);
  const input = { values: Float32Array.from(pixels, (byte) => byte / 255), channels: 1, height: side, width: side };
  return Array.from({ length: repeats }, () => {
    const start = performance.now();
    for (const layers of all) forward(layers, input);
    return performance.now() - start;
  });
}
"""


def trained():
    """The networks of the two figures, and a garment of each class, as in the chapters."""
    garments = data.fashion_mnist()
    images, labels = garments.train_images[:20_000], garments.train_labels[:20_000]
    edge = (CANVAS - 28) // 2
    centred = torch.nn.functional.pad(images, (edge, edge, edge, edge))
    torch.manual_seed(0)
    fully, small = FullyConnected(CANVAS**2), SmallNet(widths=(16, 32, 32))
    for model, epochs in ((fully, 5), (small, 3)):
        training.fit(model, centred, labels, epochs=epochs, progress=False)
    first = [int((garments.test_labels == label).nonzero()[0]) for label in range(10)]
    common = {"images": garments.test_images[first, 0].numpy(), "labels": list(range(10))}
    return fully, small, common | {"classes": list(garments.classes)}


def detector():
    """The network of `YoloGrid`, less trained than in the chapter, a scene of four garments, and the figure of it."""
    scenes = data.shop_windows(2000)
    torch.manual_seed(0)
    model = TinyYOLO(num_classes=len(scenes.classes))
    training.fit_detector(model, scenes, loss=yolo_loss, epochs=3, progress=False)
    image, scene = crowded()
    return model, image, YoloGrid(network=as_arrays(model), **scene)


def segmenters():
    """The two networks of `SegmentationLab`, less trained than in the chapter, the same scene, and the figure of them."""
    scenes = data.shop_windows(1000)
    models = {}
    for name, case in {"with skips": "bilinear, skips", "without skips": "bilinear, no skips"}.items():
        torch.manual_seed(0)
        classes, kind, _ = CASES[case]
        models[name] = UNet(1, classes + 1, WIDTHS, **kind)
        training.fit_segmenter(models[name], scenes, epochs=2, progress=False)
    image, scene = crowded()
    networks = {name: as_arrays(model) for name, model in models.items()}
    return [*models.values()], image, SegmentationLab(networks=networks, **scene)


def crowded():
    """A scene of four garments, and its pieces for a figure."""
    tests, windows = data.shop_windows(20, split="test"), data.shop_window_pieces(20, split="test")
    at = next(at for at, window in enumerate(windows) if len(window.cutouts) == 4)
    ground, cutouts = windows[at]
    # The garment that is dragged starts in the middle: there is room to all sides.
    middle = [int(room) // 2 for room in np.subtract(ground.shape, cutouts[0].pixels.shape)]
    places = [middle, *([cutout.row, cutout.col] for cutout in cutouts[1:])]
    pieces = {"grounds": ground[None], "cutouts": cutouts, "places": places}
    return tests.images[at, 0], pieces | {"classes": list(tests.classes)}


def inference_in_page(browser, networks, image):
    """Milliseconds of each forward pass of a square image through all networks of a figure."""
    page = browser.new_page()
    names = "\n".join(map(top_level, ["kit.js", "net.js"]))
    page.evaluate(f"() => {{ {names}\n globalThis.run = {INFER}; }}")
    given = {"networks": networks, "pixels": image.flatten().tolist(), "side": len(image), "repeats": REPEATS}
    spent = page.evaluate("given => run(given)", given)
    page.close()
    return spent


def inference_in_torch(models, side):
    """The same in PyTorch, an image at a time on one thread: what a live kernel would take, without the way there."""
    image, spent = torch.rand(1, 1, side, side), []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.inference_mode():
        for _ in range(REPEATS):
            start = time.perf_counter()
            for model in models:
                model(image)
            spent.append(1000 * (time.perf_counter() - start))
    torch.set_num_threads(threads)
    return spent


def drag(browser, figure, garment, place):
    """Milliseconds of work of each step while the mouse drags a garment, whose place the page's expression says: script,
    style and layout."""
    page = browser.new_page(viewport={"width": 792, "height": 1200})
    page.set_content(figure_page(figure))
    page.wait_for_selector("html[data-figures=ready]")
    box = page.locator(garment).first.bounding_box()
    zoom = page.locator("canvas").first.evaluate("one => one.getBoundingClientRect().width / one.width")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    start = page.evaluate(place)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    spent = []
    for dx, dy in PLACES:
        _, before = work_so_far(session)
        page.mouse.move(x + dx * zoom, y + dy * zoom)
        page.evaluate(FRAME)
        spent.append(work_so_far(session)[1] - before)
    page.mouse.up()
    assert [at - first for at, first in zip(page.evaluate(place), start, strict=True)] == list(PLACES[-1])
    page.close()
    return spent


def gzipped(content):
    return len(gzip.compress(content, 9)) / 1000


def weights(models):
    """What their float32 numbers take."""
    file = io.BytesIO()
    for parameter in itertools.chain.from_iterable(model.parameters() for model in models):
        file.write(parameter.detach().numpy().tobytes())
    return file.getvalue()


def main():
    fully, small, common = trained()
    nets = {"fully connected": as_arrays(fully), "CNN, global average": as_arrays(small)}
    probe = ShiftProbe(networks=nets, canvas_size=CANVAS, **common)
    maps = FeatureMaps(network=nets["CNN, global average"], **common)
    yolo, scene, grid = detector()
    unets, _, lab = segmenters()
    garment = torch.from_numpy(common["images"][0])
    canvas = torch.nn.functional.pad(garment, [(CANVAS - len(garment)) // 2] * 4)
    moved = "[model.get('dx'), model.get('dy')]"
    figures = [
        (probe, [fully, small], list(probe.networks.values()), canvas, ".sp-canvas", moved),
        (maps, [small], [maps.network], garment, ".fm-box", moved),
        (grid, [yolo], [grid.network], scene, ".garment", "model.get('places')[0].toReversed()"),
        (lab, unets, list(lab.networks.values()), scene, ".garment", "model.get('places')[0].toReversed()"),
    ]
    speeds, sizes = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium.get(), args=CHROMIUM_FLAGS)
        for figure, models, networks, image, handle, place in figures:
            name = type(figure).__name__
            speeds += [
                row(f"{name}, inference in the page", inference_in_page(browser, networks, image)),
                row(f"{name}, inference in PyTorch, one thread", inference_in_torch(models, len(image))),
                row(
                    f"{name}, step of a drag, script, style and layout", drag(browser, figure, handle, place)
                ),
            ]
            state = json.dumps(dependency_state([figure], drop_defaults=False))
            sizes.append(
                {
                    "figure": name,
                    "in the page": gzipped(state.encode()),
                    "its networks": gzipped(json.dumps(networks).encode()),
                    "these as float32": gzipped(weights(models)),
                }
            )
        browser.close()
    print_table("A trained network answers", speeds)
    print_table("What a figure adds to a page, kB gzipped", sizes)


if __name__ == "__main__":
    main()
