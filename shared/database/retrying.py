"""Queue images once more, each as its last run was; and what there is to retry."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from shared.database.runs import Queued, queueing
from shared.domain.engines import EngineSpec

# An engine that no worker registers any more joins nothing, and the image is skipped.
_AS_BEFORE = """
SELECT l.id, l.project_id, last.engine, o.version AS engine_version, last.params,
       last.choice, o.queue, o.soft_seconds, o.hard_seconds,
       p.channels, CAST(NULL AS uuid) AS repeats, CAST(NULL AS float8) AS pixel_size_um
FROM locked AS l JOIN projects AS p ON p.id = l.project_id
CROSS JOIN LATERAL (
    SELECT r.engine, r.params, r.choice FROM runs AS r
    WHERE r.image_id = l.id ORDER BY r.seq DESC LIMIT 1
) AS last
JOIN unnest(CAST(:names AS text[]), CAST(:versions AS text[]), CAST(:queues AS text[]),
            CAST(:soft AS int[]), CAST(:hard AS int[]))
     AS o (name, version, queue, soft_seconds, hard_seconds) ON o.name = last.engine
"""

_FAILURES = text(
    """
SELECT last_error_code AS code, count(*) AS images FROM images
WHERE project_id = :project_id AND status = 'failed'
GROUP BY last_error_code ORDER BY count(*) DESC, last_error_code
"""
)


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """Which images are queued as they were before; `engines` are those that can be."""

    project_id: UUID
    user_id: UUID
    batch_id: UUID
    engines: list[EngineSpec]
    priority: int
    failure_code: str | None = None


def insert_retries(
    connection: Connection, request: RetryRequest, selection: str, ids: list[UUID]
) -> Queued:
    """Queue a run for each chosen image that had one and whose engine is still there."""
    values = {
        "project_id": request.project_id,
        "user_id": request.user_id,
        "batch_id": request.batch_id,
        "priority": request.priority,
        "failure_code": request.failure_code,
        "force": False,
        "ids": ids,
        "names": [engine.name for engine in request.engines],
        "versions": [engine.version for engine in request.engines],
        "queues": [engine.queue.celery_queue for engine in request.engines],
        "soft": [engine.limits.soft_seconds for engine in request.engines],
        "hard": [engine.limits.hard_seconds for engine in request.engines],
    }
    row = connection.execute(queueing(selection, _AS_BEFORE, "true"), values).one()
    return Queued(queued=row.queued, chosen=row.chosen)


def failures(connection: Connection, project_id: UUID) -> list[tuple[str, int]]:
    """Return each cause by which images of the project failed, and of how many, most first."""
    rows = connection.execute(_FAILURES, {"project_id": project_id})
    return [(row.code, row.images) for row in rows]
