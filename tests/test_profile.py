"""What a network costs and sees: known nets, PyTorch's gradients as the oracle, and refusals."""

import copy
import doctest

import pytest
import torch
from torch import nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from cnnbook import shapes
from cnnbook.nets import profile, reach
from cnnbook.shapes import ReceptiveField

IMAGE = (3, 224, 224)


def fields(module, input_shape=IMAGE):
    """The receptive field of each layer by its name."""
    return {layer.name: layer.receptive_field for layer in profile(module, input_shape).layers}


def last_field(module, input_shape):
    return profile(module, input_shape).layers[-1].receptive_field


def net(function, **modules):
    """A module whose forward pass is `function(self, x)`."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            for name, module in modules.items():
                setattr(self, name, module)

        def forward(self, x):
            return function(self, x)

    return Net()


@pytest.mark.parametrize(
    ("build", "layer", "size"),
    [
        (models.alexnet, "features.12", 195),
        (models.vgg11, "features.20", 150),
        (models.vgg13_bn, "features.34", 156),
        (models.vgg16, "features.30", 212),
        (models.vgg19, "features.36", 268),
        (models.resnet18, "layer4.1.add", 435),
        (models.resnet34, "layer4.2.add", 899),
        (models.resnet50, "layer4.2.add", 427),
        (models.resnet101, "layer4.2.add", 971),
    ],
)
def test_receptive_fields_of_known_nets(build, layer, size):
    with torch.device("meta"):
        module = build()
    found = fields(module)
    assert found[layer][:2] == (size, 32)
    assert list(found.values())[-1] == ReceptiveField(224, 0, 111.5)


@pytest.mark.parametrize(("build", "size"), [(models.resnet50, 483), (models.resnet101, 1027)])
def test_the_published_resnets_have_the_stride_in_the_first_convolution(build, size):
    with torch.device("meta"):
        module = build()
    for block in module.modules():
        if isinstance(block, Bottleneck):
            block.conv1.stride, block.conv2.stride = block.conv2.stride, block.conv1.stride
    assert fields(module)["layer4.2.add"][:2] == (size, 32)


def test_alexnet_layer_by_layer():
    with torch.device("meta"):
        found = profile(models.alexnet(), IMAGE)
    windows = [layer for layer in found.layers if layer.kind in ("Conv2d", "MaxPool2d")]
    assert [layer.receptive_field.size for layer in windows] == [11, 19, 51, 67, 99, 131, 163, 195]
    assert [layer.receptive_field.jump for layer in windows] == [4, 8, 8, 16, 16, 16, 16, 32]
    assert windows[0].output_shape == (1, 64, 55, 55)
    assert (windows[0].parameters, windows[0].macs) == (23_296, 70_276_800)
    assert (found.parameters, found.macs) == (61_100_840, 714_188_480)


def shuffled(self, x):
    """Channels in two groups, dealt out in turn, as in ShuffleNet."""
    batch, channels, height, width = x.shape
    x = self.grouped(x).view(batch, 2, channels // 2, height, width)
    return self.depthwise(x.transpose(1, 2).reshape(batch, channels, height, width))


def channels_last(self, x):
    """A linear layer over the channels of every place, as in ConvNeXt."""
    return self.after(self.linear(self.before(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2))


def tokens(self, x):
    """Places as a sequence, a linear layer for each, and back."""
    x = self.before(x)
    sequence = self.linear(x.flatten(2).transpose(1, 2))
    return self.after(sequence.transpose(1, 2).unflatten(2, x.shape[2:]))


def halves(self, x):
    parts = self.first(x).chunk(2, dim=1)
    return [self.conv(parts[0]), self.conv(parts[1])]


MOVING = {
    "strided chain": nn.Sequential(
        nn.Conv2d(2, 4, (3, 5), stride=2, padding=1), nn.Conv2d(4, 4, 3, dilation=(2, 1)), nn.AvgPool2d(2)
    ),
    "hanging window": nn.Sequential(nn.Conv2d(2, 4, 3), nn.AvgPool2d(3, 2, padding=1, ceil_mode=True)),
    "same padding, even kernel": nn.Sequential(nn.Conv2d(2, 4, 4, padding="same"), nn.Conv2d(4, 2, 3)),
    "padding on one side": nn.Sequential(
        nn.ZeroPad2d((2, 0, 1, 0)), nn.Conv2d(2, 4, 3), nn.Conv2d(4, 2, 3, 2)
    ),
    "mirrored padding": nn.Conv2d(2, 4, 5, padding=(1, 2), padding_mode="reflect"),
    "adaptive pooling": nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.AdaptiveAvgPool2d((12, 15))),
    "batch norm": nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3)),
    "residual": net(lambda self, x: x + self.conv(x), conv=nn.Conv2d(2, 2, (3, 5), padding=(1, 2))),
    "paths that look past each other": net(
        lambda self, x: self.left(x)[:, :, :, 6:] + self.right(x)[:, :, :, :-6],
        left=nn.Conv2d(2, 4, (1, 3), padding=(0, 1)),
        right=nn.Conv2d(2, 4, (3, 1), padding=(1, 0)),
    ),
    "concatenation": net(
        lambda self, x: self.mix(torch.cat([self.wide(x), self.tall(x), x], dim=1)),
        wide=nn.Conv2d(2, 3, (1, 7), padding=(0, 3)),
        tall=nn.Conv2d(2, 2, (3, 1), padding=(2, 0), dilation=(2, 1)),
        mix=nn.Conv2d(7, 2, 2, stride=2),
    ),
    "every second row": net(lambda self, x: self.conv(x[:, :, 1::2]), conv=nn.Conv2d(2, 2, 3)),
    "shuffled channels": net(
        shuffled, grouped=nn.Conv2d(2, 2, 3, padding=1, groups=2), depthwise=nn.Conv2d(2, 2, 3, groups=2)
    ),
    "split channels": net(
        lambda self, x: torch.stack(halves(self, x)).sum(0),
        first=nn.Conv2d(2, 4, 3),
        conv=nn.Conv2d(2, 3, 3, stride=(1, 2)),
    ),
    "channels last": net(
        channels_last, before=nn.Conv2d(2, 4, 3, 2), linear=nn.Linear(4, 4), after=nn.Conv2d(4, 2, (3, 2))
    ),
    "tokens": net(
        tokens, before=nn.Conv2d(2, 4, 3, 2), linear=nn.Linear(4, 4), after=nn.Conv2d(4, 2, (3, 2))
    ),
    "transposed convolution of stride 1": nn.Sequential(
        nn.Conv2d(2, 4, 3, 2), nn.ConvTranspose2d(4, 2, (4, 3), padding=(2, 0), dilation=(1, 2))
    ),
    "hourglass inside a wide path": net(
        lambda self, x: torch.cat([self.wide(x)[:, :, :, :-1], self.narrow(x)], 1),
        wide=nn.Conv2d(2, 3, (5, 7), padding=(2, 3)),
        narrow=nn.Sequential(nn.AvgPool2d(2), nn.ConvTranspose2d(2, 2, 2, stride=2)),
    ),
    "up and down again": nn.Sequential(
        nn.ConvTranspose2d(2, 4, 4, 2, padding=1), nn.Conv2d(4, 2, (3, 5), 2), nn.AvgPool2d(2)
    ),
    "doubled and averaged": nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.Upsample(scale_factor=2, mode="bilinear"), nn.AvgPool2d(2)
    ),
}


def gradient(module, input_shape, pick):
    """How the image moves some units, when all weights are positive and no unit is cut off."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1 / 8)
    image = torch.ones(1, *input_shape, requires_grad=True)
    pick(module.eval()(image)).sum().backward()
    return image.grad[0].sum(dim=0)


