"""Uploads as people meet them: folders, breaks, pauses, other pages, the next day (U1, U2, U7)."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.line import Line
from tests.e2e.test_every_page import violations
from tests.images import disks, encoded
from tests.integration.interleaving import until

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]

#: As in browsers that have no shared worker, or end it with the page.
IN_THE_PAGE = "delete window.SharedWorker;"

#: Keeps every value that a progress bar ever had.
WITNESS = """
window.shares = [];
new MutationObserver(() => {
  const bar = document.querySelector(".uploads-head [role=progressbar]");
  if (bar) shares.push(Number(bar.getAttribute("aria-valuenow")));
}).observe(document.body, { subtree: true, childList: true, attributes: true });
"""


@pytest.fixture
def line(address: str) -> Iterator[Callable[..., Line]]:
    """Return a function that makes a line to the pages."""
    made: list[Line] = []

    def make(**how: float) -> Line:
        made.append(Line(address, **how))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """A picture of 24 MB that does not compress."""
    path = tmp_path / "large.tif"
    tifffile.imwrite(path, np.random.default_rng(3).integers(0, 1 << 16, (3000, 4000), np.uint16))
    return path


def see(page: Page, selector: str, text: str, *, times: int = 1) -> None:
    expect(page.locator(selector).first).to_contain_text(text, timeout=times * PATIENCE)


def at(person: Person, line: Line) -> Person:
    """Return the same person, whose browser uses the line."""
    return replace(person, address=line.address)


def project_page(person: Person, context: BrowserContext, project: dict[str, Any]) -> Page:
    page = person.sign_in(context)
    page.goto(f"{person.address}/projects/{project['id']}")
    page.locator(".drop").wait_for()
    return page


def choose(page: Page, files: list[Path] | Path, button: str = "Choose files") -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button).click()
    chooser.value.set_files(files)


def share_of(page: Page) -> int:
    bar = page.locator(".uploads-head [role=progressbar]")
    return int(bar.get_attribute("aria-valuenow") or 0)


def offset_of(person: Person, project: dict[str, Any]) -> int:
    """Return how much of the only unfinished upload the server has."""
    [upload] = person.rest.unfinished_uploads(project["id"])
    offset: int = upload["offset"]
    return offset


def shas_of(person: Person, project: dict[str, Any]) -> set[str]:
    return {image["sha256"] for image in person.rest.images(project["id"])}


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def test_two_hundred_files_in_folders_arrive_with_where_they_lay(
    ana: Person, new_context: NewContext, tmp_path: Path
) -> None:
    plate = tmp_path / "plate"
    for number in range(200):
        path = plate / f"day {number % 4}" / f"well-{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(disks(2, seed=number)))
    (plate / "notes.png").write_text("no picture at all")
    (plate / ".DS_Store").write_text("hidden")
    project = ana.rest.create_project("Plate")
    page = project_page(ana, new_context(), project)

    choose(page, plate, "Choose folder")

    see(page, "[data-upload='rejected']", "plate/notes.png")
    expect(page.get_by_role("button", name="Close")).to_be_visible(timeout=4 * PATIENCE)
    assert "refused" in page.locator("[data-uploads]").inner_text()
    assert page.locator("[data-upload='rejected']").all_inner_texts()[1:] == []
    see(page, "[data-uploads]", "200 accepted · 1 refused")
    see(page, "[data-tally]", "0 of 200 segmented")
    paths = {image["relativePath"] for image in ana.rest.images(project["id"])}
    assert "plate/day 3/well-199.png" in paths
    assert len(paths) == 200


def test_a_line_that_is_cut_in_the_middle_is_gone_on_from(
    ana: Person,
    new_context: NewContext,
    line: Callable[..., Line],
    large_file: Path,
) -> None:
    project, way = ana.rest.create_project("Cut"), line(rate=6e6)
    page = project_page(at(ana, way), new_context(), project)
    page.evaluate(WITNESS)
    choose(page, large_file)
    until(lambda: share_of(page) >= 30, seconds=60)

    way.cut()
    see(page, "[data-upload]", "Trying again")
    until(lambda: offset_of(ana, project) > 0)
    way.rate = float("inf")
    way.mend()

    see(page, "[data-uploads]", "1 accepted")
    assert shas_of(ana, project) == {digest(large_file)}
    shares = page.evaluate("shares")
    assert shares == sorted(shares)


def test_after_a_reload_the_same_file_goes_on_where_the_server_is(
    ana: Person,
    new_context: NewContext,
    line: Callable[..., Line],
    large_file: Path,
) -> None:
    project, way = ana.rest.create_project("Reloaded"), line(rate=6e6)
    context = new_context()
    context.add_init_script(IN_THE_PAGE)
    page = project_page(at(ana, way), context, project)
    choose(page, large_file)
    until(lambda: share_of(page) >= 30, seconds=60)
    page.on("dialog", lambda asked: asked.accept())

    page.reload()
    see(
        page,
        "[data-unfinished]",
        "1 unfinished upload. Give the same files to continue in Reloaded.",
    )
    until(lambda: offset_of(ana, project) > 0)
    stored = offset_of(ana, project)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108
    way.rate = float("inf")
    choose(page, large_file, "Choose the files")

    see(page, "[data-uploads]", "1 accepted")
    assert shas_of(ana, project) == {digest(large_file)}
    sent = [request for request in asked if "/api/v1/uploads/" in request.url]
    patched = [each for each in sent if each.method == "PATCH"]
    assert sent[0].method == "HEAD"
    assert int(patched[-1].headers["upload-offset"]) >= stored > 0


def test_another_file_of_the_same_name_does_not_go_on_with_it(
    ana: Person,
    new_context: NewContext,
    line: Callable[..., Line],
    large_file: Path,
    tmp_path: Path,
) -> None:
    project, way = ana.rest.create_project("Other"), line(rate=6e6)
    context = new_context()
    context.add_init_script(IN_THE_PAGE)
    page = project_page(at(ana, way), context, project)
    choose(page, large_file)
    until(lambda: share_of(page) >= 10, seconds=60)
    page.on("dialog", lambda asked: asked.accept())
    page.reload()
    other = tmp_path / "elsewhere" / large_file.name
    other.parent.mkdir()
    other.write_bytes(encoded(disks(4, seed=9)))

    see(page, "[data-unfinished]", "1 unfinished upload")
    choose(page, other)

    see(page, "[data-uploads]", "1 accepted · 1 unfinished")
    page.get_by_role("button", name="Forget them").click()
    see(page, "[data-uploads]", "1 accepted")
    until(lambda: ana.rest.unfinished_uploads(project["id"]) == [])
    assert shas_of(ana, project) == {digest(other)}


def test_an_upload_goes_on_from_page_to_page_by_itself(
    ana: Person,
    new_context: NewContext,
    line: Callable[..., Line],
    large_file: Path,
) -> None:
    project, way = ana.rest.create_project("Wandering"), line(rate=1e6)
    page = project_page(at(ana, way), new_context(), project)
    choose(page, large_file)
    until(lambda: share_of(page) >= 10, seconds=60)

    page.get_by_role("link", name="Dashboard", exact=True).first.click()
    page.wait_for_url(f"{way.address}/")
    see(page, "[data-upload='sending']", "large.tif")
    page.reload()
    see(page, "[data-upload='sending']", "large.tif")
    page.goto(f"{way.address}/settings/profile")
    see(page, "[data-upload='sending']", "large.tif")
    page.goto(way.address)
    see(page, "[data-upload='sending']", "large.tif")
    way.rate = float("inf")

    see(page, "[data-uploads]", "1 accepted")
    see(page, ".card", "0 of 1 segmented")
    assert shas_of(ana, project) == {digest(large_file)}


def test_a_page_of_the_account_shows_what_another_page_begins_to_upload(
    ana: Person,
    new_context: NewContext,
    line: Callable[..., Line],
    large_file: Path,
) -> None:
    project, way = ana.rest.create_project("Beside the settings"), line(rate=1e6)
    page = project_page(at(ana, way), new_context(), project)
    settings = page.context.new_page()
    settings.goto(f"{way.address}/settings/appearance")
    expect(settings.locator(".uploads")).to_have_count(0)

    choose(page, large_file)

    see(settings, "[data-upload='sending']", "large.tif")


def test_a_pause_rests_and_a_cancel_leaves_nothing(
    ana: Person,
    new_context: NewContext,
    line: Callable[..., Line],
    large_file: Path,
) -> None:
    project, way = ana.rest.create_project("Paused"), line(rate=6e6)
    page = project_page(at(ana, way), new_context(), project)
    choose(page, large_file)
    until(lambda: share_of(page) >= 10, seconds=60)

    page.get_by_role("button", name="Pause", exact=True).click()
    see(page, "[data-upload='paused']", "large.tif")
    expect(page.locator("[data-tally]")).to_have_count(0)
    until(lambda: offset_of(ana, project) > 0)
    page.get_by_role("button", name="Resume", exact=True).click()
    see(page, "[data-upload='sending']", "large.tif")
    page.get_by_role("button", name="Cancel", exact=True).click()

    expect(page.locator(".uploads")).to_have_count(0)
    until(lambda: ana.rest.unfinished_uploads(project["id"]) == [])
    assert shas_of(ana, project) == set()


def test_a_paused_upload_is_resumed_to_the_same_bytes(
    ana: Person,
    new_context: NewContext,
    line: Callable[..., Line],
    large_file: Path,
) -> None:
    project, way = ana.rest.create_project("Resumed"), line(rate=6e6)
    page = project_page(at(ana, way), new_context(), project)
    choose(page, large_file)
    until(lambda: share_of(page) >= 20, seconds=60)
    page.get_by_role("button", name="Pause large.tif").click()
    see(page, "[data-upload='paused']", "large.tif")
    way.rate = float("inf")

    page.get_by_role("button", name="Resume large.tif").click()

    see(page, "[data-uploads]", "1 accepted")
    assert shas_of(ana, project) == {digest(large_file)}


def test_the_handle_of_a_file_is_enough_for_the_next_page(
    ana: Person, new_context: NewContext, line: Callable[..., Line]
) -> None:
    """Files of the origin's own file system have handles that need no permission."""
    project, way = ana.rest.create_project("Handles"), line(rate=1e6)
    context = new_context()
    context.add_init_script(IN_THE_PAGE)
    page = project_page(at(ana, way), context, project)
    content = encoded(np.random.default_rng(1).integers(0, 255, (3000, 2000), np.uint8))
    page.evaluate(
        """async ({ bytes, project }) => {
          const folder = await navigator.storage.getDirectory();
          const handle = await folder.getFileHandle("kept.png", { create: true });
          const out = await handle.createWritable();
          await out.write(Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)));
          await out.close();
          const script = document.querySelector('script[type=module]').src;
          const { add } = await import(script.replace("project.js", "uploads/client.js"));
          add([{ file: await handle.getFile(), handle }], { project });
        }""",
        {"bytes": _base64(content), "project": project},
    )
    see(page, "[data-upload='sending']", "kept.png")
    page.on("dialog", lambda asked: asked.accept())
    page.reload()
    way.rate = float("inf")

    see(page, "[data-uploads]", "1 accepted")
    assert shas_of(ana, project) == {sha256(content).hexdigest()}


