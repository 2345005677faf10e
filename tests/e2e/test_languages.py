"""The pages in other languages: German, and the one that no people speak."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_every_page import addresses_of

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

#: Elements whose words must be seen whole; titles and names of files may end in dots.
CUT = """
() => [...document.querySelectorAll(
    ".button, .chip, .badge, .pill, .kpi-name, .kpi-more, .kpi-trend > span, legend, label, "
    + ".card-foot, .card-line, h2, th, .hint, .note p, .empty p")]
  .filter((each) => each.offsetParent !== null && !each.closest(".visually-hidden"))
  .filter((each) => {
    const style = getComputedStyle(each);
    const hides = style.overflowX !== "visible" && style.textOverflow !== "ellipsis";
    return hides && each.scrollWidth > each.clientWidth + 1;
  })
  .map((each) => `${each.className || each.tagName}: ${each.textContent.trim().slice(0, 60)}`)
"""


#: What reaches beyond the window, the innermost of it.
WIDE = """
() => [...document.querySelectorAll("main *, header *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && !each.firstElementChild)
  .map((each) => `${each.className || each.tagName}: ${each.textContent.trim().slice(0, 40)}`)
"""


def speak(person: Person, language: str) -> None:
    person.rest._ask("PATCH", "/auth/me", json={"preferences": {"language": language}})


@pytest.mark.parametrize("width", [390, 1280])
def test_a_longer_language_fits_every_page(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, width: int
) -> None:
    addresses = addresses_of(ana, drawn_files(3))
    speak(ana, "en-XA")
    page = ana.sign_in(new_context(viewport={"width": width, "height": 844}))

    problems = []
    for address, awaited in addresses.items():
        page.goto(f"{ana.address}{address}")
        page.locator(awaited).first.wait_for()
        problems += [f"{address}: {cut}" for cut in page.evaluate(CUT)]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            problems.append(f"{address} is too wide for {page.evaluate(WIDE)}")
        if "[" not in page.locator("body").inner_text():
            problems.append(f"{address} speaks another language")

    assert problems == []


def headings(page: Page) -> list[str]:
    return page.get_by_role("heading").all_inner_texts()


def test_a_browser_that_asks_for_german_gets_it_before_and_after_signing_in(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Platte 7")
    ana.rest.upload(project["id"], drawn_files(2))
    context = new_context(locale="de-DE")
    page = context.new_page()
    page.goto(f"{ana.address}/login")
    assert headings(page) == ["Anmelden"]
    assert page.evaluate("document.documentElement.lang") == "de"

    page = ana.sign_in(context)
    expect(page.locator("[data-tally]")).to_have_text("0 von 2 segmentiert", timeout=PATIENCE)
    expect(page.locator(".feed-entry").first).to_contain_text("lud 2 Bilder in Platte 7 hoch")
    expect(page.get_by_role("progressbar")).to_have_attribute(
        "aria-valuetext", "0 von 2 segmentiert, 2 nicht segmentiert"
    )


def test_the_language_is_chosen_in_the_settings_and_holds_on_every_device(
    ana: Person, new_context: NewContext
) -> None:
    page = ana.sign_in(new_context(locale="en-GB"))
    page.goto(f"{ana.address}/settings/profile")
    page.get_by_label("Language and formats").select_option("de")
    page.get_by_role("button", name="Save").click()

    page.get_by_text("Gespeichert.").wait_for()
    other = ana.sign_in(new_context(locale="en-US"))
    assert "Übersicht" in headings(other)

    other.goto(f"{ana.address}/settings/profile")
    other.locator("#language").select_option("")
    other.get_by_role("button", name="Speichern").click()
    other.get_by_text("Saved.").wait_for()


def test_the_sheet_of_keys_speaks_the_language_of_the_page(
    ana: Person, new_context: NewContext
) -> None:
    speak(ana, "de")
    page = ana.sign_in(new_context())
    for address in ("/", "/settings/profile"):
        page.goto(f"{ana.address}{address}")
        page.locator("h1").wait_for()
        page.keyboard.press("?")
        expect(page.locator("#shortcuts h2")).to_have_text("Tastenkürzel", timeout=PATIENCE)
        expect(page.locator("#shortcuts")).to_contain_text("Strg")
