"""Of the chapter `receptive_field`: answers worked out apart from the checkers."""

import numpy as np


def by_the_recurrence(layers):
    size, jump, start = 1, 1, 0
    for kernel_size, stride, padding, dilation in layers:
        reach = dilation * (kernel_size - 1)
        size, start, jump = size + reach * jump, start + (reach / 2 - padding) * jump, jump * stride
    return size, jump, start


def centred_at_the_image(layers):
    size, jump, _ = by_the_recurrence(layers)
    return size, jump, (size - 1) / 2


def one_layer_short(layers):
    return by_the_recurrence(layers[:-1])


def size_alone(layers):
    return by_the_recurrence(layers)[0]


MIXED = [(3, 3, 0, 1), (5, 1, 0, 2), (4, 2, 0, 1)]

ANSWERS = {
    "field_chain": ((7 + 2 * 2 + 2 * 2 + 2 * 4, 2 * 2 * 2), [(13, 8), (23, 6), (22, 8), (15, 4)]),
    "field_dilation": ((27 - 9) / 2, [18, 23, 8, 10, 27, 9.5]),
    "field_border": ((0, 5, 34, 39), [(-4, 5, 34, 43), (0, 9, 38, 39), (0, 5, 34, 38), (0, 6, 35, 39)]),
    "field_recurrence": (
        by_the_recurrence,
        [
            centred_at_the_image,
            one_layer_short,
            size_alone,
            lambda layers: by_the_recurrence([(k, s, p, 1) for k, s, p, _ in layers]),
            lambda layers: np.subtract(by_the_recurrence(layers), [1, 0, 0]),
            lambda layers: (
                *by_the_recurrence(layers)[:2],
                by_the_recurrence([(k, s, -p, d) for k, s, p, d in layers])[2],
            ),
        ],
    ),
    "field_hundred": ((50, 9), [(49, 9), (50, 13), (51, 9), (50, 10), (34, 9)]),
    "field_paths": ((1, 7 * 7), [(1, 7), (7, 49), (1, 729), (1, 27)]),
    "field_stack": ((1 + 4 * 2, 1 + 3 * 8), [(12, 27), (8, 24), (81, 729), (9, 1), (7, 17), (9, 24)]),
    "field_mixed": (
        tuple(by_the_recurrence(MIXED[: count + 1])[0] for count in range(3)),
        [(3, 11, 14), (3, 15, 24), (3, 27, 45), (7, 31, 49), (3, 27, 35)],
    ),
}
