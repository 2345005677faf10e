"""How long a client waits."""

from shared.client.backoff import Backoff, jitter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def longest(low: float, high: float) -> float:
    return high


def test_the_longest_wait_doubles_from_half_a_second_to_half_a_minute() -> None:
    backoff = Backoff(Clock(), longest)

    assert [backoff.delay() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_minute_of_being_live_forgets_earlier_failures_and_less_does_not() -> None:
    clock = Clock()
    backoff = Backoff(clock, longest)
    backoff.delay()

    backoff.succeeded()
    clock.now += 59
    early = backoff.delay()
    backoff.succeeded()
    clock.now += 60

    assert (early, backoff.delay()) == (1, 0.5)


def test_it_waits_at_least_what_the_relay_asks_for() -> None:
    assert Backoff(Clock(), lambda low, high: low).delay(at_least=5) == 5


def test_jitter_is_anywhere_between() -> None:
    assert all(0 <= jitter(0, 0.5) <= 0.5 for _ in range(100))
