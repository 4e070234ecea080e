"""A segmenter is trained and asked: small, on one thread."""

import pytest
import torch
import torch.nn.functional as F

from cnnbook import data, nets, training

SCENES = data.shop_windows(16, seed=5)


def small():
    torch.manual_seed(0)
    return nets.UNet(1, 6, (8, 12, 16))


def fitted(scenes=SCENES, epochs=2, seed=0, **settings):
    model = small()
    return model, training.fit_segmenter(
        model, scenes, epochs=epochs, batch_size=8, learning_rate=0.02, seed=seed, **settings
    )


def test_a_segmenter_learns_a_handful_of_scenes_by_heart():
    model, history = fitted(epochs=80, flip=False)
    assert len(history.loss) == 160 and history.loss[-1] < history.loss[0] / 5
    answer = training.segment(model, SCENES.images)
    garment = SCENES.masks > 0
    assert (answer == SCENES.masks)[garment].float().mean() > 0.9


def test_answers_are_the_largest_logits_whatever_the_batch():
    model, _ = fitted()
    with torch.inference_mode():
        expected = model(SCENES.images.float() / 255).argmax(1)
    answer = training.segment(model, SCENES.images, batch_size=5)
    assert answer.dtype == torch.uint8 and torch.equal(answer.long(), expected)


def test_the_same_seed_gives_the_same_weights():
    same, again, other = (fitted(seed=seed)[0].state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(same[name], again[name]) for name in same)
    assert any(not torch.equal(same[name], other[name]) for name in same)


def test_the_first_loss_is_torch_s_and_ignored_pixels_do_not_count():
    masks = SCENES.masks[:8].clone()
    masks[:, :, :40] = 255
    scenes = SCENES._replace(images=SCENES.images[:8], masks=masks)
    _, history = fitted(scenes, epochs=1, flip=False)
    logits = small().train()(scenes.images.float() / 255)[..., 40:]
    expected = F.cross_entropy(logits, masks[..., 40:].long())
    assert history.loss[0] == pytest.approx(expected.item(), rel=1e-2)  # 16 bits on some processors


class ByBrightness(torch.nn.Module):
    """Names a pixel by its grey, 40 for each class, with no eye for its neighbours."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(50.0))

    def forward(self, images):
        greys = torch.arange(6)[:, None, None] * 40 / 255
        return -self.scale * (images - greys).abs()


def test_a_scene_and_its_mask_are_mirrored_together():
    scenes = SCENES._replace(images=40 * SCENES.masks[:, None])
    history = training.fit_segmenter(ByBrightness(), scenes, epochs=2, batch_size=8, learning_rate=1e-6)
    assert max(history.loss) < 0.01


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"masks": None}, "no masks"),
        ({"masks": SCENES.masks[:, :48]}, r"answers for \(96, 96\) pixels; expected \(48, 96\)"),
        ({"masks": SCENES.masks + 3}, "classes from 3 to 8; expected 0 to 5"),
        ({"masks": SCENES.masks.long() - 1}, "classes from -1 to 4; expected 0 to 5"),
        ({"masks": SCENES.masks[:9]}, r"\(9, 96, 96\); expected integers \(16, H, W\)"),
        ({"masks": SCENES.masks.float()}, "torch.float32"),
        ({"masks": torch.full_like(SCENES.masks, 255)}, "255 everywhere"),
        ({"images": SCENES.images.double()}, "images is torch.float64"),
    ],
)
def test_scenes_that_do_not_suit_the_model_are_named(change, told):
    with pytest.raises(ValueError, match=told):
        fitted(SCENES._replace(**change))


def test_a_batch_in_which_no_pixel_counts_teaches_nothing():
    masks = SCENES.masks.clone()
    masks[1:] = 255
    _, history = fitted(SCENES._replace(masks=masks), epochs=1)
    assert sorted(loss > 0 for loss in history.loss) == [False, True]


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(96 * 90, 6)), r"at \(\) pixels"),
        (
            nets.UNet(1, 6, (2, 2, 2), skips=False),
            r"at \(96, 88\) pixels; expected at most 256, at \(96, 90\)",
        ),
        (torch.nn.Conv2d(1, 257, 1), "names 257 classes"),
    ],
    ids=["a classifier", "sides that do not divide", "too many classes"],
)
def test_what_does_not_name_every_pixel_is_refused(model, told):
    with pytest.raises(ValueError, match=told):
        training.segment(model, SCENES.images[..., :90])


@pytest.mark.parametrize(
    "settings", [{"ignore": "x"}, {"epochs": 0}, {"learning_rate": 0}, {"batch_size": 1.5}]
)
def test_wrong_schedules_are_named(settings):
    with pytest.raises(ValueError, match=f"{next(iter(settings))} is"):
        training.fit_segmenter(small(), SCENES, **({"epochs": 1} | settings))
