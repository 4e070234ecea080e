"""BoxLab: two boxes and how well they fit; many boxes, which of them to keep, and how good they are (chapter ``detection``)."""

import numpy as np
import traitlets

from cnnbook.figures.figure import Figure
from cnnbook.figures.picture import GreyImages

_STAGE = (96, 64)  # width and height, in units
_MOST_IMAGES = 12
_MOST_SCENES = 200


class Boxes(traitlets.TraitType):
    """A trait that holds the boxes of many scenes, with their classes and, if `scored`, their scores.

    >>> Boxes.packed([(np.array([[0, 1.25, 30, 40]]), np.array([0.9]), np.array([4]))])
    [{'boxes': [0, 125, 3000, 4000], 'labels': [4], 'scores': [9000]}]

    Each scene is ``(boxes, scores, labels)``, such as `cnnbook.boxes.Detections`, or ``(boxes, labels)``: anything that
    NumPy makes arrays of, with shapes ``(N, 4)`` and ``(N,)``. Edges are rounded to 0.01 pixels and scores to 0.0001:
    Python and the page hold the same numbers.

    Raises:
        ValueError: for anything else; the message names the scene.

    Used by `BoxLab`.
    """

    def __init__(self, scored, **kwargs):
        super().__init__(default_value=(), **kwargs)
        self._parts = ("boxes", "scores", "labels") if scored else ("boxes", "labels")
        self.tag(to_json=lambda value, widget: self.packed(value))

    def validate(self, obj, value):
        return [self._scene(f"{self.name}[{number}]", scene) for number, scene in enumerate(value)]

    def _scene(self, name, scene):
        if len(scene) != len(self._parts):
            raise ValueError(f"{name} has {len(scene)} parts; expected {', '.join(self._parts)}")
        boxes, *scores, labels = map(np.asarray, scene)
        if boxes.size == 0:
            boxes = boxes.reshape(0, 4)
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"{name} has boxes of {boxes.shape}; expected (N, 4)")
        right = np.isfinite(boxes).all(1) & (boxes[:, :2] <= boxes[:, 2:]).all(1)
        if not right.all():
            raise ValueError(
                f"{name} has the box {boxes[~right][0].tolist()}; expected finite x1, y1, x2, y2, x1 <= x2 and y1 <= y2"
            )
        for part, numbers in zip(self._parts[1:], [*scores, labels], strict=True):
            if numbers.shape != (len(boxes),):
                raise ValueError(f"{name} has {part} of {numbers.shape}; expected ({len(boxes)},), one a box")
        for numbers in scores:
            if not ((numbers >= 0) & (numbers <= 1)).all():
                raise ValueError(f"{name} has scores {numbers.tolist()}; expected 0 to 1")
        if len(boxes) and not (np.issubdtype(labels.dtype, np.integer) and labels.min() >= 0):
            raise ValueError(
                f"{name} has labels {labels.dtype} {labels.tolist()}; expected whole numbers from 0"
            )
        rounded = [np.round(numbers.astype(float) * 10_000) / 10_000 for numbers in scores]
        return (np.round(boxes.astype(float) * 100) / 100, *rounded, labels.astype(int))

    @staticmethod
    def packed(scenes):
        def whole(numbers, unit):
            return np.round(numbers * unit).astype(int).ravel().tolist()

        return [
            {"boxes": whole(boxes, 100), "labels": labels.tolist()}
            | ({"scores": whole(*scores, 10_000)} if scores else {})
            for boxes, *scores, labels in scenes
        ]


