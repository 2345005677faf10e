"""POST, GET and DELETE /api/v1/auth/tokens."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.database import logins
from tests.integration.web.answers import is_problem

ADDRESS = "/api/v1/auth/tokens"
NOBODYS = UUID("00000000-0000-4000-8000-000000000000")


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_token_signs_a_script_in_without_cookie_and_csrf(client_of, alice):
    made = client_of(alice).post(ADDRESS, json={"name": "microscope"})
    script = client_of(None)

    answer = script.post(
        "/api/v1/projects", json={"title": "Plate 7"}, headers=bearer(made.json["token"])
    )

    assert made.status_code == 201
    assert answer.status_code == 201
    assert answer.json["owner"]["id"] == str(alice.id)


def test_the_secret_is_shown_once_and_stored_nowhere(client_of, alice, database):
    client = client_of(alice)
    token = client.post(ADDRESS, json={"name": "microscope"}).json["token"]

    [listed] = client.get(ADDRESS).json["items"]

    assert listed["name"] == "microscope"
    assert token not in str(listed)


def test_its_use_is_noted(client_of, alice):
    client = client_of(alice)
    token = client.post(ADDRESS, json={"name": "microscope"}).json["token"]
    assert "usedAt" not in client.get(ADDRESS).json["items"][0]

    client_of(None).get("/api/v1/auth/me", headers=bearer(token))

    assert client.get(ADDRESS).json["items"][0]["usedAt"].endswith("Z")


def test_a_revoked_token_lets_nobody_in(client_of, alice):
    client = client_of(alice)
    made = client.post(ADDRESS, json={"name": "microscope"}).json

    assert client.delete(f"{ADDRESS}/{made['id']}").status_code == 204

    answer = client_of(None).get("/api/v1/auth/me", headers=bearer(made["token"]))
    assert is_problem(answer, 401, "not_signed_in")


def test_nobody_revokes_anothers_token(client_of, alice, bob):
    made = client_of(alice).post(ADDRESS, json={"name": "microscope"}).json

    answer = client_of(bob).delete(f"{ADDRESS}/{made['id']}")

    assert is_problem(answer, 404, "not_found")


def test_a_token_that_is_not_there_cannot_be_revoked(client_of, alice):
    assert is_problem(client_of(alice).delete(f"{ADDRESS}/{uuid4()}"), 404, "not_found")


def test_a_token_needs_a_name(client_of, alice):
    assert is_problem(client_of(alice).post(ADDRESS, json={}), 422, "invalid_input")


def test_a_made_up_token_lets_nobody_in(client_of):
    answer = client_of(None).get("/api/v1/auth/me", headers=bearer("ctly_guessed"))

    assert answer.status_code == 401


def made_with(client, **wanted):
    return client.post(ADDRESS, json={"name": "microscope", **wanted}).json["token"]


def test_a_token_says_what_it_may_do_and_until_when(client_of, alice):
    client = client_of(alice)
    end = (datetime.now(UTC) + timedelta(days=3)).isoformat()

    made_with(client, scope="read", expiresAt=end)
    made_with(client)

    everything, reading = client.get(ADDRESS).json["items"]
    assert (reading["scope"], reading["expiresAt"][:10]) == ("read", end[:10])
    assert everything["scope"] == "all"
    assert "expiresAt" not in everything


def test_a_reading_token_changes_nothing(client_of, alice, make_project):
    """A3."""
    project = make_project(uploaded=1)
    token = bearer(made_with(client_of(alice), scope="read"))
    script = client_of(None)

    refused = script.post("/api/v1/projects", json={"title": "Plate 7"}, headers=token)

    assert is_problem(refused, 403, "token_scope")
    assert "token is for read only" in refused.json["detail"]
    assert script.get(f"/api/v1/projects/{project.id}", headers=token).status_code == 200
    assert script.post("/api/v1/realtime/ticket", headers=token).status_code == 200


def test_a_reading_token_has_images_exported_but_deletes_no_export(client_of, alice, make_project):
    """What an export makes only its asker sees; to delete one is to change something."""
    project = make_project(uploaded=1)
    token = bearer(made_with(client_of(alice), scope="read"))
    script = client_of(None)

    made = script.post(
        f"/api/v1/projects/{project.id}/exports", json={"formats": ["csv"]}, headers=token
    )

    assert made.status_code == 202
    address = f"/api/v1/exports/{made.json['id']}"
    assert script.get(address, headers=token).json["status"] == "queued"
    assert is_problem(script.delete(address, headers=token), 403, "token_scope")
    assert client_of(alice).get(address).json["status"] == "queued"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/auth/sessions"),
        ("DELETE", "/api/v1/auth/sessions"),
        ("DELETE", f"/api/v1/auth/sessions/{NOBODYS}"),
        ("POST", "/api/v1/auth/password"),
        ("PATCH", "/api/v1/auth/me"),
        ("DELETE", "/api/v1/auth/me"),
        ("GET", ADDRESS),
        ("POST", ADDRESS),
        ("DELETE", f"{ADDRESS}/{NOBODYS}"),
        ("GET", "/settings/tokens"),
        ("POST", "/settings/tokens"),
        ("POST", "/settings/leaving"),
    ],
)
def test_a_token_for_projects_leaves_the_account_alone(client_of, alice, method, path):
    """A3: else whoever finds it could make one that may do more."""
    token = made_with(client_of(alice), scope="write")
    script = client_of(None)

    assert script.post("/api/v1/projects", json={"title": "Plate 7"}, headers=bearer(token)).json[
        "title"
    ]
    answer = script.open(path, method=method, headers=bearer(token))

    assert answer.status_code == 403
    assert "token is for write only" in answer.text


def test_a_token_lets_nobody_in_after_its_end(client_of, alice, database):
    client = client_of(alice)
    end = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    token = made_with(client, expiresAt=end)
    [listed] = client.get(ADDRESS).json["items"]
    assert client_of(None).get("/api/v1/auth/me", headers=bearer(token)).status_code == 200

    database.transact(
        lambda tx: tx.execute(text("UPDATE api_tokens SET expires_at = now() - interval '1 s'"))
    )

    assert client_of(None).get("/api/v1/auth/me", headers=bearer(token)).status_code == 401
    with database.reading() as connection:
        assert logins.holding(connection, [UUID(listed["id"])]) == set()


@pytest.mark.parametrize("end", ["2001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00"])
def test_the_end_of_a_token_is_to_come(client_of, alice, end):
    answer = client_of(alice).post(ADDRESS, json={"name": "x", "expiresAt": end})

    assert is_problem(answer, 422, "invalid_input")
