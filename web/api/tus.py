"""The headers of tus 1.0.0, read and written."""

import hashlib
import re
from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import NoReturn
from uuid import UUID

from flask import Request, Response
from sqlalchemy.engine import RowMapping

from shared.actions.begin_upload import Announced
from shared.actions.receive_upload import Checksum
from shared.domain.errors import CelltallyError
from shared.domain.uploads import UploadState, refusal_of
from web.api.shapes import API

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
ALGORITHMS = ("sha256", "sha1", "sha512")
CONTENT_TYPE = "application/offset+octet-stream"

LONGEST_METADATA = 8_000
LONGEST_PATH = 4_000

_NUMBER = re.compile(r"[0-9]{1,19}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class TusVersionError(CelltallyError):
    """The client speaks another version of tus."""

    code = "tus_version"
    status = 412


class TusHeaderError(CelltallyError):
    """A header of tus is missing or cannot be read."""

    code = "invalid_header"
    status = 400


class TusMediaTypeError(CelltallyError):
    """The bytes of an upload come as something else."""

    code = "unsupported_media_type"
    status = 415


def check_version(request: Request) -> None:
    """Refuse a client that does not say that it speaks this version."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise TusVersionError(f"Send the header Tus-Resumable: {VERSION}.")


def check_content_type(request: Request) -> None:
    """Refuse bytes that are not said to be those of an upload."""
    if request.mimetype != CONTENT_TYPE:
        raise TusMediaTypeError(f"Send the bytes with Content-Type: {CONTENT_TYPE}.")


def number_of(request: Request, name: str) -> int:
    """Return the number in a header; it is not negative."""
    written = request.headers.get(name, "")
    if _NUMBER.fullmatch(written) is None:
        _refuse(name, "is missing or no number")
    return int(written)


def checksum_of(request: Request) -> Checksum | None:
    """Return what the request says of its bytes."""
    written = request.headers.get("Upload-Checksum")
    if written is None:
        return None
    algorithm, _, encoded = written.partition(" ")
    if algorithm not in ALGORITHMS:
        _refuse("Upload-Checksum", f"names none of {', '.join(ALGORITHMS)}")
    digest = _decoded("Upload-Checksum", encoded)
    if len(digest) != hashlib.new(algorithm).digest_size:
        _refuse("Upload-Checksum", f"has no {algorithm}")
    return Checksum(algorithm, digest)


def project_of(request: Request) -> UUID:
    """Return the project that the metadata names."""
    try:
        return UUID(metadata_of(request).get("projectId", ""))
    except ValueError:
        _refuse("Upload-Metadata", "has no projectId")


def announced_in(request: Request, project_id: UUID, op_id: str | None) -> Announced:
    """Return what the request says of the file that is to come."""
    metadata = metadata_of(request)
    sha256 = metadata.get("sha256")
    if "filename" not in metadata:
        _refuse("Upload-Metadata", "has no filename")
    if sha256 is not None and _SHA256.fullmatch(sha256) is None:
        _refuse("Upload-Metadata", "has a sha256 that is none")
    if "Upload-Defer-Length" in request.headers:
        _refuse("Upload-Defer-Length", "is not supported; say the Upload-Length")
    return Announced(
        project_id=project_id,
        filename=metadata["filename"],
        length=number_of(request, "Upload-Length"),
        metadata=request.headers["Upload-Metadata"],
        relative_path=metadata.get("relativePath"),
        sha256=sha256,
        op_id=op_id,
    )


def metadata_of(request: Request) -> Mapping[str, str]:
    """Return the pairs of Upload-Metadata."""
    written = request.headers.get("Upload-Metadata", "")
    if len(written) > LONGEST_METADATA or not written.isascii():
        _refuse("Upload-Metadata", "is too long, or not base64")
    return pairs_of(written)


def pairs_of(written: str) -> dict[str, str]:
    """Return the pairs that are written as tus does: the values are base64 of UTF-8."""
    pairs: dict[str, str] = {}
    for pair in filter(None, map(str.strip, written.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            value = _decoded("Upload-Metadata", encoded).decode()
        except UnicodeDecodeError:
            _refuse("Upload-Metadata", f"has a {key!r} that is not UTF-8")
        if "\0" in value or len(value) > LONGEST_PATH:
            _refuse("Upload-Metadata", f"has a {key!r} that nothing is called")
        pairs[key] = value
    return pairs


def told(answer: Response, row: RowMapping) -> Response:
    """Write on the answer how far the upload is, and what it became."""
    headers = answer.headers
    headers["Upload-Offset"] = str(row["received"])
    if row["state"] == UploadState.RECEIVING:
        headers["Upload-Expires"] = _http_date(row["expires_at"])
    if row["image_ids"]:
        headers["Celltally-Image-Id"] = str(row["image_ids"][0])
        headers["Celltally-Images"] = str(len(row["image_ids"]))
    if row["duplicate"]:
        headers["Celltally-Duplicate"] = "true"
    if row["batch_id"] is not None:
        headers["Celltally-Batch-Id"] = str(row["batch_id"])
    return answer


def check_not_refused(row: RowMapping) -> RowMapping:
    """Return the upload; raise the refusal of its file, each time it is asked for."""
    if row["state"] == UploadState.REFUSED:
        raise refusal_of(row["refusal_code"], row["refusal_detail"])
    return row


def address_of(row: RowMapping) -> str:
    """Return where an upload is gone on with."""
    return f"{API}/uploads/{row['id']}"


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _decoded(name: str, encoded: str) -> bytes:
    try:
        return b64decode(encoded, validate=True)
    except (NotBase64Error, ValueError):
        _refuse(name, "is not base64")


def _refuse(name: str, reason: str) -> NoReturn:
    raise TusHeaderError(f"The header {name} {reason}.")
