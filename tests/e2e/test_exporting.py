"""What people see when they export: the form, the progress, the file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_every_page import violations
from tests.exports import unzipped

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]


def see(page: Page, selector: str, text: str) -> None:
    expect(page.locator(selector).first).to_contain_text(text, timeout=PATIENCE)


def segmented(person: Person, title: str, files: list[Path]) -> str:
    """Make a project whose images are segmented; return its id."""
    project_id: str = person.rest.create_project(title)["id"]
    person.rest.upload(project_id, files)
    person.rest.segment(project_id, engine="classical")
    return project_id


def test_an_export_is_made_live_and_downloaded(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, tmp_path: Path
) -> None:
    """E5: asked for in one tab, seen in another, read back."""
    project_id = segmented(ana, "For QuPath", drawn_files(3))
    page, other = ana.sign_in(new_context()), ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project_id}")
    see(page, "[data-tally]", "3 of 3 segmented")
    page.get_by_role("link", name="Exports").click()
    other.goto(f"{ana.address}/projects/{project_id}/exports")
    see(other, ".exports-list", "No exports yet")
    for each in (page, other):
        see(each, "#conn", "Live")

    page.get_by_role("checkbox", name="QuPath").check()
    page.get_by_role("button", name="Export").click()

    see(page, ".toasts", "Your download is ready.")  # First, for it passes.
    for each in (page, other):
        see(each, ".export-items", "Ready")
        see(each, ".export-items", "CSV, QuPath")
    assert violations(page) == []
    with page.expect_download() as download:
        page.locator(".export-items").get_by_role("link", name="Download").click()
    path = tmp_path / "export.zip"
    download.value.save_as(path)
    assert download.value.suggested_filename.startswith("For QuPath ")
    names = set(unzipped(path.read_bytes()))
    assert {"tables/objects.csv", "README.txt"} <= names
    assert len([name for name in names if name.startswith("geojson/")]) == 3

    page.get_by_role("button", name="Delete").click()
    for each in (page, other):
        see(each, ".exports-list", "No exports yet")


def test_selected_images_alone_can_be_exported(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project_id = segmented(ana, "A selection", drawn_files(3))
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project_id}")
    see(page, "[data-tally]", "3 of 3 segmented")

    for place in (0, 1):
        page.locator(".tile-pick").nth(place).check(force=True)
    page.get_by_role("button", name="Export 2 selected").click()
    page.wait_for_url("**/exports")
    see(page, ".export-form select", "2 selected images")
    page.get_by_role("button", name="Export", exact=True).click()

    see(page, ".export-items", "Ready")
    see(page, ".export-items", "2 images")


def test_a_refusal_is_said_in_words(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project_id = segmented(ana, "Gone meanwhile", drawn_files(1))
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project_id}/exports")
    page.route("**/exports", lambda route: route.abort())

    page.get_by_role("button", name="Export", exact=True).click()

    see(page, ".export-form [role=alert]", "The server does not answer")


def test_a_project_without_images_says_what_to_do(ana: Person, new_context: NewContext) -> None:
    project_id = ana.rest.create_project("Nothing yet")["id"]
    page = ana.sign_in(new_context())

    page.goto(f"{ana.address}/projects/{project_id}/exports")

    see(page, ".empty", "Upload images and segment them first")
    page.get_by_role("link", name="Go to the project").click()
    page.wait_for_url(f"**/projects/{project_id}")


def test_an_answer_that_is_lost_makes_no_second_export(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project_id = segmented(ana, "A bad line", drawn_files(1))
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project_id}/exports")
    see(page, "#conn", "Live")
    lost = []

    def lose(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch())  # It is carried out, and nobody hears of it.
            route.abort()
        else:
            route.continue_()

    page.route(f"**/projects/{project_id}/exports", lose)

    page.get_by_role("button", name="Export").click()
    see(page, ".export-form", "does not answer")
    page.get_by_role("button", name="Export").click()

    see(page, ".export-items", "Ready")
    page.reload()
    expect(page.locator(".export-items > li")).to_have_count(1)
