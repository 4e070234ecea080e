"""The build's extension for printed lines."""

import runpy
from pathlib import Path

from myst_nb.core import render
from nbformat.v4 import new_output

EXTENSION = Path(__file__).parent.parent / "book/_ext/whole_lines.py"


def test_a_line_that_comes_in_pieces_stays_one_line(monkeypatch):
    monkeypatch.setattr(render, "coalesce_streams", render.coalesce_streams)  # put back when the test ends
    runpy.run_path(str(EXTENSION))["setup"](app=None)

    texts = "one, ", "two\n", "three\n"
    pieces = [new_output("stream", name="stdout", text=text) for text in texts]
    picture = new_output("display_data", {"text/plain": "picture"})
    streams = [
        output.text
        for output in render.coalesce_streams([*pieces, picture])
        if output.output_type == "stream"
    ]

    assert streams == ["one, two\nthree\n"]
    assert [piece.text for piece in pieces] == list(texts)
