"""A Celery application that only sends: web and scheduler need no worker code for it."""

from celery import Celery

from shared.messaging.celery_queue import CeleryTaskQueue
from shared.messaging.redis_connections import connect

#: A caller waits no longer than this for Redis, whether it is away or hangs.
BUDGET_SECONDS = 0.25


def sending_queue(redis_url: str, *, breaker: bool = True) -> CeleryTaskQueue:
    """Return a task queue whose caller never waits long for Redis."""
    app = Celery("celltally", set_as_current=False)
    app.config_from_object("celeryconfig")
    # A worker may wait half a minute for its broker; retried, that would be two minutes here.
    app.conf.broker_transport_options = app.conf.broker_transport_options | {
        "socket_timeout": BUDGET_SECONDS,
        "socket_connect_timeout": BUDGET_SECONDS,
    }
    app.conf.task_publish_retry = False
    app.conf.broker_connection_timeout = 2 * BUDGET_SECONDS
    redis = connect(redis_url, command_timeout=BUDGET_SECONDS, retries=0, name="celltally-hints")
    return CeleryTaskQueue(app, redis, breaker=breaker)
