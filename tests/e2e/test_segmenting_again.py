"""Segmenting selected images with another engine, after a look at what it finds (rules.md C)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_every_page import violations
from tests.e2e.test_live_pages import see

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]


@pytest.fixture
def folder(ana: Person, drawn_files: DrawnFiles) -> str:
    project = ana.rest.create_project("Plate 7")
    ana.rest.upload(project["id"], drawn_files(3, disk_count=4))
    return f"/projects/{project['id']}"


def chosen(ana: Person, new_context: NewContext, folder: str, **options: object) -> Page:
    """Open the project, select every image and ask for an engine."""
    page = ana.sign_in(new_context(reduced_motion="reduce", **options))
    page.goto(f"{ana.address}{folder}")
    page.locator(".tile").first.wait_for()
    page.keyboard.press("Control+a")
    page.locator(".bulk").get_by_role("button", name="Segment with…").click()
    page.locator("dialog.resegment").wait_for()
    return page


def test_a_preview_is_looked_at_and_then_all_are_segmented_so(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = chosen(ana, new_context, folder)
    dialog = page.locator("dialog.resegment")
    dialog.get_by_label("Engine").select_option("classical")
    dialog.locator("#again-method").select_option("otsu")

    dialog.get_by_role("button", name="Preview on this image").click()

    see(page, "[data-preview]", "4 objects in this image")
    expect(dialog.locator("svg path")).to_have_count(1)
    project_id = folder.rpartition("/")[2]
    assert ana.rest.stats(project_id)["queuedCount"] == 0
    assert ana.rest.stats(project_id)["uploadedCount"] == 3
    dialog.locator("#again-method").select_option("local")
    expect(page.locator("[data-preview]")).to_have_count(0)  # It was of other parameters.
    dialog.get_by_role("button", name="Segment 3").click()
    see(page, "[data-tally]", "3 of 3 segmented")
    [image, *_] = ana.rest.images(project_id)
    [run] = ana.rest.runs(image["id"])
    assert run["engine"]["name"] == "classical"
    assert run["engine"]["params"]["method"] == "local"


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_the_dialog_is_accessible_and_fits(
    ana: Person, new_context: NewContext, folder: str, theme: str, width: int
) -> None:
    options = {"color_scheme": theme, "viewport": {"width": width, "height": 844}}
    page = chosen(ana, new_context, folder, **options)
    assert violations(page) == []

    page.get_by_role("button", name="Preview on this image").click()
    page.locator("[data-preview]").wait_for(timeout=PATIENCE)

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_preview_that_is_refused_says_why_and_segmenting_goes_on(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = chosen(ana, new_context, folder)
    page.route("**/previews", lambda route: route.abort())

    page.get_by_role("button", name="Preview on this image").click()

    expect(page.locator("dialog").get_by_role("alert")).to_contain_text("does not answer")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.resegment")).to_have_count(0)
    expect(page.locator("[data-selected]")).to_have_text("3")
