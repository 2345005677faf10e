"""The twins in memory behave as what they stand for."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shared.domain.channels import Channel, ChannelKind
from shared.messaging.memory import MemoryEventPublisher, MemoryTaskQueue, MemoryTickets
from shared.messaging.ports import DispatchedRun, TicketHolder
from tests.unit.web.relay.samples import stats_update, status_update

PROJECT = Channel(ChannelKind.PROJECT, uuid4())
IMAGES = Channel(ChannelKind.IMAGES, PROJECT.id)


def test_the_queue_keeps_what_it_was_given():
    queue = MemoryTaskQueue()
    run, project_id, user_id = DispatchedRun(uuid4(), "segment.cpu", 120, 150), uuid4(), uuid4()

    queue.send_segments([run])
    queue.ask_recompute(project_id)
    queue.ask_dashboard(user_id)

    assert queue == MemoryTaskQueue(segments=[run], recomputed=[project_id], dashboards=[user_id])


def test_a_state_that_is_not_newer_is_not_kept():
    publisher = MemoryEventPublisher()
    event = stats_update(project_id=PROJECT.id, owner_id=uuid4(), version=1)

    kept = [publisher.publish_state(PROJECT, event, version=v) for v in (5, 4, 5, 6)]

    assert kept == [True, False, False, True]
    assert [version for _, _, version in publisher.states] == [5, 6]


def test_a_message_is_kept_once_by_its_key():
    publisher = MemoryEventPublisher()
    event = status_update(IMAGES.id)

    assert publisher.publish_event(IMAGES, event, key="1")
    assert not publisher.publish_event(IMAGES, event, key="1")
    assert publisher.events == [(IMAGES, event, "1")]


def test_what_the_real_one_refuses_is_refused():
    with pytest.raises(ValueError, match="does not go out"):
        MemoryEventPublisher().publish_event(PROJECT, status_update(PROJECT.id), key="1")


def test_watchers_are_those_the_test_says():
    assert MemoryEventPublisher(watched={PROJECT: 2}).watchers(PROJECT) == 2
    assert MemoryEventPublisher().watchers(PROJECT) == 0


def test_a_ticket_is_redeemed_once():
    tickets = MemoryTickets()
    holder = TicketHolder(uuid4(), "login", datetime.now(UTC))

    ticket = tickets.issue(holder)

    assert tickets.redeem(ticket) == holder
    assert tickets.redeem(ticket) is None
