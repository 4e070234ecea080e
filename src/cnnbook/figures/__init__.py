"""Interactive figures: widgets in a notebook, and alive on the static page without a kernel."""

from cnnbook.figures.architecture_explorer import ArchitectureExplorer
from cnnbook.figures.box_lab import BoxLab
from cnnbook.figures.channel_explorer import ChannelExplorer
from cnnbook.figures.convolution_explorer import ConvolutionExplorer
from cnnbook.figures.exam import Exam
from cnnbook.figures.feature_maps import FeatureMaps
from cnnbook.figures.parameter_counter import ParameterCounter
from cnnbook.figures.photo_filter import PhotoFilter
from cnnbook.figures.pooling_explorer import PoolingExplorer
from cnnbook.figures.quiz import Quiz
from cnnbook.figures.receptive_field_explorer import ReceptiveFieldExplorer
from cnnbook.figures.segmentation_lab import SegmentationLab
from cnnbook.figures.shape_drill import ShapeDrill
from cnnbook.figures.shift_probe import ShiftProbe
from cnnbook.figures.upsampling_explorer import UpsamplingExplorer
from cnnbook.figures.yolo_grid import YoloGrid

__all__ = [
    "ArchitectureExplorer",
    "BoxLab",
    "ChannelExplorer",
    "ConvolutionExplorer",
    "Exam",
    "FeatureMaps",
    "ParameterCounter",
    "PhotoFilter",
    "PoolingExplorer",
    "Quiz",
    "ReceptiveFieldExplorer",
    "SegmentationLab",
    "ShapeDrill",
    "ShiftProbe",
    "UpsamplingExplorer",
    "YoloGrid",
]