def seen(module, input_shape, row, column):
    """First and last row, first and last column at which the units of one place have a gradient."""
    pixels = gradient(module, input_shape, lambda output: output[0, :, row, column]).nonzero()
    return list(zip(pixels.min(dim=0).values.tolist(), pixels.max(dim=0).values.tolist(), strict=True))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("name", MOVING)
def test_a_unit_has_a_gradient_where_the_profile_says(name):
    module, input_shape = MOVING[name], (2, 36, 45)
    field = last_field(module, input_shape)
    size, jump, start = (
        shapes.per_dimension("", value, 2) if isinstance(value, int) else value for value in field
    )
    start = start if isinstance(start, tuple) else (start, start)
    for row, column in [(4, 5), (5, 5), (6, 8)]:
        middles = [start[0] + row * jump[0], start[1] + column * jump[1]]
        expected = [
            (middle - (s - 1) / 2, middle + (s - 1) / 2) for middle, s in zip(middles, size, strict=True)
        ]
        assert seen(module, input_shape, row, column) == expected


def test_a_residual_net_sees_what_the_profile_says():
    module = ResNet(BasicBlock, [1, 1, 1, 1])
    module.maxpool = nn.AvgPool2d(3, stride=2, padding=1)
    module.avgpool, module.fc = nn.Identity(), nn.Identity()
    module = net(lambda self, x: self.features(x).unflatten(1, (512, 12, 13)), features=module)
    size, jump, start = last_field(module, (3, 384, 416))
    assert (size, jump, start) == (195, 32, 0.0)
    rows, columns = seen(module, (3, 384, 416), 5, 6)
    assert rows == (5 * 32 - 97, 5 * 32 + 97)
    assert columns == (6 * 32 - 97, 6 * 32 + 97)


