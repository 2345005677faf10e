"""The `scheduler` process: one loop that heals whatever a lost message or a crash left behind."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

from psycopg import OperationalError
from structlog import get_logger

from shared.actions.activities import forget_old_activities
from shared.actions.audit import audit_if_due
from shared.actions.clean_storage import delete_files
from shared.actions.delete_account import finish_accounts
from shared.actions.delete_project import finish_deletions
from shared.actions.dispatch import dispatch, recover_lost
from shared.actions.finish_upload import expire_uploads, finish_overdue
from shared.actions.ingest_archive import requeue_ingests
from shared.actions.leases import reap_expired
from shared.actions.once import forget_old_keys
from shared.actions.preview import forget_old_previews
from shared.actions.reconcile_stats import reconcile_some
from shared.actions.thin_edits import thin_edits
from shared.actions.watch_exports import dispatch_exports, forget_old_exports, watch_exports
from shared.config import Settings
from shared.database import dashboards, dispatch_state, stats, workers
from shared.database.connection import Connection
from shared.database.dispatch_state import LEADER_LOCK
from shared.database.engine import Database, plain_url
from shared.domain.channels import Channel, ChannelKind
from shared.latch import Latch
from shared.log_lines import write_log_lines
from shared.messaging.ports import EventPublisher, TaskQueue
from shared.messaging.producer import sending_queue
from shared.messaging.redis_connections import connect
from shared.messaging.redis_events import RedisEventPublisher
from shared.reading.inspector import Inspector
from shared.servers.addresses import server_urls
from shared.storage import Storage, open_storage

logger = get_logger(__name__)

#: How long a scheduler that ends waits for a slow duty.
PATIENCE_SECONDS = 3.0


@dataclass
class Duty:
    """Something done every so many seconds; a failure of one stops no other."""

    name: str
    seconds: float
    action: Callable[[], object]
    due: float = 0.0

    def do_if_due(self, now: float) -> None:
        """Do it when its time has come."""
        if now < self.due:
            return
        self.due = now + self.seconds
        try:
            self.action()
        except Exception:
            logger.exception("a duty failed; it comes again", duty=self.name)


@dataclass
class Scheduler:
    """The duties of the leader."""

    database: Database
    queue: TaskQueue
    publisher: EventPublisher
    storage: Storage
    settings: Settings = field(default_factory=Settings)
    inspector: Inspector = field(default_factory=lambda: Inspector(children=1))
    _workers: set[str] = field(default_factory=set)
    _rounds: int = 0  #: In which something was dispatched.

    def duties(self) -> list[Duty]:
        """Return every duty with its interval."""
        return [
            Duty("dispatch", 1, self.dispatch),
            Duty("ask for stats", 1, self.ask_for_stats),
            Duty("ask for dashboards", 1, self.ask_for_dashboards),
            Duty("reap leases", 5, lambda: reap_expired(self.database)),
            Duty("watch exports", 5, lambda: watch_exports(self.database)),
            Duty("recover lost messages", 5, lambda: recover_lost(self.database, self.queue)),
            Duty("requeue archives", 5, lambda: requeue_ingests(self.database, self.queue)),
            Duty("watch workers", 2, self.watch_workers),
            Duty("watch the broker", 2, self.watch_broker),
            Duty("finish deletions", 5, lambda: finish_deletions(self.database, self.queue)),
            Duty("finish accounts", 5, lambda: finish_accounts(self.database, self.queue)),
            Duty("forget old exports", 60, lambda: forget_old_exports(self.database)),
            Duty("forget old previews", 300, lambda: forget_old_previews(self.database)),
            Duty("expire uploads", 60, lambda: expire_uploads(self.database)),
            Duty("forget old keys", 600, lambda: forget_old_keys(self.database)),
            Duty("delete files", 30, lambda: delete_files(self.database, self.storage)),
            Duty("turn the day", 60, self.mark_new_days),
            Duty("turn the quarter hour", 900, self.mark_dashboards_due),
        ]

    def dispatch(self) -> None:
        """Fill the free places."""
        # In each fourth round the oldest of each user goes first.
        oldest_first = self._rounds % 4 == 0 and self._rounds > 0
        if dispatch(self.database, self.queue, oldest_first=oldest_first):
            self._rounds += 1
        dispatch_exports(self.database, self.queue)

    def slow_duties(self, over: Latch) -> list[Duty]:
        """Return what may take minutes; it is left off when *over* is set."""
        return [
            Duty("reconcile stats", 10, lambda: self.reconcile_stats(over)),
            Duty("audit", 60, lambda: self.audit(over)),
            Duty("forget old activities", 3600, lambda: forget_old_activities(self.database)),
            Duty("thin edits", 3600, lambda: thin_edits(self.database)),
            Duty("finish uploads", 5, lambda: finish_overdue(self, stopped=over.is_set)),
        ]

    def reconcile_stats(self, over: Latch) -> None:
        """Compare some tallies with their rows, and put right what should never be wrong."""
        for drift in reconcile_some(self.database, stopped=over.is_set):
            logger.error(
                "a tally was wrong and is repaired",
                project_id=str(drift.project_id),
                differences=drift.differences,
            )

    def audit(self, over: Latch) -> None:
        """Check every invariant, once a night."""
        for finding in audit_if_due(self.database, self.storage, over.is_set):
            logger.error(
                "an invariant is broken",
                invariant=finding.broken,
                offenders=finding.offenders.count,
                first=finding.offenders.first,
                remedy=finding.remedy,
            )

    def ask_for_stats(self) -> None:
        """Ask again for the projects whose recompute was lost on the way."""
        with self.database.reading() as connection:
            due = stats.due_projects(connection)
        for project_id in due:
            self.queue.ask_recompute(project_id)

    def ask_for_dashboards(self) -> None:
        """Ask for the dashboards that are due and that somebody looks at."""
        with self.database.reading() as connection:
            due = dashboards.due_users(connection)
        for user_id in due:
            if self.publisher.watchers(Channel(ChannelKind.DASH, user_id)):
                self.queue.ask_dashboard(user_id)

    def watch_workers(self) -> None:
        """When a worker came or went, every dashboard shows another number."""
        with self.database.reading() as connection:
            online = {worker.worker for worker in workers.online_workers(connection)}
            workers.sweep_workers(connection)
        if online != self._workers:
            self._workers = online
            self.mark_dashboards_due()

    def watch_broker(self) -> None:
        """Remember since when the broker is away, for those who ask why their image waits."""
        answers = self.queue.answers()
        self.database.transact(lambda tx: dispatch_state.say_broker(tx.connection, answers=answers))

    def mark_new_days(self) -> None:
        """Have the dashboards computed again of those for whom a day began."""
        self.database.transact(lambda tx: dashboards.mark_new_days_due(tx.connection))

    def mark_dashboards_due(self) -> None:
        """Have every dashboard computed again: what it averages over a day grew older."""
        self.database.transact(lambda tx: dashboards.mark_all_due(tx.connection))


def lead(connection: Connection, duties: list[Duty], stopping: Latch) -> None:
    """Do the duties; a NOTIFY brings the next dispatch forward. *connection* holds the lock."""
    connection.execute("LISTEN celltally_dispatch")
    while not stopping.is_set():
        now = time.monotonic()
        for duty in duties:
            duty.do_if_due(now)
        wait = max(0.0, min(duty.due for duty in duties) - time.monotonic())
        if list(connection.notifies(timeout=min(wait, 1.0), stop_after=1)):
            duties[0].due = 0.0
        else:
            connection.execute("SELECT 1")  # A link that swallows everything is silent, too.


@contextmanager
def slow_duties_beside(scheduler: Scheduler) -> Iterator[None]:
    """Do the slow duties in a thread, for dispatch must not wait for them.

    One that is at a long statement is left alone: it only reads, or does what may be done twice.
    """
    over = Latch()
    duties = scheduler.slow_duties(over)
    thread = Thread(target=_repeat, args=(duties, over), name="slow duties", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE_SECONDS)


def run(scheduler: Scheduler, stopping: Latch) -> None:
    """Become the leader and stay it; without the lock or the database, try again."""
    url = plain_url(scheduler.database.url)
    while not stopping.is_set():
        try:
            with Connection.connect(url, autocommit=True, application_name="leader") as connection:
                if _leads(connection):
                    logger.info("leading")
                    with slow_duties_beside(scheduler):
                        lead(connection, scheduler.duties(), stopping)
        except OperationalError as problem:
            logger.warning("the database is away; trying again", error=str(problem).strip())
        stopping.wait(1.0)


def main() -> None:
    """Run until SIGTERM."""
    write_log_lines()
    stopping = Latch()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    settings = Settings.from_environment()
    urls = server_urls(settings)
    scheduler = Scheduler(
        database=Database(urls.database, pool_size=3, name="celltally-scheduler"),
        queue=sending_queue(urls.redis, breaker=False),
        publisher=RedisEventPublisher(connect(urls.redis, name="celltally-scheduler")),
        storage=open_storage(settings.file_storage_url),
        settings=settings,
    )
    run(scheduler, stopping)


def _repeat(duties: list[Duty], over: Latch) -> None:
    while not over.is_set():
        for duty in duties:
            duty.do_if_due(time.monotonic())
        over.wait(1.0)


def _leads(connection: Connection) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LEADER_LOCK]).fetchone()
    return row is not None and bool(row[0])


if __name__ == "__main__":
    main()
