"""Messages of event channels: with the change or not at all, in order, once (rules.md B.12)."""

import json
from uuid import UUID

import pytest

from shared.actions.publish_outbox import publish_outbox
from shared.database import outbox
from shared.domain.channels import Channel, ChannelKind
from shared.domain.events import EventType, ImageStatusUpdate, ProjectImageCountChange
from shared.domain.images import ImageStatus
from tests.integration.interleaving import crash, held
from tests.integration.lab import Lab

#: A channel of a project that is not there any more.
SOMEWHERE = f"images:{UUID(int=7)}"


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def publish(lab: Lab) -> int:
    return publish_outbox(lab.database, lab.publisher, lab.queue)


def waiting(lab: Lab) -> int:
    return lab.value("SELECT count(*) FROM outbox")


def of_images(lab: Lab) -> list[tuple]:
    """Return what was told of images; what the feed gains is told in test_feed.py."""
    return [each for each in lab.publisher.events if each[0].kind is ChannelKind.IMAGES]


def statuses(lab: Lab) -> list[ImageStatus]:
    """Return every status that was told, in the order of telling."""
    return [
        image.status
        for _, event, _ in lab.publisher.events
        if isinstance(event, ImageStatusUpdate)
        for image in event.images
    ]


def test_a_rollback_announces_nothing(lab: Lab, project: UUID) -> None:
    def leave_and_fail(tx: object) -> None:
        outbox.leave_message(tx.connection, f"images:{project}", "imageStatusUpdate", "{}")
        raise LookupError

    with pytest.raises(LookupError):
        lab.database.transact(leave_and_fail)

    assert waiting(lab) == 0


def test_whoever_tells_of_an_image_has_its_project_recounted(lab: Lab, project: UUID) -> None:
    """R1: no move of a run asks itself; for all that is told together one ask is enough."""
    other = lab.project()
    for each in (project, project, other):
        lab.claimed(lab.one_run(each).id)
    lab.queue.recomputed.clear()

    publish_outbox(lab.database, lab.publisher, lab.queue)

    assert sorted(set(lab.queue.recomputed)) == sorted({project, other})
    assert len(lab.queue.recomputed) <= 3


def test_every_move_of_a_run_is_told_with_the_image_as_it_is_then(lab: Lab, project: UUID) -> None:
    run = lab.claimed(lab.one_run(project).id)
    lab.complete(run, objects=3)

    publish(lab)

    [(channel, event, _)] = of_images(lab)
    assert channel == Channel(ChannelKind.IMAGES, project)
    assert isinstance(event, ImageStatusUpdate)
    [image] = event.images
    stored = lab.image(run.image_id)
    assert (image.image_id, image.status, image.object_count) == (run.image_id, "segmented", 3)
    assert (image.run_id, image.version) == (run.id, stored.status_version)
    assert waiting(lab) == 0


def test_of_an_image_that_changed_twice_only_the_newest_status_is_told(
    lab: Lab, project: UUID
) -> None:
    run = lab.claimed(lab.one_run(project).id)
    publish(lab)
    lab.fail(run)
    lab.segment(project)
    publish(lab)

    assert statuses(lab) == [ImageStatus.PROCESSING, ImageStatus.QUEUED]


def test_messages_keep_their_order_around_one_of_another_kind(lab: Lab, project: UUID) -> None:
    """Neighbours are joined; what lies between two statuses stays between them."""
    run = lab.claimed(lab.one_run(project).id)
    lab.fold(project)  # Leaves the change of the number of images.
    lab.complete(run)

    publish(lab)

    kinds = [type(event) for _, event, _ in of_images(lab)]
    assert kinds == [ImageStatusUpdate, ProjectImageCountChange, ImageStatusUpdate]
    assert statuses(lab) == [ImageStatus.PROCESSING, ImageStatus.SEGMENTED]


def test_a_message_speaks_of_two_hundred_images_at_most(lab: Lab, project: UUID) -> None:
    lab.engine()
    images = lab.images(project, 450)
    lab.segment(project)

    publish(lab)

    events = [event for _, event, _ in lab.publisher.events]
    assert [len(event.images) for event in events] == [200, 200, 50]
    assert {image.image_id for event in events for image in event.images} == set(images)


def test_a_crash_between_publishing_and_deleting_tells_nothing_twice(
    lab: Lab, project: UUID
) -> None:
    """The same messages have the same keys, and the channel refuses what it has."""
    lab.images(project)
    lab.fold(project)
    run = lab.claimed(lab.one_run(project).id)
    lab.complete(run)

    with pytest.raises(KeyboardInterrupt), held("outbox.before_delete", crash):
        publish(lab)
    told = of_images(lab)
    assert waiting(lab) > 0
    publish(lab)

    assert len(told) == 2
    assert of_images(lab) == told
    assert waiting(lab) == 0


def test_while_one_publishes_another_leaves_it_alone(lab: Lab, project: UUID) -> None:
    lab.one_run(project)
    second = []

    with held("outbox.before_delete", lambda: second.append(publish(lab))):
        first = publish(lab)

    assert (first, second) == (1, [0])


def test_what_commits_while_others_are_published_waits_for_the_next_time(
    lab: Lab, project: UUID
) -> None:
    run = lab.one_run(project)

    with held("outbox.before_delete", lambda: lab.claim(run.id)):
        publish(lab)

    assert waiting(lab) == 1
    publish(lab)
    assert statuses(lab) == [ImageStatus.QUEUED, ImageStatus.PROCESSING]


@pytest.mark.parametrize(
    ("channel", "kind", "data"),
    [
        (SOMEWHERE, EventType.IMAGE_STATUS_UPDATE, {"images": [{"imageId": "no id"}]}),
        (SOMEWHERE, EventType.PROJECT_IMAGE_COUNT_CHANGE, {"surprise": 1}),
        (SOMEWHERE, "eventOfALaterRelease", {}),
        ("nonsense", EventType.IMAGE_STATUS_UPDATE, {"images": []}),
    ],
)
def test_an_invalid_message_is_dropped_and_stops_no_other(
    lab: Lab, project: UUID, channel: str, kind: str, data: dict
) -> None:
    """Rule 17: it is not sent, and those behind it are."""
    lab.database.transact(
        lambda tx: outbox.leave_message(tx.connection, channel, kind, json.dumps(data))
    )
    lab.one_run(project)

    publish(lab)

    assert statuses(lab) == [ImageStatus.QUEUED]
    assert waiting(lab) == 0


def test_a_channel_that_is_away_keeps_the_messages(lab: Lab, project: UUID) -> None:
    class Away:
        def publish_event(self, *_: object, **__: object) -> bool:
            raise ConnectionError

    lab.one_run(project)

    with pytest.raises(ConnectionError):
        publish_outbox(lab.database, Away(), lab.queue)

    assert waiting(lab) == 1
