"""AlexNet, as published and as torchvision has it, and a small one (chapter ``classification``)."""

from torch import nn

from cnnbook import shapes

VARIANTS = ("torchvision", "paper")


class AlexNet(nn.Module):
    """AlexNet: five convolutions, the first with a large kernel and a large stride, and three linear layers.

    >>> AlexNet()(torch.zeros(5, 3, 224, 224)).shape
    torch.Size([5, 1000])

    =======  =======================================  ============  ==============
    layer    what                                     paper         torchvision
    =======  =======================================  ============  ==============
    input                                             3 × 227²      3 × 224²
    conv1    11 × 11, stride 4, ReLU                  96 × 55²      64 × 55²
    pool1    max 3 × 3, stride 2                      96 × 27²      64 × 27²
    conv2    5 × 5, padding 2, ReLU                   256 × 27²     192 × 27²
    pool2    max 3 × 3, stride 2                      256 × 13²     192 × 13²
    conv3    3 × 3, padding 1, ReLU                   384 × 13²     384 × 13²
    conv4    3 × 3, padding 1, ReLU                   384 × 13²     256 × 13²
    conv5    3 × 3, padding 1, ReLU                   256 × 13²     256 × 13²
    pool5    max 3 × 3, stride 2                      256 × 6²      256 × 6²
    fc6      dropout, linear, ReLU                    4096          4096
    fc7      dropout, linear, ReLU                    4096          4096
    fc8      linear                                   1000          1000
    =======  =======================================  ============  ==============

    - ``"paper"`` (2012): local response normalization after the ReLUs of conv1 and conv2. Trained on two GPUs: with
      ``groups=2``, conv2, conv4 and conv5 read only the maps of their own GPU. 60,965,224 parameters; with
      ``groups=1``, every map is read, and there are 62,378,344. The paper says 224 × 224 pixels; only 227 give
      its 55 × 55 maps.
    - ``"torchvision"`` (2014): one column, other widths, no normalization, padding 2 in conv1, and the last maps are
      averaged to 6 × 6 whatever the image's size. 61,100,840 parameters, whose names are torchvision's too.

    Args:
        variant: ``"torchvision"`` or ``"paper"``.
        classes: the number of logits.
        groups: 1, or 2 in the paper's variant.
        input_size: H and W of the paper's images, ``(N, 3, H, W)``; an integer, or a pair ``(H, W)``. At least 67.
            torchvision's takes images of any size from 63.

    Raises:
        ValueError: an argument is not as said above.

    Source: Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks" (2012),
    section 3.5; Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014), section 5.
    Used in the chapter ``classification``.
    """

    def __init__(self, variant="torchvision", classes=1000, groups=1, input_size=227):
        if variant not in VARIANTS:
            raise ValueError(f"variant is {variant!r}: expected one of {', '.join(VARIANTS)}")
        paper = variant == "paper"
        if shapes.integer("groups", groups) > (2 if paper else 1):
            raise ValueError(f"groups is {groups!r}: expected 1, or 2 in the paper's variant")
        shapes.integer("classes", classes)
        height, width = (
            shapes.integer("input_size", side, minimum=67)
            for side in shapes.per_dimension("input_size", input_size, 2)
        )
        super().__init__()
        conv1, conv2, conv3, conv4, conv5 = (96, 256, 384, 384, 256) if paper else (64, 192, 384, 256, 256)
        self.features = nn.Sequential(
            nn.Conv2d(3, conv1, kernel_size=11, stride=4, padding=0 if paper else 2),
            nn.ReLU(),
            *_normalization(paper),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(conv1, conv2, kernel_size=5, padding=2, groups=groups),
            nn.ReLU(),
            *_normalization(paper),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(conv2, conv3, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(conv3, conv4, kernel_size=3, padding=1, groups=groups),
            nn.ReLU(),
            nn.Conv2d(conv4, conv5, kernel_size=3, padding=1, groups=groups),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        if paper:
            rows, columns = _after_pool5(height), _after_pool5(width)
        else:
            rows, columns = 6, 6
            self.features.append(nn.AdaptiveAvgPool2d((rows, columns)))
        self.classifier = nn.Sequential(
            nn.Dropout(),
            nn.Linear(conv5 * rows * columns, 4096),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(4096, 4096),
            nn.ReLU(),
            nn.Linear(4096, classes),
        )

    def forward(self, images):
        return self.classifier(self.features(images).flatten(1))


class SmallAlexNet(nn.Module):
    """AlexNet's idea for images of 28 × 28: three convolutions, the first with a large kernel.

    >>> SmallAlexNet()(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])

    =======  ==============================  ============  =========
    layer    what                            output        MACs
    =======  ==============================  ============  =========
    conv1    7 × 7, batch norm, ReLU         16 × 28²      614,656
    pool1    max 2 × 2                       16 × 14²
    conv2    5 × 5, batch norm, ReLU         32 × 14²      2,508,800
    pool2    max 2 × 2                       32 × 7²
    conv3    3 × 3, batch norm, ReLU         64 × 7²       903,168
    pool3    max 2 × 2                       64 × 3²
    fc4      linear, ReLU                    64            36,864
    fc5      linear                          10            640
    =======  ==============================  ============  =========

    `SmallVGG` has the same maps, the same receptive fields behind each pooling, and within 3 % the same MACs.
    All paddings keep the size. Batch norm is not AlexNet's; with it both train in seconds.

    Args:
        in_channels: of the images, ``(N, in_channels, 28, 28)``.
        classes: the number of logits.

    Raises:
        ValueError: an argument is not an integer of at least 1.

    Used in the chapter ``classification``.
    """

    def __init__(self, in_channels=1, classes=10):
        shapes.integer("in_channels", in_channels)
        shapes.integer("classes", classes)
        super().__init__()
        self.features = nn.Sequential(
            *_conv(in_channels, 16, kernel_size=7),
            nn.MaxPool2d(2),
            *_conv(16, 32, kernel_size=5),
            nn.MaxPool2d(2),
            *_conv(32, 64, kernel_size=3),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(nn.Linear(64 * 3 * 3, 64), nn.ReLU(), nn.Linear(64, classes))

    def forward(self, images):
        return self.classifier(self.features(images).flatten(1))


def _conv(in_channels, out_channels, kernel_size):
    # Batch norm has a bias of its own.
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
    return conv, nn.BatchNorm2d(out_channels), nn.ReLU()


def _normalization(paper):
    # The paper multiplies the sum over 5 channels by 1e-4; PyTorch multiplies their mean.
    return [nn.LocalResponseNorm(size=5, alpha=5e-4, beta=0.75, k=2)] if paper else []


def _after_pool5(size):
    """Rows (or columns) of the last maps; conv2 to conv5 keep the size."""
    size = shapes.conv_output_size(size, kernel_size=11, stride=4)
    for _ in ("pool1", "pool2", "pool5"):
        size = shapes.pool_output_size(size, kernel_size=3, stride=2)
    return size
