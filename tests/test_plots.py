"""What the book's charts show is what they were given."""

import numpy as np
import pytest

from cnnbook import plots


def test_a_curve_is_its_numbers_or_the_mean_of_its_repeats_inside_their_range():
    repeats = np.array([[0.0, 2.0, 4.0], [2.0, 2.0, 10.0]])
    figure = plots.show_curves({"one": np.array([5.0, 6.0, 7.0]), "two": repeats}, [0, 1, 3], "shift", "size")
    (axis,) = figure.axes
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("shift", "size")
    one, two = axis.get_lines()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["one", "two"]
    assert list(one.get_xdata()) == [0, 1, 3]
    assert one.get_ydata().tolist() == [5, 6, 7]
    assert two.get_ydata().tolist() == [1, 2, 7]
    corners = axis.collections[1].get_paths()[0].vertices
    assert (corners[corners[:, 0] == 3][:, 1].min(), corners[corners[:, 0] == 3][:, 1].max()) == (4, 10)
    assert one.get_marker() != two.get_marker() and one.get_color() != two.get_color()


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "there are 0 curves; expected 1 to 6"),
        ({str(n): np.zeros(3) for n in range(7)}, "there are 7 curves"),
        ({"long": np.zeros(4)}, r"curve 'long' has shape \(4,\); expected \(3,\) or \(repeats, 3\)"),
        ({"deep": np.zeros((2, 2, 3))}, r"curve 'deep' has shape \(2, 2, 3\)"),
        ({"none": np.zeros((0, 3))}, r"curve 'none' has shape \(0, 3\)"),
    ],
)
def test_curves_that_do_not_fit_are_named(curves, message):
    with pytest.raises(ValueError, match=message):
        plots.show_curves(curves, [0, 1, 3], "shift", "size")


def test_boxes_lie_on_their_pixels_and_tell_truth_from_answers():
    images = {"scene": np.zeros((40, 60)), "empty": np.zeros((40, 60))}
    marks = [
        ((8, 20, 12, 23), "Bag", "truth"),
        ((8, 20, 12, 24), "Bag .9", "found"),
        ((0, 0, 5, 5), "Dress", "wrong"),
    ]
    scene, empty = plots.show_boxes(images, {"scene": marks}).axes
    truth, found, wrong = scene.patches
    assert truth.get_bbox().bounds == (7.5, 19.5, 4, 3)
    assert [text.get_text() for text in scene.texts] == ["Bag", "Bag .9", "Dress"]
    assert truth.get_linestyle() != found.get_linestyle()
    assert len({mark.get_edgecolor() for mark in (truth, found, wrong)}) == 3
    assert [text.get_va() for text in scene.texts] == ["bottom", "bottom", "top"]
    assert not empty.patches and not empty.texts


@pytest.mark.parametrize("boxes", [{"elsewhere": []}, {"scene": [((0, 0, 1, 1), "Bag", "maybe")]}])
def test_boxes_of_no_image_or_of_no_kind_are_named(boxes):
    with pytest.raises(ValueError, match=f"boxes has '{next(iter(boxes))}'"):
        plots.show_boxes({"scene": np.zeros((4, 6))}, boxes)


def test_precision_is_drawn_over_recall():
    precision, recall = np.array([1.0, 0.5, 0.67]), np.array([0.25, 0.25, 0.5])
    figure = plots.show_precision_recall({"Bag": (precision, recall)})
    (line,) = figure.axes[0].get_lines()
    assert np.array_equal(line.get_xdata(), recall) and np.array_equal(line.get_ydata(), precision)
    with pytest.raises(ValueError, match=r"curve 'Bag' has shapes \(3,\) and \(2,\)"):
        plots.show_precision_recall({"Bag": (precision, recall[:2])})


def test_masks_have_a_colour_a_class_and_the_ground_has_none():
    mask = np.array([[0, 1, 1], [2, 0, 255]])
    images = {"scene": np.zeros((2, 3)), "bare": np.zeros((2, 3))}
    figure = plots.show_masks(images, {"scene": mask}, classes=("Bag", "Dress"))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Bag", "Dress"]
    legend = [patch.get_facecolor()[:3] for patch in figure.legends[0].get_patches()]
    scene, bare = figure.axes
    drawn = scene.images[1].get_array()
    assert drawn[0, 0, 3] == 0 and drawn[1, 2, 3] == 1
    assert np.allclose(drawn[mask == 1][:, :3], legend[0]) and np.allclose(drawn[mask == 2][:, :3], legend[1])
    assert len(bare.images) == 1


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"else": np.zeros((2, 3), int)}, "mask 'else'"),
        ({"scene": np.zeros((3, 2), int)}, r"mask 'scene' has shape \(3, 2\)"),
        (
            {"scene": np.full((2, 3), 3)},
            "expected the title and the shape of an image, and integers, 0 to 2 or 255",
        ),
        ({"scene": np.ones((2, 3))}, "float64 from 1.0 to 1.0"),
        ({"scene": np.ones((2, 3), bool)}, "bool from True to True"),
    ],
)
def test_masks_that_do_not_fit_are_named(masks, message):
    with pytest.raises(ValueError, match=message):
        plots.show_masks({"scene": np.zeros((2, 3))}, masks, classes=("Bag", "Dress"))


def test_more_classes_than_colours_are_refused():
    with pytest.raises(ValueError, match="there are 6 classes; expected 1 to 5"):
        plots.show_masks({"scene": np.zeros((2, 3))}, {}, classes=tuple("abcdef"))
