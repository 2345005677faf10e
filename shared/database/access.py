"""Who may see what: the one question that every route and every subscription asks."""

from uuid import UUID

from sqlalchemy import Connection, text

from shared.domain.accounts import Role

# A link of the owner's row and of an accepted, unexpired share; a project being deleted is gone.
_ROLE = text(
    """
SELECT CASE WHEN p.owner_id = :user_id THEN 'owner' ELSE s.role END
FROM projects AS p
LEFT JOIN project_shares AS s
  ON s.project_id = p.id AND s.user_id = :user_id AND s.status = 'accepted'
 AND (s.expires_at IS NULL OR s.expires_at > now())
WHERE p.id = :project_id AND NOT p.deleting
"""
)

_PROJECT_OF_IMAGE = text("SELECT project_id FROM images WHERE id = :image_id")

_PROJECT_OF_RUN = text("SELECT project_id FROM runs WHERE id = :run_id")


_OWNER = text("SELECT owner_id FROM projects WHERE id = :project_id")

# First in the order of locks: project, images, runs (rules.md 18).
_LOCK = text("SELECT 1 FROM projects WHERE id = :project_id AND NOT deleting FOR KEY SHARE")


def role_in_project(connection: Connection, user_id: UUID, project_id: UUID) -> Role | None:
    """Return what *user_id* may do in the project; None also when it does not exist."""
    role = connection.execute(_ROLE, {"user_id": user_id, "project_id": project_id}).scalar()
    return None if role is None else Role(role)


def project_of_image(connection: Connection, image_id: UUID) -> UUID | None:
    """Return the project that the image is in; None when there is no such image."""
    return connection.execute(_PROJECT_OF_IMAGE, {"image_id": image_id}).scalar()


def project_of_run(connection: Connection, run_id: UUID) -> UUID | None:
    """Return the project that the run is in; None when there is no such run."""
    return connection.execute(_PROJECT_OF_RUN, {"run_id": run_id}).scalar()


def owner_of(connection: Connection, project_id: UUID) -> UUID | None:
    """Return the owner of the project, also of one that is being deleted; None when it is gone."""
    return connection.execute(_OWNER, {"project_id": project_id}).scalar()


def lock_against_deletion(connection: Connection, project_id: UUID) -> bool:
    """Keep the project until the transaction ends; False when it is gone or going."""
    return connection.execute(_LOCK, {"project_id": project_id}).first() is not None
