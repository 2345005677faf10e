"""What is noted of the children that the parent ends itself."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery

from shared.messaging.task_names import SEGMENT
from worker.endings import Endings, RunRequest, endings, run_of


def request_for(run_id: object, *, name: str = SEGMENT) -> RunRequest:
    """Return the request that Celery makes of a message."""
    app = Celery("tests", set_as_current=False)
    app.conf.update(result_backend=None, task_ignore_result=True)

    @app.task(name=name, acks_late=True, shared=False)  # type: ignore[untyped-decorator]
    def task(run_id: str) -> None: ...

    message = SimpleNamespace(
        headers={"id": str(uuid4()), "task": name},
        body="",
        payload=([str(run_id)], {}, {}),
        content_type="application/json",
        content_encoding="utf-8",
        delivery_info={},
        properties={},
    )
    return RunRequest(message, app=app, on_ack=ignore, on_reject=ignore, hostname="w1@here")


def ignore(*_: Any, **__: Any) -> None:
    """Take whatever Celery says."""


@pytest.fixture
def run_id() -> Any:
    run_id = uuid4()
    yield run_id
    endings.forget([run_id])


def test_the_hard_time_limit_is_noted(run_id: UUID) -> None:
    request_for(run_id).on_timeout(soft=False, timeout=5)

    assert run_id in endings.noted()[0]


def test_the_soft_time_limit_is_left_to_the_child(run_id: UUID) -> None:
    request_for(run_id).on_timeout(soft=True, timeout=5)

    assert run_id not in endings.noted()[0]


def test_a_cold_stop_is_noted(run_id: UUID) -> None:
    request_for(run_id).cancel(pool=None, emit_retry=False)

    assert run_id in endings.noted()[1]
    assert run_id not in endings.noted()[0]


def test_a_message_about_something_else_names_no_run() -> None:
    assert run_of(request_for(uuid4(), name="celltally.other")) is None
    assert run_of(request_for("not a run")) is None


def test_what_was_given_back_is_forgotten() -> None:
    noted = Endings()
    first, second = uuid4(), uuid4()
    noted.note_timeout(first)
    noted.note_timeout(second)

    noted.forget([first])

    assert noted.noted() == ({second}, set())
