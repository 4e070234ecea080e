"""Interactive figures: widgets in a notebook, and alive on the static page without a kernel."""

from cnnbook.figures.convolution_explorer import ConvolutionExplorer
from cnnbook.figures.quiz import Quiz

__all__ = ["ConvolutionExplorer", "Quiz"]
