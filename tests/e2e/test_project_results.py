"""The results of a project: charts and tables of all its objects, and the news of newer ones."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from shared.client.rest import RestClient
from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_live_pages import see
from tests.integration.interleaving import until

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]


def segmented(rest: RestClient, project_id: str, files: list[Path]) -> None:
    rest.upload(project_id, files)
    rest.segment(project_id, engine="classical")
    until(lambda: rest.stats(project_id)["pendingCount"] == 0, seconds=60)


@pytest.fixture
def project_id(ana: Person, drawn_files: DrawnFiles) -> str:
    """A project with three images of three objects, and two of five."""
    project = ana.rest.create_project("Disks")
    segmented(ana.rest, project["id"], drawn_files(3))
    segmented(ana.rest, project["id"], drawn_files(2, disk_count=5))
    found: str = project["id"]
    return found


def opened(ana: Person, new_context: NewContext, address: str, **options: object) -> Page:
    page = ana.sign_in(new_context(reduced_motion="reduce", **options))
    page.goto(f"{ana.address}{address}")
    page.locator(".results-table tbody tr").first.wait_for()
    return page


def column(page: Page, place: int) -> list[str]:
    return page.locator(f".results-table tbody td:nth-child({place})").all_inner_texts()


def test_charts_and_tables_show_all_objects_and_the_address_says_what(
    ana: Person, new_context: NewContext, project_id: str
) -> None:
    page = opened(ana, new_context, f"/projects/{project_id}/results")
    see(page, "[data-covered]", "19 objects in 5 images")
    expect(page.locator(".chart canvas")).to_have_count(2, timeout=PATIENCE)
    label = page.locator(".chart").first.get_attribute("aria-label") or ""
    assert label.startswith("Histogram of Area (px²) of 19 objects: median ")

    page.get_by_label("Across").select_option("eccentricity")
    page.get_by_role("button", name="Objects", exact=True).first.click()

    see(page, ".chart-panel figcaption >> nth=0", "Eccentricity")
    assert page.url.endswith("?x=eccentricity&table=objects")
    expect(page.locator(".results-table tbody tr")).to_have_count(19)
    page.reload()
    see(page, ".chart-panel figcaption >> nth=0", "Eccentricity")
    expect(page.get_by_label("Across")).to_have_value("eccentricity")


def test_what_is_shown_is_chosen_in_one_line_where_there_is_room(
    ana: Person, new_context: NewContext, project_id: str
) -> None:
    wide = {"width": 1440, "height": 900}
    page = opened(ana, new_context, f"/projects/{project_id}/results", viewport=wide)

    controls = page.locator(".result-controls").bounding_box()

    assert controls is not None
    assert controls["height"] < 70


def test_tables_are_sorted_and_filtered_by_the_server(
    ana: Person, new_context: NewContext, project_id: str
) -> None:
    page = opened(ana, new_context, f"/projects/{project_id}/results")
    assert column(page, 1)[0] == "well-3-00.png"

    page.get_by_role("columnheader", name="Objects").get_by_role("button").click()

    expect(page.locator(".results-table tbody td").nth(1)).to_have_text("5")
    assert page.locator("th[aria-sort=descending]").inner_text().strip() == "Objects"
    page.get_by_label("Only images whose name contains").fill("well-3")
    see(page, "[data-covered]", "9 objects in 3 images")
    expect(page.locator(".results-table tbody tr")).to_have_count(3)
    assert column(page, 2) == ["3", "3", "3"]
    assert "q=well-3" in page.url
    page.get_by_label("Only images whose name contains").fill("nothing")
    see(page, ".empty", "No result here fits")


def test_an_object_leads_to_its_image_where_it_is_chosen_and_seen(
    ana: Person, new_context: NewContext, project_id: str
) -> None:
    page = opened(ana, new_context, f"/projects/{project_id}/results?table=objects&q=well-5-01")

    link = page.locator(".results-table tbody a").last
    label = (link.get_attribute("href") or "").partition("?obj=")[2]
    link.click()

    page.wait_for_url(f"**/images/*?obj={label}", timeout=PATIENCE)
    see(page, "h1", "well-5-01.png")
    see(page, "[data-selection]", f"Object {label}")
    row = page.locator(f"[data-object='{label}']")
    expect(row).to_have_attribute("aria-selected", "true")
    expect(row).to_be_in_viewport()


def test_images_without_results_are_no_newer_results(
    ana: Person, new_context: NewContext, project_id: str, drawn_files: DrawnFiles
) -> None:
    page = opened(ana, new_context, f"/projects/{project_id}/results")
    frames: list[str] = []
    keep = lambda frame: frames.append(str(frame))  # noqa: E731 - Playwright marks what it is given.
    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    page.reload()
    see(page, "#conn", "Live")
    see(page, "[data-covered]", "19 objects in 5 images")

    ana.rest.upload(project_id, drawn_files(1, disk_count=4))

    while not any('"imageCount":6' in frame for frame in frames):
        page.wait_for_timeout(50)
    page.wait_for_timeout(200)
    expect(page.get_by_text("Newer results exist")).to_have_count(0)


def test_newer_results_are_announced_and_shown_when_asked(
    ana: Person, new_context: NewContext, project_id: str, drawn_files: DrawnFiles
) -> None:
    page = opened(ana, new_context, f"/projects/{project_id}/results")
    see(page, "#conn", "Live")
    expect(page.get_by_text("Newer results exist")).to_have_count(0)

    segmented(ana.rest, project_id, drawn_files(1, disk_count=4))

    page.get_by_role("button", name="Show them").click()
    see(page, "[data-covered]", "23 objects in 6 images")
    expect(page.get_by_text("Newer results exist")).to_have_count(0)


def test_a_project_without_results_says_how_to_get_some(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Plain")
    ana.rest.upload(project["id"], drawn_files(1))
    page = ana.sign_in(new_context())

    page.goto(f"{ana.address}/projects/{project['id']}/results")

    see(page, ".empty", "Segment the images of this project")
    page.get_by_role("link", name="Go to the images").click()
    page.locator(".tile").wait_for()


def test_charts_that_cannot_be_loaded_say_so_and_the_rest_works(
    ana: Person, new_context: NewContext, project_id: str
) -> None:
    page = ana.sign_in(new_context())
    page.route("**/uplot*", lambda route: route.abort())

    page.goto(f"{ana.address}/projects/{project_id}/results")

    see(page, ".chart-panel >> nth=0", "The chart could not be loaded")
    see(page, ".chart-facts", "Median")
    expect(page.locator(".results-table tbody tr")).to_have_count(5)


def test_the_tabs_of_a_project_lead_everywhere(
    ana: Person, new_context: NewContext, project_id: str
) -> None:
    page = opened(
        ana, new_context, f"/projects/{project_id}/results", viewport={"width": 390, "height": 844}
    )
    tabs = page.get_by_role("navigation", name="Project", exact=True)

    for name, shown in (
        ("Exports", "#exports-made"),
        ("Activity", ".feed-entry"),
        ("Settings", "#title"),
        ("Images", ".tile"),
        ("Results", ".chart"),
    ):
        tabs.get_by_role("link", name=name).click()
        page.locator(shown).first.wait_for()
        expect(tabs.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")
        title = page.locator(".crumbs h1").bounding_box()
        assert title is not None
        assert title["width"] > 40, name  # On a phone too there is room for the title.


def test_images_are_found_by_their_name_and_the_address_says_so(
    ana: Person, new_context: NewContext, project_id: str
) -> None:
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project_id}?q=WELL-5")
    expect(page.locator(".tile")).to_have_count(2, timeout=PATIENCE)

    page.get_by_label("Show images whose name contains").fill("5-01")

    expect(page.locator(".tile")).to_have_count(1)
    assert page.url.endswith("?q=5-01")
    page.get_by_label("Show images whose name contains").fill("none")
    see(page, ".empty", "No image here is called “none”")
    page.get_by_label("Show images whose name contains").fill("")
    expect(page.locator(".tile")).to_have_count(5)
    assert page.url.endswith(project_id)
