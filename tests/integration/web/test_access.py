"""Every route, walked as owner, editor, viewer, stranger and anonymous."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.database import batches, exports, previews, shares, uploads
from shared.database.exports import NewExport
from shared.database.previews import NewPreview
from shared.database.shares import Offer
from shared.database.uploads import NewUpload
from shared.domain.accounts import Role
from shared.domain.exports import ExportFormat, Selection
from tests.factories import share
from web.access import SAFE_METHODS
from web.api.openapi import methods_of

#: What may answer who is let in: the body is empty or wrong, and comes to be looked at.
LET_IN = {200, 201, 202, 204, 400, 404, 409, 412, 415, 422}

#: Who is let in by what a route says of itself.
ROLES = {"owner": ["owner"], "editor": ["owner", "editor"], "viewer": ["owner", "editor", "viewer"]}

#: These end the login, the account or the membership that the walk needs.
ENDING = {
    ("/api/v1/auth/logout", "POST"),
    ("/api/v1/auth/me", "DELETE"),
    ("/api/v1/projects/<uuid:project_id>/membership", "DELETE"),
}


@pytest.fixture
def routes(app):
    """Return (rule, method, who is let in) of every route of the API."""
    return [
        (rule, method, app.view_functions[rule.endpoint].lets_in)
        for rule in app.url_map.iter_rules()
        for method in methods_of(rule)
        if rule.rule.startswith("/api/")
    ]


@pytest.fixture
def address(make_project, database):
    """Return a function that fills a rule's variables with things of one project."""
    project = make_project(segmented=1, queued=1)
    batch = batch_of(database, project)
    values = {
        "project_id": project.id,
        "image_id": project.image_ids[0],
        "batch_id": batch,
        "run_id": run_of(database, project.image_ids[0]),
        "token_id": project.id,
        "session_id": project.id,
        "share_id": share_of(database, project),
        "export_id": export_of(database, project),
        "upload_id": upload_of(database, project),
        "preview_id": preview_of(database, project),
        **dict.fromkeys(["level", "column", "row", "plane"], 0),
    }

    def filled(rule):
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda variable: str(values[variable[1]]), rule.rule)

    filled.project = project
    return filled


@pytest.fixture
def member(address, client_of, database, bob):
    """Return a function that gives the browser of somebody with a role in the project."""

    def client(role):
        if role == "owner":
            return client_of(address.project.owner)
        share(database, address.project, bob, Role(role))
        return client_of(bob)

    return client


def test_every_route_says_who_is_let_in(app):
    silent = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not hasattr(app.view_functions[rule.endpoint], "lets_in")
        and not rule.rule.startswith("/assets/")
    ]

    assert silent == []


def test_nobody_gets_in_without_signing_in(routes, address, client_of):
    client = client_of(None)

    for rule, method, lets_in in routes:
        if lets_in != "public":
            answer = client.open(address(rule), method=method)
            assert answer.status_code == 401, (method, rule.rule, answer.text)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_stranger_cannot_tell_what_exists_from_what_does_not(routes, address, client_of, bob):
    client = client_of(bob)

    for rule, method, lets_in in routes:
        if lets_in in ROLES:
            answer = client.open(address(rule), method=method)
            missing = client.open(nowhere(rule), method=method)
            assert answer.status_code == 404, (method, rule.rule, answer.text)
            assert answer.data == missing.data, (method, rule.rule)


@pytest.mark.parametrize("role", ["viewer", "editor", "owner"])
def test_a_member_may_do_what_the_role_says_and_no_more(routes, address, member, role):
    client = member(role)

    for rule, method, lets_in in sorted(routes, key=lambda route: route[1] == "DELETE"):
        if lets_in not in ROLES or (rule.rule, method) in ENDING:
            continue
        status = client.open(address(rule), method=method).status_code
        expected = LET_IN if role in ROLES[lets_in] else {403}
        assert status in expected, (method, rule.rule, status)


def test_a_write_by_cookie_needs_the_token_of_the_login(routes, address, client_of, alice):
    client = client_of(alice)
    client.csrf = None

    for rule, method, lets_in in routes:
        if method not in SAFE_METHODS and lets_in != "public":
            answer = client.open(address(rule), method=method)
            assert answer.status_code == 403, (method, rule.rule, answer.text)
            assert answer.json["code"] == "csrf"


def test_the_token_of_another_login_does_not_do(client_of, alice, bob):
    client = client_of(alice)
    client.csrf = client_of(bob).csrf

    answer = client.post("/api/v1/projects", json={"title": "Forged"})

    assert answer.status_code == 403


def test_access_is_settled_before_the_body_is_looked_at(client_of, bob, make_project):
    project = make_project()

    answer = client_of(bob).post(f"/api/v1/projects/{project.id}/segment", data=b"{no json")

    assert answer.status_code == 404


def nowhere(rule):
    nothing = "00000000-0000-4000-8000-000000000000"
    return re.sub(r"<(?:\w+:)?(\w+)>", nothing, re.sub(r"<int:\w+>", "0", rule.rule))


def run_of(database, image_id):
    with database.reading() as connection:
        return connection.execute(
            text("SELECT id FROM runs WHERE image_id = :id"), {"id": image_id}
        ).scalar_one()


def share_of(database, project):
    offered = Offer(None, Role.VIEWER)
    return database.transact(lambda tx: shares.offer(tx.connection, project.id, offered)[0])


def export_of(database, project):
    new = NewExport(project.id, project.owner.id, (ExportFormat.CSV,), Selection())
    return database.transact(lambda tx: exports.insert(tx.connection, new, total=2)["id"])


def upload_of(database, project):
    new = NewUpload(uuid4(), project.id, project.owner.id, "a.png", None, 9, None, "", None)
    return database.transact(lambda tx: uploads.insert(tx.connection, new)["id"])


def preview_of(database, project):
    image_id = project.image_ids[0]
    new = NewPreview(project.id, image_id, project.owner.id, "classical", "1", {})
    return database.transact(lambda tx: previews.insert(tx.connection, new))


def batch_of(database, project):
    batch = batches.NewBatch(uuid4(), project.id, project.owner.id, "classical", {})
    database.transact(lambda tx: batches.insert(tx.connection, batch))
    return batch.id
