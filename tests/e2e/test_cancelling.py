"""What people see when they cancel, retry and look back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_every_page import violations
from tests.images import disks, encoded

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

MANY = 24


@pytest.fixture
def large_files(tmp_path: Path) -> list[Path]:
    """Pictures that take a worker longer than a person needs for two clicks."""
    files = [tmp_path / f"slide-{place:02}.png" for place in range(MANY)]
    for place, file in enumerate(files):
        file.write_bytes(encoded(disks(20, radius=80, seed=place + 1)))
    return files


def see(page: Page, selector: str, text: str) -> None:
    expect(page.locator(selector)).to_contain_text(text, timeout=PATIENCE)


def test_both_browsers_see_the_card_settle_exactly_after_a_cancel(
    ana: Person, new_context: NewContext, large_files: list[Path]
) -> None:
    """Q4: what waited is as before, what was done stays, and the tally says just that."""
    project = ana.rest.create_project("Second thoughts")
    ana.rest.upload(project["id"], large_files)
    dashboard, page = ana.sign_in(new_context()), ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")
    for each in (dashboard, page):
        see(each, "#conn", "Live")
    page.get_by_role("button", name=f"Segment {MANY} unprocessed").click()
    see(dashboard, ".card-foot", "left")

    page.locator(".tally").get_by_role("button", name="Cancel").click()
    see(page, "dialog", "images wait and")
    assert violations(page) == []
    page.get_by_role("button", name="Cancel segmentation").click()

    see(page, ".toasts", "Cancelled")
    expect(page.locator(".tally").get_by_role("button", name="Cancel")).to_have_count(0)
    counts = ana.rest.stats(project["id"])
    done = counts["segmentedCount"]
    assert (counts["pendingCount"], counts["failedCount"]) == (0, 0)
    assert counts["uploadedCount"] == MANY - done > 0
    for each in (dashboard, page):
        see(each, "[data-tally]", f"{done} of {MANY} segmented")
    see(dashboard, ".card-foot", f"{counts['objectCount']:,} objects")
    expect(page.locator("[data-status='uploaded']")).to_have_count(MANY - done, timeout=PATIENCE)


def test_an_earlier_result_is_shown_again_from_the_history(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    """Q5."""
    project = ana.rest.create_project("Two methods")
    [image] = ana.rest.upload(project["id"], drawn_files(1))["images"]
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}/images/{image['id']}")
    see(page, "#conn", "Live")
    page.get_by_role("tab", name="About").click()
    for method in ("local", "otsu"):
        order = {"engine": "classical", "params": {"method": method}, "select": [image["id"]]}
        ana.rest.segment(project["id"], **order)
        see(page, ".facts", f"method = {method}")

    page.get_by_text("History of runs").click()
    runs = page.locator("ol[aria-label^='Runs']")
    expect(runs).to_contain_text("asked for by Ana Ruiz")
    assert violations(page) == []
    page.get_by_role("button", name="Show this result").click()

    see(page, ".facts", "method = local")
    expect(runs.locator("li").nth(1)).to_contain_text("Shown")
    assert ana.rest.stats(project["id"])["segmentedCount"] == 1
