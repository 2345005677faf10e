"""Ask for an export, cancel it, delete it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.engine import RowMapping

from shared.database import access, export_moves, exports, outbox, runs
from shared.database.exports import NewExport
from shared.database.transaction import Transaction
from shared.domain.channels import Channel, ChannelKind
from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError
from shared.domain.events import ExportStatus, ExportUpdate
from shared.domain.exports import MOST_ACTIVE_EXPORTS, MOST_EXPORTED_IMAGES

PROJECT_GONE = "The project was deleted."
DELETED = "The export was deleted."


def tell_export(tx: Transaction, row: RowMapping | dict[str, Any]) -> None:
    """Tell the asker, on all their pages, where an export stands."""
    event = ExportUpdate(
        export_id=row["id"],
        project_id=row["project_id"],
        status=ExportStatus(row["status"]),
        done=row["done"],
        total=row["total"],
        detail=row["detail"],
        timestamp=datetime.now(UTC),
    )
    written = event.model_dump_json(by_alias=True, exclude_none=True)
    channel = Channel(ChannelKind.USER, row["user_id"])
    outbox.leave_message(tx.connection, str(channel), event.type, written)


def ask_export(tx: Transaction, new: NewExport) -> RowMapping:
    """Have the chosen images exported; return the export's row.

    The commit wakes the scheduler, which sends it to a worker: the request needs no broker.
    """
    if not access.lock_against_deletion(tx.connection, new.project_id):
        raise NotFoundError("This project does not exist, or you have no access to it.")
    total = _checked_count(tx, new)
    active = exports.count_active(tx.connection, new.user_id)
    if active >= MOST_ACTIVE_EXPORTS:
        raise ConflictError(
            f"{active} exports of yours are not finished. Wait for one, or cancel one.",
            code="too_many_exports",
        )
    row = exports.insert(tx.connection, new, total)
    runs.wake_scheduler(tx.connection)
    tell_export(tx, row)
    return row


def end_export(tx: Transaction, export_id: UUID) -> None:
    """Cancel the export for good if it is not finished, else delete it with its file.

    Either is final: a worker that is at it shows a token that no longer fits.
    """
    row = export_moves.cancel(tx.connection, export_id, None)
    if row is not None:
        runs.wake_scheduler(tx.connection)  # Another one may begin.
        tell_export(tx, row)
        return
    row = export_moves.delete(tx.connection, export_id)
    if row is None:
        raise NotFoundError("This export does not exist, or is not yours.")
    # No status says it: pages look at their list again, and download it no more.
    tell_export(tx, {**row, "status": ExportStatus.CANCELLED, "detail": DELETED})


def cancel_exports_of_project(tx: Transaction, project_id: UUID) -> None:
    """End what is being exported of a project that goes."""
    for row in export_moves.cancel_all(tx.connection, project_id, PROJECT_GONE):
        tell_export(tx, row)


def _checked_count(tx: Transaction, new: NewExport) -> int:
    total = exports.count_chosen(tx.connection, new.project_id, new.selection)
    wanted = new.selection.image_ids
    if wanted is not None and total < len(set(wanted)):
        missing = len(set(wanted)) - total
        raise NotFoundError(f"{missing} of the {len(set(wanted))} images are not in this project.")
    if total == 0:
        raise InvalidInputError(
            "There is no image to export. Upload images, or choose other statuses.",
            code="nothing_to_export",
        )
    if total > MOST_EXPORTED_IMAGES:
        raise InvalidInputError(
            f"{total:,} images are more than the {MOST_EXPORTED_IMAGES:,} of one export. "
            "Export them in parts, by status or by a list of images.",
            code="too_many_images",
        )
    return total
