"""What a page asks REST for, and which of the answers it shows, in a page without a server."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_browser_modules import page, run, run_with_relay
from tests.e2e.test_feed import ENTRIES

__all__ = ["page"]

pytestmark = pytest.mark.xdist_group("e2e")

#: The page subscribes, and the relay cannot tell what happened before.
SUBSCRIBE = """
connection.listen("images:1", listener);
connection.start();
await turn();
sockets[0].welcome();
sockets[0].tell({ m: "subbed", ref: 1, ch: "images:1", id: "e:4", recovered: true });
await turn();
"""


def asked_after_a_gap(page: Page, answers: list[int]) -> list[int]:
    """Return when the page asked for what it missed, given the statuses of the answers."""
    page.clock.install()
    asking = f"""
        globalThis.asked = [];
        const turn = async () => {{ for (let at = 0; at < 20; at += 1) await null; }};
        listener.onGap = async () => {{
          const status = {answers}[asked.push(Date.now()) - 1];
          const isFinal = status === 404;
          if (status !== 200) throw Object.assign(new Error("refused"), {{ status, isFinal }});
        }};
    """
    run_with_relay(page, asking + SUBSCRIBE)
    page.clock.run_for(60_000)
    moments: list[int] = page.evaluate("asked")
    return moments


def test_what_was_missed_is_asked_for_until_there_is_an_answer(page: Page) -> None:
    first, second, third = asked_after_a_gap(page, [503, 0, 200])

    assert 500 <= second - first <= 1500
    assert 1000 <= third - second <= 3000


def test_what_is_refused_for_good_is_not_asked_for_again(page: Page) -> None:
    assert len(asked_after_a_gap(page, [404, 200])) == 1


def test_who_listens_late_asks_for_what_came_before(page: Page) -> None:
    asked = run_with_relay(
        page,
        "const turn = settled;"
        + SUBSCRIBE
        + """
        const late = [];
        connection.listen("images:1", { onPub: () => {}, onGap: () => late.push(1) });
        await settled();
        return [gaps.length, late.length];
        """,
    )

    assert asked == [1, 1]


def test_a_message_that_offers_something_stays_until_it_can_be_reached(page: Page) -> None:
    page.clock.install()
    run(
        page,
        """
        document.body.innerHTML = '<div id="toasts"></div>';
        const { html, mount } = await import(JS + "ui.js");
        const { Toasts, notify } = await import(JS + "components/Toasts.js");
        mount("toasts", html`<${Toasts} />`);
        notify({ text: "Saved." });
        notify({ text: "Renamed.", action: { text: "Undo", run: () => {} } });
        """,
    )
    page.clock.run_for(15_000)
    assert page.locator(".toast p").all_inner_texts() == ["Renamed."]
    page.clock.run_for(6_000)
    expect(page.locator(".toast")).to_have_count(0)


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
