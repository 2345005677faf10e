"""POST …/cancel of an image, a batch, a project, and of everything of mine (Q4)."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.database.cancelling import Scope
from shared.domain.accounts import Role
from tests.factories import insert_engine, share
from tests.integration.web.answers import is_problem


@pytest.fixture(autouse=True)
def engine(database):
    """Only the engine that these tests know."""
    database.transact(lambda tx: tx.execute(text("DELETE FROM engines")))
    insert_engine(database)


def test_a_project_is_cancelled_and_its_counts_come_along(client_of, alice, make_project):
    project = make_project(queued=2, processing=1, segmented=1)

    answer = client_of(alice).post(f"/api/v1/projects/{project.id}/cancel")

    assert answer.status_code == 200
    assert (answer.json["cancelled"], answer.json["running"]) == (2, 1)
    assert answer.json["stats"]["uploadedCount"] == 3
    assert answer.json["stats"]["pendingCount"] == 0


def test_cancelling_nothing_answers_zeros(client_of, alice, make_project):
    project, client = make_project(segmented=1), client_of(alice)

    for address in (f"projects/{project.id}", f"images/{project.image_ids[0]}", "me"):
        answer = client.post(f"/api/v1/{address}/cancel")
        assert answer.status_code == 200
        assert (answer.json["cancelled"], answer.json["running"]) == (0, 0)


def test_an_image_is_cancelled_and_the_others_wait_on(client_of, alice, make_project):
    project = make_project(queued=2)

    answer = client_of(alice).post(f"/api/v1/images/{project.image_ids[0]}/cancel")

    assert answer.json["cancelled"] == 1
    assert answer.json["stats"]["queuedCount"] == 1


def test_a_batch_is_cancelled(client_of, alice, make_project):
    project, client = make_project(uploaded=2, queued=1), client_of(alice)
    batch = client.post(f"/api/v1/projects/{project.id}/segment", json={}).json["batchId"]

    answer = client.post(f"/api/v1/batches/{batch}/cancel")

    assert (answer.json["cancelled"], answer.json["stats"]["queuedCount"]) == (2, 1)
    told = client.get(f"/api/v1/batches/{batch}").json
    assert (told["cancelled"], told["done"]) == (2, True)


def test_everything_of_mine_is_what_i_asked_for(client_of, alice, bob, make_project, database):
    """A guest's runs stay when the owner cancels theirs, and the other way round."""
    project, foreign = make_project(queued=2), make_project(bob, queued=1, uploaded=1)
    share(database, foreign, alice, Role.EDITOR)
    client = client_of(alice)
    client.post(f"/api/v1/projects/{foreign.id}/segment", json={})

    answer = client.post("/api/v1/me/cancel")

    assert (answer.json["cancelled"], answer.json["running"]) == (3, 0)
    assert "stats" not in answer.json
    assert client.get(f"/api/v1/projects/{project.id}/stats").json["queuedCount"] == 0
    assert client.get(f"/api/v1/projects/{foreign.id}/stats").json["queuedCount"] == 1


def test_the_click_is_told_with_the_change(client_of, alice, make_project, database):
    project = make_project(queued=1)

    client_of(alice).post(f"/api/v1/projects/{project.id}/cancel", headers={"X-Op-Id": "click-7"})

    with database.reading() as connection:
        last = connection.execute(
            text(
                "SELECT operation, op_id FROM stats_deltas WHERE project_id = :id"
                " ORDER BY id DESC LIMIT 1"
            ),
            {"id": project.id},
        ).one()
    assert tuple(last) == ("segmentation_cancelled", "click-7")


def test_failed_images_are_listed_by_cause_and_retried(client_of, alice, make_project):
    """Q8."""
    project, client = make_project(failed=2), client_of(alice)

    listed = client.get(f"/api/v1/projects/{project.id}/failures").json
    [cause] = listed["items"]
    assert (cause["code"], cause["count"], listed["nextCursor"]) == ("engine_error", 2, None)
    assert cause["detail"].startswith("The engine stopped")

    order = {"select": "failed", "failureCode": cause["code"], "again": True}
    answer = client.post(f"/api/v1/projects/{project.id}/segment", json=order)

    assert (answer.status_code, answer.json["queued"]) == (202, 2)
    assert client.get(f"/api/v1/projects/{project.id}/failures").json["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"failureCode": "timeout"},
        {"select": "failed", "failureCode": "bad_luck"},
        {"select": "failed", "again": True, "engine": "classical"},
        {"select": "failed", "again": True, "params": {"method": "otsu"}},
    ],
)
def test_what_does_not_fit_together_is_refused(client_of, alice, make_project, body):
    project = make_project(failed=1)

    answer = client_of(alice).post(f"/api/v1/projects/{project.id}/segment", json=body)

    assert is_problem(answer, 422, "invalid_input")


def test_the_history_says_who_asked_and_a_run_is_repeated(client_of, alice, make_project):
    project, client = make_project(segmented=1), client_of(alice)
    image = project.image_ids[0]
    [run] = client.get(f"/api/v1/images/{image}/runs").json["items"]
    assert (run["requestedBy"], run["durationMs"], run["current"]) == ("Alice", 100, True)

    answer = client.post(f"/api/v1/runs/{run['id']}/repeat")

    assert (answer.status_code, answer.json["queued"]) == (202, 1)
    assert answer.json["stats"]["queuedCount"] == 1
    assert is_problem(client.post(f"/api/v1/runs/{run['id']}/repeat"), 409, "image_active")


def test_a_result_is_chosen_and_what_cannot_be_is_refused(client_of, alice, make_project):
    project, client = make_project(segmented=1, failed=1), client_of(alice)
    image, failed = project.image_ids
    [run] = client.get(f"/api/v1/images/{image}/runs").json["items"]
    [bad] = client.get(f"/api/v1/images/{failed}/runs").json["items"]

    def choose(image_id, run_id):
        return client.post(f"/api/v1/images/{image_id}/current-run", json={"runId": str(run_id)})

    answer = choose(image, run["id"])
    assert answer.json["image"]["currentRunId"] == run["id"]
    assert answer.json["stats"]["segmentedCount"] == 1
    assert is_problem(choose(failed, bad["id"]), 409, "no_result")
    assert is_problem(choose(failed, run["id"]), 404, "not_found")
    assert is_problem(choose(image, uuid4()), 404, "not_found")


def test_a_database_that_ends_in_the_midst_is_away_and_not_our_failure(
    client_of, alice, make_project, monkeypatch
):
    project, client = make_project(queued=1), client_of(alice)
    ended = dict.fromkeys(Scope, "SELECT pg_terminate_backend(pg_backend_pid())")
    with monkeypatch.context() as patch:
        patch.setattr("shared.actions.cancel_runs.CANCEL", ended)
        answer = client.post(f"/api/v1/projects/{project.id}/cancel")

    assert is_problem(answer, 503, "unavailable")
    assert client.post(f"/api/v1/projects/{project.id}/cancel").json["cancelled"] == 1
