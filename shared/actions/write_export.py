"""Claim an export, say how far it is, and record its outcome; each is one compare-and-set."""

from uuid import UUID, uuid4

from shared.actions.exports import tell_export
from shared.database import access, export_moves, runs
from shared.database.transaction import Transaction
from shared.domain.exports import (
    EXPORT_BACKOFF_SECONDS,
    EXPORT_SENTENCES,
    RETRIED_EXPORTS,
    ClaimedExport,
    ExportFailure,
    ExportFormat,
    Selection,
)
from shared.domain.images import ImageStatus
from shared.domain.runs import Claimant

NO_ACCESS = "You have no access to this project any more."
AGAIN = "A file could not be read or written. It begins again in a moment."


def claim_export(tx: Transaction, export_id: UUID, *, claimant: Claimant) -> ClaimedExport | None:
    """Take the export for this process; None when it is not waiting (any more)."""
    token = uuid4()
    values = {
        "id": export_id,
        "token": token,
        "worker": claimant.worker,
        "pid": claimant.pid,
        "lease_seconds": claimant.lease_seconds,
    }
    row = export_moves.claim(tx.connection, values)
    if row is None:
        return None
    if access.role_in_project(tx.connection, row["user_id"], row["project_id"]) is None:
        _cancel_without_access(tx, export_id)
        return None
    tell_export(tx, row)
    ids, statuses = row["image_ids"], row["statuses"]
    return ClaimedExport(
        id=export_id,
        token=token,
        attempt=row["attempt"],
        project_id=row["project_id"],
        user_id=row["user_id"],
        project_title=row["project_title"],
        formats=tuple(map(ExportFormat, row["formats"])),
        selection=Selection(
            None if ids is None else tuple(ids),
            None if statuses is None else tuple(map(ImageStatus, statuses)),
        ),
    )


def note_progress(
    tx: Transaction, held: ClaimedExport, *, done: int, total: int, lease_seconds: int
) -> bool:
    """Tell how far the export is and keep its lease; False when it is no longer ours.

    So it is also when its asker lost the access to the project: then it is cancelled.
    """
    row = export_moves.renew(
        tx.connection, held, done=done, total=total, lease_seconds=lease_seconds
    )
    if row is None:
        return False
    if access.role_in_project(tx.connection, held.user_id, held.project_id) is None:
        _cancel_without_access(tx, held.id)
        return False
    tell_export(tx, row)
    return True


def complete_export(tx: Transaction, held: ClaimedExport, *, size: int, left_out: int) -> bool:
    """Offer the stored file; False when the export is no longer ours, and nothing changed."""
    detail = f"{left_out} images are left out; README.txt says why." if left_out else None
    row = export_moves.complete(tx.connection, held, size=size, detail=detail)
    if row is None:
        # An earlier try may have been committed although its answer was lost.
        return export_moves.is_done(tx.connection, held)
    tell_export(tx, row)
    runs.wake_scheduler(tx.connection)
    return True


def fail_export(
    tx: Transaction, held: ClaimedExport, code: ExportFailure, detail: str | None = None
) -> bool:
    """Record the failure, or let the export wait for another attempt if the cause may pass.

    False when it is no longer ours, and nothing changed.
    """
    row = None
    if code in RETRIED_EXPORTS:
        wait = EXPORT_BACKOFF_SECONDS[min(held.attempt, len(EXPORT_BACKOFF_SECONDS)) - 1]
        row = export_moves.try_again(tx.connection, held, wait_seconds=wait, detail=AGAIN)
    if row is None:
        row = export_moves.fail(tx.connection, held, code, detail or EXPORT_SENTENCES[code])
    if row is None:
        return False
    tell_export(tx, row)
    runs.wake_scheduler(tx.connection)
    return True


def _cancel_without_access(tx: Transaction, export_id: UUID) -> None:
    row = export_moves.cancel(tx.connection, export_id, NO_ACCESS)
    if row is not None:
        tell_export(tx, row)
