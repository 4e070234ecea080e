"""Train a classifier and see what it answers: plain PyTorch, all data in memory, no worker processes."""

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from tqdm import tqdm


@dataclass
class History:
    """What happened while a model was trained.

    >>> history = History(loss=[2.3, 1.1, 0.9, 0.8], accuracy=[0.55, 0.81])
    >>> history.accuracy[-1]
    0.81

    Attributes:
        loss: mean cross-entropy of the batch, in nats, one for each step.
        accuracy: share of the training images that were named rightly, 0 to 1, one for each epoch; each image
            counts as the model stood when it was its turn.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)


def fit(
    model,
    images,
    labels,
    *,
    epochs,
    batch_size=128,
    learning_rate=0.01,
    seed=0,
    device=None,
    progress=True,
) -> History:
    """Train a classifier, in place, to name images.

    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(28 * 28, 10))
    >>> images = torch.randint(256, (512, 1, 28, 28), dtype=torch.uint8)
    >>> history = fit(model, images, labels=torch.randint(10, (512,)), epochs=2)
    >>> len(history.loss), len(history.accuracy)
    (8, 2)

    AdamW lowers the cross-entropy; the learning rate rises and falls once (one-cycle). The same seed on the
    same machine gives the same weights. The model is left in evaluation mode.

    Args:
        model: takes float32 images, ``(N, C, H, W)``, and returns logits, ``(N, classes)``.
        images: ``(N, C, H, W)``, uint8, which the model sees divided by 255, or float32, which it sees as they are.
        labels: int64, ``(N,)``, from 0.
        epochs: times that every image is seen, at least 1.
        batch_size: images in a step, at least 1.
        learning_rate: the highest one, above 0.
        seed: of the order of the images and of all else that is drawn, such as dropout. It sets PyTorch's own
            generator. The weights that the model starts from are drawn before, so seed those where you make it.
        device: where to train, such as ``"cuda"``; None leaves the model where it is.
        progress: whether to draw a progress bar, if standard error is a terminal.

    Raises:
        ValueError: an argument is not as said above, the model does not take images of that size or number of
            channels, or a label is not below the number of logits.
        FloatingPointError: the loss is NaN or infinite; raised at that step.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2; Smith and Topin,
    "Super-Convergence" (2018), section 2. Used from chapter ``pooling`` on.
    """
    _check_count("epochs", epochs)
    _check_count("batch_size", batch_size)
    if not (isinstance(learning_rate, int | float) and 0 < learning_rate < math.inf):
        raise ValueError(f"learning_rate is {learning_rate!r}; expected a number above 0")
    classes = _check_images(images, model)
    _check_labels(labels, images, classes)

    device = _device(model) if device is None else torch.device(device)
    model.to(device, memory_format=torch.channels_last)
    images, labels = images.to(device), labels.to(device)

    generator = torch.manual_seed(seed)
    steps = epochs * math.ceil(len(images) / batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    history = History()
    model.train()
    # With disable=None the bar shows on a terminal only, so it never ends up in a page.
    with tqdm(total=steps, disable=None if progress else True) as bar:
        for _ in range(epochs):
            named = 0
            for batch in torch.randperm(len(images), generator=generator).to(device).split(batch_size):
                logits = model(_as_input(images[batch]))
                loss = F.cross_entropy(logits, labels[batch])
                history.loss.append(loss.item())
                if not math.isfinite(history.loss[-1]):
                    raise FloatingPointError(
                        f"the loss is {history.loss[-1]} at step {len(history.loss)} of {steps}: are the images "
                        f"finite, and is the learning rate of {learning_rate} too high?"
                    )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                named += (logits.argmax(1) == labels[batch]).sum().item()
                bar.update()
                bar.set_postfix(loss=f"{history.loss[-1]:.3f}", refresh=False)
            history.accuracy.append(named / len(images))
    model.eval()
    return history


def predict(model, images, batch_size=250) -> torch.Tensor:
    """The class that a model gives each image.

    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(28 * 28, 10))
    >>> predict(model, torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5])

    Args:
        model, images: as for `fit`.
        batch_size: images at a time, at least 1.

    Returns:
        int64, ``(N,)``, on the CPU. The model is asked in evaluation mode, and left as it was.

    Raises:
        ValueError: as for `fit`.

    Used from chapter ``pooling`` on.
    """
    _check_count("batch_size", batch_size)
    _check_images(images, model)
    return _answers(model, images, batch_size)


def evaluate(model, images, labels, batch_size=250) -> float:
    """The share of images that a model names rightly, 0 to 1.

    >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(28 * 28, 10))
    >>> 0 <= evaluate(model, torch.rand(50, 1, 28, 28), labels=torch.randint(10, (50,))) <= 1
    True

    Args and errors: as for `fit` and `predict`.

    Used from chapter ``pooling`` on.
    """
    _check_count("batch_size", batch_size)
    classes = _check_images(images, model)
    _check_labels(labels, images, classes)
    return (_answers(model, images, batch_size) == labels.cpu()).float().mean().item()


def _as_input(images):
    if images.dtype == torch.uint8:
        images = images.float() / 255
    return images.contiguous(memory_format=torch.channels_last)


def _logits(model, images):
    """What the model answers in evaluation mode; it is left in the mode that it was in."""
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        logits = model(_as_input(images.to(_device(model))))
    model.train(was_training)
    return logits


def _answers(model, images, batch_size):
    return torch.cat([_logits(model, batch).argmax(1).cpu() for batch in images.split(batch_size)])


def _device(model):
    return next(model.parameters()).device


def _check_count(name, value):
    if type(value) is not int or value < 1:
        raise ValueError(f"{name} is {value!r}; expected a whole number of at least 1")


def _check_images(images, model):
    """Whether the model takes them; the number of its logits."""
    if not isinstance(images, torch.Tensor) or images.dtype not in (torch.uint8, torch.float32):
        kind = images.dtype if isinstance(images, torch.Tensor) else type(images).__name__
        raise ValueError(f"images is {kind}; expected a tensor of uint8 or float32")
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(f"images has shape {tuple(images.shape)}; expected (N, C, H, W), N at least 1")
    try:
        return _logits(model, images[:1]).shape[1]
    except RuntimeError as problem:
        raise ValueError(
            f"images has shape {tuple(images.shape)}, which the model does not take: {problem}"
        ) from problem


def _check_labels(labels, images, classes):
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64:
        kind = labels.dtype if isinstance(labels, torch.Tensor) else type(labels).__name__
        raise ValueError(f"labels is {kind}; expected a tensor of int64")
    if labels.shape != images.shape[:1]:
        raise ValueError(f"labels has shape {tuple(labels.shape)}; expected ({len(images)},), one an image")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels run from {labels.min()} to {labels.max()}; expected 0 to {classes - 1}, as the model has "
            f"{classes} logits"
        )
