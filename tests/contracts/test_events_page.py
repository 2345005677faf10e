"""docs/events.md names every event, every field, every message and every close code."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from shared.domain.channels import ChannelKind
from shared.domain.events import EVENTS, ChangeType, Event, ImageChange, Operation
from shared.domain.images import ImageStatus
from shared.domain.stats import DashboardMetrics, ProjectStats, RecentActivity, SystemStats
from web.relay import protocol

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text()


def fields_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.type)
def test_an_event_has_its_chapter_with_all_its_fields(event: type[Event]):
    _, found, after = PAGE.partition(f"### `{event.type}`")
    chapter = after.partition("\n##")[0]

    assert found
    assert [name for name in fields_of(event) if f"| `{name}`" not in chapter] == []


@pytest.mark.parametrize(
    "model", [ProjectStats, DashboardMetrics, RecentActivity, SystemStats, ImageChange]
)
def test_the_parts_of_events_are_named(model: type[BaseModel]):
    assert [name for name in fields_of(model) if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("words", [Operation, ChangeType, ImageStatus])
def test_every_word_is_named(words: type[Operation]):
    assert [word for word in words if f"`{word}`" not in PAGE] == []


def test_every_channel_is_named():
    assert [kind for kind in ChannelKind if f"`{kind}:{{" not in PAGE] == []


@pytest.mark.parametrize(
    "message", [protocol.Hello, protocol.Sub, protocol.Unsub, protocol.Ping, protocol.Pong]
)
def test_every_message_of_the_browser_is_named_with_its_fields(message: type[BaseModel]):
    [row] = [
        line for line in PAGE.splitlines() if line.startswith(f"| `{message.__name__.lower()}` |")
    ]

    assert [name for name in fields_of(message) if name != "m" and f"`{name}`" not in row] == []


def test_every_close_code_is_named():
    assert [code for code in protocol.CloseCode if f"| {code} |" not in PAGE] == []
