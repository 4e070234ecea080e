"""The exercises of the chapter `classification`."""

import numpy as np

from cnnbook import shapes
from cnnbook.checks.checker import Checker

class_lenet = Checker(
    truth=(shapes.conv_parameters(6, 16, 5), 16 * 4 * 4, shapes.linear_parameters(16 * 4 * 4, 120)),
    right="C3 does not know the image's size. C5, a linear layer, has to be built for it.",
    slips=[
        (
            (2416, 400, 48120),
            "That is the net for 32 pixels. Follow the 28 through both convolutions and poolings.",
        ),
        ((2400, 256, 30720), "Those are the weights. Each map and each unit has a bias too."),
        ((2416, 16, 2040), "Flattening keeps every place of every map: channels times rows times columns."),
        (
            (2416, 784, 94200),
            "The convolutions have no padding here: each takes four rows and four columns away.",
        ),
        ((416, 256, 30840), "A kernel of C3 reads all the maps below it, and has 25 weights for each."),
        ((2406, 256, 30840), "A bias belongs to a map that a layer puts out, not to one that it reads."),
    ],
    hint="A convolution of 5 takes four rows away, a pooling of 2 halves. Weights: all that is read, times all units.",
)

class_groups = Checker(
    truth=tuple(shapes.conv_parameters(96, 192, 3, groups) for groups in (1, 2, 4)),
    right="Each doubling of the groups halves the weights. The biases stay: one a map.",
    slips=[
        ((165888, 82944, 41472), "Those are the weights. How many biases has the layer?"),
        ((166080, 83040, 41520), "The biases do not get fewer: there are as many maps as before."),
        (
            (166080, 332160, 664320),
            "A group reads only a part of the maps below, so a kernel has fewer weights.",
        ),
        (
            (166080, 41664, 10560),
            "Each group reads a part and makes a part, but there are several groups: add them up.",
        ),
        (
            (165984, 83040, 41568),
            "A bias belongs to a map that the layer puts out, not to one that it reads.",
        ),
    ],
    hint="With g groups a kernel reads 96 / g maps. There are 192 kernels in any case.",
)

class_size = Checker(
    truth=(shapes.linear_parameters(512 * 14 * 14, 4096, bias=False), 4),
    right="The first linear layer is built for one size. The convolutions take any, and work as much as it has places.",
    slips=[
        (
            (102_760_448, 4),
            "That is the layer for 224 pixels. Which maps come out of 448, halved five times?",
        ),
        ((411_045_888, 4), "The exercise asks for the weights: leave the biases out."),
        ((411_041_792, 2), "The maps grow along both sides."),
        ((205_520_896, 2), "The maps grow along both sides."),
        ((411_041_792, 1), "A kernel stays as it is, but it has more places to visit."),
        ((29_360_128, 4), "Flattening keeps every place: rows times columns."),
    ],
    hint="Halve 448 five times. The weights of a linear layer: all inputs times all units. Work: places of a map.",
)


def _stack_of_threes(kernel_size, channels):
    layers = (kernel_size - 1) // 2
    return layers, kernel_size**2 * channels**2, layers * 9 * channels**2


