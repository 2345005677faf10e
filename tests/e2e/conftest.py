"""Chromium, and the whole system, for the tests that look at pages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from shared.client.rest import RestClient
from shared.demo.system import whole_system
from tests.images import disks, encoded

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct-horse-7"
PATIENCE = 60_000  #: Milliseconds; a machine that is busy with other tests is slow.


@dataclass(frozen=True)
class Person:
    """Somebody with an account, and how their browser and their scripts sign in."""

    address: str
    email: str
    rest: RestClient

    def sign_in(self, context: BrowserContext) -> Page:
        """Return a page of *context* on the dashboard, signed in through the form."""
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{self.address}/login")
        page.fill("#email", self.email)
        page.fill("#password", PASSWORD)
        page.click("form button")
        page.wait_for_url(f"{self.address}/")
        return page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; there is no download of another."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed; `apt-get install chromium` brings it")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The pages of a whole celltally: every process of the Procfile, in a home of its own.

    Without limits of rates: more people register in these tests than may in an hour.
    """
    with whole_system(rate_limits="off") as address:
        yield address


@pytest.fixture
def ana(address: str) -> Iterator[Person]:
    """Somebody who just registered."""
    email = f"ana-{uuid4().hex[:8]}@lab.example"
    with RestClient(address) as rest:
        rest.sign_up(email=email, password=PASSWORD, name="Ana Ruiz")
        yield Person(address, email, rest)


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that opens a browser of its own, closed when the test ends."""
    opened: list[BrowserContext] = []

    def open_context(**options: object) -> BrowserContext:
        opened.append(browser.new_context(**options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_context
    for context in opened:
        context.close()


@pytest.fixture
def drawn_files(tmp_path: Path) -> Callable[..., list[Path]]:
    """Return a function that writes pictures of bright disks."""

    def draw(number: int, *, disk_count: int = 3) -> list[Path]:
        files = []
        for place in range(number):
            files.append(tmp_path / f"well-{disk_count}-{place:02}.png")
            files[-1].write_bytes(encoded(disks(disk_count, seed=place + 1)))
        return files

    return draw
