"""LeNet-5, the convolutional network that read handwritten digits (chapter ``classification``)."""

from torch import nn

from cnnbook import shapes


class LeNet5(nn.Module):
    """LeNet-5, in the form that is usual today.

    >>> LeNet5()(torch.zeros(5, 1, 32, 32)).shape
    torch.Size([5, 10])

    =======  ==========================  ============
    layer    what                        output
    =======  ==========================  ============
    C1       conv 5 × 5, ReLU            6 × 28 × 28
    S2       max pooling 2 × 2           6 × 14 × 14
    C3       conv 5 × 5, ReLU            16 × 10 × 10
    S4       max pooling 2 × 2           16 × 5 × 5
    C5       linear, ReLU                120
    F6       linear, ReLU                84
    output   linear                      10
    =======  ==========================  ============

    It has 61,706 parameters. The paper differs: a scaled tanh in place of each ReLU; S2 and S4 add up each
    window and scale the sum with a trained coefficient and bias of each channel; each map of C3 reads only
    some of the six below, by a table; C5 is written as a 5 × 5 convolution, which is the same thing at 32 × 32
    pixels; and the output layer measures the distance to a fixed picture of each digit (radial basis functions).

    Args:
        classes: the number of logits.
        input_size: H and W of the images, ``(N, 1, H, W)``; an integer, or a pair ``(H, W)``. The paper's digits of
            28 pixels stand in the middle of 32. At least 16.

    Raises:
        ValueError: an argument is not as said above.

    Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition" (1998),
    section II.B. Used in the chapter ``classification``.
    """

    def __init__(self, classes=10, input_size=32):
        shapes.integer("classes", classes)
        height, width = (
            shapes.integer("input_size", side, minimum=16)
            for side in shapes.per_dimension("input_size", input_size, 2)
        )
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, kernel_size=5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Linear(16 * _after_s4(height) * _after_s4(width), 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, classes),
        )

    def forward(self, images):
        return self.classifier(self.features(images).flatten(1))


def _after_s4(size):
    """Rows (or columns) of S4's maps."""
    for _ in ("C1 and S2", "C3 and S4"):
        size = shapes.pool_output_size(shapes.conv_output_size(size, kernel_size=5), kernel_size=2)
    return size
