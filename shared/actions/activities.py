"""Write down what people did, for the feeds of all members of the project (rules.md 13, 17)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.database import activities, batches, outbox
from shared.database.activities import Deed
from shared.database.batches import AskedBatch
from shared.database.engine import Database
from shared.database.outbox import Waiting
from shared.database.projects import Brief
from shared.database.transaction import Transaction
from shared.domain.activities import ActivityType

#: How long entries are kept; a year of them tells how a project came to be.
KEPT_DAYS = 365

#: Runs that ended, as `moves` says it.
SUCCEEDED, FAILED = "succeeded", "failed"


@dataclass(slots=True)
class _Growth:
    """What a batch's entry grows by."""

    ended_at: datetime
    succeeded: int = 0
    failed: int = 0


def record_activity(tx: Transaction, deed: Deed) -> bool:
    """Write the entry with the change it tells of; call it last in the transaction.

    Return whether the entry is new.

    A new one is announced as soon as the change is committed; one that grew, by the publisher
    of the outbox, once a second at most.
    """
    written = activities.record(tx.connection, deed)
    if written is None or not written[1]:
        return False
    outbox.leave_activity(tx.connection, written[0])
    return True


def record_project_act(
    tx: Transaction, kind: ActivityType, project: Brief, *, actor_id: UUID | None = None
) -> None:
    """Write that somebody, or else its owner, did this to the whole project; also called last."""
    deed = Deed(
        type=kind,
        actor_id=actor_id or project.owner_id,
        project_id=project.id,
        project_name=project.title,
    )
    record_activity(tx, deed)


def grow_batches(tx: Transaction, waiting: list[Waiting]) -> int:
    """Let the entry of each batch grow by those of its runs whose end is told here.

    Return how many entries are new.

    No run touches the entry itself: ten thousand of them would wait for one row. Each message
    is taken once, in the transaction that deletes it, so that each run is counted once.
    """
    growths = _growths(waiting)
    if not growths:
        return 0
    # In the order of actors, for each of whom there is one lock.
    asked = batches.asked_for(tx.connection, list(growths))
    return sum(record_activity(tx, _deed(batch, growths[batch.id])) for batch in asked)


def act_of(kind: ActivityType, op_id: str | None) -> str | None:
    """Return what joins the requests of one click; each request is an act of its own without.

    They have the same id, or ids that are the same up to a slash.
    """
    return None if op_id is None else f"{kind}:{op_id.partition('/')[0]}"


def forget_old_activities(database: Database) -> int:
    """Delete the entries that are older than they are kept; return how many there were."""
    return database.transact(lambda tx: activities.forget_old(tx.connection, KEPT_DAYS))


def _deed(batch: AskedBatch, growth: _Growth) -> Deed:
    worked = growth.succeeded > 0
    took = growth.ended_at - batch.created_at
    return Deed(
        type=ActivityType.SEGMENTATION_COMPLETED if worked else ActivityType.SEGMENTATION_FAILED,
        actor_id=batch.user_id,
        project_id=batch.project_id,
        project_name=batch.project_name,
        count=growth.succeeded + growth.failed,
        failed=growth.failed,
        duration_ms=max(0, took // timedelta(milliseconds=1)),
        act=f"batch:{batch.id}",
    )


def _growths(waiting: list[Waiting]) -> dict[UUID, _Growth]:
    growths: dict[UUID, _Growth] = {}
    for message in waiting:
        for outcome, ids in (message.outcomes or {}).items():
            for batch_id, count in Counter(filter(None, ids)).items():
                growth = growths.setdefault(UUID(batch_id), _Growth(message.created_at))
                growth.ended_at = max(growth.ended_at, message.created_at)
                growth.succeeded += count if outcome == SUCCEEDED else 0
                growth.failed += count if outcome == FAILED else 0
    return growths
