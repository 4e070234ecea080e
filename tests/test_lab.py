"""A real JupyterLab: a chapter runs, and its figure and its kernel share one state."""

import shutil
import time
from pathlib import Path
from urllib.parse import urljoin

import nbformat
import pytest
from jupyter_client import BlockingKernelClient
from lab_server import run_all, serve_lab, wait_until_idle
from notebook_file import write_notebook
from picture_file import written
from PIL import Image
from playwright.sync_api import expect

from cnnbook import data, questions

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
CHAPTERS = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab for all tests: its home, the template of its addresses, and where its kernels' files appear.

    Trainings are short here: the build has run the same cells whole.
    """
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(NOTEBOOKS, home / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    with serve_lab(home, short_trainings=True) as (address, runtime):
        yield home, address, runtime


@pytest.fixture(scope="module")
def reader(browser):
    """One reader's browser: JupyterLab's own scripts come once, as for a reader who opens one chapter after the other."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def chapter(lab, reader):
    """``chapter("NAME.ipynb")``: its page after Run All, the notebook as the reader saves it, a way to ask its kernel."""
    home, address, runtime = lab
    page = reader.new_page()
    sessions = urljoin(address, "/api/sessions")
    permit = {"Authorization": "token book"}

    def open_chapter(name):
        run_all(page, address.format(name))
        notebook = saved_when_run(page, home / "notebooks" / name)
        (session,) = page.request.get(sessions, headers=permit).json()
        connection = runtime / f"kernel-{session['kernel']['id']}.json"
        return page, notebook, lambda expression: in_kernel(connection, expression)

    yield open_chapter
    for session in page.request.get(sessions, headers=permit).json():
        assert page.request.delete(f"{sessions}/{session['id']}", headers=permit).ok
    page.close()


def saved_when_run(page, path, seconds=600):
    """The notebook, saved whenever its kernel is idle until each of its code cells has run."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        wait_until_idle(page, end - time.monotonic())
        page.keyboard.press("Control+s")
        page.wait_for_timeout(500)
        try:
            notebook = nbformat.read(path, as_version=4)
        except nbformat.reader.NotJSONError:  # caught while it is being written
            continue
        if all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code" and cell.source):
            return notebook
    raise TimeoutError(f"{path.name} did not run to its end in {seconds} s")


def in_kernel(connection, expression):
    """What an expression is in the notebook's kernel, asked through a second client of the same kernel."""
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    reply = client.execute("", user_expressions={"it": expression}, reply=True, timeout=60)
    client.stop_channels()
    return reply["content"]["user_expressions"]["it"]["data"]["text/plain"]


def test_a_slider_in_the_page_and_a_trait_in_python_are_one_state(chapter, lab):
    cell = "from cnnbook.figures import ConvolutionExplorer\n\nexplorer = ConvolutionExplorer(stride=3)\nexplorer"
    write_notebook(lab[0] / "notebooks/one.ipynb", [nbformat.v4.new_code_cell(cell)])
    page, _, kernel = chapter("one.ipynb")
    figure = page.locator("[data-figure=ConvolutionExplorer]")
    slider = figure.get_by_role("slider", name="stride", exact=True)

    slider.press("End")
    assert any(
        kernel("explorer.stride") == "4" for _ in range(20)
    )  # the page's message may still be on its way

    kernel("explorer.set_trait('stride', 2)")
    expect(slider).to_have_value("2")
    kernel("explorer.set_trait('padding', 5)")
    expect(figure.get_by_role("slider", name="padding", exact=True)).to_have_value("5")


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_to_its_end_without_an_error(chapter, name):
    page, notebook, _ = chapter(name)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [
        output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"
    ] == []
    widgets = sum("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs)
    assert widgets >= 3
    expect(page.locator(".cnnbook").first).to_be_attached()


def test_a_reader_s_own_photograph_is_named(chapter, lab):
    needed = {"imports", "cat-names", "collage", "collage-show", "own-lab"}
    notebook = nbformat.read(NOTEBOOKS / "classification.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id in needed]
    nbformat.write(notebook, lab[0] / "notebooks/own.ipynb")
    page, _, _ = chapter("own.ipynb")
    answer = page.locator(".jp-OutputArea-output .jp-OutputArea-output pre").last
    expect(answer).to_contain_text("Egyptian cat")

    cup = Image.fromarray(data.photographs()["coffee"])
    files = [
        ("cup.png", written(cup.convert("RGBA")), "espresso"),
        ("notes.png", b"no picture at all", "No answer"),
        ("grey.png", written(cup.convert("L")), "cup"),
    ]
    for name, content, said in files:
        with page.expect_file_chooser() as chosen:
            page.get_by_role("button", name="Choose a picture").click()
        chosen.value.set_files({"name": name, "mimeType": "image/png", "buffer": content})
        expect(answer).to_contain_text(said, timeout=30_000)


def test_the_exam_in_the_lab_draws_scores_and_tells_the_kernel(chapter, lab):
    cell = "from cnnbook import questions\nfrom cnnbook.figures import Exam\n\nexam = Exam(questions.banks())\nexam"
    write_notebook(lab[0] / "notebooks/exam.ipynb", [nbformat.v4.new_code_cell(cell)])
    page, _, kernel = chapter("exam.ipynb")
    figure = page.locator("[data-figure=Exam]")
    figure.get_by_role("radio").nth(1).check()
    assert any(kernel("sum(choice >= 0 for choice in exam.chosen)") == "1" for _ in range(20))
    assert kernel("len(exam.drawn)") == "20"
    figure.get_by_role("button", name="Hand in").click()
    figure.get_by_role("button", name="Hand in").click()
    expect(figure.get_by_role("status")).to_contain_text("of 20 right")
    expect(figure.get_by_role("rowheader")).to_have_count(len(questions.CHAPTERS))
    assert figure.get_by_role("link").count() == 0  # here a chapter is a notebook, and no page
    assert any(kernel("exam.handed_in") == "True" for _ in range(20))
