"""Whether this process lives, and whether it can serve."""

from typing import Literal

from flask import Blueprint

from shared.storage import StorageError
from web import access
from web.access import services
from web.api.exchange import exchange
from web.api.schemas import Answer

blueprint = Blueprint("health", __name__)

_NO_SUCH_KEY = "health/none"


class HealthJson(Answer):
    """How this process is; `missing` stops it, `degraded` only makes it poorer."""

    status: Literal["alive", "ready", "unready"]
    missing: list[str] | None = None
    degraded: list[str] | None = None


@blueprint.get("/healthz")
@access.public
@exchange(gives=HealthJson)
def show_life() -> HealthJson:
    """Say that the process answers, whatever else is down."""
    return HealthJson(status="alive")


@blueprint.get("/readyz")
@access.public
@exchange(gives=HealthJson)
def show_readiness() -> tuple[HealthJson, int]:
    """Answer 200 with PostgreSQL and storage there, 503 without; Redis may be missing."""
    missing = []
    if not services().database.answers():
        missing.append("postgresql")
    if not _storage_answers():
        missing.append("storage")
    degraded = [] if services().redis_answers() else ["redis"]
    status: Literal["ready", "unready"] = "unready" if missing else "ready"
    health = HealthJson(status=status, missing=missing, degraded=degraded)
    return health, 503 if missing else 200


def _storage_answers() -> bool:
    try:
        services().storage.exists(_NO_SUCH_KEY)
    except StorageError:
        return False
    return True
