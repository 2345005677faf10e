"""The page /shares/accept: sign in or register first, come back, and accept (A2)."""

from urllib.parse import parse_qs, urlsplit

import pytest

from shared.credentials.invitations import invitation_token
from shared.database import shares
from shared.database.shares import Offer
from shared.domain.accounts import Role
from tests.conftest import SECRET
from tests.factories import PASSWORD, share


@pytest.fixture
def invite(database, make_project):
    """Return a function that makes Alice's project and a token for it."""

    def made(email=None, role=Role.VIEWER):
        project = make_project()
        offered = Offer(email, role)
        share_id, _ = database.transact(lambda tx: shares.offer(tx.connection, project.id, offered))
        return project, f"/shares/accept?token={invitation_token(share_id, SECRET)}"

    return made


def press_accept(browser, address):
    token = parse_qs(urlsplit(address).query)["token"][0]
    return browser.post("/shares/accept", data={"token": token, "csrf_token": browser.csrf})


def test_it_says_who_shares_what_and_accepting_leads_there(invite, client_of, bob):
    project, address = invite(bob.email, Role.EDITOR)
    browser = client_of(bob)

    page = browser.get(address)
    answer = press_accept(browser, address)

    assert "Alice shares this project with you" in page.text
    assert "delete images" in page.text
    assert (answer.status_code, answer.location) == (303, f"/projects/{project.id}")
    assert browser.get(answer.location).status_code == 200


def test_looking_at_the_page_alone_gives_nothing(invite, client_of, bob):
    project, address = invite()
    browser = client_of(bob)

    browser.get(address)

    assert browser.get(f"/projects/{project.id}").status_code == 404


def test_a_stranger_registers_and_comes_back(invite, client_of):
    _, address = invite("new@lab.example")
    stranger = client_of(None)

    to_login = stranger.get(address)
    login = stranger.get(to_login.location)
    to_register = next(
        word for word in login.text.replace("&amp;", "&").split('"') if word.startswith("/register")
    )
    fields = {"name": "New", "email": "new@lab.example", "password": PASSWORD}
    registered = stranger.post(to_register, data=fields)

    assert to_login.status_code == 303
    assert (registered.status_code, registered.location) == (303, address)
    assert "Accept" in stranger.get(address).text


def test_an_invitation_of_somebody_else_and_a_made_up_one_look_alike(invite, client_of, charlie):
    _, address = invite("bob@lab.example")
    browser = client_of(charlie)

    foreign, made_up = browser.get(address), browser.get("/shares/accept?token=made-up")
    none_at_all = browser.get("/shares/accept")

    assert {page.status_code for page in (foreign, made_up, none_at_all)} == {404}
    assert "another e-mail address" in foreign.text
    assert press_accept(browser, address).status_code == 404


def test_the_owner_is_led_to_the_project(invite, client_of, alice):
    project, address = invite()

    answer = client_of(alice).get(address)

    assert (answer.status_code, answer.location) == (303, f"/projects/{project.id}")


def test_a_form_of_another_site_accepts_nothing(invite, client_of, bob):
    project, address = invite()
    browser = client_of(bob)
    browser.csrf = "forged"

    assert press_accept(browser, address).status_code == 403
    assert browser.get(f"/projects/{project.id}").status_code == 404


def test_who_is_not_signed_in_any_more_accepts_nothing(invite, client_of):
    _, address = invite()

    assert press_accept(client_of(None), address).status_code == 401


def test_members_see_no_share_and_no_token_on_the_project_page(invite, client_of, bob, database):
    project, address = invite()
    share(database, project, bob, Role.EDITOR)

    page = client_of(bob).get(f"/projects/{project.id}")

    assert address.partition("=")[2] not in page.text
