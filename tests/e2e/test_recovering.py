"""What people see when the live link is cut, the relay dies, or the server says no."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from shared.config import PREFIX
from shared.supervision.orphans import all_processes
from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_live_pages import STAY, STAYED, choose_files, see

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

MANY = 30

#: A network cable: `cutLink()` closes every socket and lets no other open until `mendLink()`.
CABLE = """
const Real = window.WebSocket;
const open = new Set();
let cut = false;
window.WebSocket = function (url) {
  if (!cut) {
    const socket = new Real(url);
    open.add(socket);
    return socket;
  }
  const dead = { readyState: 0, send() {}, close() {} };
  setTimeout(() => dead.onclose?.({ code: 1006 }));
  return dead;
};
window.cutLink = () => { cut = true; open.forEach((socket) => socket.close()); open.clear(); };
window.mendLink = () => { cut = false; dispatchEvent(new Event("online")); };
"""

REST = "**/api/v1/**"


def project_page(person: Person, context: BrowserContext, project_id: str) -> Page:
    page = person.sign_in(context)
    page.goto(f"{person.address}/projects/{project_id}")
    see(page, "#conn", "Live")
    page.evaluate(STAY)
    return page


def relay_processes(address: str) -> list[int]:
    """Return the processes of the relay that belongs to the pages at *address*."""
    mark = f"{PREFIX}WEB_PORT={urlsplit(address).port}".encode()

    def is_ours(pid: int) -> bool:
        try:
            process = Path(f"/proc/{pid}")
            named = b"web.relay" in (process / "cmdline").read_bytes()
            return named and mark in (process / "environ").read_bytes().split(b"\0")
        except OSError:
            return False

    return [pid for pid in all_processes() if is_ours(pid)]


def held_back(page: Page, pattern: str, *, times: int | None = None) -> list[Route]:
    """Keep requests from the server, all or so many; return the list that they are put in."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(pattern, hold, times=times)
    return held


def all_of(held: list[Route], page: Page, count: int) -> list[Route]:
    """Return the requests that were kept, once there are so many."""
    deadline = time.monotonic() + PATIENCE / 1000
    while len(held) < count:
        assert time.monotonic() < deadline, f"the page asked {len(held)} times, not {count}"
        page.wait_for_timeout(50)
    return held


def first_of(held: list[Route], page: Page) -> Route:
    """Return the first request that was kept, once there is one."""
    return all_of(held, page, 1)[0]


def refuse(route: Route, status: int = 409) -> None:
    problem = {"title": "No", "status": status, "code": "conflict", "detail": "Not just now."}
    route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(problem))


def test_a_page_that_was_cut_off_during_a_run_is_right_again_without_a_reload(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    """R4: neither socket nor REST while everything happens; then nothing is missing or twice."""
    project = ana.rest.create_project("Cut off")
    ana.rest.upload(project["id"], drawn_files(MANY))
    context = new_context()
    context.add_init_script(CABLE)
    page = project_page(ana, context, project["id"])

    page.evaluate("cutLink()")
    page.route(REST, lambda route: route.abort())
    see(page, "#conn", "Reconnecting")
    ana.rest.segment(project["id"], engine="classical")
    other = project_page(ana, new_context(), project["id"])
    see(other, "[data-tally]", f"{MANY} of {MANY} segmented")
    see(page, "[data-tally]", f"0 of {MANY} segmented")
    page.unroute(REST)
    page.evaluate("mendLink()")

    see(page, "#conn", "Live")
    see(page, "[data-tally]", f"{MANY} of {MANY} segmented")
    expect(page.locator("[data-status='segmented']")).to_have_count(MANY, timeout=PATIENCE)
    expect(page.locator("[data-image]")).to_have_count(MANY)
    assert page.evaluate(STAYED)


def test_a_relay_that_dies_in_the_middle_of_a_run_is_replaced_and_the_page_is_right(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    """R6."""
    project = ana.rest.create_project("Relay lost")
    ana.rest.upload(project["id"], drawn_files(MANY))
    page = project_page(ana, new_context(), project["id"])
    relays = relay_processes(ana.address)
    assert relays

    page.get_by_role("button", name=f"Segment {MANY} unprocessed").click()
    for pid in relays:
        os.kill(pid, signal.SIGKILL)

    expect(page.locator("#conn")).not_to_contain_text("Live", timeout=PATIENCE, use_inner_text=True)
    see(page, "[data-tally]", f"{MANY} of {MANY} segmented")
    expect(page.locator("#conn [data-state='live']")).to_have_count(1, timeout=PATIENCE)
    expect(page.locator("[data-status='segmented']")).to_have_count(MANY, timeout=PATIENCE)
    assert page.evaluate(STAYED)


def test_the_tally_moves_with_the_click_and_goes_back_when_the_server_refuses(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    """D4."""
    project = ana.rest.create_project("Refused")
    ana.rest.upload(project["id"], drawn_files(4))
    page = project_page(ana, new_context(), project["id"])
    asked = held_back(page, "**/segment")

    page.get_by_role("button", name="Segment 4 unprocessed").click()
    see(page, "[data-pending]", "0 processing, 4 queued")
    refuse(first_of(asked, page))

    see(page, ".toasts", "Not just now.")
    expect(page.get_by_role("button", name="Segment 4 unprocessed")).to_be_visible()
    expect(page.locator("[data-pending]")).to_be_empty()


def test_an_upload_is_in_the_tally_before_it_arrived_and_beside_what_others_add(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    """D4: a real event does not hide what is not confirmed; a refusal takes it back."""
    project = ana.rest.create_project("On its way")
    context = new_context()
    context.add_init_script("delete window.SharedWorker")  # Whose requests nobody can hold back.
    page = project_page(ana, context, project["id"])
    asked = held_back(page, "**/uploads")

    choose_files(page, drawn_files(3))
    see(page, "[data-tally]", "0 of 3 segmented")
    expect(page.get_by_role("button", name="Segment 0 unprocessed")).to_be_disabled()
    ana.rest.upload(project["id"], drawn_files(2, disk_count=5))
    see(page, "[data-tally]", "0 of 5 segmented")
    expect(page.get_by_role("button", name="Segment 2 unprocessed")).to_be_enabled()
    for each in all_of(asked, page, 3):
        refuse(each, 403)

    see(page, "[data-tally]", "0 of 2 segmented")
    see(page, ".uploads-list", "Not just now.")
