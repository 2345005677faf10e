"""The pages of the account: forms without JavaScript, and who may send them (A1, A3)."""

import re
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.factories import PASSWORD
from web.pages.settings.frame import PLACES

NEW = "another-horse-8"
SESSIONS = "/api/v1/auth/sessions"
TOKENS = "/api/v1/auth/tokens"
ME = "/api/v1/auth/me"

NOBODYS = UUID("00000000-0000-4000-8000-000000000000")

#: Every form of these pages: its address, and fields that it takes.
FORMS = {
    "/settings/profile": {"name": "Al", "language": "en-GB", "timeZone": "Europe/Prague"},
    "/settings/appearance": {"theme": "dark"},
    "/settings/password": {"currentPassword": PASSWORD, "newPassword": NEW},
    f"/settings/sessions/{NOBODYS}/end": {},
    "/settings/sessions/end-others": {},
    "/settings/tokens": {"name": "script", "scope": "read", "days": "30"},
    f"/settings/tokens/{NOBODYS}/revoke": {},
    "/settings/leaving": {"email": "alice@lab.example"},
}


def send(browser, path, **fields):
    """Send a form as the page does."""
    return browser.post(path, data={"csrf_token": browser.csrf, **fields})


def account_of(browser):
    return browser.get(ME).json["user"]


def test_every_form_is_walked_here(app):
    """A new form of these pages must come into FORMS."""
    forms = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/settings") and "POST" in rule.methods
    }

    walked = {re.sub(r"/[0-9a-f-]{36}/", "/<uuid>/", path) for path in FORMS}
    assert {re.sub(r"<uuid:\w+>", "<uuid>", rule) for rule in forms} == walked


@pytest.mark.parametrize("place", PLACES)
def test_a_stranger_signs_in_first_and_comes_back(client_of, place):
    answer = client_of(None).get(f"/settings/{place}")

    assert (answer.status_code, answer.location) == (303, f"/login?next=/settings/{place}")


@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_a_login_does_nothing(client_of, path):
    answer = client_of(None).post(path, data=FORMS[path])

    assert answer.status_code == 401
    assert "Your session has ended" in answer.text


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("forged", [None, "made-up", "anothers"])
def test_a_form_of_another_site_does_nothing(client_of, alice, bob, path, forged):
    browser = client_of(alice)
    browser.csrf = client_of(bob).csrf if forged == "anothers" else forged

    answer = send(browser, path, **FORMS[path])

    assert answer.status_code == 403
    assert browser.get(ME).status_code == 200


@pytest.mark.parametrize("place", PLACES)
def test_every_page_leads_to_all_of_them_and_is_kept_by_nobody(client_of, alice, place):
    page = client_of(alice).get(f"/settings/{place}")

    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert all(f'href="/settings/{each}"' in page.text for each in PLACES)
    assert page.text.count('aria-current="page"') == 1


def test_the_address_alone_leads_to_the_first_page(client_of, alice):
    assert client_of(alice).get("/settings").location == "/settings/profile"


def test_name_language_and_time_zone_are_kept(client_of, alice):
    browser = client_of(alice)
    browser.patch(ME, json={"preferences": {"engine": "classical", "theme": "light"}})

    answer = send(browser, "/settings/profile", **FORMS["/settings/profile"])

    page = browser.get(answer.location)
    user = account_of(browser)
    assert "Saved." in page.text
    assert '<html lang="en-GB" data-theme="light">' in page.text
    assert (user["name"], user["timeZone"]) == ("Al", "Europe/Prague")
    assert user["preferences"] == {"engine": "classical", "theme": "light", "language": "en-GB"}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Write your name"),
        ("timeZone", "Middle/Earth", "is not a time zone"),
        ("language", "tlh", "Choose one of those that are offered."),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_changed(client_of, alice, field, value, sentence):
    browser = client_of(alice)
    before = account_of(browser)

    answer = send(browser, "/settings/profile", **FORMS["/settings/profile"] | {field: value})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert sentence in answer.text
    assert account_of(browser) == before


def test_a_theme_goes_along_to_every_page(client_of, alice):
    browser = client_of(alice)

    answer = send(browser, "/settings/appearance", theme="dark")

    assert "Saved." in browser.get(answer.location).text
    assert 'data-theme="dark"' in browser.get("/").text
    assert send(browser, "/settings/appearance", theme="pink").status_code == 422


def test_what_a_script_wrote_into_the_preferences_breaks_no_page(client_of, alice):
    browser = client_of(alice)
    browser.patch(ME, json={"preferences": {"theme": ['"><script>'], "language": {"a": 1}}})

    page = browser.get("/settings/appearance")

    assert page.status_code == 200
    assert '<html lang="en">' in page.text


def test_another_password_ends_the_other_sessions_and_says_so(client_of, alice):
    """R9."""
    here, there = client_of(alice), client_of(alice)
    assert "ends all your other sessions" in here.get("/settings/password").text

    answer = send(here, "/settings/password", currentPassword=PASSWORD, newPassword=NEW)

    assert "all your other sessions have ended" in here.get(answer.location).text
    assert there.get(ME).status_code == 401


