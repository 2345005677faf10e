"""Keep one edit of each sitting at an image: the last."""

from uuid import UUID

from shared.database import sittings
from shared.database.engine import Database

#: Each in a transaction of its own; the others have their turn in an hour.
IMAGES_AT_ONCE = 1000


def thin_edits(database: Database) -> int:
    """Delete, a day later, the edits that somebody saved over within minutes; return how many."""
    with database.reading() as connection:
        images = sittings.images_with_steps(connection, IMAGES_AT_ONCE)
    return sum(_thinned(database, image) for image in images)


def _thinned(database: Database, image: UUID) -> int:
    return database.transact(lambda tx: sittings.forget_steps(tx.connection, image))
