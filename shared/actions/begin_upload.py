"""Begin an upload that goes on over many requests, and give one up."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid4

from sqlalchemy.engine import RowMapping

from shared.config import Settings
from shared.database import images, projects, uploads
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.database.uploads import NewUpload
from shared.domain.errors import NotFoundError, RejectedFileError
from shared.domain.images import RejectionCode
from shared.domain.uploads import TooManyUploadsError, UploadBusyError, is_inside, refusal_of
from shared.reading.names import safe_filename

#: What one person may have open at a time: uploads, and bytes in files of the largest size.
MOST_OPEN = 500
MOST_OPEN_FILES = 100


class BeginServices(Protocol):
    """What beginning an upload needs."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What somebody says of the file that is to come."""

    project_id: UUID
    filename: str
    length: int
    metadata: str  #: As it was sent.
    relative_path: str | None = None
    sha256: str | None = None
    op_id: str | None = None


def begin_upload(services: BeginServices, announced: Announced, *, user_id: UUID) -> RowMapping:
    """Make an upload for the file; refuse at once what would be refused with its last byte.

    One whose SHA-256 the project has is done at once.
    """
    new = NewUpload(
        id=uuid4(),
        project_id=announced.project_id,
        user_id=user_id,
        filename=_safe_name(announced.filename),
        relative_path=_safe_path(announced.relative_path),
        length=_fitting(announced, services.settings.max_image_bytes),
        sha256=announced.sha256,
        metadata=announced.metadata,
        op_id=announced.op_id,
    )
    most_bytes = MOST_OPEN_FILES * services.settings.max_image_bytes

    def insert(tx: Transaction) -> RowMapping:
        if not projects.lock_against_deletion(tx.connection, new.project_id):
            raise NotFoundError("This project does not exist any more.")
        count, length = uploads.open_uploads(tx.connection, user_id)
        if count >= MOST_OPEN or length + new.length > most_bytes:
            raise TooManyUploadsError(
                f"You have {count:,} unfinished uploads of {length:,} bytes. "
                "Finish or cancel some of them first."
            )
        row = uploads.insert(tx.connection, new)
        known = _known(tx, new)
        return row if known is None else uploads.settle_known(tx.connection, new.id, known)

    return services.database.transact(insert)


def cancel_upload(database: Database, upload_id: UUID) -> None:
    """Give the upload up: what came in goes, and a request that is at it finds it gone.

    What it became stays; one that is just being finished is busy.
    """

    def delete(tx: Transaction) -> None:
        row = uploads.locked(tx.connection, upload_id)
        if row is not None and row["state"] == "finishing" and row["busy"]:
            raise UploadBusyError
        uploads.delete(tx.connection, upload_id)

    database.transact(delete)


def _known(tx: Transaction, new: NewUpload) -> UUID | None:
    """Return the image that the announced file is already, with all its pages."""
    if new.sha256 is None:
        return None
    found = images.with_content(tx.connection, new.project_id, [new.sha256], whole=True)
    return found.get(new.sha256)


def _fitting(announced: Announced, most: int) -> int:
    if announced.length == 0:
        raise refusal_of(
            RejectionCode.EMPTY, f"{announced.filename} is empty. Save it again and upload that."
        )
    if announced.length > most:
        raise refusal_of(
            RejectionCode.TOO_LARGE,
            f"{announced.filename} has more than {most:,} bytes, which is the most allowed. "
            "Crop it or save it compressed and upload that copy.",
        )
    return announced.length


def _safe_name(name: str) -> str:
    try:
        return safe_filename(name)
    except RejectedFileError as refusal:
        raise refusal_of(refusal.code, refusal.detail) from refusal


def _safe_path(path: str | None) -> str | None:
    """Return the path with which a file was chosen; refuse one that leads out of its folder."""
    if not path:
        return None
    if not is_inside(path):
        raise refusal_of(
            RejectionCode.UNSAFE_NAME,
            "The relative path leads out of its folder. Upload the folder itself.",
        )
    return "/".join(map(_safe_name, path.split("/")))
