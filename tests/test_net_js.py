"""A network in the page: net.js against torch, from the packed weights to the logits."""

import doctest
import random
import re

import numpy as np
import pytest
import torch
import traitlets
from figure_probe import ENCODE, decode
from hourglass import Hourglass
from torch import nn

from cnnbook import data, training
from cnnbook.figures import figure, network
from cnnbook.figures.network import Network, output_shape
from cnnbook.figures.picture import GreyImages
from cnnbook.nets import FullyConnected, SmallNet, as_arrays


@pytest.fixture
def net_js(run_js):
    return lambda expression, argument: run_js(["net.js"], expression, argument)


def packed(model):
    return Network().validate(None, as_arrays(model))


# ── forward pass ──


def random_chain(seed):
    """A network of random layers, and an image of unequal height and width, (1, C, H, W)."""
    dice = random.Random(seed)
    torch.manual_seed(seed)
    channels, height, width = dice.randint(1, 3), *dice.sample(range(16, 28), 2)
    image = torch.randn(1, channels, height, width)
    layers = []
    for _ in range(dice.randint(1, 3)):
        out_channels, kernel_size = dice.randint(1, 9), dice.randint(1, 4)
        layers.append(nn.Conv2d(channels, out_channels, kernel_size, dice.randint(1, 2), dice.randint(0, 2)))
        channels = out_channels
        if dice.random() < 0.7:
            layers.append(nn.ReLU())
        if dice.random() < 0.5:
            layers.append(nn.MaxPool2d(dice.randint(1, 2), dice.randint(1, 2)))
    if dice.random() < 0.7:
        layers.append(random_transposed(dice, channels))
    if dice.random() < 0.7:
        layers.append(nn.Upsample(scale_factor=dice.randint(1, 3), mode=dice.choice(["nearest", "bilinear"])))
    if dice.random() < 0.5:
        layers.append(nn.AdaptiveAvgPool2d(1))
    features = nn.Sequential(*layers)(image).flatten(1).shape[1]
    layers += [nn.Flatten(), nn.Linear(features, 7), nn.ReLU(), nn.Linear(7, dice.randint(2, 10))]
    return nn.Sequential(*layers), image


