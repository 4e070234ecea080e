"""Notebooks that the cache doesn't hold run side by side, once, in a small book of two."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from notebook_file import write_notebook

EXTENSIONS = Path(__file__).parent.parent / "book/_ext"

# Each waits until the other has begun: one after the other they would wait in vain.
MEETING = """
import os, pathlib, time

pathlib.Path("{me}.begun").touch()
end = time.monotonic() + 60
while not pathlib.Path("{other}.begun").exists():
    assert time.monotonic() < end, "alone"
    time.sleep(0.05)
pathlib.Path("{me}.runs").open("a").write("x")
print("met, threads:", os.environ["OMP_NUM_THREADS"])
"""
COUNTED = "import pathlib; print(pathlib.Path('two.runs').open('a').write('x'))"
FAILING = "raise RuntimeError('no such luck')"
CONFIGURATION = f"""
import os, sys

sys.path.insert(0, {str(EXTENSIONS)!r})
os.cpu_count = lambda: 2
extensions = ["myst_nb", "sphinx_external_toc", "side_by_side"]
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_cache_path = "../cache"
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """``build(one=code, two=code)``: how the build of a book of these notebooks ended, and its pages by their names."""
    source = tmp_path / "book"
    source.mkdir()
    (source / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    (source / "_toc.yml").write_text("root: one\nentries:\n- file: two\n", encoding="utf-8")
    monkeypatch.chdir(source)

    def built(**codes):
        for name, code in codes.items():
            cells = [
                nbformat.v4.new_markdown_cell(f"# {name}", id="heading"),
                nbformat.v4.new_code_cell(code, id="cell"),
            ]
            write_notebook(source / f"{name}.ipynb", cells)
        command = [sys.executable, "-m", "sphinx", "-W", "--fresh-env", source, tmp_path / "html"]
        done = subprocess.run(command, capture_output=True, text=True)
        pages = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "html").glob("*.html")}
        return done, pages

    return built


def test_two_notebooks_run_at_the_same_time_share_the_cores_and_run_again_only_where_changed(build):
    one, two = MEETING.format(me="one", other="two"), MEETING.format(me="two", other="one")
    done, pages = build(one=one, two=two)
    assert done.returncode == 0, done.stderr
    assert ">met, threads: 1\n" in pages["one"] and ">met, threads: 1\n" in pages["two"]

    done, pages = build(one=one + "  # changed", two=two)
    assert done.returncode == 0, done.stderr
    assert ">met, threads: 2\n" in pages["one"] and ">met, threads: 1\n" in pages["two"]
    assert Path("one.runs").read_text() == "xx" and Path("two.runs").read_text() == "x"

    done, _ = build(one=one + "  # changed", two=two)
    assert done.returncode == 0, done.stderr
    assert Path("one.runs").read_text() == "xx" and Path("two.runs").read_text() == "x"


def test_a_notebook_that_fails_fails_the_build_and_what_the_other_said_is_kept(build):
    done, _ = build(one=FAILING, two=COUNTED)
    assert done.returncode != 0 and "no such luck" in done.stderr
    assert build(one="print('better')", two=COUNTED)[0].returncode == 0
    assert Path("two.runs").read_text() == "x"
