"""A project of 10,000 images: few nodes, any place at once, all selected with one key."""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import text

from tests.e2e.conftest import PATIENCE, Person, System
from tests.e2e.test_every_page import violations
from tests.e2e.test_live_pages import see

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

MANY = 10_000
MOST_NODES = 600

# Each a copy of the one that was uploaded, but for what must differ; the triggers count them.
COPIES = text(
    """
INSERT INTO images (id, project_id, filename, sha256, bytes, width, height, channels, bit_depth,
                    modality, storage_key, thumbnail_key)
SELECT gen_random_uuid(), project_id, 'well-' || lpad(n::text, 5, '0') || '.png',
       md5(n::text) || md5(n::text || 'x'), bytes, width, height, channels, bit_depth,
       modality, storage_key, thumbnail_key
FROM images, generate_series(1, :many - 1) AS n WHERE project_id = :project_id
"""
)


@pytest.fixture
def folder(ana: Person, system: System, drawn_files: DrawnFiles) -> str:
    """The address of a project with 10,000 images; the first one by name is `well-00001.png`."""
    project = ana.rest.create_project("Screen")
    [first] = ana.rest.upload(project["id"], drawn_files(1))["images"]
    copies = {"project_id": UUID(first["projectId"]), "many": MANY}
    system.database.transact(lambda tx: tx.connection.execute(COPIES, copies))
    return f"{ana.address}/projects/{project['id']}"


def nodes(page: Page) -> int:
    found: int = page.evaluate("document.querySelectorAll('.grid, .grid *').length")
    return found


def test_ten_thousand_images_are_few_nodes_and_any_of_them_is_there_at_once(
    ana: Person, new_context: NewContext, folder: str
) -> None:
    page = ana.sign_in(new_context(viewport={"width": 1440, "height": 900}))
    page.goto(folder)
    see(page, "[data-tally]", "0 of 10,000 segmented")
    expect(page.locator("[aria-setsize='10000']").first).to_be_attached(timeout=PATIENCE)
    assert nodes(page) < MOST_NODES
    assert violations(page) == []

    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    middle = page.locator(".tile:not(.to-come) .tile-name").first
    expect(middle).to_have_text(re.compile("well-0[45]"), timeout=PATIENCE)
    assert nodes(page) < MOST_NODES
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.get_by_title("well-09999.png")).to_be_visible(timeout=PATIENCE)
    assert nodes(page) < MOST_NODES

    page.keyboard.press("Control+a")
    expect(page.locator("[data-selected]")).to_have_text("10,000")
    page.locator(".bulk").get_by_role("button", name="Delete").click()
    page.locator("dialog").get_by_role("button", name="Delete").click()
    see(page, ".toasts", "10,000 images deleted.")
    expect(page.locator(".drop.large")).to_be_visible(timeout=PATIENCE)


def test_the_order_is_in_the_address_and_survives_a_reload(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("In order")
    for file in drawn_files(3):
        ana.rest.upload(project["id"], [file])
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}?status=uploaded")
    names = page.locator(".tile-name")
    expect(names).to_have_text(["well-3-00.png", "well-3-01.png", "well-3-02.png"])

    page.get_by_label("Sort").select_option("-createdAt")

    newest = ["well-3-02.png", "well-3-01.png", "well-3-00.png"]
    expect(names).to_have_text(newest, timeout=PATIENCE)
    assert page.url.endswith("?sort=-createdAt&status=uploaded")
    page.reload()
    expect(names).to_have_text(newest)
    assert page.get_by_label("Sort").input_value() == "-createdAt"
    page.get_by_label("Sort").select_option("filename")
    page.get_by_role("button", name="All", exact=False).first.click()
    expect(names).to_have_count(3)
    assert "?" not in page.url


def test_the_sheet_of_keys_opens_on_every_page_and_its_key_can_be_switched_off(
    ana: Person, new_context: NewContext
) -> None:
    """WCAG 2.1.4."""
    page = ana.sign_in(new_context(color_scheme="dark"))
    for place in ("/", "/settings/profile"):
        page.goto(f"{ana.address}{place}")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)

    page.locator("#name").press("?")
    expect(page.locator("dialog")).to_have_count(0)
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Use single keys, such as ? and /").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_have_count(0)
