"""Following a project through everything that happens to a connection."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.client.following import World as RealWorld
from shared.client.following import follow
from shared.client.socket import SocketClosedError
from shared.domain.errors import NotFoundError, NotSignedInError, UnavailableError

Message = dict[str, Any]

PROJECT, IMAGES = "project:p", "images:p"
URL = "ws://relay/ws"


class Silence:
    """Nothing comes for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


Step = Message | Silence | Exception


class ScriptedSocket:
    """Says what the script has next; each wait takes its time on the clock."""

    def __init__(self, world: "World", steps: list[Step]) -> None:
        self._world = world
        self._steps = steps
        self.said: list[Message] = []
        self.closed = False

    def send(self, **message: object) -> None:
        self.said.append(message)

    def receive(self, seconds: float) -> Message | None:
        if not self._steps:
            raise EndOfStoryError
        step = self._steps[0]
        if isinstance(step, Silence):
            waited = min(seconds, step.seconds)
            self._world.now += waited
            step.seconds -= waited
            if step.seconds <= 0:
                self._steps.pop(0)
            return None
        self._steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def close(self) -> None:
        self.closed = True


class EndOfStoryError(Exception):
    """The script has no more."""


class World:
    """A relay and REST that follow a script, and a clock that they move."""

    def __init__(self, *sockets: list[Step] | Exception) -> None:
        self.now = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()
        self.script = list(sockets)
        self.sockets: list[ScriptedSocket] = []
        self.slept: list[float] = []
        self.told: list[str] = []
        self.tickets = 0
        self.refuse_ticket: Exception | None = None
        self.version = 9

    def ticket(self) -> Message:
        if self.refuse_ticket is not None:
            raise self.refuse_ticket
        self.tickets += 1
        return {"ticket": f"t{self.tickets}", "url": URL, "expiresIn": 30}

    def stats(self, project_id: str) -> Message:
        return {"projectId": project_id, "version": self.version}

    def images(self, project_id: str) -> Iterator[Message]:
        yield {"id": "i1", "status": "segmented", "version": 3, "objectCount": 4, "filename": "x"}

    def connect(self, url: str) -> ScriptedSocket:
        if not self.script:
            raise EndOfStoryError
        steps = self.script.pop(0)
        if isinstance(steps, Exception):
            raise steps
        self.sockets.append(ScriptedSocket(self, steps))
        return self.sockets[-1]

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def real(self) -> RealWorld:
        return RealWorld(self.connect, lambda: self.now, self.sleep, lambda low, high: high)

    def events(self, **options: Any) -> list[Message]:
        """Follow until the script ends; return what came."""
        seen: list[Message] = []
        with suppress(EndOfStoryError):
            for event in follow(self, "p", tell=self.told.append, world=self.real(), **options):
                seen.append(event)
        return seen

    def failure(self, kind: type[Exception], **options: Any) -> Exception:
        with pytest.raises(kind) as failed:
            list(follow(self, "p", tell=self.told.append, world=self.real(), **options))
        return failed.value


def closed(code: int) -> SocketClosedError:
    return SocketClosedError(URL, code)


def welcome(exp: str = "2026-12-26T12:00:00.000Z") -> Message:
    return {"m": "welcome", "sid": "s", "ping": 25, "exp": exp, "limits": {}}


def pub(offset: int, ch: str = IMAGES, epoch: str = "e", **fields: Any) -> Message:
    return {"m": "pub", "ch": ch, "id": f"{epoch}:{offset}", **fields}


def subbed(offset: int, ch: str = IMAGES, epoch: str = "e", **fields: Any) -> Message:
    head = {"m": "subbed", "ref": 1, "ch": ch, "id": f"{epoch}:{offset}", "recovered": True}
    return {**head, **fields}


def live(images: int = 4, **fields: Any) -> list[Step]:
    """The beginning of a socket: both channels answered."""
    return [welcome(), subbed(1, PROJECT), subbed(images, **fields)]


def offsets(events: list[Message]) -> list[str]:
    return [event["id"] for event in events]


