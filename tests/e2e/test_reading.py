"""Archives, channels and provenance, as people meet them."""

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_every_page import violations
from tests.images import disks, tiff

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]


def see(page: Page, selector: str, text: str) -> None:
    expect(page.locator(selector)).to_contain_text(text, timeout=PATIENCE)


def test_a_zip_is_unpacked_and_says_what_became_of_its_files(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, tmp_path: Path
) -> None:
    """U5, U4: the counts rise, the bad one is named."""
    archive = tmp_path / "plate.zip"
    with ZipFile(archive, "w") as packed:
        for file in drawn_files(3):
            packed.write(file, f"day 1/{file.name}")
        packed.writestr("day 1/notes.txt", "hello, I am a text")
    project = ana.rest.create_project("Packed")
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")

    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files([archive])

    see(page, "[data-tally]", "0 of 3 segmented")
    see(page, "[data-upload='rejected']", "3 images. 1 refused.")
    see(page, "[data-upload='rejected']", "notes.txt is not an image")


def test_the_page_of_an_image_says_how_its_result_was_made(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    """E6: in words, and copied; the same picture again is answered from the first."""
    [file] = drawn_files(1)
    project, again = (ana.rest.create_project(title) for title in ("First", "Again"))
    context = new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = ana.sign_in(context)

    for each in (project, again):
        ana.rest.upload(each["id"], [file])
        ana.rest.segment(each["id"], engine="classical")
        page.goto(f"{ana.address}/projects/{each['id']}")
        see(page, "[data-tally]", "1 of 1 segmented")
    page.locator("[data-status='segmented'] a").first.click()
    page.get_by_role("tab", name="About").click()
    page.get_by_text("How was this made?").click()

    see(page, "[data-provenance]", "No engine was run")
    see(page, "[data-provenance]", "classical 1")
    see(page, "[data-provenance]", "numpy")
    assert violations(page) == []
    page.get_by_role("button", name="Copy as JSON").click()
    see(page, "#toasts", "Copied")
    copied = page.evaluate("navigator.clipboard.readText().then(JSON.parse)")
    assert copied["engine"]["name"] == "classical"
    assert copied["takenFrom"] == {}  # Of another project.
    page.get_by_text("History of runs").click()
    see(page, ".history ol", "answered from an earlier result")
    page.get_by_role("button", name="Repeat exactly").click()
    see(page, ".history ol", "run again exactly")


def test_channels_and_scale_are_chosen_on_the_page_of_a_project(
    ana: Person, new_context: NewContext
) -> None:
    project = ana.rest.create_project("Plate")
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")

    page.get_by_role("link", name="Settings").click()
    page.get_by_label("these channels only").check()
    page.get_by_label("2", exact=True).check()
    page.get_by_label("Pixel size in µm").fill("0.5")
    assert violations(page) == []
    reading = page.get_by_role("region", name="Channels and scale")
    reading.get_by_role("button", name="Save").click()

    see(page, "#toasts", "Saved")
    saved = ana.rest.project(project["id"])
    assert (saved["channels"], saved["pixelSizeUm"]) == ([2], 0.5)
    page.reload()
    expect(page.get_by_label("2", exact=True)).to_be_checked()
    page.get_by_label("all channels").check()
    reading.get_by_role("button", name="Save").click()
    see(page, "#toasts", "Saved")
    assert "channels" not in ana.rest.project(project["id"])


def test_pages_of_one_file_are_told_apart(
    ana: Person, new_context: NewContext, tmp_path: Path
) -> None:
    """U5."""
    path = tmp_path / "film.tif"
    path.write_bytes(tiff(np.stack([disks(2, seed=1), disks(2, seed=2)]), photometric="minisblack"))
    project = ana.rest.create_project("Film")
    ana.rest.upload(project["id"], [path])
    page = ana.sign_in(new_context())

    page.goto(f"{ana.address}/projects/{project['id']}")
    page.get_by_role("link", name="film.tif · 2 of 2").click()

    see(page, "h1", "film.tif · 2 of 2")
