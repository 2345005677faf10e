"""GET /metrics (S6, S8): facts of rows, in the text format of Prometheus."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from shared.database.engine import Database
from shared.domain.runs import FailureCode
from tests.integration.lab import Lab
from web.app import create_app
from web.services import Services

ROOT = Path(__file__).parents[3]
CPU, GPU = {"queue": "segment.cpu"}, {"queue": "segment.gpu"}


@pytest.fixture
def client(services: Services, lab: Lab) -> FlaskClient:
    """A browser on the lab's database, in which nothing is but what the test does."""
    return create_app(replace(services, database=lab.database)).test_client()


def scrape(client: FlaskClient) -> dict[str, list[tuple[dict[str, str], float]]]:
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_without_anything_all_is_zero_and_no_audit_was(client: FlaskClient) -> None:
    found = scrape(client)

    assert found["celltally_images_waiting"] == [(CPU, 0), (GPU, 0)]
    assert found["celltally_workers_online"] == [(CPU, 0), (GPU, 0)]
    assert found["celltally_oldest_delta_seconds"] == [({}, 0)]
    assert found["celltally_stats_drift"] == [({}, 0)]
    assert found["celltally_stats_drift_repairs_total"] == [({}, 0)]
    assert "celltally_audit_last_timestamp_seconds" not in found


def test_queues_tell_what_waits_and_who_works(client: FlaskClient, lab: Lab) -> None:
    lab.engine()
    lab.worker(3)
    lab.worker(2, name="w2")
    project = lab.project()
    lab.claimed(lab.one_run(project).id)
    lab.segment(project, select=lab.images(project, 2))
    lab.sql("UPDATE runs SET created_at = now() - interval '90 s' WHERE status = 'queued'")

    found = scrape(client)

    assert found["celltally_images_waiting"] == [(CPU, 2), (GPU, 0)]
    assert found["celltally_images_running"] == [(CPU, 1), (GPU, 0)]
    assert found["celltally_workers_online"] == [(CPU, 2), (GPU, 0)]
    assert found["celltally_worker_slots"] == [(CPU, 5), (GPU, 0)]
    (_, oldest), (_, none) = found["celltally_oldest_waiting_seconds"]
    assert (oldest >= 90, none) == (True, 0)


def test_runs_are_told_by_engine_and_outcome_with_their_stored_durations(
    client: FlaskClient, lab: Lab
) -> None:
    """S8: the mean is one of stored durations."""
    lab.engine()
    lab.worker()
    project = lab.project()
    for ms in (1000, 2000):
        lab.complete(lab.claimed(lab.one_run(project).id), ms=ms)
    lab.fail(lab.claimed(lab.one_run(project).id), FailureCode.UNREADABLE_IMAGE)
    old = lab.claimed(lab.one_run(project).id)
    lab.complete(old, ms=9000)
    lab.sql("UPDATE runs SET finished_at = now() - interval '25 h' WHERE id = :id", id=old.id)

    found = scrape(client)

    failed, good = ({"engine": "noop", "outcome": word} for word in ("failed", "succeeded"))
    assert found["celltally_runs_last_day"] == [(failed, 1), (good, 2)]
    assert (good, 3.0) in found["celltally_run_seconds_last_day"]


def test_exports_are_told_that_wait_that_run_and_that_ended_in_a_day(
    client: FlaskClient, lab: Lab
) -> None:
    project = lab.project()

    def export(columns: str, values: str) -> None:
        lab.sql(
            f"INSERT INTO exports (project_id, user_id, formats, max_attempts, {columns})"
            f" SELECT id, owner_id, '{{csv}}', 3, {values} FROM projects WHERE id = :project",
            project=project,
        )

    export("status, created_at", "'queued', now() - interval '90 s'")
    export("status, token, lease_until", "'running', gen_random_uuid(), now()")
    ended = "status, failure_code, file_key, started_at, finished_at, expires_at"
    took = "now() - interval '1 h', now() - interval '59 min', now() + interval '6 d 23 h 1 min'"
    for _ in range(2):
        export(ended, f"'done', NULL, 'exports/a', {took}")
    export(ended, f"'failed', 'timeout', NULL, {took}")
    export(ended, "'done', NULL, 'exports/b', now(), now() - interval '25 h', now()")

    found = scrape(client)

    assert found["celltally_exports_waiting"] == [({}, 1)]
    assert found["celltally_exports_running"] == [({}, 1)]
    assert found["celltally_oldest_export_waiting_seconds"][0][1] >= 90
    done, failed = {"outcome": "done"}, {"outcome": "failed"}
    assert found["celltally_exports_last_day"] == [(done, 2), (failed, 1)]
    assert found["celltally_export_seconds_last_day"] == [(done, 120), (failed, 60)]


