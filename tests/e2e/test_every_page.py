"""Every page: reachable, accessible, within the window, and all from here."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PASSWORD, PATIENCE, Person
from web.pages.assets import PREFIX
from web.pages.settings.frame import PLACES

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
#: The findings alone: all that axe looked at takes longer to be told than to be looked at.
FOUND = """rules => axe.run(document, { runOnly: rules }).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`)))"""
MOST_REQUESTS = 20
MOST_SCRIPT = 60_000  #: Bytes as they are sent, with the words that are said.
SCRIPT = """performance.getEntriesByType("resource")
  .filter(({ name }) => /\\.m?js$/.test(new URL(name).pathname))
  .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""


class Witness:
    """Keeps what a page should not have done, and what it asked for."""

    def __init__(self, page: Page, address: str) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )
        page.on("request", lambda request: self._asked(request.url, address))

    def _asked(self, url: str, address: str) -> None:
        self.asked.append(url)
        if not url.startswith((address, "data:", "blob:")):
            self.complaints.append(f"a request left for {url}")


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong."""
    page.evaluate(AXE)
    found: list[str] = page.evaluate(FOUND, RULES)
    return found


def test_a_picture_without_words_is_a_violation(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.set_content('<html lang="en"><title>A picture</title><main><img src="data:,"></main>')

    assert violations(page) == ["image-alt: img"]


def addresses_of(person: Person, files: list[Path]) -> dict[str, str]:
    """Make a project that shows something, and return each page with what it waits for."""
    project = person.rest.create_project("Nuclei, plate 07, žluťoučký kůň")
    images = person.rest.upload(project["id"], files)["images"]
    person.rest.segment(project["id"], engine="classical", select=[images[0]["id"]])
    person.rest.export(project["id"], formats=["csv", "coco"])
    empty = person.rest.create_project("Empty")
    folder = f"/projects/{project['id']}"
    return {
        "/": ".card",
        "/?view=list&q=nuclei": ".project-table tbody tr",
        "/projects": ".card",
        "/projects?view=list&sort=title": ".project-table tbody tr",
        "/projects?q=nowhere": ".empty",
        "/activity": ".feed-entry",
        folder: ".tile",
        f"{folder}?status=failed": ".empty",
        f"{folder}/exports": ".export-items li",
        f"{folder}/results": ".results-table tbody tr",
        f"{folder}/results?table=objects&q=well": ".results-table tbody tr",
        f"{folder}/activity": ".feed-entry",
        f"{folder}/settings": "#title",
        f"{folder}?q=nothing": ".empty",
        f"/projects/{empty['id']}/results": ".empty",
        f"/projects/{empty['id']}": ".drop",
        f"/projects/{empty['id']}/exports": ".empty",
        f"{folder}/images/{images[0]['id']}": ".object-row",
        f"{folder}/images/{images[1]['id']}": ".empty",
        **{f"/settings/{place}": ".settings-part" for place in PLACES},
        "/api/v1/docs": "table",
        "/nothing-here": "h1",
    }


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 768)]
)
def test_every_page_is_accessible_and_fits(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, theme: str, width: int
) -> None:
    # Without motion: the colours of a toast that is fading in are nobody's choice.
    context = new_context(
        color_scheme=theme, viewport={"width": width, "height": 844}, reduced_motion="reduce"
    )
    page = ana.sign_in(context)

    for address, awaited in addresses_of(ana, drawn_files(3)).items():
        page.goto(f"{ana.address}{address}")
        expect(page.locator(awaited).first, address).to_be_visible(timeout=PATIENCE)
        assert violations(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_the_forms_are_accessible(address: str, new_context: NewContext) -> None:
    for theme in ("light", "dark"):
        page = new_context(color_scheme=theme).new_page()
        for form in ("/login", "/register"):
            page.goto(f"{address}{form}")
            assert violations(page) == [], (form, theme)


def test_no_page_complains_or_asks_another_server_or_too_often(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    addresses = addresses_of(ana, drawn_files(3))
    state = ana.sign_in(new_context()).context.storage_state()

    for address, awaited in addresses.items():
        if address == "/nothing-here":
            continue
        page = new_context(storage_state=state).new_page()
        witness = Witness(page, ana.address)
        page.goto(f"{ana.address}{address}")
        expect(page.locator(awaited).first, address).to_be_visible(timeout=PATIENCE)

        assert witness.complaints == [], address
        first_view = [url for url in witness.asked if PREFIX in url and "latin-ext" not in url]
        assert len(first_view) + 1 <= MOST_REQUESTS, address
        assert page.evaluate(SCRIPT) <= MOST_SCRIPT, address


def test_people_register_and_sign_in_without_javascript(
    address: str, new_context: NewContext
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/register?next=/projects/none")
    page.fill("#name", "Jan Novák")
    page.fill("#email", "jan@lab.example")
    page.fill("#password", "short")
    page.click("form button")
    assert "too short" in page.get_by_role("alert").inner_text()
    assert page.input_value("#email") == "jan@lab.example"

    page.fill("#password", PASSWORD)
    page.click("form button")

    assert page.url == f"{address}/projects/none"
    page.goto(address)
    assert "JavaScript" in page.locator("noscript").inner_text()


def test_a_wrong_password_is_told_in_words_and_says_not_which_half_is_wrong(
    ana: Person, new_context: NewContext
) -> None:
    page = new_context().new_page()
    page.goto(f"{ana.address}/login")
    page.fill("#email", ana.email)
    page.fill("#password", "another-horse-7")
    page.click("form button")

    assert "e-mail address or the password is wrong" in page.get_by_role("alert").inner_text()
    assert page.evaluate("document.activeElement.id") == "refusal"


def test_signing_out_ends_the_login_and_the_way_back_leads_where_one_was(
    ana: Person, new_context: NewContext
) -> None:
    project = ana.rest.create_project("Here")
    page = ana.sign_in(new_context())
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{ana.address}/login")

    page.goto(f"{ana.address}/projects/{project['id']}")
    page.fill("#email", ana.email)
    page.fill("#password", PASSWORD)
    page.click("form button")

    page.wait_for_url(f"{ana.address}/projects/{project['id']}")


def test_the_theme_is_chosen_at_once_and_remembered(ana: Person, new_context: NewContext) -> None:
    page = ana.sign_in(new_context(color_scheme="light"))
    page.locator(".menu summary").click()
    page.get_by_text("Dark", exact=True).click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.reload()

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert dark == "rgb(14, 18, 22)"
