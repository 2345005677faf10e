"""A publisher that tells nobody: what is measured ends before the network."""

from shared.domain.channels import Channel
from shared.domain.events import Event


class Silence:
    """An EventPublisher without an audience."""

    def publish_state(self, channel: Channel, event: Event, *, version: int) -> bool:
        """Accept the newest value."""
        return True

    def publish_event(self, channel: Channel, event: Event, *, key: str) -> bool:
        """Accept a message."""
        return True

    def watchers(self, channel: Channel) -> int:
        """Return that nobody watches."""
        return 0