def random_transposed(dice, in_channels):
    stride = dice.randint(1, 3)
    out_channels, kernel_size = dice.randint(1, 9), dice.randint(1, 4)
    padding, output_padding = dice.randint(0, (kernel_size - 1) // 2), dice.randint(0, stride - 1)
    return nn.ConvTranspose2d(in_channels, out_channels, kernel_size, stride, padding, output_padding)


FORWARD = f"""
({{ packed, values, shape: [channels, height, width] }}) => {{
  {ENCODE}
  const maps = forward(readNetwork(packed), {{ values: Float32Array.from(values), channels, height, width }});
  return maps.map(({{ values, channels, height, width }}) => [[channels, height, width], encode(values)]);
}}
"""


@pytest.mark.parametrize("seed", range(24))
def test_every_layer_s_output_is_torch_s(net_js, seed):
    chain, image = random_chain(seed)
    layers = packed(chain)
    given = {"packed": layers, "values": image.flatten().tolist(), "shape": image.shape[1:]}
    found = net_js(FORWARD, given)
    assert len(found) == len(chain)
    for layer, (shape, values) in zip(chain, found, strict=True):
        with torch.no_grad():
            image = layer(image)
        assert shape == [*image.shape[1:], 1, 1][:3]
        np.testing.assert_allclose(decode(values, np.float32), image.flatten(), rtol=0, atol=1e-4)
    assert output_shape(layers, given["shape"]) == tuple(found[-1][0])


def test_the_random_chains_have_every_kind_of_layer_stride_and_padding():
    layers = [layer for seed in range(24) for layer in random_chain(seed)[0]]
    convs = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert {(layer.stride[0], layer.padding[0]) for layer in convs} == {
        (stride, padding) for stride in (1, 2) for padding in (0, 1, 2)
    }
    assert {layer.out_channels % 4 for layer in convs} == {0, 1, 2, 3}
    assert {nn.MaxPool2d, nn.AdaptiveAvgPool2d, nn.ReLU, nn.Flatten, nn.Linear} < {*map(type, layers)}
    transposed = [layer for layer in layers if isinstance(layer, nn.ConvTranspose2d)]
    assert {layer.stride[0] for layer in transposed} == {1, 2, 3}
    assert {layer.output_padding[0] for layer in transposed} == {0, 1, 2}
    assert {layer.padding[0] for layer in transposed} == {0, 1}
    assert any(layer.kernel_size < layer.stride for layer in transposed)
    upsamplings = [layer for layer in layers if isinstance(layer, nn.Upsample)]
    assert {layer.mode for layer in upsamplings} == {"nearest", "bilinear"}
    assert {layer.scale_factor for layer in upsamplings} == {1, 2, 3}


def in_use(hourglass, images):
    """The network as if these images had trained it: their statistics in its batch norms, every class somewhere the likeliest."""
    for module in hourglass.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the statistics of all passes, rather than of the last
    with torch.no_grad():
        hourglass(images)
        hourglass.eval()
        hourglass.head.bias -= hourglass(images).mean((0, 2, 3))
    return hourglass


def scenes(count, height, width):
    """Grey grounds with a bright square each."""
    images = 0.2 + 0.1 * torch.rand(count, 1, height, width)
    for image in images:
        row, col = (int(torch.randint(size - 24, ())) for size in (height, width))
        image[:, row : row + 24, col : col + 24] += 0.6
    return images


@pytest.mark.parametrize("up", ["nearest", "bilinear", "transposed"])
def test_an_hourglass_s_answer_for_each_pixel_is_torch_s(net_js, up):
    torch.manual_seed(0)
    images = scenes(8, 96, 64)
    hourglass = in_use(Hourglass(up), images)
    layers = packed(hourglass)
    given = {"packed": layers, "values": images[0].flatten().tolist(), "shape": images.shape[1:]}
    shape, values = net_js(FORWARD, given)[-1]
    with torch.no_grad():
        expected = hourglass(images[:1])[0]
    assert tuple(shape) == output_shape(layers, images.shape[1:]) == expected.shape
    found = torch.tensor(decode(values, np.float32)).reshape(shape)
    assert (found - expected).abs().max() <= 1e-3 * (expected.max() - expected.min())
    assert (found.argmax(0) == expected.argmax(0)).double().mean() >= 0.999
    assert len(expected.argmax(0).unique()) > 3  # it tells pixels apart


def test_of_two_maps_that_were_saved_the_last_comes_back_first(net_js):
    image = torch.randn(1, 3, 5)
    layers = Network().validate(None, [{"kind": kind} for kind in ("save", "relu", "save", "cat", "cat")])
    given = {"packed": layers, "values": image.flatten().tolist(), "shape": image.shape}
    shape, values = net_js(FORWARD, given)[-1]
    expected = torch.cat([image.relu(), image.relu(), image])
    assert tuple(shape) == output_shape(layers, image.shape) == expected.shape
    np.testing.assert_array_equal(decode(values, np.float32), expected.flatten())


@pytest.mark.parametrize("logits", [[0.5, -2, 3], [1000, 1001, -1000], [-5000, -5000], [7]], ids=str)
def test_softmax_is_torch_s(net_js, logits):
    found = net_js("logits => softmax(Float32Array.from(logits))", logits)
    np.testing.assert_allclose(found, torch.tensor(logits, dtype=torch.float64).softmax(0), rtol=1e-6)


# ── trained networks ──

CANVAS = 40
GARMENTS = 6


def on_canvas(images, dx=0, dy=0):
    """28 × 28 images (N, 1, 28, 28) in the middle of a canvas, moved."""
    edge = (CANVAS - 28) // 2
    left, top = edge + dx, edge + dy
    return nn.functional.pad(images, (left, CANVAS - 28 - left, top, CANVAS - 28 - top))


@pytest.fixture(scope="module")
def trained():
    """The two nets of `ShiftProbe`, trained on a few garments, and other garments all over the canvas."""
    garments = data.fashion_mnist()
    train, labels = on_canvas(garments.train_images[:2000]), garments.train_labels[:2000]
    torch.manual_seed(0)
    models = {"fully connected": FullyConnected(CANVAS**2), "CNN": SmallNet(widths=(16, 32, 32))}
    training.fit(models["fully connected"], train, labels, epochs=8, progress=False)
    training.fit(models["CNN"], train[:800], labels[:800], epochs=4, progress=False)
    images = garments.test_images[:GARMENTS]
    shifted = [on_canvas(images, dx, dy) for dx in range(-6, 7, 3) for dy in range(-6, 7, 4)]
    return models, torch.cat(shifted)


LOGITS = f"""
({{ packed, images }}) => {{
  {ENCODE}
  const layers = readNetwork(packed);
  const {{ images: bytes, height, width }} = readImages(images);
  const logits = bytes.flatMap((values) => [...forward(layers, {{ values: Float32Array.from(values, (byte) => byte / 255), channels: 1, height, width }}).at(-1).values]);
  return encode(Float32Array.from(logits));
}}
"""


@pytest.mark.parametrize("name", ["fully connected", "CNN"])
def test_a_trained_net_s_logits_in_the_page_are_within_a_thousandth_of_torch_s(net_js, trained, name):
    models, images = trained
    with torch.no_grad():
        expected = models[name](images / 255)
    assert expected.abs().max() > 1  # it has learned something
    given = {"packed": packed(models[name]), "images": GreyImages.packed(images[:, 0].numpy())}
    found = decode(net_js(LOGITS, given), np.float32).reshape(expected.shape)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


# ── packing ──

READ = "packed => readNetwork(packed).map(({ weight, bias, eights, ...rest }) => [Array.from(weight), Array.from(bias), rest])"


def test_packed_weights_are_off_by_a_step_at_most_and_their_sums_by_less(net_js):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 5, 4, stride=2, padding=1), nn.Linear(7, 6))
    model[1].weight.data[2] = 0
    model[1].weight.data[3, 4] = -50
    layers = packed(model)
    for layer, made, (weight, bias, rest) in zip(model, layers, net_js(READ, layers), strict=True):
        expected = layer.weight.detach().double().numpy()
        error = np.reshape(weight, expected.shape) - expected
        step = made["weight"]["step"]
        assert np.linalg.norm(expected) / 2**20 <= step < np.linalg.norm(expected) / 2**16
        assert np.abs(error).max() <= 1.01 * step
        assert np.abs(np.cumsum(error.reshape(len(error), -1), axis=1)).max() <= 0.6 * step
        np.testing.assert_array_equal(bias, layer.bias.detach())
        assert rest["in_channels"] == expected.shape[1] and rest["out_channels"] == expected.shape[0]
    assert net_js(READ, layers)[0][2] | {"kernel_size": 4, "stride": 2, "padding": 1} == {
        "kind": "conv2d", "in_channels": 3, "out_channels": 5, "kernel_size": 4, "stride": 2, "padding": 1,
    }  # fmt: skip


