"""What people see of engines: which one is taken and why, and how far it is."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_every_page import violations

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]


def see(page: Page, selector: str, text: str) -> None:
    expect(page.locator(selector)).to_contain_text(text, timeout=PATIENCE)


def test_the_automatic_choice_is_shown_before_and_after_and_can_be_changed(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    """E6: the page says which engine is taken, and why, and the result keeps it."""
    project = ana.rest.create_project("Nothing chosen")
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")
    see(page, "#conn", "Live")
    expect(page.locator("[data-choice]")).to_have_count(0)

    [first, _] = ana.rest.upload(project["id"], drawn_files(2))["images"]

    see(page, "[data-choice]", "Automatic is Classical (threshold and watershed).")
    see(page, "[data-choice]", "2 of 2 images look like fluorescent nuclei")
    assert violations(page) == []
    page.get_by_label("Engine").select_option(label="Spheroids in brightfield")
    expect(page.locator("[data-choice]")).to_have_count(0)
    page.get_by_label("Engine").select_option(label="Automatic, by the kind of image")
    page.get_by_role("button", name="Segment 2 unprocessed").click()
    page.goto(f"{ana.address}/projects/{project['id']}/images/{first['id']}")
    page.get_by_role("tab", name="About").click()
    see(page, ".facts", "2 of 2 images look like fluorescent nuclei")
    page.get_by_text("History of runs").click()
    see(page, "ol[aria-label^='Runs']", "Chosen automatically.")


def test_a_choice_that_could_not_be_asked_for_is_asked_for_later(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("A bad moment")
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")
    see(page, "#conn", "Live")
    asked = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route("**/engine", refuse)
    ana.rest.upload(project["id"], drawn_files(1))
    expect(page.get_by_role("button", name="Segment 1 unprocessed")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(3000)

    assert len(asked) == 1  # Not again and again without a pause.
    page.unroute("**/engine")
    see(page, "[data-choice]", "The one image looks like fluorescent nuclei")


def test_what_is_typed_as_a_parameter_stays_while_counts_change(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Typing")
    first, *others = drawn_files(3)
    ana.rest.upload(project["id"], [first])
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")
    see(page, "#conn", "Live")
    page.get_by_label("Engine").select_option(label="Classical (threshold and watershed)")
    page.get_by_role("button", name="Parameters").click()
    least = page.get_by_label("Least area (px)")
    least.press("Control+A")
    least.press_sequentially("77")  # Not left yet.

    ana.rest.upload(project["id"], others)

    expect(page.get_by_role("button", name="Segment 3 unprocessed")).to_be_visible(timeout=PATIENCE)
    expect(least).to_have_value("77")


def test_an_image_that_is_worked_at_shows_how_many_tiles_are_done(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("A large image")
    [image] = ana.rest.upload(project["id"], drawn_files(1))["images"]
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}/images/{image['id']}")
    see(page, "#conn", "Live")
    asked = count(3)

    def at_work(route: Route) -> None:
        progress = {"done": min(next(asked), 7), "total": 12}
        route.fulfill(json=image | {"status": "processing", "version": 99, "progress": progress})

    page.route(f"**/api/v1/images/{image['id']}", at_work)
    ana.rest.segment(project["id"], select=[image["id"]])  # Its events have the page ask.

    see(page, "[data-progress]", "of 12 tiles")
    assert violations(page) == []
    see(page, "[data-progress]", "7 of 12 tiles")  # Without another event.
    page.unroute_all(behavior="wait")
