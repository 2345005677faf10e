"""When a worker takes itself for deaf (rule 20 of the queue: design 2.10)."""

from dataclasses import dataclass

import pytest
from redis import ConnectionError as RedisAwayError

from shared.latch import Latch
from worker.deafness import DEAF_SECONDS, LOOK_SECONDS, Hearing, listen


@dataclass
class Broker:
    """A queue and a worker, as the test has them."""

    messages: int = 1
    free: int = 1
    received: int = 0
    away: bool = False

    def waiting(self) -> int:
        if self.away:
            raise RedisAwayError
        return self.messages

    def hearing(self) -> Hearing:
        return Hearing(waiting=self.waiting, free=lambda: self.free, received=lambda: self.received)


@pytest.fixture
def broker() -> Broker:
    return Broker()


def is_deaf_after(hearing: Hearing, seconds: float, *, since: float = 0.0) -> bool:
    """Look as often as a worker does; tell what the last look says."""
    looks = int(seconds / LOOK_SECONDS) + 1
    return [hearing.is_deaf(since + look * LOOK_SECONDS) for look in range(looks)][-1]


def test_one_that_receives_nothing_of_what_waits_is_deaf(broker: Broker) -> None:
    hearing = broker.hearing()
    hearing.is_deaf(-LOOK_SECONDS)

    assert not is_deaf_after(hearing, DEAF_SECONDS - LOOK_SECONDS)
    assert hearing.is_deaf(DEAF_SECONDS)


@pytest.mark.parametrize(
    "broker",
    [Broker(messages=0), Broker(free=0), Broker(away=True)],
    ids=["nothing waits", "all children are busy", "redis is away"],
)
def test_one_that_has_nothing_to_hear_is_not_deaf(broker: Broker) -> None:
    assert not is_deaf_after(broker.hearing(), 10 * DEAF_SECONDS)


@pytest.mark.parametrize("change", ["messages", "free", "away", "received"])
def test_whatever_explains_the_silence_begins_it_anew(broker: Broker, change: str) -> None:
    hearing = broker.hearing()
    hearing.is_deaf(-LOOK_SECONDS)
    is_deaf_after(hearing, DEAF_SECONDS - LOOK_SECONDS)
    before = getattr(broker, change)

    setattr(broker, change, {"received": 1, "away": True}.get(change, 0))
    assert not hearing.is_deaf(DEAF_SECONDS)
    if change != "received":
        setattr(broker, change, before)

    assert not is_deaf_after(hearing, DEAF_SECONDS - LOOK_SECONDS, since=DEAF_SECONDS + 1)
    assert hearing.is_deaf(2 * DEAF_SECONDS + 1)


def test_a_worker_that_closes_is_not_looked_at(broker: Broker) -> None:
    """Q10: it takes no messages, and its children still finish their images."""
    closing = Latch()
    closing.set()
    ended: list[str] = []

    listen(broker.hearing(), closing, when_deaf=lambda: ended.append("deaf"))

    assert ended == []
