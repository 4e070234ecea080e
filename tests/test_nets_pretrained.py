"""Weights are found where torchvision keeps them, checked, and never half written. No test uses a network."""

import hashlib
import pickle

import pytest
import torch
from torch import nn
from torchvision import models

from cnnbook.nets import pretrained
from cnnbook.nets.pretrained import NETWORKS


class Small(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(3, 4, 3), nn.Dropout(), nn.Flatten(), nn.Linear(4 * 3 * 5, 5))


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A trained net, its file at the origin, and torch.hub's cache, which is empty."""
    trained = Small().eval()
    origin = tmp_path / "origin"
    origin.mkdir()
    torch.save(trained.state_dict(), origin / "small.pth")
    content = (origin / "small.pth").read_bytes()
    path = (origin / "small.pth").rename(origin / f"small-{hashlib.sha256(content).hexdigest()[:8]}.pth")
    monkeypatch.setitem(NETWORKS, "alexnet", (Small, path.as_uri()))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "home/hub"))
    return trained, path, tmp_path / "home/hub/checkpoints"


def assert_same(model, trained):
    assert not any(module.training for module in model.modules())
    images = torch.randn(2, 3, 5, 7)
    torch.testing.assert_close(model(images), trained(images))


def test_it_is_found_in_torch_hub_s_cache(places):
    trained, path, cache = places
    cache.mkdir(parents=True)
    path.rename(cache / path.name)
    assert_same(pretrained("alexnet"), trained)


def test_download_fills_the_cache_once(places):
    trained, path, cache = places
    assert_same(pretrained("alexnet", download=True), trained)
    assert [left.name for left in cache.iterdir()] == [path.name]
    path.unlink()
    assert_same(pretrained("alexnet", download=True), trained)
    assert_same(pretrained("alexnet"), trained)


def test_without_it_the_error_names_both_ways(places):
    _, path, cache = places
    with pytest.raises(FileNotFoundError) as caught:
        pretrained("alexnet")
    for part in (str(cache / path.name), 'pretrained("alexnet", download=True)', path.as_uri()):
        assert part in str(caught.value)
    assert not cache.exists()


BROKEN = {
    "truncated": lambda content: content[:-9],
    "a web page": lambda _: b"<html>no</html>",
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_in_the_cache_is_named(places, how):
    _, path, cache = places
    cache.mkdir(parents=True)
    (cache / path.name).write_bytes(BROKEN[how](path.read_bytes()))
    with pytest.raises(ValueError, match=rf"{path.name} has SHA-256 .*; expected .*: delete it"):
        pretrained("alexnet", download=True)


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_download_leaves_nothing_behind(places, how):
    trained, path, cache = places
    whole = path.read_bytes()
    path.write_bytes(BROKEN[how](whole))
    with pytest.raises(ValueError, match=path.name):
        pretrained("alexnet", download=True)
    assert list(cache.iterdir()) == []
    path.write_bytes(whole)
    assert_same(pretrained("alexnet", download=True), trained)


def test_an_origin_out_of_reach_leaves_nothing_behind(places):
    _, path, cache = places
    path.unlink()
    with pytest.raises(OSError):
        pretrained("alexnet", download=True)
    assert list(cache.iterdir()) == []


def test_a_file_that_would_run_code_is_not_unpickled(places, monkeypatch):
    _, path, cache = places
    cache.mkdir(parents=True)
    torch.save(Small(), cache / "whole.pth")
    content = (cache / "whole.pth").read_bytes()
    name = f"whole-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    (cache / "whole.pth").rename(cache / name)
    monkeypatch.setitem(NETWORKS, "alexnet", (Small, path.with_name(name).as_uri()))
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        pretrained("alexnet")


@pytest.mark.parametrize("name", ["alexnet", "vgg11", "vgg13", "vgg16", "vgg19"])
def test_a_name_stands_for_torchvision_s_network_and_weights(name):
    build, url = NETWORKS[name]
    assert url == models.get_model_weights(name).DEFAULT.url
    with torch.device("meta"):
        mine, theirs = build().state_dict(), models.get_model(name).state_dict()
    assert {key: value.shape for key, value in mine.items()} == {
        key: value.shape for key, value in theirs.items()
    }


def test_another_name_is_refused():
    with pytest.raises(
        ValueError, match="name is 'resnet50': expected one of alexnet, vgg11, vgg13, vgg16, vgg19"
    ):
        pretrained("resnet50")
