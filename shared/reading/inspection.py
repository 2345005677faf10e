"""What is asked and told of a file, and its form between two processes."""

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any

from shared.domain.engines import Modality
from shared.domain.errors import RejectedFileError
from shared.reading.display import THUMBNAIL_SIZE
from shared.reading.facts import ImageFacts
from shared.reading.formats import ImageFormat

READY = b"ready\n"  #: What a child says before it takes the first request.


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

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Request":
        return cls(**json.loads(line))


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
    answer = json.loads(line)
    if "code" in answer:
        raise RejectedFileError(answer["detail"], code=answer["code"])
    facts = answer["facts"]
    return Inspection(
        facts=ImageFacts(**facts | {"format": ImageFormat(facts["format"])}),
        thumbnail=base64.b64decode(answer["thumbnail"]),
        modality=Modality(answer["modality"]),
    )


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"
