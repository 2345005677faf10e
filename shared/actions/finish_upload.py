"""Finish an upload that has all its bytes: look at the file and take it into its project.

Whoever comes first does it: the request that brought the last byte, one that asks for the answer,
or the scheduler. What becomes of the file and the upload's state are one transaction, so it may
be begun any number of times and happens once.
"""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.engine import RowMapping
from structlog import get_logger

from shared.actions.holding import HeldInspector
from shared.actions.ingest_archive import ArchiveServices, is_packed, queue_ingest
from shared.actions.judging import ReceivedFile
from shared.actions.receive_upload import UNKNOWN
from shared.actions.upload_images import Verdicts, upload_images
from shared.config import Settings
from shared.database import access, uploads
from shared.database.engine import AWAY, Database
from shared.database.transaction import Transaction
from shared.database.uploads import FINISHING_SECONDS, Settled
from shared.domain.accounts import Role
from shared.domain.errors import CelltallyError, NotFoundError, RejectedFileError
from shared.domain.uploads import (
    CONTENT_DIFFERS,
    NO_ACCESS,
    HeldUpload,
    UploadBusyError,
    UploadState,
    folder_of,
)
from shared.messaging.ports import TaskQueue
from shared.pausing import pause
from shared.storage import MissingFileError, Storage, StorageError

logger = get_logger(__name__)

_RENEW_SECONDS = 20.0
_OVERDUE_AT_ONCE = 20
_EXPIRED_AT_ONCE = 500


def finish_upload(services: ArchiveServices, upload_id: UUID) -> RowMapping:
    """Return the upload once it is done or refused; finish it if that is still to do.

    UploadBusyError while somebody else is at it.
    """
    token = uuid4()
    claimed = services.database.transact(lambda tx: uploads.claim(tx.connection, upload_id, token))
    if claimed is not None:
        held = HeldUpload(upload_id, token, claimed["received"], claimed["length"])
        _finish(_Holding(services, held), held, claimed)
    with services.database.reading() as connection:
        row = uploads.upload(connection, upload_id)
    if row is None:
        raise NotFoundError(UNKNOWN)
    if row["state"] == UploadState.FINISHING:
        raise UploadBusyError
    return row


def finish_overdue(services: ArchiveServices, *, stopped: Callable[[], bool]) -> int:
    """Finish uploads that nobody finished in time; return how many."""
    with services.database.reading() as connection:
        waiting = uploads.overdue(connection, _OVERDUE_AT_ONCE)
    finished = 0
    for upload_id in waiting:
        if stopped():
            break
        try:
            finish_upload(services, upload_id)
            finished += 1
        except CelltallyError as problem:  # It comes again, later and later.
            logger.warning("an upload is not finished", upload=str(upload_id), reason=str(problem))
    return finished


def expire_uploads(database: Database) -> int:
    """Forget uploads that nobody went on with, and answers that nobody asks for any more."""
    return database.transact(lambda tx: uploads.expire(tx.connection, _EXPIRED_AT_ONCE))


class _Holding:
    """The services, with an inspector that keeps the claim."""

    def __init__(self, services: ArchiveServices, held: HeldUpload) -> None:
        self.settings: Settings = services.settings
        self.database: Database = services.database
        self.storage: Storage = services.storage
        self.queue: TaskQueue = services.queue
        self.inspector = HeldInspector(
            services.inspector, lambda: self._renew(held), _RENEW_SECONDS, time.monotonic
        )

    def _renew(self, held: HeldUpload) -> None:
        if not self.database.transact(
            lambda tx: uploads.renew(tx.connection, held, seconds=FINISHING_SECONDS)
        ):
            raise UploadBusyError


def _finish(services: _Holding, held: HeldUpload, row: RowMapping) -> None:
    pause("upload.claimed")
    try:
        _settle(services, held, row)
    except RejectedFileError as refusal:
        _write(services.database, held, _refused(refusal.code, refusal.detail))
    except MissingFileError:
        logger.exception("a part of an upload is gone", upload=str(held.id))
        detail = f"Some bytes of {row['filename']} were lost on the server. Upload it again."
        _write(services.database, held, _refused(CONTENT_DIFFERS, detail))
    except BaseException:
        with suppress(*AWAY):  # The claim ends by itself.
            services.database.transact(lambda tx: uploads.release(tx.connection, held))
        raise
    with suppress(StorageError):  # The janitor has them on its list.
        services.storage.delete_folder(folder_of(held.id))


def _settle(services: _Holding, held: HeldUpload, row: RowMapping) -> None:
    """Take the file in and write in the same transaction what became of it."""
    _check_access(services.database, row)
    with _assembled(services, row) as file:
        pause("upload.assembled")
        if row["sha256"] not in {None, file.sha256}:
            raise RejectedFileError(
                f"{file.filename} did not arrive as it was sent. Upload it again.",
                code=CONTENT_DIFFERS,
            )
        whom: dict[str, Any] = {"actor_id": row["user_id"], "op_id": row["op_id"]}
        if is_packed(file):

            def queued(tx: Transaction, batch_id: UUID) -> None:
                _record(tx, held, Settled(state=UploadState.DONE, batch_id=batch_id))

            queue_ingest(services, row["project_id"], file, record=queued, **whom)
        else:

            def judged(tx: Transaction, verdicts: Verdicts) -> None:
                _record(tx, held, _outcome_of(verdicts))

            upload_images(services, row["project_id"], [file], record=judged, **whom)


def _check_access(database: Database, row: RowMapping) -> None:
    with database.reading() as connection:
        role = access.role_in_project(connection, row["user_id"], row["project_id"])
    if role not in {Role.OWNER, Role.EDITOR}:
        raise RejectedFileError(
            "Whoever uploaded it may not change this project any more.", code=NO_ACCESS
        )


@contextmanager
def _assembled(services: _Holding, row: RowMapping) -> Iterator[ReceivedFile]:
    """Lend the whole file, from its parts."""
    incoming = services.settings.absolute_home / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=incoming, prefix="upload-") as folder:
        path = Path(folder) / "whole"
        services.storage.fetch(row["parts"], path)
        with path.open("rb") as whole:
            digest = hashlib.file_digest(whole, "sha256").hexdigest()
        yield ReceivedFile(
            row["filename"],
            path,
            digest,
            path.stat().st_size,
            relative_path=row["relative_path"],
        )


def _outcome_of(verdicts: Verdicts) -> Settled:
    if verdicts.rejected:
        [rejection] = verdicts.rejected
        return _refused(rejection.code, rejection.detail)
    if verdicts.duplicates:
        return Settled(
            state=UploadState.DONE, image_ids=[verdicts.duplicates[0][1]], duplicate=True
        )
    return Settled(state=UploadState.DONE, image_ids=[row["id"] for row in verdicts.images])


def _refused(code: str, detail: str) -> Settled:
    return Settled(state=UploadState.REFUSED, code=str(code), detail=detail)


def _record(tx: Transaction, held: HeldUpload, outcome: Settled) -> None:
    pause("upload.settling")
    if not uploads.settle(tx.connection, held, outcome):
        raise UploadBusyError


def _write(database: Database, held: HeldUpload, outcome: Settled) -> None:
    database.transact(lambda tx: _record(tx, held, outcome))
