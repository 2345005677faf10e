"""The statement that queues runs for images."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from shared.database.telling import told
from shared.domain.choice import Choice
from shared.domain.engines import EngineSpec
from shared.domain.runs import MAX_ATTEMPTS

#: The images a request may name by a word; `:ids` names them one by one.
SELECTIONS = {
    "unprocessed": "i.status = 'uploaded'",
    "failed": "i.status = 'failed'",
    "failed_because": "i.status = 'failed' AND i.last_error_code = :failure_code",
    "all": "true",
    "ids": "i.id = ANY(:ids)",
}

#: Not answered already: the current result has another engine, version or parameters, or was
#: made of other channels or with another pixel size. The project is asked once, not joined: that
#: could be planned by way of all runs of the project, for each image.
_UNANSWERED = """(:force OR NOT EXISTS (
    SELECT FROM runs AS c
    WHERE c.id = i.current_run_id AND c.engine = :engine
    AND c.engine_version = :engine_version AND c.params = CAST(:params AS jsonb)
    AND c.channels IS NOT DISTINCT FROM (SELECT channels FROM projects WHERE id = :project_id)
    AND c.pixel_size_um IS NOT DISTINCT FROM coalesce(
        i.pixel_size_um, (SELECT pixel_size_um FROM projects WHERE id = :project_id))))"""


#: What each of the images `locked` is segmented with: the same for all.
_ASKED = """
SELECT l.id, l.project_id, CAST(:engine AS text) AS engine,
       CAST(:engine_version AS text) AS engine_version, CAST(:params AS jsonb) AS params,
       CAST(:choice AS jsonb) AS choice, CAST(:queue AS text) AS queue,
       CAST(:soft_seconds AS int) AS soft_seconds, CAST(:hard_seconds AS int) AS hard_seconds,
       p.channels, CAST(NULL AS uuid) AS repeats, CAST(NULL AS float8) AS pixel_size_um
FROM locked AS l JOIN projects AS p ON p.id = l.project_id
"""

#: What one image is segmented with when the run `repeats` is done again. A run that no worker
#: took up has not yet looked for the pixel size.
_AGAIN = """
SELECT l.id, l.project_id, r.engine, r.engine_version, r.params, r.choice,
       CAST(:queue AS text) AS queue, CAST(:soft_seconds AS int) AS soft_seconds,
       CAST(:hard_seconds AS int) AS hard_seconds, r.channels, r.id AS repeats,
       CASE WHEN r.started_at IS NULL THEN coalesce(i.pixel_size_um, p.pixel_size_um)
            ELSE r.pixel_size_um END AS pixel_size_um
FROM locked AS l JOIN runs AS r ON r.id = :repeats
JOIN images AS i ON i.id = l.id JOIN projects AS p ON p.id = l.project_id
"""


def queueing(selection: str, asked: str = _ASKED, unanswered: str = _UNANSWERED) -> TextClause:
    """Return the statement that queues a run for each image of *selection* that needs one.

    *asked* selects what it is segmented with, and *unanswered* which of the images need it.
    There may be thousands that the planner does not know of, see `cancelling`.
    """
    chosen = SELECTIONS[selection]
    return text(
        f"""
WITH locked AS (
    SELECT i.id, i.project_id FROM images AS i
    WHERE i.project_id = :project_id AND {chosen}
      AND i.status NOT IN ('queued', 'processing') AND {unanswered}
    ORDER BY i.id FOR UPDATE
),
asked AS ({asked}),
queued AS (
    INSERT INTO runs (image_id, project_id, user_id, batch_id, engine, engine_version, params,
                      choice, queue, soft_seconds, hard_seconds, channels, repeats, pixel_size_um,
                      fresh, priority, max_attempts)
    SELECT id, project_id, :user_id, :batch_id, engine, engine_version, params,
           choice, queue, soft_seconds, hard_seconds, channels, repeats, pixel_size_um,
           CAST(:force AS boolean), :priority, {MAX_ATTEMPTS}
    FROM asked ORDER BY id
    RETURNING image_id
),
moved AS (
    UPDATE images AS i
    SET status = 'queued', status_version = i.status_version + 1,
        last_error_code = NULL, last_error_detail = NULL
    WHERE i.id = ANY(ARRAY(SELECT image_id FROM queued))
    RETURNING i.*
),
told AS ({told("moved")})
SELECT (SELECT count(*) FROM queued) AS queued,
       (SELECT count(*) FROM images AS i WHERE i.project_id = :project_id AND {chosen}) AS chosen
"""  # noqa: S608 - the selections are constants of this module
    )


_WAKE = text("NOTIFY celltally_dispatch")


@dataclass(frozen=True, slots=True)
class Queued:
    """How many runs a request made, of how many images it named."""

    queued: int
    chosen: int


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is asked for each chosen image."""

    project_id: UUID
    user_id: UUID
    batch_id: UUID
    engine: EngineSpec
    params: dict[str, Any]
    priority: int
    force: bool
    failure_code: str | None = None
    repeats: UUID | None = None  #: The run that is done again exactly.
    choice: Choice | None = None  #: By what the engine was chosen, when nobody named it.


def insert_runs(
    connection: Connection, request: RunRequest, selection: str, ids: list[UUID] | None = None
) -> Queued:
    """Queue a run for each chosen image that has none active and, unless forced, no such result."""
    values = {
        "project_id": request.project_id,
        "user_id": request.user_id,
        "batch_id": request.batch_id,
        "engine": request.engine.name,
        "engine_version": request.engine.version,
        "params": json.dumps(request.params),
        "choice": None if request.choice is None else json.dumps(request.choice.to_json()),
        "queue": request.engine.queue.celery_queue,
        "soft_seconds": request.engine.limits.soft_seconds,
        "hard_seconds": request.engine.limits.hard_seconds,
        "priority": request.priority,
        "force": request.force,
        "failure_code": request.failure_code,
        "repeats": request.repeats,
    }
    if selection == "ids":
        values["ids"] = ids or []
    asked = _ASKED if request.repeats is None else _AGAIN
    row = connection.execute(queueing(selection, asked), values).one()
    return Queued(queued=row.queued, chosen=row.chosen)


def wake_scheduler(connection: Connection) -> None:
    """Wake the scheduler when this transaction commits: there is something to dispatch."""
    connection.execute(_WAKE)
