"""A JupyterLab of our own on loopback, for the tests and the benchmarks."""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

# A kernel that runs this first takes one batch an epoch, few scenes, and few garments to be tested on.
SHORT_TRAININGS = """
from cnnbook import data, training

descend, fashion_mnist, shop_windows = training._descend, data.fashion_mnist, data.shop_windows


def one_batch(model, loss_of, history, generator, count, epochs, batch_size, *rest, **more):
    descend(model, loss_of, history, generator, min(count, batch_size), epochs, batch_size, *rest, **more)


def few_garments(**settings):
    garments = fashion_mnist(**settings)
    return garments._replace(test_images=garments.test_images[:250], test_labels=garments.test_labels[:250])


def few_scenes(n, split="train", **settings):
    return shop_windows(min(n, 96 if split == "test" else 320), split=split, **settings)


training._descend, data.fashion_mnist, data.shop_windows = one_batch, few_garments, few_scenes
"""


@contextlib.contextmanager
def serve_lab(home: Path, short_trainings=False):
    """Serve the notebooks of ``home/notebooks`` with settings of its own, for as long as the block lasts.

    Gives the address of a notebook as a template, ``address.format("NAME.ipynb")``, and the folder in which the
    kernels' connection files appear. With short trainings the networks learn next to nothing, so the notebooks'
    asserts are off, and the mean of what none of them finds is no matter.
    """
    runtime = home / "runtime"
    environment = {
        "HOME": str(Path.home()),  # where Fashion-MNIST may be
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "OMP_NUM_THREADS": "1",  # other tests run beside; threads that wait for one another would take all day
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
    }
    if short_trainings:
        startup = home / "ipython/profile_default/startup"
        startup.mkdir(parents=True)
        (startup / "short_trainings.py").write_text(SHORT_TRAININGS, encoding="utf-8")
        environment |= {"PYTHONOPTIMIZE": "1", "PYTHONWARNINGS": "ignore::RuntimeWarning"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--LabApp.news_url=None"]
    command += ["--ServerApp.token=book", "--ServerApp.port=0", f"--notebook-dir={home / 'notebooks'}"]
    log = (home / "jupyterlab.log").open("w", encoding="utf-8")
    with log, subprocess.Popen(command, env=environment, stderr=log) as server:
        try:
            yield f"http://127.0.0.1:{_port(server, runtime)}/lab/tree/{{}}?token=book&reset", runtime
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                # The signal is lost if it comes while the server writes its log. The kernel ends with its parent.
                server.kill()


def _port(server, runtime):
    """The port that the server chose, once it has written it down and listens: it writes first."""
    while server.poll() is None:
        for info in runtime.glob("jpserver-*.json"):
            # Caught while it is being written, or before the server listens.
            with contextlib.suppress(json.JSONDecodeError, ConnectionRefusedError):
                port = json.loads(info.read_text(encoding="utf-8"))["port"]
                socket.create_connection(("127.0.0.1", port)).close()
                return port
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
    raise RuntimeError(f"JupyterLab ended with code {server.returncode} before it served")


def wait_until_idle(page, seconds=120):
    """Wait for the open notebook's kernel, until it has begun or has done what it was given."""
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=1000 * seconds)


def run_all(page, address):
    """Open a notebook and choose Run > Run All Cells, as a reader does."""
    page.goto(address)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=120_000)
    wait_until_idle(page)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
