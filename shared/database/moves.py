"""Every move of a run, each one compare-and-set statement on the run and its image.

The shape is always the same: say to the triggers why the counts change, lock the images in order
of their ids, change those runs that still are as the mover believes, change their images, leave a
message about them in the outbox, and wake the scheduler where a place became free. A run that
somebody else moved first is not returned, and nothing happened to it. Being one statement, a move
needs no transaction around it. They are written for the driver: `Transaction.rows` runs them. The
one that people ask for is in `cancelling`.
"""

from shared.database.files import late_outputs
from shared.database.telling import OUTCOMES, told, told_outrun
from shared.domain.events import Operation
from shared.domain.runs import (
    BACKOFF_SECONDS,
    FORGIVEN_LOSSES,
    MAX_ATTEMPTS,
    SENTENCES,
    FailureCode,
)

#: Where an image goes when its run ends without a result (rules.md 19).
SETTLED = """CASE WHEN i.current_run_id IS NULL THEN 'failed'
                  WHEN i.object_count > 0 THEN 'segmented' ELSE 'no_objects' END"""

#: A place in the window is free: the scheduler is woken.
_FREED = "r.id, r.project_id, pg_notify('celltally_dispatch', '') AS woken"

#: What the claimer works with. Each column costs the client more than its value.
_CLAIMED = """r.project_id, jsonb_build_object('image_id', r.image_id, 'attempt', r.attempt,
    'engine', r.engine, 'engine_version', r.engine_version, 'params', r.params, 'fresh', r.fresh,
    'exact', r.repeats IS NOT NULL, 'channels', r.channels, 'pixel_size_um', r.pixel_size_um,
    'storage_key', i.storage_key, 'sha256', i.sha256, 'page', i.page) AS claimed"""

#: A size stored in the image goes before the project's; a run done again has that of the first.
_PIXEL_SIZE = """CASE WHEN r.repeats IS NOT NULL THEN r.pixel_size_um ELSE (
        SELECT coalesce(m.pixel_size_um, p.pixel_size_um)
        FROM images AS m JOIN projects AS p ON p.id = m.project_id WHERE m.id = r.image_id) END"""

#: Takes the runs of the locked images as they are now, with the token that is taken away.
_HOLDING = """
held AS (
    SELECT r.id, r.image_id, r.token
    FROM picked JOIN locked ON locked.id = picked.image_id JOIN runs AS r ON r.id = picked.id
    ORDER BY r.id FOR UPDATE OF r
),"""

#: What the attempt left in storage goes once no late writer can add to it (rules.md 26). The
#: taken token is a column of `changed`: to look it up in `held` compares each run with each.
_LEAVING = f"""
swept AS (
    INSERT INTO file_deletions (path, due_at) {late_outputs("changed", "changed", "taken")}
),"""


def move(  # noqa: PLR0913 - named, each of them
    operation: Operation,
    *,
    which: str,
    run: str,
    image: str,
    returns: str = _FREED,
    leaves: bool = True,
    also: str = "",
) -> str:
    """Return the statement that moves the runs *which* (as `r`) and their images (as `i`).

    It is checked twice: to find the runs, and again, on the newest version of each row,
    once their images are locked. When it *leaves* an attempt without a result, the output of
    that attempt is left to the janitor. What it does *also* is further CTEs.
    """
    source = "held" if leaves else "picked JOIN locked ON locked.id = picked.image_id"
    each = "held" if leaves else "picked"
    outcome = OUTCOMES.get(operation)
    return f"""
WITH said AS (SELECT set_config('celltally.operation', '{operation}', true)),
picked AS (SELECT r.id, r.image_id FROM runs AS r, said WHERE {which}),
locked AS (
    SELECT id, current_run_id, results FROM images
    WHERE id IN (SELECT image_id FROM picked) ORDER BY id FOR UPDATE
),{_HOLDING if leaves else ""}
changed AS (
    UPDATE runs AS r SET {run}
    FROM {source}
    WHERE r.id = {each}.id AND {which}
    RETURNING r.*{", held.token AS taken" if leaves else ""}
),{_LEAVING if leaves else ""}
moved AS (
    UPDATE images AS i SET {image}, status_version = i.status_version + 1
    FROM changed AS r WHERE i.id = r.image_id
    RETURNING i.*{", r.batch_id" if outcome else ""}
),
told AS ({told("moved", outcome)}){also}
SELECT {returns}
FROM changed AS r JOIN moved AS i ON i.id = r.image_id
"""  # noqa: S608 - built from constants of this package; values are bound parameters


