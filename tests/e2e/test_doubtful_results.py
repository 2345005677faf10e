"""Flags of doubtful results on tiles and image page, the sort menu, measurements of the image."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import Person
from tests.e2e.test_every_page import violations
from tests.images import disks, encoded

pytestmark = pytest.mark.xdist_group("e2e")

WIDTH, HEIGHT = 1280, 800


@pytest.fixture
def project(ana: Person, tmp_path: Path) -> str:
    """A project with a result of which every bright pixel is saturated, and one not segmented."""
    files = [tmp_path / "a-new.png", tmp_path / "b-bright.png"]
    for place, path in enumerate(files):
        path.write_bytes(encoded(disks(3, seed=place + 1)))
    made = ana.rest.create_project("Doubtful")
    _, bright = ana.rest.upload(made["id"], files)["images"]
    ana.rest.segment(made["id"], engine="classical", select=[bright["id"]])
    return f"{ana.address}/projects/{made['id']}"


def test_doubtful_results_say_why_and_come_first_when_asked(
    ana: Person, new_context: Callable[..., BrowserContext], project: str
) -> None:
    page = ana.sign_in(new_context(reduced_motion="reduce"))
    page.goto(project)
    tiles = page.locator(".tile .tile-name")
    flag = page.locator(".tile [data-flag='saturated']")

    # Live: how a result compares with the others is asked for when it has come.
    expect(flag).to_contain_text("Saturated")
    expect(tiles).to_have_text(["a-new.png", "b-bright.png"])
    page.get_by_label("Sort").select_option("Most suspicious first")

    expect(tiles).to_have_text(["b-bright.png", "a-new.png"])
    assert page.url.endswith("?sort=suspicion")
    page.reload()
    expect(tiles).to_have_text(["b-bright.png", "a-new.png"])
    expect(page.get_by_label("Sort")).to_have_value("suspicion")
    assert violations(page) == []

    tiles.first.click()
    flags = page.get_by_role("region", name="Worth a second look")
    expect(flags).to_contain_text(
        re.compile(r"Saturated\s+\d+\.\d% of the pixels have the highest")
    )
    assert violations(page) == []


def test_an_order_that_nobody_knows_is_the_usual_one(
    ana: Person, new_context: Callable[..., BrowserContext], project: str
) -> None:
    page = ana.sign_in(new_context())

    page.goto(f"{project}?sort=nonsense")

    expect(page.get_by_label("Sort")).to_have_value("filename")


def test_measurements_are_named_by_the_server_and_told_of_the_image_too(
    ana: Person, new_context: Callable[..., BrowserContext], project: str
) -> None:
    """(E4)"""
    context = new_context(reduced_motion="reduce", viewport={"width": WIDTH, "height": HEIGHT})
    page = ana.sign_in(context)
    page.goto(project)
    page.get_by_role("link", name="b-bright.png").click()

    page.get_by_role("tab", name="Table").click()
    heading = page.get_by_role("button", name="Diameter px")
    expect(heading).to_have_attribute("title", "of the disk of the same area: √(4 area / π)")
    page.get_by_role("tab", name="About").click()
    page.get_by_text("Measurements of the image").click()
    summary = page.get_by_role("region", name="Measurements of the image")
    expect(summary.get_by_role("row", name=re.compile("^Objects"))).to_contain_text("3")
    expect(summary.get_by_role("row", name=re.compile("^Area, px²"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert page.evaluate("document.documentElement.scrollHeight") <= HEIGHT
    assert violations(page) == []
