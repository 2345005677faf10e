"""Questions of many, asked together."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from web.relay import gathering
from web.relay.gathering import Gathered


class Oracle:
    """Doubles numbers, one round trip at a time; the first waits until `go`."""

    def __init__(self) -> None:
        self.trips: list[list[int]] = []
        self.under_way, self.go = Event(), Event()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.trips.append(list(numbers))
        self.under_way.set()
        assert self.go.wait(10)
        if -1 in numbers:
            raise ConnectionError("nobody answers")
        return [2 * number for number in numbers]


def ask_together(oracle: Oracle, numbers: Sequence[int]) -> list[int | BaseException]:
    """Ask 0 and, while that is under way, all *numbers*; return their answers or errors."""
    ask = Gathered(oracle)
    with ThreadPoolExecutor(len(numbers) + 1) as pool:
        first = pool.submit(ask, 0)
        assert oracle.under_way.wait(10)
        rest = [pool.submit(ask, number) for number in numbers]
        while len(ask._waiting) < len(numbers):
            time.sleep(0.001)
        oracle.go.set()
        assert first.result(10) == 0
        return [each.exception(10) or each.result(10) for each in rest]


def test_who_asks_alone_goes_at_once() -> None:
    oracle = Oracle()
    oracle.go.set()

    assert Gathered(oracle)(21) == 42
    assert oracle.trips == [[21]]


def test_who_asks_while_an_answer_is_under_way_goes_with_all_others() -> None:
    oracle = Oracle()

    assert ask_together(oracle, [1, 2, 3]) == [2, 4, 6]
    assert oracle.trips[0] == [0]
    assert sorted(oracle.trips[1]) == [1, 2, 3]
    assert len(oracle.trips) == 2


def test_an_error_is_that_of_all_who_went_together_and_of_nobody_later() -> None:
    oracle = Oracle()

    failures = ask_together(oracle, [-1, 2])

    assert [type(each) for each in failures] == [ConnectionError] * 2
    assert Gathered(oracle)(4) == 8


def test_a_trip_takes_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "AT_MOST", 2)
    oracle = Oracle()

    assert sorted(ask_together(oracle, [1, 2, 3])) == [2, 4, 6]  # type: ignore[type-var]
    assert [len(trip) for trip in oracle.trips] == [1, 2, 1]