def test_what_is_behind_is_told_with_its_age(client: FlaskClient, lab: Lab) -> None:
    lab.images(lab.project())
    lab.sql("UPDATE stats_deltas SET at = now() - interval '40 s'")
    lab.sql(
        "INSERT INTO outbox (channel, type, data, created_at)"
        " VALUES ('user:1', 'notice', '{}', now() - interval '30 s')"
    )

    found = scrape(client)

    [(_, delta)] = found["celltally_oldest_delta_seconds"]
    [(_, message)] = found["celltally_oldest_outbox_row_seconds"]
    assert delta >= 40 > message >= 30


def test_drift_is_that_of_a_day_and_repairs_are_those_of_ever(
    client: FlaskClient, lab: Lab
) -> None:
    """S6: drift is a metric."""
    insert = (
        "INSERT INTO drift_found (project_id, differences, total, found_at)"
        " VALUES (gen_random_uuid(), '{}', :total, now() - make_interval(hours => :hours))"
    )
    for total, hours in ((5, 1), (7, 23), (100, 25)):
        lab.sql(insert, total=total, hours=hours)

    found = scrape(client)

    assert found["celltally_stats_drift"] == [({}, 12)]
    assert found["celltally_stats_drift_repairs_total"] == [({}, 3)]


def test_the_checks_tell_when_they_were_and_what_they_found(client: FlaskClient, lab: Lab) -> None:
    lab.project()
    lab.sql("UPDATE project_stats SET reconciled_at = to_timestamp(1700000000)")
    lab.sql("INSERT INTO audits (offenders) VALUES ('{}')")
    lab.sql(
        "INSERT INTO audits (offenders, finished_at)"
        """ VALUES ('{"a": 1, "b": 2}', to_timestamp(1600000000))"""
    )

    found = scrape(client)

    assert found["celltally_reconcile_last_timestamp_seconds"] == [({}, 1_700_000_000)]
    assert found["celltally_reconcile_oldest_seconds"][0][1] > 1_000_000
    assert found["celltally_audit_last_timestamp_seconds"] == [({}, 1_600_000_000)]
    assert found["celltally_audit_broken_invariants"] == [({}, 2)]


def test_without_the_database_it_is_503_with_a_sentence(services: Services) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none", pool_size=1)

    answer = create_app(replace(services, database=away)).test_client().get("/metrics")

    assert answer.status_code == 503
    assert answer.mimetype == "text/plain"
    assert "database does not answer" in answer.text


def test_alerts_and_documentation_name_metrics_that_exist(client: FlaskClient, lab: Lab) -> None:
    lab.sql("INSERT INTO audits (offenders) VALUES ('{}')")
    answer = client.get("/metrics").text
    exist = {family.name for family in text_string_to_metric_families(answer)}
    counters = {f"{name}_total" for name in exist}

    alerts = set(re.findall(r"celltally_\w+", (ROOT / "deploy" / "alerts.yml").read_text()))
    section = (ROOT / "docs" / "operation.md").read_text().partition("## Metrics")[2]
    named = {
        f"celltally_{name}"
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
        if not name.startswith("rt_")  # Those of the relay.
    }

    assert alerts <= exist | counters
    assert named <= exist | counters
    assert exist <= named | {name.removesuffix("_total") for name in named}
