"""The page of an image: looking, choosing, colouring, and links that show the same."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_every_page import violations
from tests.e2e.test_live_pages import OUTLINED, STAY, STAYED
from tests.images import disks, encoded, tiff

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

#: The colour in the middle of the picture's canvas.
MIDDLE = """
() => {
  const canvas = document.querySelector(".stage canvas");
  const { data } = canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1);
  return [...data].slice(0, 3);
}
"""


@pytest.fixture
def image_of(ana: Person) -> Callable[..., str]:
    """Return a function that uploads a file, segments it and gives the address of its page."""

    def made(file: Path, *, segmented: bool = True, engine: str = "classical") -> str:
        project = ana.rest.create_project("Looked at")
        [image] = ana.rest.upload(project["id"], [file])["images"]
        if segmented:
            ana.rest.segment(project["id"], engine=engine)
        return f"{ana.address}/projects/{project['id']}/images/{image['id']}"

    return made


def opened(page: Page, address: str) -> Page:
    """Return the page with its outlines drawn."""
    page.goto(address)
    page.wait_for_function(OUTLINED)
    return page


def middle_of(page: Page) -> tuple[float, float]:
    stage = page.locator(".stage").bounding_box()
    assert stage is not None
    return stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2


def zoom_of(page: Page) -> int:
    return int(page.get_by_label("Zoom", exact=True).inner_text().rstrip("%"))


def test_a_link_shows_the_same_object_place_and_colours(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, image_of: Callable[..., str]
) -> None:
    page = opened(ana.sign_in(new_context()), image_of(drawn_files(1)[0]))
    page.mouse.click(*middle_of(page))
    page.mouse.move(*middle_of(page))
    page.mouse.wheel(0, -600)
    page.get_by_role("tab", name="Display").click()
    page.get_by_label("Colour by").select_option("area")
    page.wait_for_url(lambda url: all(part in url for part in ("obj=2", "z=", "by=area")))
    zoom = zoom_of(page)

    other = page.context.new_page()
    other.goto(page.url)

    expect(other.locator("[data-object][aria-selected='true']")).to_have_attribute(
        "data-object", "2", timeout=PATIENCE
    )
    expect(other.locator("[data-legend='area']")).to_be_visible()
    expect(other.locator("[data-selection]")).to_contain_text("Object 2")
    assert zoom_of(other) == zoom
    expect(other.locator(".small-map")).to_be_visible()


def test_the_list_is_sorted_filtered_and_walked_by_keys(
    ana: Person, new_context: NewContext, tmp_path: Path, image_of: Callable[..., str]
) -> None:
    picture = np.full((160, 300), 12, np.uint8)
    for place, side in enumerate((20, 40, 60)):
        picture[40 : 40 + side, 20 + 90 * place : 20 + 90 * place + side] = 220
    file = tmp_path / "squares.png"
    file.write_bytes(encoded(picture))
    page = opened(ana.sign_in(new_context()), image_of(file))
    rows = page.locator("[data-object]")

    page.get_by_label("Sort").select_option("area")
    expect(rows.nth(0)).to_contain_text("3,6")
    page.get_by_label("Only").select_option("area")
    page.get_by_label("to", exact=True).fill("2000")
    page.get_by_label("to", exact=True).press("Enter")
    expect(rows).to_have_count(2)
    page.wait_for_url(lambda url: "sort=-area" in url and "only=area:..2000" in url)

    page.get_by_role("listbox").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("[data-object][aria-selected='true']")).to_have_count(2)
    expect(page.locator("[data-selection]")).to_contain_text("2 objects")
    page.keyboard.press("Enter")
    expect(page.locator(".small-map")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-object][aria-selected='true']")).to_have_count(0)


def columns_of(page: Page, row: str) -> list[tuple[str, float]]:
    """Return the words of a row of the list, and where each of them ends."""
    return page.locator(f"{row} > span:not(.class)").evaluate_all(
        "all => all.map((each) => [each.innerText, each.getBoundingClientRect().right])"
    )


@pytest.mark.parametrize(
    ("locale", "titles", "score"),
    [
        ("en-GB", ["Object", "Area (px²)", "Score"], r"0\.\d\d\d"),
        ("de-DE", ["Objekt", "Area (px²)", "Güte"], r"0,\d\d\d"),
    ],
)
def test_the_list_says_what_its_numbers_are(
    ana: Person,
    new_context: NewContext,
    drawn_files: DrawnFiles,
    image_of: Callable[..., str],
    locale: str,
    titles: list[str],
    score: str,
) -> None:
    address = image_of(drawn_files(1)[0], engine="celltally-net")
    page = opened(ana.sign_in(new_context(locale=locale)), address)
    page.locator("[data-object]").first.wait_for()

    heads = columns_of(page, ".object-row.head")
    cells = columns_of(page, "[data-object='1']")

    assert [word for word, _ in heads] == titles
    assert re.fullmatch(score, cells[2][0])
    assert [end for _, end in cells][1:] == pytest.approx([end for _, end in heads][1:], abs=1)


def test_the_view_is_moved_by_keys_alone(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, image_of: Callable[..., str]
) -> None:
    page = opened(ana.sign_in(new_context()), image_of(drawn_files(1)[0]))
    page.get_by_role("application").focus()
    whole = zoom_of(page)

    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    assert zoom_of(page) > whole
    page.keyboard.press("1")
    assert zoom_of(page) == 100
    page.keyboard.press("0")
    assert zoom_of(page) == whole
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") != "CANVAS"


def test_what_is_under_the_pointer_is_told(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, image_of: Callable[..., str]
) -> None:
    page = opened(ana.sign_in(new_context()), image_of(drawn_files(1)[0]))

    page.mouse.move(*middle_of(page))

    expect(page.locator("[data-cursor]")).to_have_text("x 72, y 36")
    expect(page.locator("[data-intensity]")).to_have_text("220")
    expect(page.locator(".object-row.hover")).to_have_attribute("data-object", "2")


def test_channels_of_sixteen_bits_are_shown_as_chosen_and_stay_so(
    ana: Person, new_context: NewContext, tmp_path: Path, image_of: Callable[..., str]
) -> None:
    planes = np.stack([disks().astype(np.uint16) * 200, disks(seed=5).astype(np.uint16) * 3])
    file = tmp_path / "deep.tif"
    file.write_bytes(tiff(planes, photometric="minisblack", metadata={"axes": "CYX"}))
    page = ana.sign_in(new_context())
    page.goto(image_of(file, segmented=False))
    page.get_by_role("tab", name="Display").click()
    page.get_by_label("Channel 1", exact=True).wait_for()

    page.mouse.move(*middle_of(page))
    expect(page.locator("[data-intensity]")).to_have_text("44000, 660", timeout=PATIENCE)
    page.get_by_label("Channel 2", exact=True).uncheck()
    page.get_by_label("Channel 1, colour").select_option("Blue")
    page.wait_for_function(f"() => ({MIDDLE})()[2] > 200 && ({MIDDLE})()[0] < 100")
    page.get_by_role("button", name="Full range").click()
    page.wait_for_function(f"() => ({MIDDLE})()[2] < 200")

    page.reload()
    page.wait_for_function(f"() => ({MIDDLE})()[2] < 200 && ({MIDDLE})()[2] > 100")
    page.get_by_role("tab", name="Display").click()
    expect(page.get_by_label("Channel 2", exact=True)).not_to_be_checked()


def test_an_image_larger_than_browsers_like_comes_in_tiles(
    ana: Person, new_context: NewContext, tmp_path: Path, image_of: Callable[..., str]
) -> None:
    picture = np.zeros((4200, 5000, 3), np.uint8)
    picture[2000:2200, 2400:2600] = (250, 20, 20)
    file = tmp_path / "slide.png"
    file.write_bytes(encoded(picture))
    page = ana.sign_in(new_context())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(image_of(file, segmented=False))
    page.wait_for_function(f"() => ({MIDDLE})()[0] > 200", timeout=PATIENCE)
    with page.expect_request(lambda request: "/tiles/0/" in request.url):
        page.get_by_role("button", name="1:1").click()
    page.wait_for_function(f"() => ({MIDDLE})()[0] > 200 && ({MIDDLE})()[1] < 60", timeout=PATIENCE)

    assert not any(url.endswith("/content") for url in asked)
    page.wait_for_timeout(500)
    assert 1 <= sum("/tiles/0/" in url for url in asked) <= 24  # Of 90.


def test_a_picture_that_cannot_be_had_is_told_and_the_rest_works(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, image_of: Callable[..., str]
) -> None:
    page = ana.sign_in(new_context())
    page.route("**/content", lambda route: route.fulfill(status=500))

    page.goto(image_of(drawn_files(1)[0]))

    expect(page.locator(".stage-note.bad")).to_contain_text("small copy", timeout=PATIENCE)
    expect(page.locator("[data-object]")).to_have_count(3, timeout=PATIENCE)


def test_outlines_that_cannot_be_had_are_asked_for_again(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, image_of: Callable[..., str]
) -> None:
    address = image_of(drawn_files(1)[0])
    page = opened(ana.sign_in(new_context()), address)
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        refused.append(route)
        body = json.dumps({"detail": "The storage could not read it.", "code": "storage_error"})
        route.fulfill(status=503, body=body, content_type="application/problem+json")

    page.route("**/segmentation", refuse)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("The storage could not read it.")
    page.unroute("**/segmentation")
    page.get_by_role("button", name="Try again").click()

    expect(page.locator("[data-object]")).to_have_count(3, timeout=PATIENCE)


def test_a_new_result_comes_live_and_leaves_view_and_choice(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, image_of: Callable[..., str]
) -> None:
    address = image_of(drawn_files(1)[0])
    page = opened(ana.sign_in(new_context()), address)
    expect(page.locator("#conn")).to_contain_text("Live")
    page.evaluate(STAY)
    page.locator("[data-object='2']").click()
    page.get_by_role("application").focus()
    page.keyboard.press("+")
    zoom = zoom_of(page)
    page.get_by_role("tab", name="About").click()
    run = page.locator(".facts code").first.get_attribute("title")

    page.get_by_role("button", name="Segment again").click()
    page.wait_for_function(
        "before => document.querySelector('.facts code')?.title !== before", arg=run
    )
    page.get_by_role("tab", name="Objects").click()

    expect(page.locator("[data-object='2']")).to_have_attribute("aria-selected", "true")
    assert zoom_of(page) == zoom
    assert page.evaluate(STAYED)


def test_the_neighbours_are_one_key_away_unless_somebody_writes(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    project = ana.rest.create_project("Row")
    images = ana.rest.upload(project["id"], drawn_files(2))["images"]
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects/{project['id']}/images/{images[0]['id']}")
    page.locator(".tabs").wait_for()

    page.keyboard.press("]")
    page.wait_for_url(f"**/{images[1]['id']}")
    page.locator(".tabs").wait_for()
    page.keyboard.press("[")

    page.wait_for_url(f"**/{images[0]['id']}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_part_of_the_viewer_is_accessible(
    ana: Person,
    new_context: NewContext,
    drawn_files: DrawnFiles,
    image_of: Callable[..., str],
    theme: str,
) -> None:
    page = opened(ana.sign_in(new_context(color_scheme=theme)), image_of(drawn_files(1)[0]))
    page.locator("[data-object='2']").click()
    for tab, awaited in (
        ("Objects", ".object-row"),
        ("Table", ".measures"),
        ("Display", ".channel"),
        ("About", ".facts"),
    ):
        page.get_by_role("tab", name=tab).click()
        page.locator(awaited).first.wait_for()
        assert violations(page) == [], tab


def test_fingers_move_and_zoom_on_a_phone(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles, image_of: Callable[..., str]
) -> None:
    context = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = opened(ana.sign_in(context), image_of(drawn_files(1)[0]))
    before = zoom_of(page)
    x, y = middle_of(page)

    page.touchscreen.tap(x, y)
    expect(page.locator("[data-object='2']")).to_have_attribute("aria-selected", "true")
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, apart: float) -> None:
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}]
        touches = [] if kind == "touchEnd" else points
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    touch("touchStart", 30)
    for apart in (45, 60, 90):
        touch("touchMove", apart)
    touch("touchEnd", 90)

    assert zoom_of(page) > 2 * before
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
