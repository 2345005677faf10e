"""Take the members of a ZIP into a project, some at a time, each as if it had come alone.

The row is the job, as it is for runs: a message only says that there is one. A worker claims it,
and with each group of members it writes, in the transaction that inserts their images, how far it
is; whoever goes on after a crash begins behind the last of them, and none is counted twice.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from shared.actions.judging import LooksAtFiles, ReceivedFile, Rejection
from shared.actions.upload_images import UploadServices, Verdicts, upload_images
from shared.database import access, files, ingests, projects
from shared.database.engine import Database
from shared.database.ingests import NewIngest, Progress
from shared.database.transaction import Transaction
from shared.domain.accounts import Role
from shared.domain.errors import CelltallyError, NotFoundError, RejectedFileError
from shared.domain.images import RejectionCode
from shared.domain.ingests import ClaimedIngest, IngestStatus
from shared.messaging.ports import TaskQueue
from shared.reading.archives import Archive, is_archive
from shared.reading.names import safe_filename
from shared.storage import Storage

#: To how much an archive may unpack, in files of the largest size.
UNPACKED_FILES = 20

#: Members that are unpacked and taken in together.
GROUP = 8
GROUP_BYTES = 64_000_000

GIVEN_UP = (
    "Its worker stopped several times at the same place. What was taken in before stays; "
    "upload the other files without the archive."
)
NO_ACCESS = "Whoever uploaded it may not change this project any more."


class FencedError(Exception):
    """The archive is somebody else's by now, or its project is gone."""


class CountsMembers(LooksAtFiles, Protocol):
    """Tells how many files an archive holds without being harmed by it."""

    def count_members(self, path: Path, filename: str, *, max_unpacked: int) -> int: ...


class ArchiveServices(UploadServices, Protocol):
    """What taking an archive from an upload needs."""

    @property
    def inspector(self) -> CountsMembers: ...


@dataclass(frozen=True, slots=True)
class QueuedIngest:
    """An archive that waits to be taken in."""

    id: UUID
    filename: str
    members: int


def is_packed(file: ReceivedFile) -> bool:
    """Tell whether a received file is a ZIP by name and by content."""
    return not file.too_large and is_archive(file.path, file.filename)


def queue_archives(
    services: ArchiveServices,
    project_id: UUID,
    received: list[ReceivedFile],
    *,
    actor_id: UUID,
    op_id: str | None = None,
) -> tuple[list[QueuedIngest], list[Rejection]]:
    """Have the good ones of the archives taken in; return them, and why the others are not."""
    queued, refused = [], []
    for file in received:
        try:
            queued.append(queue_ingest(services, project_id, file, actor_id=actor_id, op_id=op_id))
        except RejectedFileError as refusal:
            code = RejectionCode(refusal.code)
            refused.append(Rejection(file.filename, code, refusal.detail))
    return queued, refused


def queue_ingest(  # noqa: PLR0913 - named, each of them
    services: ArchiveServices,
    project_id: UUID,
    file: ReceivedFile,
    *,
    actor_id: UUID,
    op_id: str | None = None,
    record: Callable[[Transaction, UUID], None] = lambda _tx, _ingest_id: None,
) -> QueuedIngest:
    """Store the archive and have it taken in; raise RejectedFileError if it is not acceptable.

    *record* writes in the same transaction, and may refuse it.
    """
    name = safe_filename(file.filename)
    unpacked = UNPACKED_FILES * services.settings.max_image_bytes
    members = services.inspector.count_members(file.path, name, max_unpacked=unpacked)
    ingest_id = uuid4()
    key = f"ingests/{ingest_id}/archive.zip"
    new = NewIngest(ingest_id, project_id, actor_id, name, key, members, op_id)

    def insert(tx: Transaction) -> None:
        if not projects.lock_against_deletion(tx.connection, project_id):
            raise NotFoundError("This project does not exist any more.")
        ingests.insert(tx.connection, new)
        record(tx, ingest_id)
        tx.after_commit(lambda: services.queue.ask_ingest(ingest_id))

    try:
        services.storage.put_file(key, file.path)
        services.database.transact(insert)
    except BaseException:
        services.storage.delete([key])
        raise
    return QueuedIngest(ingest_id, name, members)


