"""Take files into a project: judge each one, store the good ones, insert them together.

What happens to one file: its name is checked, its content compared with what the project
has, a child process reads it whole (size, depth, thumbnail), its bytes go to storage under
the image's own id, and one transaction inserts all accepted images of the request. Triggers
count them; after the commit the recompute is asked for.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from sqlalchemy.engine import RowMapping

from shared.config import Settings
from shared.database import files, images, projects
from shared.database.engine import Database
from shared.database.images import NewImage
from shared.database.transaction import Transaction
from shared.domain.errors import NotFoundError, RejectedFileError
from shared.domain.events import Operation
from shared.domain.images import RejectionCode
from shared.messaging.ports import TaskQueue
from shared.reading.formats import ImageFormat
from shared.reading.inspection import Inspection
from shared.reading.names import safe_filename
from shared.storage import Storage


class LooksAtFiles(Protocol):
    """Tells what a file is without being harmed by it."""

    def inspect(
        self, path: Path, filename: str, *, max_bytes: int, max_pixels: int
    ) -> Inspection: ...


class UploadServices(Protocol):
    """What taking files in needs."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def storage(self) -> Storage: ...
    @property
    def queue(self) -> TaskQueue: ...
    @property
    def inspector(self) -> LooksAtFiles: ...


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that came in whole, or that grew too large and was not kept."""

    filename: str
    path: Path
    sha256: str
    size: int
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that was refused."""

    filename: str
    code: RejectionCode
    detail: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of each file."""

    images: list[RowMapping]
    duplicates: list[tuple[str, UUID]]  #: File name, and the image that has its content.
    rejected: list[Rejection]


@dataclass(slots=True)
class _Sorting:
    """The files of one request as they are judged."""

    known: dict[str, UUID]  #: Images of the project by the content they share with the files.
    accepted: dict[str, tuple[ReceivedFile, NewImage, Inspection]] = field(default_factory=dict)
    repeated: list[tuple[str, str]] = field(default_factory=list)  #: File name, content.
    rejected: list[Rejection] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Inserted:
    """The rows that were inserted, and whose content another request had inserted before."""

    rows: dict[UUID, RowMapping] = field(default_factory=dict)
    others: dict[str, UUID] = field(default_factory=dict)


def upload_images(
    services: UploadServices,
    project_id: UUID,
    received: list[ReceivedFile],
    *,
    op_id: str | None = None,
) -> Verdicts:
    """Take the good ones of *received* into the project and say what became of each.

    A repeated request finds its files there and takes none of them twice. When anything but
    a file fails, nothing is taken and nothing stays behind.
    """
    sorting = _judge(services, project_id, received)
    stored: list[str] = []
    try:
        for file, image, inspection in sorting.accepted.values():
            _store(services.storage, file, image, inspection, stored)
        inserted = services.database.transact(
            lambda tx: _insert(tx, services.queue, project_id, sorting),
            operation=Operation.IMAGES_ADDED,
            op_id=op_id,
        )
    except BaseException:
        services.storage.delete(stored)
        raise
    return _verdicts(sorting, inserted)


def _judge(services: UploadServices, project_id: UUID, received: list[ReceivedFile]) -> _Sorting:
    with services.database.reading() as connection:
        hashes = [file.sha256 for file in received]
        sorting = _Sorting(images.with_content(connection, project_id, hashes))
    for file in received:
        try:
            _judge_one(services, project_id, file, sorting)
        except RejectedFileError as refusal:
            sorting.rejected.append(
                Rejection(file.filename, RejectionCode(refusal.code), refusal.detail)
            )
    return sorting


def _judge_one(
    services: UploadServices, project_id: UUID, file: ReceivedFile, sorting: _Sorting
) -> None:
    name = safe_filename(file.filename)
    limits = services.settings
    if file.too_large:
        raise RejectedFileError(
            f"{name} has more than {limits.max_image_bytes:,} bytes, which is the most allowed. "
            "Crop it or save it compressed and upload that copy.",
            code=RejectionCode.TOO_LARGE,
        )
    if file.sha256 in sorting.known or file.sha256 in sorting.accepted:
        sorting.repeated.append((name, file.sha256))
        return
    found = services.inspector.inspect(
        file.path, name, max_bytes=limits.max_image_bytes, max_pixels=limits.max_image_pixels
    )
    if found.facts.pages > 1:
        raise RejectedFileError(
            f"{name} has {found.facts.pages} pages. Save each page as a file of its own "
            "and upload those.",
            code=RejectionCode.UNSUPPORTED_FORMAT,
        )
    image = _new_image(project_id, name, file, found)
    sorting.accepted[file.sha256] = (file, image, found)


def _new_image(project_id: UUID, name: str, file: ReceivedFile, found: Inspection) -> NewImage:
    image_id, facts = uuid4(), found.facts
    # Keys hold the image's id and no content hash: to delete an image can never
    # delete the file of another one, not even of one uploaded again meanwhile.
    folder = f"images/{project_id}/{image_id}"
    return NewImage(
        id=image_id,
        project_id=project_id,
        filename=name,
        sha256=file.sha256,
        bytes=file.size,
        width=facts.width,
        height=facts.height,
        channels=facts.channels,
        bit_depth=facts.bit_depth,
        pixel_size_um=facts.pixel_size_um,
        modality=found.modality,
        storage_key=f"{folder}/original.{ImageFormat(facts.format)}",
        thumbnail_key=f"{folder}/thumbnail.webp",
    )


def _store(
    storage: Storage,
    file: ReceivedFile,
    image: NewImage,
    found: Inspection,
    stored: list[str],
) -> None:
    """Store both files of the image, durably; note each key before, for cleaning up."""
    stored.append(image.storage_key)
    storage.put_file(image.storage_key, file.path)
    stored.append(image.thumbnail_key)
    storage.put(image.thumbnail_key, found.thumbnail)


def _insert(tx: Transaction, queue: TaskQueue, project_id: UUID, sorting: _Sorting) -> _Inserted:
    if not projects.lock_against_deletion(tx.connection, project_id):
        raise NotFoundError("This project does not exist any more.")
    fresh = [image for _, image, _ in sorting.accepted.values()]
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
    unused = [key for image in late for key in (image.storage_key, image.thumbnail_key)]
    files.leave_for_deletion(tx.connection, unused)
    hashes = [image.sha256 for image in late]
    return _Inserted(rows, images.with_content(tx.connection, project_id, hashes))


def _verdicts(sorting: _Sorting, inserted: _Inserted) -> Verdicts:
    accepted = [image for _, image, _ in sorting.accepted.values()]
    late = [(image.filename, image.sha256) for image in accepted if image.id not in inserted.rows]
    fresh = {image.sha256: image.id for image in accepted}
    owners = fresh | sorting.known | inserted.others
    return Verdicts(
        images=[inserted.rows[image.id] for image in accepted if image.id in inserted.rows],
        duplicates=[(name, owners[content]) for name, content in sorting.repeated + late],
        rejected=sorting.rejected,
    )
