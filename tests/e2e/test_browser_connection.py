"""How a page comes back: what each close code means, back-off, tickets, and what it missed.

As in test_browser_modules.py the script plays the relay; `page.clock` plays the time.
"""

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.test_browser_modules import page, run, run_with_relay  # noqa: F401 - `page` is a fixture

pytestmark = pytest.mark.xdist_group("e2e")

#: A page that is live, and whose time the test moves on; its jitter is the longest there is.
LIVE = """
await new Promise((done) => queueMicrotask(done));
connection.start();
const turn = async () => { for (let at = 0; at < 20; at += 1) await null; };
await turn();
sockets[0].welcome();
Object.assign(globalThis, { sockets, connection, turn, heard, gaps });
"""


def go_live(page: Page, *, jitter: float = 0, before: str = "") -> None:  # noqa: F811
    """Make the page live, after the statements *before* with the connection."""
    page.clock.install(time="2026-11-26T11:59:00Z")  # Not today's, which may be later.
    page.clock.pause_at("2026-11-26T12:00:00Z")
    run_with_relay(page, f"globalThis.jitter = {jitter};" + before + LIVE)


def at_once(page: Page, script: str) -> Any:  # noqa: F811
    """Run *script*, let all that needs no time happen, and return what `told` is then."""
    return page.evaluate(f"(async () => {{ let told; {script}; await turn(); return told }})()")


def sockets_after(page: Page, milliseconds: int) -> int:  # noqa: F811
    page.clock.run_for(milliseconds)
    opened: int = at_once(page, "told = sockets.length")
    return opened


def state(page: Page) -> str:  # noqa: F811
    return str(page.evaluate("connection.state.value"))


def test_the_wait_doubles_from_half_a_second_to_half_a_minute(page: Page) -> None:  # noqa: F811
    """R6: with the longest jitter there is."""
    go_live(page, jitter=1)

    for opened, ceiling in enumerate((500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000), 1):
        at_once(page, "sockets.at(-1).close(1006)")
        assert sockets_after(page, ceiling - 1) == opened
        assert sockets_after(page, 1) == opened + 1


def test_a_minute_of_being_live_forgets_earlier_failures(page: Page) -> None:  # noqa: F811
    go_live(page, jitter=1)
    at_once(page, "sockets[0].close(1006)")
    sockets_after(page, 500)
    at_once(page, "sockets[1].close(1006)")
    sockets_after(page, 1000)
    at_once(page, "sockets[2].welcome()")
    for _ in range(4):
        page.clock.run_for(16_000)
        at_once(page, 'sockets[2].tell({ m: "ping" })')

    at_once(page, "sockets[2].close(1006)")

    assert sockets_after(page, 500) == 4


@pytest.mark.parametrize("code", [1009, 4400, 4403])
def test_what_was_refused_for_good_is_not_tried_again(page: Page, code: int) -> None:  # noqa: F811
    go_live(page)

    at_once(page, f"sockets[0].close({code})")

    assert (state(page), sockets_after(page, 120_000)) == ("paused", 1)


def test_a_ticket_that_is_not_taken_is_replaced_once_and_then_the_page_is_signed_out(
    page: Page,  # noqa: F811
) -> None:
    """R9."""
    go_live(page)

    at_once(page, "sockets[0].close(4401)")
    again = (state(page), sockets_after(page, 0))
    at_once(page, "sockets[1].open(); sockets[1].close(4401)")

    assert again == ("reconnecting", 2)
    assert (state(page), page.evaluate("signedOut")) == ("signed-out", 1)
    assert sockets_after(page, 120_000) == 2


def test_a_login_that_is_over_is_told_and_nothing_is_polled(page: Page) -> None:  # noqa: F811
    """R9."""
    go_live(page, before="globalThis.polled = 0; connection.poll(() => (globalThis.polled += 1));")

    at_once(page, "refuseTickets(401); sockets[0].close(1006)")
    page.clock.run_for(1)
    at_once(page, "")
    page.clock.run_for(60_000)

    assert (state(page), page.evaluate("[signedOut, polled]")) == ("signed-out", [1, 0])