def test_it_says_hello_with_its_ticket_and_subscribes() -> None:
    world = World(live())

    world.events()

    assert world.sockets[0].said == [
        {"m": "hello", "ticket": "t1", "proto": 1},
        {"m": "sub", "ref": 1, "subs": [{"ch": PROJECT}, {"ch": IMAGES}]},
    ]
    assert world.sockets[0].closed
    assert world.told == ["live"]


def test_the_first_event_is_the_counts_of_now() -> None:
    snapshot = {"id": "e:1", "type": "projectStatsUpdate", "v": 3, "data": {}}
    world = World([welcome(), subbed(1, PROJECT, snapshot=snapshot), subbed(4)])

    assert world.events() == [{"m": "pub", "ch": PROJECT, **snapshot}]


def test_through_a_cut_nothing_is_lost_and_nothing_comes_twice() -> None:
    """R4."""
    pubs = [pub(6), pub(7)]
    world = World(
        [*live(), pub(5), pub(5), pub(6), closed(1005)],
        [*live(7, pubs=pubs), pub(7), pub(8)],
    )

    assert offsets(world.events()) == ["e:5", "e:6", "e:7", "e:8"]
    assert world.sockets[1].said[1]["subs"] == [
        {"ch": PROJECT, "since": "e:1"},
        {"ch": IMAGES, "since": "e:6"},
    ]
    assert world.told[-1] == "live again"


def test_what_cannot_be_replayed_is_fetched_and_said() -> None:
    """R4: `recovered: false`."""
    world = World(
        [*live(), closed(1012)],
        [welcome(), subbed(1, PROJECT), subbed(2, epoch="f", recovered=False), pub(3, epoch="f")],
    )

    refetched, after = world.events()

    assert refetched["type"] == "refetched"
    assert refetched["ch"] == IMAGES
    assert refetched["data"] == {
        "projectId": "p",
        "stats": {"projectId": "p", "version": 9},
        "images": [{"imageId": "i1", "status": "segmented", "version": 3, "objectCount": 4}],
    }
    assert after["id"] == "f:3"
    assert any("asking REST" in sentence for sentence in world.told)


def test_what_rest_could_not_tell_is_still_owed_after_the_next_cut() -> None:
    lost: list[Step] = [welcome(), subbed(1, PROJECT), subbed(2, epoch="f", recovered=False)]
    world = World([*live(), closed(1005)], lost, live())
    answers = iter([UnavailableError("away"), {"projectId": "p", "version": 9}])

    def stats(_project_id: str) -> Message:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    world.stats = stats  # type: ignore[method-assign]

    assert [event["type"] for event in world.events()] == ["refetched"]


def test_a_resync_asks_again_from_the_last_id() -> None:
    world = World(
        [*live(), {"m": "resync", "ch": IMAGES}, pub(7), subbed(7, pubs=[pub(5), pub(6), pub(7)])]
    )

    assert offsets(world.events()) == ["e:5", "e:6", "e:7"]
    assert world.sockets[0].said[-1]["subs"] == [{"ch": IMAGES, "since": "e:4"}]


def test_forty_seconds_of_silence_end_the_socket() -> None:
    """R14."""
    world = World([*live(), Silence(39), {"m": "ping"}, Silence(39), pub(5), Silence(41)], live(5))

    assert offsets(world.events()) == ["e:5"]
    assert len(world.sockets) == 2
    assert "came too late" in world.told[1]


@pytest.mark.parametrize(
    ("code", "waited"), [(1005, 0.5), (1011, 0.5), (4408, 0.5), (4503, 0.5), (4429, 5.5)]
)
def test_it_comes_back_after_the_wait_that_the_close_code_asks_for(
    code: int, waited: float
) -> None:
    world = World([*live(), closed(code)], live())

    world.events()

    assert world.slept == [waited]


def test_a_relay_that_restarts_says_how_long_to_wait() -> None:
    world = World([*live(), {"m": "drain", "afterMs": 3000}, closed(1012)], live())

    world.events()

    assert world.slept == [3.5]