_HELD = "r.id = %(run_id)s AND r.token = %(token)s AND r.status = 'running'"
#: Nobody holds it any more.
RELEASED = "token = NULL, lease_until = NULL"
_FAILED = f"{RELEASED}, status = 'failed', finished_at = clock_timestamp(),"

CLAIM = move(
    Operation.SEGMENTATION_STARTED,
    which="r.id = %(run_id)s AND r.status = 'queued' AND r.attempt < r.max_attempts",
    run=f"""status = 'running', attempt = r.attempt + 1, token = %(token)s, worker = %(worker)s,
        pid = %(pid)s, started_at = clock_timestamp(), environment = %(environment)s,
        tiles_done = NULL, tiles_total = NULL,
        lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s),
        dispatched_at = coalesce(r.dispatched_at, now()),
        base_run_id = CASE WHEN r.started_at IS NULL THEN locked.current_run_id
                           ELSE r.base_run_id END,
        pixel_size_um = {_PIXEL_SIZE}""",
    image="status = 'processing'",
    returns=_CLAIMED,
    leaves=False,
)

#: A copied result is as good as its source.
_QUALITY = """coalesce(CAST(%(quality)s AS jsonb),
    (SELECT s.quality FROM runs AS s WHERE s.id = CAST(%(taken_from)s AS uuid)))"""


def _shown(of_run: str, of_image: str | None = None) -> str:
    """Return the run's value, or the image's own where somebody edited it meanwhile (rule 22)."""
    return f"CASE WHEN r.outrun_by IS NULL THEN r.{of_run} ELSE i.{of_image or of_run} END"


COMPLETE = move(
    Operation.SEGMENTATION_COMPLETED,
    which=_HELD,
    run=f"""{RELEASED}, status = 'succeeded', finished_at = clock_timestamp(),
        duration_ms = %(duration_ms)s, object_count = %(object_count)s,
        quality = {_QUALITY}, version = locked.results + 1,
        outrun_by = CASE WHEN locked.current_run_id IS DISTINCT FROM r.base_run_id
                         THEN locked.current_run_id END,
        result_path = %(result_path)s, recipe = %(recipe)s, taken_from = %(taken_from)s,
        weights_sha256 = %(weights_sha256)s, params = coalesce(CAST(%(params)s AS jsonb), r.params),
        engine_version = coalesce(%(engine_version)s, r.engine_version)""",
    image=f"""status = CASE WHEN {_shown("object_count")} > 0
                       THEN 'segmented' ELSE 'no_objects' END,
        current_run_id = {_shown("id", "current_run_id")}, object_count = {_shown("object_count")},
        run_ms = {_shown("duration_ms", "run_ms")}, quality = {_shown("quality")},
        segmented_at = {_shown("finished_at", "segmented_at")}, results = i.results + 1,
        last_error_code = NULL, last_error_detail = NULL""",
    also=told_outrun("changed", "moved"),
    leaves=False,
)

FAIL = move(
    Operation.SEGMENTATION_FAILED,
    which=_HELD,
    run=f"{_FAILED} failure_code = %(code)s, failure_detail = %(detail)s",
    image=f"""status = {SETTLED},
        last_error_code = r.failure_code, last_error_detail = r.failure_detail""",
)

