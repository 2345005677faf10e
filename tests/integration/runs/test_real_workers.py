"""Real workers of Celery, killed in the middle of an image (S3, Q2)."""

import os
import signal

import pytest
from celery import Celery
from redis import Redis

from shared.domain.runs import DispatchedRun
from shared.messaging.celery_queue import CeleryTaskQueue
from shared.servers.addresses import broker_url
from tests.integration.interleaving import until
from tests.integration.runs.fleet import SECONDS, Fleet, check

#: One fleet for all of them.
pytestmark = pytest.mark.xdist_group("real workers")


@pytest.fixture(autouse=True)
def shut_gate(fleet: Fleet) -> None:
    fleet.shut()


def test_a_message_delivered_twice_counts_once(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = fleet.upload()
    fleet.until_begun()
    [run] = fleet.lab.runs(project)
    twice = DispatchedRun(run.id, run.queue, soft_limit=60, hard_limit=90)

    for name, value in fleet.environment.items():
        monkeypatch.setenv(name, value)
    with Redis.from_url(fleet.redis_url) as redis:
        app = Celery("tests", set_as_current=False)
        app.config_from_object("celeryconfig")
        app.conf.broker_url = broker_url(fleet.redis_url)
        queue = CeleryTaskQueue(app, redis)
        queue.send_segments([twice, twice])
        until(lambda: redis.llen("celltally:segment.cpu") == 0, seconds=SECONDS)
        app.close()
    fleet.open()

    check(fleet, project)
    assert fleet.results(run) == {fleet.lab.run(run.id).result_path.split("/")[2]}


def test_a_child_killed_in_the_middle_loses_nothing(fleet: Fleet) -> None:
    project = fleet.upload()
    [child] = fleet.until_begun()

    os.kill(child, signal.SIGKILL)
    fleet.until_begun(2)
    fleet.open()

    check(fleet, project)
    assert fleet.lab.runs(project)[0].attempt >= 2


def test_an_emptied_redis_loses_nothing(fleet: Fleet) -> None:
    """Loss of all of Redis costs only time: the runs are in PostgreSQL."""
    working = [fleet.upload(), fleet.upload()]
    fleet.until_begun(2)
    waiting = fleet.upload()
    # In its queue or already in the worker's hands: kombu may take one message too many.
    until(lambda: fleet.lab.runs(waiting)[0].dispatched_at, seconds=SECONDS)
    with Redis.from_url(fleet.redis_url) as redis:
        redis.flushdb()
    fleet.lab.sql("UPDATE runs SET dispatched_at = dispatched_at - interval '1 minute'")
    fleet.open()

    for project in (*working, waiting):
        check(fleet, project)


def test_a_whole_worker_killed_in_the_middle_loses_nothing(fleet: Fleet) -> None:
    """Another one finishes, once the lease of the lost one ran out."""
    projects = [fleet.upload(), fleet.upload()]
    fleet.until_begun(2)

    fleet.kill(fleet.running[-1])
    fleet.open()
    fleet.start_worker()

    for project in projects:
        check(fleet, project)
        assert fleet.lab.runs(project)[0].attempt >= 2


def test_while_images_are_long_no_more_are_taken_than_engines_work(fleet: Fleet) -> None:
    """Q7: the third could begin at another worker, and waits where one can take it."""
    projects = [fleet.upload() for _ in range(4)]
    fleet.until_begun(2)
    question = "SELECT count(*) FROM runs WHERE project_id = ANY(:ids) AND"
    sent = f"{question} dispatched_at IS NOT NULL"
    until(lambda: fleet.lab.value(sent, ids=projects) == 4, seconds=SECONDS)

    assert fleet.lab.value(f"{question} status = 'running'", ids=projects) == 2

    fleet.open()
    for project in projects:
        check(fleet, project)
