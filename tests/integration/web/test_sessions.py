"""Logins: GET and DELETE /auth/sessions, POST /auth/password, and the orders they leave (R9)."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.actions.accounts import change_password
from shared.domain.control import read_order
from tests.factories import PASSWORD
from tests.integration.interleaving import held
from tests.integration.web.answers import is_problem

SESSIONS = "/api/v1/auth/sessions"
CHANGE = "/api/v1/auth/password"
LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"
NEW = "another-horse-8"


@pytest.fixture(autouse=True)
def empty_outbox(database):
    database.transact(lambda tx: tx.execute(text("DELETE FROM outbox")))


def orders(database):
    with database.reading() as connection:
        found = connection.execute(
            text("SELECT data::text FROM outbox WHERE channel = 'control' ORDER BY id")
        )
        return [read_order(written) for written in found.scalars()]


def change(client, *, current=PASSWORD, new=NEW):
    return client.post(CHANGE, json={"currentPassword": current, "newPassword": new})


def test_logins_are_listed_and_the_asking_one_is_marked(client_of, alice, bob):
    here, _, _ = client_of(alice), client_of(alice), client_of(bob)

    items = here.get(SESSIONS).json["items"]

    assert [each["current"] for each in items].count(True) == 1
    assert len(items) == 2
    assert items[0]["userAgent"] == "tests"
    assert set(items[0]) == {"id", "createdAt", "seenAt", "expiresAt", "userAgent", "current"}


def test_an_ended_login_lets_nobody_in_and_its_sockets_are_closed(client_of, alice, database):
    here, there = client_of(alice), client_of(alice)
    [other] = [each for each in here.get(SESSIONS).json["items"] if not each["current"]]

    assert here.delete(f"{SESSIONS}/{other['id']}").status_code == 204

    assert there.get(ME).status_code == 401
    assert here.get(ME).status_code == 200
    [order] = orders(database)
    assert (order.type, order.user_id) == ("endSession", alice.id)
    assert order.session_id == UUID(other["id"])


def test_all_other_logins_end_at_once_and_only_ones_own(client_of, alice, bob, database):
    here, there, his = client_of(alice), client_of(alice), client_of(bob)
    [other] = [each for each in here.get(SESSIONS).json["items"] if not each["current"]]

    assert here.delete(SESSIONS).status_code == 204

    assert [client.get(ME).status_code for client in (here, there, his)] == [200, 401, 200]
    assert [order.session_id for order in orders(database)] == [UUID(other["id"])]


def test_nobody_ends_anothers_login(client_of, alice, bob, database):
    [hers] = client_of(alice).get(SESSIONS).json["items"]
    his = client_of(bob)

    for session_id in (hers["id"], uuid4()):
        assert is_problem(his.delete(f"{SESSIONS}/{session_id}"), 404, "not_found")
    assert orders(database) == []


def test_logging_out_leaves_an_order(client_of, alice, database):
    client = client_of(alice)
    [mine] = client.get(SESSIONS).json["items"]

    client.post("/api/v1/auth/logout")

    assert [order.session_id for order in orders(database)] == [UUID(mine["id"])]


def test_a_revoked_token_leaves_an_order(client_of, alice, database):
    client = client_of(alice)
    made = client.post("/api/v1/auth/tokens", json={"name": "script"}).json

    client.delete(f"/api/v1/auth/tokens/{made['id']}")

    assert [order.session_id for order in orders(database)] == [UUID(made["id"])]


def test_another_password_ends_all_other_logins(client_of, alice, database):
    here, there = client_of(alice), client_of(alice)

    assert change(here).status_code == 204

    assert (here.get(ME).status_code, there.get(ME).status_code) == (200, 401)
    [order] = orders(database)
    [kept] = here.get(SESSIONS).json["items"]
    assert (order.type, order.except_session_id) == ("endUser", UUID(kept["id"]))
    stranger = client_of(None)
    old = stranger.post(LOGIN, json={"email": alice.email, "password": PASSWORD})
    new = stranger.post(LOGIN, json={"email": alice.email, "password": NEW})
    assert (old.status_code, new.status_code) == (401, 200)


def test_a_wrong_current_password_changes_nothing(client_of, alice, database):
    here, there = client_of(alice), client_of(alice)

    assert is_problem(change(here, current="wrong-horse-9"), 403, "wrong_password")

    assert there.get(ME).status_code == 200
    assert orders(database) == []


@pytest.mark.parametrize("new", ["short", "password123"])
def test_a_weak_password_is_refused(client_of, alice, new):
    assert is_problem(change(client_of(alice), new=new), 422, "weak_password")


def test_of_two_changes_at_once_the_second_is_refused(client_of, alice, database):
    """Else the one who was slower would think that theirs is the password now."""
    client = client_of(alice)

    with held("password.before_change", lambda: change_now(database, alice)):
        assert is_problem(change(client), 409, "password_changed")


def test_a_login_with_the_old_password_that_is_on_its_way_is_refused(client_of, alice, database):
    stranger = client_of(None)

    with held("login.before_begin", lambda: change_now(database, alice)):
        answer = stranger.post(LOGIN, json={"email": alice.email, "password": PASSWORD})

    assert is_problem(answer, 401, "wrong_credentials")


def change_now(database, account):
    change_password(database, account, current=PASSWORD, new="third-horse-9", kept_session=None)
