"""The Python client against a real relay: an independent reader of the whole protocol."""

from collections.abc import Iterator
from queue import Queue
from threading import Event, Thread
from typing import Any
from uuid import UUID

import pytest

from shared.client.following import World, follow
from shared.domain.errors import NotFoundError, NotSignedInError, UnavailableError
from tests.integration.relay.cuttable import CuttableLink
from tests.integration.relay.live import Live, RelayProcess

Message = dict[str, Any]
PATIENCE = 30


class RestOf:
    """Hands out tickets of one person, and tells what the test wrote down."""

    def __init__(self, live: Live, user: UUID, port: int) -> None:
        self._live = live
        self._user = user
        self._port = port
        self.over = False

    def ticket(self) -> Message:
        if self.over:
            raise NotSignedInError("the test is over")
        url = f"ws://127.0.0.1:{self._port}/ws"
        return {"ticket": self._live.ticket(self._user), "url": url, "expiresIn": 30}

    def stats(self, project_id: str) -> Message:
        return {"projectId": project_id, "version": 0}

    def images(self, project_id: str) -> Iterator[Message]:
        yield from ()


class Reader:
    """Follows a project in a thread; `next` waits for what comes."""

    def __init__(self, rest: RestOf, project_id: UUID) -> None:
        self.sentences: list[str] = []
        self.live = Event()
        self._events: Queue[Message | Exception] = Queue()
        self._rest = rest
        hasty = World(uniform=lambda _low, _high: 0.05)
        self._followed = follow(rest, str(project_id), tell=self._tell, world=hasty)
        self._thread = Thread(target=self._read)
        self._thread.start()

    def stop(self) -> None:
        """Wait for the thread, whose link is cut, to give up."""
        self._rest.over = True
        self._thread.join(PATIENCE)

    def next(self) -> Message:
        event = self._events.get(timeout=PATIENCE)
        if isinstance(event, Exception):
            raise event
        return event

    def offsets(self, number: int) -> list[int]:
        """Return the offsets of so many events of images; states in between are left out."""
        found: list[int] = []
        while len(found) < number:
            event = self.next()
            if event["type"] == "imageStatusUpdate":
                found.append(int(event["id"].split(":")[1]))
        return found

    def is_empty(self) -> bool:
        return self._events.empty()

    def _tell(self, sentence: str) -> None:
        self.sentences.append(sentence)
        if sentence.startswith("live"):
            self.live.set()

    def _read(self) -> None:
        try:
            for event in self._followed:
                self._events.put(event)
        except Exception as failure:
            self._events.put(failure)


@pytest.fixture
def link(relay: RelayProcess) -> Iterator[CuttableLink]:
    link = CuttableLink(relay.port)
    yield link
    link.close()


@pytest.fixture
def reader(live: Live, link: CuttableLink) -> Iterator[Reader]:
    """Bob, who is live."""
    reader = Reader(RestOf(live, live.bob, link.port), live.project_id)
    assert reader.live.wait(PATIENCE)
    yield reader
    link.close()
    reader.stop()


def test_the_first_line_is_the_counts_of_now(reader: Reader, live: Live) -> None:
    first = reader.next()

    assert (first["type"], first["ch"]) == ("sharedProjectUpdate", str(live.project))
    assert first["data"]["sharedWithUserIds"] == [str(live.bob)]


def test_through_cut_after_cut_nothing_is_lost_and_nothing_comes_twice(
    reader: Reader, live: Live, link: CuttableLink
) -> None:
    """R4, G8: 0 lost, 0 doubled, in order."""
    told = 0
    for _ in range(5):
        for _ in range(20):
            told += 1
            live.publish_status(f"before-{told}")
        link.cut()
        for _ in range(20):
            told += 1
            live.publish_status(f"meanwhile-{told}")
        link.mend()

    assert reader.offsets(told) == list(range(1, told + 1))
    assert reader.is_empty()
    assert any("trying again" in sentence for sentence in reader.sentences)


def test_of_the_state_the_newest_is_told_after_a_cut_and_no_older_one(
    reader: Reader, live: Live, link: CuttableLink
) -> None:
    """R3."""
    live.publish_stats(2)
    link.cut()
    for version in (3, 4, 5):
        live.publish_stats(version)
    link.mend()

    versions = [reader.next()["v"]]
    while versions[-1] < 5:
        versions.append(reader.next()["v"])
    assert versions == sorted(set(versions))


def test_what_is_not_kept_any_more_is_fetched_and_said(
    reader: Reader, live: Live, link: CuttableLink
) -> None:
    live.publish_status("a")
    assert reader.offsets(1) == [1]
    link.cut()
    live.redis.delete(live.keys.meta(live.images), live.keys.stream(live.images))
    live.publish_status("b")
    link.mend()

    while (event := reader.next())["type"] != "refetched":
        pass
    assert event["ch"] == str(live.images)
    live.publish_status("c")
    assert reader.offsets(1) == [2]


def test_who_may_not_see_the_project_is_told_and_nothing_else(
    live: Live, relay: RelayProcess
) -> None:
    """R7, R10."""
    stranger = Reader(RestOf(live, live.eve, relay.port), live.project_id)

    with pytest.raises(NotFoundError):
        stranger.next()


def test_a_relay_that_is_not_there_is_told_at_once(live: Live, link: CuttableLink) -> None:
    link.close()

    with pytest.raises(UnavailableError, match="celltally up"):
        next(follow(RestOf(live, live.bob, link.port), str(live.project_id)))
