"""`celltally.export`: write one export."""

import os
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded

from shared.domain.runs import Claimant
from shared.messaging.task_names import EXPORT
from worker.app import app
from worker.exporting import carry_out_export
from worker.services import services


@app.task(name=EXPORT, bind=True)  # type: ignore[untyped-decorator]
def export(self: Any, export_id: str) -> None:
    """Carry out one export; safe to deliver more than once."""
    here = services()
    claimant = Claimant(
        worker=self.request.hostname,
        pid=os.getpid(),
        lease_seconds=here.settings.lease_seconds,
    )
    carry_out_export(
        here,
        UUID(export_id),
        claimant,
        is_timeout=lambda problem: isinstance(problem, SoftTimeLimitExceeded),
    )