def test_too_many_pages_stop_this_one_until_somebody_wants_it_here(page: Page) -> None:  # noqa: F811
    go_live(page)

    at_once(page, "sockets[0].close(4409)")
    stopped = (state(page), sockets_after(page, 120_000))
    at_once(page, "connection.useHere()")
    at_once(page, "sockets[1].welcome()")

    assert stopped == ("elsewhere", 1)
    assert state(page) == "live"


def test_who_read_too_slowly_waits_five_seconds_at_least(page: Page) -> None:  # noqa: F811
    """R12."""
    go_live(page)

    at_once(page, "sockets[0].close(4429)")

    assert sockets_after(page, 4_999) == 1
    assert sockets_after(page, 1) == 2


def test_a_relay_that_restarts_says_how_long_to_wait(page: Page) -> None:  # noqa: F811
    """R14."""
    go_live(page)

    at_once(page, 'sockets[0].tell({ m: "drain", afterMs: 3000 }); sockets[0].close(1012)')

    assert sockets_after(page, 2_999) == 1
    assert sockets_after(page, 1) == 2


def test_without_redis_the_page_says_paused_at_once_and_polls(page: Page) -> None:  # noqa: F811
    """R6."""
    go_live(
        page,
        jitter=1,
        before="globalThis.polled = 0; connection.poll(() => (globalThis.polled += 1));",
    )

    at_once(page, "refuseTickets(503); sockets[0].close(4503)")
    told = state(page)
    page.clock.run_for(10_000)

    assert told == "paused"
    assert page.evaluate("polled") == 1


def test_a_browser_without_websocket_polls_and_says_so(page: Page) -> None:  # noqa: F811
    """R13."""
    page.clock.install(time="2026-11-26T11:59:00Z")  # Not today's, which may be later.
    page.clock.pause_at("2026-11-26T12:00:00Z")
    run(
        page,
        """
        const { Connection } = await import(JS + "connection.js");
        class Blocked { constructor() { throw new Error("blocked"); } }
        const openTicket = async () => ({ ticket: "t", url: "ws://relay/ws" });
        globalThis.connection = new Connection({ openTicket, Socket: Blocked, random: () => 0 });
        globalThis.polled = 0;
        globalThis.turn = async () => { for (let at = 0; at < 20; at += 1) await null; };
        connection.poll(() => (globalThis.polled += 1));
        connection.start();
        await turn();
        """,
    )
    for _ in range(3):
        page.clock.run_for(1)
        at_once(page, "")
    page.clock.run_for(20_000)

    assert state(page) == "paused"
    assert page.evaluate("polled") >= 2


def test_the_network_is_back_and_the_page_does_not_wait(page: Page) -> None:  # noqa: F811
    go_live(page, jitter=1)
    at_once(page, "for (let at = 0; at < 3; at += 1) { sockets.at(-1).close(1006) }")

    assert at_once(page, 'dispatchEvent(new Event("online"))') is None

    assert sockets_after(page, 0) == 2


def test_after_a_sleep_an_unanswered_probe_ends_a_dead_socket(page: Page) -> None:  # noqa: F811
    go_live(page)

    at_once(page, 'dispatchEvent(new Event("online"))')

    assert page.evaluate("sockets[0].said.at(-1)") == {"m": "ping"}
    assert sockets_after(page, 5_001) == 2


def test_the_relay_is_told_whether_anybody_looks(page: Page) -> None:  # noqa: F811
    go_live(page)
    look = """
    Object.defineProperty(document, "hidden", { value: %s, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    """

    at_once(page, look % "true" + look % "false")

    said = page.evaluate("sockets[0].said.filter(({ m }) => m === 'vis')")
    assert said == [{"m": "vis", "hidden": True}, {"m": "vis", "hidden": False}]


def test_the_next_ticket_is_shown_in_band_before_the_login_ends(page: Page) -> None:  # noqa: F811
    """R9."""
    go_live(page, before='globalThis.exp = "2026-11-26T12:10:00.000Z";')

    def wait_nine_minutes() -> list[dict[str, str]]:
        for _ in range(18):
            page.clock.run_for(30_000)
            at_once(page, 'sockets[0].tell({ m: "ping" })')
        shown: list[dict[str, str]] = page.evaluate(
            "sockets[0].said.filter(({ m }) => m === 'auth')"
        )
        return shown

    first = wait_nine_minutes()
    at_once(page, 'sockets[0].tell({ m: "authed", exp: "2026-11-26T12:19:00.000Z" })')
    both = wait_nine_minutes()

    assert first == [{"m": "auth", "ticket": "t1"}]
    assert both == first * 2
    assert (state(page), page.evaluate("sockets.length")) == ("live", 1)


