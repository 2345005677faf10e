"""Cancel what waits and what runs; each image returns to what it was (rules.md 21)."""

from dataclasses import dataclass
from uuid import UUID

from shared.actions.activities import record_activity
from shared.database import projects
from shared.database.activities import Deed
from shared.database.cancelling import CANCEL, Scope
from shared.database.transaction import Transaction
from shared.domain.activities import ActivityType
from shared.pausing import pause


@dataclass(frozen=True, slots=True)
class Cancelled:
    """How many runs waited, and how many were at work: their workers are still to notice."""

    waiting: int
    running: int


def cancel_runs(tx: Transaction, scope: Scope, scope_id: UUID, *, actor_id: UUID) -> Cancelled:
    """Cancel the active runs of the scope: an image, a batch, a project, or what a user asked for.

    Both numbers are final: a worker that is at such a run shows a token that no longer fits.
    """
    tx.expect_many()
    cancelled = tx.rows(CANCEL[scope], {"scope": scope_id})
    for each in cancelled:
        _record(tx, each["project_id"], actor_id, each["cancelled"] + each["running"])
    pause("cancel.before_commit")
    return Cancelled(
        waiting=sum(each["cancelled"] for each in cancelled),
        running=sum(each["running"] for each in cancelled),
    )


def _record(tx: Transaction, project_id: UUID, actor_id: UUID, count: int) -> None:
    title = projects.title_of(tx.connection, project_id)
    if title is None:  # It is being deleted, which is told already.
        return
    deed = Deed(
        type=ActivityType.SEGMENTATION_CANCELLED,
        actor_id=actor_id,
        project_id=project_id,
        project_name=title,
        count=count,
    )
    record_activity(tx, deed)
