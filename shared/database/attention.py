"""What stands out among all projects of a user: failures by cause, and who waits the longest."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.cards import OWNERS
from shared.database.waiting import Place, places
from shared.domain.images import ImageStatus

# By the index on project and status: what it costs grows with the failed images alone.
_CAUSES = text(
    f"""
WITH reach (id, role) AS ({OWNERS["all"]})
SELECT i.last_error_code AS code, count(*) AS count, count(DISTINCT i.project_id) AS projects
FROM reach JOIN projects AS p USING (id) JOIN images AS i ON i.project_id = p.id
WHERE NOT p.deleting AND i.status = '{ImageStatus.FAILED}'
GROUP BY i.last_error_code ORDER BY count(*) DESC, i.last_error_code
"""  # noqa: S608 - built from constants of this package
)

_LAST_QUEUED = text(
    f"""
WITH reach (id, role) AS ({OWNERS["all"]})
SELECT DISTINCT ON (i.project_id) i.project_id, i.id AS image_id
FROM reach JOIN projects AS p USING (id)
JOIN images AS i ON i.project_id = p.id AND i.status = '{ImageStatus.QUEUED}'
JOIN runs AS r ON r.image_id = i.id AND r.status = 'queued'
WHERE NOT p.deleting AND p.id = ANY(:project_ids)
ORDER BY i.project_id, r.priority DESC, r.seq DESC
"""  # noqa: S608
)


def causes(connection: Connection, user_id: UUID) -> Sequence[RowMapping]:
    """Return why images failed in all that the user may see, as code, count and projects."""
    return connection.execute(_CAUSES, {"user_id": user_id}).mappings().all()


def last_places(
    connection: Connection, user_id: UUID, project_ids: Sequence[UUID]
) -> dict[UUID, Place]:
    """Return the place in line of the last queued image of each project that has one."""
    values = {"user_id": user_id, "project_ids": list(project_ids)}
    last = {row.image_id: row.project_id for row in connection.execute(_LAST_QUEUED, values)}
    return {last[image_id]: place for image_id, place in places(connection, list(last)).items()}
