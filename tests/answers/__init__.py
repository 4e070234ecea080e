"""For each checker of the book a right answer and some wrong ones, worked out apart from it: a file for each chapter."""

from answers import (
    building_a_cnn,
    classification,
    convolution,
    detection,
    fully_connected,
    pooling,
    receptive_field,
    segmentation,
    stride_padding,
)

_CHAPTERS = (
    building_a_cnn,
    classification,
    convolution,
    detection,
    fully_connected,
    pooling,
    receptive_field,
    segmentation,
    stride_padding,
)
ANSWERS = {name: answers for chapter in _CHAPTERS for name, answers in chapter.ANSWERS.items()}
