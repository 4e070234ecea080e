"""Every exercise has a grade, a stub with a checker, and a folded solution that the build has run past the same checker."""

import re
from pathlib import Path

import nbformat
import pytest
from site_server import soup

from cnnbook import checks
from cnnbook.checks import Checker

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
GRADES = ["Easy", "Medium", "Hard"]
EXERCISE = re.compile(
    r"```\{exercise\} (?P<title>.+)\n:label: (?P<label>[a-z0-9-]+)\n\n\*\*(?P<grade>\w+)\.\*\* "
)
of_notebooks = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def exercises(path):
    """Of each exercise its match, its checker's call, and the cells from the text to the end of the solution."""
    cells = nbformat.read(path, as_version=4).cells
    for at, cell in enumerate(cells):
        if cell.source.startswith("```{exercise}"):
            match = EXERCISE.match(cell.source)
            assert match, f"no title, label or grade: {cell.source[:80]!r}"
            ends = (i for i, after in enumerate(cells) if i > at and "{solution-end}" in after.source)
            yield match, f"checks.{match['label'].replace('-', '_')}(", cells[at : next(ends) + 1]


@of_notebooks
def test_a_chapter_has_four_exercises_of_all_grades_from_easy_to_hard(path):
    places = [GRADES.index(match["grade"]) for match, *_ in exercises(path)]
    assert len(places) >= 4
    assert set(places) == {0, 1, 2}
    assert places == sorted(places)


@of_notebooks
def test_an_exercise_has_a_stub_and_a_folded_solution_with_the_same_checker(path):
    for match, call, (_, stub, start, *solution, _) in exercises(path):
        assert stub.cell_type == "code" and "..." in stub.source
        assert stub.source.splitlines()[-1].startswith(call)
        assert start.source == f"```{{solution-start}} {match['label']}\n:class: dropdown\n```"
        code = [cell for cell in solution if cell.cell_type == "code"]
        assert code[-1].source.splitlines()[-1].startswith(call)
        assert all(cell.metadata["jupyter"]["source_hidden"] for cell in code)


@of_notebooks
def test_the_build_has_run_every_stub_and_every_solution(path):
    said = {}
    for cell in soup(f"notebooks/{path.stem}.html").select(".cell"):
        if cell.select_one(".cell_input") and cell.select_one(".cell_output"):
            for call in re.findall(r"checks\.\w+\(", cell.select_one(".cell_input").get_text()):
                said.setdefault(call, []).append(cell.select_one(".cell_output").get_text())
    for _, call, _ in exercises(path):
        stub, solution = said[call]
        assert stub.strip() == "Not answered yet: replace ... by your answer."
        assert "Right: " in solution


def test_each_checker_belongs_to_one_exercise():
    labels = [match["label"] for path in NOTEBOOKS for match, *_ in exercises(path)]
    checkers = [name for name, check in vars(checks).items() if isinstance(check, Checker)]
    assert sorted(label.replace("-", "_") for label in labels) == sorted(checkers)
