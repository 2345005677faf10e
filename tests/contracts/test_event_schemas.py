"""Every event has a schema that it keeps, a sender, a reader, and a page that explains it (R2).

A golden file is what browsers of a release were promised; it is never edited once released.
After an additive change the old file still validates; write the new shape beside it by raising
SCHEMA_VERSION, and make the file with `python -m tests.contracts.test_event_schemas`.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.domain.events import EVENTS, SCHEMA_VERSION, EventType
from shared.domain.promises import promised
from tests.contracts.samples import SAMPLES

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
ROOT = HERE.parents[1]
DOCUMENT = ROOT / "docs" / "events.md"

#: Statements of SQL that write an event name its type.
WRITTEN_IN_SQL = {EventType.IMAGE_STATUS_UPDATE: ROOT / "shared" / "database" / "telling.py"}


def promise_of(event_type: EventType) -> dict[str, Any]:
    """Return the schema of an event as a browser may rely on it: more fields may come."""
    return promised(EVENTS[event_type])


def golden_files() -> list[Path]:
    return sorted(GOLDEN.glob("*.json"))


def current_file(event_type: EventType) -> Path:
    return GOLDEN / f"{event_type}.v{SCHEMA_VERSION}.json"


@pytest.mark.parametrize("path", golden_files(), ids=lambda path: path.stem)
def test_what_is_sent_today_is_what_was_promised(path: Path) -> None:
    """Rule 33: of this release and of every one before."""
    schema = json.loads(path.read_text())
    event_type = EventType(path.name.split(".")[0])
    Draft202012Validator.check_schema(schema)

    for event in SAMPLES[event_type]:
        Draft202012Validator(schema).validate(event.to_json())


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_has_its_golden_file(event_type: EventType) -> None:
    """Else the shape changed without a new version, or an event was forgotten."""
    assert json.loads(current_file(event_type).read_text()) == promise_of(event_type)


@pytest.mark.parametrize("event_type", EventType)
def test_the_samples_have_every_field(event_type: EventType) -> None:
    full = SAMPLES[event_type][0].to_json()

    assert set(full) == set(promise_of(event_type)["properties"])


def test_the_promise_is_worth_something() -> None:
    """A field that is missing or of another type is noticed."""
    [sample, *_] = SAMPLES[EventType.PROJECT_STATS_UPDATE]
    validator = Draft202012Validator(promise_of(EventType.PROJECT_STATS_UPDATE))
    written = sample.to_json()

    assert validator.is_valid(written | {"newField": 1})
    assert not validator.is_valid({k: v for k, v in written.items() if k != "stats"})
    assert not validator.is_valid(written | {"affectedCount": "2"})


def calls_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = node.func
            yield called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")


def is_sent(event_type: EventType) -> bool:
    if event_type in WRITTEN_IN_SQL:
        return f"'{event_type}'" in WRITTEN_IN_SQL[event_type].read_text()
    sources = [*(ROOT / "shared/actions").glob("*.py"), *(ROOT / "web").rglob("*.py")]
    called = {name for path in sources for name in calls_in(path)}
    # The relay turns the owner's event into that of each collaborator.
    maker = {EventType.SHARED_PROJECT_UPDATE: "for_collaborator"}
    return maker.get(event_type, EVENTS[event_type].__name__) in called


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_has_somebody_who_sends_it(event_type: EventType) -> None:
    assert is_sent(event_type)


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_has_a_page_that_acts_on_it(event_type: EventType) -> None:
    """R2: an event that no module of the browser names is told to nobody."""
    modules = [path for path in (ROOT / "web/static/js").rglob("*.js") if path.name != "events.js"]

    used = [m.name for m in modules if f"EventType.{event_type.name}" in m.read_text()]

    assert used != []


def sections() -> dict[str, str]:
    """Return the sections of the document by the event that their heading names."""
    parts = re.split(r"^#{2,4} (.*)$", DOCUMENT.read_text(), flags=re.MULTILINE)
    return {
        event_type: body
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
        for event_type in EventType
        if event_type in heading
    }


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_is_explained_field_by_field(event_type: EventType) -> None:
    section = sections()[event_type]

    missing = [name for name in promise_of(event_type)["properties"] if f"`{name}`" not in section]
    assert missing == []


def write_golden_files() -> None:
    """Write the schema of each event that has none of this version yet."""
    for event_type in EventType:
        path = current_file(event_type)
        if not path.exists():
            path.write_text(json.dumps(promise_of(event_type), indent=2) + "\n")


if __name__ == "__main__":
    write_golden_files()
