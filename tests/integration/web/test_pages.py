"""The HTML pages: who sees them, and what they begin with."""

import json
import re
from html.parser import HTMLParser
from uuid import uuid4

import numpy as np
import pytest
from werkzeug.test import TestResponse

from shared.config import Settings
from shared.domain.accounts import Role
from tests.factories import PASSWORD, insert_engine, share
from tests.images import disks, encoded, tiff
from tests.integration.web.answers import form_of
from web.access import COOKIE


def boot_of(answer: TestResponse) -> dict:
    """Return the values that a page was served with."""
    assert answer.status_code == 200, answer.text
    return json.loads(re.search(r'id="boot">(.*?)</script>', answer.text, re.DOTALL)[1])


def upload(client, project, name: str, content: bytes) -> dict:
    answer = client.post(f"/api/v1/projects/{project.id}/images", data=form_of((name, content)))
    assert answer.status_code == 201, answer.text
    return answer.json["images"][0]


def test_the_dashboard_begins_with_what_rest_answers(client_of, alice, make_project):
    make_project(segmented=2, failed=1)
    client = client_of(alice)

    boot = boot_of(client.get("/"))

    rest = client.get("/api/v1/dashboard").json
    assert boot["projects"] == rest["projects"]
    assert boot["metrics"] == rest["metrics"]
    assert boot["user"] == client.get("/api/v1/auth/me").json["user"]


def test_the_project_page_begins_with_what_rest_answers(client_of, alice, make_project, database):
    insert_engine(database)
    project = make_project(segmented=1, uploaded=2)
    client = client_of(alice)

    boot = boot_of(client.get(f"/projects/{project.id}"))

    rest = f"/api/v1/projects/{project.id}"
    assert boot["project"] == client.get(rest).json
    assert boot["images"] == client.get(f"{rest}/images?sort=filename&limit=100").json
    assert boot["engines"] == client.get("/api/v1/engines").json["items"]


def test_a_status_in_the_address_chooses_the_images(client_of, alice, make_project):
    project = make_project(segmented=1, failed=2)
    client = client_of(alice)

    failed = boot_of(client.get(f"/projects/{project.id}?status=failed"))
    nonsense = boot_of(client.get(f"/projects/{project.id}?status=nonsense"))

    assert [image["status"] for image in failed["images"]["items"]] == ["failed", "failed"]
    assert (nonsense["status"], len(nonsense["images"]["items"])) == ("", 3)


def test_the_image_page_knows_the_neighbours_in_the_order_of_the_gallery(
    client_of, alice, make_project
):
    project = make_project(uploaded=3)
    client = client_of(alice)
    gallery = client.get(f"/api/v1/projects/{project.id}/images?sort=filename").json["items"]
    first, middle, last = (image["id"] for image in gallery)

    page = client.get(f"/projects/{project.id}/images/{middle}")

    assert boot_of(page)["image"]["id"] == middle
    assert steps_of(page) == {"prev": first, "next": last}
    assert steps_of(client.get(f"/projects/{project.id}/images/{first}")) == {"next": middle}
    assert "2 / 3" in page.text


def steps_of(page: TestResponse) -> dict[str, str]:
    class Steps(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, str] = {}

        def handle_starttag(self, tag, attributes):
            named = dict(attributes)
            if tag == "a" and named.get("rel") in {"prev", "next"}:
                self.found[named["rel"]] = named["href"].rpartition("/")[2]

    steps = Steps()
    steps.feed(page.text)
    return steps.found


def test_an_image_is_not_shown_under_another_project(client_of, alice, make_project):
    project, other = make_project(uploaded=1), make_project()

    answer = client_of(alice).get(f"/projects/{other.id}/images/{project.image_ids[0]}")

    assert answer.status_code == 404


def test_a_stranger_gets_the_same_page_as_for_nothing(client_of, bob, make_project):
    project = make_project(uploaded=1)
    client = client_of(bob)
    nowhere = "00000000-0000-4000-8000-000000000000"

    hidden = client.get(f"/projects/{project.id}")
    absent = client.get(f"/projects/{nowhere}")

    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert without_nonces(hidden) == without_nonces(absent)
    assert "you have no access to it" in hidden.text


def without_nonces(page: TestResponse) -> str:
    return re.sub(r'nonce="[^"]*"', "", page.text)


def test_a_viewer_sees_the_page_with_the_role_in_it(client_of, bob, make_project, database):
    project = make_project(uploaded=1)
    share(database, project, bob, Role.VIEWER)

    boot = boot_of(client_of(bob).get(f"/projects/{project.id}"))

    assert boot["project"]["role"] == "viewer"


