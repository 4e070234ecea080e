"""A real JupyterLab: a chapter runs, and its figure and its kernel share one state."""

import shutil
from pathlib import Path

import pytest
from jupyter_client import BlockingKernelClient
from lab_server import run_all, serve_lab
from playwright.sync_api import expect

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
CHAPTERS = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(NOTEBOOKS, home / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    with serve_lab(home) as (address, runtime):
        yield address, runtime


@pytest.fixture
def chapter(lab, browser):
    """``chapter("NAME.ipynb")``: a page with that notebook, run to its end, and a way to ask its kernel."""
    address, runtime = lab
    page = browser.new_page(viewport={"width": 1280, "height": 900})

    def open_chapter(name):
        known = set(runtime.glob("kernel-*.json"))
        run_all(page, address.format(name))
        page.locator("[data-figure=Quiz]").wait_for(timeout=120_000)  # a chapter's last cell
        (connection,) = set(runtime.glob("kernel-*.json")) - known
        return page, lambda expression: in_kernel(connection, expression)

    yield open_chapter
    page.close()


def in_kernel(connection, expression):
    """What an expression is in the notebook's kernel, asked through a second client of the same kernel."""
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    reply = client.execute("", user_expressions={"it": expression}, reply=True, timeout=60)
    client.stop_channels()
    return reply["content"]["user_expressions"]["it"]["data"]["text/plain"]


def test_a_slider_in_the_page_and_a_trait_in_python_are_one_state(chapter):
    page, kernel = chapter("stride_padding.ipynb")
    figure = page.locator("[data-figure=ConvolutionExplorer]").first
    slider = figure.get_by_role("slider", name="stride", exact=True)

    slider.press("End")
    assert any(kernel("explorer.stride") == "4" for _ in range(20))  # the page's message may still be on its way

    kernel("explorer.set_trait('stride', 2)")
    expect(slider).to_have_value("2")
    kernel("explorer.set_trait('padding', 5)")
    expect(figure.get_by_role("slider", name="padding", exact=True)).to_have_value("5")


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_to_its_end_without_an_error(chapter, name):
    page, kernel = chapter(name)
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert page.locator(".cnnbook").count() >= 2
    assert kernel("'reached'") == "'reached'"
