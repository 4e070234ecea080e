"""Interactive figures: widgets in a notebook, and alive on the static page without a kernel."""

from cnnbook.figures.convolution_explorer import ConvolutionExplorer

__all__ = ["ConvolutionExplorer"]
