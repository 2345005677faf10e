"""POST /api/v1/auth/login and /auth/logout."""

import pytest
from sqlalchemy import text

from tests.factories import PASSWORD
from tests.integration.web.answers import is_problem
from web.access import COOKIE

LOGIN = "/api/v1/auth/login"
LOGOUT = "/api/v1/auth/logout"


def test_the_right_password_begins_a_login(client_of, alice):
    client = client_of(None)

    answer = client.post(LOGIN, json={"email": alice.email.upper(), "password": PASSWORD})

    assert answer.status_code == 200
    assert answer.json["user"]["id"] == str(alice.id)
    cookie = client.get_cookie(COOKIE)
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert client.get("/api/v1/auth/me").json["csrfToken"] == answer.json["csrfToken"]


def test_the_token_of_the_answer_lets_the_browser_write(client_of, alice):
    client = client_of(None)
    login = client.post(LOGIN, json={"email": alice.email, "password": PASSWORD}).json

    made = client.post(
        "/api/v1/projects",
        json={"title": "Nuclei"},
        headers={"X-CSRF-Token": login["csrfToken"]},
    )

    assert made.status_code == 201


def test_the_second_login_works_like_the_first(client_of, alice):
    for _ in range(2):  # The first one stores a hash of today's cost.
        answer = client_of(None).post(LOGIN, json={"email": alice.email, "password": PASSWORD})
        assert answer.status_code == 200


def test_an_unknown_address_and_a_wrong_password_answer_the_same(client_of, alice):
    client = client_of(None)

    wrong = client.post(LOGIN, json={"email": alice.email, "password": "wrong horse"})
    unknown = client.post(LOGIN, json={"email": "nobody@lab.example", "password": "wrong horse"})

    assert is_problem(wrong, 401, "wrong_credentials")
    assert wrong.json == unknown.json
    assert client.get_cookie(COOKIE) is None


@pytest.mark.parametrize("body", [{}, {"email": "a@b"}, {"email": "a@b", "password": 7}])
def test_an_incomplete_login_is_refused(client_of, body):
    assert is_problem(client_of(None).post(LOGIN, json=body), 422, "invalid_input")


def test_logging_out_ends_the_login_everywhere(client_of, alice):
    client = client_of(alice)
    stolen = client.get_cookie(COOKIE).value

    answer = client.post(LOGOUT)

    assert answer.status_code == 204
    assert client.get_cookie(COOKIE) is None
    thief = client_of(None)
    thief.set_cookie(COOKIE, stolen)
    assert thief.get("/api/v1/auth/me").status_code == 401


def test_a_login_that_is_over_lets_nobody_in(client_of, alice, database):
    client = client_of(alice)
    expire_logins(database, alice)

    assert client.get("/api/v1/auth/me").status_code == 401


def test_the_use_of_a_login_is_noted(client_of, alice, database):
    client = client_of(alice)
    database.transact(
        lambda tx: tx.execute(
            text("UPDATE login_sessions SET seen_at = now() - interval '1 day' WHERE user_id = :u"),
            {"u": alice.id},
        )
    )

    client.get("/api/v1/auth/me")

    seen = text("SELECT seen_at > now() - interval '1 hour' FROM login_sessions WHERE user_id = :u")
    with database.reading() as connection:
        assert connection.execute(seen, {"u": alice.id}).scalar()


def expire_logins(database, account):
    statement = text("UPDATE login_sessions SET expires_at = now() WHERE user_id = :user_id")
    database.transact(lambda tx: tx.execute(statement, {"user_id": account.id}))
