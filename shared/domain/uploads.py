"""What a resumable upload is, and what may be refused of one."""

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from shared.domain.errors import CelltallyError, ConflictError, RejectedFileError
from shared.domain.images import RejectionCode


class UploadState(StrEnum):
    """Where an upload is."""

    RECEIVING = "receiving"  #: Some of its bytes are still to come.
    FINISHING = "finishing"  #: All are there; what they are is being looked at.
    DONE = "done"  #: Its images are in the project, or its archive is being taken in.
    REFUSED = "refused"  #: It was looked at and not taken; it says why.


OPEN_STATES = frozenset({UploadState.RECEIVING, UploadState.FINISHING})

#: Of a file whose bytes are others than its sender said, and of a sender who may no longer.
CONTENT_DIFFERS = "content_differs"
NO_ACCESS = "no_access"

#: How tus answers each reason why a file was not taken; the others are 422.
REFUSAL_STATUS = MappingProxyType(
    {
        RejectionCode.UNSAFE_NAME: 400,
        RejectionCode.TOO_LARGE: 413,
        RejectionCode.TOO_MANY_PIXELS: 413,
        RejectionCode.UNSUPPORTED_FORMAT: 415,
        NO_ACCESS: 403,
        CONTENT_DIFFERS: 460,
    }
)


class UploadBusyError(CelltallyError):
    """Somebody else is at this upload."""

    code = "upload_busy"
    status = 423

    def __init__(self) -> None:
        super().__init__("Another request is at this upload. Try again in a moment.")


class OffsetError(ConflictError):
    """What was sent does not begin where the upload ends."""

    code = "offset_conflict"

    def __init__(self, offset: int) -> None:
        super().__init__(f"The upload has {offset:,} bytes; send those that follow.")
        self.offset = offset


class ChecksumError(CelltallyError):
    """The bytes are others than their checksum says; none of them was kept."""

    code = "checksum_mismatch"
    status = 460


class TooManyPartsError(CelltallyError):
    """It came in too many small requests."""

    code = "too_many_parts"
    status = 400


class TooManyUploadsError(CelltallyError):
    """Somebody began more uploads than anybody finishes."""

    code = "too_many_uploads"
    status = 429


@dataclass(frozen=True, slots=True)
class HeldUpload:
    """An upload that this request may write to, until somebody takes its token away."""

    id: UUID
    token: UUID
    received: int  #: Bytes that are stored.
    length: int  #: Bytes that it will have.

    @property
    def missing(self) -> int:
        return self.length - self.received


def refusal_of(code: str, detail: str) -> CelltallyError:
    """Return the error that tells why an upload was refused."""
    refusal = RejectedFileError(detail, code=code)
    refusal.status = REFUSAL_STATUS.get(code, refusal.status)
    return refusal


def part_key(upload_id: UUID, offset: int, token: UUID) -> str:
    """Return where the bytes from *offset* on are stored.

    The token keeps apart what two requests store of the same place, of which one counts.
    """
    return f"{folder_of(upload_id)}{offset}.{token.hex[:12]}"


def folder_of(upload_id: UUID) -> str:
    """Return the folder of all parts of an upload."""
    return f"uploads/{upload_id}/"


_DRIVE = re.compile(r"^[A-Za-z]:")


def is_inside(path: str) -> bool:
    """Tell whether a relative path stays below where it begins, on every system."""
    parts = path.split("/")
    return not _DRIVE.match(path) and "\\" not in path and not {"", ".", ".."} & set(parts)
