"""All benchmarks in one run, ``make bench``, or those that are named: ``make bench ONLY="ops segmentation"``.

In this order: what a reader feels in a page, the library under it, its trainings as the chapters come, the site as a whole.
"""

import importlib
import sys

TOPICS = ("slider", "live", "visit", "ops", "training", "detection", "segmentation", "build")


def main(chosen):
    unknown = set(chosen) - set(TOPICS)
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(TOPICS)}.")
    for topic in chosen or TOPICS:
        importlib.import_module(f"benchmarks.bench_{topic}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
