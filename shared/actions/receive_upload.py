"""Take in bytes of an upload: part after part, each stored before it is counted.

No transaction lasts while bytes come in. Whoever writes holds the row by a token that it renews;
what it stored is counted by a compare-and-set on token and offset, so of two who write at the same
place one counts, and the parts of the other go. A connection that breaks keeps what it brought.
"""

import hashlib
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID, uuid4

from shared.database import uploads
from shared.database.engine import AWAY, Database
from shared.database.transaction import Transaction
from shared.domain.errors import InvalidInputError, NotFoundError
from shared.domain.uploads import (
    ChecksumError,
    HeldUpload,
    OffsetError,
    TooManyPartsError,
    UploadBusyError,
    UploadState,
    part_key,
)
from shared.pausing import pause
from shared.storage import Storage, StorageError

#: A part is closed when it has so many bytes, or has grown for so long and is worth a file.
PART_BYTES = 16 << 20
PART_SECONDS = 5.0
LEAST_PART_BYTES = 1 << 20

CHUNK = 1 << 16
MOST_PARTS = 10_000
_RENEW_SECONDS = 4.0

UNKNOWN = "This upload does not exist any more."


class Source(Protocol):
    """Where the bytes of a request come from."""

    def read(self, size: int) -> bytes:
        """Return some of them; none when there are no more, or the sender is gone."""
        ...

    @property
    def broken(self) -> bool:
        """Whether the sender went away in the middle of it."""
        ...


class ReceivingServices(Protocol):
    """What taking in bytes needs."""

    @property
    def database(self) -> Database: ...
    @property
    def storage(self) -> Storage: ...


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a sender says of the bytes of one request."""

    algorithm: str  #: As `hashlib` calls it.
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """What one request brings."""

    offset: int
    source: Source
    checksum: Checksum | None = None
    op_id: str | None = None


def receive(
    services: ReceivingServices,
    upload_id: UUID,
    sent: Bytes,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Take in what *sent* brings; return how many bytes the upload has then.

    Refuses what does not begin where the upload ends, and an upload that somebody is at.
    """
    held = services.database.transact(lambda tx: _take(tx, upload_id, sent))
    if held is None:
        return sent.offset
    writer = _Writer(services, held, clock)
    try:
        return writer.write(sent)
    except BaseException:
        writer.undo()
        raise


def _take(tx: Transaction, upload_id: UUID, sent: Bytes) -> HeldUpload | None:
    """Hold the upload; None when all its bytes are there and the request asks for the answer."""
    row = uploads.locked(tx.connection, upload_id)
    if row is None:
        raise NotFoundError(UNKNOWN)
    if row["received"] != sent.offset:
        raise OffsetError(row["received"])
    if row["state"] != UploadState.RECEIVING:
        return None
    if row["busy"]:
        raise UploadBusyError
    if len(row["parts"]) >= MOST_PARTS:
        raise TooManyPartsError(
            f"The upload came in more than {MOST_PARTS:,} requests. Begin again with larger ones."
        )
    held = HeldUpload(upload_id, uuid4(), row["received"], row["length"])
    uploads.take(tx.connection, held, sent.op_id)
    return held


@dataclass
class _Writer:
    """Stores the bytes of one request, and counts them in."""

    services: ReceivingServices
    held: HeldUpload
    clock: Callable[[], float]
    uncounted: list[str] = field(default_factory=list)  #: Stored by this request.
    _renewed: float = 0.0

    def write(self, sent: Bytes) -> int:
        self._renewed = self.clock()
        # Of bytes with a checksum none counts before all were seen.
        digest = None if sent.checksum is None else hashlib.new(sent.checksum.algorithm)
        stored = self.held.received
        while size := self._store_part(sent.source, stored, digest):
            stored += size
            if digest is None:
                self._count(stored)
        if sent.checksum is not None and digest is not None:
            self._check(sent, digest.digest())
            self._count(stored)
        if self.held.missing:
            self.services.database.transact(lambda tx: uploads.release(tx.connection, self.held))
        return self.held.received

    def _store_part(self, source: Source, start: int, digest: "hashlib._Hash | None") -> int:
        first = source.read(CHUNK)
        if not first:
            return 0
        key = part_key(self.held.id, start, self.held.token)
        self.uncounted.append(key)
        pieces = self._pieces(first, source, self.held.length - start, digest)
        size = self.services.storage.put_stream(key, pieces)
        pause("upload.part_stored")
        return size

    def _pieces(
        self, first: bytes, source: Source, missing: int, digest: "hashlib._Hash | None"
    ) -> Iterator[bytes]:
        size, began, piece = 0, self.clock(), first
        while piece:
            size += len(piece)
            if size > missing:
                raise InvalidInputError("More bytes came than the upload has.", code="too_long")
            if digest is not None:
                digest.update(piece)
            yield piece
            self._renew()
            grown = size >= LEAST_PART_BYTES and self.clock() - began >= PART_SECONDS
            if size >= PART_BYTES or grown:
                return
            piece = source.read(min(CHUNK, PART_BYTES - size))

    def _renew(self) -> None:
        if self.clock() - self._renewed < _RENEW_SECONDS:
            return
        self._renewed = self.clock()
        database = self.services.database
        if not database.transact(lambda tx: uploads.renew(tx.connection, self.held)):
            raise UploadBusyError

    def _count(self, received: int) -> None:
        held, keys = self.held, list(self.uncounted)
        if received == held.received:
            return
        database = self.services.database
        if not database.transact(lambda tx: uploads.advance(tx.connection, held, received, keys)):
            raise UploadBusyError
        self.uncounted.clear()
        self.held = replace(held, received=received)

    def _check(self, sent: Bytes, digest: bytes) -> None:
        if sent.source.broken or sent.checksum is None or digest == sent.checksum.digest:
            if sent.source.broken:
                raise ChecksumError("The connection broke; bytes with a checksum come all or none.")
            return
        raise ChecksumError(
            f"The bytes have the {sent.checksum.algorithm} {b64encode(digest).decode()}, which is "
            "not what was announced. None of them was kept; send them again."
        )

    def undo(self) -> None:
        """Let go of the upload and of what was stored in vain, as far as that is possible now."""
        with suppress(*AWAY):  # The token ends by itself.
            self.services.database.transact(lambda tx: uploads.release(tx.connection, self.held))
        with suppress(StorageError):  # It goes with the upload's folder.
            self.services.storage.delete(self.uncounted)
