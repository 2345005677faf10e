"""Delete from storage what the database no longer points to."""

from shared.database import files
from shared.database.engine import Database
from shared.storage import Storage

BATCH = 200


def delete_files(database: Database, storage: Storage) -> int:
    """Delete the files whose deletion is due; return how many entries were worked off.

    An entry goes only after its files are gone, so a crash in between deletes again.
    """
    with database.reading() as connection:
        entries = files.due_deletions(connection, BATCH)
    for _, path in entries:
        storage.delete(storage.list(path) if path.endswith("/") else [path])
    ids = [entry_id for entry_id, _ in entries]
    if ids:
        database.transact(lambda tx: files.forget_deletions(tx.connection, ids))
    return len(entries)
