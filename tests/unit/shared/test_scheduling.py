"""When a duty is done."""

from shared.scheduling import Duty


def test_a_duty_is_done_at_once_and_then_every_so_many_seconds() -> None:
    done: list[float] = []
    duty = Duty("count", 5, lambda: done.append(1))

    times = [0.0, 1.0, 4.9, 5.0, 9.9, 30.0, 34.0, 35.0]
    counts = []
    for now in times:
        duty.do_if_due(now)
        counts.append(len(done))

    assert counts == [1, 1, 1, 2, 2, 3, 3, 4]


def test_a_duty_that_fails_comes_again() -> None:
    tried: list[float] = []

    def fail() -> None:
        tried.append(1)
        raise ConnectionError

    duty = Duty("fails", 5, fail)
    for now in (0.0, 5.0):
        duty.do_if_due(now)

    assert len(tried) == 2


def test_a_wake_up_brings_the_next_time_forward() -> None:
    done: list[float] = []
    duty = Duty("dispatch", 60, lambda: done.append(1))
    duty.do_if_due(0.0)
    duty.due = 0.0

    duty.do_if_due(1.0)

    assert len(done) == 2
