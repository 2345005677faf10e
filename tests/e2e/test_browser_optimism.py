"""Counts that move with the click: unconfirmed until the server says, gone when it refuses (D4)."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.test_browser_modules import page, run  # noqa: F401 - `page` is a fixture

pytestmark = pytest.mark.xdist_group("e2e")

#: A project of ten images, and a server that answers when the test says so.
PROJECT = """
const waiting = [];
window.WebSocket = class { close() {} };
window.fetch = (path, { method, headers } = {}) =>
  path.endsWith("/realtime/ticket")
    ? new Promise(() => {})
    : new Promise((answer, lose) => waiting.push({ path, method, headers, answer, lose }));
const { keepStats, shownStatsOf, expectChange, settle } = await import(JS + "stores.js");
const { changeOptimistically } = await import(JS + "optimism.js");
const { request } = await import(JS + "api.js");
const told = (version, imageCount) =>
  ({ projectId: "p", version, imageCount, uploadedCount: imageCount });
const shown = () => shownStatsOf("p").value.imageCount;
const add = (number) =>
  changeOptimistically("p", { imageCount: number, uploadedCount: number }, (opId) =>
    request("/projects/p/images", { method: "POST", opId }));
const turn = () => new Promise((done) => setTimeout(done, 5));
const reply = (at, status, body) =>
  waiting[at].answer(new Response(JSON.stringify(body), { status }));
keepStats(told(1, 10));
"""


def outcome(page: Page, script: str) -> Any:  # noqa: F811
    return run(page, PROJECT + script)


def test_the_number_moves_before_the_server_says_anything(page: Page) -> None:  # noqa: F811
    seen = outcome(page, "add(3); return [shown(), Boolean(waiting[0].headers['X-Op-Id'])];")

    assert seen == [13, True]


def test_the_answer_takes_the_place_of_what_was_expected(page: Page) -> None:  # noqa: F811
    seen = outcome(
        page,
        """
        const done = add(3);
        reply(0, 201, { stats: told(2, 12) });
        await done;
        return shown();
        """,
    )

    assert seen == 12


def test_a_refusal_takes_it_back_and_is_told_to_the_caller(page: Page) -> None:  # noqa: F811
    seen = outcome(
        page,
        """
        const done = add(3).catch((refusal) => refusal.message);
        reply(0, 409, { detail: "Not now.", code: "conflict" });
        return [await done, shown()];
        """,
    )

    assert seen == ["Not now.", 10]


def test_a_real_event_never_hides_an_unconfirmed_one(page: Page) -> None:  # noqa: F811
    seen = outcome(
        page,
        """
        add(3);
        keepStats(told(2, 15)); // Somebody else's five.
        return shown();
        """,
    )

    assert seen == 18


def test_clicks_are_settled_one_by_one_in_any_order(page: Page) -> None:  # noqa: F811
    seen = outcome(
        page,
        """
        const first = add(3), second = add(4);
        const numbers = [shown()];
        reply(1, 201, { stats: told(2, 14) });
        await second;
        numbers.push(shown());
        reply(0, 201, { stats: told(3, 17) });
        await first;
        return [...numbers, shown()];
        """,
    )

    assert seen == [17, 17, 17]


def test_an_old_answer_after_newer_events_changes_nothing(page: Page) -> None:  # noqa: F811
    """R3."""
    seen = outcome(
        page,
        """
        const done = add(3);
        keepStats(told(9, 40));
        reply(0, 201, { stats: told(2, 13) });
        await done;
        return shown();
        """,
    )

    assert seen == 40


def test_without_an_answer_the_server_is_asked_what_became_of_it(page: Page) -> None:  # noqa: F811
    seen = outcome(
        page,
        """
        const done = add(3).catch(() => {});
        waiting[0].lose(new TypeError("network"));
        await done;
        const between = shown();
        reply(1, 200, told(2, 13)); // It had arrived all the same.
        await turn();
        return [between, waiting[1].path, shown()];
        """,
    )

    assert seen == [10, "/api/v1/projects/p/stats", 13]


def test_no_count_is_shown_below_nothing(page: Page) -> None:  # noqa: F811
    seen = outcome(
        page,
        """
        expectChange("p", "op", { uploadedCount: -20 });
        const low = shownStatsOf("p").value.uploadedCount;
        settle("p", "op");
        settle("p", "op");
        return [low, shownStatsOf("p").value.uploadedCount];
        """,
    )

    assert seen == [0, 10]


def test_an_event_that_names_the_click_settles_it_before_the_answer(page: Page) -> None:  # noqa: F811
    seen = outcome(
        page,
        """
        let tell;
        const { connection } = await import(JS + "hooks.js");
        const { useOptimisticProjectUpdates } = await import(JS + "optimism.js");
        connection.listen = (name, { onPub }) => { tell = onPub; return () => {}; };
        const { h, render } = await import("preact");
        let click, change;
        const Counter = () => {
          const used = useOptimisticProjectUpdates("p");
          change = used.change;
          return h("b", null, used.projectStats.imageCount);
        };
        render(h(Counter), document.body);
        const number = () => document.querySelector("b").textContent;
        await turn();
        change({ imageCount: 3 }, (opId) => { click = opId; return new Promise(() => {}); });
        await turn();
        const numbers = [number()];
        const data = { projectId: "p", operations: {}, operation: "images_added" };
        tell({ type: "projectStatsUpdate", data: { ...data, stats: told(2, 15), opIds: [] } });
        await turn();
        numbers.push(number());
        tell({ type: "projectStatsUpdate", data: { ...data, stats: told(3, 18), opIds: [click] } });
        await turn();
        return [...numbers, number()];
        """,
    )

    assert seen == ["13", "18", "18"]
