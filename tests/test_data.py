"""Fashion-MNIST is found where it should be, checked, read once, and never half written."""

import gzip
import hashlib
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from torchvision import datasets

from cnnbook import data
from cnnbook.data import garments

RNG = np.random.default_rng(0)
ARRAYS = {
    "train-images-idx3-ubyte.gz": RNG.integers(256, size=(5, 4, 3), dtype=np.uint8),
    "train-labels-idx1-ubyte.gz": RNG.integers(10, size=5, dtype=np.uint8),
    "t10k-images-idx3-ubyte.gz": RNG.integers(256, size=(2, 4, 3), dtype=np.uint8),
    "t10k-labels-idx1-ubyte.gz": RNG.integers(10, size=2, dtype=np.uint8),
}


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write(folder, mtime=0):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in ARRAYS.items():
        (folder / name).write_bytes(gzip.compress(idx(array), mtime=mtime))


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The system's folder, the cache and the origin, all empty; the digests are those of the small arrays."""
    system, cache, origin = tmp_path / "system", tmp_path / "home/cache", tmp_path / "origin"
    origin.mkdir()
    monkeypatch.setattr(garments, "SYSTEM_COPY", system)
    monkeypatch.setattr(garments, "CACHE", cache)
    monkeypatch.setattr(garments, "FASHION_MNIST_ORIGIN", origin.as_uri() + "/")
    digests = {name: hashlib.sha256(idx(array)).hexdigest() for name, array in ARRAYS.items()}
    monkeypatch.setattr(garments, "FASHION_MNIST_FILES", digests)
    return system, cache, origin


def assert_right(garments):
    arrays = list(ARRAYS.values())
    for images, array in [(garments.train_images, arrays[0]), (garments.test_images, arrays[2])]:
        assert images.dtype == torch.uint8
        assert np.array_equal(images, array[:, None])
    for labels, array in [(garments.train_labels, arrays[1]), (garments.test_labels, arrays[3])]:
        assert labels.dtype == torch.int64
        assert np.array_equal(labels, array)


@pytest.mark.parametrize("place", [0, 1], ids=["system", "cache"])
def test_it_is_found_and_read_once(places, place):
    write(places[place])
    garments = data.fashion_mnist()
    assert_right(garments)
    assert data.fashion_mnist() is garments
    assert data.fashion_mnist(download=True) is garments


def test_the_system_s_copy_comes_first(places):
    system, cache, _ = places
    write(system)
    cache.mkdir(parents=True)
    for name in ARRAYS:
        (cache / name).write_bytes(b"spoiled")
    assert_right(data.fashion_mnist())


def test_without_it_the_error_names_both_ways(places):
    system, cache, _ = places
    with pytest.raises(FileNotFoundError) as caught:
        data.fashion_mnist()
    for part in (
        str(system),
        str(cache),
        "apt-get install dataset-fashion-mnist",
        "fashion_mnist(download=True)",
    ):
        assert part in str(caught.value)
    assert not cache.exists()


def test_download_fills_the_cache(places):
    _, cache, origin = places
    write(origin, mtime=1)
    assert_right(data.fashion_mnist(download=True))
    assert sorted(path.name for path in cache.iterdir()) == sorted(ARRAYS)


def test_download_fetches_only_what_is_missing(places):
    _, cache, origin = places
    write(cache)
    write(origin)
    (cache / "t10k-labels-idx1-ubyte.gz").unlink()
    (origin / "train-images-idx3-ubyte.gz").unlink()
    assert_right(data.fashion_mnist(download=True))


def broken(content, how):
    return {
        "truncated": content[:-9],
        "no gzip": b"<html>not found</html>",
        "garbled": content[:14] + b"\xff\xff\xff\xff" + content[18:],
        "other content": gzip.compress(b"\0\0\x08\x01\0\0\0\x02\x07\x0b"),
        "empty": b"",
    }[how]


how_broken = pytest.mark.parametrize("how", ["truncated", "no gzip", "garbled", "other content", "empty"])


@how_broken
def test_a_broken_file_is_named(places, how):
    system, _, _ = places
    write(system)
    path = system / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(broken(path.read_bytes(), how))
    with pytest.raises(ValueError, match=rf"{path.name} .*expected .*"):
        data.fashion_mnist()


@how_broken
def test_a_broken_download_leaves_nothing_behind(places, how):
    _, cache, origin = places
    write(origin)
    path = origin / "t10k-labels-idx1-ubyte.gz"
    whole = path.read_bytes()
    path.write_bytes(broken(whole, how))
    with pytest.raises(ValueError, match=path.name):
        data.fashion_mnist(download=True)
    assert path.name not in {left.name for left in cache.iterdir()}
    assert all(left.name in ARRAYS for left in cache.iterdir())
    path.write_bytes(whole)
    assert_right(data.fashion_mnist(download=True))


def test_an_origin_out_of_reach_leaves_nothing_behind(places):
    _, cache, _ = places
    with pytest.raises(OSError):
        data.fashion_mnist(download=True)
    assert list(cache.iterdir()) == []


def test_the_data_set_itself():
    garments = data.fashion_mnist()
    assert garments.train_images.shape == (60_000, 1, 28, 28)
    assert garments.test_images.shape == (10_000, 1, 28, 28)
    assert garments.train_labels.bincount().tolist() == [6000] * 10
    assert garments.test_labels.bincount().tolist() == [1000] * 10
    assert list(garments.classes) == datasets.FashionMNIST.classes
    labels = garments.test_labels.tolist()
    assert garments.one_of_each == [labels.index(label) for label in range(10)]


def test_the_figures_need_no_torch():
    code = "import sys; from cnnbook import data; data.cat(40); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_photographs_are_in_color_and_need_no_network(monkeypatch):
    monkeypatch.setattr("skimage.data._fetchers._image_fetcher", None)
    photographs = data.photographs()
    assert len(photographs) == 8
    assert np.array_equal(photographs["chelsea"], data.cat())
    for photograph in photographs.values():
        assert photograph.dtype == np.uint8 and photograph.ndim == 3 and photograph.shape[2] == 3
    camera = photographs["camera"]
    assert np.array_equal(camera[..., 0], camera[..., 2])