@pytest.mark.parametrize("code", [1009, 4400, 4403, 4409])
def test_what_was_refused_for_good_is_not_tried_again(code: int) -> None:
    failure = World([*live(), closed(code)], live()).failure(SocketClosedError)

    assert isinstance(failure, SocketClosedError)
    assert failure.close_code == code


def test_a_ticket_that_is_not_taken_is_replaced_once() -> None:
    """R9."""
    world = World([closed(4401)], [*live(), closed(4401)], live())

    world.events()

    assert (world.tickets, world.slept) == (3, [0.0, 0.0])


def test_two_tickets_in_a_row_that_are_not_taken_mean_signed_out() -> None:
    World([*live(), closed(4401)], [closed(4401)]).failure(NotSignedInError)


def test_the_login_is_renewed_in_band_before_it_ends() -> None:
    """R9."""
    minutes: list[Step] = [step for _ in range(10) for step in (Silence(29), {"m": "ping"})]
    world = World(
        [
            welcome("2026-11-26T12:05:00.000Z"),
            *live()[1:],
            *minutes[:18],
            {"m": "authed", "exp": "2026-11-26T13:00:00.000Z"},
            *minutes[18:],
        ]
    )

    world.events()

    shown = [message["ticket"] for message in world.sockets[0].said if message["m"] == "auth"]
    assert shown == ["t2"]


def test_a_relay_that_was_never_reached_is_told_at_once() -> None:
    World(UnavailableError("nobody there")).failure(UnavailableError)


def test_a_relay_that_was_reached_once_is_tried_for_ever() -> None:
    away = [UnavailableError("nobody there") for _ in range(9)]
    world = World([*live(), closed(1005)], *away, live())

    world.events()

    assert world.slept == [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]


def test_a_token_that_ends_meanwhile_ends_the_following() -> None:
    world = World([*live(), closed(1005)])
    world.sleep = lambda _: setattr(  # type: ignore[method-assign]
        world, "refuse_ticket", NotSignedInError("no such token")
    )

    world.failure(NotSignedInError)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"m": "unsub", "ch": IMAGES, "code": "revoked"}, "revoked"),
        ({"m": "error", "ref": 1, "ch": IMAGES, "code": "not_found", "detail": "no"}, "not_found"),
    ],
)
def test_a_project_that_is_not_ours_to_see_ends_it(message: Message, code: str) -> None:
    """R8, R10."""
    failure = World([*live(), message]).failure(NotFoundError)

    assert isinstance(failure, NotFoundError)
    assert failure.code == code


def test_messages_and_channels_that_it_does_not_know_are_ignored() -> None:
    strange: list[Step] = [
        {"m": "weather"},
        {"m": "error", "code": "unknown_message", "detail": "…"},
        {"m": "subbed", "ch": "user:1", "id": "e:9", "recovered": True},
        pub(3, "user:1"),
        {"m": "resync", "ch": "user:1"},
    ]

    assert offsets(World([*live(), *strange, pub(5)]).events()) == ["e:5"]


def test_without_a_socket_it_polls_when_asked_to_and_tells_only_news() -> None:
    """R13."""
    blocked = [UnavailableError("blocked") for _ in range(3)]
    world = World(*blocked, live())
    sleep: Callable[[float], None] = world.sleep

    def sleep_and_change(seconds: float) -> None:
        sleep(seconds)
        world.version += len(world.slept) == 2

    world.sleep = sleep_and_change  # type: ignore[method-assign]

    events = world.events(poll=True)

    assert [event["data"]["stats"]["version"] for event in events] == [9, 10]
    assert {event["type"] for event in events} == {"polled"}


def test_polling_bears_that_rest_is_away_too() -> None:
    world = World([*live(), closed(1005)], live())

    def stats(_project_id: str) -> Message:
        raise UnavailableError("away")

    world.stats = stats  # type: ignore[method-assign]

    assert world.events(poll=True) == []


def test_whoever_stops_reading_closes_the_socket() -> None:
    world = World([*live(), pub(5), pub(6)])
    events = follow(world, "p", world=world.real())

    next(events)
    events.close()  # type: ignore[attr-defined]

    assert world.sockets[0].closed
