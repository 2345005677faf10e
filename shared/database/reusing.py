"""Results that answer again: which earlier run made the very result that a run asks for."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

# Of the same project, whoever asked; of another one only where both are the asker's own. So
# nobody learns from an answer that comes at once that somebody else has the same picture.
_EARLIER = text(
    """
SELECT s.id, s.result_path, s.object_count
FROM runs AS asked
JOIN projects AS here ON here.id = asked.project_id
JOIN runs AS s ON s.recipe = :recipe AND s.status = 'succeeded'
JOIN projects AS there ON there.id = s.project_id AND NOT there.deleting
WHERE asked.id = :run_id
  AND (s.project_id = asked.project_id
       OR (here.owner_id = asked.user_id AND there.owner_id = asked.user_id))
ORDER BY s.project_id <> asked.project_id, s.taken_from IS NOT NULL, s.seq DESC LIMIT 1
"""
)


@dataclass(frozen=True, slots=True)
class EarlierResult:
    """A run that has the result already."""

    run_id: UUID
    result_path: str
    object_count: int


def earlier_result(connection: Connection, run_id: UUID, recipe: str) -> EarlierResult | None:
    """Return an earlier run of this recipe whose result the run may have; None if there is none.

    Whoever changes a stored result in place must set the run's recipe to NULL: then it is no
    longer what the recipe makes.
    """
    row = connection.execute(_EARLIER, {"run_id": run_id, "recipe": recipe}).first()
    return None if row is None else EarlierResult(row.id, row.result_path, row.object_count)
