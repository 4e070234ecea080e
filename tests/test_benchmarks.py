"""The benchmarks start: each training takes a step, and what it measures finds its place in a table."""

from pathlib import Path

import pytest

from benchmarks import __main__, bench_detection, bench_segmentation, bench_training

FOLDER = Path(__main__.__file__).parent
SMALL = {"TRAINED": 64, "TESTED": 24, "SEEDS": range(1)}


def test_a_run_knows_every_benchmark_and_refuses_what_is_none():
    assert set(__main__.TOPICS) == {path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py")}
    with pytest.raises(SystemExit, match="no benchmark speed; there are slider"):
        __main__.main(["ops", "speed"])


@pytest.mark.parametrize(
    ("benchmark", "settings", "rows"),
    [
        (bench_training, {"MOST_EPOCHS": 1, "AT_LENGTH": 128}, 2 + 9),
        (bench_detection, {"EPOCHS": 1}, len(bench_detection.CASES)),
        (bench_segmentation, {"EPOCHS": 1}, len(bench_segmentation.CASES)),
    ],
    ids=["training", "detection", "segmentation"],
)
def test_a_training_benchmark_runs_on_little_data(monkeypatch, capsys, benchmark, settings, rows):
    for name, value in (SMALL | settings).items():
        monkeypatch.setattr(benchmark, name, value)
    benchmark.main()
    tables = [table.splitlines() for table in capsys.readouterr().out.strip().split("\n\n")]
    assert sum(len(body) for _title, _head, *body in tables) == rows, tables
