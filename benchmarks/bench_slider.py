"""From a slider to the picture: the figure on the static page against ``interact`` and matplotlib over a live kernel."""

import statistics
import tempfile
from pathlib import Path

import find_chromium
import nbformat
from conftest import CHROMIUM_FLAGS
from lab_server import run_all, serve_lab
from playwright.sync_api import sync_playwright
from site_server import serve

from benchmarks.table import print_table

FIGURE = "[data-figure=ConvolutionExplorer]"
SLIDERS = ["input size", "kernel size", "stride", "padding", "dilation"]
LARGE = {"input size": 12, "padding": 6}
INTERACT_STEPS = 12
THUMB = 16  # pixels of a slider's handle

USUAL_WAY = """
import ipywidgets
import matplotlib.pyplot as plt
import torch

def show(stride=1, padding=0):
    image = torch.zeros(1, 1, 7, 7)
    image[..., 4:] = 9
    output = torch.nn.functional.conv2d(image, torch.ones(1, 1, 3, 3), stride=stride, padding=padding)
    figure, axes = plt.subplots(1, 2, figsize=(7, 3))
    for axis, grid in zip(axes, (image, output)):
        axis.imshow(grid[0, 0])
    plt.show()

ipywidgets.interact(show, stride=(1, 4), padding=(0, 20));
"""

# Milliseconds from a key press or a drag to the end of the frame that paints the change it caused under `selector`.
WATCH = """
(selector) => {
  globalThis.painted = [];
  let pressed = 0;
  let shown = document.querySelector(`${selector} .jp-OutputArea img`)?.src;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    if (pressed) painted.push(performance.now() - pressed);
    pressed = 0;
  };
  addEventListener("keydown", (event) => (pressed = event.timeStamp), true);
  addEventListener("pointermove", (event) => event.buttons && (pressed = event.timeStamp), true);
  new MutationObserver(async (changes) => {
    const changed = changes.flatMap((change) => [change.target, ...change.addedNodes]);
    const all = changed.flatMap((node) => (node.tagName === "IMG" ? [node] : [...(node.querySelectorAll?.(".jp-OutputArea img") ?? [])]));
    const pictures = all.filter((picture) => picture.src !== shown); // JupyterLab takes an old one out and in again
    if (selector !== "FIGURE" && !pictures.length) return;
    shown = pictures[0]?.src;
    await Promise.all(pictures.map((picture) => picture.decode()));
    requestAnimationFrame(() => port2.postMessage(0));
  }).observe(document.querySelector(selector), { childList: true, subtree: true, characterData: true, attributes: true });
}
""".replace("FIGURE", FIGURE)


FRAME = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


def steps(page, settings):
    """Drag each slider from end to end, the others as the page opens but for `settings`; each step is given back to take."""
    figure = page.locator(FIGURE).first
    for name in SLIDERS:
        figure.get_by_role("button", name="Reset").click()
        for setting, value in settings.items():
            figure.get_by_role("slider", name=setting, exact=True).fill(str(value))
        slider = figure.get_by_role("slider", name=name, exact=True)
        least, most = (int(slider.get_attribute(end)) for end in ("min", "max"))
        slider.fill(str(least))
        box = slider.bounding_box()
        reach = box["width"] - THUMB
        places = [box["x"] + THUMB / 2 + reach * step / (most - least) for step in range(1 + most - least)]
        level = box["y"] + box["height"] / 2
        page.mouse.move(places[0], level)
        page.mouse.down()
        for place in places[1:]:
            page.evaluate(FRAME)
            yield lambda place=place, level=level: page.mouse.move(place, level)
        page.mouse.up()
        assert int(slider.input_value()) == most


def work_so_far(session):
    """Milliseconds of work since the page opened, as the browser itself accounts for them, without and with the styling of elements."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    spent = {metric["name"]: 1000 * metric["value"] for metric in metrics}
    bare = spent["ScriptDuration"] + spent["LayoutDuration"]
    return bare, bare + spent["RecalcStyleDuration"]


def work_of_figure(page, settings):
    """Milliseconds of work of each step, without and with the styling of elements."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    work = {"script and layout": [], "script, style and layout": []}
    for step in steps(page, settings):
        before = work_so_far(session)
        step()
        page.evaluate(FRAME)
        for spent, start, end in zip(work.values(), before, work_so_far(session), strict=True):
            spent.append(end - start)
    session.detach()
    return work


def paints_of_figure(page, settings):
    """Milliseconds from each move of the pointer to the end of the frame that shows it; a frame alone is up to 17."""
    paints = []
    for step in steps(page, settings):
        page.evaluate("() => { painted.length = 0; }")
        step()
        page.wait_for_function("painted.length")
        paints.append(page.evaluate("painted[0]"))
    return paints


def sweep_interact(page):
    """Milliseconds to paint for steps of the padding slider of the usual way."""
    handle = page.locator(".jupyter-widgets .noUi-handle").nth(1)
    handle.wait_for(timeout=120_000)
    page.locator(".widget-interact .jp-OutputArea-output img, .jupyter-widgets img").first.wait_for(
        timeout=120_000
    )
    page.evaluate(WATCH, ".jp-Notebook")
    for step in range(INTERACT_STEPS):
        handle.press("ArrowRight")
        page.wait_for_function("count => painted.length >= count", arg=step + 1, timeout=60_000)
        page.get_by_text("| Idle").wait_for()
    return page.evaluate("painted")


def row(what, milliseconds):
    ordered = sorted(milliseconds)
    return {
        "what": what,
        "steps": len(ordered),
        "median ms": statistics.median(ordered),
        "95 % ms": ordered[int(0.95 * (len(ordered) - 1))],
        "largest ms": ordered[-1],
    }


def main():
    rows = []
    with sync_playwright() as playwright, serve() as address, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=find_chromium.get(), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}notebooks/stride_padding.html")
        page.wait_for_selector("html[data-figures=ready]")
        page.locator(FIGURE).first.scroll_into_view_if_needed()
        settings = {"as the page opens": {}, "12 × 12, padding 6": LARGE}
        rows += [
            row(f"figure, {work}, {what}", spent)
            for what in settings
            for work, spent in work_of_figure(page, settings[what]).items()
        ]
        page.evaluate(WATCH, FIGURE)
        rows += [
            row(f"figure, to paint, {what}", paints_of_figure(page, settings[what])) for what in settings
        ]
        notebooks = Path(folder) / "notebooks"
        notebooks.mkdir()
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        cells = [nbformat.v4.new_code_cell(USUAL_WAY)]
        usual = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(usual, notebooks / "usual.ipynb")
        with serve_lab(Path(folder)) as (lab, _):
            run_all(page, lab.format("usual.ipynb"))
            rows.append(row("interact + matplotlib, to paint", sweep_interact(page)))
        browser.close()
    for entry in rows:
        entry["interact ÷ this"] = rows[-1]["median ms"] / entry["median ms"]
    print_table("A slider moves by one step", rows)


if __name__ == "__main__":
    main()
