"""Rows of the database as the objects of the API; each object is made in one place only."""

import hashlib
from collections.abc import Sequence
from datetime import UTC
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.engine import RowMapping

from shared.database import accounts, quality, stats, waiting
from shared.database.waiting import Place
from shared.database.workers import RegisteredEngine
from shared.domain.accounts import Account
from shared.domain.errors import NotFoundError
from shared.domain.events import ImageFailure
from shared.domain.images import ImageStatus
from shared.domain.quality import TITLES, Norm, Quality, flags_of, suspicion_of
from shared.domain.runs import RETRY_SENTENCES, SENTENCES, FailureCode, RunStatus
from shared.domain.stats import ProjectStats
from web.access import PROJECT_NOT_FOUND
from web.api.account_schemas import UserJson
from web.api.provenance import engine_of_run, provenance_json
from web.api.run_schemas import EngineJson, FailureCause, FailureGroup, RunJson
from web.api.schemas import FlagJson, ImageJson, OwnerJson, Progress, ProjectJson, WaitingJson

API = "/api/v1"

_UNKNOWN = Norm()


def user_json(connection: Connection, account: Account) -> UserJson:
    """Return the account as its owner sees it."""
    profile = accounts.profile(connection, account.id)
    return UserJson(
        id=account.id,
        email=account.email,
        name=account.name,
        is_admin=account.is_admin,
        time_zone=account.time_zone,
        preferences=profile["preferences"],
        created_at=profile["created_at"],
    )


def project_list(connection: Connection, rows: Sequence[RowMapping]) -> list[ProjectJson]:
    """Return the cards with their counts, all of one moment."""
    counts = stats.read_many(connection, [row["id"] for row in rows])
    return [project_json(row, counts[row["id"]]) for row in rows if row["id"] in counts]