def squeezed(self, x):
    return self.conv(x) * self.scale(x.mean((2, 3), keepdim=True)).sigmoid()


def attention(self, x):
    sequence = self.patches(x).flatten(2).transpose(1, 2)
    return self.attention(sequence, sequence, sequence)[0]


ALL_SEEN = {
    "linear": nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * 12 * 16, 5)),
    "global average pooling": nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.AdaptiveAvgPool2d(1)),
    "mean": net(lambda self, x: self.conv(x).mean((2, 3)), conv=nn.Conv2d(2, 4, 3, padding=1)),
    "two means": net(lambda self, x: x.mean(3).mean(2)),
    "squeeze and excitation": net(squeezed, conv=nn.Conv2d(2, 4, 3, padding=1), scale=nn.Conv2d(2, 4, 1)),
    "attention": net(
        attention,
        patches=nn.Conv2d(2, 4, 4, stride=4),
        attention=nn.MultiheadAttention(4, 2, batch_first=True),
    ),
}


@pytest.mark.parametrize("name", ALL_SEEN)
def test_a_unit_sees_the_whole_input(name):
    module = ALL_SEEN[name]
    assert last_field(module, (2, 12, 16)) == ReceptiveField((12, 16), 0, (5.5, 7.5))


@pytest.mark.parametrize("name", ["linear", "global average pooling", "mean", "two means"])
def test_the_whole_input_has_a_gradient(name):
    assert (gradient(ALL_SEEN[name], (2, 12, 16), lambda output: output[0, 0]) > 0).all()


@pytest.mark.parametrize(
    "norm", [nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), nn.LayerNorm((4, 12, 16))], ids=repr
)
def test_a_norm_over_places_sees_them_all_and_one_over_channels_does_not(norm):
    conv = nn.Conv2d(2, 4, 3, padding=1)
    assert last_field(nn.Sequential(conv, norm), (2, 12, 16)).jump == 0
    over_channels = net(
        lambda self, x: self.norm(self.conv(x).permute(0, 2, 3, 1)), conv=conv, norm=nn.LayerNorm(4)
    )
    assert last_field(over_channels, (2, 12, 16)) == ReceptiveField(3, 1, 0.0)


IRREGULAR = {
    "upsampling by a scale that does not give the size": nn.Upsample(scale_factor=1.7, mode="bilinear"),
    "upsampled to a size at which pixels lie elsewhere": net(
        lambda self, x: x + nn.functional.interpolate(self.strided(x), size=x.shape[2:]),
        strided=nn.Conv2d(2, 2, 3, stride=2),
    ),
    "a pattern longer than the row": nn.Sequential(nn.Upsample(size=(13, 17)), nn.Conv2d(2, 2, 3)),
    "stamps that only unseen units read": nn.Sequential(
        nn.ConvTranspose2d(2, 4, 1, stride=2), nn.ZeroPad2d((1, 0, 1, 0)), nn.Conv2d(4, 2, 1, stride=2)
    ),
    "windows of different sizes": nn.AdaptiveAvgPool2d((5, 5)),
    "different jumps": net(
        lambda self, x: self.strided(x) + x[:, :, :6, :8], strided=nn.Conv2d(2, 2, 1, stride=2)
    ),
    "rolled": net(lambda self, x: x.roll(2, dims=3)),
    "windows cut out": net(lambda self, x: x.unflatten(2, (3, 4)).unflatten(4, (4, 4)).mean((3, 5))),
    "transposed and added": net(lambda self, x: x[:, :, :, :12] + x[:, :, :, :12].transpose(2, 3)),
    "side by side": net(lambda self, x: torch.cat([x, x], dim=3)),
    "written into a part": nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular"),
}


