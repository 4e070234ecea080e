"""Masks against torchmetrics, and their outlines against SciPy's erosion, on random and on degenerate input."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassConfusionMatrix,
    MulticlassJaccardIndex,
)

from cnnbook import masks

CLASSES = 5


def blobs(seed, images=3, height=19, width=26, patch=(4, 6)):
    """A truth in patches of few classes, and a prediction that is the truth moved, with some pixels wrong."""
    generator = torch.manual_seed(seed)
    rows, cols = patch
    patches = torch.randint(CLASSES - 1, (images, height // rows + 1, width // cols + 1), generator=generator)
    target = patches.repeat_interleave(rows, 1).repeat_interleave(cols, 2)[:, :height, :width]
    noise = torch.randint(CLASSES - 1, target.shape, generator=generator)
    wrong = torch.rand(target.shape, generator=generator) < 0.02
    return noise.where(wrong, target.roll((1, 2), dims=(1, 2))), target


def with_ignored(target, seed, ignore=255):
    left_out = torch.rand(target.shape, generator=torch.manual_seed(seed)) < 0.03
    return target.masked_fill(left_out, ignore)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.sampled_from([None, 255, -100]))
def test_the_counts_are_torchmetrics(seed, ignore):
    predicted, target = blobs(seed)
    if ignore is not None:
        target = with_ignored(target, seed, ignore)
    ours = masks.confusion_matrix(predicted, target, CLASSES, ignore)
    theirs = MulticlassConfusionMatrix(CLASSES, ignore_index=ignore)(predicted, target)
    assert ours.dtype == torch.int64 and torch.equal(ours, theirs)

    # The last class is nowhere: torchmetrics calls that 0, and leaves it out of the mean.
    each = MulticlassJaccardIndex(CLASSES, average=None, ignore_index=ignore)(predicted, target)
    mean = MulticlassJaccardIndex(CLASSES, average="macro", ignore_index=ignore)(predicted, target)
    assert torch.allclose(masks.iou(ours)[:-1], each[:-1]) and masks.iou(ours)[-1].isnan()
    assert torch.isclose(masks.iou(ours).nanmean(), mean)

    for measure, average in ((masks.pixel_accuracy, "micro"), (masks.mean_accuracy, "macro")):
        theirs = MulticlassAccuracy(CLASSES, average=average, ignore_index=ignore)(predicted, target)
        assert measure(ours).shape == () and torch.isclose(measure(ours), theirs)


def test_rows_are_true_and_columns_predicted():
    target = torch.tensor([[[0, 0, 0], [1, 1, 255]]])
    predicted = torch.tensor([[[0, 2, 2], [1, 0, 0]]])
    confusion = masks.confusion_matrix(predicted, target, 4, ignore=255)
    assert confusion.tolist() == [[1, 0, 2, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    # Class 2 is predicted though it is nowhere, which is an error; class 3 is in neither, which is none.
    assert masks.iou(confusion)[:3].tolist() == pytest.approx([1 / 4, 1 / 2, 0])
    assert masks.iou(confusion)[3].isnan()
    assert masks.mean_accuracy(confusion).item() == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert masks.pixel_accuracy(confusion).item() == pytest.approx(2 / 5)


def test_matrices_of_parts_add_up_and_all_integers_serve():
    predicted, target = blobs(7)
    target = with_ignored(target, 7)
    whole = masks.confusion_matrix(predicted, target, CLASSES, 255)
    parts = [
        masks.confusion_matrix(p[None].to(kind), t[None].to(torch.uint8), CLASSES, 255)
        for p, t, kind in zip(predicted, target, (torch.uint8, torch.int16, torch.int32), strict=True)
    ]
    assert torch.equal(sum(parts), whole)


def test_where_no_pixel_counts_nothing_is_measured():
    nothing = torch.full((1, 4, 6), 255)
    confusion = masks.confusion_matrix(torch.zeros_like(nothing), nothing, CLASSES, 255)
    assert not confusion.any()
    assert masks.iou(confusion).isnan().all() and masks.pixel_accuracy(confusion).isnan()
    assert masks.mean_accuracy(confusion).isnan()
    assert masks.boundary_iou(torch.zeros_like(nothing), nothing, CLASSES, 2, 255).isnan().all()


def test_a_number_that_uint8_cannot_hold_ignores_nothing():
    # In eight bits 300 is 44.
    target = torch.full((1, 2, 3), 44, dtype=torch.uint8)
    assert masks.confusion_matrix(target, target, 45, ignore=300)[44, 44] == 6


# Outlines


def band(mask, width):
    """The pixels of a mask within `width` of its outline, as the paper's code has it, one mask at a time."""
    return mask & ~ndimage.binary_erosion(mask, np.ones((3, 3)), iterations=width, border_value=0)


def boundary_reference(predicted, target, width, ignore):
    counts = target.numpy() != ignore
    ratios = []
    for label in range(CLASSES):
        shared = covered = 0
        for p, t, c in zip(predicted.numpy(), target.numpy(), counts, strict=True):
            a, b = band((p == label) & c, width), band((t == label) & c, width)
            shared, covered = shared + (a & b).sum(), covered + (a | b).sum()
        ratios.append(shared / covered if covered else np.nan)
    return torch.tensor(ratios, dtype=torch.float32)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 10_000),
    st.sampled_from([(4, 6), (17, 23)]),
    st.sampled_from([1, 2, 3, 7, 40]),
    st.sampled_from([None, 255]),
)
def test_boundary_iou_is_that_of_scipys_erosion(seed, patch, width, ignore):
    predicted, target = blobs(seed, patch=patch)
    if ignore is not None:
        target = with_ignored(target, seed)
    ours = masks.boundary_iou(predicted, target, CLASSES, width, ignore)
    theirs = boundary_reference(predicted, target, width, ignore)
    assert ours.dtype == torch.float32 and torch.allclose(ours, theirs, equal_nan=True)


