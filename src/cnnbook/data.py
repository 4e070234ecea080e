"""Pictures and data sets that the book looks at."""

import functools
import gzip
import hashlib
import io
import tempfile
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageOps
from skimage import color, transform, util
from skimage import data as skimage_data

if TYPE_CHECKING:
    import torch


def cat(height: int = 300) -> np.ndarray:
    """The book's photograph: scikit-image's ``chelsea`` (CC0, by Stefan van der Walt).

    >>> cat().shape, cat(160).shape
    ((300, 451, 3), (160, 241, 3))

    Args:
        height: pixels from top to bottom, 8 to 300; the width follows in proportion. A smaller copy is
            antialiased.

    Returns:
        RGB, uint8, ``(height, width, 3)``.

    Raises:
        ValueError: for a height that is not a whole number from 8 to 300.

    Used from chapter ``convolution`` on.
    """
    photograph = skimage_data.chelsea()
    full_height, full_width, _ = photograph.shape
    if type(height) is not int or not 8 <= height <= full_height:
        raise ValueError(f"height is {height!r}; expected a whole number from 8 to {full_height}")
    if height == full_height:
        return photograph
    width = round(full_width * height / full_height)
    return util.img_as_ubyte(transform.resize(photograph, (height, width), anti_aliasing=True))


PHOTOGRAPHS = ("chelsea", "astronaut", "coffee", "camera", "brick", "grass", "gravel", "rocket")


def photographs() -> dict[str, np.ndarray]:
    """The photographs inside the scikit-image package, by their names there: a cat, people, things, textures.

    >>> {name: photograph.shape for name, photograph in photographs().items()}["rocket"]
    (427, 640, 3)

    Returns:
        RGB, uint8, ``(H, W, 3)``, in their own sizes. Those that are grey there have three equal channels here.

    Source: ``skimage.data``; CC0 or in the public domain, of people and places named there. Used in the chapter
    ``building_a_cnn``, "Edges, textures, parts, faces?".
    """
    pictures = {name: getattr(skimage_data, name)() for name in PHOTOGRAPHS}
    return {name: color.gray2rgb(pixels) if pixels.ndim == 2 else pixels for name, pixels in pictures.items()}


PICTURE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")


def open_picture(source: "str | Path | bytes | memoryview") -> np.ndarray:
    """A picture of the reader's own, as RGB.

    >>> open_picture("holiday.jpg").shape  # doctest: +SKIP
    (3024, 4032, 3)

    What the camera noted about being held upright (EXIF) is honoured. Grey becomes RGB, and so do palettes;
    what is transparent stands on white; 16 bits become 8. Of an animation you get the first picture.

    Args:
        source: a path, or a file's content; `ipywidgets.FileUpload` has it as ``upload.value[0]["content"]``.

    Returns:
        RGB, uint8, ``(H, W, 3)``.

    Raises:
        ValueError: it is no picture in one of `PICTURE_FORMATS`, or it is broken, cut off, too large (Pillow's
            limit, about 89 million pixels), or of more than 16 bits.
        OSError: there is no such file, or it cannot be read.

    Used in the chapter ``classification``, "A photograph of yours".
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, content = "the content", bytes(source)
    elif isinstance(source, (str, Path)):
        name, content = str(source), Path(source).read_bytes()
    else:
        raise ValueError(f"source is {type(source).__name__}; expected a path, or a file's content as bytes")
    with warnings.catch_warnings():
        # A stray tag is no reason to refuse a picture, or to talk about it; a huge one is.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=PICTURE_FORMATS) as picture:
                return _as_rgb(ImageOps.exif_transpose(picture))
        except Image.UnidentifiedImageError as problem:
            raise ValueError(
                f"{name} is no picture; expected one of {', '.join(PICTURE_FORMATS)}"
            ) from problem
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as problem:
            raise ValueError(f"{name} is too large; expected a smaller picture ({problem})") from problem
        except Exception as problem:  # Pillow's decoders stop at broken data with errors of many kinds.
            raise ValueError(
                f"{name} cannot be read; expected a whole picture of 8 or 16 bits ({problem})"
            ) from problem


def _as_rgb(picture):
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    elif picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture) / 257).round().astype(np.uint8))
    elif picture.mode in ("I", "F"):
        raise ValueError(f"its numbers have 32 bits, mode {picture.mode}")
    return np.array(picture.convert("RGB"))


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
