"""Of the chapter `detection`: answers worked out with torchvision or by hand, and wrong ones as a reader would write them."""

import numpy as np
import torch
import torchvision


def iou(a, b):
    a, b = (torch.tensor([box], dtype=torch.float64) for box in (a, b))
    return torchvision.ops.box_iou(a, b).item()


def intersection(a, b):
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def area(box):
    return (box[2] - box[0]) * (box[3] - box[1])


def generalized(a, b):
    a, b = (torch.tensor([box], dtype=torch.float64) for box in (a, b))
    return torchvision.ops.generalized_box_iou(a, b).item()


def decoded(vector, row, col, grid, size):
    x, y, width, height = vector
    centre = [(col + x) * size / grid, (row + y) * size / grid, width * size, height * size]
    boxes = torch.tensor([centre], dtype=torch.float64)
    return tuple(torchvision.ops.box_convert(boxes, "cxcywh", "xyxy")[0].tolist())


def in_cells(vector, row, col, grid, size):
    x, y, width, height = vector
    return decoded((x, y, width / grid, height / grid), row, col, grid, size)


def nms(boxes, scores, threshold):
    return torchvision.ops.nms(torch.tensor(boxes), torch.tensor(scores), threshold).tolist()


def in_order_of_places(boxes, scores, threshold):
    return sorted(nms(boxes, scores, threshold))


def lowest_first(boxes, scores, threshold):
    return nms(boxes, 1 - scores, threshold)


def above_the_threshold(boxes, scores, threshold):
    return [int(at) for at in np.argsort(-scores) if scores[at] >= threshold]


ANSWERS = {
    "det_shift": (
        (iou((0, 0, 2, 2), (1, 0, 3, 2)), iou((0, 0, 2, 2), (1, 1, 3, 3)), iou((0, 0, 2, 2), (0, 0, 4, 4))),
        [(1 / 2, 1 / 4, 1 / 4), (1 / 4, 1 / 8, 1 / 5), (1 / 3, 1 / 7, 1 / 2), (1 / 3, 1 / 3, 1 / 4)],
    ),
    "det_iou": (
        iou,
        [
            intersection,
            lambda a, b: intersection(a, b) / (area(a) + area(b)),
            lambda a, b: intersection(a, b) / min(area(a), area(b)),
            generalized,
        ],
    ),
    "det_encode": (
        (7, 3, 31 / 8 - 3, 57 / 8 - 7, 38 / 96, 34 / 96),
        [
            (3, 7, 0.875, 0.125, 38 / 96, 34 / 96),
            (7, 3, 0.875, 0.125, 38, 34),
            (7, 3, 0.125, 0.875, 38 / 96, 34 / 96),
            (7, 3, 0.875, 0.125, 38 / 8, 34 / 8),
            (8, 4, 0.875, 0.125, 38 / 96, 34 / 96),
        ],
    ),
    "det_decode": (
        decoded,
        [
            in_cells,
            lambda vector, row, col, grid, size: decoded(vector, col, row, grid, size),
            lambda vector, row, col, grid, size: decoded(vector, row, col, 12, 96),
            lambda vector, row, col, grid, size: decoded(vector, row + 1, col + 1, grid, size),
        ],
    ),
    "det_nms": (nms, [in_order_of_places, lowest_first, above_the_threshold, lambda *_: [0]]),
    "det_ap": (
        sum((1, 3 / 4, 3 / 4, 0)) / 4,
        [(1 + 2 / 3 + 3 / 4) / 4, (1 + 3 / 4 + 3 / 4) / 3, 3 / 5, 3 / 4, 1],
    ),
}
