"""Which children live and which are at work, whatever kind of pool they are in."""

import os
from types import SimpleNamespace
from typing import Any

from worker.heartbeat import Pool


def prefork(*children: Any) -> Any:
    """Return what Celery's prefork pool looks like from outside."""
    return SimpleNamespace(num_processes=2, _pool=SimpleNamespace(_pool=list(children)))


def child(pid: int | None, exitcode: int | None = None) -> Any:
    return SimpleNamespace(pid=pid, exitcode=exitcode)


def test_live_children_are_those_that_began_and_did_not_exit() -> None:
    pool = Pool(prefork(child(1), child(2, exitcode=-9), child(None), child(3)), active=[])

    assert pool.pids() == {1, 3}
    assert pool.slots == 2


def test_a_pool_without_children_works_in_this_process() -> None:
    assert Pool(SimpleNamespace(num_processes=1), active=[]).pids() == {os.getpid()}


def test_busy_children_are_those_at_a_task() -> None:
    active = [SimpleNamespace(worker_pid=2), SimpleNamespace(worker_pid=None)]

    assert 2 in Pool(prefork(child(1), child(2)), active=active).busy()
    assert 1 not in Pool(prefork(child(1), child(2)), active=active).busy()


def test_without_more_words_celery_says_who_is_at_work() -> None:
    assert Pool(prefork(child(1))).busy() == set()
