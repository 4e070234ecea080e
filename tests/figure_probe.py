"""What tests read off a figure's page, and how they set its traits from outside."""

import base64
import itertools

import numpy as np

# For expressions that return many numbers: "encode(typed array)" there, `decode` here.
ENCODE = """
const encode = (typed) => {
  const bytes = new Uint8Array(typed.buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
};
"""


def decode(text, dtype):
    """The numbers of a typed array that ``encode`` made text of."""
    return np.frombuffer(base64.b64decode(text), dtype)


def status(page):
    """What the figure says in words."""
    return page.get_by_role("status").inner_text()


def trait(page, name):
    return page.evaluate(f"model.get('{name}')")


def set_traits(page, **traits):
    """Set traits from outside, as Python would."""
    page.evaluate(
        "traits => Object.entries(traits).forEach(([name, value]) => model.set(name, value))", traits
    )


def boxes(page, selector):
    """The rectangles of all elements that match, as the browser lays them out."""
    return page.eval_on_selector_all(selector, "all => all.map(one => one.getBoundingClientRect().toJSON())")


def overlap(rectangles):
    """How far, in pixels, two of the rectangles run into each other at most; 0 or less where all are apart."""
    return max(
        (
            min(
                min(one["right"], other["right"]) - max(one["left"], other["left"]),
                min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]),
            )
            for one, other in itertools.combinations(rectangles, 2)
        ),
        default=0,
    )


def heights_and_cuts(page, settings, words, sideways=True):
    """The heights that a figure has at these settings, and the texts, of those that the selector finds, that do not fit.

    ``sideways``: whether a line may not be longer than its box either.
    """
    return page.evaluate(
        """async ([settings, words, sideways]) => {
          const [heights, cut] = [new Set(), new Set()];
          for (const setting of settings) {
            for (const [name, value] of Object.entries(setting)) model.set(name, value);
            await new Promise(queueMicrotask);
            heights.add(document.querySelector(".cnnbook").getBoundingClientRect().height);
            for (const text of document.querySelectorAll(words))
              if (text.scrollHeight > text.clientHeight + 1 || (sideways && text.scrollWidth > text.clientWidth + 1)) cut.add(text.textContent);
          }
          return [[...heights], [...cut]];
        }""",
        [settings, words, sideways],
    )


def cells(page, grid, attribute="data-value"):
    """A grid's numbers as the page shows them, (rows, cols)."""
    found = page.eval_on_selector_all(
        f"[data-grid={grid}]",
        f"cells => cells.map(c => [+c.dataset.row, +c.dataset.col, c.getAttribute('{attribute}') ?? c.textContent])",
    )
    table = np.full((1 + max(row for row, _, _ in found), 1 + max(col for _, col, _ in found)), np.nan)
    for row, col, value in found:
        table[row, col] = float(value)
    return table


def pixels(page, which=0):
    """A canvas as it is drawn, red, green, blue and opacity: (height, width, 4)."""
    text, height, width = page.evaluate(
        f"""which => {{
          {ENCODE}
          const canvas = document.querySelectorAll("canvas")[which];
          const copy = new OffscreenCanvas(canvas.width, canvas.height); // reading a canvas twice earns a warning
          const context = copy.getContext("2d", {{ willReadFrequently: true }});
          context.drawImage(canvas, 0, 0);
          return [encode(context.getImageData(0, 0, canvas.width, canvas.height).data), canvas.height, canvas.width];
        }}""",
        which,
    )
    return decode(text, np.uint8).reshape(height, width, 4).astype(int)


def touch(page, *points):
    """A finger that goes down at the first point, over the others, and up."""
    client = page.context.new_cdp_session(page)
    for kind, (x, y) in zip(["touchStart"] + ["touchMove"] * (len(points) - 1), points, strict=True):
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
