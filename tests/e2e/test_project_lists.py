"""Finding projects: on the dashboard and on the page of all of them."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person, System

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]

TITLES = ("Alpha", "Beta", "Gamma ray", "Alpha two")


def titles(page: Page) -> list[str]:
    return page.locator(".card h3, .project-table th a").all_inner_texts()


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.fixture
def projects(ana: Person) -> list[str]:
    return [ana.rest.create_project(title)["id"] for title in TITLES]


@pytest.mark.parametrize("path", ["/", "/projects"])
def test_the_search_is_a_key_away_and_stays_in_the_address(
    ana: Person, new_context: NewContext, projects: list[str], path: str
) -> None:
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}{path}")
    expect(page.locator(".card")).to_have_count(4, timeout=PATIENCE)

    page.keyboard.press("/")
    page.keyboard.type("alp")
    expect(page.locator(".card")).to_have_count(2, timeout=PATIENCE)

    assert asked(page)["q"] == ["alp"]
    page.reload()
    expect(page.locator(".card")).to_have_count(2, timeout=PATIENCE)
    expect(page.get_by_role("searchbox")).to_have_value("alp")


@pytest.mark.parametrize("path", ["/", "/projects"])
def test_order_owner_and_view_are_chosen_and_stay_in_the_address(
    ana: Person, new_context: NewContext, projects: list[str], path: str
) -> None:
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}{path}")
    expect(page.locator(".card")).to_have_count(4, timeout=PATIENCE)

    page.get_by_label("Sort").select_option("title")
    page.get_by_role("button", name="Table").click()
    expect(page.locator(".project-table tbody tr")).to_have_count(4, timeout=PATIENCE)
    expect(page.locator(".project-table th a").first).to_have_text("Alpha")
    page.get_by_role("button", name="Mine").click()

    assert asked(page) == {"sort": ["title"], "view": ["list"], "owner": ["mine"]}
    page.reload()
    expect(page.locator(".project-table tbody tr")).to_have_count(4, timeout=PATIENCE)
    assert titles(page) == sorted(TITLES)

    page.get_by_role("button", name="Shared").click()
    page.get_by_text("No project matches").wait_for()
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".project-table tbody tr")).to_have_count(4, timeout=PATIENCE)


def test_words_of_the_address_that_are_none_of_ours_say_nothing(
    ana: Person, new_context: NewContext, projects: list[str]
) -> None:
    page = ana.sign_in(new_context())
    for query in ("sort=everything", "owner=root&view=3d", "q=%00%0A", "q=" + "a" * 900):
        answer = page.goto(f"{ana.address}/projects?{query}")
        assert answer is not None
        assert answer.status == 200, query


def test_a_long_list_comes_as_one_scrolls_and_each_project_once(
    ana: Person, new_context: NewContext
) -> None:
    for number in range(130):
        ana.rest.create_project(f"Plate {number:03}")
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects?sort=title")
    page.locator(".card").first.wait_for()
    assert page.locator(".card").count() <= 60

    deadline = time.monotonic() + PATIENCE / 1000
    while page.locator(".card").count() < 130 and time.monotonic() < deadline:
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(100)

    assert titles(page) == [f"Plate {number:03}" for number in range(130)]
    expect(page.locator(".list-end")).to_have_count(0)


def test_a_project_that_goes_away_leaves_the_list(
    ana: Person, new_context: NewContext, projects: list[str]
) -> None:
    page = ana.sign_in(new_context())
    page.goto(f"{ana.address}/projects")
    expect(page.locator(".pill.live")).to_be_visible(timeout=PATIENCE)

    ana.rest._ask("DELETE", f"/projects/{projects[0]}")  # As another of her pages would.

    expect(page.locator(".card")).to_have_count(3, timeout=PATIENCE)


def test_the_chart_says_in_words_what_was_uploaded(
    ana: Person, new_context: NewContext, drawn_files: Callable[..., list[Path]]
) -> None:
    project = ana.rest.create_project("Plate 7")
    page = ana.sign_in(new_context())
    expect(page.locator(".pill.live")).to_be_visible(timeout=PATIENCE)
    ana.rest.upload(project["id"], drawn_files(3))

    chart = page.get_by_role("img", name=re.compile(r"3 uploaded in the last 24 hours"))
    expect(chart).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".chart canvas")).to_be_visible()
    page.get_by_role("button", name="1 h", exact=True).click()
    page.get_by_role("img", name=re.compile(r"3 uploaded in the last hour")).wait_for()

    assert asked(page) == {"span": ["1h"]}
    expect(page.locator(".kpi-trend").filter(has_text="+3")).to_be_visible()


def test_a_card_has_the_pictures_its_company_and_a_bar_whose_words_add_up(
    ana: Person, system: System, new_context: NewContext, drawn_files: Callable[..., list[Path]]
) -> None:
    project = ana.rest.create_project("Plate 7")
    images = ana.rest.upload(project["id"], drawn_files(3))["images"]
    ana.rest.segment(project["id"], engine="classical", select=[images[0]["id"]])
    share = ana.rest._ask(
        "POST", f"/projects/{project['id']}/shares", json={"link": True, "role": "viewer"}
    )
    with system.person("Bo Lindgren") as bo:
        bo.rest._ask("POST", "/shares/accept", json={"token": share["token"]})
    page = ana.sign_in(new_context())

    expect(page.locator("[data-tally]")).to_have_text("1 of 3 segmented", timeout=PATIENCE)
    expect(page.get_by_role("progressbar")).to_have_attribute(
        "aria-valuetext", "1 of 3 segmented, 2 not segmented", timeout=PATIENCE
    )
    expect(page.get_by_role("img", name="Shared with Bo Lindgren")).to_be_visible()
    picture = page.locator(".card-thumb img")
    expect(picture).to_have_js_property("naturalWidth", 600, timeout=PATIENCE)
    page.locator(".card").hover()
    expect(page.locator(".outlined")).to_have_js_property("naturalWidth", 600, timeout=PATIENCE)


LONG = "A title of the kind that whole sentences are, " * 4 + "Überlängenprojektbezeichnung" * 2


def height_of(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["height"]


def test_a_very_long_title_takes_no_more_room_than_two_lines(
    ana: Person, new_context: NewContext
) -> None:
    ana.rest.create_project(LONG[:200])
    page = ana.sign_in(new_context(viewport={"width": 1440, "height": 900}))
    page.locator(".feed-entry").first.wait_for()

    assert height_of(page, ".card h3") < 50
    assert height_of(page, ".feed-entry p") < 50
    assert height_of(page, ".throughput") < 400
    assert page.locator(".card h3 a").get_attribute("title") == LONG[:200]
    page.get_by_role("button", name="Table").click()
    assert height_of(page, ".project-table tbody tr") < 70


@pytest.mark.parametrize("width", [390, 768])
def test_the_table_is_as_high_as_its_rows_and_percents_are_one_word(
    ana: Person, new_context: NewContext, width: int
) -> None:
    for at in range(14):
        ana.rest.create_project(f"Plate {at}")
    page = ana.sign_in(
        new_context(viewport={"width": width, "height": 844}, locale="de-DE", has_touch=True)
    )
    page.goto(f"{ana.address}/projects?view=list")
    expect(page.locator(".project-table tbody tr")).to_have_count(14, timeout=PATIENCE)

    hidden = page.locator(".project-table").evaluate("(t) => t.scrollHeight - t.clientHeight")
    wraps = page.locator(".row-progress span").evaluate_all(
        "(all) => all.map((each) => getComputedStyle(each).whiteSpace)"
    )

    assert hidden <= 1
    assert set(wraps) == {"nowrap"}


def test_the_tab_of_a_page_is_in_view_on_a_phone(ana: Person, new_context: NewContext) -> None:
    project = ana.rest.create_project("Plate")
    page = ana.sign_in(new_context(viewport={"width": 390, "height": 844}, locale="de-DE"))

    page.goto(f"{ana.address}/projects/{project['id']}/settings")

    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=1)
    assert page.locator(".tabs").evaluate("(tabs) => tabs.scrollWidth - tabs.clientWidth") <= 0
