"""Networks in PyTorch, a file for each family, and what a network costs and sees."""

from cnnbook.nets.alexnet import AlexNet
from cnnbook.nets.fully_connected import FullyConnected
from cnnbook.nets.imagenet import efficientnet_lite0, imagenet_input
from cnnbook.nets.lenet import LeNet5
from cnnbook.nets.pooling import BlurPool2d, SmallNet
from cnnbook.nets.profile import Profile, ProfiledLayer, profile
from cnnbook.nets.vgg import VGG

__all__ = [
    "VGG",
    "AlexNet",
    "BlurPool2d",
    "FullyConnected",
    "LeNet5",
    "Profile",
    "ProfiledLayer",
    "SmallNet",
    "efficientnet_lite0",
    "imagenet_input",
    "profile",
]
