"""A detector is trained and asked: small, on one thread."""

import pytest
import torch

from cnnbook import boxes, data, nets, training

SCENES = data.shop_windows(16, seed=5)


def fitted(seed=0, epochs=2, scenes=SCENES, **settings):
    torch.manual_seed(0)
    model = nets.TinyYOLO(5, widths=(8, 16, 32))
    return model, training.fit_detector(
        model,
        scenes,
        **({"loss": nets.yolo_loss, "epochs": epochs, "batch_size": 8, "seed": seed} | settings),
    )


def test_a_detector_learns_a_handful_of_scenes_by_heart():
    model, history = fitted(epochs=60, flip=False)
    assert len(history.loss) == 120 and [*history.terms] == ["box", "confidence", "class"]
    assert sum(term[-1] for term in history.terms.values()) == pytest.approx(history.loss[-1], rel=1e-5)
    found = training.detect(model, SCENES.images, confidence=0.01, every_class=True)
    assert boxes.average_precision(found, SCENES.truths, num_classes=5).nanmean() > 0.9


def test_the_same_seed_gives_the_same_weights():
    same, other = fitted(seed=3)[0].state_dict(), fitted(seed=4)[0].state_dict()
    again = fitted(seed=3)[0].state_dict()
    assert all(torch.equal(same[name], again[name]) for name in same)
    assert any(not torch.equal(same[name], other[name]) for name in same)


def test_a_mirrored_scene_has_mirrored_targets():
    model = nets.TinyYOLO(5)
    mirrored = tuple(
        torch.stack([96 - of[:, 2], of[:, 1], 96 - of[:, 0], of[:, 3]], dim=1) for of in SCENES.boxes
    )
    # A centre on the line between two cells belongs to the right one, mirrored or not: leave such scenes out.
    clear = [at for at, of in enumerate(SCENES.boxes) if (((of[:, 0] + of[:, 2]) / 2) % 8 != 0).all()]
    assert len(clear) > 8
    for neighbours in (0, 1):
        straight = training._targets(model, SCENES, neighbours)[clear]
        other = training._targets(model, SCENES._replace(boxes=mirrored), neighbours)[clear]
        assert torch.allclose(training._mirrored(straight), other, atol=1e-5)


def test_detections_are_those_of_the_raw_numbers_cut_off_at_the_edges():
    model, _ = fitted(epochs=20)
    for every_class in (False, True):
        answers = training.detect(
            model, SCENES.images, confidence=0.02, every_class=every_class, batch_size=5
        )
        with torch.inference_mode():
            vectors = model.vectors(model(SCENES.images.float() / 255))
        assert len(answers) == 16 and sum(len(each.boxes) for each in answers) > 16
        for of_scene, found in zip(vectors, answers, strict=True):
            raw = boxes.yolo_decode(of_scene, num_classes=5, image_size=96, every_class=every_class)
            sure = raw.scores >= 0.02
            clipped = raw.boxes[sure].clamp(0, 96)
            kept = boxes.nms(clipped, raw.scores[sure], 0.5, raw.labels[sure])
            assert torch.allclose(found.boxes, clipped[kept], atol=1e-3)
            assert torch.equal(found.labels, raw.labels[sure][kept])
            assert (found.scores.diff() <= 0).all()
    assert model.training is False


def test_the_model_is_left_in_its_mode():
    model = nets.TinyYOLO(5).train()
    training.detect(model, SCENES.images[:2])
    assert model.training


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fitted(epochs=0), "epochs is 0"),
        (lambda: fitted(learning_rate=0), "learning_rate is 0"),
        (lambda: fitted(neighbours=3), "neighbours is 3"),
        (lambda: fitted(scenes=SCENES._replace(images=SCENES.images.double())), "images is torch.float64"),
        (lambda: fitted(scenes=SCENES._replace(images=SCENES.images[..., :64])), "12 × 8 cells; expected as many"),
        (lambda: fitted(scenes=data.shop_windows(16, seed=1, classes=10)), "labels run from"),
        (lambda: training.detect(nets.TinyYOLO(5), SCENES.images, confidence=2), "confidence is 2; expected"),
        (lambda: training.detect(nets.TinyYOLO(5), SCENES.images, iou_threshold=-1), "iou_threshold is -1"),
        (lambda: training.detect(nets.TinyYOLO(5, in_channels=3), SCENES.images), "which the model does not take"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
