"""Networks in PyTorch, a file for each family, and what a network costs and sees."""

from cnnbook.nets.alexnet import AlexNet, SmallAlexNet
from cnnbook.nets.arrays import as_arrays
from cnnbook.nets.fully_connected import FullyConnected
from cnnbook.nets.imagenet import efficientnet_lite0, imagenet_input
from cnnbook.nets.lenet import LeNet5
from cnnbook.nets.pooling import BlurPool2d, SmallNet
from cnnbook.nets.pretrained import pretrained
from cnnbook.nets.profile import Profile, ProfiledLayer, profile
from cnnbook.nets.unet import U_NET_2015, UNet
from cnnbook.nets.vgg import VGG, SmallVGG
from cnnbook.nets.yolo import TinyYOLO, yolo_loss, yolo_v1_loss

__all__ = [
    "U_NET_2015",
    "VGG",
    "AlexNet",
    "BlurPool2d",
    "FullyConnected",
    "LeNet5",
    "Profile",
    "ProfiledLayer",
    "SmallAlexNet",
    "SmallNet",
    "SmallVGG",
    "TinyYOLO",
    "UNet",
    "as_arrays",
    "efficientnet_lite0",
    "imagenet_input",
    "pretrained",
    "profile",
    "yolo_loss",
    "yolo_v1_loss",
]
