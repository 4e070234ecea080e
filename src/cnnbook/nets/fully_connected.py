"""Networks without a convolution: every unit reads every unit below it."""

import itertools

from torch import nn

from cnnbook import shapes


class FullyConnected(nn.Module):
    """A multilayer perceptron: the image as one long list, linear layers with a ReLU after each but the last.

    >>> FullyConnected(3 * 24 * 36, hidden=(64, 32))(torch.zeros(5, 3, 24, 36)).shape
    torch.Size([5, 10])

    Args:
        in_features: numbers in an image, C · H · W of ``(N, C, H, W)``.
        hidden: the units of each hidden layer; an empty tuple leaves a linear classifier.
        classes: the number of logits.

    Raises:
        ValueError: an argument is not an integer of at least 1, or `hidden` is no tuple or list of them.

    Source: Prince, "Understanding Deep Learning" (2023), section 4.5. Used in the chapters ``fully_connected`` and
    ``building_a_cnn``.
    """

    def __init__(self, in_features, hidden=(64,), classes=10):
        if not isinstance(hidden, (tuple, list)):
            raise ValueError(f"hidden is {hidden!r}: expected a tuple with the units of each hidden layer")
        sizes = [
            shapes.integer("in_features", in_features),
            *(shapes.integer("hidden", units) for units in hidden),
        ]
        shapes.integer("classes", classes)
        super().__init__()
        layers = [nn.Flatten()]
        for size, units in itertools.pairwise(sizes):
            layers += [nn.Linear(size, units), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], classes))

    def forward(self, images):
        return self.layers(images)
