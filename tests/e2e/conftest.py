"""Chromium, and the whole system, for the tests that look at pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from shared.client.rest import RestClient
from shared.credentials.tokens import csrf_token
from shared.database import dashboards
from shared.database.engine import Database
from shared.demo.system import whole_system
from shared.servers.addresses import read_published
from tests.conftest import SECRET
from tests.factories import PASSWORD, begin_login, insert_account
from tests.images import disks, encoded
from web.access import COOKIE

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
PATIENCE = 60_000  #: Milliseconds; a machine that is busy with other tests is slow.

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Person:
    """Somebody with an account, and how their browser and their scripts sign in."""

    address: str
    email: str
    rest: RestClient
    begin_login: Callable[[], str] | None = None  #: Returns the session of another login.

    def sign_in(self, context: BrowserContext) -> Page:
        """Return a page of *context* on the dashboard, signed in.

        Without the form if there is a shorter way: it has tests of its own, and to look at a
        password takes time by intention.
        """
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        if self.begin_login is None:
            self._fill_the_form(page)
        else:
            context.add_cookies(
                [{"name": COOKIE, "value": self.begin_login(), "url": self.address}]
            )
            page.goto(self.address)
        return page

    def _fill_the_form(self, page: Page) -> None:
        page.goto(f"{self.address}/login")
        page.fill("#email", self.email)
        page.fill("#password", PASSWORD)
        page.click("form button")
        page.wait_for_url(f"{self.address}/")


class Script(RestClient):
    """A script with a session of its own."""

    def __init__(self, address: str, session: str) -> None:
        super().__init__(address)
        self._http.cookies.set(COOKIE, session)
        self._http.headers["X-CSRF-Token"] = csrf_token(session, SECRET)


@dataclass(frozen=True)
class System:
    """A whole celltally, and what lies beneath its pages."""

    address: str
    home: Path
    database: Database

    @contextmanager
    def person(self, name: str) -> Iterator[Person]:
        """Lend somebody who just registered."""
        email = f"{name.partition(' ')[0].lower()}-{uuid4().hex[:8]}@lab.example"
        account = insert_account(self.database, name, email=email)
        self.database.transact(lambda tx: dashboards.mark_due(tx.connection, account.id))

        def begin() -> str:
            return begin_login(self.database, account)

        with Script(self.address, begin()) as rest:
            yield Person(self.address, email, rest, begin)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; there is no download of another."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed; `apt-get install chromium` brings it")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Every process of the Procfile, in a home of its own, until the last of these tests ends.

    Without limits of rates: more people register in these tests than may in an hour.
    """
    home = tmp_path_factory.mktemp("home")
    with whole_system(home, rate_limits="off", secret_key=SECRET) as address:
        published = read_published(home)
        assert published is not None
        database = Database(published["postgresql"], pool_size=2, name="tests")
        yield System(address, home, database)
        database.close()


@pytest.fixture(scope="package")
def address(system: System) -> str:
    """Where the pages of the whole celltally are."""
    return system.address


@pytest.fixture
def ana(system: System) -> Iterator[Person]:
    """Somebody who just registered."""
    with system.person("Ana Ruiz") as ana:
        yield ana


@pytest.fixture
def ben(system: System) -> Iterator[Person]:
    """Somebody else who just registered."""
    with system.person("Ben Ode") as ben:
        yield ben


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
