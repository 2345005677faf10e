"""What happened before a page listened, or while it could not, is shown all the same (R4)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_every_page import violations
from tests.e2e.test_live_pages import STAY, STAYED, see
from tests.e2e.test_recovering import CABLE, first_of, held_back
from tests.e2e.test_sharing import ask, shared_by_link
from tests.integration.interleaving import until

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

TICKET = "**/realtime/ticket"


def test_what_changed_before_the_page_listened_is_shown_too(
    ana: Person, ben: Person, new_context: NewContext
) -> None:
    """No event tells what happened between the page's making and its listening."""
    project = ana.rest.create_project("Plate 7")
    shared_by_link(ana, ben, project["id"], "viewer")
    page = ben.sign_in(new_context())

    def opened_and_then(change: Callable[[], object]) -> None:
        tickets = held_back(page, TICKET)
        page.goto(f"{ben.address}/projects/{project['id']}")
        ticket = first_of(tickets, page)
        change()
        ticket.continue_()
        page.unroute(TICKET)

    opened_and_then(lambda: ask(ana, "PATCH", f"projects/{project['id']}", title="Plate 8"))
    see(page, ".crumbs h1", "Plate 8")
    expect(page).to_have_title(re.compile("Plate 8"))
    expect(page.locator(".drop")).to_have_count(0)

    opened_and_then(lambda: shared_by_link(ana, ben, project["id"], "editor"))
    expect(page.locator(".drop")).to_have_count(1, timeout=PATIENCE)


def test_a_list_longer_than_a_page_follows_what_it_missed(
    ana: Person, new_context: NewContext
) -> None:
    made = [ana.rest.create_project(f"Plate {number:02}") for number in range(61)]
    page = ana.sign_in(new_context())
    tickets = held_back(page, TICKET)
    page.goto(f"{ana.address}/projects?sort=title")
    ticket = first_of(tickets, page)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".card")).to_have_count(61)

    ask(ana, "PATCH", f"projects/{made[0]['id']}", title="Plate 00, renamed")
    ticket.continue_()

    see(page, ".card h3 >> nth=0", "Plate 00, renamed")
    expect(page.locator(".card")).to_have_count(61)


def test_an_event_is_not_undone_by_an_older_answer(ana: Person, new_context: NewContext) -> None:
    project = ana.rest.create_project("Plate 7")
    address = f"{ana.address}/api/v1/projects/{project['id']}"
    page = ana.sign_in(new_context())
    questions = held_back(page, address)
    page.goto(f"{ana.address}/projects/{project['id']}")
    question = first_of(questions, page)
    old = question.fetch()
    ask(ana, "PATCH", f"projects/{project['id']}", title="Plate 8")
    see(page, ".crumbs h1", "Plate 8")

    with page.expect_request(lambda it: it.url == address and it != question.request):
        question.fulfill(response=old)

    see(page, ".crumbs h1", "Plate 8")


def test_a_form_keeps_what_another_one_changes_meanwhile(
    ana: Person, ben: Person, new_context: NewContext
) -> None:
    """Two people with the settings open: each saves what they changed, and nothing else.

    So it is with what was saved before: it counts as changed no more.
    """
    project = ana.rest.create_project("Plate 7")
    shared_by_link(ana, ben, project["id"], "editor")
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}/settings")
    see(page, "#conn", "Live")
    page.get_by_label("Description").fill("Second of three")
    page.get_by_label("these channels only").check()
    page.get_by_label("2", exact=True).check()

    ask(ben, "PATCH", f"projects/{project['id']}", title="Plate 8", pixelSizeUm=0.5)
    expect(page.get_by_label("Title")).to_have_value("Plate 8", timeout=PATIENCE)
    expect(page.get_by_label("Pixel size in µm")).to_have_value("0.5", timeout=PATIENCE)
    save_both(page)
    assert settings_of(ana, project["id"]) == ["Plate 8", "Second of three", [2], 0.5]

    ask(ben, "PATCH", f"projects/{project['id']}", description="Third", channels=[1])
    expect(page.get_by_label("Description")).to_have_value("Third", timeout=PATIENCE)
    expect(page.get_by_label("1", exact=True)).to_be_checked()
    expect(page.get_by_label("2", exact=True)).not_to_be_checked()
    page.get_by_label("Title").fill("Plate 9")
    page.get_by_label("Pixel size in µm").fill("")
    save_both(page)
    assert settings_of(ana, project["id"]) == ["Plate 9", "Third", [1], None]