@pytest.mark.parametrize("name", IRREGULAR)
def test_units_that_do_not_see_one_patch_moved_have_no_receptive_field(name):
    assert last_field(IRREGULAR[name], (2, 12, 16)) is None


def hourglass(self, x):
    """One step down, one step up, and the way around."""
    inner = self.inner(self.down(x))
    return self.after(torch.cat([nn.functional.interpolate(inner, size=x.shape[2:]), self.skip(x)], 1))


def deep_hourglass(self, x):
    first = self.first(x)
    second = self.second(first)
    up = torch.cat([self.up(self.third(second)), second], 1)
    return torch.cat([self.last(up), first], 1)


TURNS = {
    "nearest": nn.Sequential(nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.Upsample(scale_factor=2)),
    "nearest, then convolution": nn.Sequential(
        nn.Upsample(scale_factor=(2, 3)), nn.Conv2d(2, 4, 3, padding=1)
    ),
    "bilinear": nn.Sequential(
        nn.AvgPool2d(2), nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(2, 4, (3, 2))
    ),
    "bilinear, threefold": nn.Upsample(scale_factor=3, mode="bilinear"),
    "bilinear, corners aligned": nn.Upsample(size=(63, 95), mode="bilinear", align_corners=True),
    "bilinear, made smaller": nn.Upsample(size=(24, 36), mode="bilinear"),
    "bicubic": nn.Sequential(nn.AvgPool2d(2), nn.Upsample(scale_factor=2, mode="bicubic")),
    "half as large again": nn.Sequential(
        nn.Conv2d(2, 2, 3, padding=1), nn.Upsample(scale_factor=1.5, mode="bilinear")
    ),
    "transposed": nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1),
    "transposed, steps and gaps": nn.ConvTranspose2d(
        2, 4, (3, 2), stride=(2, 3), padding=(0, 2), dilation=(3, 4)
    ),
    "transposed twice, then strided": nn.Sequential(
        nn.ConvTranspose2d(2, 3, 2, stride=2),
        nn.ConvTranspose2d(3, 2, 3, stride=3),
        nn.Conv2d(2, 2, 3, stride=(2, 4)),
    ),
    "units that see nothing": nn.ConvTranspose2d(2, 4, 1, stride=(2, 1)),
    "units that see nothing among those that do": nn.Sequential(
        nn.ConvTranspose2d(2, 4, 1, stride=2), nn.Conv2d(4, 2, (3, 5))
    ),
    "hourglass": net(
        hourglass,
        down=nn.AvgPool2d(2),
        inner=nn.Conv2d(2, 3, 3, padding=1),
        skip=nn.Conv2d(2, 2, 3, padding=1),
        after=nn.Conv2d(5, 2, 3, padding=1),
    ),
    "deep hourglass": net(
        deep_hourglass,
        first=nn.Conv2d(2, 2, 3, padding=1),
        second=nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(2, 3, 3, padding=1)),
        third=nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(3, 3, 3, padding=1)),
        up=nn.ConvTranspose2d(3, 3, 2, stride=2),
        last=nn.Sequential(nn.Conv2d(6, 3, 3, padding=1), nn.Upsample(scale_factor=2, mode="bilinear")),
    ),
}


def patches_of(module, input_shape):
    """The first and the last pixel that each unit of the output sees, along each axis, by the rules of `reach`."""
    image = torch.zeros(1, *input_shape, device="meta")
    with torch.no_grad(), reach.ReachMode(image) as mode:
        output = copy.deepcopy(module).to("meta")(image)
    return mode.reach_of(output).fields, output.shape[2:]


