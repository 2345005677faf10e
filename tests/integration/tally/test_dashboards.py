"""A user's totals: exact, announced when they changed, computed for somebody (rules.md A.10)."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from shared.actions.recompute_dashboard import recompute_dashboard, refresh_dashboard
from shared.database import dashboards
from shared.domain.channels import Channel, ChannelKind
from shared.domain.events import DashboardMetricsUpdate
from tests.integration.interleaving import held
from tests.integration.lab import Lab


@pytest.fixture
def ada(lab: Lab) -> UUID:
    return lab.user("Ada")


@pytest.fixture
def project(lab: Lab, ada: UUID) -> UUID:
    return lab.project(ada)


def recompute(lab: Lab, user: UUID) -> DashboardMetricsUpdate | None:
    return recompute_dashboard(lab.database, lab.publisher, user)


def watch(lab: Lab, user: UUID) -> None:
    lab.publisher.watched[Channel(ChannelKind.DASH, user)] = 1


def due(lab: Lab) -> list[UUID]:
    """Return who is due once the second since the last computation is over."""
    lab.sql("UPDATE dashboards SET computed_at = computed_at - interval '2 seconds'")
    with lab.database.reading() as connection:
        return dashboards.due_users(connection)


def test_totals_are_of_the_users_own_projects(lab: Lab, ada: UUID, project: UUID) -> None:
    """D2, S8."""
    lab.worker()
    run = lab.claimed(lab.one_run(project).id)
    lab.complete(run, objects=5, ms=400)
    lab.fold(project)
    lab.images(lab.project(ada), 2)  # Not folded, and counted all the same.
    lab.segment(project, select=lab.images(project))
    lab.images(lab.project(lab.user("Bob")), 9)

    metrics = refresh_dashboard(lab.database, ada)

    assert (metrics.total_projects, metrics.total_images) == (2, 4)
    assert (metrics.total_segmented, metrics.total_objects) == (1, 5)
    assert metrics.recent_activity.images_uploaded_today == 4
    assert metrics.recent_activity.segmentations_completed_today == 1
    assert metrics.recent_activity.projects_created_this_week == 2
    assert metrics.system_stats.queue_length == 1
    assert metrics.system_stats.processing_images == 0
    assert metrics.system_stats.avg_processing_time == 400
    assert metrics.system_stats.workers_online == 1


def test_the_processing_time_is_the_mean_of_the_stored_durations_of_a_day(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    """S8: of the user's succeeded runs, whatever became of their images."""
    for ms in (100, 200, 600):
        lab.complete(lab.claimed(lab.one_run(project).id), ms=ms)
    lab.fail(lab.claimed(lab.one_run(project).id))
    yesterday, of_bob = lab.one_run(project), lab.one_run(lab.project(lab.user("Bob")))
    for run in (yesterday, of_bob):
        lab.complete(lab.claimed(run.id), ms=90_000)
    lab.sql("UPDATE runs SET finished_at = now() - interval '25 h' WHERE id = :id", id=yesterday.id)

    assert refresh_dashboard(lab.database, ada).system_stats.avg_processing_time == 300


def test_exactly_the_changed_fields_are_named(lab: Lab, ada: UUID, project: UUID) -> None:
    """D2."""
    watch(lab, ada)
    first = recompute(lab, ada)
    lab.images(project, 2)

    second = recompute(lab, ada)

    assert first is not None
    assert second is not None
    assert "totalProjects" in first.changed_fields
    assert set(second.changed_fields) == {"totalImages", "recentActivity.imagesUploadedToday"}
    assert [version for _, _, version in lab.publisher.states] == [1, 2]


def test_when_nothing_changed_nothing_is_sent(lab: Lab, ada: UUID, project: UUID) -> None:
    watch(lab, ada)
    recompute(lab, ada)

    assert recompute(lab, ada) is None

    assert len(lab.publisher.states) == 1
    assert due(lab) == []


