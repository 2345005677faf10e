"""Publish the messages that transactions left behind, in order (rules.md 12)."""

from collections.abc import Iterator
from itertools import groupby
from uuid import UUID

from shared.database import outbox
from shared.database.engine import Database
from shared.database.outbox import Waiting
from shared.database.transaction import Transaction
from shared.domain.channels import Channel
from shared.domain.events import EVENTS, Event, EventType, ImageStatusUpdate
from shared.messaging.ports import EventPublisher

BATCH = 500
IMAGES_PER_MESSAGE = 200


def publish_outbox(database: Database, publisher: EventPublisher) -> int:
    """Publish what waits; return how many messages were taken.

    They are deleted after they were published, so a crash in between publishes again:
    with the same key, which the channel refuses, or, for image statuses, with the same
    versions, which change nothing.
    """

    def publish(tx: Transaction) -> int:
        if not outbox.lock_outbox(tx.connection):
            return 0
        waiting = outbox.oldest(tx.connection, BATCH)
        for channel, event, key in _messages(waiting):
            publisher.publish_event(channel, event, key=key)
        outbox.delete(tx.connection, [message.id for message in waiting])
        return len(waiting)

    return database.transact(publish)


def _messages(waiting: list[Waiting]) -> Iterator[tuple[Channel, Event, str]]:
    """Join neighbours that tell image statuses of one project; the rest goes one by one."""
    for (name, kind), group in groupby(waiting, key=lambda m: (m.channel, m.type)):
        channel = Channel.parse(name)
        messages = list(group)
        if kind == EventType.IMAGE_STATUS_UPDATE:
            yield from _joined(channel, messages)
            continue
        for message in messages:
            event = EVENTS[EventType(kind)].model_validate(message.data)
            yield channel, event, str(message.id)


def _joined(channel: Channel, messages: list[Waiting]) -> Iterator[tuple[Channel, Event, str]]:
    """Of an image that changed twice only the newest status is told."""
    project_id: UUID = channel.id
    newest: dict[str, dict[str, object]] = {}
    for message in messages:
        for image in message.data["images"]:
            newest[image["imageId"]] = image
    images = list(newest.values())
    key = f"{messages[0].id}-{messages[-1].id}"
    for start in range(0, len(images), IMAGES_PER_MESSAGE):
        part = images[start : start + IMAGES_PER_MESSAGE]
        event = ImageStatusUpdate.model_validate({"projectId": project_id, "images": part})
        yield channel, event, f"{key}.{start}"
