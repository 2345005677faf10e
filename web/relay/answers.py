"""What a browser learns when it begins to watch a channel."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from shared.domain.accounts import Role
from shared.domain.channels import Channel, ChannelKind
from shared.messaging.redis_history import History, Position
from web.relay.ports import Grant, Snapshot
from web.relay.protocol import Reference, Wish, message, with_raw
from web.relay.publications import Publication, shared_body


def position_in(wish: Wish) -> Position | None:
    """Return the position the browser saw last; None when it named none, or none of ours."""
    try:
        return None if wish.since is None else Position.parse(wish.since)
    except ValueError:
        return None


def may_be_replayed(body: bytes, readable: Collection[UUID]) -> bool:
    """Tell whether an entry of a feed is of one of these projects, or of none (rules.md 14).

    Access may have ended since it was published. One that cannot be read is not sent.
    """
    try:
        project_id = json.loads(body)["data"]["activity"].get("projectId")
        return project_id is None or UUID(project_id) in readable
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


class Told(NamedTuple):
    """A `subbed` message, and whether it holds all that was missed."""

    payload: bytes
    recovered: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The `subbed` message of one receiver."""

    channel: Channel
    grant: Grant
    history: History
    receiver: UUID

    def to(self, wish: Wish, ref: Reference | None, max_bytes: int) -> Told:
        """Return the message; a replay beyond *max_bytes* counts as not recovered."""
        at = str(self.history.top)
        recovered, extra = True, None
        if self.channel.is_state:
            extra = self._snapshot(at.encode())
        elif wish.since is not None:
            extra = self._replay(position_in(wish), max_bytes)
            recovered = extra is not None
        answer = message("subbed", ref=ref, ch=wish.ch, id=at, recovered=recovered)
        return Told(answer if extra is None else with_raw(answer, *extra), recovered)

    def _replay(self, since: Position | None, max_bytes: int) -> tuple[str, bytes] | None:
        pubs = self._missed(since)
        if pubs is None or sum(map(len, pubs)) > max_bytes:
            return None
        return "pubs", b"[%b]" % b",".join(pubs)

    def _missed(self, since: Position | None) -> list[bytes] | None:
        top = self.history.top
        if since is None or since.epoch != top.epoch or since.offset > top.offset:
            return None
        missed = self.history.since(since.offset)
        if missed is None:
            return None
        readable = self.grant.readable
        if readable is not None:
            missed = [each for each in missed if may_be_replayed(each[1], readable)]
        positions = ((Position(top.epoch, offset), body) for offset, body in missed)
        return [Publication(self.channel, at, body).payload for at, body in positions]

    def _snapshot(self, at: bytes) -> tuple[str, bytes] | None:
        """Return what was published last, unless the database is ahead of it."""
        stored = self.grant.snapshot
        candidates = [] if stored is None else [stored.to_json()]
        if self.history.body is not None and self._published_is_as_new(stored):
            candidates.insert(0, self.history.body)
        for body in candidates:
            seen = body if self.grant.role is Role.OWNER else shared_body(body, self.receiver)
            if seen is not None:
                return "snapshot", b'{"id":"%b",%b' % (at, seen[1:])
        return None

    def _published_is_as_new(self, stored: Snapshot | None) -> bool:
        """Equal versions of a project are equal numbers, and the published one says why.

        A dashboard nobody watched is not published: its stored numbers may be newer than
        what was published under the same version.
        """
        if stored is None:
            return True
        published = self.history.version or 0
        if self.channel.kind is ChannelKind.DASH:
            return published > stored.version
        return published >= stored.version
