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
