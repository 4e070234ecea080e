"""A real JupyterLab: a chapter runs, and its figure and its kernel share one state."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client import BlockingKernelClient
from playwright.sync_api import expect

ROOT = Path(__file__).parent.parent
MINUTE = 60_000


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab of our own over copies of the notebooks, and the folder of its kernels' connections."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    runtime = tmp_path / "runtime"
    environment = {"JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "HOME": str(tmp_path),
                   "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "IPYTHONDIR": str(tmp_path / "ipython")}  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.token=book",
         "--ServerApp.port=0", "--LabApp.news_url=None", f"--notebook-dir={tmp_path / 'notebooks'}"],
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for line in server.stderr:
        if "http://127.0.0.1:" in line:
            break
    info = json.loads(next(runtime.glob("jpserver-*.json")).read_text(encoding="utf-8"))
    yield f"http://127.0.0.1:{info['port']}/lab/tree/{{}}?token=book", runtime
    server.terminate()
    server.communicate(timeout=30)


def run_all(page, address, notebook):
    page.goto(address.format(notebook))
    page.get_by_role("menuitem", name="Run", exact=True).click(timeout=2 * MINUTE)
    page.get_by_text("Run All Cells", exact=True).click()


def in_kernel(runtime, code):
    """What an expression is in the notebook's kernel, through a second client of the same kernel."""
    client = BlockingKernelClient(connection_file=str(next(runtime.glob("kernel-*.json"))))
    client.load_connection_file()
    client.start_channels()
    reply = client.execute("", user_expressions={"it": code}, reply=True, timeout=60)["content"]["user_expressions"]["it"]
    client.stop_channels()
    return reply["data"]["text/plain"]


def test_a_slider_in_the_page_and_a_trait_in_python_are_one_state(lab, browser):
    address, runtime = lab
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    run_all(page, address, "stride_padding.ipynb")
    figure = page.locator("[data-figure=ConvolutionExplorer]").first
    figure.wait_for(timeout=2 * MINUTE)
    slider = figure.get_by_role("slider", name="stride", exact=True)

    slider.press("End")
    assert any(in_kernel(runtime, "explorer.stride") == "4" for _ in range(20))

    in_kernel(runtime, "setattr(explorer, 'stride', 2)")
    expect(slider).to_have_value("2")

    in_kernel(runtime, "explorer.set_trait('padding', 5)")
    expect(figure.get_by_role("slider", name="padding", exact=True)).to_have_value("5")
    page.close()


def test_a_chapter_runs_to_its_end_without_an_error(lab, browser):
    address, runtime = lab
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    run_all(page, address, "stride_padding.ipynb")
    page.locator("[data-figure=Quiz]").wait_for(timeout=2 * MINUTE)
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert page.locator(".cnnbook").count() >= 3
    page.close()
