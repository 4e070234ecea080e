"""Networks in PyTorch, a file for each family, and what a network costs and sees."""

from cnnbook.nets.imagenet import efficientnet_lite0, imagenet_input
from cnnbook.nets.pooling import BlurPool2d, SmallNet
from cnnbook.nets.profile import Profile, ProfiledLayer, profile

__all__ = [
    "BlurPool2d",
    "Profile",
    "ProfiledLayer",
    "SmallNet",
    "efficientnet_lite0",
    "imagenet_input",
    "profile",
]