class_stacks = Checker(
    truth=_stack_of_threes,
    right="For a kernel of 5 the stack has 18 weights to 25, for a kernel of 11 it has 45 to 121.",
    slips=[
        (
            lambda k, c: (k // 3, k**2 * c**2, k // 3 * 9 * c**2),
            "Kernels do not stand side by side: each further layer adds two pixels to the field.",
        ),
        (
            lambda k, c: ((k - 1) // 2, k**2 * c, (k - 1) // 2 * 9 * c),
            "A kernel reads all channels, and there is one for each channel that the layer puts out.",
        ),
        (
            lambda k, c: ((k - 1) // 2, k**2 * c**2, 9 * c**2),
            "That is one layer of the stack.",
        ),
        (
            lambda k, c: ((k - 1) // 2, k**2 * c**2 + c, (k - 1) // 2 * (9 * c**2 + c)),
            "The exercise asks for weights: leave the biases out.",
        ),
        (
            lambda k, c: ((k - 1) // 2, (k - 1) // 2 * 9 * c**2, k**2 * c**2),
            "The large kernel first, the stack last.",
        ),
    ],
    hint="How many layers of 3 see as far? A layer has kernel × kernel × channels in × channels out weights.",
    tries=[(3, 8), (5, 64), (7, 20), (11, 96)],
)


def _top_k_error(logits, labels, k):
    best = np.argsort(-logits, axis=1)[:, :k]
    return float(np.mean([label not in row for label, row in zip(labels, best, strict=True)]))


_LOGITS = np.random.default_rng(7).normal(size=(12, 7))
_LABELS = np.array([0, 1, 2, 3, 4, 5, 6, 0, 2, 4, 6, 1])

class_top_k = Checker(
    truth=_top_k_error,
    right="This is the number by which ImageNet's contest ranked its entries, with k = 5.",
    slips=[
        (
            lambda logits, labels, k: 1 - _top_k_error(logits, labels, k),
            "That is the share that was named rightly. An error counts the others.",
        ),
        (
            lambda logits, labels, k: _top_k_error(logits, labels, 1),
            "You looked at the best class only. The label may be any of the k best.",
        ),
        (
            lambda logits, labels, k: _top_k_error(-logits, labels, k),
            "You took the k lowest scores.",
        ),
        (
            lambda logits, labels, k: len(labels) * _top_k_error(logits, labels, k),
            "You counted the errors. Divide by the number of pictures.",
        ),
        (
            lambda logits, labels, k: float(
                np.mean(
                    [row[-k] != label for row, label in zip(np.argsort(logits, axis=1), labels, strict=True)]
                )
            ),
            "You asked only whether the class at place k is the label. The places before count too.",
        ),
    ],
    hint="For each picture: is its label among the k classes with the highest scores? The share that is not.",
    tries=[(_LOGITS, _LABELS, 1), (_LOGITS, _LABELS, 3), (_LOGITS[:5], _LABELS[:5], 5)],
)


def _half_alexnet(colours=3, places=36, groups=1, shared=1, bias=True):
    """An AlexNet of half the width, layer by layer, or one with a slip in it."""
    maps, units = (48, 128, 192, 192, 128), (2048, 2048, 1000)
    kernel_sizes, all_groups = (11, 5, 3, 3, 3), (1, groups, 1, groups, groups)
    inputs = (colours, *(shared * before for before in maps[:-1]))
    flat = (maps[-1] * places, *units[:-1])
    convolutions = zip(inputs, maps, kernel_sizes, all_groups, strict=True)
    return (
        *(shapes.conv_parameters(*layer, bias) for layer in convolutions),
        *(shapes.linear_parameters(*layer, bias) for layer in zip(flat, units, strict=True)),
    )


class_half = Checker(
    truth=_half_alexnet(),
    right="Half the width on both sides of a layer: about a quarter of its weights.",
    slips=[
        (_half_alexnet(bias=False), "Those are the weights. Each map and each unit has a bias too."),
        (
            _half_alexnet(places=1),
            "Flattening keeps every place of every map: the sixth layer reads more than one number for each map.",
        ),
        (
            _half_alexnet(places=6),
            "The last maps have rows and columns: the sixth layer reads all places.",
        ),
        (_half_alexnet(colours=1), "The photograph has colours: the first layer reads three channels."),
        (_half_alexnet(groups=2), "No groups here: each kernel reads all the maps below it."),
        (
            _half_alexnet(shared=2),
            "You halved the maps that a layer makes, but not those that it reads.",
        ),
    ],
    hint="A convolution: maps it makes × (maps it reads × kernel × kernel + 1). Then flatten 128 maps of 6 × 6.",
)

class_fields = Checker(
    truth=(7, 27, 75),
    right="In AlexNet the same three see 11, 51 and 99 pixels: a smaller field, in exchange for a finer look.",
    slips=[
        ((7, 15, 23), "You left out the poolings. A pooling reads a window too, and has a stride."),
        ((7, 15, 39), "A pooling reads a window too: it widens the field, and not only the step."),
        ((7, 19, 35), "You left out the strides of the poolings: above them a step is twice as long."),
        ((7, 13, 17), "You left out the strides. Above a stride, a step is several pixels long."),
        ((11, 51, 99), "That is AlexNet. Here the first two convolutions have another kernel or stride."),
        (
            (7, 43, 107),
            "A layer's own stride does not widen its own kernel. It counts from the next layer on.",
        ),
        ((11, 43, 75), "Those are what units see behind the poolings. Take the convolutions."),
    ],
    hint="Follow size and step through all five layers: gaps of the kernel times the step, then the stride.",
)


def _layer_counts(
    configuration, size, units, colours=3, places=2, halved=True, follow=True, bias_of_inputs=False
):
    """Weights and biases of each layer of a VGG; the flags are slips."""
    counts, channels = [], colours
    for entry in configuration:
        if entry == "M":
            size //= 2 if halved else 1
        else:
            counts.append((9 * channels * entry, channels if bias_of_inputs else entry))
            channels = entry if follow else colours
    inputs = [entry for entry in configuration if entry != "M"][-1] * size**places
    for outputs in units:
        counts.append((inputs * outputs, inputs if bias_of_inputs else outputs))
        inputs = outputs
    return counts


class_vgg = Checker(
    truth=_layer_counts,
    right="With the paper's table for 16 layers it adds up to the number in this chapter.",
    slips=[
        (
            lambda *given: _layer_counts(*given, colours=1),
            "The photograph has three channels.",
        ),
        (
            lambda *given: _layer_counts(*given, places=1),
            "The last maps are squares: flattening gives rows × columns numbers for each map.",
        ),
        (
            lambda *given: _layer_counts(*given, places=0),
            "The first fully connected layer reads all places of all maps.",
        ),
        (
            lambda *given: _layer_counts(*given, halved=False),
            "Each M halves the maps.",
        ),
        (
            lambda *given: _layer_counts(*given, follow=False),
            "A convolution reads the maps that the one before it made.",
        ),
        (
            lambda *given: _layer_counts(*given, bias_of_inputs=True),
            "A bias belongs to a map or unit that the layer makes, not to one that it reads.",
        ),
        (
            lambda *given: [(weights + biases, biases) for weights, biases in _layer_counts(*given)],
            "You counted the biases among the weights too.",
        ),
        (
            lambda configuration, *given: _layer_counts(configuration, *given)[
                : sum(entry != "M" for entry in configuration)
            ],
            "The fully connected layers are missing.",
        ),
    ],
    hint="Go through the table with two numbers in mind: the maps there are, and their side.",
    tries=[
        ([8, "M", 16, 16, "M"], 12, [20, 5]),
        ([4, "M", 6, "M", 5, "M"], 24, [3]),
        ([64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"], 224, [4096, 4096, 1000]),
    ],
)
