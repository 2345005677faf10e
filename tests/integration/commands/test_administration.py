"""`celltally user` and `celltally token`."""

from uuid import uuid4

import pytest
from click.testing import CliRunner

from shared.cli import celltally
from shared.credentials.passwords import is_password
from shared.database import accounts


@pytest.fixture
def email():
    return f"mira-{uuid4().hex}@lab.example"


@pytest.fixture
def run(database_url, servers, monkeypatch):
    """Return a function that runs `celltally …` on the database of the tests."""
    monkeypatch.setenv("CELLTALLY_DATABASE_URL", database_url)
    monkeypatch.setenv("CELLTALLY_REDIS_URL", servers.redis)
    return lambda *words, **options: CliRunner().invoke(celltally, words, **options)


@pytest.fixture
def account_of(database):
    def find(email):
        with database.reading() as connection:
            return accounts.by_email(connection, email)

    return find


def test_an_account_is_made_with_a_password_that_is_printed(run, email, account_of):
    done = run("user", "add", email, "--admin")

    account, password_hash = account_of(email)
    assert done.exit_code == 0, done.output
    assert account.is_admin
    assert is_password(done.output.split()[-1], password_hash)


def test_a_password_can_be_given(run, email, account_of):
    done = run("user", "add", email, "--password-stdin", input="spheroids at dawn\n")

    account, password_hash = account_of(email)
    assert "spheroids" not in done.output
    assert not account.is_admin
    assert is_password("spheroids at dawn", password_hash)


def test_an_account_that_is_there_is_promoted_and_else_refused(run, email, account_of):
    run("user", "add", email)

    again, promoted = run("user", "add", email), run("user", "add", email, "--admin")

    assert again.exit_code == 1
    assert "has an account already" in again.output
    assert promoted.exit_code == 0
    assert account_of(email)[0].is_admin


def test_a_weak_password_is_refused_in_one_line(run, email, account_of):
    done = run("user", "add", email, "--password-stdin", input="password1\n")

    assert done.exit_code == 1
    assert "Many people use this password" in done.output
    assert account_of(email) is None


def test_a_token_is_the_only_thing_printed_and_lets_its_owner_in(run, client_of, alice):
    done = run("token", "create", alice.email, "--name", "microscope")

    token = done.output.strip()
    answer = client_of(None).get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json["user"]["id"] == str(alice.id)


def test_a_token_may_be_for_reading_and_for_some_days(run, client_of, alice):
    done = run("token", "create", alice.email, "--name", "x", "--scope", "read", "--days", "7")

    bearer = {"Authorization": f"Bearer {done.output.strip()}"}
    [listed] = client_of(alice).get("/api/v1/auth/tokens").json["items"]
    assert (listed["scope"], "expiresAt" in listed) == ("read", True)
    stranger = client_of(None)
    assert stranger.get("/api/v1/projects", headers=bearer).status_code == 200
    made = stranger.post("/api/v1/projects", json={"title": "Plate 7"}, headers=bearer)
    assert made.status_code == 403


def test_a_token_for_nobody_is_refused(run, email):
    done = run("token", "create", email, "--name", "x")

    assert done.exit_code == 1
    assert "celltally user add" in done.output
