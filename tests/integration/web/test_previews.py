"""POST /api/v1/projects/{id}/previews, GET …/previews/{id}, …/picture."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.database import previews
from shared.domain.accounts import Role
from tests.factories import insert_engine, share
from tests.integration.web.answers import is_problem

FOUND = {
    "imageWidth": 8,
    "imageHeight": 8,
    "left": 0,
    "top": 0,
    "width": 8,
    "height": 8,
    "objectCount": 1,
    "durationMs": 12,
    "outlines": [[[[0, 0], [2, 0], [2, 2], [0, 2]]]],
}


@pytest.fixture(autouse=True)
def engine(database):
    database.transact(lambda tx: tx.execute(text("DELETE FROM engines")))
    insert_engine(database)


@pytest.fixture
def project(make_project):
    return make_project(uploaded=1)


def ask(client, project, **body):
    body = {"imageId": str(project.image_ids[0])} | body
    return client.post(f"/api/v1/projects/{project.id}/previews", json=body)


def answered(database, preview_id) -> None:
    def answer(tx) -> None:
        previews.claim(tx.connection, preview_id)
        previews.answer(tx.connection, preview_id, FOUND, b"RIFFpicture")

    database.transact(answer)


def test_a_preview_is_asked_for_and_looked_at(client_of, alice, project, database, queue):
    client = client_of(alice)
    asked = ask(client, project, engine="classical", params={"method": "otsu"})
    assert asked.status_code == 202
    assert (asked.json["status"], asked.json["engine"]) == ("queued", "classical")
    address = f"/api/v1/projects/{project.id}/previews/{asked.json['id']}"
    assert is_problem(client.get(f"{address}/picture"), 404, "not_found")

    answered(database, asked.json["id"])

    told = client.get(address).json
    assert told.items() >= FOUND.items()
    assert (told["status"], told["params"]["method"]) == ("done", "otsu")
    assert client.get(told["pictureUrl"]).data == b"RIFFpicture"
    assert [str(each) for each, _ in queue.previews] == [asked.json["id"]]
    assert client.get(f"/api/v1/projects/{project.id}/stats").json["queuedCount"] == 0


def test_a_preview_is_its_askers_alone(client_of, alice, bob, project, database, make_project):
    share(database, project, bob, Role.EDITOR)
    preview_id = ask(client_of(alice), project).json["id"]
    mine = make_project(bob)

    for folder in (project.id, mine.id):
        address = f"/api/v1/projects/{folder}/previews/{preview_id}"
        assert is_problem(client_of(bob).get(address), 404, "not_found")
        assert is_problem(client_of(bob).get(f"{address}/picture"), 404, "not_found")


def test_viewers_ask_for_none(client_of, bob, charlie, project, database):
    share(database, project, bob, Role.VIEWER)

    assert is_problem(ask(client_of(bob), project), 403, "forbidden")
    assert is_problem(ask(client_of(charlie), project), 404, "not_found")
    assert ask(client_of(None), project).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"engine": "magic"}, 422, "unknown_engine"),
        ({"params": {"method": "guess"}}, 422, "invalid_params"),
        ({"imageId": str(uuid4())}, 404, "not_found"),
        ({"imageId": "x"}, 422, "invalid_input"),
        ({"images": []}, 422, "invalid_input"),
    ],
)
def test_a_wrong_request_is_refused(client_of, alice, project, body, status, code):
    assert is_problem(ask(client_of(alice), project, **body), status, code)


def test_a_broker_that_is_away_is_told(client_of, alice, project, queue):
    queue.away = True

    assert is_problem(ask(client_of(alice), project), 503, "unavailable")