class BoxLab(Figure):
    """Two boxes to drag, with their IoU written out; and a detector's many boxes, with the thresholds that choose among them.

    >>> lab = BoxLab(box_a=[0, 0, 40, 20], box_b=[20, 0, 60, 20])
    >>> lab.view
    'two boxes'
    >>> scenes = shop_windows(60, split="test")
    >>> lab = BoxLab(
    ...     view="predictions",
    ...     images=scenes.images[:8, 0].numpy(),
    ...     detections=detect(model, scenes.images, confidence=0.02, iou_threshold=1),
    ...     truths=list(zip(scenes.boxes, scenes.labels)),
    ...     classes=list(scenes.classes),
    ... )
    >>> lab.confidence, lab.iou_threshold
    (0.25, 0.5)

    The page itself suppresses, matches and counts: as `cnnbook.boxes.nms` and `cnnbook.boxes.precision_recall`, at an IoU
    of 0.5 with the truth.

    Args:
        view: ``"two boxes"``, or ``"predictions"``, which needs scenes.
        box_a, box_b: x1, y1, x2, y2, whole numbers, on a stage 96 wide and 64 high. A box may have no area.
        images: uint8, ``(m, height, width)``, one to twelve: the first of the scenes, which are shown.
        detections: for each of n scenes, m to 200, ``(boxes, scores, labels)``, such as `cnnbook.boxes.Detections`, before any
            is suppressed: `N` boxes in pixels, their scores from 0 to 1, their classes. See `Boxes` for the rounding.
        truths: for each of the n scenes ``(boxes, labels)`` of its objects.
        classes: the names of the classes.
        scene: the number of the scene that is shown.
        confidence: detections with a lower score are left out, 0 to 1.
        iou_threshold: of two boxes that overlap more than this, the one with the lower score is suppressed, 0 to 1.
        per_class: whether a box suppresses only boxes of its own class.
        suppressed: whether boxes that were suppressed are shown too.
        truth: whether the true boxes are shown too.
        label: the class whose precision and recall are drawn, or -1: all together.
        chosen: the number of the detection, among those of the scene, that the words are about; -1: none.

    Scenes and names stay as they are made; the rest Python can set.

    Raises:
        traitlets.TraitError: for a value out of bounds.
        ValueError: for scenes whose parts do not fit each other.

    Sources: as in `cnnbook.boxes`.
    """

    images = GreyImages(default_value=None, allow_none=True).tag(
        sync=True, to_json=lambda images, _: None if images is None else GreyImages.packed(images)
    )
    detections = Boxes(scored=True).tag(sync=True)
    truths = Boxes(scored=False).tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)

    view = traitlets.Enum(["two boxes", "predictions"], default_value="two boxes").tag(sync=True)
    box_a = traitlets.List(traitlets.Int(), [20, 12, 60, 44], minlen=4, maxlen=4).tag(sync=True)
    box_b = traitlets.List(traitlets.Int(), [36, 20, 84, 52], minlen=4, maxlen=4).tag(sync=True)
    scene = traitlets.Int(0, min=0).tag(sync=True)
    confidence = traitlets.Float(0.25, min=0, max=1).tag(sync=True)
    iou_threshold = traitlets.Float(0.5, min=0, max=1).tag(sync=True)
    per_class = traitlets.Bool(True).tag(sync=True)
    suppressed = traitlets.Bool(True).tag(sync=True)
    truth = traitlets.Bool(False).tag(sync=True)
    label = traitlets.Int(-1, min=-1).tag(sync=True)
    chosen = traitlets.Int(-1, min=-1).tag(sync=True)

    def __init__(self, images=None, detections=(), truths=(), classes=(), **kwargs):
        cls = type(self)  # here the traits stand for themselves
        given = {
            "images": None if images is None else cls.images.validate(self, images),
            "detections": cls.detections.validate(self, detections),
            "truths": cls.truths.validate(self, truths),
            "classes": list(classes),
        }
        _check_scenes(**given)
        super().__init__(**given, **kwargs)

    @traitlets.validate("view")
    def _validate_view(self, proposal):
        if proposal["value"] == "predictions" and self.images is None:
            raise traitlets.TraitError("view is 'predictions', and there are no scenes; expected images")
        return proposal["value"]

    @traitlets.validate("box_a", "box_b")
    def _validate_box(self, proposal):
        x1, y1, x2, y2 = box = proposal["value"]
        width, height = _STAGE
        if not (0 <= x1 <= x2 <= width and 0 <= y1 <= y2 <= height):
            raise traitlets.TraitError(
                f"{proposal['trait'].name} is {box}; expected 0 <= x1 <= x2 <= {width}, 0 <= y1 <= y2 <= {height}"
            )
        return box

    @traitlets.validate("scene")
    def _validate_scene(self, proposal):
        return _below("scene", proposal["value"], 1 if self.images is None else len(self.images))

    @traitlets.validate("label")
    def _validate_label(self, proposal):
        return _below("label", proposal["value"], len(self.classes))

    @traitlets.validate("chosen")
    def _validate_chosen(self, proposal):
        shown = self.detections[self.scene][0] if self.images is not None else ()
        return _below("chosen", proposal["value"], len(shown))


def _check_scenes(images, detections, truths, classes):
    count = 0 if images is None else len(images)
    if count > _MOST_IMAGES:
        raise ValueError(f"there are {count} images; expected at most {_MOST_IMAGES}")
    if len(detections) != len(truths):
        raise ValueError(
            f"detections are of {len(detections)} scenes and truths of {len(truths)}; expected as many"
        )
    if not count <= len(detections) <= (_MOST_SCENES if count else 0):
        raise ValueError(
            f"there are {count} images and detections of {len(detections)} scenes; "
            f"expected at least one image, and detections of each, of at most {_MOST_SCENES} scenes"
        )
    for name, scenes in (("detections", detections), ("truths", truths)):
        for number, (*_, labels) in enumerate(scenes):
            if len(labels) and labels.max() >= len(classes):
                raise ValueError(
                    f"{name}[{number}] has label {labels.max()}; expected 0 to {len(classes) - 1}"
                )


def _below(name, value, count):
    if value >= count and value != -1:  # -1 stands for none, where the trait admits it
        raise traitlets.TraitError(f"{name} is {value}; expected a number below {count}")
    return value