@pytest.mark.parametrize(
    ("current", "new", "status", "field"),
    [
        ("wrong-horse-9", NEW, 422, "currentPassword"),
        (PASSWORD, "shrt-7", 422, "newPassword"),
        (PASSWORD, "x" * 1025, 422, "newPassword"),
    ],
)
def test_a_password_that_cannot_be_is_refused_at_its_field(
    client_of, alice, current, new, status, field
):
    here, there = client_of(alice), client_of(alice)

    answer = send(here, "/settings/password", currentPassword=current, newPassword=new)

    assert answer.status_code == status
    assert f'href="#{field}"' in answer.text
    assert new not in answer.text
    assert there.get(ME).status_code == 200


def test_sessions_are_listed_and_end_one_by_one(client_of, alice):
    here, there = client_of(alice), client_of(alice)
    [other] = [each for each in here.get(SESSIONS).json["items"] if not each["current"]]
    page = here.get("/settings/sessions").text
    assert page.count("This browser") == 1
    assert page.index("This browser") < page.index(f"/settings/sessions/{other['id']}/end")

    answer = send(here, f"/settings/sessions/{other['id']}/end")

    assert "The session has ended." in here.get(answer.location).text
    assert there.get(ME).status_code == 401


def test_all_other_sessions_end_together(client_of, alice):
    here, there = client_of(alice), client_of(alice)

    answer = send(here, "/settings/sessions/end-others")

    page = here.get(answer.location).text
    assert "All your other sessions have ended." in page
    assert "/settings/sessions/end-others" not in page
    assert there.get(ME).status_code == 401


def test_nobody_ends_anothers_session_or_revokes_anothers_token(client_of, alice, bob):
    hers, his = client_of(alice), client_of(bob)
    [session] = hers.get(SESSIONS).json["items"]
    token = hers.post(TOKENS, json={"name": "script"}).json

    assert send(his, f"/settings/sessions/{session['id']}/end").status_code == 404
    assert send(his, f"/settings/tokens/{token['id']}/revoke").status_code == 404

    assert hers.get(ME).status_code == 200
    assert len(hers.get(TOKENS).json["items"]) == 1


def test_a_token_is_shown_once_works_and_is_revoked(client_of, alice):
    browser, script = client_of(alice), client_of(None)

    page = send(browser, "/settings/tokens", name="nightly", scope="read", days="30")

    token = re.search(r'id="token" readonly value="([^"]+)"', page.text)[1]
    header = {"Authorization": f"Bearer {token}"}
    assert script.get("/api/v1/projects", headers=header).status_code == 200
    [listed] = browser.get(TOKENS).json["items"]
    assert (listed["scope"], "expiresAt" in listed) == ("read", True)
    again = browser.get("/settings/tokens").text
    assert token not in again
    assert "nightly" in again

    answer = send(browser, f"/settings/tokens/{listed['id']}/revoke")

    assert "The token was revoked." in browser.get(answer.location).text
    assert script.get("/api/v1/projects", headers=header).status_code == 401


@pytest.mark.parametrize(
    ("field", "value"), [("name", " "), ("scope", "root"), ("days", "9"), ("days", "-1")]
)
def test_a_token_that_cannot_be_is_not_made(client_of, alice, field, value):
    browser = client_of(alice)
    fields = {"name": "nightly", "scope": "read", "days": "30"}

    answer = send(browser, "/settings/tokens", **fields | {field: value})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert browser.get(TOKENS).json["items"] == []


def test_a_token_that_is_over_is_said_to_be(client_of, alice, database):
    browser = client_of(alice)
    send(browser, "/settings/tokens", name="nightly", scope="all", days="30")
    database.transact(
        lambda tx: tx.execute(text("UPDATE api_tokens SET expires_at = now() - interval '1 s'"))
    )

    assert "Expired" in browser.get("/settings/tokens").text


def test_deleting_the_account_says_what_goes_and_needs_its_address(client_of, alice, make_project):
    make_project(uploaded=3)
    browser = client_of(alice)

    page = browser.get("/settings/leaving").text
    refused = send(browser, "/settings/leaving", email="bob@lab.example")

    assert "1 project of yours" in page
    assert "3 images" in page
    assert refused.status_code == 422
    assert "The account was not deleted" in refused.text
    assert browser.get(ME).status_code == 200


def test_a_deleted_account_is_signed_out_and_its_projects_are_gone(
    client_of, alice, bob, make_project, database
):
    project = make_project(uploaded=1)
    browser = client_of(alice)

    answer = send(browser, "/settings/leaving", email=f" {alice.email.upper()} ")

    assert answer.status_code == 200
    assert "Your account is deleted" in answer.text
    assert browser.get("/settings/profile").status_code == 303
    login = {"email": alice.email, "password": PASSWORD}
    assert client_of(None).post("/api/v1/auth/login", json=login).status_code == 401
    with database.reading() as connection:
        left = connection.execute(
            text("SELECT count(*) FROM projects WHERE id = :id"), {"id": project.id}
        ).scalar()
    assert left == 0


def test_moments_are_written_as_the_language_of_the_page_does(client_of, alice):
    client = client_of(alice)

    english = client.get("/settings/sessions", headers={"Accept-Language": "en-GB"}).text
    german = client.get("/settings/sessions", headers={"Accept-Language": "de-DE"}).text

    assert re.search(r"Last seen \d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d", english)
    assert re.search(r"Zuletzt gesehen \d\d\.\d\d\.\d{4}, \d\d:\d\d", german)
