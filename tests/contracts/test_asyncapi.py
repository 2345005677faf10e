"""The AsyncAPI document says exactly what the relay hears and says (R2)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from pydantic import ValidationError

from shared.domain.channels import STATE_CHANNELS
from shared.domain.events import Event, EventType
from shared.messaging.envelope import CHANNEL_OF
from tests.contracts.samples import SAMPLES
from web.api.asyncapi import CLOSES, client_messages, socket_document
from web.api.yaml import written_as_yaml
from web.relay.messages import read_relay_message
from web.relay.protocol import CloseCode

#: The official schema, from the npm package @asyncapi/specs 6.11.1 (Apache-2.0).
OFFICIAL = Path(__file__).parent / "vendor" / "asyncapi-3.0.0.json"

DOCUMENT = socket_document()

RELAY_SAYS = {
    "welcome", "authed", "subbed", "error", "pub", "resync", "unsub", "drain", "ping", "pong",
}  # fmt: skip
CLIENT_SAYS = {"hello", "sub", "unsub", "auth", "vis", "ping", "pong"}


def words(operation: str) -> set[str]:
    """Return the `m` of every message of an operation."""
    keys = [
        each["$ref"].rpartition("/")[2] for each in DOCUMENT["operations"][operation]["messages"]
    ]
    return {key.split(".")[1] for key in keys}


def validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{schema}", **DOCUMENT})


def published(event: Event, **fields: Any) -> dict[str, Any]:
    kind = CHANNEL_OF.get(event.type, CHANNEL_OF[EventType.PROJECT_STATS_UPDATE])
    version = {"v": 12} if kind in STATE_CHANNELS else {}
    head = {"m": "pub", "ch": f"{kind}:1", "id": "e:7", "type": event.type, **version}
    return {**head, "ts": "2026-03-01T12:30:15.123Z", "sv": 1, "data": event.to_json(), **fields}


def test_it_is_asyncapi_by_the_official_schema() -> None:
    Draft7Validator(json.loads(OFFICIAL.read_text())).validate(DOCUMENT)


def test_the_official_schema_would_notice() -> None:
    wrong = {**DOCUMENT, "operations": {"say": {"action": "shout"}}}

    assert not Draft7Validator(json.loads(OFFICIAL.read_text())).is_valid(wrong)


def test_every_reference_leads_somewhere() -> None:
    for reference in re.findall(r"'\$ref': '#/([^']+)'", str(DOCUMENT)):
        found: Any = DOCUMENT
        for part in reference.split("/"):
            found = found[part]


def test_it_is_written_as_yaml_that_others_read() -> None:
    assert yaml.safe_load(written_as_yaml(DOCUMENT)) == json.loads(json.dumps(DOCUMENT))


def test_yaml_takes_keys_and_texts_of_every_kind() -> None:
    odd = {
        "on": [],
        "null": {},
        "a b": [[1], {"x: y": None}],
        "two": "a\n\n  b: #c\n",
        "plain": "no",
    }

    assert yaml.safe_load(written_as_yaml(odd)) == odd


def test_it_has_every_message_of_both_sides() -> None:
    assert words("say") == RELAY_SAYS
    assert words("hear") == CLIENT_SAYS


def test_there_is_one_channel_and_every_event_is_a_message_of_it() -> None:
    [channel] = DOCUMENT["channels"].values()

    assert channel["address"] == "/ws"
    assert {key for key in channel["messages"] if key.startswith("relay.pub.")} == {
        f"relay.pub.{event_type}" for event_type in EventType
    }


def test_every_close_code_is_told() -> None:
    assert set(CLOSES) == set(CloseCode)
    assert all(f"- {code}: " in DOCUMENT["info"]["description"] for code in CloseCode)


@pytest.mark.parametrize("event_type", EventType)
def test_every_event_is_a_message_by_schema_and_by_class(event_type: EventType) -> None:
    for event in SAMPLES[event_type]:
        written = published(event)

        validator("RelayMessage").validate(written)
        read_relay_message(json.dumps(written))


def test_whoever_reads_by_the_schema_lets_new_fields_pass() -> None:
    """Rule 33: additive changes break nobody."""
    [sample, *_] = SAMPLES[EventType.NOTICE]

    validator("RelayMessage").validate(published(sample, more=1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"more": 1},
        {"id": "seven"},
        {"type": "weather"},
        {"data": {"level": "info"}},
        {"sv": None},
        {"m": "pubs"},
    ],
)
def test_what_the_relay_says_is_held_to_it_strictly(wrong: dict[str, Any]) -> None:
    """Rule 17."""
    [sample, *_] = SAMPLES[EventType.NOTICE]

    with pytest.raises(ValidationError):
        read_relay_message(json.dumps(published(sample, **wrong)))


def test_a_state_without_its_version_is_no_message() -> None:
    [sample, *_] = SAMPLES[EventType.PROJECT_STATS_UPDATE]

    with pytest.raises(ValidationError):
        read_relay_message(json.dumps(published(sample, v=None)))


def test_a_client_message_needs_its_fields() -> None:
    says = validator("ClientMessage")

    assert says.is_valid({"m": "sub", "ref": 1, "subs": [{"ch": "project:1", "since": "e:1"}]})
    assert not says.is_valid({"m": "sub", "ref": 1, "subs": []})
    assert not says.is_valid({"m": "shout"})


def test_every_message_of_the_client_has_a_sentence() -> None:
    assert all(message.__doc__ for message in client_messages())
