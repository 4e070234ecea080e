"""torchvision's convolutional classifiers: parameters and multiply-accumulates as their metadata have them."""

import pytest
from published_models import ATTENTION, NAMES, build, published

from cnnbook.nets import profile

# GoogLeNet and Inception warn that they will be initialized otherwise one day.
pytestmark = pytest.mark.filterwarnings("ignore:The default weight initialization:FutureWarning")
PUBLISHED = published(name for name in NAMES if not name.startswith(ATTENTION))
# The published weights of GoogLeNet come without the two side heads that torchvision builds by default.
ARGUMENTS = {"googlenet": {"aux_logits": False}}


@pytest.mark.parametrize(("name", "side"), PUBLISHED)
def test_parameters_and_macs_agree_with_the_metadata(name, side):
    found = profile(build(name, **ARGUMENTS.get(name, {})), (3, side, side))
    assert {(found.parameters, round(found.macs / 1e9, 3))} == PUBLISHED[name, side]


def test_no_model_is_left_out():
    attention = published(name for name in NAMES if name.startswith(ATTENTION))
    assert {name for name, _ in [*PUBLISHED, *attention]} == set(NAMES)
    assert len(NAMES) >= 80


def test_googlenet_as_torchvision_builds_it_has_side_heads_that_only_training_uses():
    found = profile(build("googlenet"), (3, 224, 224))
    assert found.parameters == 13_004_888
    assert sum(layer.parameters for layer in found.layers) == 6_624_904
