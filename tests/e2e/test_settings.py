"""The pages of the account: whole without JavaScript, accessible, within the window."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PASSWORD, PATIENCE, Person
from tests.e2e.test_every_page import Witness, violations
from web.pages.assets import PREFIX

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]

PLACES = ("profile", "appearance", "password", "sessions", "tokens", "leaving")
NEW_PASSWORD = "another-horse-8"


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_every_page_of_the_account_is_accessible_fits_and_complains_of_nothing(
    ana: Person, new_context: NewContext, theme: str, width: int
) -> None:
    ana.rest._ask("POST", "auth/tokens", json={"name": "A microscope with a long name, room 2.117"})
    page = ana.sign_in(new_context(color_scheme=theme, viewport={"width": width, "height": 844}))
    witness = Witness(page, ana.address)

    for place in PLACES:
        witness.asked.clear()
        page.goto(f"{ana.address}/settings/{place}")
        assert violations(page) == [], place
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        asked = [url for url in witness.asked if PREFIX in url]
        assert len(asked) + 1 <= 5, (place, asked)
        assert witness.complaints == [], place


def test_what_is_refused_is_accessible_and_in_focus(ana: Person, new_context: NewContext) -> None:
    page = ana.sign_in(new_context(color_scheme="dark"))
    page.goto(f"{ana.address}/settings/password")
    page.fill("#currentPassword", "wrong-horse-9")
    page.fill("#newPassword", NEW_PASSWORD)

    page.get_by_role("button", name="Change the password").click()

    expect(page.get_by_role("alert")).to_contain_text("The current password is wrong.")
    assert page.evaluate("document.activeElement.id") == "refusal"
    assert violations(page) == []


def signed_in_without_javascript(person: Person, new_context: NewContext) -> Page:
    return person.sign_in(new_context(java_script_enabled=False))


def test_the_account_is_changed_without_javascript(ana: Person, new_context: NewContext) -> None:
    page = signed_in_without_javascript(ana, new_context)
    page.goto(f"{ana.address}/settings/profile")
    page.fill("#name", "Ana Ruiz Soler")
    page.select_option("#timeZone", "Europe/Madrid")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")

    page.goto(f"{ana.address}/settings/appearance")
    page.get_by_label("Dark", exact=True).last.check()
    page.get_by_role("button", name="Save").click()

    assert page.locator("html").get_attribute("data-theme") == "dark"
    user = ana.rest._ask("GET", "auth/me")["user"]
    assert (user["name"], user["timeZone"]) == ("Ana Ruiz Soler", "Europe/Madrid")


def test_another_password_signs_the_other_browser_out_at_once(
    ana: Person, new_context: NewContext
) -> None:
    """R9: its page says so by itself."""
    there = ana.sign_in(new_context())
    expect(there.locator("#conn .pill")).to_have_text("Live", timeout=PATIENCE)
    here = ana.sign_in(new_context())
    here.goto(f"{ana.address}/settings/password")
    here.fill("#currentPassword", PASSWORD)
    here.fill("#newPassword", NEW_PASSWORD)

    here.get_by_role("button", name="Change the password").click()

    expect(here.get_by_role("status").first).to_contain_text("all your other sessions have ended")
    expect(there.locator("#conn .pill")).to_have_text("Signed out", timeout=PATIENCE)


def test_the_theme_of_the_account_is_that_of_a_new_browser_and_a_browser_may_differ(
    ana: Person, new_context: NewContext
) -> None:
    page = ana.sign_in(new_context(color_scheme="light"))
    page.goto(f"{ana.address}/settings/appearance")
    page.locator(".settings").get_by_label("Dark").check()
    page.get_by_role("button", name="Save").click()

    other = ana.sign_in(new_context(color_scheme="light"))
    other.locator(".card, .empty").first.wait_for()
    assert background(other) == background(page) == "rgb(14, 18, 22)"

    other.locator(".menu summary").click()
    other.locator(".menu").get_by_text("Auto", exact=True).click()
    other.reload()
    assert background(other) == "rgb(246, 247, 249)"


def background(page: Page) -> str:
    found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return found


def test_a_token_is_copied_and_the_zone_of_the_browser_is_offered(
    ana: Person, new_context: NewContext
) -> None:
    page = ana.sign_in(new_context(timezone_id="Asia/Tokyo"))
    page.goto(f"{ana.address}/settings/profile")
    page.get_by_role("button", name="Use Asia/Tokyo").click()
    assert page.input_value("#timeZone") == "Asia/Tokyo"

    page.goto(f"{ana.address}/settings/tokens")
    page.get_by_label("What is it for?").fill("nightly")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_role("button", name="Copy").click()

    expect(page.locator("[data-copies]")).to_have_text("Copied")
    assert violations(page) == []


def test_an_account_is_deleted_by_typing_its_address(ana: Person, new_context: NewContext) -> None:
    ana.rest.create_project("Gone with it")
    page = ana.sign_in(new_context())
    page.locator(".menu summary").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Delete account").click()
    expect(page.get_by_text("1 project of yours")).to_be_visible()
    page.get_by_label(f"Type {ana.email} to confirm").fill(ana.email)

    page.get_by_role("button", name="Delete my account").click()

    expect(page.get_by_role("heading", name="Your account is deleted")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{ana.address}/")
    page.wait_for_url(f"{ana.address}/login?next=/")
