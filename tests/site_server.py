"""The built site on loopback, for the tests and the benchmarks."""

import contextlib
import functools
import http.server
import threading
from pathlib import Path

HTML = Path(__file__).parent.parent / "_build/html"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serve(folder=HTML):
    """Serve a folder for as long as the block lasts; gives its address, such as ``http://127.0.0.1:41234/``."""
    if not (folder / "index.html").exists():
        raise FileNotFoundError(f"{folder} holds no site; build it first with: make site")
    handler = functools.partial(_Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
