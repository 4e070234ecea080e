"""The exercises of the chapter `pooling`."""

import numpy as np

from cnnbook import ops, shapes
from cnnbook.checks.checker import Checker

_POOL_MAP = np.array([[1.0, 5, 2, 0, 3, 3], [0, 2, 8, 4, 1, 5], [6, 1, 0, 0, 7, 2], [3, 2, 4, 0, 1, 2]])


def _pooled(pool, image, *settings):
    return pool(image[None], *settings)[0]


def _both_pooled(image, *settings):
    return np.stack([_pooled(ops.max_pool2d, image, *settings), _pooled(ops.avg_pool2d, image, *settings)])


pool_by_hand = Checker(
    truth=_both_pooled(_POOL_MAP, 2),
    right="A quarter of the numbers is left. The maximum is always one of the four, the average need not be.",
    slips=[
        (_both_pooled(_POOL_MAP, 2)[::-1], "The maximum comes first, the average second."),
        (
            _both_pooled(_POOL_MAP, 2) * [[[1]], [[4]]],
            "In the second grid you added up. Divide by the cells.",
        ),
        (_both_pooled(_POOL_MAP, 2, 1), "Your window moves by one cell. Here it moves by its own size."),
        (
            np.stack([-_pooled(ops.max_pool2d, -_POOL_MAP, 2), _pooled(ops.avg_pool2d, _POOL_MAP, 2)]),
            "The first grid holds the smallest numbers.",
        ),
        (_both_pooled(_POOL_MAP.T, 2), "Rows and columns changed places."),
        (_both_pooled(_POOL_MAP, 2)[0], "That is one grid. Give both, the maximum and the average."),
    ],
    hint="Cut the map into blocks of two rows and two columns. Ask each block twice.",
)

_POOL_SIZES = [shapes.pool_output_size((13, 16), 3, 2, ceil_mode=ceil_mode) for ceil_mode in (False, True)]

pool_sizes = Checker(
    truth=(*_POOL_SIZES[0], *_POOL_SIZES[1]),
    right="Where the steps fit, the two modes agree. They differ where a step is left over.",
    slips=[
        ((6, 7, 7, 8), "Thirteen rows leave no step over, so rounding up adds nothing there."),
        ((6, 7, 6, 7), "Rounded up, a last window may hang over the end. Which side has cells left over?"),
        ((6, 8, 6, 7), "The two modes changed places: floor first."),
        ((4, 5, 5, 6), "That is with the stride that PyTorch takes by default. Here it is given."),
        ((5, 6, 5, 7), "You counted the steps. The first place comes before the first step."),
        ((7, 6, 8, 6), "Rows and columns changed places: rows come first."),
    ],
    hint="Take the window away, divide by the stride, round down or up, and add one.",
)

pool_windows = Checker(
    truth=lambda image, kernel_size, stride: _pooled(ops.max_pool2d, image, kernel_size, stride),
    right="Any window and any stride: where the stride is smaller than the window, the windows overlap.",
    slips=[
        (
            lambda image, kernel_size, stride: _pooled(ops.avg_pool2d, image, kernel_size, stride),
            "That is average pooling. Keep the largest number.",
        ),
        (
            lambda image, kernel_size, stride: _pooled(ops.max_pool2d, image, kernel_size),
            "Your window always moves by its own size. Use the stride.",
        ),
        (
            lambda image, kernel_size, stride: _pooled(ops.max_pool2d, image, kernel_size, 1),
            "Your window always moves by one cell. Use the stride.",
        ),
        (
            lambda image, kernel_size, stride: np.maximum(
                _pooled(ops.max_pool2d, image, kernel_size, stride), 0
            ),
            "Where all numbers of a window are negative, you return 0. The largest of them was asked for.",
        ),
        (
            lambda image, kernel_size, stride: _pooled(
                ops.max_pool2d, image, kernel_size, stride, 0, 1, True
            ),
            "Your last window hangs over the end. It has to stay inside.",
        ),
        (
            lambda image, kernel_size, stride: _pooled(ops.max_pool2d, image.T, kernel_size, stride),
            "Rows and columns changed places.",
        ),
    ],
    hint="How many places are there along each side? Cut the window out at each, and keep its maximum.",
    tries=[
        (_POOL_MAP, 2, 2),
        (np.sin(np.arange(40.0)).reshape(8, 5), 3, 2),
        (-np.arange(1.0, 43.0).reshape(6, 7), 2, 3),
        (np.cos(np.arange(30.0)).reshape(5, 6), 3, 1),
    ],
)

_POOL_CONV = dict(in_channels=16, out_channels=32, kernel_size=3)

