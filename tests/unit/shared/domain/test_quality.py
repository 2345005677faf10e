import math

import pytest

from shared.domain.quality import Flag, Norm, Quality, Spread, flags_of, norm_of, suspicion_of

NOTHING = Spread(0, 0, 0, 0)
USUAL = Norm(count=100, far=35, least_focus=0.01)
FINE = Quality(border_share=0.2, saturated_share=0.001, focus=0.05)


def raised(quality, count=100, norm=USUAL):
    return [each.flag for each in flags_of(quality, count, norm)]


def test_what_is_as_usual_raises_nothing():
    assert raised(FINE) == []
    assert suspicion_of(flags_of(FINE, 100, USUAL)) == 0


@pytest.mark.parametrize(
    ("quality", "count", "flag"),
    [
        (Quality(border_share=0.51), 100, Flag.BORDER),
        (Quality(saturated_share=0.011), 100, Flag.SATURATED),
        (Quality(focus=0.0099), 100, Flag.BLURRED),
        (FINE, 136, Flag.COUNT),
        (FINE, 64, Flag.COUNT),
    ],
)
def test_each_flag_is_raised_beyond_its_limit(quality, count, flag):
    assert raised(quality, count) == [flag]


@pytest.mark.parametrize(
    ("quality", "count"),
    [
        (Quality(border_share=0.5), 100),
        (Quality(saturated_share=0.01), 100),
        (Quality(focus=0.01), 100),
        (FINE, 135),
        (FINE, 65),
    ],
)
def test_a_limit_itself_is_within(quality, count):
    assert raised(quality, count) == []


def test_an_empty_result_says_so_and_needs_no_project_to_tell():
    [flag] = flags_of(Quality(), 0, Norm())

    assert (flag.flag, flag.detail) == (Flag.EMPTY, "The engine found no object.")
    assert flag.weight == 2


def test_without_a_result_there_is_nothing_to_judge():
    assert flags_of(Quality(saturated_share=1), None, USUAL) == []


def test_a_result_that_was_stored_before_quality_was_measured_is_judged_by_its_count():
    assert raised(None, 500) == [Flag.COUNT]


def test_numbers_are_told_in_words():
    flags = flags_of(Quality(border_share=0.625, saturated_share=0.0321), 1, USUAL)

    assert {each.flag: each.detail for each in flags} == {
        Flag.COUNT: "1 object; the median of the project is 100.",
        Flag.BORDER: "62% of the objects touch the border: their sizes are cut off.",
        Flag.SATURATED: "3.2% of the pixels have the highest value: intensities are cut off.",
    }


def test_what_is_further_beyond_its_limit_weighs_more_and_comes_first():
    flags = flags_of(Quality(border_share=0.51, saturated_share=0.5), 100, USUAL)

    assert [each.flag for each in flags] == [Flag.SATURATED, Flag.BORDER]
    assert 1 < flags[1].weight < flags[0].weight < 2


def test_more_flags_are_more_suspicious_than_one_however_far_beyond():
    two = flags_of(Quality(border_share=0.51, saturated_share=0.0101), 100, USUAL)
    one = flags_of(Quality(saturated_share=1.0), 100, USUAL)

    assert suspicion_of(two) > suspicion_of(one)


def test_few_results_are_no_norm():
    few = Spread(7, 100, 10, 10)

    assert norm_of(few, few) == Norm()


def test_far_is_three_and_a_half_robust_deviations():
    norm = norm_of(Spread(8, 100, 10, 99), NOTHING)

    assert norm == Norm(count=100, far=pytest.approx(3.5 * 14.826))


def test_where_most_counts_are_the_same_the_mean_deviation_stands_in():
    norm = norm_of(Spread(8, 1, 0, 2), NOTHING)

    assert norm.far == pytest.approx(3.5 * 1.2533 * 2)


def test_a_count_next_to_the_median_is_never_far():
    assert norm_of(Spread(8, 1, 0, 0), NOTHING).far == 2
    assert norm_of(Spread(8, 1000, 1, 1), NOTHING).far == 100


def test_blurred_is_below_half_the_median_and_far_from_it():
    even = norm_of(NOTHING, Spread(8, math.log(0.08), 0.01, 0.01))
    spread = norm_of(NOTHING, Spread(8, math.log(0.08), 1.0, 1.0))

    assert even.least_focus == pytest.approx(0.04)
    assert spread.least_focus == pytest.approx(0.08 * math.exp(-3.5 * 1.4826))