def test_a_pasted_picture_is_uploaded(ana: Person, new_context: NewContext) -> None:
    project = ana.rest.create_project("Pasted")
    page = project_page(ana, new_context(), project)

    page.evaluate(
        """bytes => {
          const clipboardData = new DataTransfer();
          const picture = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
          clipboardData.items.add(new File([picture], "image.png", { type: "image/png" }));
          const how = { clipboardData, bubbles: true, cancelable: true };
          document.body.dispatchEvent(new ClipboardEvent("paste", how));
        }""",
        _base64(encoded(disks(3))),
    )

    see(page, "[data-uploads]", "1 accepted")
    [image] = ana.rest.images(project["id"])
    assert image["filename"].startswith("pasted 20")


def test_ten_thousand_files_leave_the_page_light(ana: Person, new_context: NewContext) -> None:
    project = ana.rest.create_project("Many")
    page = project_page(ana, new_context(), project)

    page.evaluate(
        """() => {
          const dataTransfer = new DataTransfer();
          for (let at = 0; at < 10_000; at += 1)
            dataTransfer.items.add(new File([`no picture ${at}`], `f${at}.png`));
          const drop = { dataTransfer, bubbles: true, cancelable: true };
          document.querySelector("h1").dispatchEvent(new DragEvent("drop", drop));
        }"""
    )

    see(page, "[data-uploads]", "10,000 files")
    page.get_by_role("button", name="Pause", exact=True).click()
    see(page, "[data-uploads]", "paused")
    assert page.locator(".uploads-list li").count() <= 101
    assert page.evaluate("document.querySelectorAll('*').length") < 2500
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("button", name="Close")).to_be_visible(timeout=PATIENCE)


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_the_drawer_is_accessible_and_fits(
    ana: Person,
    new_context: NewContext,
    line: Callable[..., Line],
    large_file: Path,
    tmp_path: Path,
    theme: str,
    width: int,
) -> None:
    project, way = ana.rest.create_project("Seen by all"), line(rate=1e6)
    notes = tmp_path / "a name that is as long as those of some microscopes, with no space_left.png"
    notes.write_text("no picture at all")
    context = new_context(
        color_scheme=theme, viewport={"width": width, "height": 844}, reduced_motion="reduce"
    )
    page = project_page(at(ana, way), context, project)

    choose(page, [notes, large_file])
    see(page, "[data-upload='rejected']", "is not an image")
    see(page, "[data-upload='sending']", "large.tif")

    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Pause", exact=True).click()
    see(page, "[data-upload='paused']", "large.tif")
    assert violations(page) == []
    page.get_by_role("button", name="Files of the uploads").click()
    expect(page.locator(".uploads-list")).to_have_count(0)
    page.get_by_role("button", name="Cancel", exact=True).click()


def test_who_is_signed_out_meanwhile_is_told_and_goes_on_after(
    ana: Person,
    new_context: NewContext,
    line: Callable[..., Line],
    large_file: Path,
) -> None:
    project, way = ana.rest.create_project("Signed out"), line(rate=6e6)
    context = new_context()
    page = project_page(at(ana, way), context, project)
    choose(page, large_file)
    until(lambda: share_of(page) >= 10, seconds=60)
    page.get_by_role("button", name="Pause", exact=True).click()
    see(page, "[data-upload='paused']", "large.tif")
    cookies = context.cookies()
    context.clear_cookies()

    page.get_by_role("button", name="Resume", exact=True).click()
    see(page, "[data-upload='failed']", "Your session has ended")
    context.add_cookies(cookies)
    way.rate = float("inf")
    page.get_by_role("button", name="Send 1 again").click()

    see(page, "[data-uploads]", "1 accepted")
    assert shas_of(ana, project) == {digest(large_file)}


def _base64(content: bytes) -> str:
    return b64encode(content).decode()
