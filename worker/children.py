"""What children share from their parent, and what each does before its first task."""

from typing import Any

from celery.signals import worker_init, worker_process_init

from shared.config import Settings
from shared.domain.engines import EngineQueue
from worker.app import app
from worker.memory import be_first_to_go, budget_of, limit_memory
from worker.services import services
from worker.turns import share

_children = 1


@worker_init.connect  # type: ignore[untyped-decorator]
def prepare_to_fork(sender: Any, **_: object) -> None:
    """Keep, in the parent, by how many the memory is shared, and make the turns at the engines."""
    global _children  # noqa: PLW0603
    _children = int(sender.concurrency)
    share(_children)


@worker_process_init.connect  # type: ignore[untyped-decorator]
def bound_memory(**_: object) -> None:
    """Bound this child's memory, and have it be the kernel's first choice."""
    be_first_to_go()
    # Drivers of graphics cards map far more addresses than there is memory.
    if EngineQueue.GPU.celery_queue not in app.amqp.queues.consume_from:
        limit_memory(budget_of(Settings.from_environment(), _children))


@worker_process_init.connect  # type: ignore[untyped-decorator]
def connect_early(**_: object) -> None:
    """Connect before the first task: a worker that is lost meanwhile has claimed nothing yet."""
    services().database.answers()
