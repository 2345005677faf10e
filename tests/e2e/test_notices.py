"""What an operator tells everybody comes to open pages, and stays until it is dismissed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import PATIENCE, Person, System
from tests.e2e.test_every_page import violations
from tests.e2e.test_live_pages import see
from tests.e2e.test_missed_news import TICKET
from tests.e2e.test_recovering import first_of, held_back

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
Notice = Callable[..., None]


@pytest.fixture
def notice(system: System) -> Iterator[Notice]:
    """Return a function that runs `celltally notice …` as the operator of the system does."""
    environment = os.environ | {"CELLTALLY_HOME": str(system.home)}
    for variable in ("CELLTALLY_DATABASE_URL", "CELLTALLY_REDIS_URL"):
        environment.pop(variable, None)

    def run(*words: str) -> None:
        command = [sys.executable, "-m", "shared.cli", "notice", *words]
        subprocess.run(command, check=True, env=environment)

    yield run
    subprocess.run(
        [sys.executable, "-m", "shared.cli", "notice", "--end"],
        check=False,
        env=environment,
        capture_output=True,
    )


def test_a_notice_comes_live_stays_on_every_page_and_is_dismissed_once(
    ana: Person, new_context: NewContext, notice: Notice
) -> None:
    page = ana.sign_in(new_context(color_scheme="dark", viewport={"width": 390, "height": 844}))
    see(page, "#conn", "Live")

    notice("Restart at 18:00 for ten minutes; nothing is lost.")

    expect(page.locator(".notice-line")).to_contain_text("Restart at 18:00", timeout=PATIENCE)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(f"{ana.address}/settings/profile")
    expect(page.locator(".notice-line")).to_contain_text("Restart at 18:00")
    page.get_by_role("button", name="Dismiss the notice").click()
    expect(page.locator(".notice-line")).to_have_count(0)
    page.goto(f"{ana.address}/")
    expect(page.locator(".notice-line")).to_have_count(0)

    notice("Restart at 19:00.", "--level", "error")
    expect(page.locator(".notice-line.bad")).to_contain_text("19:00", timeout=PATIENCE)


def test_a_notice_that_came_or_ended_before_the_page_listened_is_not_missed(
    ana: Person, new_context: NewContext, notice: Notice
) -> None:
    page = ana.sign_in(new_context())

    def opened_and_then(*words: str) -> None:
        tickets = held_back(page, TICKET)
        page.goto(ana.address)
        ticket = first_of(tickets, page)
        notice(*words)
        ticket.continue_()
        page.unroute(TICKET)

    opened_and_then("Restart at 18:00.")
    expect(page.locator(".notice-line")).to_contain_text("18:00", timeout=PATIENCE)

    opened_and_then("--end", "We are back.")
    expect(page.locator(".notice-line")).to_have_count(0, timeout=PATIENCE)


def test_the_end_of_a_notice_takes_it_away_and_says_so(
    ana: Person, new_context: NewContext, notice: Notice
) -> None:
    notice("Restart at 18:00.")
    page = ana.sign_in(new_context())
    see(page, "#conn", "Live")
    expect(page.locator(".notice-line")).to_have_count(1)

    notice("--end", "We are back.")

    see(page, ".toasts", "We are back.")
    expect(page.locator(".notice-line")).to_have_count(0)
