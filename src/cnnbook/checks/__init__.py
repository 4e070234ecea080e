"""What the exercises call: each checker knows the right answer to one exercise and the usual slips.

A checker is named after its exercise: the exercise ``fc-tiny`` ends in ``checks.fc_tiny(answer)``.
To write one, state the truth, the usual slips and what to say to each; ``tests/test_checks.py`` tries it.
"""

from cnnbook.checks.building_a_cnn import (
    build_image_gradient,
    build_kernel_gradient,
    build_pool_backward,
    build_shapes,
    build_width,
)
from cnnbook.checks.checker import Checker, WrongAnswer
from cnnbook.checks.classification import (
    class_groups,
    class_lenet,
    class_size,
    class_stacks,
    class_top_k,
)
from cnnbook.checks.convolution import (
    conv_by_hand,
    conv_filter_bank,
    conv_flipped,
    conv_from_words,
    conv_matrix,
    conv_moved,
    conv_one_d,
)
from cnnbook.checks.detection import (
    det_ap,
    det_decode,
    det_encode,
    det_iou,
    det_nms,
    det_shift,
)
from cnnbook.checks.fully_connected import (
    fc_mirrored_weight,
    fc_tiny,
    fc_training_bytes,
    fc_wirings,
)
from cnnbook.checks.pooling import (
    pool_blur,
    pool_by_hand,
    pool_costs,
    pool_kept,
    pool_sizes,
    pool_windows,
)
from cnnbook.checks.receptive_field import (
    field_border,
    field_chain,
    field_dilation,
    field_hundred,
    field_paths,
    field_recurrence,
)
from cnnbook.checks.segmentation import (
    seg_iou,
    seg_mean,
    seg_nearest,
    seg_overlap,
    seg_size,
)
from cnnbook.checks.stride_padding import (
    stride_dropped,
    stride_grouped,
    stride_output_size,
    stride_padded_row,
    stride_same,
    stride_separable,
)

__all__ = [
    "Checker",
    "WrongAnswer",
    "build_image_gradient",
    "build_kernel_gradient",
    "build_pool_backward",
    "build_shapes",
    "build_width",
    "class_groups",
    "class_lenet",
    "class_size",
    "class_stacks",
    "class_top_k",
    "conv_by_hand",
    "conv_filter_bank",
    "conv_flipped",
    "conv_from_words",
    "conv_matrix",
    "conv_moved",
    "conv_one_d",
    "det_ap",
    "det_decode",
    "det_encode",
    "det_iou",
    "det_nms",
    "det_shift",
    "fc_mirrored_weight",
    "fc_tiny",
    "fc_training_bytes",
    "fc_wirings",
    "field_border",
    "field_chain",
    "field_dilation",
    "field_hundred",
    "field_paths",
    "field_recurrence",
    "pool_blur",
    "pool_by_hand",
    "pool_costs",
    "pool_kept",
    "pool_sizes",
    "pool_windows",
    "seg_iou",
    "seg_mean",
    "seg_nearest",
    "seg_overlap",
    "seg_size",
    "stride_dropped",
    "stride_grouped",
    "stride_output_size",
    "stride_padded_row",
    "stride_same",
    "stride_separable",
]
