"""Messages that were lost, held up or never sent are found (rules.md C.24)."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from shared.actions.dispatch import LOST_IN_HAND_SECONDS, dispatch, recover_lost
from shared.database import dispatching
from shared.domain.runs import DispatchedRun
from shared.messaging.memory import MemoryTaskQueue
from shared.messaging.ports import HeldByBroker
from tests.integration.lab import Lab

SLOTS = 2
WINDOW = 2 * SLOTS


def test_a_lost_message_is_found_and_sent_again(lab: Lab, ada: UUID) -> None:
    """Rule 24, S3: Redis was flushed; no attempt is used up."""
    order = lab.waiting(ada, 3)
    lab.dispatch()
    kept = lab.queue.segments[0].run_id
    lab.queue.segments[:] = lab.queue.segments[:1]
    lab.age_messages()

    assert recover_lost(lab.database, lab.queue) == 2

    assert lab.dispatch() == [run for run in order if run != kept]
    assert {run.attempt for run in map(lab.run, order)} == {0}


def test_a_message_that_was_just_sent_is_not_looked_for(lab: Lab, ada: UUID) -> None:
    lab.waiting(ada, 1)
    lab.dispatch()
    lab.queue.segments.clear()

    assert recover_lost(lab.database, lab.queue) == 0


def test_a_dispatcher_that_died_before_it_sent_is_made_good(lab: Lab, ada: UUID) -> None:
    """Rule 24: places taken and committed, and no message."""

    class Dying(MemoryTaskQueue):
        def send_segments(self, sent: Sequence[DispatchedRun]) -> None:
            raise KeyboardInterrupt

    order = lab.waiting(ada, 1)
    with pytest.raises(KeyboardInterrupt):
        dispatch(lab.database, Dying())
    assert lab.dispatch() == []
    lab.age_messages()

    recover_lost(lab.database, lab.queue)

    assert lab.dispatch() == order


def test_a_message_that_a_dead_worker_holds_is_given_up_once_it_was_overtaken(
    lab: Lab, ada: UUID
) -> None:
    """Rule 24: unacknowledged for a quarter of an hour, were it not for the ones behind it."""
    stuck, later = lab.waiting(ada, 2)
    lab.dispatch()
    lab.age_messages(60)
    lab.sql(
        "UPDATE runs SET dispatched_at = dispatched_at + interval '1 second' WHERE id = :id",
        id=later,
    )
    assert recover_lost(lab.database, lab.queue) == 0  # The broker holds both.

    lab.claim(later)
    assert recover_lost(lab.database, lab.queue) == 0  # It may be a moment behind.
    lab.sql("UPDATE runs SET started_at = started_at - interval '31 seconds'")

    assert recover_lost(lab.database, lab.queue) == 1
    assert lab.run(stuck).dispatched_at is None


def test_a_message_that_was_taken_and_not_claimed_is_soon_given_up(lab: Lab, ada: UUID) -> None:
    """Rule 24, Q2: its worker died between taking and claiming, and nothing comes behind it."""
    [run] = lab.waiting(ada, 1)
    lab.dispatch()
    lab.queue.taken.add(run)

    lab.age_messages(LOST_IN_HAND_SECONDS - 5)
    assert recover_lost(lab.database, lab.queue) == 0
    lab.age_messages(6)
    assert recover_lost(lab.database, lab.queue) == 1


def test_a_message_that_waits_in_its_queue_is_never_given_up_for_being_slow(
    lab: Lab, ada: UUID
) -> None:
    """All workers are at long images; it is in nobody's hands."""
    lab.waiting(ada, 1)
    lab.dispatch()

    lab.age_messages(10 * LOST_IN_HAND_SECONDS)

    assert recover_lost(lab.database, lab.queue) == 0


def test_a_message_older_than_a_quarter_of_an_hour_is_given_up(lab: Lab, ada: UUID) -> None:
    """Rule 24."""
    lab.waiting(ada, 1)
    lab.dispatch()
    lab.age_messages(901)

    assert recover_lost(lab.database, lab.queue) == 1


def test_a_run_claimed_while_it_is_looked_for_keeps_its_place(lab: Lab, ada: UUID) -> None:
    """Rule 24: the double that results is absorbed by the claim, and here there is none."""
    [run] = lab.waiting(ada, 1)
    lab.dispatch()
    lab.age_messages()

    class Claiming(MemoryTaskQueue):
        def held_by_broker(self, queues: object) -> HeldByBroker:
            lab.claim(run)
            return HeldByBroker(waiting=set(), taken=set())

    assert recover_lost(lab.database, Claiming()) == 0
    assert lab.run(run).dispatched_at is not None


def test_a_claimed_run_that_was_forgotten_is_in_flight_again(lab: Lab, ada: UUID) -> None:
    """A message that was taken for lost arrives after all: the window stays right."""
    order = lab.waiting(ada, 10)
    lab.dispatch()
    lab.database.transact(lambda tx: dispatching.forget_dispatch(tx.connection, order[:1]))

    lab.claim(order[0])

    assert lab.dispatch() == []
