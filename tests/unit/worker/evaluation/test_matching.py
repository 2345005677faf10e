"""Scores of outlines, each worked out by hand."""

import numpy as np
import pytest

from worker.evaluation.matching import intersection_over_union, matched_ious, score


def squares(*places, shape=(40, 40)):
    """Return labels with a square of 10 pixels a side at each place (row, column)."""
    labels = np.zeros(shape, np.uint16)
    for number, (row, column) in enumerate(places, 1):
        labels[row : row + 10, column : column + 10] = number
    return labels


def test_the_truth_itself_scores_one_everywhere():
    truth = squares((0, 0), (0, 20), (20, 0))

    found = score(truth, truth)

    assert (found.true, found.found, found.matched) == (3, 3, 3)
    assert (found.f1, found.ap50, found.ap, found.pq, found.dice) == (1, 1, 1, 1, 1)


def test_numbers_of_labels_do_not_matter_and_may_have_gaps():
    truth = squares((0, 0), (0, 20))
    renumbered = np.array([0, 700, 3], np.uint32)[truth]

    assert score(truth, renumbered).ap == 1


def test_one_of_two_found_exactly():
    found = score(squares((0, 0), (0, 20)), squares((0, 0)))

    # TP 1, FN 1.
    assert found.f1 == pytest.approx(2 / 3)
    assert found.ap50 == found.ap == pytest.approx(1 / 2)
    assert found.pq == pytest.approx(1 / 1.5)
    assert found.dice == pytest.approx(2 * 100 / 300)


def test_a_square_moved_by_two_pixels():
    found = score(squares((0, 0)), squares((0, 2)))

    # 80 pixels in common of 120: IoU 2/3, above 0.50 to 0.65, four of ten thresholds.
    assert found.f1 == 1
    assert found.pq == pytest.approx(2 / 3)
    assert found.ap == pytest.approx(0.4)
    assert found.dice == pytest.approx(0.8)


def test_an_overlap_of_exactly_a_half_counts():
    truth = squares((0, 0))
    half = truth.copy()
    half[5:] = 0

    assert score(truth, half).f1 == 1


def test_two_that_are_outlined_as_one_are_not_both_found():
    truth = squares((0, 0), (0, 10))
    joined = (truth > 0).astype(np.uint8)

    found = score(truth, joined)

    # The one outline has IoU 1/2 with either, and is the partner of one.
    assert (found.matched, found.f1) == (1, pytest.approx(2 / 3))


def test_a_false_object_costs_precision_alone():
    found = score(squares((0, 0)), squares((0, 0), (20, 20), (0, 20)))

    assert found.f1 == pytest.approx(2 / 4)
    assert found.ap50 == pytest.approx(1 / 3)
    assert found.pq == pytest.approx(1 / 2)


def test_as_many_pairs_as_can_be_are_matched_before_the_closest_ones():
    # Taken greedily, 0.9 first, the other true object would have no partner.
    iou = np.array([[0.9, 0.55], [0.6, 0.0]])

    assert sorted(matched_ious(iou, 0.5)) == [0.55, 0.6]


def test_nothing_where_nothing_is_scores_one():
    empty = squares()

    assert score(empty, empty) == score(squares((0, 0)), squares((0, 0))).__class__(
        true=0, found=0, matched=0, f1=1, ap50=1, ap=1, pq=1, dice=1
    )


@pytest.mark.parametrize(
    ("truth", "labels"), [(squares((0, 0)), squares()), (squares(), squares((0, 0)))]
)
def test_all_missed_or_all_false_scores_zero(truth, labels):
    found = score(truth, labels)

    assert (found.f1, found.ap50, found.ap, found.pq, found.dice) == (0, 0, 0, 0, 0)


def test_an_image_that_is_all_object_has_no_background_to_count():
    iou = intersection_over_union(np.full((4, 4), 7), squares((0, 0), shape=(4, 4)))

    assert iou.tolist() == [[1.0]]


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(40, 40\).*\(20, 20\)"):
        score(squares(), squares(shape=(20, 20)))
