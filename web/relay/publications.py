"""One published message and the at most two frames it becomes."""

import json
import logging
from datetime import datetime
from functools import cached_property
from uuid import UUID

from pydantic import ValidationError

from shared.domain.channels import Channel
from shared.domain.events import EventType, ProjectStatsUpdate
from shared.messaging.envelope import Envelope
from shared.messaging.redis_history import Position
from web.relay.frames import text_frame

logger = logging.getLogger(__name__)

#: Stands for the receiver in a collaborator's frame; as long as every user's id.
PLACEHOLDER = str(UUID(int=0)).encode()
_MARK = b'"sharedWithUserIds":["' + PLACEHOLDER


class Publication:
    """A message of a channel at its position; `body` is a JSON object without its id."""

    def __init__(self, channel: Channel, position: Position, body: bytes) -> None:
        self.channel = channel
        self.position = position
        self.body = body

    @property
    def payload(self) -> bytes:
        """Return the whole `pub` message, as the owner of the channel receives it."""
        return self._pub(self.body)

    @cached_property
    def frame(self) -> bytes:
        """Return the frame that everybody receives but a collaborator of a project."""
        return text_frame(self.payload)

    def frame_for(self, collaborator: bytes) -> bytes | None:
        """Return the frame of one collaborator, told apart by nothing but their id."""
        if self._shared is None:
            return None
        template, at = self._shared
        return template[:at] + collaborator + template[at + len(PLACEHOLDER) :]

    @cached_property
    def _shared(self) -> tuple[bytes, int] | None:
        body = shared_body(self.body)
        if body is None:
            return None
        template = text_frame(self._pub(body))
        return template, template.index(_MARK) + len(_MARK) - len(PLACEHOLDER)

    def _pub(self, body: bytes) -> bytes:
        return b'{"m":"pub","ch":"%b","id":"%b",%b' % (
            str(self.channel).encode(),
            str(self.position).encode(),
            body[1:],
        )


def shared_body(body: bytes, receiver: UUID | None = None) -> bytes | None:
    """Return what a collaborator may know of an owner's `projectStatsUpdate`.

    None when it is no such event, or not a valid one: a collaborator receives nothing
    rather than something that was meant for the owner.
    """
    try:
        envelope = json.loads(body)
        if envelope["type"] != EventType.PROJECT_STATS_UPDATE:
            return None
        event = ProjectStatsUpdate.model_validate(envelope["data"])
        at = datetime.fromisoformat(envelope["ts"])
    except (ValueError, KeyError, TypeError, ValidationError) as invalid:
        logger.error("an event for collaborators is not sent: %s", invalid)  # noqa: TRY400
        return None
    shared = event.for_collaborator(receiver or UUID(int=0))
    return Envelope(event=shared, at=at, version=envelope.get("v")).to_json()
