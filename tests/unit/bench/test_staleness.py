"""How old counts are when they arrive."""

from bench.stats_staleness import staleness_p99


def test_each_outcome_waits_for_the_first_message_that_counts_it() -> None:
    done = [10.0, 10.1, 10.2]
    heard = [(10.05, 1), (10.3, 2), (10.5, 3)]

    assert round(staleness_p99(done, heard), 2) == 0.3


def test_an_outcome_that_no_message_counts_yet_is_left_out() -> None:
    assert round(staleness_p99([10.0, 11.0], [(10.5, 1)]), 2) == 0.5
