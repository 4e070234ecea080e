"""Train a classifier, a detector or a segmenter and see what it answers: plain PyTorch, all data in memory, no worker processes."""

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from tqdm import tqdm

from cnnbook.boxes import Detections, nms, yolo_decode, yolo_encode
from cnnbook.counts import check_count


def plus_minus(scores) -> str:
    """The mean of what several seeds scored, and half of what lies between the lowest and the highest, to one decimal.

    >>> plus_minus([86.4, 87.0, 86.6])
    '86.7 ±0.3'
    """
    low, high = min(scores), max(scores)
    return f"{sum(scores) / len(scores):.1f} ±{(high - low) / 2:.1f}"


@dataclass
class History:
    """What happened while a model was trained.

    >>> history = History(loss=[2.3, 1.1, 0.9, 0.8], accuracy=[0.55, 0.81])
    >>> history.accuracy[-1]
    0.81

    Attributes:
        loss: of the batch, one for each step; of a classifier the mean cross-entropy, in nats.
        accuracy: of a classifier: share of the training images that were named rightly, 0 to 1, one for each epoch;
            each image counts as the model stood when it was its turn.
        terms: of a detector: the parts of the loss, by their names, each as ``loss``.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    terms: dict[str, list[float]] = field(default_factory=dict)


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
    _check_schedule(epochs, batch_size, learning_rate)
    _check_labels(labels, images, classes=_check_images(images, model)[1])

    device = _on_device(model, device)
    images, labels = images.to(device), labels.to(device)
    named = []

    def loss_of(batch):
        logits = model(_as_input(images[batch]))
        named.append((logits.argmax(1) == labels[batch]).sum())
        return F.cross_entropy(logits, labels[batch])

    history = History()
    generator = torch.manual_seed(seed)
    _descend(model, loss_of, history, generator, len(images), epochs, batch_size, learning_rate, progress)
    of_epochs = torch.stack(named).unflatten(0, (epochs, -1)).sum(1)
    history.accuracy = [count.item() / len(images) for count in of_epochs]
    return history


def fit_detector(
    model,
    scenes,
    *,
    loss,
    epochs,
    neighbours=1,
    batch_size=32,
    learning_rate=0.03,
    flip=True,
    seed=0,
    device=None,
    progress=True,
) -> History:
    """Train a YOLO, in place, to find the objects of scenes.

    >>> scenes = shop_windows(100)
    >>> history = fit_detector(TinyYOLO(5), scenes, loss=yolo_loss, epochs=2)
    >>> len(history.loss), [*history.terms]
    (8, ['box', 'confidence', 'class'])

    As `fit`, with AdamW and one-cycle; the rate rises during the first fifth of the steps, and gradients longer than 10
    are shortened to that.

    Args:
        model: such as `cnnbook.nets.TinyYOLO`.
        scenes: `cnnbook.data.Scenes`, whose objects are to be found.
        loss: takes the model, its raw numbers and the targets, and returns the terms by name:
            `cnnbook.nets.yolo_loss` or `cnnbook.nets.yolo_v1_loss`.
        neighbours: whether the cells around a centre's are in charge too, 1 or 0; see `cnnbook.boxes.yolo_encode`.
        flip: whether to mirror half of the scenes, left to right, anew each time.
        epochs, batch_size, learning_rate, seed, device, progress: as for `fit`.

    Raises:
        ValueError, FloatingPointError: as for `fit`, and as for `cnnbook.boxes.yolo_encode`.

    Source: Redmon et al., "You Only Look Once" (2016), section 2.2, with the optimizer of `fit`. Used in the chapter
    ``detection``, "Train it".
    """
    _check_schedule(epochs, batch_size, learning_rate)
    _check_images(scenes.images, model)
    device = _on_device(model, device)
    images = scenes.images.to(device)
    targets = _targets(model, scenes, neighbours).to(device)
    history = History()
    generator = torch.manual_seed(seed)

    def loss_of(batch):
        seen, true = images[batch], targets[batch]
        if flip:
            mirrored = (torch.rand(len(batch), generator=generator) < 0.5).to(device)
            seen[mirrored], true[mirrored] = seen[mirrored].flip(3), _mirrored(true[mirrored])
        with _quick_arithmetic(device):
            raw = model(_as_input(seen))
        terms = loss(model, raw.float(), true)
        for name, term in terms.items():
            history.terms.setdefault(name, []).append(term.item())
        return sum(terms.values())

    schedule = epochs, batch_size, learning_rate, progress
    _descend(model, loss_of, history, generator, len(images), *schedule, warm_up=0.2, longest=10)
    return history


def fit_segmenter(
    model,
    scenes,
    *,
    epochs,
    batch_size=16,
    learning_rate=0.01,
    ignore=255,
    flip=True,
    seed=0,
    device=None,
    progress=True,
) -> History:
    """Train a segmentation network, in place, to name every pixel.

    >>> scenes = shop_windows(100)
    >>> history = fit_segmenter(UNet(num_classes=6), scenes, epochs=2)
    >>> len(history.loss)
    14

    AdamW and one-cycle as in `fit_detector` lower the cross-entropy, the mean over the pixels of a batch.

    Args:
        model: such as `cnnbook.nets.UNet`: takes images ``(N, C, H, W)`` and returns logits ``(N, classes, H, W)``.
        scenes: `cnnbook.data.Scenes` with masks.
        ignore: the value of a mask's pixels that do not count.
        flip: whether to mirror half of the scenes, left to right, anew each time.
        epochs, batch_size, learning_rate, seed, device, progress: as for `fit`.

    Raises:
        ValueError: as for `fit`; the scenes have no masks, other than one an image, or none with a pixel that counts;
            the model's logits are not as large as the masks, or too few for their classes.
        FloatingPointError: as for `fit`.

    Source: Ronneberger et al., "U-Net" (2015), section 3, without its weights for borders. Used in the chapter
    ``segmentation``.
    """
    _check_schedule(epochs, batch_size, learning_rate)
    _check_masks(scenes, _check_images(scenes.images, model), ignore)
    device = _on_device(model, device)
    images, masks = scenes.images.to(device), scenes.masks.to(device)
    history = History()
    generator = torch.manual_seed(seed)

    def loss_of(batch):
        seen, true = images[batch], masks[batch].long()
        if flip:
            mirrored = (torch.rand(len(batch), generator=generator) < 0.5).to(device)
            seen[mirrored], true[mirrored] = seen[mirrored].flip(3), true[mirrored].flip(2)
        with _quick_arithmetic(device):
            logits = model(_as_input(seen))
        counted = (true != ignore).sum().clamp(min=1)  # a batch may have no pixel that counts
        return F.cross_entropy(logits.float(), true, ignore_index=ignore, reduction="sum") / counted

    schedule = epochs, batch_size, learning_rate, progress
    _descend(model, loss_of, history, generator, len(images), *schedule, warm_up=0.2, longest=10)
    return history


def _descend(
    model,
    loss_of,
    history,
    generator,
    count,
    epochs,
    batch_size,
    learning_rate,
    progress,
    warm_up=0.3,
    longest=math.inf,
):
    """Lower the loss of batches, given as the numbers of what is in them, step by step."""
    steps = epochs * math.ceil(count / batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, learning_rate, total_steps=steps, pct_start=warm_up
    )
    model.train()
    # With disable=None the bar shows on a terminal only, so it never ends up in a page.
    with tqdm(total=steps, disable=None if progress else True) as bar:
        for _ in range(epochs):
            order = torch.randperm(count, generator=generator)
            for batch in order.to(_device(model)).split(batch_size):
                loss = loss_of(batch)
                history.loss.append(loss.item())
                if not math.isfinite(history.loss[-1]):
                    raise FloatingPointError(
                        f"the loss is {history.loss[-1]} at step {len(history.loss)} of {steps}: are the images "
                        f"finite, and is the learning rate of {learning_rate} too high?"
                    )
                optimizer.zero_grad()
                loss.backward()
                if longest < math.inf:
                    torch.nn.utils.clip_grad_norm_(model.parameters(), longest)
                optimizer.step()
                schedule.step()
                bar.update()
                bar.set_postfix(loss=f"{history.loss[-1]:.3f}", refresh=False)
    model.eval()


def _quick_arithmetic(device):
    """Sixteen bits, on a processor that has matrix tiles for them; one without is faster with thirty-two."""
    fast = device.type == "cpu" and torch.cpu.get_capabilities().get("amx_bf16", False)
    return torch.autocast("cpu", torch.bfloat16, enabled=fast)


def _targets(model, scenes, neighbours):
    """What the model should say to each scene, ``(N, rows, cols, 5 + classes)``."""
    rows, cols = _raw(model, scenes.images[:1]).shape[2:]
    if rows != cols:
        raise ValueError(
            f"scenes has images of {tuple(scenes.images.shape[2:])}, for which the model has {rows} × {cols} cells; "
            "expected as many rows as columns"
        )
    size = tuple(scenes.images.shape[2:])
    return torch.stack(
        [
            yolo_encode(
                boxes,
                labels,
                grid=rows,
                num_classes=model.num_classes,
                image_size=size,
                neighbours=neighbours,
            )
            for boxes, labels in zip(scenes.boxes, scenes.labels, strict=True)
        ]
    )


def _mirrored(targets):
    targets = targets.flip(2)
    targets[..., 0] = torch.where(targets[..., 4] > 0, 1 - targets[..., 0], 0)
    return targets


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
    check_count("batch_size", batch_size)
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
    check_count("batch_size", batch_size)
    _check_labels(labels, images, classes=_check_images(images, model)[1])
    return (_answers(model, images, batch_size) == labels.cpu()).float().mean().item()


def segment(model, images, batch_size=250) -> torch.Tensor:
    """The class that a segmentation network gives each pixel.

    >>> segment(UNet(num_classes=6), torch.rand(2, 1, 96, 96)).shape
    torch.Size([2, 96, 96])

    Args:
        model: as for `fit_segmenter`.
        images: as for `fit`.
        batch_size: images at a time, at least 1.

    Returns:
        uint8, ``(N, H, W)``, on the CPU.

    Raises:
        ValueError: as for `fit`; the model's answer to an image is not as large as the image, as a `UNet`'s is where the
            sides do not divide by its strides, or names more than 256 classes.

    Used in the chapter ``segmentation``.
    """
    check_count("batch_size", batch_size)
    _, classes, *answered = _check_images(images, model)
    if answered != [*images.shape[2:]] or classes > 256:
        raise ValueError(
            f"the model names {classes} classes at {tuple(answered)} pixels; expected at most 256, at "
            f"{tuple(images.shape[2:])}"
        )
    return _answers(model, images, batch_size).to(torch.uint8)


def detect(
    model, images, *, confidence=0.05, iou_threshold=0.5, every_class=False, batch_size=250
) -> list[Detections]:
    """The objects that a YOLO finds in each image, the surest first.

    >>> first, second = detect(TinyYOLO(5), torch.rand(2, 1, 96, 96), confidence=0.01)
    >>> first.boxes.shape[1]
    4

    Args:
        model: such as `cnnbook.nets.TinyYOLO`.
        images: as for `fit`.
        confidence: boxes with a lower score are left out, 0 to 1.
        iou_threshold: of the non-maximum suppression, for each class by itself; 1 suppresses none.
        every_class: whether a box may count for each of its cell's classes, as average precision wants it, or only for
            the best one.
        batch_size: images at a time, at least 1.

    Returns:
        For each image its detections, on the CPU: boxes in pixels, cut off at the image's edges.

    Raises:
        ValueError: as for `fit` and `cnnbook.boxes.nms`, or ``confidence`` is not from 0 to 1.

    Used in the chapter ``detection``.
    """
    check_count("batch_size", batch_size)
    _check_images(images, model)
    if not 0 <= confidence <= 1:
        raise ValueError(f"confidence is {confidence!r}; expected a number from 0 to 1")
    height, width = images.shape[2:]
    edges = torch.tensor([width, height, width, height])
    answers = []
    for batch in images.split(batch_size):
        for vectors in model.vectors(_raw(model, batch)).cpu():
            boxes, scores, labels = yolo_decode(
                vectors,
                num_classes=model.num_classes,
                image_size=(height, width),
                boxes_per_cell=model.boxes_per_cell,
                every_class=every_class,
            )
            sure = scores >= confidence
            boxes, scores, labels = boxes[sure].clamp(min=0).minimum(edges), scores[sure], labels[sure]
            kept = nms(boxes, scores, iou_threshold, labels)
            answers.append(Detections(boxes[kept], scores[kept], labels[kept]))
    return answers


def _as_input(images):
    if images.dtype == torch.uint8:
        images = images.float() / 255
    return images.contiguous(memory_format=torch.channels_last)


def _on_device(model, device):
    """Move the model to the device, or leave it where it is; where it then is."""
    device = _device(model) if device is None else torch.device(device)
    model.to(device, memory_format=torch.channels_last)
    return device


def _raw(model, images):
    """What the model answers in evaluation mode; it is left in the mode that it was in."""
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        raw = model(_as_input(images.to(_device(model))))
    model.train(was_training)
    return raw


def _answers(model, images, batch_size):
    return torch.cat([_raw(model, batch).argmax(1).cpu() for batch in images.split(batch_size)])


def _device(model):
    return next(model.parameters()).device


def _check_schedule(epochs, batch_size, learning_rate):
    check_count("epochs", epochs)
    check_count("batch_size", batch_size)
    if not (isinstance(learning_rate, int | float) and 0 < learning_rate < math.inf):
        raise ValueError(f"learning_rate is {learning_rate!r}; expected a number above 0")


def _check_images(images, model):
    """Whether the model takes them; the shape of what it says of the first: logits, or maps."""
    if not isinstance(images, torch.Tensor) or images.dtype not in (torch.uint8, torch.float32):
        kind = images.dtype if isinstance(images, torch.Tensor) else type(images).__name__
        raise ValueError(f"images is {kind}; expected a tensor of uint8 or float32")
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(f"images has shape {tuple(images.shape)}; expected (N, C, H, W), N at least 1")
    try:
        return _raw(model, images[:1]).shape
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


def _check_masks(scenes, logits, ignore):
    """Whether the logits' shape ``(1, classes, H, W)`` suits the scenes' masks ``(N, H, W)``."""
    masks = scenes.masks
    if masks is None:
        raise ValueError("scenes has no masks; expected a mask for each image")
    if type(ignore) is not int:
        raise ValueError(f"ignore is {ignore!r}; expected an int")
    if masks.is_floating_point() or masks.ndim != 3 or len(masks) != len(scenes.images):
        raise ValueError(
            f"masks is {masks.dtype} {tuple(masks.shape)}; expected integers ({len(scenes.images)}, H, W), one mask an image"
        )
    if logits[2:] != masks.shape[1:]:
        raise ValueError(
            f"the model answers for {tuple(logits[2:])} pixels; expected {tuple(masks.shape[1:])}, as the masks have"
        )
    named = masks[masks != ignore]
    if not len(named):
        raise ValueError(f"the masks are {ignore} everywhere, which does not count; expected some class")
    if named.min() < 0 or named.max() >= logits[1]:
        raise ValueError(
            f"the masks name classes from {named.min()} to {named.max()}; expected 0 to {logits[1] - 1}, as the model has "
            f"{logits[1]} logits, or {ignore}, which does not count"
        )
