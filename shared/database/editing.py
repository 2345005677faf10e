"""What is asked of the database when somebody saves the outlines of an image."""

from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.run_history import VERSION

_BEFORE = text(
    f"""
SELECT i.id, i.project_id, i.filename, i.page, i.storage_key, i.current_run_id,
       CASE WHEN r.id IS NULL THEN 0 ELSE {VERSION} END AS version, r.result_path,
       r.finished_at, r.edited, u.name AS saved_by,
       CASE WHEN r.id IS NULL THEN coalesce(i.pixel_size_um, p.pixel_size_um)
            ELSE r.pixel_size_um END AS pixel_size_um
FROM images AS i JOIN projects AS p ON p.id = i.project_id AND NOT p.deleting
LEFT JOIN runs AS r ON r.id = i.current_run_id
LEFT JOIN users AS u ON u.id = r.user_id
WHERE i.id = :image_id
"""  # noqa: S608 - built from a constant of this package
)

# Did the same person save the same image before, within what becomes one entry of the feed?
_SAVED_LATELY = text(
    """
SELECT EXISTS (SELECT FROM runs WHERE image_id = :image_id AND user_id = :user_id AND edited
               AND id <> :but AND finished_at >= date_trunc('hour', now()))
"""
)

_HOUR = text("SELECT to_char(date_trunc('hour', now() AT TIME ZONE 'UTC'), 'YYYY-MM-DD-HH24')")


def edited_image(connection: Connection, image_id: UUID) -> RowMapping | None:
    """Return the image with the result that it shows, `version` 0 if none; None: it is gone."""
    return connection.execute(_BEFORE, {"image_id": image_id}).mappings().first()


def saved_lately(connection: Connection, image_id: UUID, user_id: UUID, *, but: UUID) -> bool:
    """Tell whether the user saved the image before in this hour, in another run than *but*."""
    values = {"image_id": image_id, "user_id": user_id, "but": but}
    return bool(connection.execute(_SAVED_LATELY, values).scalar_one())


def this_hour(connection: Connection) -> str:
    """Return the hour in which the transaction began, of UTC."""
    return str(connection.execute(_HOUR).scalar_one())