def test_what_comes_after_a_gap_waits_for_what_was_missed(page: Page) -> None:  # noqa: F811
    """R3: else the page would go on from behind the gap."""
    outcome = run_with_relay(
        page,
        """
        connection.listen("images:1", listener);
        connection.start();
        await settled();
        sockets[0].welcome();
        sockets[0].tell({ m: "subbed", ref: 1, ch: "images:1", id: "e:4", recovered: true });
        sockets[0].tell({ m: "resync", ch: "images:1" }, pub("e:7", "seven"));
        await settled();
        const asked = sockets[0].said.at(-1).subs;
        const pubs = [pub("e:5", "five"), pub("e:6", "six"), pub("e:7", "seven again")];
        sockets[0].tell({ m: "subbed", ref: 2, ch: "images:1", id: "e:7", recovered: true, pubs });
        await settled();
        return { asked, heard };
        """,
    )

    assert outcome == {
        "asked": [{"ch": "images:1", "since": "e:4"}],
        "heard": ["five", "six", "seven again"],
    }


def test_a_channel_that_the_relay_watches_unasked_is_resumed_without_a_hole(
    page: Page,  # noqa: F811
) -> None:
    """R4: `user:{id}` is subscribed by the relay before the page asks for what it missed."""
    heard = run_with_relay(
        page,
        """
        const own = (id, data) => pub(id, data, "user:1");
        connection.listen("user:1", listener);
        connection.start();
        await settled();
        sockets[0].welcome();
        sockets[0].tell({ m: "subbed", ch: "user:1", id: "e:1", recovered: true }, own("e:2", 2));
        sockets[0].tell({ m: "subbed", ref: 1, ch: "user:1", id: "e:2", recovered: true });
        await settled();
        sockets[0].close(1006);
        await settled();
        sockets[1].welcome();
        sockets[1].tell({ m: "subbed", ch: "user:1", id: "e:4", recovered: true }, own("e:5", 5));
        const pubs = [own("e:3", 3), own("e:4", 4), own("e:5", 5)];
        sockets[1].tell({ m: "subbed", ref: 2, ch: "user:1", id: "e:5", recovered: true, pubs });
        await settled();
        return heard;
        """,
    )

    assert heard == [2, 3, 4, 5]


def test_shuffled_and_repeated_deliveries_end_in_the_same_picture(page: Page) -> None:  # noqa: F811
    """R3."""
    pictures = run(
        page,
        """
        const stores = await import(JS + "stores.js");
        const { applyImageChange, imageOf, keepImage, keepStats, statsOf } = stores;
        const statuses = ["queued", "processing", "segmented"];
        const facts = [];
        for (let version = 1; version <= 20; version += 1) {
          facts.push(["stats", version]);
          facts.push(["image", version]);
        }
        const picture = (round) => {
          const projectId = `p${round}`, imageId = `i${round}`;
          keepStats({ projectId, version: 0, imageCount: 0 });
          keepImage({ id: imageId, version: 0, status: "uploaded", objectCount: null });
          const told = [...facts, ...facts.filter(() => Math.random() < 0.5)];
          told.sort(() => Math.random() - 0.5);
          for (const [kind, version] of told) {
            if (kind === "stats") keepStats({ projectId, version, imageCount: version });
            else {
              const status = statuses[version % 3];
              applyImageChange({ imageId, version, status, objectCount: version });
            }
          }
          const { status, objectCount, version } = imageOf(imageId).value;
          const { imageCount } = statsOf(projectId).value;
          return JSON.stringify([imageCount, status, objectCount, version]);
        };
        return [...new Set(Array.from({ length: 200 }, (_, round) => picture(round)))];
        """,
    )

    assert [json.loads(each) for each in pictures] == [[20, "segmented", 20, 20]]
