"""Pictures and data sets that the book looks at."""

from cnnbook.data.garments import FASHION_MNIST_CLASSES, FashionMNIST, fashion_mnist
from cnnbook.data.masks import mask_folder
from cnnbook.data.pictures import PHOTOGRAPHS, PICTURE_FORMATS, cat, open_picture, photographs
from cnnbook.data.scenes import (
    SHOP_WINDOW_CLASSES,
    Cutout,
    Scenes,
    ShopWindow,
    shop_window_pieces,
    shop_windows,
)
from cnnbook.data.voc import voc_folder

__all__ = [
    "FASHION_MNIST_CLASSES",
    "PHOTOGRAPHS",
    "PICTURE_FORMATS",
    "SHOP_WINDOW_CLASSES",
    "Cutout",
    "FashionMNIST",
    "Scenes",
    "ShopWindow",
    "cat",
    "fashion_mnist",
    "mask_folder",
    "open_picture",
    "photographs",
    "shop_window_pieces",
    "shop_windows",
    "voc_folder",
]
