"""Check every invariant of the database and of what it says is stored (rules.md 31)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from shared.actions.reconcile_stats import drifted_projects
from shared.database import audit
from shared.database.audit import Offenders, StoredImage
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.result_files import RESULT_FILES, key_of
from shared.storage import Storage

#: As many ids as help somebody to look.
SHOWN = 5

#: Images looked up at a time, so that the memory needed does not grow with the database.
PAGE = 500

_BEFORE_ALL = UUID(int=0)
_PATIENCE_SECONDS = 600

_BY_HAND = (
    "the rows were changed by hand, or this is a bug: docs/state_machine.md has what is legal"
)
_REMEDIES = dict(
    zip(
        audit.IN_TIME,
        (
            "start `celltally scheduler`",
            "start `celltally stats`",
            "start `celltally stats`",
            "start `celltally scheduler`",
            "start `celltally scheduler`; its log says why one that it tried is not finished",
        ),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant, who breaks it, and what to do then."""

    broken: str  #: What is wrong when there are offenders.
    remedy: str
    offenders: Offenders

    @property
    def holds(self) -> bool:
        """Tell whether nobody breaks it."""
        return self.offenders.count == 0


def check_invariants(
    database: Database,
    storage: Storage,
    *,
    most_images: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Finding]:
    """Yield one finding for each invariant.

    Files are looked at for *most_images* images, or for all. Once *stopped* nothing more is
    begun, and what was not looked at to the end is not told.
    """
    checks: list[Callable[[], Finding]] = [
        *(partial(_ask, database, *named) for named in (audit.ALWAYS | audit.IN_TIME).items()),
        partial(_find_drift, database, stopped),
        partial(_find_missing_parts, database, storage, stopped),
        partial(_find_missing_files, database, storage, most_images, stopped),
    ]
    for check in checks:
        if stopped():
            return
        finding = check()
        if not stopped():
            yield finding


def audit_if_due(
    database: Database, storage: Storage, stopped: Callable[[], bool]
) -> list[Finding]:
    """Audit everything once a night and keep what was found; return what is broken."""
    with database.reading() as connection:
        if not audit.is_due(connection):
            return []
    findings = list(check_invariants(database, storage, stopped=stopped))
    broken = [finding for finding in findings if not finding.holds]
    if not stopped():
        counts = json.dumps({finding.broken: finding.offenders.count for finding in broken})
        database.transact(lambda tx: audit.keep(tx.connection, counts))
    return broken


def _ask(database: Database, broken: str, question: str) -> Finding:
    def ask(tx: Transaction) -> Offenders:
        tx.take_at_most(_PATIENCE_SECONDS)
        return audit.offenders(tx.connection, question, at_most=SHOWN)

    return Finding(broken, _REMEDIES.get(broken, _BY_HAND), database.transact(ask))


def _find_drift(database: Database, stopped: Callable[[], bool]) -> Finding:
    return Finding(
        "a project's tally is not the count of its rows (S1, S2)",
        "run `celltally stats reconcile --repair`",
        _gathered(str(drift.project_id) for drift in drifted_projects(database, stopped)),
    )


def _find_missing_files(
    database: Database, storage: Storage, most: int | None, stopped: Callable[[], bool]
) -> Finding:
    return Finding(
        "an image's original or a file of its current result is not stored",
        "bring the files back from a backup of the storage; segment again what lost its result",
        _gathered(
            str(image.id)
            for image in _images(database, most, stopped)
            if not _is_stored(storage, image) and not _has_changed(database, storage, image)
        ),
    )


def _find_missing_parts(
    database: Database, storage: Storage, stopped: Callable[[], bool]
) -> Finding:
    with database.reading() as connection:
        uploads = audit.parts_of_uploads(connection, PAGE)

    def incomplete() -> Iterator[str]:
        for upload_id, parts in uploads.items():
            if stopped():
                return
            if not all(map(storage.exists, parts)) and _goes_on(database, upload_id):
                yield str(upload_id)

    remedy = "bring the files back from a backup, or have its sender cancel and begin again"
    return Finding("a part of an unfinished upload is not stored", remedy, _gathered(incomplete()))


def _goes_on(database: Database, upload_id: UUID) -> bool:
    """Tell whether the upload is still on its way: one that was finished meanwhile has no parts."""
    with database.reading() as connection:
        return bool(audit.parts_of_uploads(connection, 1, only=upload_id))


def _gathered(ids: Iterator[str]) -> Offenders:
    count = 0
    first: list[str] = []
    for count, offender in enumerate(ids, start=1):  # noqa: B007 - the last number is the count
        if len(first) < SHOWN:
            first.append(offender)
    return Offenders(count, tuple(first))


def _images(
    database: Database, most: int | None, stopped: Callable[[], bool]
) -> Iterator[StoredImage]:
    after, seen = _BEFORE_ALL, 0
    while not stopped() and (most is None or seen < most):
        limit = PAGE if most is None else min(PAGE, most - seen)
        with database.reading() as connection:
            page = audit.images_after(connection, after, limit)
        if not page:
            return
        yield from page
        after, seen = page[-1].id, seen + len(page)


def _is_stored(storage: Storage, image: StoredImage) -> bool:
    return all(storage.exists(key) for key in _keys(image))


def _has_changed(database: Database, storage: Storage, seen: StoredImage) -> bool:
    """Tell whether the image was deleted or got another result meanwhile, with all its files."""
    with database.reading() as connection:
        image = audit.stored_image(connection, seen.id)
    return image is None or (image != seen and _is_stored(storage, image))


def _keys(image: StoredImage) -> Iterator[str]:
    yield image.original
    if image.result is not None:
        yield from (key_of(image.result, name) for name in RESULT_FILES)
