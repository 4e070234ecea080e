"""Every torchvision classification model: parameters and multiply-accumulates as its published metadata has them."""

from collections import defaultdict

import pytest
from torch import nn
from torchvision import models

from cnnbook.nets import profile

# googlenet warns that its initialization will change; nothing is initialized here.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The default weight initialization:FutureWarning"),
    pytest.mark.usefixtures("one_thread"),
]

NAMES = models.list_models(module=models)


def published():
    """For each model and side of its square image, what the metadata of the weights say."""
    counts = defaultdict(set)
    for name in NAMES:
        for weights in models.get_model_weights(name):
            (side,) = weights.transforms().crop_size
            counts[name, side].add((weights.meta["num_params"], weights.meta["_ops"]))
    return counts


PUBLISHED = published()


@pytest.fixture
def no_data(monkeypatch):
    """Parameters without data, which nothing has to initialize: a model of 600 million is there at once."""
    register = nn.Module.register_parameter

    def register_without_data(module, name, parameter):
        if parameter is not None:
            parameter = nn.Parameter(parameter.to("meta"), parameter.requires_grad)
        register(module, name, parameter)

    monkeypatch.setattr(nn.Module, "register_parameter", register_without_data)


def build(name, side):
    if name == "googlenet":
        # The published weights come without the two side heads that torchvision builds by default.
        return models.googlenet(aux_logits=False)
    return models.get_model(name, **({"image_size": side} if name.startswith("vit") else {}))


def test_every_model_has_metadata():
    assert {name for name, _ in PUBLISHED} == set(NAMES)
    assert len(NAMES) >= 80


@pytest.mark.parametrize(("name", "side"), PUBLISHED, ids=lambda value: str(value))
def test_parameters_and_macs_agree_with_the_metadata(name, side, no_data):
    """None differs: torchvision counts attention's matrix products as well, and so does `profile`."""
    found = profile(build(name, side), (3, side, side))
    assert {(found.parameters, round(found.macs / 1e9, 3))} == PUBLISHED[name, side]


def test_googlenet_as_torchvision_builds_it_has_side_heads_that_only_training_uses(no_data):
    found = profile(models.googlenet(), (3, 224, 224))
    assert found.parameters == 13_004_888
    assert sum(layer.parameters for layer in found.layers) == 6_624_904
