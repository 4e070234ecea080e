"""The exercises of the chapter `detection`."""

import numpy as np
import torch

from cnnbook import boxes
from cnnbook.checks.checker import Checker

det_shift = Checker(
    truth=(1 / 3, 1 / 7, 1 / 4),
    right="The union counts what they share once. So IoU falls fast: half a width costs two thirds.",
    slips=[
        ((1 / 2, 1 / 4, 1 / 4), "You divided by the area of one box. The union is larger than that."),
        ((1 / 2, 1 / 4, 1), "You divided by the smaller area. Divide by the union."),
        ((1 / 4, 1 / 8, 1 / 5), "You counted what they share twice: take it off the sum of the areas once."),
        ((1 / 3, 1 / 7, 1 / 2), "A box twice as wide and twice as high has how many times the area?"),
        (
            (1 / 3, 1 / 4, 1 / 4),
            "The second is off: they share a quarter of a box, and cover more than one box.",
        ),
        ((1 / 3, 1 / 7, 1), "The third is off: the large box has area that the small one does not cover."),
    ],
    hint="Call the area of the first box 1. What do the two share, and what do they cover together?",
    rtol=0.015,
)


def _iou(a, b):
    return boxes.iou(*(torch.tensor(box, dtype=torch.float64) for box in (a, b))).item()


