"""DELETE /api/v1/auth/me: the account goes, with its projects and all that it could do."""

import pytest
from sqlalchemy import text

from shared.actions.delete_account import delete_account, finish_accounts
from shared.actions.delete_project import finish_deletions
from shared.database.accounts import by_email
from shared.domain.accounts import Role
from tests.factories import PASSWORD, insert_project, share
from tests.integration.web.answers import is_problem

ME = "/api/v1/auth/me"


@pytest.fixture(autouse=True)
def empty_outbox(database):
    database.transact(lambda tx: tx.execute(text("DELETE FROM outbox")))


def messages(database):
    with database.reading() as connection:
        rows = connection.execute(text("SELECT channel, type, data FROM outbox ORDER BY id"))
        return [(row.channel, row.type, row.data) for row in rows]


def exists(database, table, identifier):
    with database.reading() as connection:
        found = connection.execute(
            text(f"SELECT 1 FROM {table} WHERE id = :id"), {"id": identifier}
        )
        return found.first() is not None


def test_nothing_is_left_of_the_account_and_its_projects(
    client_of, alice, bob, make_project, database
):
    project = make_project(segmented=2)
    share(database, project, bob, Role.EDITOR)
    browser = client_of(alice)
    token = browser.post("/api/v1/auth/tokens", json={"name": "script"}).json["token"]

    answer = browser.delete(ME)

    assert answer.status_code == 204
    assert not exists(database, "users", alice.id)
    assert not exists(database, "projects", project.id)
    assert client_of(bob).get(f"/api/v1/projects/{project.id}").status_code == 404
    bearer = {"Authorization": f"Bearer {token}"}
    assert client_of(None).get(ME, headers=bearer).status_code == 401


def test_its_sockets_end_and_members_of_its_projects_are_told(
    client_of, alice, bob, make_project, database
):
    """R8, R9."""
    project = make_project()
    share(database, project, bob, Role.VIEWER)

    client_of(alice).delete(ME)

    left = messages(database)
    assert ("control", "endUser", {"type": "endUser", "userId": str(alice.id)}) in left
    assert [
        (data["projectId"], data["change"])
        for channel, _, data in left
        if channel == f"user:{bob.id}"
    ] == [(str(project.id), "deleted")]
    revoked = {data["userId"] for _, kind, data in left if kind == "revoke"}
    assert str(bob.id) in revoked


def test_it_leaves_the_projects_of_others(client_of, alice, bob, make_project, database):
    project = make_project(bob)
    share(database, project, alice, Role.EDITOR)

    client_of(alice).delete(ME)

    [listed] = client_of(bob).get(f"/api/v1/projects/{project.id}/shares").json["items"]
    assert "acceptedBy" not in listed
    assert exists(database, "projects", project.id)


def test_the_address_is_free_at_once_and_nobody_signs_in_to_the_old_account(
    client_of, alice, database, queue, make_project
):
    make_project(uploaded=1)
    delete_account(database, queue, alice.id, budget_seconds=0)
    stranger = client_of(None)
    login = {"email": alice.email, "password": PASSWORD}

    assert is_problem(stranger.post("/api/v1/auth/login", json=login), 401, "wrong_credentials")
    answer = stranger.post("/api/v1/auth/register", json={**login, "name": "Alice"})

    assert answer.status_code == 201
    with database.reading() as connection:
        assert by_email(connection, f"deleted:{alice.id}") is None


def test_what_the_request_had_no_time_for_is_finished_later(alice, make_project, database, queue):
    projects = [make_project(uploaded=2).id, make_project(uploaded=1).id]

    assert delete_account(database, queue, alice.id, budget_seconds=0) is False
    assert exists(database, "users", alice.id)
    assert finish_accounts(database, queue) == 0

    assert not exists(database, "users", alice.id)
    assert not any(exists(database, "projects", each) for each in projects)
    assert finish_deletions(database, queue) == 0


def test_a_project_that_was_made_meanwhile_goes_too(alice, make_project, database, queue):
    make_project(uploaded=1)
    delete_account(database, queue, alice.id, budget_seconds=0)
    late = insert_project(database, alice)

    finish_accounts(database, queue)

    assert not exists(database, "projects", late.id)
    assert not exists(database, "users", alice.id)
