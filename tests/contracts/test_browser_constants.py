"""The browser and the server use the same words."""

import re
from enum import Enum
from pathlib import Path

import pytest

from shared.domain.activities import ActivityType
from shared.domain.channels import ChannelKind
from shared.domain.events import AccessChange, EventType, ExportStatus, NoticeLevel, Operation
from shared.domain.images import ImageStatus
from web.relay import protocol

EVENTS_JS = Path(protocol.__file__).parents[1] / "static" / "js" / "events.js"


def constants(name: str) -> dict[str, str]:
    """Return the members of a frozen object of events.js, values as they are written."""
    found = re.search(
        rf"export const {name} = Object\.freeze\(\{{(.*?)\}}\);", EVENTS_JS.read_text(), re.DOTALL
    )
    assert found, f"events.js has no {name}"
    return dict(re.findall(r'^\s+([A-Z_]+): "?([^",]+)"?,$', found[1], re.MULTILINE))


@pytest.mark.parametrize(
    "words",
    [
        EventType,
        Operation,
        AccessChange,
        ActivityType,
        ExportStatus,
        NoticeLevel,
        ImageStatus,
        ChannelKind,
    ],
)
def test_every_word_of_the_server_is_the_browsers_and_the_reverse(words: type[Enum]) -> None:
    assert constants(words.__name__) == {word.name: word.value for word in words}


def test_every_close_code_of_the_relay_is_known_to_the_browser() -> None:
    known = constants("CloseCode")

    assert {code.name: str(int(code)) for code in protocol.CloseCode}.items() <= known.items()


def test_both_speak_the_same_version_of_the_protocol() -> None:
    assert f"export const PROTOCOL = {protocol.PROTOCOL};" in EVENTS_JS.read_text()


def test_no_other_module_of_the_browser_spells_an_event_or_a_close_code() -> None:
    spelled = {word.value for word in EventType} | {
        str(int(code)) for code in protocol.CloseCode if code > 4000
    }
    modules = [path for path in EVENTS_JS.parent.rglob("*.js") if path != EVENTS_JS]

    offenders = [
        (path.name, word)
        for path in modules
        for word in spelled
        if re.search(rf'["\' (]{word}["\' ),;]', path.read_text())
    ]

    assert offenders == []