def _shared(a, b, floor):
    """What two boxes share, with sides of at least `floor`, and their areas."""
    width = max(floor, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(floor, min(a[3], b[3]) - max(a[1], b[1]))
    return width * height, *((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))


def _iou_without_floor(a, b):
    shared, of_a, of_b = _shared(a, b, floor=-np.inf)
    return shared / (of_a + of_b - shared)


def _iou_of_sum(a, b):
    shared, of_a, of_b = _shared(a, b, floor=0)
    return shared / (of_a + of_b)


def _iou_of_edges(a, b):
    shared, *_ = _shared(a, b, floor=0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def _iou_of_smaller(a, b):
    shared, of_a, of_b = _shared(a, b, floor=0)
    return shared / min(of_a, of_b)


det_iou = Checker(
    truth=_iou,
    right="It is 0 for boxes apart, and nothing can exceed 1.",
    slips=[
        (
            _iou_without_floor,
            "Try it on two boxes that lie apart, one lower right of the other: two negative sides give a positive area.",
        ),
        (_iou_of_sum, "The sum of the two areas counts what they share twice."),
        (_iou_of_smaller, "Divide by the union, not by the smaller box."),
        (_iou_of_edges, "The last two numbers are edges, not sizes: a width is x2 − x1."),
        (lambda a, b: _shared(a, b, floor=0)[0], "That is the intersection. Divide it by the union."),
    ],
    hint="The shared part begins at the larger of the left edges and ends at the smaller of the right ones.",
    tries=[
        ((10, 10, 30, 50), (20, 20, 40, 60)),
        ((0, 0, 8, 12), (2, 3, 6, 5)),
        ((0, 0, 8, 12), (20, 30, 50, 36)),
        ((5, 5, 15, 9), (5, 9, 15, 13)),
    ],
)


def _cell_of_box(x1, y1, x2, y2, grid=12, size=96):
    cell = size / grid
    (row, y), (col, x) = (divmod((first + last) / 2 / cell, 1) for first, last in ((y1, y2), (x1, x2)))
    return row, col, x, y, (x2 - x1) / size, (y2 - y1) / size


_TO_ENCODE = (12, 40, 50, 74)

det_encode = Checker(
    truth=_cell_of_box(*_TO_ENCODE),
    right="The cell says roughly where, x and y say where in the cell, w and h how large.",
    slips=[
        (
            tuple(_cell_of_box(*_TO_ENCODE)[at] for at in (1, 0, 2, 3, 4, 5)),
            "The row comes first. It counts downwards.",
        ),
        (
            (*_cell_of_box(12, 40, 12, 40)[:4], *_cell_of_box(*_TO_ENCODE)[4:]),
            "You took the upper left corner. The centre decides.",
        ),
        (
            (*_cell_of_box(*_TO_ENCODE)[:4], 38 / 8, 34 / 8),
            "Width and height are shares of the whole image, not of a cell.",
        ),
        (
            (*_cell_of_box(*_TO_ENCODE)[:2], 31 / 96, 57 / 96, *_cell_of_box(*_TO_ENCODE)[4:]),
            "You gave the centre as a share of the image. x and y say where it is inside its cell, from 0 to 1.",
        ),
        (
            (*_cell_of_box(*_TO_ENCODE)[:4], 38, 34),
            "You gave width and height in pixels. They are shares of the whole image.",
        ),
        (
            tuple(_cell_of_box(*_TO_ENCODE)[at] for at in (0, 1, 3, 2, 4, 5)),
            "x comes before y: it goes with the column.",
        ),
        (
            tuple(_cell_of_box(*_TO_ENCODE)[at] for at in (0, 1, 2, 3, 5, 4)),
            "The width comes before the height.",
        ),
    ],
    rtol=1e-4,
    hint="Find the centre, divide it by the width of a cell, and split each number into its whole part and the rest.",
)


def _box_of_cell(vector, row, col, grid, size):
    x, y, width, height = vector
    across, down = (col + x) / grid * size, (row + y) / grid * size
    half_width, half_height = width * size / 2, height * size / 2
    return across - half_width, down - half_height, across + half_width, down + half_height


def _box_from_corner(vector, row, col, grid, size):
    x, y, width, height = vector
    left, top = (col + x) / grid * size, (row + y) / grid * size
    return left, top, left + width * size, top + height * size


def _centre_and_size(vector, row, col, grid, size):
    x, y, width, height = vector
    return (col + x) / grid * size, (row + y) / grid * size, width * size, height * size


det_decode = Checker(
    truth=_box_of_cell,
    right="This is all that stands between YOLO's numbers and a box on the picture.",
    slips=[
        (_box_from_corner, "x and y place the centre of the box, not its upper left corner."),
        (
            lambda vector, row, col, grid, size: _box_of_cell(vector, col, row, grid, size),
            "The column goes with x, the row with y.",
        ),
        (
            lambda vector, row, col, grid, size: _box_of_cell(
                (*vector[:2], vector[2] / grid, vector[3] / grid), row, col, grid, size
            ),
            "Width and height are shares of the image, not of a cell.",
        ),
        (
            lambda vector, row, col, grid, size: _box_of_cell((0.5, 0.5, *vector[2:]), row, col, grid, size),
            "You took the middle of the cell. x and y say where in the cell the centre is.",
        ),
        (
            lambda vector, row, col, grid, size: _box_of_cell(vector, row, col, 12, 96),
            "Use `grid` and `size`: your function is tried on other grids and pictures too.",
        ),
        (
            lambda *cell: (*_box_of_cell(*cell)[:2], cell[0][2] * cell[-1], cell[0][3] * cell[-1]),
            "The corner is right. Then return the right and the bottom edge, not the size.",
        ),
        (_centre_and_size, "You returned the centre and the size. Return the four edges."),
    ],
    hint="The centre, in pixels, is the cell's number plus x, times the width of a cell. Then half a width to each side.",
    tries=[
        ((0.5, 0.5, 0.25, 0.125), 3, 5, 12, 96),
        ((0.2, 0.9, 0.4, 0.1), 0, 6, 7, 448),
        ((-0.4, 1.6, 0.3, 0.5), 2, 1, 6, 96),
    ],
)


def _nms(corners, scores, threshold):
    tensors = (torch.tensor(part, dtype=torch.float64) for part in (corners, scores))
    return boxes.nms(*tensors, threshold).tolist()


def _nms_by_all(corners, scores, threshold):
    """Boxes that are suppressed themselves suppress others too: a chain eats itself up."""
    order = np.argsort(-np.asarray(scores))
    return [
        int(at)
        for place, at in enumerate(order)
        if all(_iou(corners[at], corners[before]) <= threshold for before in order[:place])
    ]


_CROWD = np.array(
    [[60, 60, 90, 80], [10, 10, 40, 50], [4, 70, 20, 90], [22, 14, 52, 54], [61, 58, 92, 81], [14, 12, 44, 52]],
    dtype=float,
)  # fmt: skip
_SURE = np.array([0.6, 0.9, 0.3, 0.7, 0.65, 0.8])
_HALVES = np.array([[0, 0, 8, 8], [0, 0, 8, 16], [0, 0, 8, 4]], dtype=float)  # IoU with the first: 0.5 each


det_nms = Checker(
    truth=_nms,
    right="Mind the chain: a box that is gone suppresses no other.",
    slips=[
        (
            lambda corners, scores, threshold: _nms(corners, -np.arange(len(scores)), threshold),
            "Take the boxes by falling score, and not in the order in which they come.",
        ),
        (
            lambda corners, scores, threshold: [int(at) for at in np.argsort(-scores) if scores[at] >= threshold],
            "The threshold is for the IoU of two boxes, not for the scores.",
        ),
        (
            lambda corners, scores, threshold: _nms(corners, scores, threshold - 1e-9),
            "A box whose IoU is just the threshold stays: only above it is too much.",
        ),
        (_nms_by_all, "A box that was suppressed may not suppress others. Compare with those kept so far."),
        (
            lambda corners, scores, threshold: sorted(_nms(corners, scores, threshold)),
            "The best first: give the kept boxes by falling score.",
        ),
        (
            lambda corners, scores, threshold: _nms(corners, -np.asarray(scores), threshold),
            "You began with the lowest score.",
        ),
        (
            lambda corners, scores, threshold: _nms(corners[np.argsort(-np.asarray(scores))], -np.sort(-np.asarray(scores)), threshold),
            "Those are places in the sorted list. Give the places in the list that you were handed.",
        ),
    ],
    hint="Take the boxes by falling score. Keep one if its IoU with every box kept so far is at most the threshold.",
    tries=[
        (_CROWD, _SURE, 0.5),
        (_CROWD, _SURE, 0.3),
        (_CROWD[3:], _SURE[3:], 0.9),
        (_HALVES, np.array([0.9, 0.8, 0.7]), 0.5),
    ],
)  # fmt: skip

det_ap = Checker(
    truth=(1 + 3 / 4 + 3 / 4) / 4,
    right="The one garment that was never found costs a quarter, whatever the threshold.",
    slips=[
        (
            (1 + 2 / 3 + 3 / 4) / 4,
            "At each recall take the best precision that is reached there or further on.",
        ),
        ((1 + 3 / 4 + 3 / 4) / 3, "One garment was never found. It counts too, with a precision of 0."),
        ((1 + 2 / 3 + 3 / 4) / 3, "Two things: the best precision further on, and the garment never found."),
        (3 / 5, "That is the precision of the whole list. Average over the recalls."),
        (3 / 4, "That is the recall at the end of the list. Average the precisions."),
    ],
    rtol=0.005,
    hint="Each garment found raises the recall by a quarter. Sum a quarter times the best precision from there on.",
)
