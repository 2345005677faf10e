"""The outbox's publisher at work: woken by what is left, patient with what is away."""

from collections.abc import Iterator
from threading import Event, Thread
from types import SimpleNamespace
from uuid import UUID

import pytest

from shared.domain.channels import Channel
from shared.domain.events import Event as Fact
from shared.messaging.memory import MemoryEventPublisher
from tests.integration.interleaving import held, until
from tests.integration.lab import Lab
from worker.outbox import publish_for_ever


class Unsteady(MemoryEventPublisher):
    """A channel that is away for the first message."""

    failures: int = 1

    def publish_event(self, channel: Channel, event: Fact, *, key: str) -> bool:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the channel is away")
        return super().publish_event(channel, event, key=key)


@pytest.fixture
def publisher(lab: Lab) -> Iterator[Unsteady]:
    unsteady, stopping = Unsteady(), Event()
    thread = Thread(target=publish_for_ever, args=(lab.database, unsteady, lab.queue, stopping))
    thread.start()
    yield unsteady
    stopping.set()
    thread.join(30)
    assert not thread.is_alive()


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def test_what_could_not_be_published_is_published_later(
    lab: Lab, publisher: Unsteady, project: UUID
) -> None:
    run = lab.one_run(project)
    until(lambda: publisher.events)
    lab.claim(run.id)
    until(lambda: len(publisher.events) == 2)

    told = [image.status for _, event, _ in publisher.events for image in event.images]
    assert told == ["queued", "processing"]
    until(lambda: lab.value("SELECT count(*) FROM outbox") == 0)


def test_a_burst_wakes_it_once(
    lab: Lab, publisher: Unsteady, project: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1: it rested after each of many wakings, and fell behind for as long as work went on."""
    publisher.failures = 0
    rests: list[float] = []
    monkeypatch.setattr("worker.outbox.time", SimpleNamespace(sleep=rests.append))
    burst: list[UUID] = []

    def while_it_publishes() -> None:
        if not burst:
            burst.extend(lab.one_run(project).id for _ in range(20))

    with held("outbox.before_delete", while_it_publishes):
        lab.one_run(project)
        until(lambda: lab.value("SELECT count(*) FROM outbox") == 0 and burst)

    assert len(rests) <= 3
