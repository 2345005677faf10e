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


def role_in_project(connection: Connection, user_id: UUID, project_id: UUID) -> Role | None:
    """Return what *user_id* may do in the project; None also when it does not exist."""
    role = connection.execute(_ROLE, {"user_id": user_id, "project_id": project_id}).scalar()
    return None if role is None else Role(role)


def project_of_image(connection: Connection, image_id: UUID) -> UUID | None:
    """Return the project that the image is in; None when there is no such image."""
    return connection.execute(_PROJECT_OF_IMAGE, {"image_id": image_id}).scalar()
