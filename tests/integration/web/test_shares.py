"""Shares: GET, POST and DELETE below a project, POST /shares/accept, DELETE …/membership (A2)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.actions.delete_project import delete_project
from shared.actions.shares import accept_share, revoke_share
from shared.credentials.invitations import share_of_token
from shared.domain.errors import NotFoundError
from tests.conftest import SECRET
from tests.factories import insert_account
from tests.integration.interleaving import held
from tests.integration.web.answers import is_problem

ACCEPT = "/api/v1/shares/accept"


@pytest.fixture
def project(make_project):
    return make_project(uploaded=1)


@pytest.fixture
def owner(client_of, alice):
    return client_of(alice)


@pytest.fixture
def guest(client_of, bob):
    return client_of(bob)


def shares_of(project):
    return f"/api/v1/projects/{project.id}/shares"


def offer(owner, project, **body):
    answer = owner.post(shares_of(project), json={"role": "viewer", **body})
    assert answer.status_code == 201, answer.text
    return answer.json


def accept(browser, share):
    return browser.post(ACCEPT, json={"token": share["token"]})


def role_of(browser, project):
    """Return the role that the browser's account has; None when it is told of no such project."""
    answer = browser.get(f"/api/v1/projects/{project.id}")
    listed = [each["id"] for each in browser.get("/api/v1/projects").json["items"]]
    assert (str(project.id) in listed) == (answer.status_code == 200)
    return answer.json.get("role")


def soon():
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


def expire(database, share):
    statement = text("UPDATE project_shares SET expires_at = now() WHERE id = :id")
    database.transact(lambda tx: tx.execute(statement, {"id": share["id"]}))


def share_id(share):
    return share_of_token(share["token"], SECRET)


def test_a_share_shows_its_owner_how_to_let_somebody_in(owner, project, bob):
    share = offer(owner, project, email=bob.email, role="editor", expiresAt=soon())

    assert (share["email"], share["role"], share["status"]) == (bob.email, "editor", "pending")
    assert share["url"].endswith(f"/shares/accept?token={share['token']}")
    assert share["expiresAt"].endswith("Z")
    assert "acceptedBy" not in share
    [listed] = owner.get(shares_of(project)).json["items"]
    assert listed == share


def test_the_token_is_stored_nowhere(owner, project, database):
    share = offer(owner, project, link=True)

    with database.reading() as connection:
        stored = connection.execute(text("SELECT project_shares::text FROM project_shares"))
        assert all(share["token"] not in row for (row,) in stored)


def test_a_pending_invitation_gives_nothing(owner, guest, project, bob):
    offer(owner, project, email=bob.email)

    assert role_of(guest, project) is None


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_who_accepts_is_in_with_the_role_of_the_share(owner, guest, project, bob, role):
    share = offer(owner, project, email=bob.email, role=role)

    answer = accept(guest, share)

    assert answer.status_code == 200
    assert (answer.json["id"], answer.json["role"]) == (str(project.id), role)
    assert role_of(guest, project) == role
    [listed] = owner.get(shares_of(project)).json["items"]
    assert listed["status"] == "accepted"
    assert [member["id"] for member in listed["acceptedBy"]] == [str(bob.id)]


def test_accepting_twice_is_accepting_once(owner, guest, project, bob):
    share = offer(owner, project, email=bob.email)

    answers = [accept(guest, share), accept(guest, share)]

    assert [answer.status_code for answer in answers] == [200, 200]
    [listed] = owner.get(shares_of(project)).json["items"]
    assert len(listed["acceptedBy"]) == 1


def test_an_email_share_admits_that_address_only_in_whatever_case(
    owner, guest, client_of, charlie, project, bob
):
    share = offer(owner, project, email=bob.email.upper())

    assert is_problem(accept(client_of(charlie), share), 404, "not_found")
    assert accept(guest, share).status_code == 200


def test_an_address_may_register_after_it_was_invited(owner, project, client_of, app, database):
    share = offer(owner, project, email="later@lab.example")
    stranger = client_of(None)
    stranger.post(
        "/api/v1/auth/register",
        json={"email": "Later@lab.example", "name": "Lea", "password": "correct-horse-7"},
    )
    login = stranger.post(
        "/api/v1/auth/login", json={"email": "later@lab.example", "password": "correct-horse-7"}
    )
    stranger.csrf = login.json["csrfToken"]

    assert accept(stranger, share).status_code == 200


