"""POST /api/v1/projects/{id}/segment, GET /batches/{id}, GET /engines."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.domain.engines import Modality
from shared.domain.images import ImageStatus
from tests.factories import insert_engine
from tests.integration.web.answers import is_problem


@pytest.fixture(autouse=True)
def engine(database):
    """Only the engine that these tests know."""
    database.transact(lambda tx: tx.execute(text("DELETE FROM engines")))
    insert_engine(database)


def segment(client, project, **body):
    return client.post(f"/api/v1/projects/{project.id}/segment", json=body)


def test_unprocessed_images_are_queued_and_counted(client_of, alice, make_project):
    project, client = make_project(uploaded=3, segmented=1, no_objects=1), client_of(alice)

    answer = segment(client, project)

    assert answer.status_code == 202
    assert (answer.json["queued"], answer.json["skipped"]) == (3, 0)
    assert answer.json["engine"] == "classical"
    assert answer.json["stats"]["queuedCount"] == answer.json["stats"]["pendingCount"] == 3


def test_a_second_request_skips_what_waits(client_of, alice, make_project):
    project, client = make_project(uploaded=2), client_of(alice)
    chosen = [str(each) for each in project.image_ids]
    segment(client, project, select=chosen)

    answer = segment(client, project, select=chosen)

    assert (answer.json["queued"], answer.json["skipped"]) == (0, 2)


def test_a_batch_tells_how_far_it_is(client_of, alice, make_project):
    project, client = make_project(uploaded=2), client_of(alice)
    batch_id = segment(client, project, params={"method": "otsu"}).json["batchId"]

    batch = client.get(f"/api/v1/batches/{batch_id}").json

    assert batch["projectId"] == str(project.id)
    assert batch["params"] == {"method": "otsu"}
    assert (batch["queued"], batch["waiting"], batch["succeeded"]) == (2, 2, 0)
    assert batch["done"] is False


def test_failed_images_can_be_chosen(client_of, alice, make_project):
    project = make_project(failed=2, uploaded=1)

    assert segment(client_of(alice), project, select="failed").json["queued"] == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"engine": "magic"}, "unknown_engine"),
        ({"params": {"method": "guess"}}, "invalid_params"),
        ({"params": {"size": 3}}, "invalid_params"),
        ({"select": "everything"}, "invalid_input"),
        ({"select": []}, "invalid_input"),
        ({"select": ["x"]}, "invalid_input"),
        ({"priority": "urgent"}, "invalid_input"),
        ({"images": []}, "invalid_input"),
    ],
)
def test_a_wrong_request_is_refused(client_of, alice, make_project, body, code):
    project = make_project(uploaded=1)

    assert is_problem(segment(client_of(alice), project, **body), 422, code)


def test_images_of_another_project_are_not_found(client_of, alice, bob, make_project):
    mine, others = make_project(uploaded=1), make_project(bob, uploaded=1)

    answer = segment(client_of(alice), mine, select=[str(others.image_ids[0])])

    assert is_problem(answer, 404, "not_found")


def runs_of(client, image_id):
    return client.get(f"/api/v1/images/{image_id}/runs").json["items"]


def test_the_automatic_choice_is_shown_before_and_kept_with_the_run(client_of, alice, make_project):
    """E6: the result says what was chosen and why."""
    project, client = make_project(uploaded=2), client_of(alice)

    shown = client.get(f"/api/v1/projects/{project.id}/engine").json
    segment(client, project)

    assert shown["engine"]["name"] == "classical"
    assert shown["chosen"] == {
        "modality": "nuclei_fluo",
        "images": 2,
        "of": 2,
        "reason": "2 of 2 images look like fluorescent nuclei (bright on dark).",
    }
    [run] = runs_of(client, project.image_ids[0])
    assert run["engine"]["chosen"] == shown["chosen"]


@pytest.mark.parametrize(("engine", "chosen"), [("auto", True), ("classical", False)])
def test_an_engine_that_was_named_was_not_chosen(client_of, alice, make_project, engine, chosen):
    project, client = make_project(uploaded=1), client_of(alice)

    assert segment(client, project, engine=engine).json["engine"] == "classical"

    [run] = runs_of(client, project.image_ids[0])
    assert ("chosen" in run["engine"]) == chosen


def test_the_kind_of_most_images_chooses(client_of, alice, make_project, database):
    insert_engine(database, "bodies", default=[Modality.SPHEROID_BF])
    project, client = make_project(uploaded=3), client_of(alice)
    become = text("UPDATE images SET modality = 'spheroid_bf' WHERE id = ANY(:ids)")
    database.transact(lambda tx: tx.execute(become, {"ids": project.image_ids[:2]}))

    shown = client.get(f"/api/v1/projects/{project.id}/engine").json

    assert shown["engine"]["name"] == "bodies"
    assert (shown["chosen"]["images"], shown["chosen"]["of"]) == (2, 3)
    assert segment(client, project).json["engine"] == "bodies"


def test_without_images_or_engines_the_choice_says_so(client_of, alice, make_project, database):
    project, client = make_project(), client_of(alice)

    shown = client.get(f"/api/v1/projects/{project.id}/engine").json
    assert shown["engine"]["name"] == "classical"
    assert shown["chosen"]["reason"] == "The first images will decide."

    database.transact(lambda tx: tx.execute(text("DELETE FROM engines")))
    assert client.get(f"/api/v1/projects/{project.id}/engine").json["engine"] is None


def test_retried_images_keep_why_their_engine_was_chosen(client_of, alice, make_project, database):
    project, client = make_project(uploaded=1), client_of(alice)
    segment(client, project)
    client.post(f"/api/v1/projects/{project.id}/cancel")

    segment(client, project, select="all", again=True)

    newest, _ = runs_of(client, project.image_ids[0])
    assert newest["engine"]["chosen"]["modality"] == "nuclei_fluo"


def test_an_engine_that_is_not_available_says_why(client_of, alice, make_project, database):
    insert_engine(database, "heavy", available=False)

    answer = segment(client_of(alice), make_project(uploaded=1), engine="heavy")

    assert is_problem(answer, 503, "engine_unavailable")
    assert "no weights" in answer.json["detail"]


def test_a_missing_batch_is_not_found(client_of, alice):
    assert is_problem(client_of(alice).get(f"/api/v1/batches/{uuid4()}"), 404, "not_found")


def test_an_image_has_one_active_run_however_often_it_is_asked_for(
    client_of, alice, make_project, database
):
    project, client = make_project(uploaded=1), client_of(alice)

    for _ in range(3):
        segment(client, project, select="all", force=True)

    with database.reading() as connection:
        runs = connection.execute(
            text("SELECT count(*) FROM runs WHERE project_id = :id"), {"id": project.id}
        ).scalar()
    assert runs == 1
    assert client.get(f"/api/v1/images/{project.image_ids[0]}").json["status"] == (
        ImageStatus.QUEUED
    )


def test_engines_are_listed_with_the_schema_of_their_parameters(client_of, alice, database):
    insert_engine(database, "heavy", available=False)

    listed = {each["name"]: each for each in client_of(alice).get("/api/v1/engines").json["items"]}

    assert listed["classical"]["available"] is True
    assert "method" in listed["classical"]["params"]["properties"]
    assert listed["heavy"]["available"] is False
    assert listed["heavy"]["reason"] == "no weights"


@pytest.mark.parametrize(
    ("select", "fields"),
    [("everything", ["select", "select"]), (["x"], ["select", "select.0"])],
)
def test_a_wrong_choice_is_named_as_its_sender_wrote_it(
    client_of, alice, make_project, select, fields
):
    answer = segment(client_of(alice), make_project(), select=select)

    assert [each["field"] for each in answer.json["errors"]] == fields
    assert answer.json["detail"].startswith("select: ")