pool_costs = Checker(
    truth=(
        shapes.conv_macs(**_POOL_CONV, output_size=(28, 40)),
        shapes.conv_macs(**_POOL_CONV, output_size=(14, 20)),
        0,
    ),
    right="Pooling has nothing to learn, but the convolution before it has worked for numbers that are dropped.",
    slips=[
        (
            (
                shapes.conv_macs(**_POOL_CONV, output_size=(28, 40)),
                shapes.conv_macs(**_POOL_CONV, output_size=(28, 20)),
                0,
            ),
            "The stride counts along the rows and along the columns.",
        ),
        (
            (shapes.conv_macs(**_POOL_CONV, output_size=(28, 40)),) * 2 + (0,),
            "With stride 2 the kernel visits fewer places.",
        ),
        (
            (shapes.conv_macs(**_POOL_CONV, output_size=(14, 20)),) * 2 + (0,),
            "Pooling comes after the convolution, which has to visit every place first.",
        ),
        (
            (
                shapes.conv_macs(**_POOL_CONV, output_size=(28, 40)),
                shapes.conv_macs(**_POOL_CONV, output_size=(14, 20)),
                4 * 32,
            ),
            "A maximum has no weights.",
        ),
        (
            (
                shapes.conv_macs(1, 32, 3, output_size=(28, 40)),
                shapes.conv_macs(1, 32, 3, output_size=(14, 20)),
                0,
            ),
            "A filter reads all channels that come in.",
        ),
    ],
    hint="MACs are weights times places. How many places does the kernel visit in each of the two?",
)

pool_kept = Checker(
    truth=lambda kernel_size, shift: max(0, 1 - shift / kernel_size),
    right="A shift of half the window leaves half of the places unchanged, a shift of the whole window none.",
    slips=[
        (lambda kernel_size, shift: 1 - shift / kernel_size, "A share is never negative."),
        (lambda kernel_size, shift: min(1, shift / kernel_size), "That is the share that changes."),
        (
            lambda kernel_size, shift: max(0, 1 - shift / kernel_size) ** 2,
            "The spot moves along one axis only.",
        ),
        (
            lambda kernel_size, shift: max(0, kernel_size - shift),
            "Those are the places. What share of all places in a window are they?",
        ),
        (
            lambda kernel_size, shift: float(shift < kernel_size),
            "A spot at the end of its window leaves it with the first step.",
        ),
        (
            lambda kernel_size, shift: max(0, 1 - (shift + 1) / kernel_size),
            "You are off by one. With no shift at all, every place keeps its output.",
        ),
    ],
    hint="Number the columns of one window from 0. From which of them does the spot stay in the window?",
    tries=[(2, 1), (2, 2), (3, 1), (4, 3), (3, 5), (4, 0)],
)


def _blur_pooled(signal, mode="reflect", weights=(0.25, 0.5, 0.25), start=0, stride=2):
    largest = np.maximum(signal[:-1], signal[1:])
    return np.correlate(np.pad(largest, 1, mode=mode), weights, "valid")[start::stride]


pool_blur = Checker(
    truth=_blur_pooled,
    right="Three steps, and only the last one throws numbers away.",
    slips=[
        (lambda signal: np.maximum(signal[:-1], signal[1:])[::2], "That is max pooling. Where is the blur?"),
        (lambda signal: _blur_pooled(signal, stride=1), "You keep every place. Keep every second one."),
        (lambda signal: _blur_pooled(signal, start=1), "Start with the first place, and skip the second."),
        (lambda signal: _blur_pooled(signal, mode="constant"), "You padded with zeros. Mirror the row."),
        (
            lambda signal: _blur_pooled(signal, mode="edge"),
            "You repeated the last number. The mirror stands on it, so it is not repeated.",
        ),
        (lambda signal: _blur_pooled(signal, weights=(1, 2, 1)), "Your weights do not add up to 1."),
        (
            lambda signal: _blur_pooled(signal, weights=(1 / 3, 1 / 3, 1 / 3)),
            "You weighed all three alike. The middle one counts double.",
        ),
        (
            lambda signal: np.correlate(np.pad(signal, 1, mode="reflect"), (0.25, 0.5, 0.25), "valid")[::2],
            "The maximum is missing: it comes before the blur.",
        ),
    ],
    hint="First the maximum of each two neighbours, in every place. Mirror, blur, and only then skip.",
    tries=[
        (np.array([0.0, 0, 8, 0, 0, 0, 0, 0]),),
        (np.array([3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3]),),
        (np.array([-1.0, -5, -2, -7, -3, -4]),),
    ],
)
