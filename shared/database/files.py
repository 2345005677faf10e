"""Files of storage that nothing points to any more."""

from sqlalchemy import Connection, text

_LEAVE = text("INSERT INTO file_deletions (path) SELECT unnest(CAST(:paths AS text[]))")

_LEAVE_LATER = text(
    "INSERT INTO file_deletions (path, due_at) VALUES (:path, now() + interval '24 hours')"
)

_HASTEN = text("UPDATE file_deletions SET due_at = now() WHERE path = :path")

_DUE = text(
    "SELECT id, path FROM file_deletions WHERE due_at <= now() ORDER BY due_at, id LIMIT :limit"
)

_DONE = text("DELETE FROM file_deletions WHERE id = ANY(:ids)")


def leave_for_deletion(connection: Connection, paths: list[str]) -> None:
    """Have the files deleted after the commit; a path that ends with a slash is a folder."""
    if paths:
        connection.execute(_LEAVE, {"paths": paths})


def leave_for_later_deletion(connection: Connection, path: str) -> None:
    """Have the files deleted in a day, unless somebody forgets that they should be."""
    connection.execute(_LEAVE_LATER, {"path": path})


def hasten_deletion(connection: Connection, path: str) -> None:
    """Have files that were left for later deleted after the commit."""
    connection.execute(_HASTEN, {"path": path})


def late_outputs(source: str, runs: str, token: str) -> str:
    """Return the query for (path, due_at) of what the *runs* of *source* may have stored so far.

    The column *token* names the attempt. Whoever carries one out may still be writing: a day
    later nobody is.
    """
    return f"""SELECT 'results/' || {runs}.image_id || '/' || {runs}.{token} || '/',
        now() + interval '24 hours' FROM {source} WHERE {runs}.{token} IS NOT NULL"""  # noqa: S608


def due_deletions(connection: Connection, limit: int) -> list[tuple[int, str]]:
    """Return (id, path) of the files to delete now."""
    return [(row.id, row.path) for row in connection.execute(_DUE, {"limit": limit})]


def forget_deletions(connection: Connection, ids: list[int]) -> None:
    """Forget the files that are deleted."""
    connection.execute(_DONE, {"ids": ids})
