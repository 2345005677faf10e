"""The modules of the browser by themselves, in a page without a server."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from web.pages.assets import MEDIA_TYPES, shipped

pytestmark = pytest.mark.xdist_group("e2e")

ADDRESS = "http://celltally.test/"

#: A relay that says what the test tells it to, and keeps what the page said.
FAKE_RELAY = """
const sockets = [];
class FakeSocket {
  constructor(url) { this.url = url; this.readyState = 0; this.said = []; sockets.push(this); }
  send(text) { this.said.push(JSON.parse(text)); }
  close(code) { this.readyState = 3; this.onclose?.({ code }); }
  open() { this.readyState = 1; this.onopen(); }
  tell(...messages) {
    for (const each of messages) this.onmessage({ data: JSON.stringify(each) });
  }
  welcome() { this.open(); this.tell({ m: "welcome", sid: "s", ping: 25, exp: globalThis.exp }); }
}
// Messages are applied with the next frame.
const settled = () => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 20));
const { Connection } = await import(JS + "connection.js");
let refused = 0;
globalThis.refuseTickets = (status) => (refused = status);
globalThis.signedOut = 0;
const openTicket = async () => {
  if (refused) throw Object.assign(new Error("refused"), { status: refused });
  return { ticket: "t" + sockets.length, url: "ws://relay/ws" };
};
const onSignedOut = () => (globalThis.signedOut += 1);
const random = () => globalThis.jitter ?? 0;
const connection = new Connection({ openTicket, onSignedOut, Socket: FakeSocket, random });
const heard = [], gaps = [];
const listener = { onPub: (pub) => heard.push(pub.data), onGap: () => gaps.push(1) };
const pub = (id, data, ch = "images:1") => ({ m: "pub", ch, id, type: "x", data });
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page that can import our modules."""
    assets = shipped()
    html = "<!doctype html><title>empty</title>"

    def answer(route: Route) -> None:
        _, _, edition, name = f"{urlsplit(route.request.url).path}//".split("/", 3)
        asset = assets.get(name.strip("/"), edition.partition(".")[2])
        if asset is None:
            # Each part by itself: of what is served as one, hooks.js connects at once.
            import_map = json.dumps({"imports": assets.packages()})
            body = f"{html}<script type=importmap>{import_map}</script>"
            route.fulfill(body=body, content_type="text/html")
        else:
            route.fulfill(body=asset.body, content_type=MEDIA_TYPES[asset.suffix])

    context = browser.new_context()
    page = context.new_page()
    page.route("**/*", answer)
    page.goto(ADDRESS)
    yield page
    context.close()


def run(page: Page, script: str) -> Any:
    """Run *script* in the page; `JS` is the folder of our modules."""
    folder = shipped().url("js/i18n.js", "en").removesuffix("i18n.js")
    return page.evaluate(f"(async () => {{ const JS = '{folder}'; {script} }})()")


def run_with_relay(page: Page, script: str) -> Any:
    """Run *script* with a `connection` to a relay that the script plays."""
    return run(page, FAKE_RELAY + script)


def test_of_shuffled_and_repeated_stats_the_highest_version_stays(page: Page) -> None:
    kept = run(
        page,
        """
        const { keepStats, statsOf } = await import(JS + "stores.js");
        const news = [3, 1, 7, 7, 2, 6].map((version) => keepStats({ projectId: "p", version }));
        return { news, version: statsOf("p").value.version };
        """,
    )

    assert kept == {"news": [True, False, True, False, False, False], "version": 7}


def test_of_answers_about_a_project_that_passed_each_other_the_newer_stays(page: Page) -> None:
    titles = run(
        page,
        """
        const { keepProject, projectOf } = await import(JS + "stores.js");
        const answer = (title, version) => ({ id: "p", title, stats: { projectId: "p", version } });
        return [answer("Plate 7", 3), answer("Plate 9", 5), answer("Plate 8", 4), answer("Mine", 5)]
          .map((each) => keepProject(each) ?? projectOf("p").value.title);
        """,
    )

    assert titles == ["Plate 7", "Plate 9", "Plate 9", "Mine"]


def test_an_older_change_of_an_image_is_ignored_and_an_unknown_image_is_told(page: Page) -> None:
    outcome = run(
        page,
        """
        const { applyImageChange, imageOf, keepImage } = await import(JS + "stores.js");
        keepImage({ id: "i", version: 4, status: "processing", objectCount: null });
        applyImageChange({ imageId: "i", version: 5, status: "segmented", objectCount: 9 });
        applyImageChange({ imageId: "i", version: 3, status: "queued" });
        const { status, objectCount } = imageOf("i").value;
        const known = applyImageChange({ imageId: "other", version: 1, status: "queued" });
        return { status, objectCount, known };
        """,
    )

    assert outcome == {"status": "segmented", "objectCount": 9, "known": False}


def test_the_page_says_hello_with_its_ticket_and_subscribes_to_all_at_once(page: Page) -> None:
    said = run_with_relay(
        page,
        """
        connection.listen("project:1", listener);
        connection.listen("images:1", listener);
        connection.start();
        await settled();
        sockets[0].welcome();
        return sockets[0].said.map(({ tab, ...rest }) => rest);
        """,
    )

    assert said == [
        {"m": "hello", "ticket": "t0", "proto": 1},
        {"m": "sub", "ref": 1, "subs": [{"ch": "project:1"}, {"ch": "images:1"}]},
    ]


def test_after_a_cut_the_page_resumes_where_it_was_and_hears_nothing_twice(page: Page) -> None:
    outcome = run_with_relay(
        page,
        """
        connection.listen("images:1", listener);
        connection.start();
        await settled();
        sockets[0].welcome();
        sockets[0].tell({ m: "subbed", ref: 1, ch: "images:1", id: "e:4", recovered: true });
        sockets[0].tell(pub("e:5", "five"), pub("e:5", "five again"), pub("e:6", "six"));
        await settled();
        sockets[0].close(1012);
        await settled();
        sockets[1].welcome();
        const pubs = [pub("e:6", "six again"), pub("e:7", "seven")];
        sockets[1].tell({ m: "subbed", ref: 1, ch: "images:1", id: "e:7", recovered: true, pubs });
        await settled();
        return { heard, subs: sockets[1].said[1].subs, state: connection.state.value };
        """,
    )

    assert outcome == {
        "heard": ["five", "six", "seven"],
        "subs": [{"ch": "images:1", "since": "e:6"}],
        "state": "live",
    }


def test_what_cannot_be_replayed_is_asked_of_rest_and_a_snapshot_is_not(page: Page) -> None:
    outcome = run_with_relay(
        page,
        """
        connection.listen("images:1", listener);
        connection.listen("project:1", listener);
        connection.start();
        await settled();
        sockets[0].welcome();
        const snapshot = { id: "e:3", type: "projectStatsUpdate", v: 8, data: "snapshot" };
        const state = { m: "subbed", ref: 1, ch: "project:1", id: "e:3", recovered: true };
        sockets[0].tell({ ...state, snapshot });
        sockets[0].tell({ m: "subbed", ref: 1, ch: "images:1", id: "e:4", recovered: true });
        await settled();
        const first = gaps.length;
        sockets[0].tell({ m: "subbed", ref: 1, ch: "images:1", id: "f:1", recovered: false });
        sockets[0].tell(pub("f:2", "in the new epoch"));
        await settled();
        return { heard, first, then: gaps.length };
        """,
    )

    assert outcome == {"heard": ["snapshot", "in the new epoch"], "first": 1, "then": 2}


def test_a_refusal_for_good_pauses_the_page_and_polling_goes_on(page: Page) -> None:
    page.clock.install()
    outcome = run_with_relay(
        page,
        """
        globalThis.polled = 0;
        connection.poll(() => (globalThis.polled += 1));
        connection.start();
        await Promise.resolve().then(() => {});
        sockets[0].open();
        sockets[0].close(4400);
        globalThis.sockets = sockets;
        return connection.state.value;
        """,
    )
    page.clock.run_for(31_000)

    assert outcome == "paused"
    assert page.evaluate("[polled, sockets.length]") == [3, 1]


def test_three_failures_in_a_row_are_told_as_paused_and_tried_again(page: Page) -> None:
    states = run_with_relay(
        page,
        """
        connection.start();
        await settled();
        const states = [connection.state.value];
        for (let at = 0; at < 3; at += 1) {
          sockets[at].close(1006);
          states.push(connection.state.value);
          await settled();
        }
        sockets[3].welcome();
        return [...states, connection.state.value];
        """,
    )

    assert states == ["reconnecting", "reconnecting", "reconnecting", "paused", "live"]


def test_ping_is_answered_and_forty_seconds_of_silence_end_the_socket(page: Page) -> None:
    page.clock.install()
    run_with_relay(
        page,
        """
        connection.start();
        await Promise.resolve().then(() => {});
        sockets[0].welcome();
        sockets[0].tell({ m: "ping" });
        Object.assign(globalThis, { sockets, connection });
        """,
    )
    page.clock.run_for(41_000)

    assert page.evaluate("sockets[0].said.at(-1)") == {"m": "pong"}
    assert page.evaluate("sockets.length") == 2


def test_a_revoked_channel_is_told_once_and_not_asked_for_again(page: Page) -> None:
    outcome = run_with_relay(
        page,
        """
        const revoked = [];
        connection.listen("project:1", { ...listener, onRevoked: (code) => revoked.push(code) });
        connection.start();
        await settled();
        sockets[0].welcome();
        const late = pub("e:9", "late", "project:1");
        sockets[0].tell({ m: "unsub", ch: "project:1", code: "revoked" }, late);
        await settled();
        sockets[0].close(1012);
        await settled();
        sockets[1].welcome();
        return { revoked, heard, said: sockets[1].said.map(({ m }) => m) };
        """,
    )

    assert outcome == {"revoked": ["revoked"], "heard": [], "said": ["hello"]}
