"""Small notebooks for small books, as tests build them."""

import nbformat


def write_notebook(path, cells):
    """Write cells, such as ``nbformat.v4.new_code_cell("1 + 1")``, as a notebook for Python's kernel."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
