"""The worker's Celery application, with the peer's task beside the real ones.

The real `celltally.segment` gets a step that touches no pixel and no file: what is left is what
celltally itself costs.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench.tasks import FLOOR
from shared.database.transaction import Transaction
from shared.domain.runs import ClaimedRun, Outcome
from shared.messaging.task_names import SEGMENT
from worker.app import app
from worker.segmenting import SegmentingServices
from worker.services import services

_UPDATE = text("UPDATE images SET status = 'processing' WHERE id = :id AND status = 'queued'")


def touch_nothing(_services: SegmentingServices, run: ClaimedRun) -> Outcome:
    """Say that three objects were found."""
    return Outcome(3, duration_ms=1, result_path=f"results/{run.image_id}/{run.token}/")


app.conf.task_annotations = {SEGMENT: {"step": staticmethod(touch_nothing)}}


@app.task(name=FLOOR)  # type: ignore[untyped-decorator]
def floor(image_id: str) -> None:
    """Do nothing but one compare-and-set, in the worker's own kind of transaction."""

    def compare_and_set(tx: Transaction) -> Any:
        return tx.execute(_UPDATE, {"id": UUID(image_id)}).rowcount

    services().database.transact(compare_and_set)