def test_a_link_admits_everyone_who_holds_it_until_it_is_revoked(
    owner, client_of, bob, charlie, database, project
):
    share = offer(owner, project, link=True)
    members = [client_of(bob), client_of(charlie)]

    for member in members:
        assert accept(member, share).status_code == 200
    [listed] = owner.get(shares_of(project)).json["items"]
    assert (listed["status"], len(listed["acceptedBy"])) == ("accepted", 2)
    assert "email" not in listed
    assert owner.delete(f"{shares_of(project)}/{share['id']}").status_code == 204

    assert [role_of(member, project) for member in members] == [None, None]
    late = client_of(insert_account(database, "Dora"))
    assert is_problem(accept(late, share), 404, "not_found")
    assert owner.get(shares_of(project)).json["items"][0]["status"] == "revoked"


def test_a_link_stays_accepted_when_all_have_left(owner, guest, project):
    share = offer(owner, project, link=True)
    accept(guest, share)

    assert guest.delete(f"/api/v1/projects/{project.id}/membership").status_code == 204

    assert role_of(guest, project) is None
    [listed] = owner.get(shares_of(project)).json["items"]
    assert (listed["status"], "acceptedBy" in listed) == ("accepted", False)


def test_who_left_may_come_back_by_an_email_share(owner, guest, project, bob):
    share = offer(owner, project, email=bob.email)
    accept(guest, share)
    guest.delete(f"/api/v1/projects/{project.id}/membership")
    [listed] = owner.get(shares_of(project)).json["items"]
    assert listed["status"] == "pending"

    assert accept(guest, share).status_code == 200


def test_the_owner_cannot_leave(owner, project):
    answer = owner.delete(f"/api/v1/projects/{project.id}/membership")

    assert is_problem(answer, 409, "own_project")


def test_a_stranger_cannot_leave(guest, project):
    answer = guest.delete(f"/api/v1/projects/{project.id}/membership")

    assert is_problem(answer, 404, "not_found")


def test_an_expired_share_gives_nothing_and_cannot_be_accepted(
    owner, guest, client_of, charlie, database, project
):
    share = offer(owner, project, link=True, expiresAt=soon())
    accept(guest, share)
    expire(database, share)

    assert role_of(guest, project) is None
    assert is_problem(accept(client_of(charlie), share), 404, "not_found")
    assert owner.get(shares_of(project)).json["items"][0]["status"] == "expired"


def test_sharing_again_with_an_address_changes_role_and_end(owner, guest, project, bob):
    share = offer(owner, project, email=bob.email)
    accept(guest, share)

    again = owner.post(
        shares_of(project), json={"email": bob.email.title(), "role": "editor", "expiresAt": soon()}
    )

    assert (again.status_code, again.json["id"]) == (200, share["id"])
    assert "expiresAt" in again.json
    assert role_of(guest, project) == "editor"
    assert len(owner.get(shares_of(project)).json["items"]) == 1


def test_sharing_again_renews_an_expired_share(owner, guest, project, bob, database):
    share = offer(owner, project, email=bob.email)
    accept(guest, share)
    expire(database, share)

    owner.post(shares_of(project), json={"email": bob.email, "role": "viewer"})

    assert role_of(guest, project) == "viewer"


def test_after_a_revoke_the_address_must_be_invited_and_accept_anew(owner, guest, project, bob):
    share = offer(owner, project, email=bob.email)
    accept(guest, share)
    owner.delete(f"{shares_of(project)}/{share['id']}")

    again = offer(owner, project, email=bob.email)

    assert again["id"] != share["id"]
    assert role_of(guest, project) is None
    assert is_problem(accept(guest, share), 404, "not_found")
    assert accept(guest, again).status_code == 200


def test_of_two_shares_the_better_role_counts_until_it_ends(owner, guest, project, bob):
    offered = [
        offer(owner, project, email=bob.email, role="editor"),
        offer(owner, project, link=True),
    ]
    for share in offered:
        accept(guest, share)
    assert role_of(guest, project) == "editor"

    owner.delete(f"{shares_of(project)}/{offered[0]['id']}")

    assert role_of(guest, project) == "viewer"


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda each: f"  {each} "])
def test_nobody_shares_with_themselves(owner, project, alice, change):
    answer = owner.post(shares_of(project), json={"email": change(alice.email), "role": "viewer"})

    assert is_problem(answer, 422, "own_address")


@pytest.mark.parametrize("how", ["email", "link"])
def test_the_owner_cannot_accept(owner, project, bob, how):
    share = offer(owner, project, **({"email": bob.email} if how == "email" else {"link": True}))

    assert is_problem(accept(owner, share), 409, "own_project")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"role": "viewer"},
        {"email": "bob@lab.example"},
        {"link": False, "role": "viewer"},
        {"link": True, "email": "bob@lab.example", "role": "viewer"},
        {"link": True, "role": "owner"},
        {"link": True, "role": "viewer", "expiresAt": "2020-01-01T00:00:00Z"},
        {"link": True, "role": "viewer", "expiresAt": "2030-01-01T00:00:00"},
        {"link": True, "role": "viewer", "expiresAt": "9999-12-31T23:59:59-23:59"},
        {"email": "no address", "role": "viewer"},
    ],
)
def test_what_is_no_offer_is_refused(owner, project, body):
    assert owner.post(shares_of(project), json=body).status_code == 422
    assert owner.get(shares_of(project)).json["items"] == []


