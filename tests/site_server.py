"""The built site, its pages, and a server of it on loopback, for the tests and the benchmarks."""

import contextlib
import functools
import http.server
import sys
import threading
from pathlib import Path

from bs4 import BeautifulSoup

HTML = Path(__file__).parent.parent / "_build/html"
CHAPTERS = sorted(
    f"notebooks/{path.stem}.html" for path in (HTML.parent.parent / "notebooks").glob("*.ipynb")
)
PROSE = ["book/glossary.html", "book/notation.html", "book/references.html"]
PAGES = ["book/intro.html", *CHAPTERS, "book/summary.html", *PROSE]


@functools.cache
def soup(path):
    """A page of the site, such as ``"book/intro.html"``, parsed once; not to be changed."""
    return BeautifulSoup((HTML / path).read_text(encoding="utf-8"), "html.parser")


def to_the_end(page):
    """Go to an open page's last line and back: all figures are above it, so all come."""
    page.evaluate("scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' })")
    page.wait_for_selector(".cnnbook-place", state="detached")
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):  # a page was closed before all of it had come
            super().handle_error(request, client_address)


@contextlib.contextmanager
def serve(folder=HTML):
    """Serve a folder for as long as the block lasts; gives its address, such as ``http://127.0.0.1:41234/``."""
    if not (folder / "index.html").exists():
        raise FileNotFoundError(f"{folder} holds no site; build it first with: make site")
    handler = functools.partial(_Quiet, directory=folder)
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