def test_nothing_is_computed_while_nobody_watches(lab: Lab, ada: UUID, project: UUID) -> None:
    """The next look computes it, as the seed's lazy loading does."""
    lab.images(project)
    lab.fold(project)

    assert recompute(lab, ada) is None

    assert lab.value("SELECT version FROM dashboards") == 0
    assert due(lab) == [ada]
    assert refresh_dashboard(lab.database, ada).total_images == 1


def test_a_fold_asks_for_its_owners_totals(lab: Lab, ada: UUID, project: UUID) -> None:
    watch(lab, ada)
    recompute(lab, ada)
    lab.images(project)
    assert due(lab) == []

    lab.fold(project)

    assert due(lab) == [ada]


def test_a_fold_during_the_computation_is_not_forgotten(lab: Lab, ada: UUID, project: UUID) -> None:
    """The fold waits for the row and marks it due after the computation took the mark away."""
    watch(lab, ada)
    folding: list = []

    def fold() -> None:
        lab.images(project)
        folding.append(pool.submit(lab.fold, project))
        lab.until_one_waits()

    with lab.threads(1) as pool, held("dashboard.before_commit", fold):
        first = recompute(lab, ada)
        folding[0].result(30)

    assert first is not None
    assert first.metrics.total_images == 0
    assert due(lab) == [ada]
    second = recompute(lab, ada)
    assert second is not None
    assert second.metrics.total_images == 1


def test_totals_that_a_page_computed_reach_the_other_screens(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    watch(lab, ada)
    recompute(lab, ada)
    lab.images(project)
    refresh_dashboard(lab.database, ada)

    assert due(lab) == [ada]
    update = recompute(lab, ada)

    assert update is not None
    assert set(update.changed_fields) == {"totalImages", "recentActivity.imagesUploadedToday"}
    assert due(lab) == []


def test_totals_that_went_back_are_announced_to_whoever_saw_the_change(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    """A page fetched the version in between; it must not stay on it."""
    lab.worker(name="w1")
    watch(lab, ada)
    recompute(lab, ada)
    lab.worker(name="w2")
    fetched = refresh_dashboard(lab.database, ada)
    lab.sql("DELETE FROM worker_heartbeats WHERE worker = 'w2'")

    update = recompute(lab, ada)

    assert update is not None
    assert update.metrics.version > fetched.version
    assert update.metrics.system_stats.workers_online == 1
    assert update.changed_fields == []
    assert due(lab) == []


def test_a_crash_before_the_announcement_is_noticed_is_made_good(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    watch(lab, ada)
    refresh_dashboard(lab.database, ada)  # Computed and never announced.

    assert due(lab) == [ada]
    assert recompute(lab, ada) is not None
    assert due(lab) == []


def test_today_begins_in_the_users_own_time_zone(lab: Lab, ada: UUID, project: UUID) -> None:
    """S8: what was uploaded just after midnight in Auckland is of today only there."""
    lab.images(project)
    lab.sql(
        "UPDATE stats_deltas SET at = date_trunc('day', now() AT TIME ZONE 'Pacific/Auckland')"
        " AT TIME ZONE 'Pacific/Auckland' - interval '1 minute'"
    )
    lab.sql("UPDATE users SET time_zone = 'Pacific/Auckland'")

    yesterday = refresh_dashboard(lab.database, ada).recent_activity.images_uploaded_today
    lab.sql("UPDATE stats_deltas SET at = at + interval '1 minute'")
    today = refresh_dashboard(lab.database, ada).recent_activity.images_uploaded_today

    assert (yesterday, today) == (0, 1)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),  # The clock goes forward,
        ("Europe/Berlin", date(2026, 10, 25), 25),  # and back.
        ("America/New_York", date(2026, 3, 8), 23),
        ("Asia/Kathmandu", date(2026, 3, 29), 24),  # 5:45 h from UTC.
        ("UTC", date(2026, 3, 29), 24),
    ],
)
def test_a_day_is_as_long_as_it_is_where_the_user_lives(
    lab: Lab, ada: UUID, project: UUID, zone: str, day: date, hours: int
) -> None:
    """S8: folded or not, what was done in each hour of the day counts, and nothing else."""
    lab.sql("UPDATE users SET time_zone = :zone", zone=zone)
    midnight = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    for hour in range(-2, hours):
        lab.images(project)
        lab.sql(
            "UPDATE stats_deltas SET at = :at",
            at=midnight + timedelta(hours=hour, minutes=15),
        )
        if hour % 2:
            lab.fold(project)
    evening = midnight + timedelta(hours=hours) - timedelta(seconds=1)
    if lab.deltas(project):
        lab.fold(project)

    def of_day(moment: datetime) -> int:
        with lab.database.reading() as connection:
            totals = dashboards.read_dashboard(connection, ada, at=moment)
        return totals.recent_activity.images_uploaded_today

    assert of_day(evening) == hours
    assert of_day(evening + timedelta(seconds=1)) == 0
    assert of_day(midnight - timedelta(seconds=1)) == hours + 2


