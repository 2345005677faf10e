"""docs/events.md names every event, every field, every message and every close code."""

from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from shared.domain.activities import Activity, ActivityDetails, ActivityType
from shared.domain.channels import ChannelKind
from shared.domain.events import (
    EVENTS,
    AccessChange,
    ChangeType,
    Event,
    ExportStatus,
    ImageChange,
    NoticeLevel,
    Operation,
)
from shared.domain.images import ImageStatus
from shared.domain.stats import DashboardMetrics, ProjectStats, RecentActivity, SystemStats
from web.api.asyncapi import client_messages
from web.relay import messages, protocol

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
    "model",
    [
        ProjectStats,
        DashboardMetrics,
        RecentActivity,
        SystemStats,
        ImageChange,
        Activity,
        ActivityDetails,
        messages.Allowance,
    ],
)
def test_the_parts_of_events_are_named(model: type[BaseModel]):
    assert [name for name in fields_of(model) if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize(
    "words",
    [
        Operation,
        ChangeType,
        ImageStatus,
        ActivityType,
        AccessChange,
        ExportStatus,
        NoticeLevel,
    ],
)
def test_every_word_is_named(words: type[Operation]):
    assert [word for word in words if f"`{word}`" not in PAGE] == []


def test_every_channel_is_named():
    assert [kind for kind in ChannelKind if f"`{kind}:{{" not in PAGE] == []


def row_of(word: str, chapter: str) -> str:
    """Return the table row of a message in a chapter about the socket."""
    lines = PAGE.partition(f"### {chapter}")[2].partition("\n##")[0].splitlines()
    [row] = [line for line in lines if line.startswith("| ") and f"`{word}`" in line.split("|")[1]]
    return row


def missing_in(row: str, message: type[BaseModel]) -> list[str]:
    return [name for name in fields_of(message) if name != "m" and f"`{name}`" not in row]


@pytest.mark.parametrize("message", client_messages())
def test_every_message_of_the_browser_is_named_with_its_fields(message: type[BaseModel]):
    assert missing_in(row_of(message.__name__.lower(), "From the browser"), message) == []


@pytest.mark.parametrize("message", [*messages.OTHERS, messages.Published])
def test_every_message_of_the_relay_is_named_with_its_fields(message: type[BaseModel]):
    [word] = get_args(message.model_fields["m"].annotation)

    assert missing_in(row_of(word, "To the browser"), message) == []


def test_every_close_code_is_named():
    assert [code for code in protocol.CloseCode if f"| {code} |" not in PAGE] == []
