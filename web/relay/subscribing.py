"""How a browser begins to watch a channel.

Pending, authorised, subscribed at Redis, read, live: in this order nothing published after
the database was asked can be missed, and whoever leaves while pending never goes live.
"""

from shared.domain.accounts import Role
from shared.domain.channels import Channel
from shared.domain.errors import CelltallyError, NotFoundError, UnavailableError
from shared.messaging.redis_history import Position, Question
from web.relay.answers import Answer, position_in
from web.relay.frames import text_frame
from web.relay.hub import Reader, Topic
from web.relay.protocol import Reference, Wish, message
from web.relay.relay import Relay

#: A message that comes between the reading of a history and its use makes it stale.
MAX_READS = 20

#: The one answer to "does not exist", "is not yours" and "is no channel".
NOT_FOUND = "there is no such channel, or it is not yours to watch"


class TooManyChannelsError(CelltallyError):
    """One socket watches as many channels as it may."""

    code = "too_many_channels"


def subscribe(relay: Relay, reader: Reader, wish: Wish, *, ref: Reference | None) -> None:
    """Answer one wish: `subbed` and from then on every message, or an `error`.

    Raises UnavailableError when nobody can tell now whether or from where: a page that is
    live in part would be worse than one that knows it is not, and comes back.
    """
    try:
        channel = _channel_of(relay, reader, wish)
        topic = relay.hub.join(channel, reader)
        try:
            _open(relay, reader, topic, wish=wish, ref=ref)
        except BaseException:
            relay.hub.leave(channel, reader, relay.clock())
            raise
    except UnavailableError:
        raise
    except CelltallyError as refusal:
        error = message("error", ref=ref, ch=wish.ch, code=refusal.code, detail=refusal.detail)
        reader.inbox.send(text_frame(error))


def _channel_of(relay: Relay, reader: Reader, wish: Wish) -> Channel:
    try:
        channel = Channel.parse(wish.ch)
    except ValueError:
        raise NotFoundError(NOT_FOUND) from None
    if channel not in reader.channels and len(reader.channels) >= relay.limits.channels:
        raise TooManyChannelsError(f"one socket watches {relay.limits.channels} channels at most")
    return channel


def _open(relay: Relay, reader: Reader, topic: Topic, *, wish: Wish, ref: Reference | None) -> None:
    grant = relay.authority.open(reader.user_id, topic.channel)
    if grant is None:
        raise NotFoundError(NOT_FOUND)
    relay.enforcement.expect((reader.user_id, topic.channel.id), grant.until)
    relay.link.ensure(relay.wake_name(topic.channel))

    since = position_in(wish)
    for _ in range(MAX_READS):
        history = relay.read_history(_question(topic, since))
        if reader not in topic.pending:
            return
        if topic.admit(reader, history, collaborator=grant.role is not Role.OWNER):
            answer = Answer(topic.channel, grant, history, reader.user_id)
            told = answer.to(wish, ref, relay.limits.queue_bytes)
            if wish.since is not None:
                relay.metrics.recovered["yes" if told.recovered else "no"] += 1
            reader.inbox.send(text_frame(told.payload))
            return
    raise UnavailableError("too much happens on this channel to join it now, try again")


def _question(topic: Topic, since: Position | None) -> Question:
    """Ask for what the browser misses and for what the topic itself does not have yet."""
    offsets = [place.offset for place in (since, topic.position) if place is not None]
    return Question(topic.channel, min(offsets, default=None), topic.position)