def test_a_week_begins_on_monday_where_the_user_lives(lab: Lab, ada: UUID, project: UUID) -> None:
    """S8: this one is an hour longer than others."""
    lab.sql("UPDATE users SET time_zone = 'Pacific/Auckland'")
    monday, next_monday = (
        datetime(2026, month, day, tzinfo=ZoneInfo("Pacific/Auckland")).astimezone(UTC)
        for month, day in ((3, 30), (4, 6))
    )
    lab.sql("UPDATE projects SET created_at = :at", at=monday)

    def of_week(moment: datetime) -> int:
        with lab.database.reading() as connection:
            totals = dashboards.read_dashboard(connection, ada, at=moment)
        return totals.recent_activity.projects_created_this_week

    assert of_week(next_monday - timedelta(seconds=1)) == 1
    assert of_week(next_monday) == 0


def test_totals_are_due_again_once_a_day_began_where_the_user_lives(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    """S8, rule 9: and nobody else's are."""
    watch(lab, ada)
    recompute(lab, ada)
    with lab.database.reading() as connection:
        dashboards.mark_new_days_due(connection)
    assert due(lab) == []

    lab.sql("UPDATE dashboards SET computed_at = computed_at - interval '1 day'")
    lab.database.transact(lambda tx: dashboards.mark_new_days_due(tx.connection))

    assert due(lab) == [ada]


def test_a_look_that_finds_nothing_new_costs_one_statement(
    lab: Lab, ada: UUID, project: UUID, statements: list[str]
) -> None:
    """D1."""
    lab.images(project)
    first = refresh_dashboard(lab.database, ada)
    statements.clear()

    again = refresh_dashboard(lab.database, ada)

    assert again == first
    assert len(statements) == 1


def test_of_two_looks_at_once_each_is_answered_exactly(lab: Lab, ada: UUID, project: UUID) -> None:
    """One that read older totals than another stored reads again."""
    lab.images(project)
    later = []

    def meanwhile() -> None:
        if not later:
            lab.images(project)
            later.append(None)
            later[0] = refresh_dashboard(lab.database, ada)

    with held("dashboard.before_store", meanwhile):
        first = refresh_dashboard(lab.database, ada)

    assert later[0].total_images == 2
    assert first == later[0]


def test_a_look_forgets_no_fold_that_came_after_it_read(lab: Lab, ada: UUID, project: UUID) -> None:
    watch(lab, ada)
    recompute(lab, ada)
    lab.images(project)

    def meanwhile() -> None:
        lab.images(project)
        lab.fold(project)

    with held("dashboard.before_store", meanwhile):
        assert refresh_dashboard(lab.database, ada).total_images == 1

    assert due(lab) == [ada]
    update = recompute(lab, ada)
    assert update is not None
    assert update.metrics.total_images == 2
