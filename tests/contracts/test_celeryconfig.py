"""What others rely on in how Celery behaves."""

import runpy
import types
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from celery.app.defaults import NAMESPACES, flatten
from kombu.entity import Queue

from shared.domain.engines import LONGEST_SECONDS
from shared.messaging import task_names
from shared.messaging.celery_queue import BESIDE_SECONDS, KEY_PREFIX

CELERYCONFIG = Path(__file__).parents[2] / "celeryconfig.py"


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("CELLTALLY_DATABASE_URL", "postgresql://h/d")
    monkeypatch.setenv("CELLTALLY_REDIS_URL", "unix:///run/valkey.sock?db=0")
    names = runpy.run_path(str(CELERYCONFIG))
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("_") and not isinstance(value, types.FunctionType | type)
    }


def test_celery_knows_every_setting(config: dict[str, Any]) -> None:
    known = {name for name, _ in flatten(NAMESPACES)}

    assert set(config) - known == set()


def test_the_broker_is_the_redis_of_the_settings(config: dict[str, Any]) -> None:
    assert config["broker_url"] == "redis+socket:///run/valkey.sock"
    assert config["broker_transport_options"]["global_keyprefix"] == KEY_PREFIX


def test_live_work_is_never_delivered_twice(config: dict[str, Any]) -> None:
    hard = config["task_time_limit"]

    assert config["task_soft_time_limit"] < hard
    assert hard >= LONGEST_SECONDS + BESIDE_SECONDS
    assert config["broker_transport_options"]["visibility_timeout"] >= 3 * hard


def test_each_queue_has_a_routing_key_of_its_own(config: dict[str, Any]) -> None:
    queues = config["task_queues"]

    assert all(isinstance(queue, Queue) for queue in queues)
    assert [queue.name for queue in queues] == ["segment.cpu", "segment.gpu", "stats", "background"]
    assert [queue.routing_key for queue in queues] == [queue.name for queue in queues]


def test_recounts_never_wait_behind_images(config: dict[str, Any]) -> None:
    routes = config["task_routes"]

    def queue_of(task: str) -> str:
        found = [route["queue"] for pattern, route in routes.items() if fnmatch(task, pattern)]
        return str(found[0] if found else config["task_default_queue"])

    assert queue_of(task_names.SEGMENT) == "segment.cpu"
    assert queue_of(task_names.RECOMPUTE_STATS) == "stats"
    assert queue_of(task_names.RECOMPUTE_DASHBOARD) == "stats"
    assert queue_of("celltally.anything_else") == "background"