@pytest.mark.parametrize("token", ["", "x", "A" * 64, "é" * 64, "=" * 64, "A" * 63 + "!"])
def test_a_made_up_token_is_not_found(guest, token):
    assert is_problem(guest.post(ACCEPT, json={"token": token}), 404, "not_found")


def test_a_token_of_a_project_that_is_gone_is_not_found(owner, guest, project, database, queue):
    share = offer(owner, project, link=True)
    delete_project(database, queue, project.id)

    assert is_problem(accept(guest, share), 404, "not_found")


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_members_neither_see_nor_change_the_shares(owner, guest, project, bob, role):
    share = offer(owner, project, email=bob.email, role=role)
    accept(guest, share)

    for method, address in [
        ("GET", shares_of(project)),
        ("POST", shares_of(project)),
        ("DELETE", f"{shares_of(project)}/{share['id']}"),
    ]:
        answer = guest.open(address, method=method)
        assert is_problem(answer, 403, "forbidden")
        assert share["token"] not in answer.text


def test_a_share_of_another_project_is_not_found(owner, client_of, charlie, make_project, project):
    other = make_project(charlie)
    share = offer(client_of(charlie), other, link=True)

    answer = owner.delete(f"{shares_of(project)}/{share['id']}")

    assert is_problem(answer, 404, "not_found")
    assert is_problem(owner.delete(f"{shares_of(project)}/{uuid4()}"), 404, "not_found")


def test_revoking_twice_changes_nothing(owner, project):
    share = offer(owner, project, link=True)

    answers = [owner.delete(f"{shares_of(project)}/{share['id']}") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]


def test_shares_come_in_pages_newest_first(owner, project):
    ids = [offer(owner, project, email=f"person-{n}@lab.example")["id"] for n in range(5)]
    found, cursor = [], ""

    while cursor is not None:
        address = f"{shares_of(project)}?limit=2" + (f"&cursor={cursor}" if cursor else "")
        page = owner.get(address).json
        found += [share["id"] for share in page["items"]]
        cursor = page["nextCursor"]

    assert found == ids[::-1]


def test_a_share_that_is_revoked_while_somebody_accepts_admits_nobody(
    owner, guest, project, database
):
    share = offer(owner, project, link=True)

    def revoke():
        database.transact(lambda tx: revoke_share(tx, project.id, share_id(share)))

    with held("share.before_lock", revoke):
        assert is_problem(accept(guest, share), 404, "not_found")
    assert role_of(guest, project) is None


def test_a_share_that_expires_while_somebody_accepts_admits_nobody(owner, guest, project, database):
    share = offer(owner, project, link=True, expiresAt=soon())

    with held("share.before_lock", lambda: expire(database, share)):
        assert is_problem(accept(guest, share), 404, "not_found")


def test_a_project_that_is_deleted_while_somebody_accepts_admits_nobody(
    owner, guest, project, database, queue
):
    share = offer(owner, project, link=True)

    with held("share.before_lock", lambda: delete_project(database, queue, project.id)):
        assert is_problem(accept(guest, share), 404, "not_found")


def test_two_who_accept_at_once_are_both_in(owner, project, database, bob, charlie, client_of):
    share = offer(owner, project, link=True)

    def other():
        database.transact(lambda tx: accept_share(tx, share_id(share), charlie))

    with held("share.before_lock", other):
        assert accept(client_of(bob), share).status_code == 200

    [listed] = owner.get(shares_of(project)).json["items"]
    assert {member["id"] for member in listed["acceptedBy"]} == {str(bob.id), str(charlie.id)}


def test_one_who_accepts_twice_at_once_is_in_once(owner, project, database, bob, client_of):
    share = offer(owner, project, link=True)

    def other():
        database.transact(lambda tx: accept_share(tx, share_id(share), bob))

    with held("share.before_lock", other):
        assert accept(client_of(bob), share).status_code == 200

    [listed] = owner.get(shares_of(project)).json["items"]
    assert len(listed["acceptedBy"]) == 1


def test_a_project_that_is_being_deleted_cannot_be_shared(project, database, queue):
    delete_project(database, queue, project.id)

    with pytest.raises(NotFoundError):
        database.transact(lambda tx: revoke_share(tx, project.id, uuid4()))