@pytest.mark.parametrize("name", TURNS)
def test_units_that_take_turns_have_gradients_where_the_rules_say(name):
    module, input_shape = TURNS[name], (2, 32, 48)
    axes, output_size = patches_of(module, input_shape)
    turn = [len(axis.turn) for axis in axes]
    assert max(turn) > 1
    sizes = set()
    for step in range(max(turn)):
        # Units in the middle, whose patches end inside the image.
        unit = [side // 2 + step for side in output_size]
        expected = [axis.of(place) for axis, place in zip(axes, unit, strict=True)]
        if None in expected:
            assert not gradient(module, input_shape, lambda output, unit=unit: output[0, :, *unit]).any()
            continue
        assert seen(module, input_shape, *unit) == expected
        sizes.add(tuple(last - first + 1 for first, last in expected))
    field = last_field(module, input_shape)
    size, jump = (value if isinstance(value, tuple) else (value, value) for value in field[:2])
    assert size == tuple(map(max, zip(*sizes, strict=True)))
    for axis, step, length in zip(axes, jump, turn, strict=True):
        assert axis.shift == pytest.approx(step * length)
    start = field.start if isinstance(field.start, tuple) else (field.start,) * 2
    assert [value is None for value in start] == [length > 1 for length in turn]


def test_a_transposed_convolution_undoes_the_jump_and_the_table_says_at_most():
    module = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.ConvTranspose2d(4, 2, 3, stride=2))
    strided, transposed = profile(module, (3, 32, 48)).layers
    assert strided.receptive_field == ReceptiveField(3, 2, 0.0)
    assert transposed.receptive_field == ReceptiveField(5, 1, None)
    lines = str(profile(module.append(nn.Upsample(scale_factor=(1, 3))), (3, 32, 48))).splitlines()
    assert lines[3].split()[-3:] == ["≤", "5", "1"]
    assert lines[4].split()[-4:] == ["5", "1", "×", "0.333333"]
    assert profile(module, (3, 32, 48)).frame().receptive_field.tolist() == [3, 5, 5]


def test_units_that_lie_in_different_channels_have_no_receptive_field():
    unshuffled = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.PixelUnshuffle(2))
    assert last_field(unshuffled, (2, 12, 16)) is None
    # Each channel's mean is over a quarter of the units.
    assert last_field(unshuffled.append(nn.AdaptiveAvgPool2d(1)), (2, 12, 16)) is None
    assert last_field(unshuffled.append(nn.Conv2d(16, 3, 1)), (2, 12, 16)).jump == 0


@pytest.mark.parametrize("name", IRREGULAR)
def test_a_mean_over_units_that_see_irregularly_sees_the_whole_input(name):
    module = net(lambda self, x: self.before(x).mean((2, 3)), before=IRREGULAR[name])
    assert last_field(module, (2, 12, 16)) == ReceptiveField((12, 16), 0, (5.5, 7.5))


def test_one_dimension_three_dimensions_and_none():
    sequence = nn.Sequential(nn.Conv1d(2, 4, 3, padding=1), nn.MaxPool1d(2), nn.Conv1d(4, 4, 3, dilation=2))
    chain = [shapes.Layer(3, padding=1), shapes.Layer(2, 2), shapes.Layer(3, dilation=2)]
    found = [layer.receptive_field for layer in profile(sequence, (2, 20)).layers]
    assert found == shapes.receptive_field(chain)
    volume = nn.Sequential(nn.Conv3d(1, 2, (1, 3, 5)), nn.AvgPool3d(2))
    assert last_field(volume, (1, 4, 10, 12)) == ReceptiveField((2, 4, 6), 2, (0.5, 1.5, 2.5))
    features = profile(nn.Sequential(nn.Linear(6, 4), nn.ReLU()), (6,))
    assert [layer.receptive_field for layer in features.layers] == [None, None]
    assert (features.parameters, features.macs) == (28, 24)


def test_grouped_dilated_and_transposed_convolutions_are_counted():
    module = nn.Sequential(
        nn.Conv2d(4, 8, (3, 5), groups=2, padding=2, dilation=2),
        nn.ConvTranspose2d(8, 6, 3, stride=2, bias=False),
    )
    grouped, transposed = profile(module, (4, 10, 14)).layers
    assert grouped.parameters == shapes.conv_parameters(4, 8, (3, 5), groups=2)
    assert grouped.macs == shapes.conv_macs(4, 8, (3, 5), grouped.output_shape[2:], groups=2)
    # A transposed convolution puts each weight to each unit of its input.
    assert transposed.macs == shapes.conv_macs(8, 6, 3, grouped.output_shape[2:])
    assert transposed.parameters == shapes.conv_parameters(8, 6, 3, bias=False)


