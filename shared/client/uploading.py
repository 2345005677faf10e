"""Upload files so that each goes on where it broke off, in this process or a later one."""

import hashlib
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from shared.client.rest import Json, RestClient
from shared.domain.errors import CelltallyError, NotFoundError, NotSignedInError, UnavailableError

_CHUNK = 1 << 18
_HEADERS = {"Tus-Resumable": "1.0.0"}
_BYTES = {**_HEADERS, "Content-Type": "application/offset+octet-stream"}

#: A file that is as small goes with the request that announces it.
SMALL = 4_000_000

#: After so many failures in a row without a byte in between, the user is asked.
MOST_TRIES = 8
_LONGEST_WAIT = 15.0

#: These say that the same may work in a moment.
_PASSING = frozenset({HTTPStatus.CONFLICT, HTTPStatus.LOCKED, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a file."""

    images: int = 0
    is_known: bool = False
    batch_id: str | None = None
    refusal: CelltallyError | None = None


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to upload, as it is at this moment."""

    path: Path
    name: str  #: Its path in the folder that is uploaded.
    size: int
    modified: int  #: Milliseconds.

    @classmethod
    def of(cls, path: Path, folder: Path) -> "LocalFile":
        """Look at the file at *path* below *folder*."""
        seen = path.stat()
        name = path.relative_to(folder).as_posix()
        return cls(path, name, seen.st_size, seen.st_mtime_ns // 1_000_000)

    @property
    def fingerprint(self) -> tuple[str, int, str]:
        """What a file is known again by that was begun by an earlier process."""
        return self.name, self.size, str(self.modified)

    def open_at(self, offset: int) -> Iterator[bytes]:
        """Return the bytes from *offset* on, in pieces."""
        with self.path.open("rb") as opened:
            opened.seek(offset)
            while piece := opened.read(_CHUNK):
                yield piece


def begun_uploads(client: RestClient, project_id: str) -> dict[tuple[str, int, str], str]:
    """Return where the files are gone on with that an earlier process began."""
    return {
        _fingerprint(each): each["url"]
        for each in client.unfinished_uploads(project_id)
        if "lastModified" in each["metadata"]
    }


def upload_file(  # noqa: PLR0913 - named, each of them
    client: RestClient,
    file: LocalFile,
    *,
    project_id: str,
    begun_at: str | None,
    op_id: str,
    on_bytes: Callable[[int], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Verdict:
    """Upload the file, from where it is *begun_at* if it is; return what became of it.

    *on_bytes* is told of all that need not be sent any more. UnavailableError when the server
    stays away: what it has, it keeps.
    """
    return _Sender(client, file, project_id, op_id, on_bytes, sleep).send(begun_at)


@dataclass
class _Sender:
    client: RestClient
    file: LocalFile
    project_id: str
    op_id: str
    on_bytes: Callable[[int], None]
    sleep: Callable[[float], None]
    told: int = 0  #: Bytes that were told of; those of a request that broke are not told twice.

    def send(self, url: str | None) -> Verdict:
        tries, before = 0, -1
        while True:
            try:
                if url is None:
                    url, headers = self._create()
                else:
                    headers = self._go_on(url)
            except CelltallyError as refusal:
                if isinstance(refusal, NotFoundError) and url is not None:
                    url = None  # It was too old.
                elif not _is_passing(refusal):
                    if isinstance(refusal, NotSignedInError | NotFoundError):
                        raise
                    self._tell(self.file.size)
                    return Verdict(refusal=refusal)
            else:
                if verdict := self._verdict(headers):
                    return verdict
                continue
            tries = tries + 1 if self.told <= before else 1
            before = self.told
            if tries == MOST_TRIES:
                raise UnavailableError(
                    f"{self.file.name} is not uploaded: the server does not take it. Run the "
                    "command again; it goes on from there"
                )
            self.sleep(min(_LONGEST_WAIT, 0.5 * 2**tries))

    def _create(self) -> tuple[str, Json]:
        """Announce the file; a small one goes along."""
        metadata = {
            "filename": self.file.path.name,
            "projectId": self.project_id,
            "relativePath": self.file.name,
            "lastModified": str(self.file.modified),
            "sha256": self._sha256(),
        }
        headers = {
            **_HEADERS,
            "X-Op-Id": self.op_id,
            "Upload-Length": str(self.file.size),
            "Upload-Metadata": ",".join(
                f"{key} {b64encode(value.encode(errors='replace')).decode()}"
                for key, value in metadata.items()
            ),
        }
        if self.file.size > SMALL:
            answer = self.client.exchange("POST", "/api/v1/uploads", headers=headers)
        else:
            headers |= {**_BYTES, "Content-Length": str(self.file.size)}
            answer = self.client.exchange(
                "POST", "/api/v1/uploads", headers=headers, content=self._bytes(0)
            )
        return answer["Location"], dict(answer)

    def _go_on(self, url: str) -> Json:
        try:
            asked = self.client.exchange("HEAD", url, headers=_HEADERS)
        except CelltallyError as refusal:
            if _is_passing(refusal) or isinstance(refusal, NotFoundError | NotSignedInError):
                raise
            return self._patch(url, self.file.size)  # It was refused; this says why.
        offset = int(asked["Upload-Offset"])
        self._tell(offset)
        if offset == self.file.size:
            return dict(asked)
        return self._patch(url, offset)

    def _patch(self, url: str, offset: int) -> Json:
        headers = {
            **_BYTES,
            "X-Op-Id": self.op_id,
            "Upload-Offset": str(offset),
            "Content-Length": str(self.file.size - offset),
        }
        return dict(
            self.client.exchange("PATCH", url, headers=headers, content=self._bytes(offset))
        )

    def _bytes(self, offset: int) -> Iterator[bytes]:
        for piece in self.file.open_at(offset):
            yield piece
            offset += len(piece)
            self._tell(offset)

    def _tell(self, offset: int) -> None:
        if offset > self.told:
            self.on_bytes(offset - self.told)
            self.told = offset

    def _sha256(self) -> str:
        with self.file.path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()

    def _verdict(self, headers: Json) -> Verdict | None:
        lowered = {name.lower(): value for name, value in headers.items()}
        batch_id, images = lowered.get("celltally-batch-id"), lowered.get("celltally-images")
        if batch_id is None and images is None:
            return None
        self._tell(self.file.size)
        if "celltally-duplicate" in lowered:
            return Verdict(is_known=True)
        return Verdict(images=int(images or 0), batch_id=batch_id)


def _is_passing(refusal: CelltallyError) -> bool:
    if isinstance(refusal, UnavailableError) or refusal.status in _PASSING:
        return True
    return refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _fingerprint(upload: Json) -> tuple[str, int, str]:
    name = upload.get("relativePath") or upload["filename"]
    return name, upload["length"], upload["metadata"]["lastModified"]
