"""Detection: TinyYOLO on shop windows, trained at length, with each of its losses and on both grids."""

import time
from functools import partial

import numpy as np
import torch

from benchmarks.scenes import scenes_and_tests
from benchmarks.table import print_table
from cnnbook import boxes, training
from cnnbook.nets import TinyYOLO, yolo_loss, yolo_v1_loss

TRAINED, TESTED, EPOCHS = 5_000, 1_000, 10
SEEDS = range(3)

# What is trained: classes, the network, how, and the reference's mAP50 where there is one.
CASES = {
    "five classes": (5, {}, {"loss": yolo_loss}, 0.94),
    "  GIoU, no neighbours": (5, {}, {"loss": yolo_loss, "neighbours": 0}, None),
    "  cross-entropies": (5, {}, {"loss": partial(yolo_loss, box="squared"), "neighbours": 0}, None),
    "  YOLOv1": (5, {"modern": False}, {"loss": yolo_v1_loss, "neighbours": 0}, None),
    "  6 × 6": (5, {"grid": 6}, {"loss": yolo_loss}, None),
    "ten classes": (10, {}, {"loss": yolo_loss}, 0.78),
    "  YOLOv1, ten": (10, {"modern": False}, {"loss": yolo_v1_loss, "neighbours": 0}, 0.73),
    "  6 × 6, ten": (10, {"grid": 6}, {"loss": yolo_loss}, 0.63),
}


def measured(classes, kind, settings, seed):
    """Seconds of a training, mAP50 and mAP75 on scenes of other garments, and parameters."""
    scenes, tests = scenes_and_tests(TRAINED, TESTED, classes)
    torch.manual_seed(seed)
    model = TinyYOLO(classes, **kind)
    start = time.perf_counter()
    training.fit_detector(model, scenes, epochs=EPOCHS, seed=seed, progress=False, **settings)
    seconds = time.perf_counter() - start
    found = training.detect(model, tests.images, confidence=0.01, every_class=True)
    means = [
        boxes.average_precision(found, tests.truths, num_classes=classes, iou_threshold=threshold).nanmean()
        for threshold in (0.5, 0.75)
    ]
    return seconds, *means, sum(parameter.numel() for parameter in model.parameters())


def main():
    rows = []
    for name, (classes, kind, settings, reference) in CASES.items():
        runs = np.array([measured(classes, kind, settings, seed) for seed in SEEDS])
        seconds, map50, map75, parameters = runs.T
        rows.append(
            {
                "what": name,
                "parameters": f"{parameters[0]:,.0f}",
                "seconds": float(seconds.mean()),
                "mAP50": training.plus_minus(100 * map50),
                "mAP75": training.plus_minus(100 * map75),
                "reference mAP50": "" if reference is None else f"{100 * reference:.0f}",
            }
        )
    print_table(
        f"Detection: {TRAINED:,} scenes, {EPOCHS} passes, {TESTED:,} test scenes, {len(SEEDS)} seeds", rows
    )


if __name__ == "__main__":
    main()
