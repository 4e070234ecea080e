"""Matplotlib pictures of the book, and the one colour table in Python."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

# Okabe and Ito's colours that tell apart for every eye; figures/kit.css has the same table for the page.
COLORS = {
    "input": "#0072B2",
    "kernel": "#E69F00",
    "output": "#009E73",
    "padding": "#8A8A8A",
    "error": "#D55E00",
    "negative": "#CC79A7",
}

SIGNED = LinearSegmentedColormap.from_list("signed", [COLORS["negative"], "white", COLORS["output"]])


def show_images(images: dict[str, np.ndarray], columns: int | None = None, width: float = 7.5) -> Figure:
    """Draw titled images side by side.

    >>> show_images({"input": np.zeros((4, 6)), "output": np.zeros((2, 3))}).axes[0].get_title()
    'input'

    Args:
        images: title to image: ``(H, W)``, or ``(H, W, 3)`` RGB as uint8 or in 0 to 1. A ``(H, W)`` image with
            negative values is drawn in two colours around 0: pink below, green above; any other in grey.
        columns: images in a row; all in one row unless told.
        width: of the whole drawing, in inches.

    Raises:
        ValueError: for no image, one that is neither ``(H, W)`` nor ``(H, W, 3)``, or ``columns`` below 1.

    Used in chapters ``convolution`` and ``stride_padding``.
    """
    return _panels(images, columns, width)


# What a box is: its colour and line. Dashes tell truth from answers without colour.
MARKS = {"truth": ("input", "--"), "found": ("output", "-"), "wrong": ("error", "-")}


def show_boxes(
    images: dict[str, np.ndarray],
    boxes: dict[str, list[tuple]],
    columns: int | None = None,
    width: float = 7.5,
) -> Figure:
    """Draw titled images with boxes on them.

    >>> shown = show_boxes({"scene": np.zeros((96, 96))}, {"scene": [((8, 20, 40, 60), "Bag", "truth")]})
    >>> len(shown.axes[0].patches)
    1

    Args:
        images, columns, width: as for `show_images`.
        boxes: title to boxes: for each ``(x1, y1, x2, y2)`` in pixels, what to write on it, and what it is:
            ``"truth"`` is drawn in dashed blue, ``"found"`` in green, ``"wrong"`` in vermilion. A title may be left out.

    Raises:
        ValueError: as for `show_images`; for boxes of a title that no image has, or of another kind.

    Used in the chapter ``detection``.
    """
    for title, marks in boxes.items():
        kinds = {kind for _, _, kind in marks}
        if title not in images or not kinds <= set(MARKS):
            raise ValueError(
                f"boxes has {title!r} with {', '.join(map(repr, sorted(kinds)))}; expected a title of an image "
                f"with boxes of the kinds {', '.join(MARKS)}"
            )
    figure = _panels(images, columns, width)
    for axis, title in zip(figure.axes, images, strict=False):
        for (x1, y1, x2, y2), text, kind in boxes.get(title, []):
            color, line = COLORS[MARKS[kind][0]], MARKS[kind][1]
            # Pixel 0 is drawn from -0.5 to 0.5.
            corner = x1 - 0.5, y1 - 0.5
            axis.add_patch(
                Rectangle(
                    corner, x2 - x1, y2 - y1, fill=False, edgecolor=color, linestyle=line, linewidth=1.5
                )
            )
            # Above the box, or inside it where there is no room above.
            side = "bottom" if y1 > 0.06 * len(images[title]) else "top"
            axis.text(
                *corner, text, fontsize=6, color="white", va=side, clip_on=True,
                bbox={"facecolor": color, "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
    return figure


def show_masks(
    images: dict[str, np.ndarray],
    masks: dict[str, np.ndarray],
    classes: tuple[str, ...],
    columns: int | None = None,
    width: float = 7.5,
) -> Figure:
    """Draw titled grey images under coloured masks, with a legend.

    >>> shown = show_masks({"scene": np.zeros((4, 6))}, {"scene": np.ones((4, 6), int)}, classes=("Bag",))
    >>> [text.get_text() for text in shown.legends[0].texts]
    ['Bag']

    Args:
        images, columns, width: as for `show_images`; the images ``(H, W)``.
        masks: title to mask, integers ``(H, W)``: 0 the ground, which gets no colour, 1 and on the classes, 255 pixels
            that do not count, in grey. A title may be left out.
        classes: the names, without the ground; at most five.

    Raises:
        ValueError: as for `show_images`; for more than five classes, a title that no image has, a mask of another
            size, or a number that is no class.

    Used in the chapter ``segmentation``.
    """
    colors = [COLORS[name] for name in ("input", "kernel", "output", "error", "negative")]
    if not 1 <= len(classes) <= len(colors):
        raise ValueError(f"there are {len(classes)} classes; expected 1 to {len(colors)}")
    known = {*range(len(classes) + 1), 255}
    for title, mask in masks.items():
        if (
            title not in images
            or np.shape(mask) != np.shape(images[title])
            or np.asarray(mask).dtype.kind not in "iu"
            or not {*np.unique(mask)} <= known
        ):
            raise ValueError(
                f"mask {title!r} has shape {np.shape(mask)} and {np.asarray(mask).dtype} from {np.min(mask)} to "
                f"{np.max(mask)}; expected the title and the shape of an image, and integers, 0 to {len(classes)} or 255"
            )
    figure = _panels(images, columns, width)
    table = np.zeros((256, 4))
    table[1 : len(classes) + 1] = [to_rgba(color, 0.6) for color in colors[: len(classes)]]
    table[255] = to_rgba(COLORS["padding"])
    for axis, title in zip(figure.axes, images, strict=False):
        if title in masks:
            axis.imshow(table[masks[title]], interpolation="nearest")
    named = [Patch(color=color, label=name) for name, color in zip(classes, colors, strict=False)]
    figure.legend(handles=named, loc="outside lower center", ncols=len(classes), frameon=False)
    return figure


def _panels(images, columns, width):
    """A drawing with each image in a panel of its own, in order; panels that are left over stay empty."""
    if not images:
        raise ValueError("images is empty; expected at least one title and image")
    for title, image in images.items():
        if np.ndim(image) != 2 and np.shape(image)[2:] != (3,):
            raise ValueError(f"image {title!r} has shape {np.shape(image)}; expected (H, W) or (H, W, 3)")
    columns = len(images) if columns is None else columns
    if columns < 1:
        raise ValueError(f"columns is {columns}; expected at least 1")
    rows = -(-len(images) // columns)
    tallest = max(np.shape(image)[0] / np.shape(image)[1] for image in images.values())
    height = rows * (width / columns * tallest + 0.35)
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), squeeze=False, layout="constrained")
    plt.close(figure)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, (title, image) in zip(axes.flat, images.items(), strict=False):
        _show(axis, np.asarray(image))
        axis.set_title(title, fontsize=9)
    return figure


def _show(axis, image):
    if image.ndim == 2 and image.min() < 0:
        reach = np.abs(image).max()
        axis.imshow(image, cmap=SIGNED, vmin=-reach, vmax=reach)
    else:
        axis.imshow(image, cmap="gray")


def show_curves(curves: dict[str, np.ndarray], x, x_label: str, y_label: str, width: float = 6) -> Figure:
    """Draw lines over a common axis; where a line was measured several times, its mean and its range.

    >>> show_curves({"max": np.zeros((3, 5)), "average": np.ones(5)}, range(5), "shift", "share").axes[0].get_ylabel()
    'share'

    Colours only tell the lines apart here; so do the markers, for those who see no colour.

    Args:
        curves: title to numbers: ``(points,)``, or ``(repeats, points)``, of which the mean is drawn as a line
            and the span from smallest to largest as a band.
        x: where the points lie, ``(points,)``.
        x_label, y_label: what the axes show, with units.
        width: of the whole drawing, in inches.

    Raises:
        ValueError: for no curve, more than six, or one that does not fit ``x``.

    Used in the chapter ``pooling``, "How much shift does pooling forgive?".
    """
    figure, axis = _chart(curves, x_label, y_label, size=(width, width * 0.55))
    for title, values in curves.items():
        if np.ndim(values) not in (1, 2) or np.shape(values)[-1] != len(x) or np.size(values) == 0:
            raise ValueError(
                f"curve {title!r} has shape {np.shape(values)}; expected ({len(x)},) or (repeats, {len(x)})"
            )
    for (title, values), color, marker in zip(curves.items(), COLORS.values(), "os^XDv", strict=False):
        repeats = np.atleast_2d(values)
        axis.plot(x, repeats.mean(axis=0), color=color, marker=marker, label=title)
        axis.fill_between(x, repeats.min(axis=0), repeats.max(axis=0), color=color, alpha=0.2, linewidth=0)
    axis.set_xticks(list(x))
    figure.legend(loc="outside right upper", frameon=False)
    return figure


def show_precision_recall(curves: dict[str, tuple], width: float = 5) -> Figure:
    """Draw precision against recall, a line for each detector or class.

    >>> shown = show_precision_recall({"Bag": (np.array([1.0, 1.0, 0.67]), np.array([0.25, 0.5, 0.5]))})
    >>> shown.axes[0].get_xlabel()
    'recall'

    Args:
        curves: title to ``(precision, recall)``, both ``(points,)``, from the surest detection on.
        width: of the whole drawing, in inches.

    Raises:
        ValueError: for no curve, more than six, or one whose two parts differ in length.

    Used in the chapter ``detection``, "Precision and recall".
    """
    figure, axis = _chart(curves, "recall", "precision", size=(width, width * 0.7))
    for title, (precision, recall) in curves.items():
        if np.ndim(precision) != 1 or np.shape(precision) != np.shape(recall):
            raise ValueError(
                f"curve {title!r} has shapes {np.shape(precision)} and {np.shape(recall)}; expected twice (points,)"
            )
    lines = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))
    for (title, (precision, recall)), color, line in zip(
        curves.items(), COLORS.values(), lines, strict=False
    ):
        axis.plot(recall, precision, color=color, linestyle=line, label=title)
    axis.set(xlim=(0, 1.02), ylim=(0, 1.02))
    figure.legend(loc="outside right upper", frameon=False)
    return figure


def _chart(curves, x_label, y_label, size):
    """An empty chart for so many curves as there are colours."""
    if not 1 <= len(curves) <= len(COLORS):
        raise ValueError(f"there are {len(curves)} curves; expected 1 to {len(COLORS)}")
    figure, axis = plt.subplots(figsize=size, layout="constrained")
    plt.close(figure)
    axis.set(xlabel=x_label, ylabel=y_label)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(alpha=0.3)
    return figure, axis
