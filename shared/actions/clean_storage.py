"""Delete from storage what the database no longer points to."""

import time

from shared.database import files
from shared.database.engine import Database
from shared.storage import Storage

BATCH = 200


def delete_files(database: Database, storage: Storage, *, budget_seconds: float = 5.0) -> int:
    """Delete the files whose deletion is due, within the budget; return how many entries went.

    An entry goes only after its files are gone, so a crash in between deletes again.
    """
    until = time.monotonic() + budget_seconds
    deleted = _delete_some(database, storage)
    total = deleted
    while deleted == BATCH and time.monotonic() < until:
        deleted = _delete_some(database, storage)
        total += deleted
    return total


def _delete_some(database: Database, storage: Storage) -> int:
    with database.reading() as connection:
        entries = files.due_deletions(connection, BATCH)
    for _, path in entries:
        if path.endswith("/"):
            storage.delete_folder(path)
        else:
            storage.delete([path])
    ids = [entry_id for entry_id, _ in entries]
    if ids:
        database.transact(lambda tx: files.forget_deletions(tx.connection, ids))
    return len(entries)
