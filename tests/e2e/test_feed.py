"""The feed in the browser: entries appear and grow in place, and bulk work is one message."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_browser_modules import page, run  # noqa: F401 - `page` is a fixture
from tests.e2e.test_live_pages import STAY, STAYED, see

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

#: Entries as the relay tells them.
ENTRIES = """
const { getActivityMessage } = await import(JS + "components/ActivityFeed.js");
const entry = (id, version, minute, more = {}) => ({
  id, version, type: "images_uploaded", projectId: "p", projectName: "Plate 7",
  actorName: "Ana", details: { count: version }, timestamp: `2026-03-01T12:0${minute}:00.000Z`,
  ...more,
});
const feed = await import(JS + "feed.js");
const { entries, keepActivities, keepNewestPage, merged } = feed;
const shown = () => entries.value.map(({ id, version }) => `${id}${version}`).join(" ");
"""


def entries_of(page: Page) -> list[str]:  # noqa: F811
    """Return the words of each entry, without its time."""
    return page.locator(".feed-entry p:first-child").all_inner_texts()


def test_entries_come_once_in_their_order_however_often_they_are_told(page: Page) -> None:  # noqa: F811
    """D3, R3: an entry that grows stays in its place."""
    seen = run(
        page,
        ENTRIES
        + """
        keepActivities([entry("a", 1, 1), entry("c", 1, 3)]);
        keepActivities([entry("b", 2, 2)]);
        keepActivities([entry("a", 3, 1)]);
        keepActivities([entry("a", 2, 1), entry("b", 2, 2)]);
        return shown();
        """,
    )

    assert seen == "c1 b2 a3"


def test_what_the_newest_page_lacks_is_seen_no_more_and_older_entries_stay(page: Page) -> None:  # noqa: F811
    """D3: a page that was away for long begins anew rather than with a gap."""
    seen = run(
        page,
        ENTRIES
        + """
        keepActivities(["e5", "d4", "c3", "b2", "a1"].map(([id, at]) => entry(id, 1, at)));
        keepNewestPage({ items: [entry("e", 2, 5), entry("c", 1, 3)], nextCursor: "c" });
        const joined = shown();
        keepNewestPage({ items: [entry("x", 1, 9), entry("w", 1, 8)], nextCursor: "w" });
        return [joined, shown(), feed.earlier.value];
        """,
    )

    assert seen == ["e2 c1 b1 a1", "x1 w1", "w"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ('{type: "project_created", details: {}}', "Ana created the project Plate 7"),
        ('{type: "images_uploaded", details: {count: 1}}', "Ana uploaded 1 image to Plate 7"),
        ('{type: "images_deleted", details: {count: 1200}}', "Ana deleted 1,200 images of Plate 7"),
        (
            '{type: "segmentation_completed", details: {count: 10, failed: 2, success: false}}',
            "Ana segmented 10 images, 2 failed, in Plate 7",
        ),
        (
            '{type: "segmentation_failed", details: {count: 3, failed: 3}}',
            "Ana could not segment 3 images in Plate 7",
        ),
        (
            '{type: "project_deleted", details: {count: 9}, projectName: undefined}',
            "Ana deleted 9 projects",
        ),
        ('{type: "of_a_later_release", details: {}}', "Ana changed Plate 7"),
    ],
)
def test_each_entry_is_a_sentence(page: Page, fields: str, words: str) -> None:  # noqa: F811
    assert run(page, ENTRIES + f'return getActivityMessage(entry("a", 1, 1, {fields}));') == words


SUMMARIES = """
document.body.innerHTML = '<div id="announcements"></div><div id="toasts"></div>';
const { html, mount } = await import(JS + "ui.js");
const { Toasts } = await import(JS + "components/Toasts.js");
const { summarise } = await import(JS + "summaries.js");
const { keepProject } = await import(JS + "stores.js");
keepProject({ id: "p", title: "Plate 7" });
mount("toasts", html`<${Toasts} />`);
const update = (pendingCount, operations) =>
  summarise({ projectId: "p", stats: { pendingCount }, operations }, null);
