"""From the dashboard to a download by keyboard alone; and what stays when the network goes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

MOST_STEPS = 120

#: What a screen reader would call the element that has the focus.
FOCUSED = """
() => {
  const here = document.activeElement;
  const named = here.getAttribute("aria-label") || here.innerText;
  return (named || here.labels?.[0]?.innerText || "").trim();
}
"""


def tab_to(page: Page, words: str, *, alone: bool = False) -> None:
    """Press Tab until the element that says *words* has the focus, or begins with them."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        said = page.evaluate(FOCUSED).strip()
        if said == words or (said.startswith(words) and not alone):
            return
    raise AssertionError(f"Tab never reaches {words!r}")


def test_a_project_is_opened_segmented_looked_at_and_exported_without_a_mouse(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, tmp_path: Path
) -> None:
    project = ana.rest.create_project("Plate 7")
    ana.rest.upload(project["id"], drawn_files(2))
    page = ana.sign_in(new_context(accept_downloads=True))
    page.locator(".card").wait_for()

    page.keyboard.press("/")
    page.keyboard.type("plate")
    tab_to(page, "Plate 7")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/projects/{project['id']}")
    page.locator(".tile").first.wait_for()
    tab_to(page, "Segment 2 unprocessed")
    page.keyboard.press("Enter")
    expect(page.locator("[data-tally]")).to_contain_text("2 of 2 segmented", timeout=PATIENCE)

    tab_to(page, "well-3-00.png")
    page.keyboard.press("Enter")
    page.wait_for_url("**/images/**")
    page.go_back()
    page.locator(".tile").first.wait_for()
    tab_to(page, "Export")
    page.keyboard.press("Enter")
    page.wait_for_url("**/exports")
    page.get_by_role("heading", name="New export").wait_for()
    tab_to(page, "Export", alone=True)
    page.keyboard.press("Enter")
    page.locator(".export-items li[data-status='done']").wait_for(timeout=PATIENCE)
    tab_to(page, "Download")
    with page.expect_download() as download:
        page.keyboard.press("Enter")

    download.value.save_as(tmp_path / "export.zip")
    assert (tmp_path / "export.zip").stat().st_size > 0


def test_the_focus_can_be_seen_wherever_it_is(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    """WCAG 2.4.7: on the dashboard every stop of Tab has an outline, its own or its card's."""
    project = ana.rest.create_project("Plate 7")
    ana.rest.upload(project["id"], drawn_files(1))
    page = ana.sign_in(new_context())
    page.locator(".card img").wait_for()

    seen = """
    () => {
      const here = document.activeElement;
      const shown = (each) => each && getComputedStyle(each).outlineStyle !== "none";
      const around = here.closest(".card, label");
      return here === document.body || shown(here) || shown(around);
    }
    """
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate(seen), page.evaluate("document.activeElement.outerHTML")


def test_without_a_network_the_page_stays_says_so_and_catches_up(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Plate 7")
    ana.rest.upload(project["id"], drawn_files(2))
    context = new_context()
    page = ana.sign_in(context)
    expect(page.locator(".pill.live")).to_be_visible(timeout=PATIENCE)

    context.set_offline(True)
    expect(page.locator(".pill.live")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("[data-tally]")).to_have_text("0 of 2 segmented")
    page.get_by_role("button", name="New project").first.click()
    expect(page.locator(".toast.bad")).to_contain_text("Check the connection")
    ana.rest.upload(project["id"], drawn_files(3, disk_count=4))

    context.set_offline(False)
    expect(page.locator(".pill.live")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("[data-tally]")).to_have_text("0 of 5 segmented", timeout=PATIENCE)
