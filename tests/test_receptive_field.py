"""Receptive fields of chains: the literature's numbers, and the support of PyTorch's gradients."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnbook import shapes
from cnnbook.shapes import Layer, ReceptiveField, receptive_field

PROFILE = settings(derandomize=True, database=None, deadline=None, max_examples=200)

ALEXNET = [
    Layer(11, stride=4, padding=2),
    Layer(3, stride=2),
    Layer(5, padding=2),
    Layer(3, stride=2),
    *[Layer(3, padding=1)] * 3,
    Layer(3, stride=2),
]


def vgg(*convolutions):
    """A VGG's blocks of 3 x 3 convolutions, a pooling after each block."""
    return [layer for count in convolutions for layer in [*[Layer(3, padding=1)] * count, Layer(2, stride=2)]]


def sizes(layers):
    return [field.size for field in receptive_field(layers)]


def test_the_numbers_of_small_stacks():
    assert sizes([Layer(3)] * 3) == [3, 5, 7]
    assert sizes([Layer(3, dilation=dilation) for dilation in (1, 2, 4)]) == [3, 7, 15]


def test_alexnet_layer_by_layer():
    fields = receptive_field(ALEXNET)
    assert [field.size for field in fields] == [11, 19, 51, 67, 99, 131, 163, 195]
    assert [field.jump for field in fields] == [4, 8, 8, 16, 16, 16, 16, 32]


@pytest.mark.parametrize(
    ("convolutions", "size"),
    [((1, 1, 2, 2, 2), 150), ((2, 2, 2, 2, 2), 156), ((2, 2, 3, 3, 3), 212), ((2, 2, 4, 4, 4), 268)],
    ids=["vgg11", "vgg13", "vgg16", "vgg19"],
)
def test_vgg(convolutions, size):
    last = receptive_field(vgg(*convolutions))[-1]
    # The convolutions keep the middle where it is; each pooling moves it by half a jump.
    assert last == ReceptiveField(size, 32, (1 + 2 + 4 + 8 + 16) / 2)


def test_padding_moves_the_start_and_nothing_else():
    assert receptive_field([Layer(3)]) == [ReceptiveField(3, 1, 1.0)]
    assert receptive_field([Layer(3, padding=1)]) == [ReceptiveField(3, 1, 0.0)]
    assert receptive_field([Layer(2, padding=1)]) == [ReceptiveField(2, 1, -0.5)]
    assert receptive_field([Layer(3, padding="valid")]) == receptive_field([Layer(3)])
    assert receptive_field([Layer(5, padding="same", dilation=2)]) == [ReceptiveField(9, 1, 0.0)]
    assert receptive_field([Layer(4, padding="same")]) == [ReceptiveField(4, 1, 0.5)]


def layers(dimensions):
    """A layer's arguments, each an int or a tuple with an entry for each dimension."""

    def argument(low, high):
        side = st.integers(low, high)
        return side | st.tuples(*[side] * dimensions)

    return st.fixed_dictionaries(
        {
            "kernel_size": argument(1, 4),
            "stride": argument(1, 2),
            "padding": argument(0, 2),
            "dilation": argument(1, 2),
        }
    )


def pixels_seen(chain, input_size, unit):
    """First and last pixel of each dimension at which one unit of the last layer has a gradient."""
    image = torch.zeros(1, 1, *input_size, requires_grad=True)
    features = image
    for layer in chain:
        weight = torch.ones(1, 1, *shapes.per_dimension("kernel_size", layer["kernel_size"], 2))
        features = F.conv2d(features, weight, None, layer["stride"], layer["padding"], layer["dilation"])
    features[0, 0, unit[0], unit[1]].backward()
    seen = image.grad[0, 0].nonzero()
    return list(zip(seen.min(dim=0).values.tolist(), seen.max(dim=0).values.tolist(), strict=True))


@PROFILE
@given(st.lists(layers(2), min_size=1, max_size=4), st.data())
def test_a_unit_in_the_interior_has_a_gradient_where_the_chain_says(chain, data):
    field = receptive_field([*chain, {"kernel_size": (1, 1)}])[-1]
    firsts = [start - (size - 1) / 2 for size, start in zip(field.size, field.start, strict=True)]
    # The first unit that sees nothing left of the image, or one of those after it.
    unit = [
        max(0, int(-(first // jump))) + data.draw(st.integers(0, 3))
        for first, jump in zip(firsts, field.jump, strict=True)
    ]
    expected = [
        (first + index * jump, first + index * jump + size - 1)
        for first, index, jump, size in zip(firsts, unit, field.jump, field.size, strict=True)
    ]
    # Room for padding's reach on the far side too, so that the unit exists and sees pixels alone.
    input_size = [
        int(last) + 1 + 2 * jump * 8 + 3 * axis
        for axis, ((_, last), jump) in enumerate(zip(expected, field.jump, strict=True))
    ]
    assert pixels_seen(chain, input_size, unit) == expected


def test_ints_and_tuples_mix_and_lists_and_dicts_are_taken():
    mixed = receptive_field([{"kernel_size": 3, "padding": [1, 0]}, Layer(2, stride=(2, 1))])
    assert mixed == [ReceptiveField((3, 3), (1, 1), (0.0, 1.0)), ReceptiveField((4, 4), (2, 1), (0.5, 1.5))]
    assert receptive_field((Layer(3), {"kernel_size": 3})) == receptive_field([Layer(3)] * 2)
    assert receptive_field([Layer((3,))]) == [ReceptiveField((3,), (1,), (1.0,))]
    assert receptive_field([]) == []


@pytest.mark.parametrize(
    ("sentence", "chain"),
    [
        (r"layers is 3: expected a list", 3),
        (r"layers is Layer.*: expected a list", Layer(3)),
        (r"layers\[1\] is 3: expected a Layer or a dict", [Layer(3), 3]),
        (r"layers\[0\] is {'stride': 2}: expected kernel_size", [{"stride": 2}]),
        (r"layers\[0\] is {'kernel_size': 3, 'groups': 2}: expected", [{"kernel_size": 3, "groups": 2}]),
        (r"layers\[1\]: kernel_size is 0: expected an integer of at least 1", [Layer(3), Layer(0)]),
        (r"layers\[0\]: kernel_size is 2.5: expected", [Layer(2.5)]),
        (r"layers\[2\]: stride is -1: expected", [*[Layer(3)] * 2, Layer(3, stride=-1)]),
        (r"layers\[0\]: stride is True: expected", [Layer(3, stride=True)]),
        (r"layers\[0\]: stride is None: expected", [Layer(3, stride=None)]),
        (r"layers\[0\]: padding is -1: expected an integer of at least 0", [Layer(3, padding=-1)]),
        (r'layers\[0\]: padding is "full": expected "same"', [Layer(3, padding="full")]),
        (r'layers\[0\]: stride is 2 with padding "same"', [Layer(3, stride=2, padding="same")]),
        (r"layers\[0\]: dilation is 0: expected", [Layer(3, dilation=0)]),
        (r"layers\[1\]: stride is \(1, 2, 1\): .* length 2", [Layer((3, 5)), Layer(3, stride=(1, 2, 1))]),
        (r"layers\[0\]: kernel_size is \(3, 0\)|kernel_size is 0: expected", [Layer((3, 0))]),
        (r"\(\): expected at least one dimension", [Layer(())]),
    ],
)
def test_a_refusal_names_the_layer_and_the_value(sentence, chain):
    with pytest.raises(ValueError, match=sentence):
        receptive_field(chain)
