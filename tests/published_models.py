"""torchvision's classification models, built without data, and what the metadata of their weights say."""

import re
from collections import defaultdict
from unittest import mock

from torch import nn
from torchvision import models

NAMES = models.list_models(module=models)
ATTENTION = ("maxvit", "swin", "vit")


def published(names):
    """For each model and side of its square image: parameters and multiply-accumulates in billions."""
    counts = defaultdict(set)
    for name in names:
        for weights in models.get_model_weights(name):
            (side,) = weights.transforms().crop_size
            counts[name, side].add((weights.meta["num_params"], weights.meta["_ops"]))
    return counts


def build(name, **arguments):
    """A model whose parameters have no data, so that one of 600 million is there at once."""
    register = nn.Module.register_parameter

    def register_without_data(module, name, parameter):
        if parameter is not None:
            parameter = nn.Parameter(parameter.to("meta"), parameter.requires_grad)
        register(module, name, parameter)

    # Nothing is there to initialize.
    initial = {
        key: lambda tensor, *_, **__: tensor for key in vars(nn.init) if re.fullmatch(r"[a-z].*_", key)
    }
    with (
        mock.patch.object(nn.Module, "register_parameter", register_without_data),
        mock.patch.multiple(nn.init, **initial),
    ):
        return models.get_model(name, **arguments)