const said = () => [...document.querySelectorAll(".toast p")].map((p) => p.textContent.trim());
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
"""


def test_a_bulk_of_images_ends_with_one_message(page: Page) -> None:  # noqa: F811
    """R11: not one for each image, nor for each update."""
    before, after = run(
        page,
        SUMMARIES
        + """
        for (let left = 999; left > 0; left -= 1) {
          update(left, { segmentation_completed: 10, segmentation_failed: left % 333 ? 0 : 1 });
        }
        await wait(50);
        const before = said();
        update(0, { segmentation_completed: 10 });
        update(0, { reconciled: 0 });
        await wait(50);
        return [before, said()];
        """,
    )

    assert before == []
    assert after == ["10,000 images segmented in Plate 7, 3 failed"]


def test_a_bulk_upload_ends_with_one_message(page: Page) -> None:  # noqa: F811
    """R11."""
    said = run(
        page,
        SUMMARIES
        + """
        for (let at = 0; at < 100; at += 1) update(0, { images_added: 8 });
        await wait(50);
        const before = said();
        await wait(2500);
        return [before, said()];
        """,
    )

    assert said == [[], ["800 images added to Plate 7"]]


def test_entries_appear_and_grow_live_and_are_the_same_after_a_reload_and_elsewhere(
    ana: Person, new_context: NewContext, drawn_files: DrawnFiles
) -> None:
    """D3."""
    dashboard, whole = ana.sign_in(new_context()), ana.sign_in(new_context())
    whole.goto(f"{ana.address}/activity")
    for each in (dashboard, whole):
        see(each, "#conn", "Live")
        each.evaluate(STAY)
    see(whole, ".empty", "Nothing has happened yet")

    project = ana.rest.create_project("Plate 7")
    ana.rest.upload(project["id"], drawn_files(3))
    ana.rest.segment(project["id"], engine="classical")

    expected = [
        "Ana Ruiz segmented 3 images in Plate 7",
        "Ana Ruiz uploaded 3 images to Plate 7",
        "Ana Ruiz created the project Plate 7",
    ]
    for each in (dashboard, whole):
        see(each, "[data-type='segmentation_completed']", "segmented 3 images")
        assert entries_of(each) == expected
        assert each.evaluate(STAYED)
    whole.reload()
    see(whole, ".feed", "created the project")
    assert entries_of(whole) == expected
    whole.get_by_role("link", name="Plate 7").first.click()
    whole.wait_for_url(f"{ana.address}/projects/{project['id']}")


def test_a_dashboard_asks_the_server_a_few_times_however_many_projects_it_has(
    ana: Person, new_context: NewContext
) -> None:
    """D1: its files and pictures, which the browser keeps, are not counted."""
    for place in range(50):
        ana.rest.create_project(f"Plate {place}")
    dashboard = ana.sign_in(new_context())
    see(dashboard, "#conn", "Live")
    dashboard.wait_for_load_state("networkidle")  # What it still asks now is not counted below.
    asked: list[str] = []
    dashboard.on(
        "request",
        lambda request: (
            asked.append(request.url)
            if request.resource_type in {"document", "fetch", "xhr", "websocket"}
            else None
        ),
    )

    dashboard.reload()
    expect(dashboard.locator(".card")).to_have_count(50, timeout=PATIENCE)
    see(dashboard, "#conn", "Live")

    # A page that comes up slowly asks again for what it polls until it is live.
    assert 1 <= len({url.partition("?")[0] for url in asked}) <= 5
    assert len(asked) < 10


def test_earlier_entries_are_fetched_when_they_are_asked_for(
    ana: Person, new_context: NewContext
) -> None:
    """D3."""
    for place in range(55):
        ana.rest.create_project(f"Plate {place}")
    whole = ana.sign_in(new_context())
    whole.goto(f"{ana.address}/activity")
    expect(whole.locator(".feed-entry")).to_have_count(50, timeout=PATIENCE)

    whole.get_by_role("button", name="Show earlier").click()

    expect(whole.locator(".feed-entry")).to_have_count(55, timeout=PATIENCE)
    expect(whole.get_by_role("button", name="Show earlier")).to_have_count(0)
    assert len(set(entries_of(whole))) == 55
