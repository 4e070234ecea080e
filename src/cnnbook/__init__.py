"""The code behind *How Convolutional Networks See*.

`shapes` does the arithmetic of layers and `ops` computes the layers in NumPy; `checks` is what the exercises
call and `figures` holds the interactive figures. Each module is imported by name, so that the arithmetic does
not load a plotting library.
"""

__version__ = "0.1.0"
