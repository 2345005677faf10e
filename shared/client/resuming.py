"""What of some channels was seen, so that nothing comes twice and a gap is noticed."""

from collections.abc import Iterator, Sequence
from typing import Any

from shared.client.socket import Message

Wish = dict[str, str]


class Resuming:
    """The last id of each channel, and the highest version of its state."""

    def __init__(self, channels: Sequence[str]) -> None:
        self._last: dict[str, str | None] = dict.fromkeys(channels)
        self._versions: dict[str, int] = {}
        self._asked: set[str] = set()  # What comes before their answer is in the answer.

    def wishes(self, channels: Sequence[str] | None = None) -> list[Wish]:
        """Return what to ask of the relay: these channels, or all, from where they were left."""
        wanted = list(self._last) if channels is None else channels
        self._asked.update(wanted)
        return [self._wish(channel) for channel in wanted]

    def is_watched(self, channel: str) -> bool:
        """Tell whether the channel is one of ours; the relay also watches the user's own."""
        return channel in self._last

    @property
    def complete(self) -> bool:
        """Whether every channel was answered since it was asked for."""
        return not self._asked

    def published(self, pub: Message) -> Iterator[Message]:
        """Yield *pub* if it is new."""
        if pub["ch"] in self._last and pub["ch"] not in self._asked:
            yield from self._new(pub)

    def answered(self, subbed: Message) -> tuple[list[Message], bool]:
        """Return what is new in an answer, and whether something between is lost for good."""
        channel = subbed["ch"]
        missed = [each for pub in subbed.get("pubs", ()) for each in self._new(pub)]
        if "snapshot" in subbed:
            missed += self._newer({"m": "pub", "ch": channel, **subbed["snapshot"]})
        lost = not subbed["recovered"] and self._last[channel] is not None
        if not _is_repeated(subbed["id"], self._last[channel]):
            self._last[channel] = subbed["id"]
        self._asked.discard(channel)
        return missed, lost

    def knows_version(self, channel: str, version: int) -> bool:
        """Note a version of a channel's state; tell whether it, or a newer one, was seen before."""
        if version <= self._versions.get(channel, -1):
            return True
        self._versions[channel] = version
        return False

    def _wish(self, channel: str) -> Wish:
        since = self._last[channel]
        return {"ch": channel} if since is None else {"ch": channel, "since": since}

    def _new(self, pub: Message) -> Iterator[Message]:
        if _is_repeated(pub["id"], self._last[pub["ch"]]):
            return
        self._last[pub["ch"]] = pub["id"]
        yield from self._newer(pub)

    def _newer(self, pub: Message) -> Iterator[Message]:
        if "v" not in pub or not self.knows_version(pub["ch"], pub["v"]):
            yield pub


def _is_repeated(position: Any, last: str | None) -> bool:
    """Tell whether *position*, `epoch:offset`, is not after *last*."""
    if last is None:
        return False
    epoch, _, offset = position.rpartition(":")
    last_epoch, _, last_offset = last.rpartition(":")
    return bool(epoch == last_epoch and int(offset) <= int(last_offset))
