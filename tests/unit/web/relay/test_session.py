"""The protocol as one browser meets it."""

import json
from collections import deque
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from shared.domain.accounts import Role
from shared.domain.channels import Channel, ChannelKind
from shared.messaging.redis_history import History, Position
from tests.unit.web.relay.fakes import FakeConnection, Stage
from tests.unit.web.relay.samples import NOON, stats_update
from web.relay.limits import Limits
from web.relay.ports import Grant, Snapshot
from web.relay.session import Session

ALICE = uuid4()
USER = Channel(ChannelKind.USER, ALICE)
IMAGES = Channel(ChannelKind.IMAGES, uuid4())
PROJECT = Channel(ChannelKind.PROJECT, IMAGES.id)


class Tab:
    """One browser tab on a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.connection = FakeConnection(stage.limits)
        self.session = Session(stage.relay, self.connection)
        stage.relay.registry.add(self.session)

    def say(self, **message: Any) -> "Tab":
        self.session.receive(json.dumps(message))
        return self

    def hello(self, **also: Any) -> "Tab":
        self.say(m="hello", ticket=self.stage.ticket(ALICE), proto=1, **also)
        self.connection.frames.clear()
        return self

    def sub(self, *channels: Channel) -> "Tab":
        return self.say(m="sub", ref=1, subs=[{"ch": str(channel)} for channel in channels])

    @property
    def heard(self) -> list[dict[str, Any]]:
        return self.connection.heard

    @property
    def code(self) -> int | None:
        return self.connection.closed and self.connection.closed[0]


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    event = stats_update(project_id=PROJECT.id, owner_id=ALICE, version=4)
    grants = stage.authority.grants
    grants[USER] = grants[IMAGES] = Grant(Role.OWNER)
    grants[PROJECT] = Grant(Role.OWNER, Snapshot(version=4, at=NOON, event=event))
    return stage


def test_hello_is_answered_by_a_welcome_and_the_own_channel(stage):
    tab = Tab(stage).say(m="hello", ticket=stage.ticket(ALICE), proto=1, tab="t", new="field")

    welcome, subbed = tab.heard
    assert (welcome["m"], welcome["ping"]) == ("welcome", 25)
    assert subbed == {"m": "subbed", "ch": str(USER), "id": "e:0", "recovered": True}


def test_a_second_hello_is_malformed(stage):
    tab = Tab(stage).hello().say(m="hello", ticket=stage.ticket(ALICE))

    assert tab.code == 4400


def test_a_state_channel_answers_with_its_snapshot(stage):
    tab = Tab(stage).hello().sub(PROJECT)

    [answer] = tab.heard
    assert (answer["m"], answer["ref"], answer["recovered"]) == ("subbed", 1, True)
    assert answer["snapshot"]["v"] == 4


def test_each_wish_is_answered_by_itself(stage):
    tab = Tab(stage).hello()

    tab.say(m="sub", ref="x", subs=[{"ch": str(IMAGES)}, {"ch": "dash:1"}, {"ch": str(PROJECT)}])

    assert [(m["m"], m.get("code")) for m in tab.heard] == [
        ("subbed", None),
        ("error", "not_found"),
        ("subbed", None),
    ]


def test_a_refused_channel_leaves_nothing_behind(stage):
    tab = Tab(stage).hello()
    stranger = Channel(ChannelKind.PROJECT, uuid4())

    tab.sub(stranger)

    [topic] = [topic for topic in stage.relay.hub if topic.channel == stranger]
    assert (topic.readers, topic.pending) == ({}, set())
    assert topic.idle_since is not None


def test_access_is_asked_again_for_each_subscription(stage):
    tab = Tab(stage).hello().sub(PROJECT)
    del stage.authority.grants[PROJECT]
    tab.connection.frames.clear()

    tab.sub(PROJECT)

    assert [m["code"] for m in tab.heard] == ["not_found"]
    [topic] = [topic for topic in stage.relay.hub if topic.channel == PROJECT]
    assert not topic.readers


def test_who_leaves_while_access_is_asked_never_goes_live(stage):
    tab = Tab(stage).hello()
    stage.authority.while_asked = lambda: tab.session.close(1012, "meanwhile")

    tab.sub(IMAGES, PROJECT)

    assert tab.heard == []
    assert all(not topic.readers for topic in stage.relay.hub)


def test_a_history_that_is_overtaken_is_read_again(stage):
    tab = Tab(stage).hello()
    stage.history.histories = deque(History(Position("e", n), None, None, []) for n in (4, 5))
    wake = stage.relay.wake_name(IMAGES).encode()
    stage.history.while_asked = lambda: stage.relay.hub.arrived(wake, b"e 5 {}")

    tab.sub(IMAGES)

    assert [m["id"] for m in tab.heard] == ["e:5"]


def test_a_channel_that_never_rests_is_given_up(stage):
    tab = Tab(stage).hello()
    stage.history.histories = deque([History(Position("e", 4), None, None, [])])
    wake = stage.relay.wake_name(IMAGES).encode()
    stage.history.while_asked = lambda: stage.relay.hub.arrived(wake, b"e 5 {}")

    tab.sub(IMAGES)

    assert (tab.code, tab.heard) == (4503, [])


def test_a_database_that_is_away_sends_the_browser_away_for_a_while(stage):
    tab = Tab(stage).hello()
    stage.authority.away = True

    tab.sub(IMAGES)

    assert (tab.code, tab.heard) == (4503, [])
    assert all(not topic.readers for topic in stage.relay.hub)


def test_what_was_missed_is_asked_from_where_the_browser_was(stage):
    tab = Tab(stage).hello()

    tab.say(m="sub", subs=[{"ch": str(IMAGES), "since": "e:7"}])

    assert (stage.history.asked[-1].channel, stage.history.asked[-1].after) == (IMAGES, 7)


def test_unsub_leaves_only_what_it_names(stage):
    tab = Tab(stage).hello().sub(IMAGES, PROJECT)

    tab.say(m="unsub", chs=[str(IMAGES), "nonsense", f"project:{uuid4()}"])

    live = {topic.channel for topic in stage.relay.hub if topic.readers}
    assert live == {USER, PROJECT}
    assert tab.code is None


def test_too_many_wishes_in_one_message_are_malformed(stage):
    stage.relay.limits = replace(Limits(), subs_per_message=1)

    assert Tab(stage).hello().sub(IMAGES, PROJECT).code == 4400


def test_too_many_messages_end_in_an_error_and_4429(stage):
    tab = Tab(stage).hello()

    for _ in range(60):
        tab.say(m="ping")

    assert tab.code == 4429
    assert tab.heard[-1]["code"] == "too_many_messages"


def test_a_steady_rate_within_the_limit_is_fine(stage):
    tab = Tab(stage).hello()

    for _ in range(200):
        stage.clock.now += 0.05
        tab.say(m="ping")

    assert tab.code is None


def test_a_failure_of_ours_closes_with_1011_and_is_logged(stage, caplog):
    tab = Tab(stage).hello()
    stage.authority.while_asked = lambda: 1 / 0

    tab.sub(IMAGES)

    assert tab.code == 1011
    assert "ZeroDivisionError" in caplog.text


def test_hello_has_its_time(stage):
    tab = Tab(stage)
    look_at(stage, after=4.9)
    assert tab.code is None

    look_at(stage, after=0.2)

    assert tab.code == 4408


def test_silence_is_asked_after_and_then_ended(stage):
    tab = Tab(stage).hello()

    look_at(stage, after=31)
    assert tab.heard == [{"m": "ping"}]
    look_at(stage, after=11)

    assert tab.code == 4408


def test_nobody_is_late_while_we_are_the_ones_who_take_long(stage):
    tab = Tab(stage).hello()
    stage.authority.while_asked = lambda: look_at(stage, after=100)

    tab.sub(IMAGES)

    assert tab.code is None
    assert tab.heard[-1]["m"] == "subbed"


def test_any_message_is_a_sign_of_life(stage):
    tab = Tab(stage).hello()

    for _ in range(5):
        look_at(stage, after=31)
        tab.say(m="pong")
        look_at(stage, after=11)

    assert tab.code is None


def test_the_session_ends_when_its_login_does(stage):
    tab = Tab(stage)
    tab.say(m="hello", ticket=stage.ticket(ALICE, seconds=10), proto=1)

    look_at(stage, after=9)
    assert tab.code is None
    look_at(stage, after=2)

    assert tab.code == 4401


def test_a_browser_that_does_not_answer_our_close_is_cut_off(stage):
    tab = Tab(stage).hello()
    tab.session.close(1012, "restart")

    look_at(stage, after=1.9)
    assert not tab.connection.aborted
    look_at(stage, after=0.2)

    assert tab.connection.aborted


def test_after_the_close_messages_are_not_acted_on(stage):
    tab = Tab(stage).hello()
    tab.session.close(1012, "restart")

    tab.sub(IMAGES).say(m="ping")

    assert tab.heard == []
    assert tab.code == 1012


def test_who_left_is_forgotten(stage):
    tab = Tab(stage).hello().sub(IMAGES, PROJECT)

    tab.session.left()

    assert len(stage.relay.registry) == 0
    assert all(not topic.readers for topic in stage.relay.hub)


def test_the_oldest_of_too_many_sockets_gives_way(stage):
    stage.relay.limits = replace(Limits(), sockets_per_user=2)
    tabs = [Tab(stage).hello() for _ in range(3)]

    assert [tab.code for tab in tabs] == [4409, None, None]


def look_at(stage: Stage, *, after: float) -> None:
    stage.clock.now += after
    stage.relay.look_after_sockets()
