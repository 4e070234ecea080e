"""AlexNet and VGG with the weights that torchvision trained on ImageNet: a download, if the reader says so."""

import functools
import hashlib
import tempfile
from pathlib import Path

import torch
from torchvision import models

from cnnbook.nets.alexnet import AlexNet
from cnnbook.nets.vgg import VGG

# Name to the network and to the address of its weights. A file's name ends in the first digits of its SHA-256.
NETWORKS = {
    "alexnet": (AlexNet, models.AlexNet_Weights.IMAGENET1K_V1.url),
    "vgg11": (functools.partial(VGG, "11"), models.VGG11_Weights.IMAGENET1K_V1.url),
    "vgg13": (functools.partial(VGG, "13"), models.VGG13_Weights.IMAGENET1K_V1.url),
    "vgg16": (functools.partial(VGG, "16"), models.VGG16_Weights.IMAGENET1K_V1.url),
    "vgg19": (functools.partial(VGG, "19"), models.VGG19_Weights.IMAGENET1K_V1.url),
}


def pretrained(name, download=False):
    """AlexNet or VGG as torchvision trained it on ImageNet, in evaluation mode.

    >>> pretrained("alexnet", download=True)(torch.zeros(1, 3, 224, 224)).shape  # doctest: +SKIP
    torch.Size([1, 1000])

    The weights are looked for where torchvision keeps them, `torch.hub.get_dir()`. The input is what
    `torchvision.models.AlexNet_Weights.DEFAULT.transforms()` makes of a picture, for VGG too; the names of the
    classes are in its `meta["categories"]`.

    Args:
        name: "alexnet", "vgg11", "vgg13", "vgg16" or "vgg19".
        download: whether to fetch the file if it is not there: 233 MB for AlexNet, about 510 to 550 MB for a VGG.

    Raises:
        ValueError: another name, or a file whose content is not what its name promises.
        FileNotFoundError: the file is not there and `download` is False; the message says how to get it.
        OSError: the download failed.

    Source: `torchvision.models`, whose weights these are. Used in the chapter `classification`.
    """
    if name not in NETWORKS:
        raise ValueError(f"name is {name!r}: expected one of {', '.join(NETWORKS)}")
    build, url = NETWORKS[name]
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if not path.exists():
        if not download:
            raise FileNotFoundError(
                f"{path} is not there; expected the weights of {name}. With a network, once: "
                f'cnnbook.nets.pretrained("{name}", download=True). Or put the file there that {url} serves'
            )
        _download(url, path)
    _check(path)
    with torch.device("meta"):
        model = build()
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), assign=True)
    return model.eval()


def _download(url, path):
    """Fetch a file, which moves to its place only after its content has been checked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        arrived = Path(folder) / path.name
        torch.hub.download_url_to_file(url, arrived, progress=False)
        _check(arrived)
        arrived.replace(path)


def _check(path):
    expected = path.stem.rpartition("-")[2]
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(expected):
        raise ValueError(f"{path} has SHA-256 {found}; expected it to begin with {expected}: delete it")
