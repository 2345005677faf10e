"""How an event is written for the network: its type, version, time and fields."""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from shared.domain.channels import Channel, ChannelKind
from shared.domain.events import SCHEMA_VERSION, Event, EventType
from shared.domain.wire import rfc3339

#: The only channel on which each event is published. `sharedProjectUpdate` is missing:
#: the relay derives it from the owner's event.
CHANNEL_OF = MappingProxyType(
    {
        EventType.PROJECT_STATS_UPDATE: ChannelKind.PROJECT,
        EventType.IMAGE_STATUS_UPDATE: ChannelKind.IMAGES,
        EventType.PROJECT_IMAGE_COUNT_CHANGE: ChannelKind.IMAGES,
        EventType.DASHBOARD_METRICS_UPDATE: ChannelKind.DASH,
        EventType.USER_ACTIVITY_UPDATE: ChannelKind.ACTIVITY,
        EventType.PROJECT_ACCESS_CHANGE: ChannelKind.USER,
        EventType.EXPORT_UPDATE: ChannelKind.USER,
        EventType.NOTICE: ChannelKind.USER,
    }
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event with what stands around it in a message, but for the message's id."""

    event: Event
    at: datetime
    version: int | None = None  #: The database row's; None on event channels.

    def to_json(self) -> bytes:
        """Return the JSON object, compact, optional fields that are None left out."""
        version = "" if self.version is None else f'"v":{self.version},'
        head = (
            f'{{"type":"{self.event.type}",{version}"ts":"{rfc3339(self.at)}","sv":{SCHEMA_VERSION}'
        )
        data = self.event.model_dump_json(by_alias=True, exclude_none=True)
        return f'{head},"data":{data}}}'.encode()


def envelope_for(channel: Channel, event: Event, *, version: int | None = None) -> Envelope:
    """Return *event* ready for *channel*; raise ValueError when it does not belong there."""
    if CHANNEL_OF.get(event.type) is not channel.kind:
        raise ValueError(f"{event.type} does not go out on {channel}")
    if channel.is_state != (version is not None):
        raise ValueError(f"a version is for state channels, and {channel} is given {version}")
    return Envelope(event=event, at=datetime.now(UTC), version=version)
