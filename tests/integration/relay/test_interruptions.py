"""Relays that end, links that break, browsers that stop reading."""

import os
import signal

from tests.integration.relay.live import wait_until


def test_a_relay_that_is_told_to_end_says_restarting_to_everybody(live):
    relay = live.relay()
    browsers = [live.watching(relay, user, live.project) for user in (live.alice, live.bob)]

    relay.process.send_signal(signal.SIGTERM)

    assert [browser.closed()[0] for browser in browsers] == [1012, 1012]
    assert relay.process.wait(timeout=30) == 0


def test_a_relay_that_is_interrupted_says_restarting_too(live):
    relay = live.relay()
    browser = live.signed_in(relay, live.alice)

    relay.process.send_signal(signal.SIGINT)

    assert browser.closed()[0] == 1012


def test_a_link_that_is_cut_again_and_again_loses_nothing(live, relay):
    browser = live.watching(relay, live.alice, live.images)

    offsets = []
    for batch in range(20):
        if batch in (5, 10, 15):
            live.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        for n in range(50):
            live.publish_status(f"{batch}.{n}")
        offsets += [int(browser.hear()["id"].split(":")[1]) for _ in range(50)]

    assert offsets == list(range(1, 1001))


def test_the_last_message_before_a_silence_is_not_lost_with_the_link(live, relay):
    browser = live.watching(relay, live.alice, live.images, live.project)
    live.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    live.publish_status("last")
    live.publish_stats(9)

    assert {browser.hear()["type"] for _ in range(2)} == {
        "imageStatusUpdate",
        "projectStatsUpdate",
    }


def test_a_redis_that_forgot_everything_makes_browsers_ask_again(live, relay):
    browser = live.watching(relay, live.alice, live.images, live.project)
    live.publish_status("a")
    before = browser.hear()["id"]

    live.redis.delete(live.keys.meta(live.images), live.keys.stream(live.images))
    live.publish_status("b")
    resync, pub = browser.hear(), browser.hear()
    [answer] = browser.subscribe(live.images, since=before)

    assert resync == {"m": "resync", "ch": str(live.images)}
    assert pub["m"] == "pub"
    assert (answer["recovered"], answer["id"]) == (False, pub["id"])


def test_history_that_went_back_is_told_under_a_new_epoch(live, relay):
    browser = live.watching(relay, live.alice, live.images)
    for key in "abc":
        live.publish_status(key)
    before = [browser.hear()["id"] for _ in range(3)][-1]

    live.redis.hset(live.keys.meta(live.images), "offset", 1)  # As after an old backup.
    live.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    resync = browser.hear()
    [answer] = browser.subscribe(live.images, since=before)

    assert resync["m"] == "resync"
    assert answer["recovered"] is False
    assert answer["id"].split(":")[0] != before.split(":")[0]


def test_a_lost_redis_is_told_and_the_relay_is_not_ready(own_valkey, own_live):
    relay = own_live.relay(redis_lost_seconds=0.5)
    browser = own_live.signed_in(relay, own_live.alice)

    own_valkey.stop()

    assert browser.closed()[0] == 4503
    wait_until(lambda: relay.health() is None)


def test_a_redis_that_restarts_is_used_again_and_browsers_ask_again(own_valkey, own_live):
    relay = own_live.relay()
    browser = own_live.watching(relay, own_live.alice, own_live.images)

    own_valkey.stop()  # It keeps nothing.
    own_valkey.start()

    resyncs = [browser.hear(30) for _ in range(2)]

    assert {resync["m"] for resync in resyncs} == {"resync"}
    assert str(own_live.images) in {resync["ch"] for resync in resyncs}
    own_live.publish_status("a")
    assert browser.hear()["type"] == "imageStatusUpdate"


def test_a_link_that_went_silent_is_given_up_and_made_again(own_valkey, own_live):
    relay = own_live.relay(tick_seconds=0.1, silence_seconds=0.5)
    browser = own_live.watching(relay, own_live.alice, own_live.images)

    os.kill(own_valkey.program.pid, signal.SIGSTOP)  # The link stays open, and nothing comes.
    wait_until(lambda: relay.health() is None)
    os.kill(own_valkey.program.pid, signal.SIGCONT)
    own_live.publish_status("a")

    assert browser.hear()["type"] == "imageStatusUpdate"
    wait_until(lambda: relay.health() is not None)


#: More than wait for one browser, and not so many that it is let go before it reads.
MANY = 150


def test_a_browser_that_stops_reading_is_dropped_and_disturbs_nobody(live):  # R12
    relay = live.relay(stalled_seconds=4)  # It also has so long to read our close.
    stalled = live.watching(relay, live.bob, live.images)
    healthy = [live.watching(relay, live.alice, live.images) for _ in range(3)]

    def is_dropped() -> bool:
        return relay.metric("rt_closed_total", code="4429") == 1

    heard, dropped = 0, None
    for n in range(MANY):
        live.publish_status(str(n), images=50)
        heard += sum(browser.take()["m"] == "pub" for browser in healthy)
        if dropped is None and n % 20 == 0 and is_dropped():
            dropped = stalled.closed()  # Now: to hear all may take longer than our close waits.
    wait_until(lambda: dropped is not None or is_dropped())
    code, before = dropped or stalled.closed()

    assert heard == 3 * MANY
    assert code == 4429
    assert 0 < len(before) < MANY


def test_a_browser_that_reads_too_late_asks_again_and_has_everything(live, relay):  # R12
    slow = live.watching(relay, live.bob, live.images)
    for n in range(500):
        live.publish_status(str(n), images=50)

    heard = [slow.hear()]
    while heard[-1]["m"] == "pub":
        heard.append(slow.hear())
    assert heard[-1] == {"m": "resync", "ch": str(live.images)}
    [answer] = slow.subscribe(live.images, since=heard[-2]["id"])
    live.publish_status("later")

    assert answer["recovered"] is False  # It missed more than is kept.
    assert slow.hear()["id"].endswith(":501")


def test_of_a_state_channel_a_slow_browser_misses_only_what_is_outdated(live, relay):
    slow = live.watching(relay, live.bob, live.project)

    for version in range(2, 1502):
        live.publish_stats(version)
    heard = [slow.hear()]
    while heard[-1]["v"] < 1501:
        heard.append(slow.hear())

    assert [message["v"] for message in heard] == sorted({message["v"] for message in heard})
    assert len(heard) < 1500
    assert sum(message.get("cf", 1) for message in heard) == 1500
