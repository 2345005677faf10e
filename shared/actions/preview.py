"""Ask a worker what an engine would find in an image; nothing of it is counted or kept."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from structlog import get_logger

from shared.actions.segment_images import engine_for
from shared.database import previews
from shared.database.engine import Database
from shared.database.previews import NewPreview
from shared.database.transaction import Transaction
from shared.domain.errors import NotFoundError, UnavailableError
from shared.domain.params import complete_params
from shared.messaging.ports import TaskQueue

logger = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """Who wants to see what on which image."""

    project_id: UUID
    image_id: UUID
    user_id: UUID
    engine: str | None = None  #: None: the house's choice for the project's pictures.
    params: dict[str, Any] | None = None


def ask_preview(database: Database, queue: TaskQueue, request: PreviewRequest) -> UUID:
    """Store the request, send it to a worker, and return its id.

    Unlike a run it is sent at once and once: who asked looks at the page, and asks again.
    """

    def ask(tx: Transaction) -> tuple[UUID, str]:
        engine = engine_for(tx, request.project_id, request.engine)
        new = NewPreview(
            project_id=request.project_id,
            image_id=request.image_id,
            user_id=request.user_id,
            engine=engine.name,
            engine_version=engine.version,
            params=complete_params(engine, request.params or {}),
        )
        made = previews.insert(tx.connection, new)
        if made is None:
            raise NotFoundError("This image is not in this project.")
        return made, engine.queue.celery_queue

    preview_id, name = database.transact(ask)
    try:
        queue.send_preview(preview_id, name)
    except Exception as failure:
        logger.warning("redis took no preview", error=str(failure))
        raise UnavailableError(
            "The broker does not answer, so no preview can be made now. Try again in a moment."
        ) from failure
    return preview_id


def forget_old_previews(database: Database) -> int:
    """Delete previews that nobody looks at any more; return how many there were."""
    return database.transact(lambda tx: previews.forget_old(tx.connection))
