"""The scenes that detectors and segmenters learn from and are tested on."""

from functools import cache

from cnnbook import data


@cache
def scenes_and_tests(trained, tested, classes):
    """So many shop windows to learn from, and so many of other garments, made once for each number of classes."""
    return (
        data.shop_windows(trained, seed=0, classes=classes),
        data.shop_windows(tested, seed=1, split="test", classes=classes),
    )
