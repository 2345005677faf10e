"""Fold the deltas of a project, commit, then announce (rules.md 3, 7 and 8)."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from shared.database import access, dashboards, outbox, stats
from shared.database.engine import Database
from shared.database.stats import Fold
from shared.database.transaction import Transaction
from shared.domain.channels import Channel, ChannelKind
from shared.domain.events import (
    MAX_AFFECTED,
    ChangeType,
    Operation,
    ProjectImageCountChange,
    ProjectStatsUpdate,
)
from shared.messaging.ports import EventPublisher
from shared.pausing import pause

#: Tells how many seconds a project is still to rest before its next fold.
Rest = Callable[[Connection, UUID], float]


class TooSoonError(Exception):
    """Another task folded the project a moment ago; *seconds* are left until the next fold."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def recompute_stats(
    database: Database, publisher: EventPublisher, project_id: UUID, *, rest: Rest | None = None
) -> ProjectStatsUpdate | None:
    """Bring the project's row up to date and announce it; None when there was nothing to say.

    Raises TooSoonError, and folds nothing, when the project is still to rest: asked under the
    row's lock, so that of two tasks at once the second sees the fold of the first.

    A crash after the commit loses nothing: the announcement is kept in the row until
    `published_version` has caught up, and the scheduler asks again for those that lag.
    """
    update = database.transact(lambda tx: _fold(tx, project_id, rest))
    if update is None:
        return None
    pause("stats.before_publish")
    version = update.stats.version
    publisher.publish_state(Channel(ChannelKind.PROJECT, project_id), update, version=version)
    pause("stats.before_published")
    database.transact(lambda tx: stats.mark_published(tx.connection, project_id, version))
    return update


def _fold(tx: Transaction, project_id: UUID, rest: Rest | None) -> ProjectStatsUpdate | None:
    owner_id = access.owner_of(tx.connection, project_id)
    pause("fold.before_lock")
    if owner_id is None or not stats.lock_stats(tx.connection, project_id):
        stats.drop_deltas(tx.connection, project_id)
        return None
    if rest is not None and (seconds := rest(tx.connection, project_id)) > 0:
        raise TooSoonError(seconds)
    fold = stats.fold_deltas(tx.connection, project_id)
    row = stats.folded_row(tx.connection, project_id)
    if row is None or (fold is None and row["published_version"] >= row["version"]):
        return None
    announcement = _announcement(row, fold)
    if fold is not None:
        stats.keep_announcement(tx.connection, project_id, announcement)
        _announce_counts(tx, owner_id, fold)
        dashboards.mark_due(tx.connection, owner_id)
    pause("fold.before_commit")
    return _update(owner_id, row, announcement)


def _announcement(row: RowMapping, fold: Fold | None) -> dict[str, Any]:
    """Return what is to be said: the fold's, joined to what an earlier crash left unsaid."""
    unsaid: Mapping[str, Any] = {}
    before = row["version"] - (fold.taken if fold else 0)
    if row["published_version"] < before:
        unsaid = row["announcement"] or {}
    operations = dict(unsaid.get("operations", {}))
    ids = list(unsaid.get("image_ids", []))
    op_ids = list(unsaid.get("op_ids", []))
    if fold is not None:
        for name, affected in fold.operations.items():
            operations[name] = operations.get(name, 0) + affected
        ids += [str(image_id) for image_id in fold.image_ids if str(image_id) not in ids]
        op_ids += [op_id for op_id in fold.op_ids if op_id not in op_ids]
    unnamed = unsaid.get("unnamed", False) or (fold is not None and fold.unnamed)
    return {
        "operations": operations,
        "image_ids": ids[:MAX_AFFECTED],
        "op_ids": op_ids,
        "unnamed": unnamed or len(ids) > MAX_AFFECTED,
    }


def _update(owner_id: UUID, row: RowMapping, announcement: Mapping[str, Any]) -> ProjectStatsUpdate:
    operations = {Operation(k): int(v) for k, v in announcement["operations"].items()}
    operations = operations or {Operation.RECONCILED: 0}
    image_ids = [UUID(raw) for raw in announcement["image_ids"]]
    # One image may change several times; only where all are named can they be told apart.
    unnamed = bool(announcement.get("unnamed"))
    affected = max(len(image_ids), *operations.values()) if unnamed else len(image_ids)
    return ProjectStatsUpdate(
        project_id=row["project_id"],
        user_id=owner_id,
        stats=stats.stats_of(row),
        operation=max(operations, key=lambda name: operations[name]),
        operations=operations,
        affected_image_ids=image_ids,
        affected_count=affected,
        truncated=unnamed,
        op_ids=announcement["op_ids"],
        timestamp=row["folded_at"],
    )


def _announce_counts(tx: Transaction, owner_id: UUID, fold: Fold) -> None:
    """Say how the number of images changed: uploads first, then deletes, each from the last."""
    count = fold.stats.image_count + fold.deletes - fold.uploads
    change = ChangeType.DELETE if fold.deletes == 1 else ChangeType.BULK_DELETE
    steps = (
        (ChangeType.UPLOAD, fold.uploads, fold.uploads, fold.uploaded_ids),
        (change, -fold.deletes, fold.deletes, fold.deleted_ids),
    )
    for change_type, difference, affected, image_ids in steps:
        if not affected:
            continue
        event = ProjectImageCountChange(
            project_id=fold.stats.project_id,
            user_id=owner_id,
            previous_count=count,
            new_count=count + difference,
            change_type=change_type,
            affected_image_ids=image_ids,
            affected_count=affected,
            timestamp=fold.stats.last_updated,
        )
        count += difference
        channel = Channel(ChannelKind.IMAGES, fold.stats.project_id)
        outbox.leave_message(
            tx.connection, str(channel), event.type, event.model_dump_json(by_alias=True)
        )