def test_fewer_steps_are_coarser_and_take_two_digits(net_js):
    torch.manual_seed(0)
    model = nn.Conv2d(3, 5, 4)
    (made,) = layers = Network(steps=2**9).validate(None, as_arrays(model))
    expected = model.weight.detach().double().numpy()
    ((weight, _, _),) = net_js(READ, layers)
    step = made["weight"]["step"]
    assert step == pytest.approx(np.linalg.norm(expected) / 2**9)
    assert len(made["weight"]["levels"]) == 2 * expected.size
    assert 0.5 * step < np.abs(np.reshape(weight, expected.shape) - expected).max() <= 1.01 * step


@pytest.mark.parametrize("steps, digits", [(2047, 2), (2048, 3)])
def test_a_weight_that_two_digits_cannot_say_takes_three(net_js, steps, digits):
    layers = [
        {"kind": "linear", "weight": np.array([[-1.0, 0.0], [0.0, 0.0]]), "bias": np.zeros(2, np.float32)}
    ]
    (made,) = packed_layers = Network(steps=steps).validate(None, layers)
    assert len(made["weight"]["levels"]) == 4 * digits
    assert net_js(READ, packed_layers)[0][0] == [-1, 0, 0, 0]


def test_the_sums_that_a_transposed_convolution_adds_up_are_off_by_less_than_its_weights(net_js):
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(40, 3, 2, stride=2)
    (made,) = layers = packed(layer)
    [[weight, bias, rest]] = net_js(READ, layers)
    expected = layer.weight.detach().double().numpy()
    error = np.reshape(weight, expected.shape) - expected
    step = made["weight"]["step"]
    assert 0.6 * step < np.abs(error).max() <= 1.01 * step
    assert np.abs(np.cumsum(error, axis=0)).max() <= 0.6 * step
    np.testing.assert_array_equal(bias, layer.bias.detach())
    assert (rest["in_channels"], rest["out_channels"], rest["kernel_size"]) == (40, 3, 2)


def test_weights_that_are_all_zero_stay_zero(net_js):
    layers = [{"kind": "linear", "weight": np.zeros((2, 3), np.float32), "bias": np.ones(2, np.float32)}]
    assert net_js(READ, Network().validate(None, layers))[0][:2] == [[0] * 6, [1, 1]]


