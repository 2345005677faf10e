"""What people see in their browsers while the whole system works."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

#: True in a page that was never loaded again since the test looked first.
STAY = "window.neverReloaded = true"
STAYED = "window.neverReloaded === true"

#: Whether many pixels of the picture's canvas have the colour of an outline.
OUTLINED = """
() => {
  const canvas = document.querySelectorAll(".stage canvas")[1];
  if (!canvas) return false;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] === 0x3e && data[at + 1] === 0xe0 && data[at + 2] === 0xc8) found += 1;
  }
  return found > 100;
}
"""


def choose_files(page: Page, files: list[Path]) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(files)


def segmented_images(person: Person, files: list[Path]) -> str:
    """Upload and segment *files* by script; return the address of their project."""
    project = person.rest.create_project("Made by script")
    person.rest.upload(project["id"], files)
    person.rest.segment(project["id"], engine="classical")
    return f"{person.address}/projects/{project['id']}"


def see(page: Page, selector: str, text: str) -> None:
    expect(page.locator(selector)).to_contain_text(text, timeout=PATIENCE)


def test_both_dashboards_rise_live_to_the_exact_number(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    first, second = ana.sign_in(new_context()), ana.sign_in(new_context())
    dashboards = (first, second)
    for dashboard in dashboards:
        see(dashboard, "#conn", "Live")
        dashboard.evaluate(STAY)
    project = ana.sign_in(new_context())
    project.get_by_role("button", name="New project").first.click()
    project.fill("#title", "Plate 7")
    project.click("text=Create project")

    choose_files(project, drawn_files(10))
    for dashboard in dashboards:
        see(dashboard, "[data-tally]", "0 of 10 segmented")
        see(dashboard, "[data-kpi='Images']", "10")
    project.get_by_role("button", name="Segment 10 unprocessed").click()

    for dashboard in dashboards:
        see(dashboard, "[data-tally]", "10 of 10 segmented")
        see(dashboard, "[data-kpi='Objects']", "30")
        see(dashboard, ".card-foot", "30 objects")
        assert dashboard.evaluate(STAYED)
    see(project, "[data-tally]", "10 of 10 segmented")
    expect(project.locator("[data-status='segmented']")).to_have_count(10, timeout=PATIENCE)


def test_the_card_follows_an_upload_of_a_script(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("From the microscope")
    dashboard = ana.sign_in(new_context())
    see(dashboard, "#conn", "Live")
    see(dashboard, ".card", "No images yet")
    dashboard.evaluate(STAY)

    ana.rest.upload(project["id"], drawn_files(2))

    see(dashboard, "[data-tally]", "0 of 2 segmented")
    expect(dashboard.locator(".card-thumb img")).to_have_count(1, timeout=PATIENCE)
    assert dashboard.evaluate(STAYED)


def test_the_image_page_shows_outlines_and_a_row_for_each_object(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    address = segmented_images(ana, drawn_files(1, disk_count=5))
    page = ana.sign_in(new_context())
    page.goto(address)
    page.click(".tile-name")

    see(page, "[data-object-count]", "5")
    expect(page.locator("[data-object]")).to_have_count(5)
    page.wait_for_function(OUTLINED)
    page.get_by_role("tab", name="About").click()
    see(page, ".facts", "classical")


def test_choosing_a_row_marks_the_object_and_a_click_on_the_object_marks_the_row(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    address = segmented_images(ana, drawn_files(1, disk_count=3))
    page = ana.sign_in(new_context())
    page.goto(address)
    page.click(".tile-name")
    page.wait_for_function(OUTLINED)

    chosen = page.locator("[data-object][aria-selected='true']")
    page.locator("[data-object='1']").click()
    expect(chosen).to_have_attribute("data-object", "1")
    stage = page.locator(".stage").bounding_box()
    assert stage is not None
    # The second of three disks is in the middle of the picture.
    page.mouse.click(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)

    expect(chosen).to_have_attribute("data-object", "2")
    expect(chosen).to_have_count(1)


def test_the_image_page_changes_by_itself_when_its_run_commits(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Watched")
    ana.rest.upload(project["id"], drawn_files(1))
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")
    page.click(".tile-name")
    see(page, ".inspector", "Not segmented")
    see(page, "#conn", "Live")
    page.evaluate(STAY)

    page.get_by_role("button", name="Segment", exact=True).click()

    see(page, "[data-object-count]", "3")
    assert page.evaluate(STAYED)


def test_a_bad_file_is_named_and_the_others_are_kept(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, tmp_path: Path
) -> None:
    project = ana.rest.create_project("Mixed")
    notes = tmp_path / "notes.png"
    notes.write_text("no picture at all")
    good = drawn_files(5)
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")

    choose_files(page, [*good[:2], notes, *good[2:]])

    see(page, "[data-uploads]", "5 accepted · 1 refused")
    see(page, "[data-upload='rejected']", "notes.png")
    see(page, "[data-tally]", "0 of 5 segmented")


def test_the_same_files_again_are_told_as_duplicates_and_counted_once(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Twice")
    files = drawn_files(3)
    ana.rest.upload(project["id"], files)
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")

    choose_files(page, files)

    see(page, "[data-uploads]", "3 duplicate")
    see(page, "[data-tally]", "0 of 3 segmented")


def test_without_a_socket_the_page_says_so_and_polls(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Behind a proxy")
    context = new_context()
    context.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose({code: 1006})) } "
        "close() {} }"
    )
    page = ana.sign_in(context)
    see(page, ".card", "No images yet")
    page.evaluate(STAY)

    ana.rest.upload(project["id"], drawn_files(2))

    see(page, "[data-tally]", "0 of 2 segmented")
    see(page, "#conn", "Live updates paused")
    assert page.evaluate(STAYED)


def test_files_can_be_dropped_anywhere_on_the_page(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Dropped")
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}")
    page.locator(".drop").wait_for()
    content = [list(file.read_bytes()) for file in drawn_files(2)]

    page.evaluate(
        """contents => {
          const dataTransfer = new DataTransfer();
          contents.forEach((bytes, at) =>
            dataTransfer.items.add(new File([new Uint8Array(bytes)], `dropped-${at}.png`)));
          const drop = { dataTransfer, bubbles: true, cancelable: true };
          document.querySelector("h1").dispatchEvent(new DragEvent("drop", drop));
        }""",
        content,
    )

    see(page, "[data-uploads]", "2 accepted")
    see(page, "[data-tally]", "0 of 2 segmented")


def test_an_image_can_be_segmented_again_with_other_parameters(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    address = segmented_images(ana, drawn_files(2))
    page = ana.sign_in(new_context())
    page.goto(address)
    see(page, "[data-tally]", "2 of 2 segmented")

    page.get_by_label("Engine").select_option("classical")
    page.get_by_role("button", name="Parameters").click()
    page.locator("#param-method").select_option("otsu")
    page.locator(".tile-pick").first.check(force=True)
    page.get_by_role("button", name="Segment 1 selected").click()

    see(page, ".toasts", "1 image segmented in Made by script")
    see(page, "[data-tally]", "2 of 2 segmented")
    page.locator(".tile-name").first.click()
    page.get_by_role("tab", name="About").click()
    see(page, ".facts", "method = otsu")
