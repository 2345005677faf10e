"""How far a request is that many images came of: to segment, or to take in an archive."""

from uuid import UUID

from flask import Blueprint
from sqlalchemy.engine import RowMapping

from shared.database import batches, ingests
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.domain.ingests import IngestStatus
from web import access
from web.access import services
from web.api.exchange import exchange
from web.api.run_schemas import BatchJson

blueprint = Blueprint("batches", __name__)

_COUNTED = ("queued", "skipped", "waiting", "running", "succeeded", "failed", "cancelled")
_OVER = frozenset({IngestStatus.DONE, IngestStatus.CANCELLED, IngestStatus.FAILED})


@blueprint.get("/batches/<uuid:batch_id>")
@access.batch_role(Role.VIEWER)
@exchange(gives=BatchJson)
def show_batch(batch_id: UUID) -> BatchJson:
    """Answer how many runs or files of the batch wait, are worked at and ended."""
    with services().database.reading() as connection:
        row = batches.progress(connection, batch_id)
        if row is not None:
            return _of_runs(row)
        archive = ingests.ingest(connection, batch_id)
    if archive is None:
        raise NotFoundError(access.BATCH_NOT_FOUND)
    return _of_archive(archive)


def _of_runs(row: RowMapping) -> BatchJson:
    names = ("id", "project_id", "engine", "params", "created_at", *_COUNTED)
    return BatchJson(
        kind="segment",
        done=row["waiting"] + row["running"] == 0,
        **{name: row[name] for name in names},
    )


def _of_archive(row: RowMapping) -> BatchJson:
    refused = len(row["rejected"])
    over = row["status"] in _OVER
    return BatchJson(
        id=row["id"],
        project_id=row["project_id"],
        kind="ingest",
        filename=row["filename"],
        queued=row["members"],
        skipped=0,
        waiting=0 if over else row["members"] - row["position"],
        running=0,
        succeeded=row["position"] - refused,
        failed=refused,
        cancelled=row["members"] - row["position"] if over else 0,
        images=row["images"],
        duplicates=row["duplicates"],
        rejected=row["rejected"],
        detail=row["detail"],
        done=over,
        created_at=row["created_at"],
    )
