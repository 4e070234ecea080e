"""The exercises of the chapter `building_a_cnn`."""

import numpy as np

from cnnbook import ops, shapes
from cnnbook.checks.checker import Checker
from cnnbook.checks.convolution import slide

_TWO_BLOCKS = shapes.conv_parameters(3, 24, 5) + shapes.conv_parameters(24, 40, 3)

build_shapes = Checker(
    truth=(40, 8, 10, _TWO_BLOCKS),
    right="The image's size is nowhere in the parameters: the same two blocks take a larger image as well.",
    slips=[
        ((40, 9, 11, _TWO_BLOCKS), "The second convolution has no padding: it takes rows and columns away."),
        ((40, 10, 8, _TWO_BLOCKS), "Rows come before columns."),
        ((40, 16, 20, _TWO_BLOCKS), "There is a second pooling."),
        (
            (40, 8, 10, shapes.conv_parameters(3, 24, 5, bias=False) + 40 * 24 * 9),
            "Those are the weights. Each filter has a bias too.",
        ),
        (
            (40, 8, 10, shapes.conv_parameters(3, 24, 5) + shapes.conv_parameters(1, 40, 3)),
            "A filter of the second block reads all the channels that the first block puts out.",
        ),
        (
            (40, 8, 10, shapes.conv_parameters(1, 24, 5) + shapes.conv_parameters(24, 40, 3)),
            "A colour image has three channels, and a filter of the first block reads all of them.",
        ),
    ],
    hint="Go layer by layer: write down channels, rows and columns after each. Pools and ReLUs have no weights.",
)

