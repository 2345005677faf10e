"""Exports reach workers one at a time each, in a fair order, whatever becomes of messages."""

from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest

from shared.actions.watch_exports import (
    dispatch_exports,
    forget_old_exports,
    hand_back_exports,
    release_exports,
    watch_exports,
)
from shared.database.export_moves import LOST_AFTER_SECONDS
from shared.domain.exports import KEPT_DAYS
from shared.latch import Latch
from shared.messaging.memory import MemoryTaskQueue
from shared.scheduling import Scheduler, run
from shared.storage import open_storage
from tests.integration.exports.office import Office
from tests.integration.interleaving import until


@pytest.fixture
def bob(office: Office) -> UUID:
    bob = office.lab.user("Bob")
    office.lab.let_in(office.project, bob)
    return bob


class AwayQueue(MemoryTaskQueue):
    """A broker that takes nothing."""

    def send_exports(self, export_ids: object) -> None:
        raise ConnectionError("nobody is there")


def test_each_worker_has_one_at_a_time(office: Office) -> None:
    """Or images would find no worker for as long as exports are made."""
    office.segmented(1)
    asked = [office.ask("csv") for _ in range(4)]
    for name in ("w1", "w2"):
        office.lab.worker(name=name, queue="background")

    assert office.dispatch() == asked[:2]
    assert office.dispatch() == []
    office.carry_out(asked[0])
    assert office.dispatch() == [asked[2]]


def test_without_a_worker_one_is_sent_for_whoever_comes(office: Office) -> None:
    office.segmented(1)
    asked = [office.ask("csv") for _ in range(2)]

    assert office.dispatch() == asked[:1]


def test_who_asked_for_little_does_not_wait_for_who_asked_for_much(
    office: Office, bob: UUID
) -> None:
    office.segmented(1)
    many = [office.ask("csv") for _ in range(3)]
    one = office.ask("csv", who=bob)

    assert office.dispatch() == [many[0]]
    office.carry_out(many[0])
    assert office.dispatch() == [many[1]]
    office.end(many[1])
    office.lab.worker(name="w1", queue="background")
    office.lab.worker(name="w2", queue="background")
    assert set(office.dispatch()) == {many[2], one}


def test_the_commit_wakes_the_scheduler(office: Office) -> None:
    """The request needs no broker; see also test_without_redis.py."""
    office.segmented(1)
    scheduler = Scheduler(
        office.database, office.lab.queue, office.lab.publisher, open_storage("memory:///")
    )
    stopping = Latch()
    thread = Thread(target=run, args=(scheduler, stopping))
    thread.start()
    try:
        export_id = office.ask("csv")
        until(lambda: export_id in office.lab.queue.exports)
    finally:
        stopping.set()
        thread.join(30)


def test_while_the_broker_is_away_they_wait_and_are_sent_later(office: Office) -> None:
    office.segmented(1)
    export_id = office.ask("csv")

    assert dispatch_exports(office.database, AwayQueue()) == 0

    assert office.dispatch() == [export_id]


def test_a_lost_message_is_sent_again(office: Office) -> None:
    office.segmented(1)
    export_id = office.ask("csv")
    office.dispatch()
    watch_exports(office.database)
    assert office.dispatch() == []

    office.lab.sql(
        "UPDATE exports SET dispatched_at = now() - make_interval(secs => :seconds)",
        seconds=LOST_AFTER_SECONDS + 1,
    )
    watch_exports(office.database)

    assert office.dispatch() == [export_id]


def test_a_dead_childs_export_waits_again_at_once(office: Office) -> None:
    office.segmented(1)
    dead, alive, elsewhere = (office.ask("csv") for _ in range(3))
    office.claim(dead, pid=1)
    office.claim(alive, pid=2)
    office.claim(elsewhere, worker="w2", pid=1)

    assert hand_back_exports(office.database, worker="w1", dead=[1]) == [dead]

    assert [office.status(each) for each in (dead, alive, elsewhere)] == [
        "queued",
        "running",
        "running",
    ]


def test_a_stopping_worker_gives_back_and_uses_no_attempt_up(office: Office) -> None:
    office.segmented(1)
    export_id = office.ask("csv")

    for _ in range(5):
        assert office.claim(export_id) is not None
        assert release_exports(office.database, worker="w1") == [export_id]

    row = office.row(export_id)
    assert (row.status, row.attempt) == ("queued", 0)
    assert "begins again" in row.detail


def test_old_exports_are_forgotten_with_their_files(office: Office) -> None:
    office.segmented(1)
    old, new = office.ask("csv"), office.ask("csv")
    for export_id in (old, new):
        office.carry_out(export_id)
    office.lab.sql(
        "UPDATE exports SET expires_at = expires_at - make_interval(days => :days) WHERE id = :id",
        days=KEPT_DAYS,
        id=old,
    )

    assert forget_old_exports(office.database) == 1
    office.clean()

    assert office.stored() == [office.row(new).file_key]


def test_duties_of_the_scheduler_include_exports(office: Office, tmp_path: Path) -> None:
    scheduler = Scheduler(
        office.database, office.lab.queue, office.lab.publisher, open_storage(tmp_path.as_uri())
    )

    names = {duty.name for duty in scheduler.duties()}

    assert {"watch exports", "forget old exports"} <= names
