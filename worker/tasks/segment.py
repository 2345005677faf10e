"""`celltally.segment`: outline the objects of one image."""

import os
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded

from shared.domain.runs import Claimant
from shared.messaging.task_names import SEGMENT
from worker.app import app
from worker.segmenting import carry_out
from worker.services import services


@app.task(name=SEGMENT, bind=True)  # type: ignore[untyped-decorator]
def segment(self: Any, run_id: str) -> None:
    """Carry out one run; safe to deliver more than once."""
    here = services()
    claimant = Claimant(
        worker=self.request.hostname,
        pid=os.getpid(),
        lease_seconds=here.settings.lease_seconds,
    )
    carry_out(
        here,
        UUID(run_id),
        claimant,
        is_timeout=lambda problem: isinstance(problem, SoftTimeLimitExceeded),
    )
