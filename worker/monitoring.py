"""Telling Flower what happens, a few times a second."""

import time

from celery.worker.consumer import Consumer

#: Celery would publish after each step of each task, a third of what the parent process does.
GATHER_SECONDS = 0.25


class GatheringConsumer(Consumer):  # type: ignore[misc]
    """A consumer whose events of tasks leave together."""

    _flush_at = 0.0

    def on_send_event_buffered(self) -> None:
        """Publish soon, with what comes until then."""
        now = time.monotonic()
        # By the clock, not by a flag: when the connection is lost the timer is emptied.
        if self.hub and now >= self._flush_at:
            self._flush_at = now + GATHER_SECONDS
            self.hub.call_later(GATHER_SECONDS, self._flush_events)
