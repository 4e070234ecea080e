"""Of the chapter `classification`: answers worked out with torch and by counting, and wrong ones as a reader would write them."""

import numpy as np
import torch


def grouped(groups):
    layer = torch.nn.Conv2d(96, 192, 3, groups=groups)
    return sum(parameter.numel() for parameter in layer.parameters())


def stack_counted(kernel_size, channels):
    layers, sees = 1, 3
    while sees < kernel_size:
        layers, sees = layers + 1, sees + 2
    large = torch.nn.Conv2d(channels, channels, kernel_size, bias=False).weight.numel()
    return layers, large, layers * torch.nn.Conv2d(channels, channels, 3, bias=False).weight.numel()


def top_k_error(logits, labels, k):
    hits = torch.tensor(logits).topk(k, dim=1).indices == torch.tensor(labels)[:, None]
    return 1 - hits.any(dim=1).double().mean().item()


def of_the_first_picture(logits, labels, k):
    return float(labels[0] not in np.argsort(-logits[0])[:k])


def each_hit_counts(logits, labels, k):
    hits = torch.tensor(logits).topk(k, dim=1).indices == torch.tensor(labels)[:, None]
    return 1 - hits.double().mean().item()


def parameters(layers):
    return tuple(sum(part.numel() for part in layer.parameters()) for layer in layers)


def half_alexnet(colours=3, groups=1, places=36):
    """The eight layers, without numbers in them."""
    with torch.device("meta"):
        return [
            torch.nn.Conv2d(colours, 48, 11),
            torch.nn.Conv2d(48, 128, 5, groups=groups),
            torch.nn.Conv2d(128, 192, 3),
            torch.nn.Conv2d(192, 192, 3, groups=groups),
            torch.nn.Conv2d(192, 128, 3, groups=groups),
            torch.nn.Linear(128 * places, 2048),
            torch.nn.Linear(2048, 2048),
            torch.nn.Linear(2048, 1000),
        ]


def vgg_layers(configuration, size, units, colours=3):
    """Weights and biases, by running the network on shapes alone."""
    with torch.device("meta"):
        layers, maps = [], torch.empty(1, colours, size, size)
        for entry in configuration:
            layer = torch.nn.MaxPool2d(2) if entry == "M" else torch.nn.LazyConv2d(entry, 3, padding=1)
            maps = layer(maps)
            layers += [] if entry == "M" else [layer]
        maps = maps.flatten(1)
        for count in units:
            layers.append(torch.nn.LazyLinear(count))
            maps = layers[-1](maps)
    return [(layer.weight.numel(), layer.bias.numel()) for layer in layers]


def fields(layers):
    """From the top down: to see one unit's window of the layer below, and so on to the pixels."""
    sizes = []
    for top in range(0, len(layers), 2):
        size = 1
        for kernel_size, stride in reversed(layers[: top + 1]):
            size = (size - 1) * stride + kernel_size
        sizes.append(size)
    return tuple(sizes)


ANSWERS = {
    "class_lenet": (
        (6 * 16 * 25 + 16, 16 * 4 * 4, 256 * 120 + 120),
        [(2416, 400, 48_120), (2400, 256, 30_720), (2416, 16, 2040), (2416, 256, 30_841), (416, 256, 30_840)],
    ),
    "class_groups": (
        (grouped(1), grouped(2), grouped(4)),
        [
            (166_080, 83_040, 41_520),
            (165_888, 82_944, 41_472),
            (grouped(4), grouped(2), grouped(1)),
            (166_080, 332_160, 664_320),
        ],
    ),
    "class_size": (
        (512 * 14 * 14 * 4096, (448 // 224) ** 2),
        [(512 * 7 * 7 * 4096, 4), (512 * 14 * 14 * 4096, 2), (512 * 14 * 14 * 4096 + 4096, 4)],
    ),
    "class_stacks": (
        stack_counted,
        [
            lambda k, c: (k // 2, k * k * c * c, k // 2 * 9 * c * c + 1),
            lambda k, c: (k - 2, k * k * c * c, (k - 2) * 9 * c * c),
            lambda k, c: (k // 2, k * k * c, k // 2 * 9 * c),
            lambda k, c: (k // 2, k * k * c * c, 9 * c * c),
            lambda k, c: (k // 2, k // 2 * 9 * c * c, k * k * c * c),
        ],
    ),
    "class_top_k": (
        top_k_error,
        [
            each_hit_counts,
            of_the_first_picture,
            lambda *given: 1 - top_k_error(*given),
            lambda logits, labels, k: top_k_error(logits, labels, 1),
            lambda logits, labels, k: top_k_error(-logits, labels, k),
            lambda logits, *_: 0.5,
        ],
    ),
    "class_half": (
        parameters(half_alexnet()),
        [
            parameters(half_alexnet(colours=1)),
            parameters(half_alexnet(groups=2)),
            parameters(half_alexnet(places=1)),
            tuple(layer.weight.numel() for layer in half_alexnet()),
            parameters(half_alexnet(places=49)),
        ],
    ),
    "class_fields": (
        fields([(7, 2), (3, 2), (5, 2), (3, 2), (3, 1)]),
        [(11, 51, 99), (7, 15, 23), (7, 19, 35), (7, 13, 17), (7, 28, 76)],
    ),
    "class_vgg": (
        vgg_layers,
        [
            lambda *given: vgg_layers(*given, colours=1),
            lambda configuration, size, units: vgg_layers(configuration, size, []),
            lambda *given: [(weights + biases, biases) for weights, biases in vgg_layers(*given)],
            lambda *given: [(biases, weights) for weights, biases in vgg_layers(*given)],
        ],
    ),
}
