"""What a Prometheus server scrapes, read from the database when it asks."""

from collections.abc import Iterable, Iterator

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.database import metrics
from shared.database.engine import AWAY, Database
from shared.database.metrics import Checks, DayOfExports, DayOfRuns, ExportsNow, QueueNow
from web import access
from web.access import services

blueprint = Blueprint("metrics", __name__)

UNREACHABLE = "There are no metrics while the database does not answer; see /readyz.\n"

#: Name, sentence, and what it is of a queue.
_OF_QUEUES = (
    ("images_waiting", "Images whose run waits for a worker.", "waiting"),
    ("images_running", "Images that a worker is at.", "running"),
    (
        "oldest_waiting_seconds",
        "Since the image that waits longest was asked for.",
        "oldest_seconds",
    ),
    ("workers_online", "Workers heard of within 20 s that read the queue.", "workers"),
    ("worker_slots", "Images that these work on at a time.", "slots"),
)

#: Name, sentence, and what it is of the exports that are not finished.
_OF_EXPORTS = (
    ("exports_waiting", "Exports that wait for a worker.", "waiting"),
    ("exports_running", "Exports that a worker writes.", "running"),
    (
        "oldest_export_waiting_seconds",
        "Since the export that waits longest was asked for.",
        "oldest_seconds",
    ),
)

#: The same of the checks; what is None is left out.
_OF_CHECKS = (
    ("oldest_delta_seconds", "Age of the oldest change not in a tally.", "oldest_delta_seconds"),
    (
        "oldest_outbox_row_seconds",
        "Age of the oldest message not published.",
        "oldest_outbox_row_seconds",
    ),
    ("stats_drift", "Sum of the wrong counts found within 24 hours; must be 0.", "drift"),
    ("reconcile_last_timestamp_seconds", "When a tally was last recounted.", "reconciled_at"),
    (
        "reconcile_oldest_seconds",
        "Since the project that waits longest was recounted.",
        "unreconciled_seconds",
    ),
    ("audit_last_timestamp_seconds", "When the last nightly audit ended.", "audited_at"),
    ("audit_broken_invariants", "Invariants that it found broken.", "broken_invariants"),
)


class TallyCollector(Collector):
    """Reads everything anew for each scrape, so that every web process says the same."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[Metric]:
        """Say nothing ahead, else registering would read the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        with self._database.reading() as connection:
            queues = metrics.queues_now(connection)
            day = metrics.runs_of_the_day(connection)
            exports = metrics.exports_now(connection)
            ended = metrics.exports_of_the_day(connection)
            found = metrics.checks(connection)
        yield from _of_queues(queues)
        yield from _of_runs(day)
        yield from _of_exports(exports, ended)
        yield from _of_checks(found)


@blueprint.get("/metrics")
@access.public
def show_metrics() -> Response:
    """Answer in the text format of Prometheus; 503 while the database is away."""
    registry = CollectorRegistry()
    registry.register(TallyCollector(services().database))
    try:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    except (*AWAY, PoolTimeoutError):
        return Response(UNREACHABLE, 503, content_type="text/plain; charset=utf-8")


def _of_queues(queues: list[QueueNow]) -> Iterator[Metric]:
    for name, sentence, field in _OF_QUEUES:
        family = GaugeMetricFamily(f"celltally_{name}", sentence, labels=["queue"])
        for queue in queues:
            family.add_metric([queue.queue], getattr(queue, field))
        yield family


def _of_runs(day: list[DayOfRuns]) -> Iterator[Metric]:
    labels = ["engine", "outcome"]
    runs = GaugeMetricFamily("celltally_runs_last_day", "Runs ended in 24 hours.", labels=labels)
    seconds = GaugeMetricFamily(
        "celltally_run_seconds_last_day", "Sum of their stored durations.", labels=labels
    )
    for part in day:
        runs.add_metric([part.engine, part.outcome], part.runs)
        seconds.add_metric([part.engine, part.outcome], part.seconds)
    yield from (runs, seconds)


def _of_exports(exports: ExportsNow, ended: list[DayOfExports]) -> Iterator[Metric]:
    for name, sentence, field in _OF_EXPORTS:
        yield GaugeMetricFamily(f"celltally_{name}", sentence, getattr(exports, field))
    count = GaugeMetricFamily(
        "celltally_exports_last_day", "Exports ended in 24 hours.", labels=["outcome"]
    )
    seconds = GaugeMetricFamily(
        "celltally_export_seconds_last_day", "Sum of what they took.", labels=["outcome"]
    )
    for part in ended:
        count.add_metric([part.outcome], part.exports)
        seconds.add_metric([part.outcome], part.seconds)
    yield from (count, seconds)


def _of_checks(found: Checks) -> Iterator[Metric]:
    for name, sentence, field in _OF_CHECKS:
        value = getattr(found, field)
        if value is not None:
            yield GaugeMetricFamily(f"celltally_{name}", sentence, value)
    yield CounterMetricFamily(
        "celltally_stats_drift_repairs", "Tallies repaired ever.", found.drift_repairs
    )
