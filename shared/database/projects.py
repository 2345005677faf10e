"""Projects: what a card shows, and the statements that make, change and empty them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from shared.domain.events import Operation

_INSERT = text(
    """
INSERT INTO projects (owner_id, title, description, pixel_size_um, channels)
VALUES (:owner_id, :title, :description, :pixel_size_um, :channels) RETURNING id
"""
)

_INSERT_STATS = text("INSERT INTO project_stats (project_id) VALUES (:project_id)")

_CHANGE = """
UPDATE projects SET {changes}, updated_at = now()
WHERE id = :project_id AND NOT deleting RETURNING id
"""
_TITLE = text("SELECT title FROM projects WHERE id = :project_id AND NOT deleting")

_CHANGEABLE = frozenset({"title", "description", "pixel_size_um", "channels"})

# An all-zero delta: it changes no count and raises the version (rules.md 6).
_TOUCH = text(
    "INSERT INTO stats_deltas (project_id, operation, op_id)"
    " VALUES (:project_id, :operation, :op_id)"
)

# Conflicts with the UPDATE that hides a project, and with no other reader or writer of images.
_LOCK_SHARED = text("SELECT 1 FROM projects WHERE id = :project_id AND NOT deleting FOR SHARE")

# As _LOCK below, for changes of who is in it, which a deletion must see all or nothing of.
_LOCK_OPEN = text(
    "SELECT id, owner_id, title FROM projects WHERE id = :project_id AND NOT deleting"
    " FOR NO KEY UPDATE"
)

# Deletions of one project wait for each other, so that of two images that share a file
# the second sees that the first is gone.
_LOCK = text("SELECT 1 FROM projects WHERE id = :project_id FOR NO KEY UPDATE")

_HIDE = text("UPDATE projects SET deleting = true WHERE id = :project_id")

_DELETE = text("DELETE FROM projects WHERE id = :project_id AND deleting")

_HIDDEN = text(
    "SELECT id FROM projects WHERE deleting"
    " AND owner_id = coalesce(CAST(:owner_id AS uuid), owner_id) ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class NewProject:
    """A project before it has an id."""

    owner_id: UUID
    title: str
    description: str = ""
    pixel_size_um: float | None = None
    channels: list[int] | None = None  #: Which are segmented, counted from 1; None is all.


@dataclass(frozen=True, slots=True)
class Brief:
    """What is told of a project wherever it is named."""

    id: UUID
    owner_id: UUID
    title: str


def insert(connection: Connection, project: NewProject) -> UUID:
    """Insert the project and its stats row, and return its id."""
    values = {
        "owner_id": project.owner_id,
        "title": project.title,
        "description": project.description,
        "pixel_size_um": project.pixel_size_um,
        "channels": project.channels,
    }
    project_id: UUID = connection.execute(_INSERT, values).scalar_one()
    connection.execute(_INSERT_STATS, {"project_id": project_id})
    return project_id


def title_of(connection: Connection, project_id: UUID) -> str | None:
    """Return what the project is called; None when it is gone or going."""
    return connection.execute(_TITLE, {"project_id": project_id}).scalar()


def change(connection: Connection, project_id: UUID, changes: dict[str, Any]) -> bool:
    """Set the named columns; False when the project is gone."""
    if unknown := changes.keys() - _CHANGEABLE:
        raise ValueError(f"these columns of a project cannot be changed: {sorted(unknown)}")
    listed = ", ".join(f"{column} = :{column}" for column in sorted(changes))
    statement = text(_CHANGE.format(changes=listed))
    row = connection.execute(statement, {"project_id": project_id, **changes}).first()
    return row is not None


def raise_version(
    connection: Connection, project_id: UUID, operation: Operation, op_id: str | None
) -> None:
    """Append a delta that counts nothing, so that every card is told of the new look."""
    values = {"project_id": project_id, "operation": operation, "op_id": op_id}
    connection.execute(_TOUCH, values)


def lock_against_deletion(connection: Connection, project_id: UUID) -> bool:
    """Keep the project from being hidden until the transaction ends; False when it is gone."""
    return connection.execute(_LOCK_SHARED, {"project_id": project_id}).first() is not None


def lock_open(connection: Connection, project_id: UUID) -> Brief | None:
    """Keep others from changing the project or who is in it; None when it is gone or going."""
    row = connection.execute(_LOCK_OPEN, {"project_id": project_id}).first()
    return None if row is None else Brief(row.id, row.owner_id, row.title)


def lock(connection: Connection, project_id: UUID) -> bool:
    """Wait until no other transaction adds or removes images; False when there is no row."""
    return connection.execute(_LOCK, {"project_id": project_id}).first() is not None


def hide(connection: Connection, project_id: UUID) -> None:
    """Hide the project for its deletion; lock it before."""
    connection.execute(_HIDE, {"project_id": project_id})


def hidden(connection: Connection, *, owner_id: UUID | None = None) -> list[UUID]:
    """Return the projects, all or one owner's, whose deletion has begun and not ended."""
    return list(connection.execute(_HIDDEN, {"owner_id": owner_id}).scalars())


def delete(connection: Connection, project_id: UUID) -> None:
    """Delete a hidden project; delete its images before, in chunks."""
    connection.execute(_DELETE, {"project_id": project_id})
