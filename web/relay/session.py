"""One browser's side of the protocol, from hello to goodbye."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from shared.domain.channels import PROJECT_CHANNELS, Channel, ChannelKind
from shared.domain.errors import UnavailableError
from shared.domain.wire import rfc3339
from shared.messaging.ports import TicketHolder
from web.relay.enforcement import OVER
from web.relay.frames import text_frame
from web.relay.hub import Reader
from web.relay.inbox import Inbox
from web.relay.ports import Connection, Pair
from web.relay.protocol import (
    PROTOCOL,
    Auth,
    CloseCode,
    Hello,
    MalformedError,
    Ping,
    Pong,
    Received,
    Sub,
    UnknownMessageError,
    Unsub,
    Vis,
    Wish,
    message,
    read_message,
)
from web.relay.pulse import Pulse
from web.relay.rates import Bucket
from web.relay.relay import Relay
from web.relay.subscribing import subscribe
from web.relay.welcoming import welcome

logger = logging.getLogger(__name__)


class Session:
    """What is known of one socket; the relay's timer looks at it when `pulse.due` has come."""

    def __init__(self, relay: Relay, connection: Connection) -> None:
        self._relay = relay
        self._connection = connection
        now = relay.clock()
        limits = relay.limits
        self._bucket = Bucket(rate=limits.messages_per_second, burst=limits.message_burst, now=now)
        self._holder: TicketHolder | None = None
        self._reader: Reader | None = None
        self._closing = False
        self._busy = False
        self.pulse = Pulse(limits, now)

    @property
    def inbox(self) -> Inbox:
        """What waits for this browser."""
        return self._connection.inbox

    def receive(self, text: str) -> None:
        """Act on one message of the browser; may wait for Redis and PostgreSQL."""
        if self._closing:
            return
        self._busy = True
        try:
            self._act_on(text)
        except UnavailableError as away:
            self.close(CloseCode.REDIS_LOST, away.detail)
        except Exception:
            logger.exception("a message could not be acted on")
            self.close(CloseCode.INTERNAL, "something failed here, reconnect")
        finally:
            self._busy = False

    def refuse(self, close: CloseCode, *, code: str, detail: str) -> None:
        """Say what is wrong, then close; a stranger is told by the close alone."""
        if self._reader is not None:
            self._send(message("error", code=code, detail=detail))
        self.close(close, detail)

    def close(self, code: CloseCode, reason: str) -> None:
        """Say goodbye; the timer cuts the socket when the browser does not answer."""
        if self._closing:
            return
        self._closing = True
        self.pulse.stop(self._relay.clock(), stalled=code is CloseCode.TOO_MUCH)
        self._relay.metrics.closed[int(code)] += 1
        logger.debug("closing a socket with %d: %s", code, reason)
        self._leave_channels()
        self._connection.close(code, reason)

    def drain(self, after_ms: int) -> None:
        """Say goodbye, and when to come back to another relay."""
        if not self._closing and self._reader is not None:
            self._send(message("drain", afterMs=after_ms))
        self.close(CloseCode.RESTARTING, "this relay restarts, reconnect")

    def left(self) -> None:
        """Forget a socket that is gone."""
        self._closing = True
        self._leave_channels()
        self._relay.registry.remove(self, self._holder.user_id if self._holder else None)

    @property
    def login(self) -> str | None:
        """The login or token by which the socket was opened; None before hello."""
        return None if self._holder is None else self._holder.session_id

    def pairs(self) -> Iterator[Pair]:
        """Yield who watches which project here."""
        if self._reader is not None:
            for channel in self._reader.channels:
                if channel.kind in PROJECT_CHANNELS:
                    yield self._reader.user_id, channel.id

    def cut_off(self, project_id: UUID) -> None:
        """Send nothing more of the project, not even what waits; say so once a channel."""
        reader = self._reader
        if reader is None:
            return
        for kind in ChannelKind:
            channel = Channel(kind, project_id)
            if kind in PROJECT_CHANNELS and channel in reader.channels:
                self._relay.hub.leave(channel, reader, self._relay.clock())
                self._send(message("unsub", ch=str(channel), code="revoked"))
        # What waits of the feed may tell of the project; the replay will not.
        feed = Channel(ChannelKind.ACTIVITY, reader.user_id)
        if feed in reader.channels and len(reader.inbox):
            reader.inbox.discard(feed)
            self._send(message("resync", ch=str(feed)))

    def look(self, now: float) -> None:
        """Do what is due at *now*."""
        if self._closing:
            self._connection.abort()
        elif self._busy:
            self.pulse.postpone(now)  # The browser said something and waits for us.
        elif self._holder is None:
            self.close(CloseCode.LATE, "hello did not come in time")
        elif self.pulse.is_over(now):
            self.close(CloseCode.NOT_SIGNED_IN, OVER)
        elif self.pulse.missing:
            self.close(CloseCode.LATE, "pong did not come in time")
        else:
            self.pulse.ask(now)
            self._send(message("ping"))

    def _act_on(self, text: str) -> None:
        now = self._relay.clock()
        if self._reader is not None:
            if (asked_at := self.pulse.asked_at) is not None:
                self._relay.metrics.rtt.observe(now - asked_at)
            self.pulse.heard(now)
        if not self._bucket.take(now):
            self.refuse(
                CloseCode.TOO_MUCH, code="too_many_messages", detail="too many messages a second"
            )
            return
        try:
            received = read_message(text)
        except MalformedError as wrong:
            self.refuse(CloseCode.BAD_MESSAGE, code=wrong.code, detail=wrong.detail)
        except UnknownMessageError as unknown:
            self._answer_unknown(unknown)
        else:
            self._follow(received)

    def _follow(self, received: Received) -> None:
        match received:
            case Hello() if self._reader is None:
                self._welcome(received)
            case _ if self._reader is None:
                self.close(CloseCode.NOT_SIGNED_IN, "the first message must be hello")
            case Hello():
                self.refuse(CloseCode.BAD_MESSAGE, code="malformed", detail="hello came twice")
            case Sub():
                self._subscribe(received, self._reader)
            case Unsub():
                self._unsubscribe(received, self._reader)
            case Vis():
                self._connection.inbox.hide(received.hidden)
            case Auth():
                self._renew(received)
            case Ping():
                self._send(message("pong", t=received.t))
            case Pong():
                pass  # That it was heard is all there is to it.

    def _welcome(self, hello: Hello) -> None:
        if hello.proto != PROTOCOL:
            self.close(CloseCode.BAD_MESSAGE, f"this relay speaks protocol {PROTOCOL}")
            return
        holder = self._signed_in(hello.ticket)
        if holder is None:
            return
        self._reader = Reader(holder.user_id, self._connection.inbox)
        self._send(welcome(self._relay.limits, holder))
        self._make_room(holder)
        own = str(Channel(ChannelKind.USER, holder.user_id))
        subscribe(self._relay, self._reader, Wish(ch=own), ref=None)

    def _renew(self, auth: Auth) -> None:
        """Go on under another login of the same user."""
        holder = self._signed_in(auth.ticket)
        if holder is not None:
            self._send(message("authed", exp=rfc3339(holder.expires_at)))

    def _signed_in(self, ticket: str) -> TicketHolder | None:
        """Return the ticket's holder; close when it lets nobody in.

        The socket is registered before the database is asked: a login that ends meanwhile is
        found by its order, and one that ended before by the question.
        """
        holder = self._redeemed(ticket)
        if holder is None:
            return None
        self._holder = holder
        self._relay.registry.sign_in(self, holder.user_id)
        if not self._relay.is_signed_in(holder.session_id):
            self.close(CloseCode.NOT_SIGNED_IN, OVER)
        if self._closing:
            return None
        now = self._relay.clock()
        self.pulse.begin(now, ends=now + _seconds_until(holder.expires_at))
        return holder

    def _redeemed(self, ticket: str) -> TicketHolder | None:
        holder, before = self._relay.redeem(ticket), self._holder
        if self._closing:  # It was closed while the ticket was read.
            return None
        is_other = before is not None and holder is not None and holder.user_id != before.user_id
        if holder is None or is_other or _seconds_until(holder.expires_at) <= 0:
            self.close(CloseCode.NOT_SIGNED_IN, "the ticket is missing, used or expired")
            return None
        return holder

    def _make_room(self, holder: TicketHolder) -> None:
        sessions = self._relay.registry.of_user(holder.user_id)
        for oldest in sessions[: -self._relay.limits.sockets_per_user]:
            oldest.close(CloseCode.TOO_MANY_SOCKETS, "this account has too many open pages")

    def _subscribe(self, sub: Sub, reader: Reader) -> None:
        if len(sub.subs) > self._relay.limits.subs_per_message:
            detail = f"at most {self._relay.limits.subs_per_message} channels a message"
            self.refuse(CloseCode.BAD_MESSAGE, code="malformed", detail=detail)
            return
        for wish in sub.subs:
            if not self._closing:
                subscribe(self._relay, reader, wish, ref=sub.ref)

    def _unsubscribe(self, unsub: Unsub, reader: Reader) -> None:
        for name in unsub.chs:
            try:
                channel = Channel.parse(name)
            except ValueError:
                continue  # Nobody can be subscribed to what is no channel.
            self._relay.hub.leave(channel, reader, self._relay.clock())

    def _answer_unknown(self, unknown: UnknownMessageError) -> None:
        if self._reader is None:
            self.close(CloseCode.NOT_SIGNED_IN, "the first message must be hello")
        else:
            self._send(message("error", code=unknown.code, detail=unknown.detail))

    def _send(self, payload: bytes) -> None:
        self._connection.inbox.send(text_frame(payload))

    def _leave_channels(self) -> None:
        if self._reader is not None:
            self._relay.hub.leave_all(self._reader, self._relay.clock())


def _seconds_until(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds()
