"""Names of the channels that a browser subscribes to."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from uuid import UUID


class ChannelKind(StrEnum):
    """What a channel is about; the part of its name before the colon."""

    PROJECT = "project"
    IMAGES = "images"
    DASH = "dash"
    ACTIVITY = "activity"
    USER = "user"


#: Of a state channel only the latest value matters; of an event channel, every message.
STATE_CHANNELS = frozenset({ChannelKind.PROJECT, ChannelKind.DASH})

#: Channels whose id is a project's; who may see the project may watch them.
PROJECT_CHANNELS = frozenset({ChannelKind.PROJECT, ChannelKind.IMAGES})


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel, such as `project:6f…`; `id` is a project's or a user's."""

    kind: ChannelKind
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @property
    def is_state(self) -> bool:
        return self.kind in STATE_CHANNELS

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a channel's name; raise ValueError when it names none."""
        kind, _, identifier = name.partition(":")
        channel = cls(ChannelKind(kind), UUID(identifier))
        if str(channel) != name:
            raise ValueError(f"{name!r} is not how that channel is written")
        return channel