def test_a_shared_module_has_a_row_a_call_and_its_parameters_once():
    conv = nn.Conv2d(4, 4, 3, padding=1)
    tied = nn.Conv2d(4, 4, 3)
    tied.weight = conv.weight
    module = net(lambda self, x: self.tied(self.conv(self.conv(x)).relu().relu()), conv=conv, tied=tied)
    found = profile(module, (4, 8, 9))
    assert [layer.name for layer in found.layers] == ["conv", "conv_1", "relu", "relu_1", "tied"]
    assert [layer.parameters for layer in found.layers] == [148, 0, 0, 0, 4]
    assert found.parameters == 152
    assert [layer.macs for layer in found.layers] == [10_368, 10_368, 0, 0, 6_048]


def test_a_bare_parameter_has_a_row_and_a_bare_layer_is_a_network():
    module = net(lambda self, x: self.layers(x) * self.scale)
    module.layers = nn.Sequential(net(lambda self, x: x + 1))
    module.scale = nn.Parameter(torch.ones(3, 1, 1))
    scale, add, mul = sorted(profile(module, (3, 8, 9)).layers, key=lambda layer: layer.kind)
    assert scale[:5] == ("scale", "Parameter", (3, 1, 1), 3, 0) and scale.receptive_field is None
    assert (add.name, mul.name) == ("layers.0.add", "mul")
    (layer,) = profile(nn.Conv2d(3, 8, 3), (3, 8, 9)).layers
    assert layer == ("0", "Conv2d", (1, 8, 6, 7), 224, 9_072, ReceptiveField(3, 1, 1.0))


def test_the_module_and_the_random_numbers_stay_as_they_are():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Conv2d(4, 2, 3).eval())
    module.append(net(lambda self, x: x + torch.rand(2, 1, 1) + self.table, table=None))
    module[4].table = torch.ones(2, 1, 1)
    module.train()
    module[3].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    modes = [part.training for part in module.modules()]
    attributes = [set(vars(part)) for part in module.modules()]
    weights = list(module.parameters())
    state = torch.get_rng_state()
    profile(module, (3, 8, 9))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(mine is its for mine, its in zip(module.parameters(), weights, strict=True))
    assert [part.training for part in module.modules()] == modes
    assert [set(vars(part)) for part in module.modules()] == attributes
    assert module[4].table.device.type == "cpu" and torch.zeros(1).device.type == "cpu"


def test_a_module_that_torch_fx_cannot_look_into_is_one_layer_if_it_runs():
    branch = net(
        lambda self, x: self.conv(x) if x.shape[2] > 6 else x, conv=nn.Conv2d(3, 4, (3, 5), stride=2)
    )
    module = nn.Sequential(nn.Conv2d(3, 3, 3), nn.Sequential(branch), nn.Conv2d(4, 2, 2))
    found = profile(module, (3, 18, 29)).layers
    assert [layer.name for layer in found] == ["0", "1.0", "2"]
    assert found[1] == ("1.0", "Net", (1, 4, 7, 12), 184, 15_120, ReceptiveField((5, 7), 2, (2.0, 3.0)))
    assert found[2].receptive_field == ReceptiveField((7, 9), 2, (3.0, 4.0))


def test_a_layer_of_torch_with_something_added_is_one_layer():
    class Scaled(nn.Conv2d):
        def forward(self, x):
            return 2 * super().forward(x)

    (layer,) = profile(nn.Sequential(Scaled(3, 4, 3)), (3, 8, 9)).layers
    assert layer == ("0", "Scaled", (1, 4, 6, 7), 112, 4_536, ReceptiveField(3, 1, 1.0))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_the_image_has_the_type_of_the_weights(dtype):
    assert profile(nn.Conv2d(3, 4, 3).to(dtype), (3, 8, 9)).macs == 4 * 27 * 42


