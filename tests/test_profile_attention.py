"""torchvision's classifiers with attention: their metadata's counts, and where a receptive field ends."""

import pytest
from published_models import ATTENTION, NAMES, build, published

from cnnbook.nets import profile
from cnnbook.shapes import ReceptiveField

PUBLISHED = published(name for name in NAMES if name.startswith(ATTENTION))


def arguments_of(name, side):
    return {"image_size": side} if name.startswith("vit") else {}


@pytest.mark.parametrize(("name", "side"), PUBLISHED)
def test_parameters_and_macs_agree_with_the_metadata(name, side):
    """The metadata count the matrix products of attention as well."""
    found = profile(build(name, **arguments_of(name, side)), (3, side, side))
    assert {(found.parameters, round(found.macs / 1e9, 3))} == PUBLISHED[name, side]


@pytest.mark.parametrize(
    ("name", "side", "last_with_a_field", "field"),
    [
        ("vit_b_16", 224, "permute", ReceptiveField(16, 16, 7.5)),
        ("swin_t", 224, "features.1.0.norm1", ReceptiveField(4, 4, 1.5)),
    ],
)
def test_the_receptive_field_ends_with_attention_and_the_logits_see_it_all(
    name, side, last_with_a_field, field
):
    layers = profile(build(name), (3, side, side)).layers
    moving = [layer for layer in layers if layer.receptive_field and layer.receptive_field.jump]
    assert (moving[-1].name, moving[-1].receptive_field) == (last_with_a_field, field)
    assert layers[-1].receptive_field == ReceptiveField(side, 0, (side - 1) / 2)