def project_json(row: RowMapping, counts: ProjectStats) -> ProjectJson:
    """Return a row of `cards` as the API shows it."""
    newest, mosaic = row["newest_image_id"], mosaic_of(row)
    owns = row["role"] == "owner"
    return ProjectJson(
        id=row["id"],
        title=row["title"],
        description=row["description"],
        pixel_size_um=row["pixel_size_um"],
        channels=row["channels"],
        role=row["role"],
        owner=OwnerJson(id=row["owner_id"], name=row["owner_name"]),
        stats=counts,
        thumbnail_url=None if newest is None else f"{API}/images/{newest}/thumbnail",
        mosaic_url=None if mosaic is None else f"/projects/{row['id']}/mosaic?v={mosaic}",
        members=list(row["member_names"] or ()) if owns else None,
        member_count=row["member_count"] if owns else None,
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def mosaic_of(row: RowMapping) -> str | None:
    """Return what stands for the pictures of a card: another word when one of them is another."""
    pictures = row["picture_ids"] or ()
    if not pictures:
        return None
    shown = f"{pictures}{row['picture_runs']}"
    return hashlib.sha256(shown.encode()).hexdigest()[:12]


def stats_now(connection: Connection, project_id: UUID) -> ProjectStats:
    """Return the project's counts of this moment."""
    found = stats.read_stats(connection, project_id)
    if found is None:
        raise NotFoundError(PROJECT_NOT_FOUND)
    return found


def image_list(connection: Connection, rows: Sequence[RowMapping]) -> list[ImageJson]:
    """Return the images, those that wait with the reason, those that are doubtful with theirs."""
    queued = [row["id"] for row in rows if row["status"] == ImageStatus.QUEUED]
    places = waiting.places(connection, queued)
    judged = {row["project_id"] for row in rows if row["object_count"] is not None}
    norms = quality.norms(connection, list(judged)) if judged else {}
    return [
        image_json(row, places.get(row["id"]), norms.get(row["project_id"], _UNKNOWN))
        for row in rows
    ]


def image_json(row: RowMapping, place: Place | None = None, norm: Norm = _UNKNOWN) -> ImageJson:
    """Return a row of `images` as it is shown everywhere, judged by what is usual."""
    address, run_id = f"{API}/images/{row['id']}", row["current_run_id"]
    count = row["object_count"]
    measured = None if row["quality"] is None else Quality.model_validate(row["quality"])
    flags = flags_of(measured, count, norm)
    return ImageJson(
        id=row["id"],
        project_id=row["project_id"],
        filename=row["filename"],
        relative_path=row["relative_path"],
        sha256=row["sha256"],
        bytes=row["bytes"],
        width=row["width"],
        height=row["height"],
        channels=row["channels"],
        bit_depth=row["bit_depth"],
        pixel_size_um=row["pixel_size_um"],
        page=row["page"],
        pages=row["pages"],
        status=row["status"],
        version=row["status_version"],
        object_count=count,
        quality=measured,
        flags=[
            FlagJson(code=each.flag, title=TITLES[each.flag], detail=each.detail) for each in flags
        ],
        suspicion=None if count is None else suspicion_of(flags),
        current_run_id=run_id,
        last_error=_failure(row["last_error_code"], row["last_error_detail"]),
        waiting=None if place is None else waiting_json(place),
        progress=_progress(row),
        created_at=row["created_at"],
        segmented_at=row["segmented_at"],
        thumbnail_url=f"{address}/thumbnail",
        # The run in the address: another result is another picture, never a stale one.
        preview_url=None if run_id is None else f"{address}/preview?run={run_id}",
    )


def waiting_json(place: Place) -> WaitingJson:
    """Return why an image waits, in words."""
    return WaitingJson(
        position=place.position,
        workers_online=place.workers,
        reason=_reason(place),
        eta_seconds=_eta(place),
    )


def run_json(row: RowMapping) -> RunJson:
    """Return a row of `run_history`."""
    return RunJson(
        id=row["id"],
        image_id=row["image_id"],
        status=row["status"],
        current=bool(row["current"]),
        engine=engine_of_run(row),
        attempt=row["attempt"],
        progress=_progress(row) if row["status"] == RunStatus.RUNNING else None,
        requested_by=row["requested_by"],
        worker=row["worker"],
        object_count=row["object_count"],
        duration_ms=None if row["edited"] else row["duration_ms"],
        version=row["version"],
        edited=row["edited"],
        outrun=row["outrun_by"] is not None,
        error=_failure(row["failure_code"], row["failure_detail"]),
        provenance=provenance_json(row),
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
    )


def failure_group(code: str, count: int) -> FailureGroup:
    """Return a cause of failed images in words."""
    cause = FailureCode(code)
    return FailureGroup(code=cause, detail=SENTENCES[cause], count=count)


def failure_cause(row: RowMapping) -> FailureCause:
    """Return a row of `attention.causes` in words."""
    cause = FailureCode(row["code"])
    return FailureCause(
        code=cause, detail=SENTENCES[cause], count=row["count"], projects=row["projects"]
    )


def engine_json(engine: RegisteredEngine) -> EngineJson:
    """Return an engine, also one that no worker could load."""
    spec = engine.spec
    return EngineJson(
        name=engine.name,
        version=None if spec is None else spec.version,
        title=engine.name if spec is None else spec.title,
        licence=None if spec is None else spec.licence,
        modalities=[] if spec is None else [str(word) for word in spec.modalities],
        params={} if spec is None else spec.params,
        default=[] if spec is None else [str(word) for word in spec.default],
        available=engine.available,
        reason=engine.reason,
    )


def _progress(row: RowMapping) -> Progress | None:
    """Return how far a run is, where the row tells it."""
    total = row.get("tiles_total")
    return None if total is None else Progress(done=row["tiles_done"], total=total)


def _failure(code: str | None, detail: str | None) -> ImageFailure | None:
    return None if code is None else ImageFailure(code=code, detail=detail or "")


def _reason(place: Place) -> str:
    return _nobody(place) or _pause(place) or _stopped(place) or _turn(place)


def _nobody(place: Place) -> str | None:
    if place.workers == 0:
        return "No worker is online. The image is segmented as soon as one is."
    if place.able == 0:
        return (
            f"{_workers(place)} online, but none has this engine. "
            "Ask your administrator, or choose another engine."
        )
    return None


def _pause(place: Place) -> str | None:
    if place.pause_seconds == 0:
        return None
    because = place.retried_because
    cause = "The last attempt failed." if because is None else RETRY_SENTENCES[because]
    return f"{cause} The next attempt begins in {place.pause_seconds} s."


def _stopped(place: Place) -> str | None:
    """Say what keeps it from being sent to a worker; what was sent is past that."""
    if place.dispatched:
        return None
    if place.broker_failed_since is not None:
        since = place.broker_failed_since.astimezone(UTC)
        return (
            f"The broker (Redis) cannot be reached since {since:%H:%M} UTC. "
            "Nothing is lost; work goes on as soon as it answers."
        )
    if not place.led:
        return "The scheduler is not running. Ask your administrator to start it."
    return None


def _turn(place: Place) -> str:
    if place.position == 1 or place.dispatched:
        return "It is next: it is taken as soon as a worker is free."
    before = place.position - 1
    images = "1 image" if before == 1 else f"{before:,} images"
    people = "1 person" if place.people == 1 else f"{place.people} people"
    verb = "is" if before == 1 else "are"
    return f"{images} of {people} {verb} before it; {_workers(place)} online."


def _workers(place: Place) -> str:
    return "1 worker is" if place.workers == 1 else f"{place.workers} workers are"


def _eta(place: Place) -> tuple[int, int] | None:
    """Return in how many seconds it is done, low and high; None when nobody can tell."""
    if place.able == 0 or place.slots == 0 or place.quick is None or place.slow is None:
        return None
    before = place.megapixels_before / place.slots
    low = place.pause_seconds + (before + place.megapixels) * place.quick
    # A run that began just now may be before it even where the line is empty.
    high = place.pause_seconds + (before + 2 * place.megapixels) * place.slow
    return round(low), max(1, round(high))
