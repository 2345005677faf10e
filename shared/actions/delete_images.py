"""Delete images with their runs and results."""

from uuid import UUID, uuid4

from shared.actions.activities import act_of, record_activity
from shared.database import images, projects
from shared.database.activities import Deed
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.activities import ActivityType
from shared.domain.events import Operation
from shared.messaging.ports import TaskQueue

#: Images deleted in one transaction: more would hold their locks for too long.
CHUNK = 1000


def delete_images(  # noqa: PLR0913 - named, each of them
    database: Database,
    queue: TaskQueue,
    *,
    project_id: UUID,
    image_ids: list[UUID],
    actor_id: UUID,
    op_id: str | None = None,
) -> int:
    """Delete those of the images that are in the project; return how many there were.

    In chunks, each of them whole: a repeated request goes on where a broken one stopped.
    """
    deleted = 0
    act = act_of(ActivityType.IMAGES_DELETED, op_id or str(uuid4()))  # One entry for all chunks.
    ordered = sorted(set(image_ids))  # Of two such requests, both go the same way.

    def delete(tx: Transaction, some: list[UUID]) -> int:
        count = delete_chunk(tx, queue, project_id, some)
        title = projects.title_of(tx.connection, project_id)
        if count and title is not None:
            deed = Deed(
                type=ActivityType.IMAGES_DELETED,
                actor_id=actor_id,
                project_id=project_id,
                project_name=title,
                count=count,
                act=act,
            )
            record_activity(tx, deed)
        return count

    for first in range(0, len(ordered), CHUNK):
        some = ordered[first : first + CHUNK]
        deleted += database.transact(
            lambda tx, some=some: delete(tx, some),  # type: ignore[misc]
            operation=Operation.IMAGES_DELETED,
            op_id=op_id,
        )
    return deleted


def delete_chunk(tx: Transaction, queue: TaskQueue, project_id: UUID, image_ids: list[UUID]) -> int:
    """Delete these images of the project; the janitor removes their files afterwards."""
    projects.lock(tx.connection, project_id)
    tx.expect_many()
    deleted = images.delete(tx.connection, project_id, image_ids)
    if deleted:
        tx.after_commit(lambda: queue.ask_recompute(project_id))
    return len(deleted)