def test_who_is_not_signed_in_is_sent_to_the_form_and_back(client_of, alice, make_project):
    project = make_project()
    client = client_of(None)

    sent = client.get(f"/projects/{project.id}?status=failed")
    form = sent.headers["Location"]
    signed_in = client.post(form, data={"email": alice.email, "password": PASSWORD})

    assert (sent.status_code, signed_in.status_code) == (303, 303)
    assert signed_in.headers["Location"] == f"/projects/{project.id}?status=failed"
    assert "HttpOnly" in signed_in.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("path", "changed", "sentence"),
    [
        (
            "/login",
            {"password": "wrong-horse-7"},
            "Die E-Mail-Adresse oder das Passwort ist falsch.",
        ),
        ("/register", {}, "Diese Adresse hat schon ein Konto."),
        ("/register", {"email": "new@lab.example", "password": "1234"}, "Das Passwort ist zu kurz"),
    ],
)
def test_what_a_form_refuses_is_said_in_the_language_of_the_browser(
    client_of, alice, path, changed, sentence
):
    given = {"email": alice.email, "password": PASSWORD, "name": "Alice", **changed}

    answer = client_of(None).post(path, data=given, headers={"Accept-Language": "de"})

    assert answer.status_code in {401, 409, 422}
    assert sentence in answer.text
    assert "password is" not in answer.text
    assert "has an account" not in answer.text


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_form_leads_to_no_other_site(client_of, alice, wanted):
    answer = client_of(None).post(
        "/login", query_string={"next": wanted}, data={"email": alice.email, "password": PASSWORD}
    )

    assert answer.headers["Location"] == "/"


def test_a_form_of_another_site_signs_nobody_in(client_of, alice):
    answer = client_of(None).post(
        "/login",
        data={"email": alice.email, "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_an_incomplete_form_names_each_field_and_keeps_what_was_written(client_of):
    answer = client_of(None).post(
        "/register", data={"name": "", "email": "x", "password": "correct-horse-7"}
    )

    assert answer.status_code == 422
    assert 'href="#name"' in answer.text
    assert 'href="#email"' in answer.text
    assert 'href="#password"' not in answer.text
    assert 'value="x"' in answer.text
    assert "correct-horse-7" not in answer.text


def test_an_address_that_has_an_account_is_told(client_of, alice):
    answer = client_of(None).post(
        "/register", data={"name": "Al", "email": alice.email, "password": "correct-horse-7"}
    )

    assert answer.status_code == 409
    assert "has an account already" in answer.text


class TestWhereTheAdministratorMakesAccounts:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"registration": "closed"})

    def test_registering_is_refused_and_not_offered(self, client_of):
        given = {"name": "Al", "email": "al@lab.example", "password": "correct-horse-7"}
        client = client_of(None)

        assert client.post("/register", data=given).status_code == 403
        assert "/register" not in client.get("/login").text


def test_signing_out_ends_the_login(client_of, alice):
    client = client_of(alice)

    refused = client.post("/logout", data={"csrf_token": "forged"})
    still_in = client.get("/").status_code
    ended = client.post("/logout", data={"csrf_token": client.csrf})

    assert (refused.status_code, still_in) == (403, 200)
    assert ended.headers["Location"] == "/login"
    assert client.get("/").status_code == 303


def test_signing_out_also_ends_it_for_a_copy_of_the_cookie(client_of, alice):
    client, copy = client_of(alice), client_of(None)
    copy.set_cookie(COOKIE, client.get_cookie(COOKIE).value)

    client.post("/logout", data={"csrf_token": client.csrf})

    assert copy.get("/").status_code == 303


def test_a_page_is_kept_by_nobody_and_runs_only_our_scripts(client_of, alice):
    page = client_of(alice).get("/")
    policy = page.headers["Content-Security-Policy"]

    assert page.headers["Cache-Control"] == "no-store"
    nonces = set(re.findall(r'nonce="([^"]+)"', page.text))
    assert len(nonces) == 1
    assert f"'nonce-{nonces.pop()}'" in policy
    assert "unsafe" not in policy
    assert not re.search(r'\sstyle="|\son[a-z]+="', page.text)


def test_a_title_cannot_become_a_script(client_of, alice):
    client = client_of(alice)
    title = "</script><script>alert(1)</script><b>"
    project = client.post("/api/v1/projects", json={"title": title}).json

    for path in ("/", f"/projects/{project['id']}"):
        page = client.get(path)
        assert "<script>alert" not in page.text
        assert "<b>" not in page.text


@pytest.mark.parametrize(
    ("name", "content", "whole"),
    [
        ("drawn.png", encoded(disks()), True),
        ("deep.tif", tiff(disks().astype(np.uint16) * 40), False),
        ("wide.png", encoded(np.zeros((8, 4200), np.uint8)), False),
    ],
)
def test_a_page_asks_for_the_file_where_a_browser_draws_all_of_it(
    client_of, alice, make_project, name, content, whole
):
    """What has more bits than a screen, or more pixels than is quick, comes in tiles."""
    project, client = make_project(), client_of(alice)
    image = upload(client, project, name, content)

    page = client.get(f"/projects/{project.id}/images/{image['id']}")

    address = f"/api/v1/images/{image['id']}/content"
    assert boot_of(page)["whole"] == (address if whole else None)


def test_a_refusal_outside_the_api_is_a_page(client_of):
    answer = client_of(None).get("/nothing-here")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "<h1>Not found</h1>" in answer.text


def test_a_refusal_outside_the_api_speaks_the_language_of_the_browser(client_of, alice):
    german = {"Accept-Language": "de-AT"}

    absent = client_of(None).get("/nothing-here", headers=german)
    foreign = client_of(alice).get(f"/projects/{uuid4()}/results", headers=german)

    for answer in (absent, foreign):
        assert "<h1>Nicht gefunden</h1>" in answer.text
        assert "Unter dieser Adresse gibt es nichts" in answer.text
