"""Segmentation: UNet on shop windows, trained at length, with and without skips, with either way of upsampling."""

import time

import numpy as np
import torch

from benchmarks.scenes import scenes_and_tests
from benchmarks.table import print_table
from cnnbook import masks, training
from cnnbook.nets import UNet

TRAINED, TESTED, EPOCHS = 6_400, 1_000, 3
SEEDS = range(3)
WIDTHS = (16, 32, 64, 96)

# What is trained: classes, the network (equal parameters, but for the classes), the reference's mIoU where there is one.
CASES = {
    "bilinear, skips": (5, {"upsampling": "bilinear", "decoder": (48, 24, 16)}, 0.84),
    "bilinear, no skips": (5, {"upsampling": "bilinear", "decoder": (64, 48, 16), "skips": False}, 0.76),
    "transposed, skips": (5, {"upsampling": "transposed", "decoder": (48, 24, 16)}, None),
    "transposed, no skips": (5, {"upsampling": "transposed", "decoder": (64, 40, 16), "skips": False}, None),
    "ten classes, skips": (10, {"upsampling": "bilinear", "decoder": (48, 24, 16)}, 0.66),
    "ten classes, no skips": (10, {"upsampling": "bilinear", "decoder": (64, 48, 16), "skips": False}, 0.60),
}


def measured(classes, kind, seed):
    """Seconds of a training, mIoU and boundary IoU (2 pixels) on scenes of other garments, and parameters."""
    scenes, tests = scenes_and_tests(TRAINED, TESTED, classes)
    torch.manual_seed(seed)
    model = UNet(1, classes + 1, WIDTHS, **kind)
    start = time.perf_counter()
    training.fit_segmenter(model, scenes, epochs=EPOCHS, seed=seed, progress=False)
    seconds = time.perf_counter() - start
    answer = training.segment(model, tests.images)
    inside = masks.iou(masks.confusion_matrix(answer, tests.masks, classes + 1)).nanmean().item()
    outline = masks.boundary_iou(answer, tests.masks, classes + 1, width=2).nanmean().item()
    return seconds, inside, outline, sum(parameter.numel() for parameter in model.parameters())


def main():
    rows = []
    for name, (classes, kind, reference) in CASES.items():
        runs = np.array([measured(classes, kind, seed) for seed in SEEDS])
        seconds, inside, outline, parameters = runs.T
        rows.append(
            {
                "what": name,
                "parameters": f"{parameters[0]:,.0f}",
                "seconds": float(seconds.mean()),
                "mIoU": training.plus_minus(100 * inside),
                "boundary IoU": training.plus_minus(100 * outline),
                "reference mIoU": "" if reference is None else f"{100 * reference:.0f}",
            }
        )
    print_table(
        f"Segmentation: {TRAINED:,} scenes, {EPOCHS} passes, {TESTED:,} test scenes, {len(SEEDS)} seeds", rows
    )


if __name__ == "__main__":
    main()