def test_where_all_of_a_mask_is_near_its_outline_boundary_iou_is_iou():
    predicted, target = blobs(3)
    confusion = masks.confusion_matrix(predicted, target, CLASSES)
    for width in (13, 1_000_000_000):
        ours = masks.boundary_iou(predicted, target, CLASSES, width)
        assert torch.allclose(ours, masks.iou(confusion), equal_nan=True)


def test_an_error_at_the_edge_of_a_large_mask_shows_and_one_inside_does_not():
    target = torch.zeros(1, 60, 80, dtype=torch.int64)
    target[:, 10:50, 15:65] = 1
    moved = target.roll(1, dims=2)
    kept = masks.iou(masks.confusion_matrix(moved, target, 2))[1].item()
    assert kept == pytest.approx(40 * 49 / (40 * 51))
    # The band is 2 wide: a ring of 40·50 − 36·46 pixels. Moved by one column, its long sides share half, its ends all but one.
    ring = 40 * 50 - 36 * 46
    shared = 2 * 36 + 2 * 2 * 49
    at_edge = masks.boundary_iou(moved, target, 2, width=2)[1].item()
    assert at_edge == pytest.approx(shared / (2 * ring - shared))


def test_what_is_predicted_where_nothing_counts_changes_nothing():
    predicted, target = blobs(5)
    target[:, 6:11, 8:15] = 255
    other = predicted.masked_fill(target == 255, 200)
    for measure in (masks.confusion_matrix, lambda *a: masks.boundary_iou(*a[:3], 2, a[3])):
        ours, theirs = measure(other, target, CLASSES, 255), measure(predicted, target, CLASSES, 255)
        assert torch.allclose(ours, theirs, equal_nan=True)


def test_masks_are_left_as_they_were():
    predicted, target = blobs(2)
    before = predicted.clone(), target.clone()
    masks.boundary_iou(predicted, target, CLASSES, 2)
    assert torch.equal(predicted, before[0]) and torch.equal(target, before[1])


# Refusals

GOOD = torch.tensor([[[0, 1, 2], [2, 1, 0]]])
COUNTS = torch.tensor([[3, 0], [1, 2]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: masks.confusion_matrix(GOOD.float(), GOOD, 3), r"predicted is torch.float32 \(1, 2, 3\); expected whole numbers \(N, H, W\)"),
        (lambda: masks.confusion_matrix(GOOD, GOOD[0], 3), r"target is torch.int64 \(2, 3\); expected"),
        (lambda: masks.confusion_matrix(GOOD == 1, GOOD, 3), "predicted is torch.bool"),
        (lambda: masks.confusion_matrix(GOOD.numpy(), GOOD, 3), "predicted is array"),
        (lambda: masks.confusion_matrix(GOOD, GOOD.mT, 3), r"predicted has shape \(1, 2, 3\) and target \(1, 3, 2\); expected the same"),
        (lambda: masks.confusion_matrix(GOOD + 1, GOOD, 3), "predicted holds 3, and ignore is None; expected 0 to 2"),
        (lambda: masks.confusion_matrix(GOOD - 1, GOOD, 3), "predicted holds -1"),
        (lambda: masks.confusion_matrix(GOOD, GOOD + 253, 3), "target holds 253, and ignore is None"),
        (lambda: masks.confusion_matrix(GOOD, GOOD + 254, 3, 255), "target holds 254, and ignore is 255; expected 0 to 2"),
        (lambda: masks.confusion_matrix(GOOD, GOOD, 0), "num_classes is 0; expected a whole number of at least 1"),
        (lambda: masks.confusion_matrix(GOOD, GOOD, 3.0), "num_classes is 3.0"),
        (lambda: masks.confusion_matrix(GOOD, GOOD, 3, 2), "ignore is 2; expected None or a whole number that is no class, not 0 to 2"),
        (lambda: masks.confusion_matrix(GOOD, GOOD, 3, "rim"), "ignore is 'rim'"),
        (lambda: masks.boundary_iou(GOOD, GOOD, 3, 0), "width is 0; expected a whole number of at least 1"),
        (lambda: masks.boundary_iou(GOOD, GOOD, 3, 0.02), "width is 0.02"),
        (lambda: masks.boundary_iou(GOOD + 1, GOOD, 3, 2), "predicted holds 3"),
        (lambda: masks.boundary_iou(GOOD, GOOD, 3, 2, ignore=0), "ignore is 0"),
        (lambda: masks.iou(COUNTS / 6), r"confusion is torch.float32 \(2, 2\); expected whole numbers \(num_classes, num_classes\)"),
        (lambda: masks.iou(COUNTS[:1]), r"confusion is torch.int64 \(1, 2\)"),
        (lambda: masks.pixel_accuracy(COUNTS.tolist()), "confusion is .*3, 0"),
        (lambda: masks.mean_accuracy(COUNTS - 1), "confusion holds -1; expected counts from 0"),
    ],
)  # fmt: skip
def test_what_is_no_mask_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
