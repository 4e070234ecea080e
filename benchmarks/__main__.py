"""All benchmarks in one run: ``make bench``."""

from benchmarks import (
    bench_build,
    bench_detection,
    bench_live,
    bench_ops,
    bench_segmentation,
    bench_slider,
    bench_training,
    bench_visit,
)

for benchmark in (
    bench_slider,
    bench_live,
    bench_ops,
    bench_training,
    bench_detection,
    bench_segmentation,
    bench_visit,
    bench_build,
):
    benchmark.main()