def test_images_are_read_byte_for_byte(net_js):
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 7), np.uint8)
    found = net_js(
        "packed => { const { images, height, width } = readImages(packed); return [height, width, images.map((image) => Array.from(image))]; }",
        GreyImages.packed(images),
    )
    assert found == [4, 7, images.reshape(3, -1).tolist()]


LINEAR = {"kind": "linear", "weight": np.zeros((2, 3), np.float32), "bias": np.zeros(2, np.float32)}
CONV = {
    "kind": "conv2d", "weight": np.zeros((2, 1, 3, 3), np.float32), "bias": np.zeros(2, np.float32), "stride": 1, "padding": 0,
}  # fmt: skip
POOL = {"kind": "max_pool2d", "kernel_size": 2, "stride": 2}
TRANSPOSED = CONV | {"kind": "conv_transpose2d", "bias": np.zeros(1, np.float32), "output_padding": 0}
UP = {"kind": "upsample", "mode": "nearest", "scale": 2}
SAVE, CAT = {"kind": "save"}, {"kind": "cat"}
REFUSED = {
    "no list": ({"kind": "relu"}, "network is {'kind': 'relu'}; expected a list of layers"),
    "no layer": ([{"kind": "relu"}, 3], "layer 2 has the kind 3; expected one of conv2d, conv_transpose2d, relu, "),
    "unknown kind": ([{"kind": "gelu"}], "layer 1 has the kind 'gelu'; expected one of conv2d"),
    "missing": ([{"kind": "max_pool2d", "stride": 2}], r"layer 1 \(max_pool2d\) has kind, stride; expected kind, kernel_size, stride"),
    "too much": ([{"kind": "relu", "slope": 0}], r"layer 1 \(relu\) has kind, slope; expected kind$"),
    "a stride of 0": ([POOL | {"stride": 0}], r"layer 1 \(max_pool2d\) has stride 0; expected a whole number of at least 1"),
    "a broken padding": ([CONV | {"padding": 0.5}], r"layer 1 \(conv2d\) has padding 0.5; expected a whole number of at least 0"),
    "weight of whole numbers": ([LINEAR | {"weight": np.zeros((2, 3), int)}], r"has weight of int64 \(2, 3\); expected 2 dimensions of floats"),
    "flat weight": ([LINEAR | {"weight": np.zeros(3)}], r"has weight of float64 \(3,\); expected 2 dimensions"),
    "oblong kernel": ([CONV | {"weight": np.zeros((2, 1, 3, 5))}], r"has weight of shape \(2, 1, 3, 5\); expected square kernels"),
    "NaN": ([LINEAR | {"weight": np.full((2, 3), np.nan)}], r"layer 1 \(linear\) has weight with nan; expected finite numbers"),
    "upsampling by 0": ([UP | {"scale": 0}], r"layer 1 \(upsample\) has scale 0; expected a whole number of at least 1"),
    "another upsampling": ([UP | {"mode": "bicubic"}], r"layer 1 \(upsample\) has mode 'bicubic'; expected 'nearest' or 'bilinear'"),
    "a bias a row": ([TRANSPOSED | {"bias": np.zeros(2, np.float32)}], r"layer 1 \(conv_transpose2d\) has 2 biases; expected 1, one an output channel"),
    "a save that says what": ([{"kind": "save", "name": "first"}], r"layer 1 \(save\) has kind, name; expected kind$"),
    "infinite bias": ([LINEAR | {"bias": np.array([0, np.inf])}], r"layer 1 \(linear\) has bias with inf; expected finite numbers"),
    "too few biases": ([LINEAR | {"bias": np.zeros(1)}], r"layer 1 \(linear\) has 1 biases; expected 2, one an output channel"),
}  # fmt: skip


class Holder(traitlets.HasTraits):
    network = Network()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_network_is_refused_by_name(name):
    layers, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        Holder(network=layers)


