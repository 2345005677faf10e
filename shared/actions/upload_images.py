"""Take files into a project: judge each one, store the good ones, insert them together.

What happens to one file: its name is checked, its content compared with what the project
has, a child process reads it whole (size, depth, thumbnail), its bytes go to storage under
the id of its first image, and one transaction inserts all accepted images of the request.
Each page of a file is an image of its own. Triggers count them; after the commit the
recompute is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID

from sqlalchemy.engine import RowMapping

from shared.actions.activities import act_of, record_activity
from shared.actions.judging import (
    AcceptedFile,
    JudgingServices,
    ReceivedFile,
    Rejection,
    Sorting,
    judge,
)
from shared.database import files, images, projects
from shared.database.activities import Deed
from shared.database.transaction import Transaction
from shared.domain.activities import ActivityType
from shared.domain.errors import NotFoundError
from shared.domain.events import Operation
from shared.messaging.ports import TaskQueue
from shared.storage import Storage


class UploadServices(JudgingServices, Protocol):
    """What taking files in needs."""

    @property
    def storage(self) -> Storage: ...
    @property
    def queue(self) -> TaskQueue: ...


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of each file."""

    images: list[RowMapping]
    duplicates: list[tuple[str, UUID]]  #: File name, and the image that has its content.
    rejected: list[Rejection]


#: What else is written in the transaction that takes the images in.
Recording = Callable[[Transaction, Verdicts], None]


def nothing_else(_tx: Transaction, _verdicts: Verdicts) -> None:
    """Write nothing but the images."""


@dataclass(frozen=True, slots=True)
class _Inserted:
    """The rows that were inserted, and whose content another request had inserted before."""

    rows: dict[UUID, RowMapping] = field(default_factory=dict)
    others: dict[str, UUID] = field(default_factory=dict)


def upload_images(  # noqa: PLR0913 - named, each of them
    services: UploadServices,
    project_id: UUID,
    received: list[ReceivedFile],
    *,
    actor_id: UUID,
    op_id: str | None = None,
    record: Recording = nothing_else,
) -> Verdicts:
    """Take the good ones of *received* into the project and say what became of each.

    A repeated request finds its files there and takes none of them twice. When anything but
    a file fails, nothing is taken and nothing stays behind. *record* writes in the same
    transaction, and may refuse it.
    """
    sorting = judge(services, project_id, received)
    deed = Deed(
        type=ActivityType.IMAGES_UPLOADED,
        actor_id=actor_id,
        project_id=project_id,
        project_name="",
        act=act_of(ActivityType.IMAGES_UPLOADED, op_id),
    )

    def take_in(tx: Transaction) -> Verdicts:
        verdicts = _verdicts(sorting, _take_in(tx, services.queue, sorting, deed))
        record(tx, verdicts)
        return verdicts

    stored: list[str] = []
    try:
        for accepted in sorting.accepted.values():
            _store(services.storage, accepted, stored)
        return services.database.transact(take_in, operation=Operation.IMAGES_ADDED, op_id=op_id)
    except BaseException:
        services.storage.delete(stored)
        raise


def _store(storage: Storage, accepted: AcceptedFile, stored: list[str]) -> None:
    """Store the files of the images, durably; note each key before, for cleaning up."""
    original = accepted.images[0].storage_key
    stored.append(original)
    storage.put_file(original, accepted.file.path)
    for image, thumbnail in zip(accepted.images, accepted.thumbnails, strict=True):
        stored.append(image.thumbnail_key)
        storage.put(image.thumbnail_key, thumbnail)


def _take_in(tx: Transaction, queue: TaskQueue, sorting: Sorting, deed: Deed) -> _Inserted:
    """Insert what was accepted, and write it down as *deed*."""
    inserted = _insert(tx, queue, deed.project_id, sorting)
    if inserted.rows:
        title = projects.title_of(tx.connection, deed.project_id) or ""
        record_activity(tx, replace(deed, project_name=title, count=len(inserted.rows)))
    return inserted


def _insert(tx: Transaction, queue: TaskQueue, project_id: UUID, sorting: Sorting) -> _Inserted:
    if not projects.lock_against_deletion(tx.connection, project_id):
        raise NotFoundError("This project does not exist any more.")
    fresh = sorting.fresh
    if not fresh:
        return _Inserted()
    rows = images.insert_new(tx.connection, fresh)
    if rows:
        tx.after_commit(lambda: queue.ask_recompute(project_id))
    # What another request inserted meanwhile is a duplicate. It is looked up before the
    # lock on the project is given up, so that nobody can delete it in between.
    late = [image for image in fresh if image.id not in rows]
    if not late:
        return _Inserted(rows)
    unused = {key for image in late for key in (image.storage_key, image.thumbnail_key)}
    unused -= {row["storage_key"] for row in rows.values()}  # Of a page that was missing.
    files.leave_for_deletion(tx.connection, sorted(unused))
    hashes = [image.sha256 for image in late]
    return _Inserted(rows, images.with_content(tx.connection, project_id, hashes))


def _verdicts(sorting: Sorting, inserted: _Inserted) -> Verdicts:
    fresh = {image.id: image for image in sorting.fresh}
    taken = {image.sha256: image.id for image in fresh.values() if image.id in inserted.rows}
    owners = sorting.known | inserted.others | taken
    late = [
        (accepted.images[0].filename, content)
        for content, accepted in sorting.accepted.items()
        if content not in taken
    ]
    return Verdicts(
        images=[inserted.rows[image_id] for image_id in fresh if image_id in inserted.rows],
        duplicates=[(name, owners[content]) for name, content in sorting.repeated + late],
        rejected=sorting.rejected,
    )
