"""VGG, by its configurations, and a small one (chapter ``classification``)."""

from torch import nn

from cnnbook import shapes

# The paper's table 1: output channels of each 3 × 3 convolution, and "M" for max pooling.
CONFIGURATIONS = {
    "11": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "13": [64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "16": [64, 64, "M", 128, 128, "M", *[256] * 3, "M", *[512] * 3, "M", *[512] * 3, "M"],
    "19": [64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"],
}


class VGG(nn.Module):
    """VGG: stacks of 3 × 3 convolutions, each stack ended by a pooling, and three linear layers.

    >>> VGG("16")(torch.zeros(5, 3, 224, 224)).shape
    torch.Size([5, 1000])

    ===============  ================  ================  ================  ================  ===========
    stack            ``"11"`` (A)      ``"13"`` (B)      ``"16"`` (D)      ``"19"`` (E)      after it
    ===============  ================  ================  ================  ================  ===========
    conv3-64         1                 2                 2                 2                 64 × 112²
    conv3-128        1                 2                 2                 2                 128 × 56²
    conv3-256        2                 2                 3                 4                 256 × 28²
    conv3-512        2                 2                 3                 4                 512 × 14²
    conv3-512        2                 2                 3                 4                 512 × 7²
    linear, ReLU     4096              4096              4096              4096
    linear, ReLU     4096              4096              4096              4096
    linear           1000              1000              1000              1000
    parameters       132,863,336       133,047,848       138,357,544       143,667,240
    ===============  ================  ================  ================  ================  ===========

    The number in a name counts the layers with weights. Every convolution has padding 1 and a ReLU behind it,
    every pooling is a max over 2 × 2. As in torchvision, whose names the parameters have, dropout follows
    the ReLU of the first two linear layers, and the last maps are averaged to 7 × 7 whatever the image's size.

    Args:
        configuration: one of those four; or a list of output channels, with ``"M"`` for a pooling, that holds at
            least one convolution.
        classes: the number of logits.

    Raises:
        ValueError: an argument is not as said above.

    Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition" (2015),
    table 1. Used in the chapter ``classification``.
    """

    def __init__(self, configuration="16", classes=1000):
        stacks = _stacks(configuration)
        shapes.integer("classes", classes)
        super().__init__()
        channels, layers = 3, []
        for entry in stacks:
            if entry == "M":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(channels, entry, kernel_size=3, padding=1), nn.ReLU()]
                channels = entry
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d((7, 7)))
        self.classifier = nn.Sequential(
            nn.Linear(channels * 7 * 7, 4096),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(4096, classes),
        )

    def forward(self, images):
        return self.classifier(self.features(images).flatten(1))


class SmallVGG(nn.Module):
    """VGG's idea for images of 28 × 28: stacks of 3 × 3 convolutions where `SmallAlexNet` has a larger kernel.

    >>> SmallVGG()(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])

    =======  =========================================  ============  ===================
    stack    what                                       output        MACs
    =======  =========================================  ============  ===================
    1        three times 3 × 3, batch norm, ReLU        8 × 28²       56,448, 2 × 451,584
             max 2 × 2                                  8 × 14²
    2        twice 3 × 3, batch norm, ReLU              32 × 14²      451,584, 1,806,336
             max 2 × 2                                  32 × 7²
    3        once 3 × 3, batch norm, ReLU               64 × 7²       903,168
             max 2 × 2                                  64 × 3²
    fc4      linear, ReLU                               64            36,864
    fc5      linear                                     10            640
    =======  =========================================  ============  ===================

    Args and errors: as for `SmallAlexNet`.

    Used in the chapter ``classification``.
    """

    def __init__(self, in_channels=1, classes=10):
        shapes.integer("in_channels", in_channels)
        shapes.integer("classes", classes)
        super().__init__()
        self.features = nn.Sequential(
            *_stack(in_channels, 8, depth=3),
            nn.MaxPool2d(2),
            *_stack(8, 32, depth=2),
            nn.MaxPool2d(2),
            *_stack(32, 64, depth=1),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(nn.Linear(64 * 3 * 3, 64), nn.ReLU(), nn.Linear(64, classes))

    def forward(self, images):
        return self.classifier(self.features(images).flatten(1))


def _stack(in_channels, out_channels, depth):
    layers = []
    for _ in range(depth):
        # Batch norm has a bias of its own.
        conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False)
        layers += [conv, nn.BatchNorm2d(out_channels), nn.ReLU()]
        in_channels = out_channels
    return layers


def _stacks(configuration):
    if isinstance(configuration, str) and configuration in CONFIGURATIONS:
        return CONFIGURATIONS[configuration]
    if isinstance(configuration, (tuple, list)) and any(entry != "M" for entry in configuration):
        return [entry if entry == "M" else shapes.integer("configuration", entry) for entry in configuration]
    raise ValueError(
        f"configuration is {configuration!r}: expected one of {', '.join(CONFIGURATIONS)}, or a list of output "
        'channels and "M"'
    )
