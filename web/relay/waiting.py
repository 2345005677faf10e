"""A frame that waits for its turn."""

import time

from shared.domain.channels import Channel


class Waiting:
    """A frame in a queue; of a state channel it is replaced in place by a newer one."""

    __slots__ = ("channel", "frame", "is_state", "since", "updates")

    def __init__(
        self, channel: Channel | None, frame: bytes, *, is_state: bool = False, updates: int = 1
    ) -> None:
        self.channel = channel
        self.frame = frame
        self.is_state = is_state
        self.updates = updates  #: How many values it stands for.
        self.since = time.monotonic()

    def replace(self, frame: bytes, updates: int = 1) -> None:
        """Stand for a newer value as well."""
        self.frame = frame
        self.updates += updates
