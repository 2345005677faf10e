"""What a page asks REST for, and which of the answers it shows, in a page without a server."""

import pytest
from playwright.sync_api import Page

from tests.e2e.test_browser_modules import page, run, run_with_relay
from tests.e2e.test_feed import ENTRIES

__all__ = ["page"]

pytestmark = pytest.mark.xdist_group("e2e")

#: A relay whose page has subscribed, with nobody to tell it what it missed.
SUBSCRIBED = """
connection.listen("images:1", listener);
connection.start();
await settled();
sockets[0].welcome();
sockets[0].tell({ m: "subbed", ref: 1, ch: "images:1", id: "e:4", recovered: true });
await settled();
"""


def test_what_was_missed_is_asked_for_until_there_is_an_answer(page: Page) -> None:
    page.clock.install()
    page.evaluate("globalThis.asked = []")
    asking = """
        const answers = [503, 0, 200];
        listener.onGap = async () => {
          const status = answers[asked.push(Date.now()) - 1];
          if (status !== 200) throw Object.assign(new Error("refused"), { status });
        };
        connection.listen("images:1", listener);
        connection.start();
        globalThis.sockets = sockets;
        return sockets.length;
    """
    run_with_relay(page, asking)
    page.clock.run_for(100)
    page.evaluate("""() => {
        sockets[0].welcome();
        sockets[0].tell({ m: "subbed", ref: 1, ch: "images:1", id: "e:4", recovered: true });
    }""")
    page.clock.run_for(60_000)

    first, second, third = page.evaluate("asked")
    assert 500 <= second - first <= 1500
    assert 1000 <= third - second <= 3000


def test_what_is_refused_for_good_is_not_asked_for_again(page: Page) -> None:
    page.clock.install()
    page.evaluate("globalThis.asked = 0")
    run_with_relay(
        page,
        """
        listener.onGap = async () => {
          globalThis.asked += 1;
          throw Object.assign(new Error("gone"), { status: 404, isFinal: true });
        };
        connection.listen("images:1", listener);
        connection.start();
        globalThis.sockets = sockets;
        """,
    )
    page.clock.run_for(100)
    page.evaluate("""() => {
        sockets[0].welcome();
        sockets[0].tell({ m: "subbed", ref: 1, ch: "images:1", id: "e:4", recovered: true });
    }""")
    page.clock.run_for(60_000)

    assert page.evaluate("asked") == 1


def test_who_listens_late_asks_for_what_came_before(page: Page) -> None:
    gaps = run_with_relay(
        page,
        SUBSCRIBED
        + """
        const late = [];
        connection.listen("images:1", { onPub: () => {}, onGap: () => late.push(1) });
        await settled();
        return [gaps.length, late.length];
        """,
    )

    assert gaps == [1, 1]


def test_a_list_of_projects_undoes_neither_a_new_card_nor_one_that_went(page: Page) -> None:
    ids = run(
        page,
        """
        const { addProject, dropProject, keepProjects, projectIds } = await import(JS + "cards.js");
        const project = (id) => ({ id, title: id, stats: { projectId: id, version: 1 } });
        keepProjects([project("a"), project("b")]);
        const before = projectIds.peek();
        addProject(project("new"));
        dropProject("a");
        keepProjects([project("a"), project("b"), project("c")], before);
        const then = projectIds.peek();
        keepProjects([project("c"), project("b")]);
        return [then, projectIds.peek()];
        """,
    )

    assert ids == [["new", "b", "c"], ["c", "b"]]


def test_an_answer_of_the_feed_does_not_undo_what_was_told_meanwhile(page: Page) -> None:
    shown = run(
        page,
        ENTRIES
        + """
        keepActivities([entry("a", 1, 1), entry("b", 1, 2)]);
        window.fetch = async () => {
          keepActivities([entry("c", 1, 3), entry("b", 4, 2)]);
          const items = [entry("b", 2, 2), entry("a", 1, 1)];
          return new Response(JSON.stringify({ items, nextCursor: null }));
        };
        await feed.refresh();
        return shown();
        """,
    )

    assert shown == "c1 b4 a1"


def test_a_tile_that_failed_too_often_is_asked_for_again_later(page: Page) -> None:
    page.clock.install()
    run(
        page,
        """
        const { Picture } = await import(JS + "viewer/picture.js");
        const channel = { minimum: 0, maximum: 255, low: 0, high: 255, offset: 0, scale: 1 };
        const size = { width: 8, height: 8, tile: 8, levels: 1 };
        const manifest = { ...size, packing: "planes", bits: 8, channels: [channel] };
        globalThis.tries = 0;
        const load = async () => {
          if ((globalThis.tries += 1) <= 3) throw new Error("away");
          return { width: 8, height: 8, numbers: [new Uint8Array(64)] };
        };
        const context = document.createElement("canvas").getContext("2d");
        let made = null;
        const draw = () => made?.draw(context, { left: 0, top: 0, right: 8, bottom: 8 }, 1);
        const settings = [{ on: true, low: 0, high: 255, gamma: 1, colour: [255, 255, 255] }];
        made = new Picture({ manifest, load }, settings, draw);
        globalThis.picture = made;
        draw();
        """,
    )
    for _ in range(10):
        page.clock.run_for(1_000)
    assert page.evaluate("[tries, picture.troubles]") == [3, 1]
    for _ in range(20):
        page.clock.run_for(1_000)

    assert page.evaluate("[tries, picture.troubles]") == [4, 0]
