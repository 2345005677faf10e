"""Real workers that an image, a deployment or a broken consumer cannot hurt (Q2, Q8, Q10)."""

import signal
import sys

import pytest
from redis import Redis

from shared.commands.processes import worker_arguments
from shared.messaging.celery_queue import KEY_PREFIX
from shared.supervision.orphans import is_alive
from tests.integration.interleaving import until
from tests.integration.runs.fleet import SECONDS, Fleet, check

pytestmark = pytest.mark.xdist_group("real workers")


@pytest.fixture(autouse=True)
def shut_gate(fleet: Fleet) -> None:
    fleet.shut()


def test_an_image_that_kills_or_starves_its_child_fails_alone(fleet: Fleet) -> None:
    """Q8: after as many attempts as any, with a code; the others flow."""
    codes = {
        "memory": "out_of_memory",
        "exit": "worker_lost",
        "quit": "worker_lost",
        "crash": "worker_lost",
    }
    poisoned = {fleet.upload(poison=poison): code for poison, code in codes.items()}
    healthy = fleet.upload()
    fleet.open()

    failed = {project: fleet.until_failed(project) for project in poisoned}

    assert {project: run.failure_code for project, run in failed.items()} == poisoned
    assert {run.attempt for run in failed.values()} == {3}
    check(fleet, healthy)
    assert all(fleet.lab.is_exact(project) for project in poisoned)


def test_an_image_beyond_its_hard_limit_timed_out(fleet: Fleet) -> None:
    """Q8, rule 25: its engine listens to nothing, so the parent kills the child."""
    project = fleet.upload("stubborn")
    fleet.lab.sql("UPDATE runs SET max_attempts = 1 WHERE project_id = :p", p=project)

    run = fleet.until_failed(project)

    assert (run.failure_code, run.attempt) == ("timeout", 1)
    assert "longer than the engine allows" in run.failure_detail


def test_a_child_that_goes_on_with_a_deleted_image_is_ended(fleet: Fleet) -> None:
    """Rules 20 and 26: its place is free again although its engine listens to nothing.

    Q3: meanwhile another image takes five times as long as its lease, and is begun once.
    """
    project = fleet.upload()
    [child] = fleet.until_begun()
    slow = fleet.upload()
    fleet.until_begun(2)

    fleet.lab.delete(project, [fleet.lab.runs(project)[0].image_id])

    until(lambda: not is_alive(child), seconds=SECONDS)
    assert len(fleet.began()) == 2
    other = fleet.upload()
    fleet.until_begun(3)
    fleet.open()
    for each in (slow, other):
        check(fleet, each)
        assert fleet.lab.runs(each)[0].attempt == 1


def said(fleet: Fleet, words: str) -> int:
    """Return how often workers wrote the *words*."""
    return (fleet.folder / "worker.log").read_text().count(words)


def workers(fleet: Fleet) -> int:
    return int(fleet.lab.value("SELECT count(*) FROM worker_heartbeats"))


def test_a_worker_that_is_asked_to_stop_finishes_its_image(fleet: Fleet) -> None:
    """Q10: SIGTERM."""
    worker = fleet.running[-1]
    project = fleet.upload()
    fleet.until_begun()

    worker.send_signal(signal.SIGTERM)
    fleet.open()

    assert fleet.until_ended(worker) == 0
    [run] = fleet.lab.runs(project)
    assert (run.status, run.attempt, workers(fleet)) == ("succeeded", 1, 0)
    fleet.start_worker()
    check(fleet, project)


def test_a_worker_that_is_urged_gives_its_images_back(fleet: Fleet) -> None:
    """Q10, rule 20: SIGQUIT, after a SIGTERM that did not suffice; no attempt is used up."""
    worker = fleet.running[-1]
    projects = [fleet.upload(), fleet.upload()]
    fleet.until_begun(2)

    stops = said(fleet, "Warm shutdown")
    worker.send_signal(signal.SIGTERM)
    until(lambda: said(fleet, "Warm shutdown") > stops, seconds=SECONDS)
    worker.send_signal(signal.SIGQUIT)

    fleet.until_ended(worker)
    for project in projects:
        [run] = fleet.lab.runs(project)
        assert (run.status, run.attempt) == ("queued", 0)
    assert workers(fleet) == 0
    fleet.open()
    fleet.start_worker()
    for project in projects:
        check(fleet, project)
        assert fleet.lab.runs(project)[0].attempt == 1


def test_a_deaf_worker_ends_itself(fleet: Fleet) -> None:
    """Its supervisor starts another one."""
    arguments = worker_arguments(
        "deaf", queues="background", children=1, app="tests.integration.runs.deaf_worker"
    )
    celery = (sys.executable, "-m", "celery")
    with Redis.from_url(fleet.redis_url) as redis:
        redis.lpush(f"{KEY_PREFIX}background", "{}")
        deaf = fleet.start(*arguments, program=celery)

        assert fleet.until_ended(deaf) == 0

        assert redis.llen(f"{KEY_PREFIX}background") == 1
    assert "this worker is deaf" in (fleet.folder / "-A.log").read_text()
