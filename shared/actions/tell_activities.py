"""Tell of entries of the feed: to whoever may read them at that moment (rules.md 12, 13)."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from uuid import UUID

from shared.database import activities
from shared.database.outbox import ACTIVITY, Waiting
from shared.database.transaction import Transaction
from shared.domain.channels import Channel, ChannelKind
from shared.domain.events import EventType, UserActivityUpdate
from shared.messaging.ports import EventPublisher


def is_activity(message: Waiting) -> bool:
    """Tell whether the message is about an entry; its channel names the entry, not a reader."""
    return message.type == EventType.USER_ACTIVITY_UPDATE


def tell_activities(
    tx: Transaction, publisher: EventPublisher, messages: Iterable[Waiting]
) -> None:
    """Publish each entry as it is now, once to each reader, in the order of the messages."""
    keys = dict(_entries(messages))  # Of an entry told of twice, the newest message counts.
    told = activities.with_readers(tx.connection, list(keys))
    for activity_id, key in keys.items():
        for activity, reader in told.get(activity_id, ()):
            channel = Channel(ChannelKind.ACTIVITY, reader)
            event = UserActivityUpdate(user_id=reader, activity=activity)
            publisher.publish_event(channel, event, key=key)


def _entries(messages: Iterable[Waiting]) -> Iterator[tuple[UUID, str]]:
    for message in messages:
        with suppress(ValueError):  # It names no entry, so there is nothing to tell.
            yield UUID(message.channel.removeprefix(ACTIVITY)), str(message.id)
