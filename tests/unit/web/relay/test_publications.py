"""One message, two frames."""

import logging
from uuid import uuid4

from shared.domain.channels import Channel, ChannelKind
from shared.messaging.envelope import Envelope
from shared.messaging.redis_history import Position
from tests.unit.web.relay.samples import NOON, decoded, stats_update, status_update
from web.relay.publications import Publication, shared_body

PROJECT = Channel(ChannelKind.PROJECT, uuid4())
OWNER = uuid4()


def a_publication(version: int = 3) -> Publication:
    event = stats_update(project_id=PROJECT.id, owner_id=OWNER, version=version)
    body = Envelope(event=event, at=NOON, version=version).to_json()
    return Publication(PROJECT, Position("9f", 12), body)


def test_a_message_has_every_field_of_the_contract():
    message = decoded(a_publication().frame)

    assert list(message) == ["m", "ch", "id", "type", "v", "ts", "sv", "data"]
    assert (message["m"], message["ch"], message["id"]) == ("pub", str(PROJECT), "9f:12")


def test_a_collaborators_frame_is_the_owners_without_what_is_not_theirs():
    publication, bob = a_publication(), uuid4()

    message = decoded(publication.frame_for(str(bob).encode()))

    own = decoded(publication.frame)
    assert message["type"] == "sharedProjectUpdate"
    assert [message[k] for k in ("id", "v", "ts")] == [own[k] for k in ("id", "v", "ts")]
    assert message["data"] == {
        "projectId": str(PROJECT.id),
        "ownerId": str(OWNER),
        "sharedWithUserIds": [str(bob)],
        "updateType": "images_added",
        "stats": own["data"]["stats"],
        "timestamp": own["data"]["timestamp"],
    }


def test_the_frames_of_two_collaborators_differ_in_their_ids_alone():
    publication, bob, eve = a_publication(), str(uuid4()).encode(), str(uuid4()).encode()

    his, hers = publication.frame_for(bob), publication.frame_for(eve)

    assert his.replace(bob, eve) == hers
    assert eve not in his


def test_a_message_is_encoded_once_for_all_its_readers():
    publication = a_publication()

    assert publication.frame is publication.frame


def test_nothing_is_sent_to_collaborators_that_is_not_surely_for_them(caplog):
    caplog.set_level(logging.CRITICAL)
    status = Envelope(event=status_update(PROJECT.id), at=NOON).to_json()
    unknown_field = a_publication().body.replace(b'"truncated":', b'"secret":1,"truncated":')

    bodies = [status, unknown_field, b"{}", b"[]", b"rubbish"]

    assert [shared_body(body) for body in bodies] == [None] * 5
    assert [Publication(PROJECT, Position("e", 1), b).frame_for(b"x") for b in bodies] == [None] * 5
