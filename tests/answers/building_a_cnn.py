"""Of the chapter `building_a_cnn`: answers by torch and autograd, and wrong ones as a reader would write them."""

import numpy as np
import torch
import torch.nn.functional as F


def widest(budget, in_features, classes):
    width = 0
    while sum(p.numel() for p in one_hidden_layer(width + 1, in_features, classes).parameters()) <= budget:
        width += 1
    return width


def one_hidden_layer(width, in_features, classes):
    layers = torch.nn.Linear(in_features, width), torch.nn.Linear(width, classes)
    return torch.nn.Sequential(*layers).to("meta")


def by_autograd(of_kernel, image, kernel, grad_output):
    image, kernel = (torch.tensor(array, requires_grad=True) for array in (image, kernel))
    F.conv2d(image[None, None], kernel[None, None])[0, 0].backward(torch.tensor(grad_output))
    return (kernel if of_kernel else image).grad.numpy()


def kernel_gradient(image, grad_output):
    size = np.subtract(image.shape, grad_output.shape) + 1
    return by_autograd(True, image, np.zeros(size), grad_output)


def image_gradient(kernel, grad_output):
    size = np.add(kernel.shape, grad_output.shape) - 1
    return by_autograd(False, np.zeros(size), kernel, grad_output)


def same_size(kernel, grad_output):
    return F.conv2d(*(torch.tensor(part)[None, None] for part in (grad_output, kernel)), padding="same")[
        0, 0
    ].numpy()


def windows_left_out(image, grad_output):
    return (
        kernel_gradient(image[:-1], grad_output[:-1])
        if len(grad_output) > 1
        else kernel_gradient(image, grad_output)
    )


def he(in_channels, out_channels, kernel_size):
    """Two over the number of products: where all pixels and weights are 1, that is what the layer puts out."""
    weight = torch.ones(out_channels, in_channels, kernel_size, kernel_size)
    return 2 / F.conv2d(torch.ones_like(weight[:1]), weight)[0, 0].item()


ANSWERS = {
    "build_shapes": (
        (40, 8, 10, 24 * (3 * 25 + 1) + 40 * (24 * 9 + 1)),
        [
            (40, 9, 11, 10_504),
            (40, 8, 10, 10_440),
            (40, 8, 10, 2_224),
            (24, 8, 10, 10_504),
            (40, 4, 5, 10_504),
        ],
    ),
    "build_width": (
        widest,
        [
            lambda b, i, c: b // (i + c),
            lambda b, i, c: b // i,
            lambda b, i, c: round((b - c) / (i + c + 1)),
            lambda b, i, c: b // (i + c + 1),
            lambda b, i, c: b // (i + 1),
        ],
    ),
    "build_pool_backward": (
        [[0, 1, 0, 0], [0, 4, 4, 0], [0, 0, 0, 0]],
        [
            [[0, 1, 0, 0], [0, 4, -2, 0], [0, 0, 0, 0]],
            [[0, 1, 0, 0], [0, 4, 20, 0], [0, 0, 0, 0]],
            [[0, 1, 0, 0], [0, 4, 6, 0], [0, 0, 0, -2]],
            [[1, 5], [4, 0]],
            [[0, 1, 0, 0], [0, 1, 4, 0], [0, 0, 0, 0]],
            [[0, 1, 0, 0], [0, 4, 12, 0], [0, 0, 0, 0]],
            [[0.25, -0.25, 0.25, 0.75], [1.25, 2, 1, 0.25], [1, 2.25, 0.75, -0.5]],
        ],
    ),
    "build_kernel_gradient": (
        kernel_gradient,
        [
            windows_left_out,
            lambda image, gradient: kernel_gradient(image, gradient)[::-1],
            image_gradient,
            lambda image, gradient: kernel_gradient(image, np.rot90(gradient, 2).copy()),
            lambda image, gradient: kernel_gradient(image, np.ones_like(gradient)),
            lambda image, gradient: kernel_gradient(image, gradient) / gradient.size,
        ],
    ),
    "build_image_gradient": (
        image_gradient,
        [
            same_size,
            lambda kernel, gradient: image_gradient(kernel, gradient)[::-1],
            kernel_gradient,
            lambda kernel, gradient: image_gradient(np.rot90(kernel, 2).copy(), gradient),
            lambda kernel, gradient: image_gradient(np.ones_like(kernel), gradient),
            lambda kernel, gradient: image_gradient(kernel, np.ones_like(gradient)),
        ],
    ),
    "build_epochs": (48 * 45_000 / 12_000, [45_000 / 12_000, 45_000 / 48, 12_000 / 48, 48 * 45_000, 181]),
    "build_he": (
        he,
        [
            lambda in_channels, out_channels, kernel_size: he(out_channels, in_channels, kernel_size),
            lambda *layer: he(*layer) / 2,
            lambda *layer: he(*layer) ** 0.5,
            lambda in_channels, out_channels, kernel_size: 2 / in_channels,
            lambda in_channels, out_channels, kernel_size: 1 / (3 * in_channels * kernel_size**2),
        ],
    ),
}
