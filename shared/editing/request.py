"""What is asked of an editing child and what it answers, and their form between two processes."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shared.domain.editing import DrawnObject
from shared.domain.errors import InvalidInputError
from shared.domain.quality import Quality

#: Where in the request's folder things lie: what was drawn, what is made of it, and the objects'
#: file of the result that was edited, if there is one.
DRAWN, RESULT, BEFORE = "drawn.json", "result/", "before/"


@dataclass(frozen=True, slots=True)
class EditRequest:
    """Files to read, all on the local disk; the result is left in the folder."""

    folder: str  #: It has the drawn objects, as `write_drawn` leaves them.
    original: str
    filename: str
    page: int
    pixel_size_um: float | None

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class MadeResult:
    """What the run's row keeps of the result."""

    object_count: int
    quality: Quality


def request_of(line: bytes) -> EditRequest:
    """Return what a line asks for."""
    return EditRequest(**json.loads(line))


def write_drawn(folder: Path, objects: list[DrawnObject]) -> None:
    """Leave the objects for the child; they are too many for a line."""
    rows = [[each.label, each.class_name, each.polygon, each.holes] for each in objects]
    (folder / DRAWN).write_text(json.dumps(rows))


def read_drawn(folder: Path) -> list[DrawnObject]:
    """Return the objects that `write_drawn` left."""
    rows = json.loads((folder / DRAWN).read_text())
    return [
        DrawnObject(polygon=polygon, holes=holes, label=label, class_name=class_name)
        for label, class_name, polygon, holes in rows
    ]


def made_line(made: MadeResult) -> bytes:
    """Return what was made, for `made_of`."""
    return _line({"objects": made.object_count, "quality": made.quality.to_json()})


def refusing_line(refusal: InvalidInputError) -> bytes:
    """Return the refusal, for `made_of`."""
    return _line({"code": refusal.code, "detail": refusal.detail, "errors": refusal.errors})


def made_of(line: bytes) -> MadeResult:
    """Return what a line tells, or raise the refusal that it tells."""
    answer: dict[str, Any] = json.loads(line)
    if "code" in answer:
        raise InvalidInputError(answer["detail"], code=answer["code"], errors=answer["errors"])
    return MadeResult(answer["objects"], Quality.model_validate(answer["quality"]))


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"