def test_the_table_and_the_frame():
    module = nn.Sequential(nn.Conv2d(3, 8, (3, 5)), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    module.unused = None
    found = profile(module, (3, 20, 30))
    lines = str(found).splitlines()
    assert lines[0].split() == [
        "layer",
        "kind",
        "output",
        "shape",
        "parameters",
        "MACs",
        "receptive",
        "field",
        "jump",
    ]
    assert lines[2].split() == [*"0 Conv2d 1 × 8 × 18 × 26 368 168,480 3 × 5 1".split()]
    assert lines[5].split() == [*"3 Linear 1 × 2 18 16 whole input -".split()]
    assert lines[-1].split() == ["total", "386", "168,496"]
    frame = found.frame()
    assert list(frame.columns) == [
        "name", "kind", "output_shape", "parameters", "macs", "receptive_field", "jump",
    ]  # fmt: skip
    assert frame.parameters.sum() == found.parameters and frame.macs.sum() == found.macs
    assert frame.receptive_field[0] == (3, 5) and frame.receptive_field[3] == (20, 30)
    assert frame.jump.tolist() == [1, 0, 0, 0]


def gate(self, x):
    return x if x.sum() > 0 else -x


def two_inputs(self, x, y):
    return x + y


@pytest.mark.parametrize(
    ("sentence", "module"),
    [
        (r"layer body\.0\.gate \(Net\) cannot be traced by torch.fx: symbolically traced", net(lambda self, x: self.body(x), body=nn.Sequential(net(lambda self, x: self.gate(x), gate=net(gate))))),
        (r"layer \(the module itself\) \(Net\) cannot be traced by torch.fx: symbolically", net(gate)),
        (r"layer 1\.0 \(Conv2d\) cannot be run: .*channel", nn.Sequential(nn.Conv2d(3, 8, 3), nn.Sequential(nn.Conv2d(4, 8, 3)))),
        (r"layer 0 \(Conv2d\) cannot be run: .*[Kk]ernel size", nn.Sequential(nn.Conv2d(3, 8, 30))),
        (r"layer 0\.add \(add\) cannot be run: .*length 3", nn.Sequential(net(lambda self, x: x + x[:, :, 1:4]))),
        (r"layer 1 \(Linear\) cannot be run", nn.Sequential(nn.Flatten(), nn.Linear(5, 2))),
    ],
    ids=["nested", "root", "channels", "too small", "function", "linear"],
)  # fmt: skip
def test_a_refusal_names_the_layer_at_fault(sentence, module):
    with pytest.raises(ValueError, match=sentence):
        profile(module, (3, 8, 9))


def test_a_layer_without_a_shape_is_refused():
    with pytest.raises(ValueError, match=r"layer 1 \(LazyConv2d\) has no shape yet: expected"):
        profile(nn.Sequential(nn.ReLU(), nn.LazyConv2d(4, 3)), (3, 8, 9))


def test_a_second_input_is_refused_by_its_name():
    module = net(gate)
    module.__class__.forward = two_inputs
    with pytest.raises(ValueError, match=r"layer y .*cannot be run"):
        profile(module, (3, 8, 9))


@pytest.mark.parametrize(
    "wrong", [None, "resnet18", nn.Conv2d, torch.relu], ids=["None", "name", "class", "function"]
)
def test_what_is_no_module_is_refused(wrong):
    with pytest.raises(ValueError, match=r"module is .*: expected a torch.nn.Module"):
        profile(wrong, IMAGE)


@pytest.mark.parametrize(
    "wrong", [(), 224, None, "3", (3, 0, 8), (3, 8.0, 8), (3, True, 8), (3, -8, 8)], ids=repr
)
def test_what_is_no_input_shape_is_refused(wrong):
    with pytest.raises(ValueError, match=r"input_shape is .*: expected positive integers \(C, H, W\)"):
        profile(nn.Conv2d(3, 8, 3), wrong)


def test_the_examples_in_the_docstrings_are_true():
    for module in (profile.__globals__, vars(reach)):
        finder = doctest.DocTestFinder(recurse=True)
        tests = [
            test
            for value in list(module.values())
            if getattr(value, "__module__", "") == module["__name__"]
            for test in finder.find(value, globs=dict(module))
        ]
        runner = doctest.DocTestRunner()
        for test in tests:
            runner.run(test)
        assert runner.tries > 0 and runner.failures == 0
