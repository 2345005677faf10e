"""What the benchmarks of the relay play on: a Valkey, a publisher, tickets, and servers."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from redis import Redis

from bench.relay_commands import raise_file_limit
from bench.relay_crowd import Visit
from shared.domain.channels import Channel, ChannelKind
from shared.domain.events import DashboardMetricsUpdate, ImageChange, ImageStatusUpdate
from shared.domain.images import ImageStatus
from shared.domain.stats import DashboardMetrics, RecentActivity, SystemStats
from shared.messaging.ports import TicketHolder
from shared.messaging.redis_connections import connect
from shared.messaging.redis_events import RedisEventPublisher
from shared.messaging.redis_keys import RedisKeys
from shared.messaging.tickets import RedisTickets
from shared.servers.valkey import ValkeyServer

ROOT = Path(__file__).parents[1]
TICKET_SECONDS = 600  #: A slow peer takes its time to open ten thousand.


@dataclass(frozen=True)
class Contender:
    """A server that passes on what is published, and how one speaks with it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ours: bool = False
    stage: "type[Stage] | None" = None  #: How messages are published for it; None: as for us.


@dataclass
class Stage:
    """One Valkey, one project that everybody watches, and everybody."""

    redis_url: str
    socket_path: str
    redis: Redis
    users: list[UUID]
    project: Channel = field(default_factory=lambda: Channel(ChannelKind.IMAGES, uuid4()))
    keys: RedisKeys = field(default_factory=RedisKeys)

    def __post_init__(self) -> None:
        self._publisher = RedisEventPublisher(self.redis, self.keys)
        self._tickets = RedisTickets(self.redis, self.keys)
        self._sent = 0

    def publish_to_all(self) -> None:
        """Publish one message of about 420 bytes to everybody."""
        self._sent += 1
        self._publisher.publish_event(self.project, self.news(), key=f"{self._sent}")

    def news(self) -> ImageStatusUpdate:
        """Return the message of this moment."""
        change = ImageChange(image_id=uuid4(), status=ImageStatus.QUEUED, version=_stamp())
        filler = ImageChange(image_id=uuid4(), status=ImageStatus.QUEUED, version=1)
        return ImageStatusUpdate(project_id=self.project.id, images=[change, filler])

    def publish_to_each(self) -> None:
        """Publish one message to each, none to two."""
        for user in self.users:
            version = _stamp()
            event = DashboardMetricsUpdate(
                user_id=user,
                metrics=_metrics(version),
                changed_fields=["totalImages"],
                timestamp=datetime.now(UTC),
            )
            self._publisher.publish_state(_own(user), event, version=version)

    def visits(self, contender: Contender, *, deflate: bool = False) -> list[Visit]:
        """Return what each browser says until it watches the project and its own channel."""
        make = self._our_visit if contender.ours else self.plain_visit
        return [make(user, deflate=deflate) for user in self.users]

    def greetings(self, contender: Contender) -> list[Visit]:
        """Return visits that end with the welcome: nothing is watched."""
        if not contender.ours:
            return [
                self.plain_visit(user, names=[self.keys.wake(_own(user))]) for user in self.users
            ]
        return [Visit((self._hello(user),)) for user in self.users]

    def _our_visit(self, user: UUID, *, deflate: bool) -> Visit:
        subs = [{"ch": str(channel)} for channel in (self.project, _own(user))]
        sub = json.dumps({"m": "sub", "ref": 1, "subs": subs}).encode()
        return Visit((self._hello(user), sub), b'"ref":1,"ch":"dash:', deflate)

    def _hello(self, user: UUID) -> bytes:
        holder = TicketHolder(user, "bench", datetime.now(UTC) + timedelta(hours=12))
        ticket = self._tickets.issue(holder)
        self.redis.expire(self.keys.ticket(ticket), TICKET_SECONDS)
        return json.dumps({"m": "hello", "ticket": ticket, "proto": 1}).encode()

    def plain_visit(
        self, user: UUID, *, names: Sequence[str] | None = None, deflate: bool = False
    ) -> Visit:
        if names is None:
            names = [self.keys.wake(channel) for channel in (self.project, _own(user))]
        ticket = self.plain_ticket(user)
        hello = json.dumps({"m": "hello", "ticket": ticket, "names": names}).encode()
        return Visit((hello,), deflate=deflate)

    def plain_ticket(self, user: UUID) -> str:
        """Return a ticket as the peers redeem it."""
        ticket = f"bench:{uuid4()}"
        self.redis.set(ticket, str(user), ex=TICKET_SECONDS)
        return ticket


@contextmanager
def stage_of(browsers: int, kind: type[Stage] | None = None) -> Iterator[Stage]:
    """Lend a stage for so many browsers."""
    kind = kind or Stage
    raise_file_limit()
    with TemporaryDirectory(prefix="celltally-relay-") as folder:
        server = ValkeyServer(Path(folder), durable=False)
        server.start()
        try:
            with connect(server.url) as redis:
                path = server.url.removeprefix("unix://").partition("?")[0]
                yield kind(server.url, path, redis, [uuid4() for _ in range(browsers)])
        finally:
            server.stop()


def _own(user: UUID) -> Channel:
    return Channel(ChannelKind.DASH, user)


def _stamp() -> int:
    return int(time.monotonic() * 1e6)


def _metrics(version: int) -> DashboardMetrics:
    return DashboardMetrics(
        version=version,
        total_projects=1,
        total_images=1000,
        total_segmented=500,
        total_objects=100_000,
        recent_activity=RecentActivity(
            images_uploaded_today=10,
            segmentations_completed_today=5,
            projects_created_this_week=1,
        ),
        system_stats=SystemStats(
            queue_length=3, processing_images=2, avg_processing_time=1000, workers_online=2
        ),
    )
