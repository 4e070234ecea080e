"""Training repeats itself from a seed, learns, and stops at once with a sentence where it cannot go on."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from cnnbook import training


def bars(count, seed=0, size=(8, 11)):
    """Images of one bright bar: class 0 lies, class 1 stands. Neither a pixel nor the sum gives it away."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.zeros(count, 1, *size, dtype=torch.uint8)
    labels = torch.randint(2, (count,), generator=generator)
    rows, columns = (torch.randint(side - 3, (count,), generator=generator).tolist() for side in size)
    for image, label, row, column in zip(images, labels, rows, columns, strict=True):
        down, across = (4, 1) if label else (1, 4)
        image[0, row : row + down, column : column + across] = 255
    return images, labels


def small_net(seed=0, classes=2):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes),
    )  # fmt: skip


def train(seed=0, **changes):
    model = small_net()
    images, labels = bars(200)
    settings = dict(epochs=3, batch_size=32, seed=seed, progress=False) | changes
    return model, training.fit(model, images, labels, **settings)


def test_it_learns_what_can_be_learned():
    model, history = train(epochs=12)
    assert training.evaluate(model, *bars(200, seed=1)) > 0.98
    assert sum(history.loss[-7:]) < sum(history.loss[:7]) / 2
    assert history.accuracy[-1] > 0.95


def test_history_has_an_entry_for_each_step_and_each_epoch():
    _, history = train(epochs=2, batch_size=64)
    assert len(history.loss) == 2 * math.ceil(200 / 64)
    assert len(history.accuracy) == 2


def test_the_first_loss_and_the_accuracy_are_torch_s():
    """One step with all images: the loss and the accuracy are those of the model before it learned anything."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(88, 2))
    images, labels = bars(50)
    before = copy.deepcopy(model)(images.float() / 255)
    history = training.fit(model, images, labels, epochs=1, batch_size=50)
    assert history.loss == [pytest.approx(nn.functional.cross_entropy(before, labels).item(), rel=1e-5)]
    assert history.accuracy == [pytest.approx((before.argmax(1) == labels).float().mean().item())]


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    (one, history), (same, same_history), (other, _) = train(), train(), train(seed=1)
    assert history == same_history
    weights = [torch.cat([p.flatten() for p in model.parameters()]) for model in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_uint8_images_are_seen_divided_by_255():
    images, labels = bars(200)
    _, history = train()
    same = training.fit(small_net(), images.float() / 255, labels, epochs=3, batch_size=32)
    assert same == history


def test_the_model_is_left_ready_to_use_and_a_question_changes_nothing():
    model, _ = train(epochs=1)
    assert not model.training
    model.train()
    state = copy.deepcopy(model.state_dict())
    training.evaluate(model, *bars(20))
    assert model.training
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())


def test_predict_is_the_largest_logit_whatever_the_batch():
    model, _ = train(epochs=1)
    images, labels = bars(25, seed=2)
    classes = model(images.float() / 255).argmax(1)
    for batch_size in (1, 7, 1000):
        assert torch.equal(training.predict(model, images, batch_size), classes)
    assert training.evaluate(model, images, labels) == pytest.approx(
        (classes == labels).float().mean().item()
    )


def test_a_loss_that_is_not_a_number_stops_it_at_once():
    images, labels = bars(200)
    images = images.float()
    images[:] = math.nan
    with pytest.raises(FloatingPointError, match="the loss is nan at step 1 of 21"):
        training.fit(small_net(), images, labels, epochs=3, batch_size=32)


@pytest.mark.parametrize(
    ("scores", "text"),
    [([86.4, 87.0, 86.6], "86.7 ±0.3"), (np.array([5.0]), "5.0 ±0.0"), ((9.96, -10.04), "-0.0 ±10.0")],
)
def test_plus_minus_is_the_mean_and_half_the_range(scores, text):
    assert training.plus_minus(scores) == text
    mean, half = (float(part) for part in text.split(" ±"))
    assert (mean, half) == pytest.approx((np.mean(scores), np.ptp(scores) / 2), abs=0.051)


def test_nothing_is_written_where_no_terminal_is(capsys):
    train(progress=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(epochs=0), "epochs is 0; expected a whole number"),
        (dict(epochs=1.5), "epochs is 1.5"),
        (dict(batch_size=0), "batch_size is 0"),
        (dict(batch_size=True), "batch_size is True"),
        (dict(learning_rate=0), "learning_rate is 0; expected a number above 0"),
        (dict(learning_rate=math.nan), "learning_rate is nan"),
        (dict(images=torch.zeros(4, 8, 11)), r"images has shape \(4, 8, 11\); expected \(N, C, H, W\)"),
        (dict(images=torch.zeros(0, 1, 8, 11)), r"images has shape \(0, 1, 8, 11\)"),
        (
            dict(images=torch.zeros(4, 3, 8, 11)),
            r"images has shape \(4, 3, 8, 11\), which the model does not take",
        ),
        (dict(images=torch.zeros(4, 1, 8, 11, dtype=torch.int16)), "images is torch.int16; expected"),
        (dict(images=[[1, 2]]), "images is list; expected a tensor"),
        (dict(labels=torch.zeros(3, dtype=torch.int64)), r"labels has shape \(3,\); expected \(4,\)"),
        (dict(labels=torch.zeros(4)), "labels is torch.float32; expected"),
        (dict(labels=[0, 1, 0, 1]), "labels is list; expected a tensor"),
        (dict(labels=torch.tensor([0, 1, 2, 1])), "labels run from 0 to 2; expected 0 to 1"),
        (dict(labels=torch.tensor([0, -1, 0, 1])), "labels run from -1 to 1; expected 0 to 1"),
    ],
)
def test_bad_arguments_are_named_before_any_work(changes, message):
    model = small_net()
    before = copy.deepcopy(model.state_dict())
    arguments = dict(images=torch.zeros(4, 1, 8, 11), labels=torch.tensor([0, 1, 0, 1]), epochs=1) | changes
    with pytest.raises(ValueError, match=message):
        training.fit(model, **arguments)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    if not {"images", "labels"}.isdisjoint(changes):
        with pytest.raises(ValueError, match=message):
            training.evaluate(model, arguments["images"], arguments["labels"])
