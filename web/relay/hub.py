"""Who watches what in this process, and how far each channel was delivered.

Nothing here waits or does input and output, so no two calls can interleave: a browser that
is admitted has, at that moment, everything up to the topic's position.
"""

from collections.abc import Callable, Iterator
from uuid import UUID

from shared.domain.channels import Channel, ChannelKind
from shared.messaging.redis_history import History, Position
from web.relay.frames import text_frame
from web.relay.inbox import Inbox, send_to_all
from web.relay.metrics import Metrics
from web.relay.protocol import message
from web.relay.publications import Publication


class Reader:
    """A browser that is signed in, as the hub sees it."""

    __slots__ = ("channels", "id", "inbox", "user_id")

    def __init__(self, user_id: UUID, inbox: Inbox) -> None:
        self.user_id = user_id
        self.id = str(user_id).encode()
        self.inbox = inbox
        self.channels: set[Channel] = set()


class Topic:
    """One channel: its readers, those about to become readers, and its position."""

    def __init__(self, channel: Channel, metrics: Metrics | None = None) -> None:
        self.channel = channel
        self._metrics = metrics or Metrics()
        self.position: Position | None = None  #: Every reader has all up to here.
        self.readers: dict[Reader, bool] = {}  #: True for a collaborator of the project.
        self.pending: set[Reader] = set()
        self.idle_since: float | None = None
        self._inboxes: tuple[Inbox, ...] | None = None  #: Of the readers; None: to be made anew.

    @property
    def is_followed(self) -> bool:
        """Whether anybody has read it, so that something may be missed of it."""
        return self.position is not None

    def offer(self, publication: Publication) -> bool:
        """Deliver what comes next; False when something before it is missing."""
        position, new = self.position, publication.position
        if position is None:
            self.position = new  # Whoever is pending asks again and finds itself behind.
        elif new.epoch != position.epoch:
            self._restart(new, publication)
        elif new.offset <= position.offset:
            pass
        elif self.channel.is_state or new.offset == position.offset + 1:
            self._deliver(publication)
        else:
            return False
        return True

    def advance(self, history: History) -> None:
        """Deliver what *history* has beyond the position."""
        top, position = history.top, self.position
        newest = None
        if history.body is not None:
            newest = Publication(self.channel, top, history.body)
        if position is None:
            self.position = top
        elif top.epoch != position.epoch:
            # Even a kept value may be older than what was lost.
            self._restart(top, None)
        elif top.offset <= position.offset:
            pass
        elif newest is not None:
            self._deliver(newest)
        elif (missed := history.since(position.offset)) is None:
            self._restart(top, None, reason="trim")
        else:
            self._metrics.backfilled += len(missed)
            for offset, body in missed:
                self._deliver(Publication(self.channel, Position(top.epoch, offset), body))

    def admit(self, reader: Reader, history: History, *, collaborator: bool) -> bool:
        """Make *reader* live from *history* on; False when more was delivered meanwhile."""
        self.advance(history)
        if self.position != history.top:
            return False
        self.pending.discard(reader)
        self.readers[reader] = collaborator and self.channel.kind is ChannelKind.PROJECT
        self._inboxes = None
        return True

    def dismiss(self, reader: Reader) -> bool:
        """Deliver nothing more to *reader*; False when it was not live."""
        self._inboxes = None
        return self.readers.pop(reader, None) is not None

    def _deliver(self, publication: Publication) -> None:
        self.position = publication.position
        if self.channel.is_state:
            self._deliver_state(publication)
            return
        if self._inboxes is None:
            self._inboxes = tuple(reader.inbox for reader in self.readers)
        self._metrics.delivered["event"] += len(self._inboxes)
        send_to_all(self._inboxes, publication.frame, self.channel)

    def _deliver_state(self, publication: Publication) -> None:
        self._metrics.delivered["state"] += len(self.readers)
        for reader, collaborator in tuple(self.readers.items()):
            frame = publication.frame_for(reader.id) if collaborator else publication.frame
            if frame is not None:
                reader.inbox.send_state(self.channel, frame)

    def _restart(
        self, position: Position, newest: Publication | None, *, reason: str = "epoch"
    ) -> None:
        """Go on from *position*, which does not follow: readers must ask again.

        Only the newest value of a state channel, just published, makes up for all before it.
        """
        self.position = position
        if newest is None or not self.channel.is_state:
            resync = text_frame(message("resync", ch=str(self.channel)))
            self._metrics.resyncs[reason] += len(self.readers)
            for reader in tuple(self.readers):
                reader.inbox.send(resync)
        if newest is not None:
            self._deliver(newest)


class Hub:
    """All topics of this process."""

    def __init__(self, wake_name: Callable[[Channel], str], metrics: Metrics | None = None) -> None:
        self._wake_name = wake_name
        self._metrics = metrics
        self._topics: dict[Channel, Topic] = {}
        self._by_name: dict[bytes, Topic] = {}

    def __iter__(self) -> Iterator[Topic]:
        return iter(tuple(self._topics.values()))

    def join(self, channel: Channel, reader: Reader) -> Topic:
        """Make *reader* pending on the channel; `Topic.admit` makes it live."""
        topic = self._topics.get(channel)
        if topic is None:
            topic = self._topics[channel] = Topic(channel, self._metrics)
            self._by_name[self._wake_name(channel).encode()] = topic
        if topic.dismiss(reader):
            reader.inbox.discard(channel)  # The answer will have what waits, or newer.
        topic.pending.add(reader)
        topic.idle_since = None
        reader.channels.add(channel)
        return topic

    def leave(self, channel: Channel, reader: Reader, now: float) -> None:
        """Send *reader* nothing more of the channel, not even what waits for it."""
        reader.channels.discard(channel)
        reader.inbox.discard(channel)
        topic = self._topics.get(channel)
        if topic is None:
            return
        topic.dismiss(reader)
        topic.pending.discard(reader)
        if not topic.readers and not topic.pending:
            topic.idle_since = now

    def leave_all(self, reader: Reader, now: float) -> None:
        """Send *reader* nothing more."""
        for channel in tuple(reader.channels):
            self.leave(channel, reader, now)

    def arrived(self, name: bytes, published: bytes) -> Topic | None:
        """Deliver a message from Redis; return its topic when one before it is missing."""
        topic = self._by_name.get(name)
        if topic is None:
            return None
        epoch, offset, body = published.split(b" ", 2)
        position = Position(epoch.decode(), int(offset))
        publication = Publication(topic.channel, position, body)
        return None if topic.offer(publication) else topic

    def forget_idle(self, before: float) -> list[Channel]:
        """Forget the topics that nobody watched since *before*; return their channels."""
        idle = [
            topic.channel
            for topic in self._topics.values()
            if topic.idle_since is not None and topic.idle_since <= before
        ]
        for channel in idle:
            del self._topics[channel]
            del self._by_name[self._wake_name(channel).encode()]
        return idle
