"""Whoever reads Flower hears of every step of every task (O1)."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from celery import Celery

from shared.servers.addresses import broker_url
from tests.integration.interleaving import until
from tests.integration.runs.fleet import SECONDS, Fleet

pytestmark = pytest.mark.xdist_group("real workers")

IMAGES = 6


@contextmanager
def listening(fleet: Fleet) -> Iterator[list[dict[str, Any]]]:
    """Collect the events of tasks, as Flower does."""
    heard: list[dict[str, Any]] = []
    app = Celery("ear", broker=broker_url(fleet.redis_url), set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": "celltally:"}
    with app.connection_for_read() as connection:
        ear = app.events.Receiver(connection, handlers={"*": heard.append})
        thread = Thread(target=lambda: ear.capture(limit=None, timeout=None), daemon=True)
        thread.start()
        try:
            yield heard
        finally:
            ear.should_stop = True
            thread.join(SECONDS)


def kinds(heard: list[dict[str, Any]], run_id: object) -> list[str]:
    """Return what was told of the run's task, in order."""
    task = next(
        (e["uuid"] for e in heard if e["type"] == "task-received" and str(run_id) in e["args"]),
        None,
    )
    return [e["type"] for e in heard if e.get("uuid") == task and e["type"] != "task-sent"]


def test_every_task_is_told_from_its_receipt_to_its_end(fleet: Fleet) -> None:
    fleet.open()
    with listening(fleet) as heard:
        until(lambda: any(e["type"] == "worker-heartbeat" for e in heard), seconds=SECONDS)
        projects = [fleet.upload() for _ in range(IMAGES)]
        runs = [run.id for project in projects for run in fleet.lab.runs(project)]

        whole = ["task-received", "task-started", "task-succeeded"]
        until(lambda: [kinds(heard, run) for run in runs] == [whole] * IMAGES, seconds=SECONDS)
