"""Publish the messages that transactions left behind, in order (rules.md 12)."""

import logging
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from uuid import UUID

from shared.actions.activities import grow_batches
from shared.actions.tell_activities import is_activity, tell_activities
from shared.database import outbox
from shared.database.engine import Database
from shared.database.outbox import Waiting
from shared.database.transaction import Transaction
from shared.domain.channels import Channel
from shared.domain.control import read_order
from shared.domain.events import EVENTS, Event, EventType, ImageChange, ImageStatusUpdate
from shared.messaging.ports import EventPublisher, TaskQueue
from shared.pausing import pause

logger = logging.getLogger(__name__)

BATCH = 500
IMAGES_PER_MESSAGE = 200

#: After so many messages it is looked whether an order came: it waits for no whole batch.
LOOK_FOR_ORDERS = 50


def publish_outbox(database: Database, publisher: EventPublisher, queue: TaskQueue) -> int:
    """Publish what waits, orders for relays first; return how many other messages were taken.

    Where an image's status changed the counts did too, so a recompute is asked of *queue*: once
    for all changes that are told together.

    They are deleted after they were published, so a crash in between publishes again:
    with the same key, which the channel refuses, or, for image statuses, with the same
    versions, which change nothing. What the feed gains by them is left to be told, for it must be
    committed before.
    """

    def publish(tx: Transaction) -> tuple[int, int]:
        if not outbox.lock_outbox(tx.connection):
            return 0, 0
        waiting = outbox.oldest(tx.connection, BATCH)
        told = [message for message in waiting if not is_activity(message)]
        for place, (channel, event, key) in enumerate(_joined(_valid(told))):
            if place % LOOK_FOR_ORDERS == 0:
                _publish_orders(tx, publisher)
            publisher.publish_event(channel, event, key=key)
            if isinstance(event, ImageStatusUpdate):
                tx.after_commit(partial(queue.ask_recompute, channel.id))
        tell_activities(tx, publisher, filter(is_activity, waiting))
        _publish_orders(tx, publisher)
        pause("outbox.before_delete")
        outbox.delete(tx.connection, [message.id for message in waiting])
        left = grow_batches(tx, waiting) + outbox.leave_grown_activities(tx.connection)
        return len(waiting), left

    taken, left = database.transact(publish)
    return taken + database.transact(publish)[0] if left else taken


def _publish_orders(tx: Transaction, publisher: EventPublisher) -> None:
    """Publish what relays must do, however much else waits."""
    for message_id, written in outbox.take_orders(tx.connection):
        try:
            order = read_order(written)
        except ValueError:
            logger.exception("order %d is invalid; dropped", message_id)
        else:
            publisher.publish_order(order, key=str(message_id))


def _valid(waiting: list[Waiting]) -> Iterator[tuple[int, Channel, Event]]:
    """Read each message; one that no browser could read is dropped and stops no other."""
    for message in waiting:
        try:
            channel, kind = Channel.parse(message.channel), EventType(message.type)
            fields = message.data
            if kind is EventType.IMAGE_STATUS_UPDATE:  # The channel says of which project.
                fields = {"projectId": channel.id} | fields
            event = EVENTS[kind].model_validate(fields)
        except ValueError:
            logger.exception("message %d for %s is invalid; dropped", message.id, message.channel)
        else:
            yield message.id, channel, event


def _joined(
    messages: Iterator[tuple[int, Channel, Event]],
) -> Iterator[tuple[Channel, Event, str]]:
    """Join neighbours that tell image statuses of one project; the rest goes one by one."""
    for (channel, kind), group in groupby(messages, key=lambda m: (m[1], type(m[2]))):
        if kind is not ImageStatusUpdate:
            yield from ((channel, event, str(message_id)) for message_id, _, event in group)
            continue
        # Of an image that changed twice only the newest status is told.
        newest: dict[UUID, ImageChange] = {}
        ids: list[int] = []
        for message_id, _, event in group:
            ids.append(message_id)
            if isinstance(event, ImageStatusUpdate):
                newest |= {image.image_id: image for image in event.images}
        images = list(newest.values())
        for start in range(0, len(images), IMAGES_PER_MESSAGE):
            part = ImageStatusUpdate(
                project_id=channel.id, images=images[start : start + IMAGES_PER_MESSAGE]
            )
            yield channel, part, f"{ids[0]}-{ids[-1]}.{start}"
