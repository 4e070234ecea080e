"""UNet: its shapes and counts, where a pixel's answer comes from, and the network of 2015."""

import pytest
import torch

from cnnbook import nets

SIZE = 48, 32  # height and width


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("upsampling", ["transposed", "nearest", "bilinear"])
@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("stride", [1, 2])
def test_every_pixel_has_logits(upsampling, skips, stride):
    net = nets.UNet(3, 4, (4, 6, 8), skips=skips, upsampling=upsampling, stride=stride)
    assert net(torch.rand(2, 3, *SIZE)).shape == (2, 4, *SIZE)


def test_the_network_of_2015_has_its_sizes_and_parameters():
    with torch.device("meta"):
        net = nets.UNet(1, 2, **nets.U_NET_2015)
        picture = torch.zeros(1, 1, 572, 572)
        skips = []
        for level in net.down[:-1]:
            level.register_forward_hook(lambda _, __, maps: skips.append(maps.shape))
        bottom = []
        net.down[-1].register_forward_hook(lambda _, __, maps: bottom.append(maps.shape))
        assert net(picture).shape == (1, 2, 388, 388)
    assert [tuple(shape[1:]) for shape in skips] == [
        (64, 568, 568),
        (128, 280, 280),
        (256, 136, 136),
        (512, 64, 64),
    ]
    assert tuple(bottom[0][1:]) == (1024, 28, 28)
    assert count(net) == 31_030_658


def test_the_paper_s_skips_are_cut_from_the_middle():
    """A skip carries the pixel in the middle of the picture to the middle of the answer, and to nowhere else."""
    torch.manual_seed(0)
    net = nets.UNet(1, 1, (1, 1), stride=1, paper=True).eval()
    for parameter in net.parameters():
        torch.nn.init.zeros_(parameter)
    for conv in net.modules():
        if isinstance(conv, torch.nn.Conv2d) and conv.kernel_size == (3, 3):
            conv.weight.data[0, -1, 1, 1] = 1  # of the two maps that are joined, the skip
    net.head.weight.data.fill_(1)
    picture = torch.zeros(1, 1, 28, 32)
    picture[0, 0, 14, 16] = 1
    answer = net(picture)[0, 0]
    height, width = answer.shape
    assert answer.nonzero().tolist() == [[14 - (28 - height) // 2, 16 - (32 - width) // 2]]


@pytest.mark.parametrize("skips", [True, False])
def test_fine_detail_comes_through_the_skips_alone(skips):
    """With the deepest level silenced, a net without skips says the same everywhere."""
    torch.manual_seed(0)
    net = nets.UNet(1, 3, (4, 6, 8), skips=skips, upsampling="nearest").eval()
    net.down[-1][-1] = torch.nn.Threshold(torch.inf, 0)
    answer = net(torch.rand(1, 1, *SIZE))[0, :, 8:-8, 8:-8]
    assert (answer.std(dim=(1, 2)).max() > 1e-4) == skips


def test_a_wider_decoder_is_taken_as_it_is_given():
    net = nets.UNet(1, 3, (4, 6, 8), decoder=(7, 5), skips=False)
    assert [layer[0].out_channels for layer in net.up] == [7, 5]
    assert net.head.in_channels == 5


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"in_channels": 0}, "in_channels is 0"),
        ({"num_classes": 1.5}, "num_classes is 1.5"),
        ({"widths": (16,)}, r"widths is \(16,\)"),
        ({"widths": (16, -1)}, "widths is -1"),
        ({"decoder": (16, 8)}, r"decoder is \(16, 8\)"),
        ({"decoder": (16, 8, "4")}, "decoder is '4'"),
        ({"upsampling": "bicubic"}, "upsampling is 'bicubic'"),
        ({"stride": 3}, "stride is 3"),
        ({"stride": True}, "stride is True"),
        ({"widths": 5}, "widths is 5"),
        ({"decoder": 5}, "decoder is 5"),
        ({"skips": "no"}, "skips is 'no'"),
        ({"paper": 1}, "paper is 1"),
    ],
)
def test_wrong_arguments_are_named(wrong, told):
    with pytest.raises(ValueError, match=told):
        nets.UNet(**wrong)