def requeue_ingests(database: Database, queue: TaskQueue) -> int:
    """Send again the archives whose message or worker was lost; return how many."""

    def requeue(tx: Transaction) -> int:
        found = ingests.requeue_stranded(tx.connection, GIVEN_UP)
        failed = [row["storage_key"] for row in found if row["status"] == IngestStatus.FAILED]
        files.leave_for_deletion(tx.connection, failed)
        waiting = [row["id"] for row in found if row["status"] == IngestStatus.QUEUED]
        for ingest_id in waiting:
            tx.after_commit(partial(queue.ask_ingest, ingest_id))
        return len(waiting)

    return database.transact(requeue)


def take_in_group(
    services: UploadServices, held: ClaimedIngest, archive: Archive, position: int
) -> int:
    """Take in the next members from *position* on; return where those after them begin.

    FencedError when the claim holds no more: then nothing of it was taken.
    """
    with services.database.reading() as connection:
        role = access.role_in_project(connection, held.user_id, held.project_id)
    if role not in {Role.OWNER, Role.EDITOR}:
        raise NotFoundError(NO_ACCESS)
    places = _next_places(archive, position)
    with tempfile.TemporaryDirectory(prefix="celltally-ingest-") as folder:
        received, refused = _extracted(services, archive, places, Path(folder))

        def record(tx: Transaction, verdicts: Verdicts) -> None:
            progress = _progress(places[-1] + 1, verdicts, refused)
            if not ingests.go_on(tx.connection, held, progress):
                raise FencedError

        upload_images(
            services,
            held.project_id,
            received,
            actor_id=held.user_id,
            op_id=held.op_id or str(held.id),
            record=record,
        )
    return places[-1] + 1


@contextmanager
def opened_archive(
    storage: Storage, held: ClaimedIngest, *, max_image_bytes: int
) -> Iterator[Archive]:
    """Give the stored archive, as a file of this machine."""
    with tempfile.NamedTemporaryFile(prefix="celltally-ingest-", suffix=".zip") as copy:
        for piece in storage.stream(held.storage_key):
            copy.write(piece)
        copy.flush()
        unpacked = UNPACKED_FILES * max_image_bytes
        archive = Archive(Path(copy.name), held.filename, max_unpacked=unpacked)
        try:
            yield archive
        finally:
            archive.close()


def _next_places(archive: Archive, position: int) -> list[int]:
    places: list[int] = []
    size = 0
    for place in range(position, min(position + GROUP, len(archive.members))):
        size += archive.members[place].size
        if places and size > GROUP_BYTES:
            break
        places.append(place)
    return places


def _extracted(
    services: UploadServices, archive: Archive, places: list[int], folder: Path
) -> tuple[list[ReceivedFile], list[Rejection]]:
    """Unpack the members; return the files, and what was refused without looking at it."""
    received, refused = [], []
    for place in places:
        name = archive.members[place].name
        try:
            found = archive.extract(
                place, folder / str(place), max_bytes=services.settings.max_image_bytes
            )
        except RejectedFileError as refusal:
            refused.append(Rejection(name, RejectionCode(refusal.code), refusal.detail))
            continue
        received.append(
            ReceivedFile(name, found.path, found.sha256, found.size, too_large=found.too_large)
        )
    return received, refused


def _progress(position: int, verdicts: Verdicts, refused: list[Rejection]) -> Progress:
    return Progress(
        position=position,
        images=len(verdicts.images),
        duplicates=[
            {"filename": name, "imageId": str(image_id)} for name, image_id in verdicts.duplicates
        ],
        rejected=[
            {"filename": each.filename, "code": each.code, "detail": each.detail}
            for each in [*refused, *verdicts.rejected]
        ],
    )


def fail_ingest(database: Database, held: ClaimedIngest, problem: CelltallyError) -> bool:
    """Write that the archive cannot be gone on with, and why."""
    return database.transact(
        lambda tx: ingests.end(tx.connection, held, IngestStatus.FAILED, problem.detail)
    )


def cancel_ingest(tx: Transaction, ingest_id: UUID) -> int:
    """Take no more of the archive in; return how many of its files were not looked at yet."""
    return ingests.cancel(tx.connection, ingest_id)
