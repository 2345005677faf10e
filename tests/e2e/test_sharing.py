"""Two people and one project, in two browsers (R8, A2)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_every_page import violations
from tests.e2e.test_live_pages import STAY, STAYED, see

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]


def ask(person: Person, method: str, path: str, **body: object) -> dict[str, str]:
    """Do what the person's own script would do."""
    answer: dict[str, str] = person.rest._ask(method, path, **({"json": body} if body else {}))
    return answer


def shared_by_link(owner: Person, member: Person, project_id: str, role: str) -> str:
    """Share the project; return the id of the share."""
    offered = ask(owner, "POST", f"projects/{project_id}/shares", link=True, role=role)
    ask(member, "POST", "shares/accept", token=offered["token"])
    return offered["id"]


def shared_by_dialog(owner: Page, address: str, email: str) -> str:
    """Share the project with the address through the dialog; return the link."""
    owner.goto(address)
    owner.get_by_role("button", name="Share", exact=True).click()
    owner.get_by_label("E-mail address").fill(email)
    owner.get_by_label("Role").select_option("editor")
    owner.locator("dialog").get_by_role("button", name="Share", exact=True).click()
    link = owner.get_by_label(f"Link for {email}")
    expect(link).to_be_visible(timeout=PATIENCE)
    return link.input_value()


def path_of(link: str) -> str:
    return link[link.index("/shares/") :]


def test_a_share_comes_and_goes_live_on_the_other_dashboard(
    ana: Person, ben: Person, new_context: NewContext
) -> None:
    project = ana.rest.create_project("Plate 7")
    owner = ana.sign_in(new_context())
    his = new_context()
    dashboard = ben.sign_in(his)
    see(dashboard, "#conn", "Live")
    dashboard.evaluate(STAY)
    folder = f"{ana.address}/projects/{project['id']}"
    link = shared_by_dialog(owner, folder, ben.email)
    assert violations(owner) == []
    expect(dashboard.locator(".card")).to_have_count(0)

    other_tab = his.new_page()
    other_tab.goto(f"{ben.address}{path_of(link)}")
    other_tab.get_by_role("button", name="Accept").click()
    other_tab.wait_for_url(folder)
    see(dashboard, ".card h3", "Plate 7")
    see(dashboard, ".card-badges", "Ana Ruiz")

    ask(ana, "PATCH", f"projects/{project['id']}", title="Plate 8")
    see(dashboard, ".card h3", "Plate 8")
    see(other_tab, ".crumbs h1", "Plate 8")

    owner.get_by_role("button", name="Revoke").click()
    expect(dashboard.locator(".card")).to_have_count(0, timeout=PATIENCE)
    see(other_tab, "#island", "You have no access to this project any more")
    expect(other_tab.locator(".drop")).to_have_count(0)
    assert dashboard.evaluate(STAYED)


def test_a_deleted_project_goes_from_every_page(
    ana: Person, ben: Person, new_context: NewContext
) -> None:
    """R8."""
    project = ana.rest.create_project("Short-lived")
    context = new_context()
    dashboard = ana.sign_in(context)
    see(dashboard, ".card h3", "Short-lived")
    see(dashboard, "#conn", "Live")
    page = context.new_page()
    page.goto(f"{ana.address}/projects/{project['id']}")
    see(page, "#conn", "Live")

    ask(
        ana,
        "DELETE",
        f"projects/{project['id']}",
    )

    expect(dashboard.locator(".card")).to_have_count(0, timeout=PATIENCE)
    see(page, "#island", "This project was deleted")


def test_a_project_of_another_tab_gets_its_card(ana: Person, new_context: NewContext) -> None:
    """R8."""
    dashboard = ana.sign_in(new_context())
    see(dashboard, "#conn", "Live")

    ana.rest.create_project("Made elsewhere")

    see(dashboard, ".card h3", "Made elsewhere")


def test_a_member_leaves_after_a_question(
    ana: Person, ben: Person, new_context: NewContext
) -> None:
    project = ana.rest.create_project("Left alone")
    shared_by_link(ana, ben, project["id"], "viewer")
    page = ben.sign_in(new_context())
    page.goto(f"{ben.address}/projects/{project['id']}")

    page.get_by_role("button", name="Leave").click()
    assert violations(page) == []
    page.locator("dialog").get_by_role("button", name="Leave", exact=True).click()

    page.wait_for_url(f"{ben.address}/")
    expect(page.locator(".card")).to_have_count(0)
