"""Selecting and deleting images, renaming and deleting projects: shown at once, taken back (D4)."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_every_page import violations
from tests.e2e.test_live_pages import see
from tests.e2e.test_recovering import first_of, held_back

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

DELETE = "**/api/v1/projects/*/images/delete"
PROJECT = "**/api/v1/projects/*"
REFUSAL = {"type": "about:blank", "title": "Conflict", "status": 409, "code": "conflict"}


def refuse(route: Route) -> None:
    """Answer a write as a server that will not do it; let reads through."""
    if route.request.method == "GET":
        return route.continue_()
    body = json.dumps({**REFUSAL, "detail": "Not while the moon is full."})
    return route.fulfill(status=409, content_type="application/problem+json", body=body)


@pytest.fixture
def folder(ana: Person, drawn_files: DrawnFiles) -> str:
    """The address of a project with six images that nobody has segmented."""
    project = ana.rest.create_project("Plate 7")
    ana.rest.upload(project["id"], drawn_files(6))
    return f"{ana.address}/projects/{project['id']}"


def opened(person: Person, new_context: NewContext, address: str, **options: object) -> Page:
    page = person.sign_in(new_context(reduced_motion="reduce", **options))
    page.goto(address)
    page.locator(".tile").first.wait_for()
    return page


def box(page: Page, at: int) -> None:
    page.locator(".tile-pick").nth(at).click(force=True)


def selected(page: Page) -> str:
    return page.locator("[data-selected]").inner_text()


def erase(page: Page) -> None:
    """Press delete in the bar, and confirm."""
    page.locator(".bulk").get_by_role("button", name="Delete").click()
    page.locator("dialog").get_by_role("button", name="Delete").click()


def test_images_are_selected_by_click_range_and_keyboard(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = opened(ana, new_context, folder)
    expect(page.locator(".bulk")).to_have_count(0)

    box(page, 1)
    page.locator(".tile-pick").nth(4).click(force=True, modifiers=["Shift"])
    expect(page.locator("[data-selected]")).to_have_text("4")
    page.locator(".tile-pick").nth(3).click(force=True, modifiers=["Shift"])
    assert selected(page) == "2"
    page.locator(".tile-name").nth(5).click(modifiers=["Control"])
    assert selected(page) == "3"
    assert page.url == folder

    page.keyboard.press("Escape")
    expect(page.locator(".bulk")).to_have_count(0)
    page.keyboard.press("Control+a")
    expect(page.locator("[data-selected]")).to_have_text("6")
    expect(page.get_by_role("button", name="Select all")).to_have_count(0)
    assert page.locator(".tile-pick:checked").count() == 6
    page.get_by_role("button", name="Clear the selection").click()
    assert page.locator(".tile-pick:checked").count() == 0


def until_framed(page: Page, x: float, y: float) -> None:
    """Move to and fro until there is a frame: its code comes with the first press."""
    deadline = time.monotonic() + PATIENCE / 1000
    while page.locator(".marquee").count() == 0:
        assert time.monotonic() < deadline, "no frame was drawn"
        page.mouse.move(x, y)
        page.mouse.move(x + 1, y)
        page.wait_for_timeout(20)


def drag(page: Page, begin: int, end: int, *, release: bool = True) -> None:
    """Draw a frame from the middle of one tile to the middle of another."""
    boxes = [page.locator(".tile").nth(place).bounding_box() for place in (begin, end)]
    (x, y), to = (
        (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes if box
    )
    page.mouse.move(x, y)
    page.mouse.down()
    until_framed(page, x + 20, y + 2)
    page.mouse.move(*to, steps=8)
    expect(page.locator(".marquee")).to_be_visible()
    if release:
        page.mouse.up()


def test_a_frame_drawn_with_the_mouse_selects_what_it_touches(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = opened(ana, new_context, folder)

    drag(page, 0, 2)

    expect(page.locator("[data-selected]")).to_have_text("3")
    assert page.url == folder  # No tile was opened.
    expect(page.locator(".marquee")).to_have_count(0)
    page.keyboard.down("Control")
    drag(page, 4, 4)
    page.keyboard.up("Control")
    expect(page.locator("[data-selected]")).to_have_text("4")
    drag(page, 1, 2)
    expect(page.locator("[data-selected]")).to_have_text("2")


def test_escape_gives_a_frame_up_and_leaves_what_was_selected(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = opened(ana, new_context, folder)
    box(page, 5)

    drag(page, 0, 2, release=False)
    expect(page.locator("[data-selected]")).to_have_text("3")
    page.keyboard.press("Escape")

    expect(page.locator("[data-selected]")).to_have_text("1")
    page.mouse.up()
    assert page.url == folder


def test_a_field_keeps_ctrl_a_for_its_text(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = opened(ana, new_context, folder)
    page.get_by_label("Show images whose name contains").press("Control+a")

    expect(page.locator(".bulk")).to_have_count(0)


def test_deleted_images_are_gone_with_the_click_here_and_soon_elsewhere(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    """D4: the numbers move before the server answers, and the other browser's card follows."""
    dashboard = ana.sign_in(new_context())
    see(dashboard, "[data-tally]", "0 of 6 segmented")
    page = opened(ana, new_context, folder)
    held = held_back(page, DELETE)
    box(page, 0)
    box(page, 2)

    erase(page)

    expect(page.locator(".tile")).to_have_count(4)
    expect(page.locator("[data-tally]")).to_have_text("0 of 4 segmented")
    expect(page.locator(".bulk")).to_have_count(0)
    see(dashboard, "[data-tally]", "0 of 6 segmented")
    first_of(held, page).continue_()
    see(page, ".toasts", "2 images deleted.")
    see(dashboard, "[data-tally]", "0 of 4 segmented")
    expect(page.locator(".tile")).to_have_count(4)


