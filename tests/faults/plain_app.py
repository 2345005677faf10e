"""The peer: plain Celery, as its documentation advises for work that must not be lost.

One task does with an image what celltally does (read, segment, measure, store), acknowledged late
and rejected when its worker is lost. There is no row in a database behind the message.
"""

import os
from functools import cache
from pathlib import Path

from celery import Celery
from kombu import Queue

from shared.reading import read_pixels
from shared.results import save_result
from shared.storage import Storage, open_storage
from tests.faults.engine import Faulty, number_of
from tests.faults.journal import Pen
from tests.faults.traps import FOLDER

TASK = "plain.segment"
QUEUE = "plain"
REDIS = "PLAIN_REDIS_URL"
STORAGE = "PLAIN_STORAGE_URL"

app = Celery("plain", broker=os.environ.get(REDIS), set_as_current=False)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    task_queues=[Queue(QUEUE)],
    task_default_queue=QUEUE,
    broker_connection_retry_on_startup=True,
    # Short, and looked after each second, or the storm would be over before anything came back.
    broker_transport_options={
        "visibility_timeout": 5,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    },
)


@cache
def _tools() -> tuple[Storage, Faulty, Pen]:
    engine = Faulty()
    engine.load("cpu")
    return open_storage(os.environ[STORAGE]), engine, engine.pen


@app.task(name=TASK)  # type: ignore[untyped-decorator]
def segment(key: str) -> None:
    """Segment one image and store the result."""
    storage, engine, _ = _tools()
    image = read_pixels(storage.read(key), 0)
    found = engine.segment(image, None, mode="nothing", once=False)
    prefix = f"plain/{number_of(image)}/{os.getpid()}/"
    save_result(storage, prefix, segmentation=found, image=image, pixel_size_um=None)
    (Path(os.environ[FOLDER]) / "done").open("a").write(f"{number_of(image)}\n")
