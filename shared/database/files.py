"""Files of storage that nothing points to any more."""

from sqlalchemy import Connection, text

_LEAVE = text("INSERT INTO file_deletions (path) SELECT unnest(CAST(:paths AS text[]))")

_OLDEST = text("SELECT id, path FROM file_deletions ORDER BY id LIMIT :limit")

_DONE = text("DELETE FROM file_deletions WHERE id = ANY(:ids)")


def leave_for_deletion(connection: Connection, paths: list[str]) -> None:
    """Have the files deleted after the commit; a path that ends with a slash is a folder."""
    if paths:
        connection.execute(_LEAVE, {"paths": paths})


def oldest_deletions(connection: Connection, limit: int) -> list[tuple[int, str]]:
    """Return (id, path) of the files to delete next."""
    return [(row.id, row.path) for row in connection.execute(_OLDEST, {"limit": limit})]


def forget_deletions(connection: Connection, ids: list[int]) -> None:
    """Forget the files that are deleted."""
    connection.execute(_DONE, {"ids": ids})
