"""The outbox's publisher at work: woken by what is left, patient with what is away."""

import time
from collections.abc import Callable, Iterator
from threading import Thread
from uuid import UUID

import pytest

from shared.actions.announcing import order
from shared.actions.publish_outbox import LOOK_FOR_ORDERS, publish_outbox
from shared.domain.channels import Channel
from shared.domain.control import Order, Revoke
from shared.domain.events import Event as Fact
from shared.latch import Latch
from shared.messaging.memory import MemoryEventPublisher
from tests.integration.interleaving import held, until
from tests.integration.lab import Lab
from worker.outbox import publish_for_ever

_LISTENERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND query = 'LISTEN celltally_orders'"
)


class Unsteady(MemoryEventPublisher):
    """A channel that is away for the first message."""

    failures: int = 1

    def publish_event(self, channel: Channel, event: Fact, *, key: str) -> bool:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the channel is away")
        return super().publish_event(channel, event, key=key)


class Interrupted(MemoryEventPublisher):
    """A channel that is given an order while it is told its first message."""

    def __init__(self, leave_order: Callable[[], None]) -> None:
        super().__init__()
        self.leave_order = leave_order
        self.told_before: list[int] = []  #: Messages that went before each order.

    def publish_event(self, channel: Channel, event: Fact, *, key: str) -> bool:
        if not self.events:
            self.leave_order()
        return super().publish_event(channel, event, key=key)

    def publish_order(self, order: Order, *, key: str) -> bool:
        self.told_before.append(len(self.events))
        return super().publish_order(order, key=key)


@pytest.fixture
def publisher(lab: Lab) -> Iterator[Unsteady]:
    unsteady, stopping = Unsteady(), Latch()
    thread = Thread(target=publish_for_ever, args=(lab.database, unsteady, lab.queue, stopping))
    thread.start()
    until(lambda: lab.value(_LISTENERS))  # Else it may see the first message before it is woken.
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
    lab: Lab, project: UUID, publisher: Unsteady, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1: it rested after each of many wakings, and fell behind for as long as work went on."""
    publisher.failures = 0
    rests: list[float] = []
    monkeypatch.setattr("worker.outbox._gather", lambda _, seconds: rests.append(seconds))
    burst: list[UUID] = []

    def while_it_publishes() -> None:
        if not burst:
            burst.extend(lab.one_run(project).id for _ in range(20))

    with held("outbox.before_delete", while_it_publishes):
        lab.one_run(project)
        until(lambda: lab.value("SELECT count(*) FROM outbox") == 0 and burst)

    assert len(rests) <= 3


def test_it_does_not_wake_itself(
    lab: Lab, project: UUID, publisher: Unsteady, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look for entries of the feed that grew must not be news by itself."""
    publisher.failures = 0
    rests: list[float] = []
    monkeypatch.setattr("worker.outbox._gather", lambda _, seconds: rests.append(seconds))
    lab.one_run(project)
    until(lambda: rests and lab.value("SELECT count(*) FROM outbox") == 0)

    before = len(rests)
    time.sleep(1.0)

    assert len(rests) <= before + 1


def test_an_order_is_published_while_more_messages_are_waited_for(
    lab: Lab, project: UUID, publisher: Unsteady, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R8: a revoke does not wait until others have come together."""
    publisher.failures = 0
    monkeypatch.setattr("worker.outbox.GATHER_SECONDS", 3600.0)
    lab.one_run(project)  # From here on it waits for an hour.

    lab.database.transact(lambda tx: order(tx, Revoke(user_id=UUID(int=1), project_id=project)))

    until(lambda: publisher.orders)
    until(lambda: publisher.events)


def test_an_order_that_comes_in_the_middle_of_a_batch_goes_before_its_rest(
    lab: Lab, project: UUID
) -> None:
    """R8."""
    many = 2 * LOOK_FOR_ORDERS
    lab.sql(
        "INSERT INTO outbox (channel, type, data)"
        " SELECT 'images:' || gen_random_uuid(), 'imageStatusUpdate', jsonb_build_object('images',"
        "   jsonb_build_array(jsonb_build_object("
        "     'imageId', gen_random_uuid(), 'status', 'queued', 'version', 1)))"
        " FROM generate_series(1, :many)",
        many=many,
    )
    revoke = Revoke(user_id=UUID(int=1), project_id=project)
    publisher = Interrupted(lambda: lab.database.transact(lambda tx: order(tx, revoke)))

    publish_outbox(lab.database, publisher, lab.queue)

    assert publisher.told_before == [LOOK_FOR_ORDERS]
    assert len(publisher.events) == many
