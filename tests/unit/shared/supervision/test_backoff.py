"""How long a supervisor waits, and when it gives up."""

from shared.supervision.backoff import Backoff, Patience

PATIENCE = Patience(first_delay=1, longest_delay=3, healthy_after=20, most_quick_exits=5)


def test_each_quick_exit_doubles_the_wait_up_to_a_limit() -> None:
    backoff = Backoff(PATIENCE)

    assert [backoff.after_exit(uptime=0.1) for _ in range(4)] == [1, 2, 3, 3]


def test_the_last_of_many_quick_exits_is_the_end() -> None:
    backoff = Backoff(PATIENCE)
    for _ in range(4):
        backoff.after_exit(uptime=0.1)

    assert backoff.after_exit(uptime=0.1) is None
    assert backoff.quick_exits == 5


def test_a_long_run_forgives_the_quick_exits_before_it() -> None:
    backoff = Backoff(PATIENCE)
    for _ in range(4):
        backoff.after_exit(uptime=0.1)

    assert backoff.after_exit(uptime=20) == 1
    assert backoff.after_exit(uptime=0.1) == 1


def test_twenty_restarts_of_redis_a_minute_apart_are_borne() -> None:
    """Some of them end a worker (Q2): each time it ran well before."""
    backoff = Backoff(PATIENCE)

    assert [backoff.after_exit(uptime=60) for _ in range(20)] == [1] * 20


def test_one_that_ran_well_is_not_given_up_while_something_else_is_away() -> None:
    backoff = Backoff(PATIENCE)
    backoff.after_exit(uptime=60)

    assert [backoff.after_exit(uptime=0.1) for _ in range(2000)] == [1, 2] + [3] * 1998
