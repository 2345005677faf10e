"""Carry out one preview: the middle of an image, outlined, and nothing stored but what is shown."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from numpy.typing import NDArray
from sqlalchemy.engine import RowMapping
from structlog import get_logger

from shared.database import previews
from shared.domain.engines import Segmentation
from shared.domain.errors import CelltallyError
from shared.domain.previews import MOST_OBJECTS, SIDE, TOO_LONG, UNANSWERED
from shared.measuring import outlines
from shared.reading import chosen_channels, read_pixels
from shared.reading.display import encoded, small_picture
from worker.segmenting import EngineServices
from worker.turns import EngineTimeoutError, NoTurnError

logger = get_logger(__name__)

#: Turns are waited for a few seconds each; then a run may be done elsewhere, a preview may not.
TRIES = 5


def carry_out_preview(
    services: EngineServices, preview_id: UUID, *, is_timeout: Callable[[BaseException], bool]
) -> bool:
    """Look, and keep what was found; False when the preview waits no more."""
    asked = services.database.transact(lambda tx: previews.claim(tx.connection, preview_id))
    if asked is None:
        return False
    try:
        found, picture = _looked(services, asked)
    except Exception as problem:
        detail = _detail_of(problem, is_timeout)
        logger.info("a preview failed", detail=detail, exc_info=problem)
        services.database.transact(lambda tx: previews.fail(tx.connection, preview_id, detail))
        return False
    services.database.transact(
        lambda tx: previews.answer(tx.connection, preview_id, found, picture)
    )
    return True


def middle_of(image: NDArray[Any], side: int = SIDE) -> tuple[int, int, NDArray[Any]]:
    """Return where the middle part of the image begins, row and column, and that part."""
    top, left = (max(0, (size - side) // 2) for size in image.shape[:2])
    return top, left, image[top : top + side, left : left + side]


def _looked(services: EngineServices, asked: RowMapping) -> tuple[dict[str, Any], bytes]:
    engine = services.engines.get(asked["engine"])
    content = services.storage.read(asked["storage_key"])
    image = read_pixels(content, asked["page"], name=asked["filename"])
    top, left, part = middle_of(image)
    began = time.monotonic()
    labels = engine.accept(_segmented(services, engine, part, asked), part).labels
    shapes = outlines(labels)
    found = {
        "imageWidth": image.shape[1],
        "imageHeight": image.shape[0],
        "left": left,
        "top": top,
        "width": part.shape[1],
        "height": part.shape[0],
        "objectCount": len(shapes),
        "durationMs": round(1000 * (time.monotonic() - began)),
        "outlines": [[shape.polygon, *shape.holes] for shape in shapes[:MOST_OBJECTS]],
    }
    return found, encoded(small_picture(part, SIDE))


def _segmented(
    services: EngineServices, engine: Any, part: NDArray[Any], asked: RowMapping
) -> Segmentation:
    shown = chosen_channels(part, asked["channels"])
    for left in reversed(range(TRIES)):
        try:
            with services.turns.taken(engine.spec.limits):
                found: Segmentation = engine.call(shown, asked["pixel_size_um"], **asked["params"])
                return found
        except NoTurnError:
            if not left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def _detail_of(problem: Exception, is_timeout: Callable[[BaseException], bool]) -> str:
    if isinstance(problem, NoTurnError):
        return UNANSWERED
    if isinstance(problem, EngineTimeoutError) or is_timeout(problem):
        return TOO_LONG
    if isinstance(problem, CelltallyError):
        return problem.detail
    return f"The engine stopped: {type(problem).__name__}."
