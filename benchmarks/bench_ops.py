"""`ops.conv2d` against the loops that it replaces, scipy.signal and PyTorch, on layers of real networks.

All contestants take turns in one process, which is started anew for each number of threads: NumPy's matrix
product reads its number of threads only when it starts. Their numbers are checked before they are timed. The
loops run on one output row of a few output channels, scipy.signal on a few output channels, and their times
are scaled up to the whole layer: every row and every channel is the same work.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import scipy
import torch
import torch.nn.functional as F

from benchmarks.table import print_table
from cnnbook import ops, shapes

ROOT = Path(__file__).parent.parent
# name: in_channels, out_channels, (H, W), kernel_size, stride, padding
LAYERS = {
    "AlexNet conv1": (3, 64, (224, 224), 11, 4, 2),
    "VGG16 conv1_2": (64, 64, (224, 224), 3, 1, 1),
    "ResNet-18 layer1": (64, 64, (56, 56), 3, 1, 1),
    "ResNet-50 layer3, 1x1": (512, 256, (28, 28), 1, 1, 0),
}
REPEATS = 7
LOOP_MACS = 100_000
SCIPY_CHANNELS = 2
# Idle worker threads spin for a while before they sleep, and would slow whoever comes next.
PAUSE_SECONDS = 0.1


def scipy_conv2d(image, weight, stride):
    """The convolution of one image by scipy.signal: each pair of channels, every position, then strided."""
    output = [
        sum(scipy.signal.correlate2d(image[c], kernels[c], mode="valid") for c in range(len(image)))
        for kernels in weight
    ]
    return np.stack(output)[:, ::stride, ::stride]


def contestants(in_channels, out_channels, size, kernel_size, stride, padding):
    """A call for each contestant and how much of the layer it does, once their numbers are known to agree."""
    rng = np.random.default_rng(0)
    image = rng.standard_normal((in_channels, *size), dtype=np.float32)
    weight = rng.standard_normal((out_channels, in_channels, kernel_size, kernel_size), dtype=np.float32)
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    image_tensor, weight_tensor = torch.from_numpy(image), torch.from_numpy(weight)
    output_rows, output_columns = shapes.conv_output_size(size, kernel_size, stride, padding)
    row_macs = shapes.conv_macs(in_channels, 1, kernel_size, (1, output_columns))
    loop_channels = min(out_channels, max(1, LOOP_MACS // row_macs))
    calls = {
        "conv2d": lambda: ops.conv2d(image, weight, stride=stride, padding=padding),
        "torch": lambda: F.conv2d(image_tensor, weight_tensor, stride=stride, padding=padding).numpy(),
        "scipy": lambda: scipy_conv2d(padded, weight[:SCIPY_CHANNELS], stride),
        "loops": lambda: ops.conv2d_loops(padded[:, :kernel_size], weight[:loop_channels], stride=stride),
    }
    shares = {
        "conv2d": 1,
        "torch": 1,
        "scipy": SCIPY_CHANNELS / out_channels,
        "loops": loop_channels / out_channels / output_rows,
    }
    expected = calls["torch"]()
    for name, call in calls.items():
        output = call()
        channels, rows, _ = output.shape
        np.testing.assert_allclose(output, expected[:channels, :rows], rtol=1e-3, atol=1e-3, err_msg=name)
    return calls, shares


def measure(threads):
    """A row for each layer: milliseconds for one image, median, and how many times conv2d's."""
    torch.set_num_threads(threads)
    rows = []
    for layer, arguments in LAYERS.items():
        calls, shares = contestants(*arguments)
        seconds = {name: [] for name in calls}
        for _ in range(REPEATS):
            for name, call in calls.items():
                time.sleep(PAUSE_SECONDS)
                start = time.perf_counter()
                call()
                seconds[name].append(time.perf_counter() - start)
        milliseconds = {name: 1000 * statistics.median(seconds[name]) / shares[name] for name in calls}
        rows.append(
            {
                "layer": layer,
                "threads": threads,
                **{f"{name} ms": value for name, value in milliseconds.items()},
                "conv2d / torch": milliseconds["conv2d"] / milliseconds["torch"],
                "scipy / conv2d": milliseconds["scipy"] / milliseconds["conv2d"],
                "loops / conv2d": milliseconds["loops"] / milliseconds["conv2d"],
            }
        )
    return rows


def rows(threads=(1, 2)):
    """The rows of `measure` for each number of threads, each from a process of its own."""
    measured = []
    for count in threads:
        limits = dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"], str(count))
        finished = subprocess.run(
            [sys.executable, "-m", "benchmarks.bench_ops", str(count)],
            cwd=ROOT,
            env={**os.environ, **limits},
            stdout=subprocess.PIPE,
            check=True,
        )
        measured += json.loads(finished.stdout)
    return measured


def geometric_means(measured):
    """A row for each number of threads: the geometric means of the ratios over the layers."""
    means = []
    for threads in sorted({row["threads"] for row in measured}):
        chosen = [row for row in measured if row["threads"] == threads]
        ratios = {
            name: math.exp(statistics.fmean(math.log(row[name]) for row in chosen))
            for name in chosen[0]
            if " / " in name
        }
        means.append({"geometric mean": f"{len(chosen)} layers", "threads": threads, **ratios})
    return means


def main():
    measured = rows()
    print_table("ops.conv2d, one image, float32", measured)
    print_table(
        "ops.conv2d: at most 4 times torch, the loops at least 100 times conv2d", geometric_means(measured)
    )
    print(
        f"NumPy {np.__version__}, PyTorch {torch.__version__}, SciPy {scipy.__version__}; "
        f"medians of {REPEATS}, in turns.\n"
        "scipy: signal.correlate2d for each pair of channels, summed, then every stride-th position kept; "
        f"timed on {SCIPY_CHANNELS} output channels and scaled.\n"
        f"loops: conv2d_loops, timed on {LOOP_MACS:,} or so multiply-accumulates of one row and scaled."
    )


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(measure(int(sys.argv[1]))))
    else:
        main()
