"""What a cell prints stays as it printed it.

A kernel sends a cell's output in pieces, cut wherever it happened to flush. MyST-NB, when it merges the pieces, puts
a line break between them, in the middle of a table's row. Here neighbouring pieces are joined as they are, before.
"""

from myst_nb.core import render
from myst_nb.core.utils import coalesce_streams


def whole_streams(outputs):
    joined = []
    for output in outputs:
        before = joined[-1] if joined else None
        if (
            before
            and output["output_type"] == before["output_type"] == "stream"
            and output["name"] == before["name"]
        ):
            before["text"] += output["text"]
        else:
            joined.append(output.copy())
    return coalesce_streams(joined)


def setup(app):
    render.coalesce_streams = whole_streams
    return {"parallel_read_safe": True, "parallel_write_safe": True}
