"""What a browser receives from a real relay."""

from uuid import uuid4

import pytest

from shared.domain.channels import Channel, ChannelKind
from tests.integration.relay.live import wait_until


def test_owner_and_collaborator_see_one_publication_each_in_their_own_form(live, relay):
    alice = live.watching(relay, live.alice, live.project)
    bob = live.watching(relay, live.bob, live.project)

    live.publish_stats(2)
    hers, his = alice.hear(), bob.hear()

    assert (hers["type"], his["type"]) == ("projectStatsUpdate", "sharedProjectUpdate")
    assert (hers["m"], hers["v"], hers["sv"]) == ("pub", 2, 1)
    assert hers["id"] == his["id"]
    assert hers["data"]["stats"] == his["data"]["stats"]
    assert his["data"]["sharedWithUserIds"] == [str(live.bob)]


def test_what_is_published_reaches_browsers_on_every_relay(live, relay):  # R5
    browsers = [live.watching(r, live.alice, live.project) for r in (relay, live.relay())]

    live.publish_stats(2)

    assert [browser.hear()["v"] for browser in browsers] == [2, 2]


def test_with_an_empty_redis_the_snapshot_comes_from_the_database(live, relay):
    [hers] = live.signed_in(relay, live.alice).subscribe(live.project)
    [his] = live.signed_in(relay, live.bob).subscribe(live.project)

    assert hers["recovered"] is his["recovered"] is True
    assert (hers["snapshot"]["v"], hers["snapshot"]["type"]) == (1, "projectStatsUpdate")
    assert (his["snapshot"]["v"], his["snapshot"]["type"]) == (1, "sharedProjectUpdate")
    assert hers["id"] == hers["snapshot"]["id"]
    assert hers["id"].endswith(":0")


def test_the_snapshot_is_what_was_published_last_for_that_receiver(live, relay):
    live.publish_stats(7)

    [hers] = live.signed_in(relay, live.alice).subscribe(live.project)
    [his] = live.signed_in(relay, live.bob).subscribe(live.project)

    assert (hers["snapshot"]["v"], his["snapshot"]["v"]) == (7, 7)
    assert hers["snapshot"]["data"]["operation"] == "images_added"
    assert his["snapshot"]["data"]["sharedWithUserIds"] == [str(live.bob)]


def test_events_missed_while_away_are_replayed_exactly(live, relay):
    live.publish_status("a")
    [answer] = live.signed_in(relay, live.alice).subscribe(live.images)
    for key in "bcd":
        live.publish_status(key)

    [again] = live.signed_in(relay, live.bob).subscribe(live.images, since=answer["id"])

    epoch, offset = answer["id"].split(":")
    assert again["recovered"] is True
    assert [pub["id"] for pub in again["pubs"]] == [f"{epoch}:{int(offset) + n}" for n in (1, 2, 3)]
    assert {pub["m"] for pub in again["pubs"]} == {"pub"}


@pytest.mark.parametrize("since", ["00000000:0", "{epoch}:99", "nonsense", "{epoch}:-1"])
def test_a_place_that_is_not_in_the_history_is_honestly_not_recovered(live, relay, since):
    live.publish_status("a")
    browser = live.signed_in(relay, live.alice)
    epoch = browser.subscribe(live.images)[0]["id"].split(":")[0]

    [answer] = browser.subscribe(live.images, since=since.format(epoch=epoch))

    assert answer["recovered"] is False
    assert "pubs" not in answer


def test_a_history_that_was_trimmed_is_honestly_not_recovered(live, relay):
    browser = live.signed_in(relay, live.alice)
    [first] = browser.subscribe(live.images)
    browser.say(m="unsub", chs=[str(live.images)])
    browser.say(m="ping")
    assert browser.hear() == {"m": "pong"}
    for n in range(450):
        live.publish_status(str(n))

    [answer] = browser.subscribe(live.images, since=first["id"])

    assert answer["recovered"] is False


def test_foreign_unknown_and_senseless_channels_answer_the_same(live, relay):  # R10
    eve = live.signed_in(relay, live.eve)
    names = [
        str(live.project),
        str(live.images),
        f"project:{uuid4()}",
        f"dash:{live.alice}",
        f"activity:{live.alice}",
        f"user:{live.alice}",
        "nonsense",
    ]

    eve.say(m="sub", ref="r", subs=[{"ch": name} for name in names])
    answers = [eve.hear() for _ in names]

    assert [answer.pop("ch") for answer in answers] == names
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0]["m"], answers[0]["code"], answers[0]["ref"]) == ("error", "not_found", "r")


def test_a_stranger_receives_not_one_frame_of_a_project(live, relay):
    eve = live.watching(relay, live.eve, live.project)
    alice = live.watching(relay, live.alice, live.project)

    live.publish_stats(2)
    alice.hear()
    eve.say(m="ping", t=5)

    assert eve.hear() == {"m": "pong", "t": 5}


def test_after_unsub_nothing_more_comes(live, relay):
    alice = live.watching(relay, live.alice, live.project, live.images)

    alice.say(m="unsub", chs=[str(live.project)])
    alice.say(m="ping")
    alice.hear()
    live.publish_stats(2)
    live.publish_status("a")

    assert alice.hear()["type"] == "imageStatusUpdate"


def test_the_publisher_can_tell_whether_anybody_watches(live, relay):
    dashboard = Channel(ChannelKind.DASH, live.alice)
    assert live.publisher.watchers(dashboard) == 0

    live.watching(relay, live.alice, dashboard)

    assert live.publisher.watchers(dashboard) == 1


def test_sockets_that_go_leave_nothing_behind(live):  # R15
    relay = live.relay(linger_seconds=0, sweep_seconds=0.1, sockets_per_user=100)
    for _ in range(2):
        sockets = [live.watching(relay, live.alice, live.project) for _ in range(30)]
        assert live.publisher.watchers(live.project) == 1
        for browser in sockets:
            browser.connection.close()

    wait_until(lambda: live.publisher.watchers(live.project) == 0)
    assert relay.health() == {"status": "ok", "sockets": 0}
