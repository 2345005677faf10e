"""How events are written."""

import json
from uuid import uuid4

import pytest

from shared.domain.channels import Channel, ChannelKind
from shared.domain.events import EVENTS, EventType
from shared.messaging.envelope import CHANNEL_OF, Envelope, envelope_for
from tests.unit.web.relay.samples import NOON, stats_update, status_update

PROJECT = Channel(ChannelKind.PROJECT, uuid4())
IMAGES = Channel(ChannelKind.IMAGES, PROJECT.id)


def an_update():
    return stats_update(project_id=PROJECT.id, owner_id=uuid4(), version=3)


def test_a_state_has_type_version_time_schema_and_fields():
    written = json.loads(Envelope(event=an_update(), at=NOON, version=3).to_json())

    assert list(written) == ["type", "v", "ts", "sv", "data"]
    assert written["type"] == "projectStatsUpdate"
    assert (written["v"], written["sv"]) == (3, 1)
    assert written["ts"] == "2026-11-22T12:00:00.000Z"
    assert written["data"]["stats"]["imageCount"] == 3


def test_an_event_has_no_version_and_no_field_that_is_none():
    written = json.loads(envelope_for(IMAGES, status_update(IMAGES.id)).to_json())

    assert "v" not in written
    assert set(written["data"]["images"][0]) == {"imageId", "status", "version"}


def test_what_is_written_is_what_the_event_says_of_itself():
    event = an_update()

    assert json.loads(Envelope(event=event, at=NOON).to_json())["data"] == event.to_json()


@pytest.mark.parametrize(
    ("channel", "event", "version"),
    [
        (IMAGES, an_update(), None),
        (PROJECT, status_update(PROJECT.id), 1),
        (PROJECT, an_update(), None),
        (IMAGES, status_update(IMAGES.id), 1),
        (PROJECT, an_update().for_collaborator(uuid4()), 3),
    ],
)
def test_an_event_on_a_channel_where_it_does_not_belong_is_refused(channel, event, version):
    with pytest.raises(ValueError, match=str(channel)):
        envelope_for(channel, event, version=version)


def test_every_event_but_the_derived_one_has_its_channel():
    assert set(CHANNEL_OF) == set(EVENTS) - {EventType.SHARED_PROJECT_UPDATE}