def test_a_refused_deletion_brings_images_and_numbers_back_and_says_why(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    """D4."""
    page = opened(ana, new_context, folder)
    page.route(DELETE, refuse)
    box(page, 0)
    box(page, 1)

    erase(page)

    see(page, ".toasts", "2 images could not be deleted. Not while the moon is full.")
    expect(page.locator(".tile")).to_have_count(6)
    expect(page.locator("[data-tally]")).to_have_text("0 of 6 segmented")
    assert selected(page) == "2"


def test_nothing_is_deleted_when_the_question_is_answered_with_no(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = opened(ana, new_context, folder)
    page.keyboard.press("Control+a")
    page.locator(".bulk").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Delete 6 images?")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.locator("dialog")).to_have_count(0)
    assert selected(page) == "6"
    assert ana.rest.project("Plate 7")["stats"]["imageCount"] == 6


def test_a_deletion_is_done_with_the_keyboard_alone(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = opened(ana, new_context, folder)
    page.locator(".tile-pick").first.focus()
    page.keyboard.press("Space")
    page.locator(".bulk").wait_for()
    page.locator(".bulk").get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    page.locator("dialog").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    see(page, ".toasts", "1 image deleted.")


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_bar_menus_and_dialogs_are_accessible_and_fit(
    ana: Person, new_context: NewContext, folder: str, theme: str, width: int
) -> None:
    viewport = {"width": width, "height": 844}
    page = opened(ana, new_context, folder, color_scheme=theme, viewport=viewport)

    def check(what: str) -> None:
        assert violations(page) == [], what
        assert page.evaluate("document.documentElement.scrollWidth") <= width, what

    page.keyboard.press("Control+a")
    page.locator(".bulk").wait_for()
    # Where the bar has its own place: elsewhere it floats over what one scrolls past.
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    check("bar")
    page.locator(".bulk").get_by_role("button", name="Delete").click()
    page.locator("dialog").wait_for()
    check("question")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Settings").click()
    page.locator("#title").wait_for()
    check("settings")
    page.get_by_role("button", name="Delete project").click()
    page.locator("#question-typed").wait_for()
    check("typed question")
    page.goto(f"{ana.address}/")
    page.get_by_role("button", name="Actions for Plate 7").click()
    page.locator(".card-menu").wait_for()
    check("menu")
    page.locator(".card-menu").get_by_role("button", name="Rename").click()
    page.locator("dialog").wait_for()
    check("renaming")


def on_dashboard(person: Person, new_context: NewContext) -> Page:
    page = person.sign_in(new_context())
    page.locator(".card").first.wait_for()
    return page


def chosen(page: Page, title: str, act: str) -> None:
    page.get_by_role("button", name=f"Actions for {title}").click()
    page.locator(".card-menu").get_by_role("button", name=act).click()


def test_a_project_is_renamed_from_its_card_and_back_again(
    ana: Person, new_context: NewContext
) -> None:
    ana.rest.create_project("Plate 7")
    page, other = on_dashboard(ana, new_context), on_dashboard(ana, new_context)
    see(other, "#conn", "Live")

    chosen(page, "Plate 7", "Rename")
    page.get_by_label("Title", exact=True).fill("Plate 8")
    page.get_by_role("button", name="Rename").click()
    undo = page.get_by_role("button", name="Undo")
    undo.hover()  # Under the mouse a message stays, however slow the other browser is.

    see(page, ".card h3", "Plate 8")
    see(page, ".side", "Plate 8")
    see(other, ".card h3", "Plate 8")
    undo.click()
    see(page, ".card h3", "Plate 7")
    see(other, ".card h3", "Plate 7")


def test_a_refused_title_goes_back_and_says_why(ana: Person, new_context: NewContext) -> None:
    """D4."""
    ana.rest.create_project("Plate 7")
    page = on_dashboard(ana, new_context)
    page.route(PROJECT, refuse)

    chosen(page, "Plate 7", "Rename")
    page.get_by_label("Title", exact=True).fill("Plate 8")
    page.get_by_role("button", name="Rename").click()

    see(page, ".toasts", "“Plate 7” could not be renamed. Not while the moon is full.")
    expect(page.locator(".card h3")).to_have_text("Plate 7")


def test_a_project_is_deleted_by_typing_its_title(ana: Person, new_context: NewContext) -> None:
    ana.rest.create_project("Plate 7")
    ana.rest.create_project("Plate 8")
    page = on_dashboard(ana, new_context)
    chosen(page, "Plate 7", "Delete")
    yes = page.locator("dialog").get_by_role("button", name="Delete project")

    page.locator("#question-typed").fill("Plate 8")
    yes.click()
    expect(page.locator("dialog")).to_be_visible()
    page.locator("#question-typed").fill("Plate 7")
    yes.click()

    see(page, ".toasts", "Plate 7 was deleted.")
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".toast")).to_have_count(1)
    assert ana.rest.project_called("Plate 7") is None


def test_a_refused_deletion_puts_the_card_back_in_its_place(
    ana: Person, new_context: NewContext
) -> None:
    """D4."""
    for title in ("Plate 7", "Plate 8", "Plate 9"):
        ana.rest.create_project(title)
    page = on_dashboard(ana, new_context)
    before = page.locator(".card h3").all_inner_texts()
    page.route(PROJECT, refuse)

    chosen(page, "Plate 8", "Delete")
    page.locator("#question-typed").fill("Plate 8")
    page.locator("dialog").get_by_role("button", name="Delete project").click()

    see(page, ".toasts", "Plate 8 could not be deleted. Not while the moon is full.")
    assert page.locator(".card h3").all_inner_texts() == before


def test_the_menu_closes_with_escape_and_gives_the_focus_back(
    ana: Person, new_context: NewContext
) -> None:
    ana.rest.create_project("Plate 7")
    page = on_dashboard(ana, new_context)
    button = page.get_by_role("button", name="Actions for Plate 7")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".card-menu a")).to_be_focused()
    assert button.get_attribute("aria-expanded") == "true"

    page.keyboard.press("Escape")

    expect(page.locator(".card-menu")).to_have_count(0)
    expect(button).to_be_focused()


