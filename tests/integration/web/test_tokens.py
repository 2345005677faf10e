"""POST, GET and DELETE /api/v1/auth/tokens."""

from uuid import uuid4

from tests.integration.web.answers import is_problem

ADDRESS = "/api/v1/auth/tokens"


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