build_width = Checker(
    truth=lambda budget, in_features, classes: (budget - classes) // (in_features + 1 + classes),
    right="A hidden unit costs its weights from the pixels, its bias, and its weights to the classes.",
    slips=[
        (
            lambda budget, in_features, classes: budget // (in_features + 1 + classes),
            "The classes have biases too, however many hidden units there are.",
        ),
        (
            lambda budget, in_features, classes: (budget - classes) // (in_features + classes),
            "Each hidden unit has a bias.",
        ),
        (
            lambda budget, in_features, classes: budget // (in_features + classes),
            "You counted weights alone. There are two kinds of biases.",
        ),
        (
            lambda budget, in_features, classes: -(-(budget - classes) // (in_features + 1 + classes)),
            "Round down: the net may not have more parameters than the budget.",
        ),
        (
            lambda budget, in_features, classes: (budget - classes) / (in_features + 1 + classes),
            "That is no whole number of units.",
        ),
        (
            lambda budget, in_features, classes: budget // (in_features + 1),
            "A hidden unit also has a weight to each class.",
        ),
    ],
    hint="What does one more hidden unit cost? What is there even with none?",
    tries=[(31_809, 784, 10), (14_458, 784, 10), (109, 6, 3)],
)

_POOLED_MAP = np.array([[1.0, 5, 2, 0], [3, 4, 8, 1], [2, 0, 6, 7]])
_POOLED_GRADIENT = np.array([[1.0, -2, 3], [4, 5, -2]])


def _pool_gradient(backward, gradient=_POOLED_GRADIENT):
    return backward(gradient[None], _POOLED_MAP[None], kernel_size=2, stride=1)[0]


build_pool_backward = Checker(
    truth=_pool_gradient(ops.max_pool2d_backward),
    right="A cell that wins several windows collects the gradients of all of them; the losers get nothing.",
    slips=[
        (
            np.array([[0.0, 1, 0, 0], [0, 4, -2, 0], [0, 0, 0, 0]]),
            "The 8 wins several windows. Add up what comes from all of them.",
        ),
        (_pool_gradient(ops.avg_pool2d_backward), "You shared each gradient out: that is average pooling."),
        (
            _pool_gradient(ops.max_pool2d_backward, np.ones((2, 3))),
            "You counted how often each cell wins. Add up the gradients of those windows.",
        ),
        (
            _pool_gradient(ops.max_pool2d_backward, np.abs(_POOLED_GRADIENT)),
            "A gradient may be negative: keep its sign.",
        ),
        (
            _pool_gradient(ops.max_pool2d_backward) * _POOLED_MAP,
            "Pass the gradient on as it is, without the map.",
        ),
    ],
    hint="Go through the six windows. Which cell is the largest, and which number of the gradient goes to it?",
)

_GRADIENT_TRIES = [
    (np.arange(12.0).reshape(3, 4), np.array([[1.0, -2.0, 0.0], [3.0, 0.5, 1.0]])),
    (
        np.array([[2.0, 7, 1, 8, 2], [8, 1, 8, 2, 8], [4, 5, 9, 0, 4], [5, 2, 3, 5, 3]]),
        np.array([[1.0, 2, 4, -1]]),
    ),
]

build_kernel_gradient = Checker(
    truth=slide,
    right="The same sliding window as in the forward pass, with the gradient in the kernel's place.",
    slips=[
        (
            lambda image, grad_output: slide(image, grad_output[::-1, ::-1]),
            "You flipped the gradient. The first output's gradient goes with the first window.",
        ),
        (
            lambda image, grad_output: slide(image, np.ones_like(grad_output)),
            "You summed the pixels that each weight met. Weigh each with the gradient of its output.",
        ),
        (
            lambda image, grad_output: slide(image, grad_output) / grad_output.size,
            "You took the mean over the outputs. The weight's effects on them add up.",
        ),
        (lambda image, grad_output: slide(image, grad_output).T, "Rows and columns changed places."),
        (
            lambda image, grad_output: slide(image, grad_output)[:1],
            "The kernel has more rows. How many, if the image and the output have so many?",
        ),
    ],
    hint="Weight (a, b) meets pixel (i + a, j + b) on its way to output (i, j). Sum over all outputs.",
    tries=_GRADIENT_TRIES,
)


def _spread(kernel, grad_output):
    rows, columns = kernel.shape
    return slide(np.pad(grad_output, [(rows - 1,) * 2, (columns - 1,) * 2]), kernel[::-1, ::-1])


build_image_gradient = Checker(
    truth=_spread,
    right="Each output stamps the kernel, times its gradient, onto its window. A later chapter makes a layer of it: the transposed convolution.",
    slips=[
        (
            lambda kernel, grad_output: _spread(kernel[::-1, ::-1], grad_output),
            "You flipped the kernel. Stamp it as it is: its first weight onto the window's first pixel.",
        ),
        (
            lambda kernel, grad_output: _spread(np.ones_like(kernel), grad_output),
            "You passed on each gradient whole. Multiply it with the weight that the pixel met.",
        ),
        (
            lambda kernel, grad_output: _spread(kernel, np.ones_like(grad_output)),
            "You added up the weights that a pixel met. Multiply each with the gradient of its output.",
        ),
        (
            lambda kernel, grad_output: _spread(kernel, grad_output)[
                : len(grad_output), : len(grad_output[0])
            ],
            "The image is larger than the output: the last windows reach further down and right.",
        ),
    ],
    hint="Begin with zeros as large as the image. Add to each output's window the kernel times its gradient.",
    tries=[(kernel, image) for image, kernel in _GRADIENT_TRIES],
)

build_epochs = Checker(
    truth=180,
    right="Whether that is many depends on the number of images, so compare trainings by epochs or by steps, and say which.",
    slips=[
        (3.75, "You took one image a step. A step reads a whole batch."),
        (
            937.5,
            "That is how often the batch goes into the steps. How many steps are a pass over all images?",
        ),
        (250, "That is how many steps one epoch takes."),
        (2_160_000, "That is how many images were read. Each of them was read many times."),
        (1 / 180, "You divided the other way round."),
    ],
    hint="How many images do all the steps read together? How many are there to read in one epoch?",
)

build_he = Checker(
    truth=lambda in_channels, out_channels, kernel_size: 2 / (in_channels * kernel_size**2),
    right="The sum over many inputs has twice the mean square of one input, and the ReLU halves it. PyTorch calls it `kaiming_normal_`.",
    slips=[
        (
            lambda in_channels, out_channels, kernel_size: 2 / (out_channels * kernel_size**2),
            "You counted the outputs that one input reaches. Count the inputs of one output.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: 2 / in_channels,
            "In each channel a filter reads a whole window.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: 2 / (in_channels * kernel_size),
            "A kernel is a square.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: 1 / (in_channels * kernel_size**2),
            "The ReLU takes half of it away. Make up for that.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: (2 / (in_channels * kernel_size**2)) ** 0.5,
            "That is the standard deviation. The variance was asked for.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: 2 / kernel_size**2,
            "A filter reads all channels that come in.",
        ),
        (
            lambda in_channels, out_channels, kernel_size: (
                2 / ((in_channels + out_channels) * kernel_size**2)
            ),
            "That is Glorot's rule, which looks at both sides of the layer. He's looks at the inputs alone.",
        ),
    ],
    hint="How many products does one output add up? Divide 2 by that.",
    tries=[(3, 64, 7), (64, 32, 3), (10, 16, 1)],
)
