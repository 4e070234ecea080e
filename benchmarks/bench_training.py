"""Training: `training.fit` beside the loop of PyTorch's basic MNIST example, and the nets of chapter 1 trained at length."""

import itertools
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from benchmarks.table import print_table
from cnnbook import data, training
from cnnbook.nets import FullyConnected, SmallNet

TRAINED, TESTED = 10_000, 2_000
AT_LENGTH = 20_000
TARGET = 0.87
MOST_EPOCHS = 10
SEEDS = range(3)


class ExampleNet(nn.Sequential):
    """The net of the example: two 3 × 3 convolutions, one pooling, two linear layers with dropout between them."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout2d(0.25),
            nn.Flatten(),
            nn.Linear(9216, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 10),
        )


class Pictures(Dataset):
    """Garments one by one, as torchvision's data sets give them: a PIL image, changed to a tensor when asked for."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels
        self.transform = v2.Compose(
            [
                v2.ToPILImage(),
                v2.ToImage(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize([0.2860], [0.3530]),
            ]
        )

    def __len__(self):
        return len(self.images)

    def __getitem__(self, at):
        return self.transform(self.images[at]), int(self.labels[at])


def seconds_of_the_example(train, tests, seed):
    """The example's loop with its own settings: Adadelta from 1.0, 0.7 times that after each epoch, batches of 64."""
    torch.manual_seed(seed)
    model = ExampleNet()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    loader = DataLoader(Pictures(*train), batch_size=64, shuffle=True)
    test_loader = DataLoader(Pictures(*tests), batch_size=1000)
    spent = 0
    for epoch in range(1, MOST_EPOCHS + 1):
        start = time.perf_counter()
        model.train()
        for images, labels in loader:
            optimizer.zero_grad()
            F.nll_loss(F.log_softmax(model(images), dim=1), labels).backward()
            optimizer.step()
        schedule.step()
        spent += time.perf_counter() - start
        model.eval()
        with torch.inference_mode():
            right = sum((model(images).argmax(1) == labels).sum().item() for images, labels in test_loader)
        if right >= TARGET * len(tests[0]) or epoch == MOST_EPOCHS:
            return spent, epoch, right / len(tests[0])


def seconds_of_fit(train, tests, seed):
    """The shortest training with `fit` that gets there; each number of epochs starts afresh, as its schedule depends on it."""
    for epochs in range(1, MOST_EPOCHS + 1):
        torch.manual_seed(seed)
        model = ExampleNet()
        start = time.perf_counter()
        training.fit(
            model, *train, epochs=epochs, batch_size=64, learning_rate=0.003, seed=seed, progress=False
        )
        spent = time.perf_counter() - start
        accuracy = training.evaluate(model, *tests)
        if accuracy >= TARGET or epochs == MOST_EPOCHS:
            return spent, epochs, accuracy


def at_length(garments):
    """The nets of chapter ``fully_connected``, trained longer than the notebook has time for."""
    edge = 6
    train_images, train_labels = garments.train_images[:AT_LENGTH], garments.train_labels[:AT_LENGTH]
    centred = [F.pad(images, [edge] * 4) for images in (train_images, garments.test_images)]
    order = torch.randperm(28 * 28, generator=torch.manual_seed(0))
    plain = train_images, garments.test_images
    shuffled = [images.flatten(1)[:, order].reshape(images.shape) for images in plain]
    widths = 16, 32, 32
    fc = dict(epochs=5, batch_size=128, learning_rate=0.004)
    averaged = dict(epochs=3, batch_size=64, learning_rate=0.02)
    flattened = dict(epochs=2, batch_size=64, learning_rate=0.01)
    networks = {
        "fully connected": (lambda side: FullyConnected(side**2), fc),
        "CNN, averaged": (lambda side: SmallNet(widths=widths), averaged),
        "CNN, flattened": (lambda side: SmallNet(widths=widths, flatten=(side, side)), flattened),
    }
    experiments = {
        "shift": (centred, range(edge + 1)),
        "original": (plain, [0]),
        "shuffled": (shuffled, [0]),
    }
    rows = []
    for (experiment, case), (name, (network, schedule)) in itertools.product(
        experiments.items(), networks.items()
    ):
        (images, tests), shifts = case
        moved = [tests[:TESTED].roll(shift, dims=3) for shift in shifts]
        spent, shares = [], []
        for seed in SEEDS:
            torch.manual_seed(seed)
            model = network(images.shape[3])
            start = time.perf_counter()
            training.fit(model, images, train_labels, **schedule, seed=seed, progress=False)
            spent.append(time.perf_counter() - start)
            shares.append([training.evaluate(model, test, garments.test_labels[:TESTED]) for test in moved])
        means = 100 * np.mean(shares, axis=0)
        rows.append(
            {
                "experiment": f"{experiment}, {name}",
                "seconds": float(np.mean(spent)),
                "± over seeds": float(50 * np.ptp(shares, axis=0)[0]),
                "accuracy, % (at 0 to 6 px)": " ".join(f"{mean:.1f}" for mean in means),
            }
        )
    return rows


def main():
    garments = data.fashion_mnist()
    train = garments.train_images[:TRAINED], garments.train_labels[:TRAINED]
    tests = garments.test_images[:TESTED], garments.test_labels[:TESTED]
    rows = []
    for seed in SEEDS:
        theirs, ours = seconds_of_the_example(train, tests, seed), seconds_of_fit(train, tests, seed)
        for name, (spent, epochs, accuracy) in (("the example's loop", theirs), ("training.fit", ours)):
            row = {"loop": name, "seed": seed, "epochs": epochs, "accuracy": accuracy, "seconds": spent}
            rows.append(row | {"times as fast": theirs[0] / spent})
    print_table(f"Seconds to {TARGET:.0%} right on {TESTED:,} garments, {TRAINED:,} to learn from", rows)
    print_table(f"The nets of chapter 1, trained at length on {AT_LENGTH:,} garments", at_length(garments))


if __name__ == "__main__":
    main()
