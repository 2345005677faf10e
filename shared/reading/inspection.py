"""What is asked and told of a file, and its form between two processes."""

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from shared.domain.engines import Modality
from shared.domain.errors import RejectedFileError
from shared.reading import tiles
from shared.reading.display import THUMBNAIL_SIZE
from shared.reading.facts import ImageFacts
from shared.reading.formats import ImageFormat
from shared.reading.tiles import Manifest


@dataclass(frozen=True, slots=True)
class Inspection:
    """An acceptable image: its facts, its thumbnail (a WebP) and what it looks like."""

    facts: ImageFacts
    thumbnail: bytes
    modality: Modality


@dataclass(frozen=True, slots=True)
class Request:
    """One file to look at, and its limits."""

    path: str
    filename: str
    max_bytes: int
    max_pixels: int
    side: int = THUMBNAIL_SIZE  #: Of the picture that is returned as its thumbnail.
    page: int = 0  #: Which of the file's images is meant.

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class ArchiveRequest:
    """One archive to look at, and to how many bytes it may unpack."""

    path: str
    filename: str
    max_unpacked: int

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class TilesRequest:
    """One image to cut into tiles, and where their pack is to be written."""

    path: str
    filename: str
    max_pixels: int
    page: int
    target: str

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


AnyRequest: TypeAlias = Request | ArchiveRequest | TilesRequest


def request_of(line: bytes) -> AnyRequest:
    """Return what a line asks for."""
    asked = json.loads(line)
    if "target" in asked:
        return TilesRequest(**asked)
    return ArchiveRequest(**asked) if "max_unpacked" in asked else Request(**asked)


def cutting_line(manifest: Manifest) -> bytes:
    """Return what the tiles are, for `manifest_of`."""
    return _line(asdict(manifest))


def manifest_of(line: bytes) -> Manifest:
    """Return what a line tells of tiles, or raise the refusal that it tells."""
    return tiles.manifest_of(_told(line))


def counting_line(members: int) -> bytes:
    """Return how many members an archive has, for `members_of`."""
    return _line({"members": members})


def members_of(line: bytes) -> int:
    """Return the number that a line tells, or raise the refusal that it tells."""
    return int(_told(line)["members"])


def accepting_line(found: Inspection) -> bytes:
    """Return what was found, for `inspection_of`."""
    return _line(
        {
            "facts": asdict(found.facts),
            "thumbnail": base64.b64encode(found.thumbnail).decode(),
            "modality": found.modality,
        }
    )


def refusing_line(refusal: RejectedFileError) -> bytes:
    """Return the refusal, for `inspection_of`."""
    return _line({"code": refusal.code, "detail": refusal.detail})


def inspection_of(line: bytes) -> Inspection:
    """Return what a line tells, or raise the refusal that it tells."""
    answer = _told(line)
    facts = answer["facts"]
    return Inspection(
        facts=ImageFacts(**facts | {"format": ImageFormat(facts["format"])}),
        thumbnail=base64.b64decode(answer["thumbnail"]),
        modality=Modality(answer["modality"]),
    )


def _told(line: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(line)
    if "code" in answer:
        raise RejectedFileError(answer["detail"], code=answer["code"])
    return answer


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"
