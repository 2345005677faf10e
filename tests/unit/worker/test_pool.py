"""Which children live and which are at work, whatever kind of pool they are in."""

import os
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from shared.database.leases import Holding
from shared.messaging.task_names import EXPORT, SEGMENT
from worker.pool import Pool


def prefork(*children: Any) -> Any:
    """Return what Celery's prefork pool looks like from outside."""
    return SimpleNamespace(num_processes=2, _pool=SimpleNamespace(_pool=list(children)))


def child(pid: int | None, exitcode: int | None = None) -> Any:
    return SimpleNamespace(pid=pid, exitcode=exitcode)


def test_live_children_are_those_that_began_and_did_not_exit() -> None:
    pool = Pool(prefork(child(1), child(2, exitcode=-9), child(None), child(3)), active=[])

    assert pool.pids() == {1, 3}


def test_a_pool_without_children_works_in_this_process() -> None:
    assert Pool(SimpleNamespace(num_processes=1), active=[]).pids() == {os.getpid()}


@dataclass(eq=False)
class Message:
    """What the pool sees of one of Celery's requests."""

    worker_pid: int | None
    name: str
    args: list[object]


def request(pid: int | None, *args: object, name: str = SEGMENT) -> Any:
    return Message(pid, name, list(args))


def test_a_child_that_exports_is_known() -> None:
    active = [request(1, str(uuid4())), request(2, str(uuid4()), name=EXPORT), request(None)]

    assert Pool(prefork(child(1), child(2)), active=active).exporting() == {2}


def test_a_child_is_at_the_run_that_its_message_names() -> None:
    run = uuid4()
    active = [request(2, str(run)), request(None, str(uuid4()))]

    assert Pool(prefork(child(1), child(2)), active=active).at_work() == {Holding(2, run)}


def test_a_task_that_waits_for_its_child_takes_a_place_too() -> None:
    """Else a worker whose child takes long to begin would be taken for deaf."""
    working, waiting = request(1, str(uuid4())), request(None, str(uuid4()))

    assert Pool(prefork(), active=[working], reserved=[working]).free == 1
    assert Pool(prefork(), active=[working], reserved=[working, waiting]).free == 0
    assert Pool(prefork(), active=[working], reserved=[]).free == 1


def test_other_tasks_and_broken_messages_hold_no_run() -> None:
    active = [request(1, str(uuid4()), name="celltally.other"), request(1), request(1, "nothing")]

    assert Pool(prefork(child(1)), active=active).at_work() == set()


def test_without_more_words_celery_says_who_is_at_work() -> None:
    pool = Pool(prefork(child(1)))

    assert (pool.at_work(), pool.free) == (set(), 2)


def test_more_tasks_are_taken_than_engines_work_only_while_turns_are_short() -> None:
    """Q7: an image that waits here for a long turn could have begun at another worker."""
    turns = SimpleNamespace(places=1, are_short=lambda: short)
    pool = Pool(prefork(), SimpleNamespace(max_concurrency=None), active=[], reserved=[])

    short = False
    pool.reach(turns)
    assert (pool.limit, pool.free) == (1, 1)

    short = True
    pool.reach(turns)
    assert (pool.limit, pool.free) == (2, 2)


def test_a_worker_without_turns_takes_as_many_as_it_has_children() -> None:
    pool = Pool(prefork(), SimpleNamespace(max_concurrency=None), active=[], reserved=[])

    assert (pool.limit, pool.free) == (2, 2)


def test_an_export_takes_no_place_away_from_images() -> None:
    """It needs no engine; without this a worker of one slot could do nothing beside it."""
    controller = SimpleNamespace(max_concurrency=0)
    exporting = request(1, str(uuid4()), name=EXPORT)
    turns = SimpleNamespace(places=1, are_short=lambda: False)

    Pool(prefork(), controller, active=[]).reach(turns)
    assert controller.max_concurrency == 1
    Pool(prefork(), controller, active=[exporting]).reach(turns)
    assert controller.max_concurrency == 2
    Pool(prefork(), controller, active=[exporting] * 3).reach(turns)
    assert controller.max_concurrency == 2
