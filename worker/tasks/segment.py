"""`celltally.segment`: outline the objects of one image."""

import os
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded

from shared.domain.runs import Claimant
from shared.messaging.task_names import SEGMENT
from worker.app import app
from worker.environment import remember_environment
from worker.segmenting import carry_out, outline
from worker.services import services


# The step is an attribute of the task, so that Celery's task_annotations can give another one.
@app.task(  # type: ignore[untyped-decorator]
    name=SEGMENT, bind=True, step=staticmethod(outline), Request="worker.endings:RunRequest"
)
def segment(self: Any, run_id: str) -> None:
    """Carry out one run; safe to deliver more than once."""
    here = services()
    claimant = Claimant(
        worker=self.request.hostname,
        pid=os.getpid(),
        lease_seconds=here.settings.lease_seconds,
        environment=remember_environment(here.database),
    )
    try:
        carry_out(
            here,
            UUID(run_id),
            claimant,
            step=self.step,
            is_timeout=lambda problem: isinstance(problem, SoftTimeLimitExceeded),
        )
    except MemoryError:
        # Beside the engine there is no memory either, and Celery would raise this again in the
        # parent: every child would end. So only this one does.
        os._exit(1)
