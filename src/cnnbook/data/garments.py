"""Fashion-MNIST: found, checked, read once."""

import functools
import gzip
import hashlib
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch


SYSTEM_COPY = Path("/usr/share/datasets/fashion-mnist")
CACHE = Path.home() / ".cache/cnnbook/fashion-mnist"

# File to the SHA-256 of its content, unpacked: packages and mirrors compress the same content differently.
FASHION_MNIST_FILES = {
    "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}

FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
FASHION_MNIST_ORIGIN = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"


class FashionMNIST(NamedTuple):
    """What `fashion_mnist` returns: pictures of garments, in PyTorch's layout, and what they show."""

    train_images: "torch.Tensor"
    train_labels: "torch.Tensor"
    test_images: "torch.Tensor"
    test_labels: "torch.Tensor"
    classes: tuple[str, ...]

    @property
    def one_of_each(self):
        """Where the first test image of each class stands, ten ints in the order of the classes."""
        return [int((self.test_labels == label).nonzero()[0]) for label in range(len(self.classes))]


def fashion_mnist(download: bool = False) -> FashionMNIST:
    """Fashion-MNIST: 60,000 pictures of garments to learn from, and 10,000 to be tested on.

    >>> garments = fashion_mnist()
    >>> garments.train_images.shape, garments.test_labels.shape
    (torch.Size([60000, 1, 28, 28]), torch.Size([10000]))
    >>> garments.classes[garments.test_labels[0]]
    'Ankle boot'

    It is looked for where Debian's package ``dataset-fashion-mnist`` puts it, then in ``~/.cache/cnnbook``. It is
    read once and kept: later calls return the same tensors, so do not write to them.

    Args:
        download: whether to fetch the four files (31 MB) into ``~/.cache/cnnbook`` if they are in neither place.

    Returns:
        images, uint8, ``(N, 1, 28, 28)``; labels, int64, ``(N,)``; the names of the ten classes.

    Raises:
        FileNotFoundError: it is in neither place and ``download`` is False; the message says how to get it.
        ValueError: a file is broken, or its content is not what was published.

    Source: Xiao, Rasul and Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms" (2017); MIT license. Used from chapter ``pooling`` on.
    """
    for folder in (SYSTEM_COPY, CACHE):
        if all((folder / name).exists() for name in FASHION_MNIST_FILES):
            return _fashion_mnist_in(folder)
    if not download:
        raise FileNotFoundError(
            f"Fashion-MNIST is neither in {SYSTEM_COPY} nor in {CACHE}; expected in one of them. On Debian or "
            "Ubuntu: apt-get install dataset-fashion-mnist. Anywhere else, once, with a network: "
            "cnnbook.data.fashion_mnist(download=True)"
        )
    _download_fashion_mnist()
    return _fashion_mnist_in(CACHE)


@functools.cache
def _fashion_mnist_in(folder):
    # The figures import this module for the cat alone, and torch takes seconds to load.
    import torch

    train_images, train_labels, test_images, test_labels = (
        torch.from_numpy(_read_idx(folder / name, digest)) for name, digest in FASHION_MNIST_FILES.items()
    )
    return FashionMNIST(
        train_images[:, None],
        train_labels.long(),
        test_images[:, None],
        test_labels.long(),
        FASHION_MNIST_CLASSES,
    )


def _read_idx(path, digest):
    """An array out of an IDX file: two zero bytes, the type (8: uint8), the number of axes, their lengths, the data."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as problem:
        raise ValueError(f"{path} is broken ({problem}); expected a whole .gz file: delete it") from problem
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise ValueError(f"{path} holds content with SHA-256 {found}; expected {digest}: delete it")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", count=axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()


def _download_fashion_mnist():
    """Fetch what the cache lacks; a file moves there only after its content has been checked."""
    import torch

    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        for name, digest in FASHION_MNIST_FILES.items():
            if not (CACHE / name).exists():
                arrived = Path(folder) / name
                torch.hub.download_url_to_file(FASHION_MNIST_ORIGIN + name, arrived)
                _read_idx(arrived, digest)
                arrived.replace(CACHE / name)