def save_both(page: Page) -> None:
    """Save the two forms of a project's settings."""
    for region in ("About this project", "Channels and scale"):
        with page.expect_response(lambda answer: answer.request.method == "PATCH"):
            page.get_by_role("region", name=region).get_by_role("button", name="Save").click()


def settings_of(person: Person, project_id: str) -> list[object]:
    told = person.rest.project(project_id)
    return [told.get(each) for each in ("title", "description", "channels", "pixelSizeUm")]


def test_an_image_that_comes_while_the_grid_is_read_is_not_left_out(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Plate 7")
    first, second, third = drawn_files(3)
    ana.rest.upload(project["id"], [first])
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")
    see(page, "#conn", "Live")
    page.evaluate(STAY)
    address = f"**/projects/{project['id']}/images?*"
    questions = held_back(page, address, times=1)

    ana.rest.upload(project["id"], [second])
    question = first_of(questions, page)
    without_the_third = question.fetch()
    ana.rest.upload(project["id"], [third])
    see(page, "[data-tally]", "of 3")
    question.fulfill(response=without_the_third)

    expect(page.locator("[data-image]")).to_have_count(3)
    assert page.evaluate(STAYED)


def test_the_page_of_an_image_says_that_another_one_deleted_it(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Plate 7")
    ana.rest.upload(project["id"], drawn_files(2))
    gone, kept = ana.rest.images(project["id"])
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}/images/{gone['id']}")
    see(page, "#conn", "Live")

    ask(ana, "POST", f"projects/{project['id']}/images/delete", imageIds=[gone["id"]])

    see(page, "#island", "This image was deleted")
    assert violations(page) == []
    page.get_by_role("link", name="Go to the project").click()
    expect(page.locator(f"[data-image='{kept['id']}']")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("[data-image]")).to_have_count(1)


def test_who_has_no_access_any_more_sees_so_without_live_updates(
    ana: Person, ben: Person, new_context: NewContext
) -> None:
    """R9: where no socket gets through, title and access are asked for like the counts."""
    project = ana.rest.create_project("Plate 7")
    offered = shared_by_link(ana, ben, project["id"], "viewer")
    context = new_context()
    context.add_init_script(CABLE)
    page = ben.sign_in(context)
    page.goto(f"{ben.address}/projects/{project['id']}")
    see(page, "#conn", "Live")
    page.evaluate("cutLink()")

    ask(ana, "PATCH", f"projects/{project['id']}", title="Plate 8")
    see(page, ".crumbs h1", "Plate 8")
    ask(ana, "DELETE", f"projects/{project['id']}/shares/{offered}")

    see(page, "#island", "You have no access to this project any more")


def test_a_card_that_was_out_of_view_shows_what_became_of_its_project(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    """Its newest images, too, of which the last message says nothing."""
    project = ana.rest.create_project("Below")
    for number in range(30):
        ana.rest.create_project(f"Above {number}")
    page = ana.sign_in(new_context())
    see(page, "#conn", "Live")
    card = page.locator(".card", has_text="Below")
    card.scroll_into_view_if_needed()
    expect(card.locator("img")).to_have_count(0)
    page.wait_for_timeout(500)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(500)

    ana.rest.upload(project["id"], drawn_files(4))
    ana.rest.segment(project["id"], engine="classical")
    until(lambda: ana.rest.stats(project["id"])["segmentedCount"] == 4, seconds=60)
    card.scroll_into_view_if_needed()

    expect(card).to_contain_text("4 of 4 segmented", timeout=PATIENCE)
    expect(card.locator("img").first).to_be_visible(timeout=PATIENCE)