UNFIT = {
    "another number of channels": ([CONV], (3, 9, 12), r"layer 1 \(conv2d\): its input is 3 × 9 × 12; expected 1 channels"),
    "too small": ([CONV], (1, 2, 12), r"layer 1 \(conv2d\): .*3"),
    "a pool too wide": ([{"kind": "relu"}, POOL], (1, 8, 1), r"layer 2 \(max_pool2d\): "),
    "maps for a linear layer": ([CONV, LINEAR], (1, 5, 6), r"layer 2 \(linear\): its input is 2 × 3 × 4; expected 3 channels"),
    "a row of weight for each input channel": ([TRANSPOSED], (1, 5, 6), r"layer 1 \(conv_transpose2d\): its input is 1 × 5 × 6; expected 2 channels"),
    "all cut off": ([TRANSPOSED | {"padding": 2}], (2, 2, 9), r"layer 1 \(conv_transpose2d\): padding is 2"),
    "nothing saved": ([SAVE, CAT, CAT], (1, 5, 6), r"layer 3 \(cat\): nothing is saved; expected a save before it"),
    "another height": ([SAVE, POOL, UP, CAT], (1, 5, 6), r"layer 4 \(cat\): its input is 4 × 6, what is saved 5 × 6; expected one size"),
    "too many features": ([{"kind": "flatten"}, LINEAR], (1, 2, 2), r"layer 2 \(linear\): its input is 4 × 1 × 1; expected 3"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNFIT)
def test_layers_that_do_not_fit_are_refused_by_name(name):
    layers, input_shape, message = UNFIT[name]
    with pytest.raises(ValueError, match=message):
        output_shape(Network().validate(None, layers), input_shape)


# ── receptive fields ──

STACKS = {
    "one convolution": [nn.Conv2d(2, 3, 5, stride=2, padding=2)],
    "the small net's": [
        nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    ],
    "even kernels": [nn.Conv2d(2, 3, 4, stride=2, padding=1), nn.MaxPool2d(3, 1), nn.Conv2d(3, 3, 2), nn.MaxPool2d(2, 3)],
}  # fmt: skip
WINDOW = "([packed, ...unit]) => windowOf(readNetwork(packed), ...unit)"


def of_averages(layer):
    """The layer with positive weights, or an average for a maximum, so that each pixel that a unit sees has an effect."""
    if isinstance(layer, nn.MaxPool2d):
        return nn.AvgPool2d(layer.kernel_size, layer.stride)
    for parameter in layer.parameters():
        parameter.data.abs_()
    return layer


@pytest.mark.parametrize("name", STACKS)
def test_a_unit_s_window_ends_with_the_first_and_last_pixels_that_change_it(net_js, name):
    maps = image = torch.rand(1, 2, 48, 71, requires_grad=True)
    layers = packed(nn.Sequential(*STACKS[name]))
    for depth, layer in enumerate(STACKS[name], start=1):
        maps = of_averages(layer)(maps)
        for aside in range(4):  # units far from the edge, where none is padding
            row, col = maps.shape[2] // 2 + aside, maps.shape[3] // 2 - aside
            (gradient,) = torch.autograd.grad(maps[0, :, row, col].sum(), image, retain_graph=True)
            rows, cols = gradient[0].sum(0).nonzero().T
            found = net_js(WINDOW, [layers, depth, row, col])
            assert found == {"rows": [rows.min(), rows.max()], "cols": [cols.min(), cols.max()]}


def test_a_window_at_the_edge_reaches_into_the_padding(net_js):
    stack = packed(nn.Sequential(nn.Conv2d(1, 1, 5, padding=2), nn.MaxPool2d(2)))
    assert net_js(WINDOW, [stack, 2, 0, 3]) == {"rows": [-2, 3], "cols": [4, 9]}


def test_a_pixel_sees_itself_and_what_reads_all_sees_all(net_js):
    chain = packed(nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2)))
    expression = "([packed, ...unit]) => JSON.stringify(windowOf(readNetwork(packed), ...unit), (key, value) => (Number.isFinite(value) || typeof value !== 'number' ? value : String(value)))"
    assert net_js(expression, [chain, 0, 3, 5]) == '{"rows":[3,3],"cols":[5,5]}'
    for depth in (2, 3, 4):
        whole = '["-Infinity","Infinity"]'
        assert net_js(expression, [chain, depth, 0, 0]) == f'{{"rows":{whole},"cols":{whole}}}'


# ── modules ──


def test_a_module_s_imports_are_replaced_each_once():
    module = 'import { clamp } from "./kit.js";\nimport {\n  forward, softmax,\n} from "./net.js";\nforward(clamp(3, 0, 2));\n'
    text = figure.inline_imports(module)
    assert text.endswith("forward(clamp(3, 0, 2));\n")
    assert not re.search(r"^(import|export)\b", text, re.M)
    for name in ("clamp", "outputSize", "DIGITS"):
        assert len(re.findall(rf"^const {name}\b", text, re.M)) == 1


def test_the_examples_are_true():
    for module in (network, figure):
        found = doctest.testmod(module, extraglobs={"np": np})
        assert found.attempted > 0 and found.failed == 0
