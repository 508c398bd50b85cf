"""Where classifier and nearest neighbour disagree, on cases that can be seen by eye."""

import numpy as np

from c3.labels.mismatch import mismatch


def circle(degrees):
    angle = np.deg2rad(np.asarray(degrees, float))
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_all_agree_where_the_two_classes_lie_apart():
    unit = circle([0, 5, 10, 170, 175, 180])
    assert not mismatch(unit, [0, 5], [("dog",), ("owl",)]).any()


def test_a_lone_label_among_others_is_doubted_by_the_classifier():
    """An owl among dogs: what lies nearest to it takes after it, the line between the classes does not."""
    unit = circle([0, 2, 4, 6, 8, 10, 5.1, 170, 172, 174, 176])
    known = [0, 1, 2, 3, 4, 5, 7, 8, 9]
    labels = [("dog",), ("dog",), ("dog",), ("owl",), ("dog",), ("dog",), ("owl",), ("owl",), ("owl",)]
    doubted = mismatch(unit, known, labels)
    assert doubted[6] and doubted[3]  # nearest to the owl at 6 degrees, and that owl itself
    assert not doubted[[0, 1, 7, 8, 9, 10]].any()


def test_labels_that_all_or_none_have_are_doubted_nowhere():
    assert not mismatch(circle([0, 90, 180]), [0, 2], [("wind",), ("wind",)]).any()
    assert not mismatch(circle([0, 90, 180]), [0, 2], [(), ()]).any()
