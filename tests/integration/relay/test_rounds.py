"""What a relay is left with after many browsers came and went."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import InvalidStatus

from tests.integration.relay.live import Live, RelayProcess, wait_until

ROUNDS = 3  # `make bench ONLY=relay` opens ten thousand.
BROWSERS = 40


def come_and_go(live: Live, relay: RelayProcess) -> None:
    def visit(user: UUID) -> None:
        browser = live.signed_in(relay, user)
        browser.say(m="sub", subs=[{"ch": f"activity:{user}"}, {"ch": f"dash:{user}"}])
        browser.hear()
        browser.connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, [uuid4() for _ in range(BROWSERS)]))


def test_after_rounds_of_connect_subscribe_disconnect_nothing_is_left(live):
    """R15: registry, subscriptions of browsers and at Redis."""
    relay = live.relay(linger_seconds=0.1, sweep_seconds=0.1)
    pattern = f"{live.keys.prefix}:{{*"
    before = set(live.redis.pubsub_channels(pattern))

    for _ in range(ROUNDS):
        come_and_go(live, relay)

    wait_until(lambda: relay.metric("rt_connections") == 0)
    wait_until(lambda: relay.metric("rt_subscriptions") == 0)
    wait_until(lambda: set(live.redis.pubsub_channels(pattern)) <= before)
    assert relay.metric("rt_handshakes_total", result="accepted") == ROUNDS * BROWSERS


def test_the_fifty_first_socket_of_an_address_is_told_when_to_come_back(live):
    """realtime 4.9, rules.md 16."""
    relay = live.relay(handshakes_per_address=3)
    for _ in range(3):
        live.socket(relay)

    with pytest.raises(InvalidStatus) as refused:
        live.socket(relay)

    assert refused.value.response.status_code == 429
    assert 1 <= int(refused.value.response.headers["Retry-After"]) <= 10


def test_behind_a_proxy_each_browser_counts_for_itself(live):
    relay = live.relay(handshakes_per_address=1)

    for address in ("192.0.2.1", "192.0.2.2"):
        assert live.socket(relay, additional_headers={"X-Forwarded-For": address})
    with pytest.raises(InvalidStatus):
        live.socket(relay, additional_headers={"X-Forwarded-For": "made up, 192.0.2.2"})


def test_a_peer_that_died_without_a_word_is_freed(live):
    """R14: its socket takes no more from us and answers no ping."""
    relay = live.relay(ping_seconds=0.3, pong_seconds=0.3, closing_seconds=0.3)
    browser = live.signed_in(relay, live.alice)

    wait_until(lambda: relay.metric("rt_connections") == 0)  # It never answers.

    assert browser.closed()[0] == 4408


def test_before_the_goodbye_of_a_restart_a_browser_is_told_when_to_come_back(live):
    """R14, contract.md 4."""
    relay = live.relay()
    browser = live.signed_in(relay, live.alice)

    relay.process.terminate()
    code, before = browser.closed()

    assert code == 1012
    assert before[-1]["m"] == "drain"
    assert 0 <= before[-1]["afterMs"] <= 1000


def test_a_hidden_tab_is_told_less_often_and_the_newest_when_it_is_seen_again(live):
    """contract.md 4: `vis`."""
    relay = live.relay(hidden_seconds=600)
    browser = live.watching(relay, live.alice, live.project, live.images)
    browser.say(m="vis", hidden=True)
    browser.say(m="ping")
    assert browser.hear()["m"] == "pong"

    for version in range(2, 20):
        live.publish_stats(version)
    live.publish_status("after all")
    first, event = browser.hear(), browser.hear()  # The relay hears all in the order it was said.
    browser.say(m="vis", hidden=False)
    last = browser.hear()

    assert (first["v"], event["ch"]) == (2, str(live.images))
    assert (last["v"], last["cf"]) == (19, 17)


def test_a_message_that_no_class_describes_is_not_sent_on(live, relay):
    """rules.md 17: the relay of the tests validates what arrives."""
    browser = live.watching(relay, live.alice, live.images)
    name = live.keys.wake(live.images)

    live.redis.publish(name, b'e 1 {"type":"imageStatusUpdate","data":{"unknown":1}}')
    live.publish_status("a")

    assert browser.hear()["data"]["images"]


def test_a_whole_request_of_another_kind_takes_gunicorns_way(relay):
    with urlopen(f"http://127.0.0.1:{relay.port}/healthz", timeout=5) as answer:
        assert answer.status == 200
    with pytest.raises(HTTPError) as refused:
        urlopen(f"http://127.0.0.1:{relay.port}/ws?x=1", timeout=5)
    with refused.value:
        assert refused.value.code == 426


def test_a_request_for_a_socket_that_comes_in_pieces_is_read_too(live, relay):
    with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as raw:
        for piece in (b"GET /ws HT", b"TP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n", REST):
            raw.sendall(piece)
            time.sleep(0.05)

        assert raw.recv(100).startswith(b"HTTP/1.1 101 ")


REST = (
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
