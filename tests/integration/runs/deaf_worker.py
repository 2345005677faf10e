"""A worker that hears nothing, as a restart of Redis may leave it; only for a test beside it.

It takes the place of `worker.app` on the command line of Celery.
"""

from typing import Any

from celery.signals import worker_ready

from worker import deafness
from worker.app import app

__all__ = ["app"]

deafness.DEAF_SECONDS = 3.0


@worker_ready.connect
def go_deaf(sender: Any, **_: object) -> None:
    sender.task_consumer.cancel()
