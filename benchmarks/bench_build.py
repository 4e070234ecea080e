"""How long the site takes to build: from nothing, and again after one edit. Works on a copy; the tree stays as it is."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import print_table

ROOT = Path(__file__).parent.parent
BUILT_FROM = ("_config.yml", "_toc.yml", "book", "notebooks", "src")


def build(folder):
    """Seconds of one build, and how many notebooks it executed."""
    start = time.perf_counter()
    command = [Path(sys.executable).parent / "jupyter-book", "build", ".", "-W", "--keep-going"]
    log = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return time.perf_counter() - start, (log.stdout + log.stderr).count("Executing notebook using")


def edit(path):
    """Add an empty line at the end of a text."""
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in BUILT_FROM:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, folder / part)
        runs = [("cold", *build(folder)), ("warm, nothing changed", *build(folder))]
        edit(folder / "book/notation.md")
        runs.append(("warm, one prose page edited", *build(folder)))
        edit(folder / "src/cnnbook/shapes.py")
        runs.append(("warm, one file of src/ edited", *build(folder)))
    cold = runs[0][1]
    print_table(
        "A build of the site",
        [
            {"what": what, "seconds": took, "notebooks run": ran, "cold ÷ this": cold / took}
            for what, took, ran in runs
        ],
    )


if __name__ == "__main__":
    main()
