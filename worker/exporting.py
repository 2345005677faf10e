"""Carrying out one export: claim, take the moment's images, write, store, record."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import pyarrow as pa
from sqlalchemy.engine import RowMapping
from structlog import get_logger

from shared.actions.write_export import (
    claim_export,
    complete_export,
    fail_export,
    note_progress,
)
from shared.database import exports
from shared.database.engine import AWAY, Database
from shared.database.exports import Chosen
from shared.domain.exports import ClaimedExport, ExportFailure
from shared.domain.runs import Claimant
from shared.domain.wire import rfc3339
from shared.exporting.archive import zipped
from shared.exporting.names import Names
from shared.exporting.records import ExportedImage, ImageRecord, ProjectRecord, RunRecord
from shared.exporting.writing import Gone, Writing
from shared.pausing import pause
from shared.storage import Storage, StorageError
from worker.holding import TakenAwayError
from worker.outcomes import persistently

logger = get_logger(__name__)

#: Images whose rows are read together.
CHUNK = 200

#: Told at most this often.
TELL_SECONDS = 1.0


class ExportingServices(Protocol):
    """What carrying out an export needs."""

    @property
    def database(self) -> Database: ...
    @property
    def storage(self) -> Storage: ...


class Progress:
    """Tells how far an export is, and finds out whether it is still ours."""

    def __init__(
        self,
        database: Database,
        held: ClaimedExport,
        *,
        total: int,
        lease_seconds: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._held = held
        self._total = total
        self._lease_seconds = lease_seconds
        self._clock = clock
        self._next = clock()
        self._done = 0

    def step(self) -> None:
        """Count an image; raise TakenAwayError when the export is no longer ours."""
        self._done += 1
        self.look()

    def look(self) -> None:
        """Tell and ask, once a second at most; it is called with every piece of the file."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + TELL_SECONDS
        try:
            ours = self._database.transact(
                lambda tx: note_progress(
                    tx,
                    self._held,
                    done=self._done,
                    total=self._total,
                    lease_seconds=self._lease_seconds,
                )
            )
        except AWAY:  # Not to know is no reason to throw work away; the end will tell.
            return
        if not ours:
            raise TakenAwayError


def carry_out_export(
    services: ExportingServices,
    export_id: UUID,
    claimant: Claimant,
    *,
    is_timeout: Callable[[BaseException], bool],
) -> bool:
    """Write the export and record how that went; False when it is not ours.

    *is_timeout* tells the exception by which the task's time limit interrupts the work.
    """
    held = services.database.transact(lambda tx: claim_export(tx, export_id, claimant=claimant))
    if held is None:  # Delivered twice, cancelled or deleted: somebody else has the say.
        return False
    log = logger.bind(export_id=str(held.id), attempt=held.attempt)
    pause("export.claimed")
    patience = claimant.lease_seconds
    try:
        size, left_out = write(services, held, lease_seconds=claimant.lease_seconds)
    except TakenAwayError:
        log.info("export was taken away; nothing of it is kept")
        return False
    except Exception as problem:
        code, detail = _failure_of(problem, is_timeout)
        log.warning("export failed", code=code, exc_info=problem)
        return persistently(
            lambda: services.database.transact(lambda tx: fail_export(tx, held, code, detail)),
            patience,
        )
    pause("export.before_commit")
    kept = persistently(
        lambda: services.database.transact(
            lambda tx: complete_export(tx, held, size=size, left_out=left_out)
        ),
        patience,
    )
    if not kept:
        services.storage.delete([held.key])
    log.info("export done", kept=kept, bytes=size, left_out=left_out)
    return kept


def write(
    services: ExportingServices, held: ClaimedExport, *, lease_seconds: int
) -> tuple[int, int]:
    """Store the export's file; return its size and how many images are not in it."""
    # Arrow's default pool keeps tens of megabytes that were given back to it.
    pa.set_memory_pool(pa.system_memory_pool())
    database = services.database
    with database.reading() as connection:
        chosen = exports.snapshot(connection, held.project_id, held.selection)
    moment = datetime.now(UTC)
    progress = Progress(database, held, total=len(chosen), lease_seconds=lease_seconds)
    progress.look()
    project = ProjectRecord(held.project_id, held.project_title, held.id, rfc3339(moment))
    writing = Writing(
        project, held.formats, is_there=lambda image_id: _is_there(database, image_id)
    )
    entries = writing.entries(_images(services, chosen), each=progress.step)

    def watched(pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            progress.look()
            yield piece

    size = services.storage.put_stream(held.key, watched(zipped(entries, moment)))
    return size, writing.left_out


def _images(services: ExportingServices, chosen: list[Chosen]) -> Iterator[ExportedImage | Gone]:
    """Yield the images of the moment, their rows read some at a time."""
    names = Names()
    for first in range(0, len(chosen), CHUNK):
        some = chosen[first : first + CHUNK]
        with services.database.reading() as connection:
            rows = exports.details(connection, some)
        for each in some:
            stem, name = names.give(each.filename, each.page)
            row = rows.get(each.id)
            if row is None:
                yield Gone(name)
            else:
                yield ExportedImage(_record(each, row, stem, name), services.storage)


def _record(chosen: Chosen, row: RowMapping, stem: str, name: str) -> ImageRecord:
    run = None
    if chosen.run_id is not None and row["result_path"] is not None:
        run = RunRecord(chosen.run_id, row["result_path"], row["run_facts"])
    return ImageRecord(
        id=chosen.id,
        stem=stem,
        name=name,
        filename=chosen.filename,
        page=row["page"],
        width=row["width"],
        height=row["height"],
        channels=row["channels"],
        bit_depth=row["bit_depth"],
        # As it was when the result was measured, where there is one.
        pixel_size_um=row["pixel_size_um"] if run is None else run.facts["pixel_size_um"],
        sha256=row["sha256"],
        bytes=row["bytes"],
        status=chosen.status,
        storage_key=row["storage_key"],
        run=run,
    )


def _is_there(database: Database, image_id: UUID) -> bool:
    with database.reading() as connection:
        return exports.is_there(connection, image_id)


def _failure_of(
    problem: Exception, is_timeout: Callable[[BaseException], bool]
) -> tuple[ExportFailure, str | None]:
    if is_timeout(problem):
        return ExportFailure.TIMEOUT, None
    if isinstance(problem, MemoryError):
        return ExportFailure.OUT_OF_MEMORY, None
    if isinstance(problem, StorageError):
        return ExportFailure.STORAGE_ERROR, problem.detail
    if isinstance(problem, AWAY):  # It may be back in a moment, as a storage may.
        return ExportFailure.STORAGE_ERROR, None
    return ExportFailure.EXPORT_ERROR, None
