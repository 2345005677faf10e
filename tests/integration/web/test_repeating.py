"""Idempotency-Key: what is asked twice is done once (contract.md 3)."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.actions.once import forget_old_keys
from shared.domain.accounts import Role
from tests.factories import insert_engine, share
from tests.integration.web.answers import is_problem

PROJECTS = "/api/v1/projects"


@pytest.fixture(autouse=True)
def engine(database):
    """Only the engine that these tests know."""
    database.transact(lambda tx: tx.execute(text("DELETE FROM engines")))
    insert_engine(database)


@pytest.fixture
def key():
    return {"Idempotency-Key": uuid4().hex}


def count(database, table, project):
    with database.reading() as connection:
        return connection.execute(
            text(f"SELECT count(*) FROM {table} WHERE project_id = :id"), {"id": project.id}
        ).scalar_one()


def titled(client, title):
    items = client.get(PROJECTS, query_string={"owner": "mine"}).json["items"]
    return [each["id"] for each in items if each["title"] == title]


def test_a_project_is_made_once(client_of, alice, key):
    client = client_of(alice)

    first, second = (
        client.post(PROJECTS, json={"title": "Plate 9"}, headers=key) for _ in range(2)
    )

    assert first.status_code == second.status_code == 201
    assert first.json["id"] == second.json["id"]
    assert titled(client, "Plate 9") == [first.json["id"]]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


def test_without_a_key_each_request_is_one_of_its_own(client_of, alice):
    client = client_of(alice)

    for _ in range(2):
        client.post(PROJECTS, json={"title": "Plate 10"})

    assert len(titled(client, "Plate 10")) == 2


def test_images_are_queued_once_even_if_they_are_forced(client_of, alice, make_project, key):
    project, client = make_project(uploaded=2), client_of(alice)
    address = f"{PROJECTS}/{project.id}/segment"

    first = client.post(address, json={"select": "all", "force": True}, headers=key)
    client.post(f"{PROJECTS}/{project.id}/cancel")
    second = client.post(address, json={"select": "all", "force": True}, headers=key)

    assert first.status_code == second.status_code == 202
    assert second.json["batchId"] == first.json["batchId"]
    assert (second.json["queued"], second.json["skipped"]) == (2, 0)
    assert second.json["stats"]["queuedCount"] == 0


def test_requests_at_once_with_one_key_are_one(client_of, alice, make_project, database, key):
    """A double click that two processes answer."""
    project = make_project(uploaded=1)
    clients = [client_of(alice) for _ in range(6)]

    def ask(client):
        return client.post(
            f"{PROJECTS}/{project.id}/exports", json={"formats": ["csv"]}, headers=key
        )

    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(ask, clients))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert count(database, "exports", project) == 1


def test_an_export_that_was_deleted_since_is_not_made_again(client_of, alice, make_project, key):
    project, client = make_project(uploaded=1), client_of(alice)
    address = f"{PROJECTS}/{project.id}/exports"
    made = client.post(address, json={"formats": ["csv"]}, headers=key).json["id"]
    for _ in range(2):  # Cancelled, then deleted.
        client.delete(f"/api/v1/exports/{made}")

    again = client.post(address, json={"formats": ["csv"]}, headers=key)

    assert is_problem(again, 404, "not_found")


def test_a_share_is_offered_once(client_of, alice, make_project, database, key):
    project, client = make_project(), client_of(alice)
    address = f"{PROJECTS}/{project.id}/shares"

    first, second = (
        client.post(address, json={"link": True, "role": "viewer"}, headers=key) for _ in range(2)
    )

    assert first.status_code == second.status_code == 201
    assert first.json["id"] == second.json["id"]
    assert count(database, "project_shares", project) == 1


def test_a_token_is_made_once_and_its_secret_is_not_told_again(client_of, alice, key):
    client, address = client_of(alice), "/api/v1/auth/tokens"
    client.post(address, json={"name": "nightly"}, headers=key)

    again = client.post(address, json={"name": "nightly"}, headers=key)

    assert is_problem(again, 409, "token_shown_once")
    assert len(client.get(address).json["items"]) == 1


def test_what_was_refused_may_be_asked_again(client_of, alice, make_project, database, key):
    project, client = make_project(), client_of(alice)
    address = f"{PROJECTS}/{project.id}/exports"
    refused = client.post(address, json={"formats": ["csv"]}, headers=key)
    assert is_problem(refused, 422, "nothing_to_export")
    database.transact(
        lambda tx: tx.execute(
            text("UPDATE images SET project_id = :to WHERE project_id = :of"),
            {"to": project.id, "of": make_project(uploaded=1).id},
        )
    )

    assert client.post(address, json={"formats": ["csv"]}, headers=key).status_code == 202


def test_a_key_belongs_to_one_request(client_of, alice, key):
    client = client_of(alice)
    client.post(PROJECTS, json={"title": "One"}, headers=key)

    other_body = client.post(PROJECTS, json={"title": "Two"}, headers=key)
    other_address = client.post("/api/v1/auth/tokens", json={"name": "Two"}, headers=key)

    for answer in (other_body, other_address):
        assert is_problem(answer, 422, "idempotency_key_reused")
    assert titled(client, "Two") == []


def test_a_key_belongs_to_one_person(client_of, alice, bob, key):
    made = [
        client_of(user).post(PROJECTS, json={"title": "Same"}, headers=key).json["id"]
        for user in (alice, bob)
    ]

    assert made[0] != made[1]


def test_who_lost_access_gets_nothing_by_an_old_key(
    client_of, alice, bob, make_project, database, key
):
    project = make_project(uploaded=1)
    share(database, project, bob, Role.VIEWER)
    address, body = f"{PROJECTS}/{project.id}/exports", {"formats": ["csv"]}
    assert client_of(bob).post(address, json=body, headers=key).status_code == 202
    database.transact(
        lambda tx: tx.execute(
            text("UPDATE project_shares SET revoked_at = now() WHERE project_id = :id"),
            {"id": project.id},
        )
    )

    assert is_problem(client_of(bob).post(address, json=body, headers=key), 404, "not_found")


@pytest.mark.parametrize("wrong", ["", "a b", "ü", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(client_of, alice, wrong):
    answer = client_of(alice).post(
        PROJECTS, json={"title": "Plate"}, headers={"Idempotency-Key": wrong}
    )

    assert is_problem(answer, 422, "invalid_idempotency_key")


def test_keys_are_forgotten_after_a_day(client_of, alice, database, key):
    client = client_of(alice)
    client.post(PROJECTS, json={"title": "Plate 11"}, headers=key)
    database.transact(
        lambda tx: tx.execute(
            text("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
        )
    )

    assert forget_old_keys(database) > 0
    client.post(PROJECTS, json={"title": "Plate 11"}, headers=key)
    assert len(titled(client, "Plate 11")) == 2


def test_the_document_says_which_requests_take_a_key(client_of):
    paths = client_of(None).get("/api/v1/openapi.json").json["paths"]

    taking = {
        path.removeprefix("/api/v1")
        for path, operations in paths.items()
        for method, operation in operations.items()
        if any(each["name"] == "Idempotency-Key" for each in operation["parameters"])
    }
    assert taking == {
        "/projects",
        "/projects/{project_id}/segment",
        "/projects/{project_id}/exports",
        "/projects/{project_id}/shares",
        "/runs/{run_id}/repeat",
        "/auth/tokens",
    }