TRY_AGAIN = move(
    Operation.SEGMENTATION_QUEUED,
    which=f"{_HELD} AND r.attempt < r.max_attempts",
    run=f"""{RELEASED}, status = 'queued', dispatched_at = NULL,
        not_before = now() + make_interval(secs => %(wait_seconds)s),
        retried_because = %(code)s""",
    image="status = 'queued'",
)

#: Leases that ran out, by the database's clock: nobody else's can be trusted.
_EXPIRED = "r.status = 'running' AND r.lease_until < clock_timestamp()"

#: Runs of a worker's children that are gone.
_ORPHANED = "r.status = 'running' AND r.worker = %(worker)s AND r.pid = ANY(%(dead)s)"

#: Runs that this worker ended itself: at the hard time limit, or because it stops.
_ENDED = "r.status = 'running' AND r.worker = %(worker)s AND r.id = ANY(%(runs)s)"

_REQUEUED = f"{RELEASED}, status = 'queued', dispatched_at = NULL"
_LOST_IMAGE = f"""status = {SETTLED},
    last_error_code = r.failure_code, last_error_detail = r.failure_detail"""

#: The wait after a run's first, second … attempt.
_BACKOFF = f"""now() + make_interval(secs => (ARRAY{list(BACKOFF_SECONDS)})[
    least(r.attempt, {len(BACKOFF_SECONDS)})])"""


def _waiting_again(which: str, run: str = _REQUEUED) -> str:
    """Return the move of those of the lost runs that have attempts left."""
    return move(
        Operation.SEGMENTATION_QUEUED,
        which=f"{which} AND r.attempt < r.max_attempts",
        run=run,
        image="status = 'queued'",
    )


def _given_up(which: str, code: FailureCode) -> str:
    """Return the move of those of the lost runs that have no attempt left."""
    return move(
        Operation.SEGMENTATION_FAILED,
        which=f"{which} AND r.attempt >= r.max_attempts",
        run=f"{_FAILED} failure_code = '{code}', failure_detail = '{SENTENCES[code]}'",
        image=_LOST_IMAGE,
    )


#: Two images of a lost worker may meet again; the one that kills would take the other along until
#: both are given up. So from the second loss on they come back at different times.
_APART = """not_before = now()
    + CASE WHEN r.attempt > 1 THEN random() * interval '20 seconds' ELSE interval '0' END"""

_FORGIVEN = f"max_attempts = least(r.max_attempts + 1, {MAX_ATTEMPTS + FORGIVEN_LOSSES})"

REQUEUE_EXPIRED = _waiting_again(_EXPIRED, f"{_REQUEUED}, {_APART}, {_FORGIVEN}")
FAIL_EXPIRED = _given_up(_EXPIRED, FailureCode.WORKER_LOST)
REQUEUE_ORPHANED = _waiting_again(_ORPHANED)
FAIL_ORPHANED = _given_up(_ORPHANED, FailureCode.WORKER_LOST)
REQUEUE_TIMED_OUT = _waiting_again(
    _ENDED, f"{_REQUEUED}, not_before = {_BACKOFF}, retried_because = 'timeout'"
)
FAIL_TIMED_OUT = _given_up(_ENDED, FailureCode.TIMEOUT)

#: The worker stops: an attempt that a deployment interrupted is none.
_UNDONE = f"{_REQUEUED}, attempt = r.attempt - 1"
RELEASE_ENDED = move(
    Operation.SEGMENTATION_QUEUED, which=_ENDED, run=_UNDONE, image="status = 'queued'"
)
#: Its child waited for a turn at the engine that another worker may have free.
RELEASE_HELD = move(
    Operation.SEGMENTATION_QUEUED, which=_HELD, run=_UNDONE, image="status = 'queued'"
)
RELEASE_WORKER = move(
    Operation.SEGMENTATION_QUEUED,
    which="r.status = 'running' AND r.worker = %(worker)s",
    run=_UNDONE,
    image="status = 'queued'",
)
