"""`celltally.preview`: look at what an engine would find."""

from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded

from shared.messaging.task_names import PREVIEW
from worker.app import app
from worker.previewing import carry_out_preview
from worker.services import services


@app.task(name=PREVIEW, bind=True)  # type: ignore[untyped-decorator]
def preview(self: Any, preview_id: str) -> None:
    """Carry out one preview; safe to deliver more than once."""
    carry_out_preview(
        services(),
        UUID(preview_id),
        is_timeout=lambda problem: isinstance(problem, SoftTimeLimitExceeded),
    )