def test_the_settings_of_a_project_are_saved_and_shown(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = opened(ana, new_context, folder)
    page.get_by_role("link", name="Settings").click()
    page.locator("#title").fill("Plate 8")
    page.get_by_label("Description").fill("DAPI 20x, 12 wells")
    page.get_by_role("button", name="Save").first.click()

    see(page, ".crumbs h1", "Plate 8")
    see(page, ".toasts", "The settings of the project were saved.")
    assert ana.rest.project("Plate 8")["description"] == "DAPI 20x, 12 wells"
    page.reload()
    expect(page.get_by_label("Description")).to_have_value("DAPI 20x, 12 wells")


def test_refused_settings_stay_with_the_reason(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = opened(ana, new_context, folder)
    page.route(PROJECT, refuse)
    page.get_by_role("link", name="Settings").click()
    page.locator("#title").fill("Plate 8")
    page.get_by_role("button", name="Save").first.click()

    expect(page.get_by_role("alert")).to_contain_text("the moon is full")
    assert page.locator("#title").input_value() == "Plate 8"
    expect(page.locator(".crumbs h1")).to_have_text("Plate 7")


def test_a_project_is_deleted_from_its_page(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = opened(ana, new_context, folder)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Delete project").click()
    page.locator("#question-typed").fill("Plate 7")
    page.locator("dialog").get_by_role("button", name="Delete project").click()

    page.wait_for_url(f"{ana.address}/", timeout=PATIENCE)
    expect(page.locator(".card")).to_have_count(0)
