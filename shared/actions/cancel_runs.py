"""Cancel what waits and what runs; each image returns to what it was (rules.md 21)."""

from dataclasses import dataclass
from uuid import UUID

from shared.database import moves
from shared.database.moves import Scope
from shared.database.transaction import Transaction
from shared.pausing import pause


@dataclass(frozen=True, slots=True)
class Cancelled:
    """How many runs waited, and how many were at work: their workers are still to notice."""

    waiting: int
    running: int


def cancel_runs(tx: Transaction, scope: Scope, scope_id: UUID) -> Cancelled:
    """Cancel the active runs of the scope: an image, a batch, a project, or what a user asked for.

    Both numbers are final: a worker that is at such a run shows a token that no longer fits.
    """
    projects = tx.rows(moves.CANCEL[scope], {"scope": scope_id})
    pause("cancel.before_commit")
    return Cancelled(
        waiting=sum(project["cancelled"] for project in projects),
        running=sum(project["running"] for project in projects),
    )
