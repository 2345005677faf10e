"""Cutting off: by orders, by expired shares, by the standing check (R8, R9)."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.domain.accounts import Role
from shared.domain.channels import Channel, ChannelKind
from shared.domain.control import EndSession, EndUser, Order, Revoke
from shared.messaging.ports import TicketHolder
from shared.messaging.redis_history import Position
from tests.unit.web.relay.fakes import FakeKernel, Stage
from tests.unit.web.relay.samples import NOON, stats_update
from tests.unit.web.relay.test_session import ALICE, IMAGES, PROJECT, USER, Tab
from web.relay.inbox import Inbox
from web.relay.limits import Limits
from web.relay.metrics_page import metrics_of
from web.relay.ports import Grant, Snapshot
from web.relay.publications import Publication

ACTIVITY = Channel(ChannelKind.ACTIVITY, ALICE)
LOGIN = uuid4()


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    event = stats_update(project_id=PROJECT.id, owner_id=uuid4(), version=4)
    grants = stage.authority.grants
    grants[USER] = grants[ACTIVITY] = Grant(Role.OWNER)
    grants[IMAGES] = Grant(Role.VIEWER)
    grants[PROJECT] = Grant(Role.VIEWER, Snapshot(version=4, at=NOON, event=event))
    return stage


@pytest.fixture
def tab(stage: Stage) -> Tab:
    tab = signed_in(stage).sub(PROJECT, IMAGES)
    tab.connection.frames.clear()
    return tab


def signed_in(stage: Stage, login: UUID = LOGIN, user: UUID = ALICE) -> Tab:
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    ticket = stage.tickets.issue(TicketHolder(user, str(login), expires_at))
    return Tab(stage).say(m="hello", ticket=ticket, proto=1)


def carry_out(stage: Stage, order: Order) -> None:
    stage.relay.enforcement.carry_out(order.model_dump_json(by_alias=True).encode())


def revoked(tab: Tab) -> list[tuple[Any, ...]]:
    return [(m["m"], m["ch"], m["code"]) for m in tab.heard]


BOTH = [("unsub", str(PROJECT), "revoked"), ("unsub", str(IMAGES), "revoked")]


def test_how_late_a_revoke_came_is_measured(stage: Stage) -> None:
    """O3."""
    ordered = datetime.now(UTC) - timedelta(seconds=2)

    carry_out(stage, Revoke(user_id=ALICE, project_id=PROJECT.id, at=ordered))

    told = metrics_of(stage.relay).decode()
    assert 'rt_revoke_seconds_bucket{le="1.0"} 0.0' in told
    assert "rt_revoke_seconds_count 1.0" in told


def test_a_revoke_ends_each_channel_of_the_project_once(stage: Stage, tab: Tab) -> None:
    order = Revoke(user_id=ALICE, project_id=PROJECT.id)

    carry_out(stage, order)
    carry_out(stage, order)

    assert revoked(tab) == BOTH
    assert tab.code is None
    assert not any(topic.readers for topic in stage.relay.hub if topic.channel != USER)


def test_a_revoke_of_another_project_or_person_changes_nothing(stage: Stage, tab: Tab) -> None:
    carry_out(stage, Revoke(user_id=ALICE, project_id=uuid4()))
    carry_out(stage, Revoke(user_id=uuid4(), project_id=PROJECT.id))

    assert tab.heard == []


def slow_tab(stage: Stage, *channels: Channel) -> tuple[Tab, FakeKernel]:
    """Return a tab that watches the channels and then reads no more, and its socket's buffer."""
    kernel, tab = FakeKernel(), Tab(stage)
    tab.connection.inbox = Inbox(
        kernel.write, limits=Limits(), on_blocked=lambda: None, on_overflow=lambda: None
    )
    tab.say(m="hello", ticket=stage.ticket(ALICE), proto=1).sub(*channels)
    kernel.room, kernel.taken = 10, b""
    return tab, kernel


def deliver(stage: Stage, channel: Channel, *bodies: bytes) -> None:
    [topic] = [topic for topic in stage.relay.hub if topic.channel == channel]
    for offset, body in enumerate(bodies, start=1):
        topic.offer(Publication(channel, Position("e", offset), body))


def test_what_waits_of_the_project_is_dropped_but_a_frame_that_was_begun(stage: Stage) -> None:
    """Rule 14."""
    tab, kernel = slow_tab(stage, IMAGES)
    deliver(stage, IMAGES, b'{"begun":1}', b'{"secret":2}')

    carry_out(stage, Revoke(user_id=ALICE, project_id=IMAGES.id))
    kernel.room = 10**6
    tab.connection.inbox.flush()

    assert b'"begun":1' in kernel.taken
    assert b'"secret":2' not in kernel.taken
    assert kernel.taken.endswith(b'"code":"revoked"}')


def test_what_waits_of_the_feed_is_asked_for_again(stage: Stage) -> None:
    """Rule 14: it may tell of the project; the replay will not."""
    tab, kernel = slow_tab(stage, PROJECT, ACTIVITY)
    deliver(stage, ACTIVITY, b'{"begun":1}', b'{"secret":2}')

    carry_out(stage, Revoke(user_id=ALICE, project_id=PROJECT.id))
    kernel.room = 10**6
    tab.connection.inbox.flush()

    assert b'"secret":2' not in kernel.taken
    assert b'"code":"revoked"' in kernel.taken
    assert kernel.taken.endswith(b'{"m":"resync","ch":"%b"}' % str(ACTIVITY).encode())


def test_a_revoke_that_comes_while_a_subscription_is_pending_wins(stage: Stage) -> None:
    tab = signed_in(stage)
    tab.connection.frames.clear()
    order = Revoke(user_id=ALICE, project_id=PROJECT.id)
    stage.authority.while_asked = lambda: carry_out(stage, order)

    tab.sub(PROJECT)

    assert revoked(tab) == BOTH[:1]
    assert not any(topic.readers for topic in stage.relay.hub if topic.channel == PROJECT)


def test_an_ended_login_closes_its_sockets_alone(stage: Stage, tab: Tab) -> None:
    other, somebody = signed_in(stage, uuid4()), signed_in(stage, uuid4(), user=uuid4())

    carry_out(stage, EndSession(user_id=ALICE, session_id=LOGIN))

    assert (tab.code, other.code, somebody.code) == (4401, None, None)


def test_all_logins_of_a_user_end_but_one(stage: Stage, tab: Tab) -> None:
    kept = uuid4()
    other, somebody = signed_in(stage, kept), signed_in(stage, uuid4(), user=uuid4())

    carry_out(stage, EndUser(user_id=ALICE, except_session_id=kept))
    assert (tab.code, other.code, somebody.code) == (4401, None, None)

    carry_out(stage, EndUser(user_id=ALICE))
    assert (other.code, somebody.code) == (4401, None)


def test_a_login_that_ended_before_hello_lets_nobody_in(stage: Stage) -> None:
    stage.authority.over = {str(LOGIN)}

    tab = signed_in(stage)

    assert (tab.code, tab.heard) == (4401, [])


def test_a_login_that_ends_while_hello_is_checked_lets_nobody_in(stage: Stage) -> None:
    order = EndSession(user_id=ALICE, session_id=LOGIN)
    checked = stage.authority.signed_in

    def end_meanwhile(ids: Any) -> set[str]:
        carry_out(stage, order)
        return checked(ids)

    stage.authority.signed_in = end_meanwhile  # type: ignore[method-assign]

    tab = signed_in(stage)

    assert (tab.code, tab.heard) == (4401, [])


def test_auth_goes_on_under_another_login(stage: Stage, tab: Tab) -> None:
    new, expires_at = uuid4(), datetime.now(UTC) + timedelta(hours=9)
    ticket = stage.tickets.issue(TicketHolder(ALICE, str(new), expires_at))

    tab.say(m="auth", ticket=ticket)
    carry_out(stage, EndSession(user_id=ALICE, session_id=LOGIN))
    stage.clock.now += 2 * 3600  # Past the end of the first login.
    tab.session.look(stage.clock.now)

    assert [m["m"] for m in tab.heard] == ["authed", "ping"]
    assert tab.code is None


@pytest.mark.parametrize("whose", ["nobody", "another"])
def test_auth_with_no_good_ticket_closes(stage: Stage, tab: Tab, whose: str) -> None:
    ticket = "made up" if whose == "nobody" else stage.ticket(uuid4())

    tab.say(m="auth", ticket=ticket)

    assert (tab.code, tab.heard) == (4401, [])


def test_auth_before_hello_is_refused(stage: Stage) -> None:
    tab = Tab(stage).say(m="auth", ticket=stage.ticket(ALICE))

    assert tab.code == 4401


def test_the_standing_check_finds_what_no_order_told(stage: Stage, tab: Tab) -> None:
    stage.authority.refused = {(ALICE, PROJECT.id)}

    stage.relay.enforcement.check_all()

    assert revoked(tab) == BOTH


def test_the_standing_check_closes_sockets_of_logins_that_ended(stage: Stage, tab: Tab) -> None:
    other = signed_in(stage, uuid4())
    stage.authority.over = {str(LOGIN)}

    stage.relay.enforcement.check_all()

    assert (tab.code, other.code) == (4401, None)


def test_a_database_that_is_away_cuts_nobody_off(
    stage: Stage, tab: Tab, caplog: pytest.LogCaptureFixture
) -> None:
    stage.authority.away = True

    with caplog.at_level(logging.WARNING):
        stage.relay.enforcement.check_all()

    assert (tab.code, tab.heard) == (None, [])
    assert "could not be checked" in caplog.text


def test_an_order_that_cannot_be_read_has_everybody_checked(stage: Stage, tab: Tab) -> None:
    stage.authority.refused = {(ALICE, PROJECT.id)}

    stage.relay.enforcement.carry_out(b"no order")

    assert revoked(tab) == BOTH


def test_who_watches_by_a_share_that_expires_is_asked_about_then(stage: Stage) -> None:
    stage.authority.grants[IMAGES] = Grant(Role.VIEWER, until=datetime.now(UTC))
    tab = signed_in(stage).sub(IMAGES)
    tab.connection.frames.clear()
    stage.authority.refused = {(ALICE, IMAGES.id)}

    stage.relay.look_after_sockets()

    assert revoked(tab) == BOTH[1:]


def test_a_share_that_was_renewed_meanwhile_ends_nothing(stage: Stage) -> None:
    stage.authority.grants[IMAGES] = Grant(Role.VIEWER, until=datetime.now(UTC))
    tab = signed_in(stage).sub(IMAGES)
    tab.connection.frames.clear()
    stage.authority.until = datetime.now(UTC) + timedelta(days=1)

    stage.relay.look_after_sockets()

    assert tab.heard == []


def test_while_the_database_is_away_an_expired_share_is_asked_about_again(stage: Stage) -> None:
    stage.authority.grants[IMAGES] = Grant(Role.VIEWER, until=datetime.now(UTC))
    tab = signed_in(stage).sub(IMAGES)
    tab.connection.frames.clear()
    stage.authority.away = True
    stage.relay.enforcement.look()
    stage.authority.away = False
    stage.authority.refused = {(ALICE, IMAGES.id)}

    stage.relay.enforcement.look()  # Not yet: a database in trouble is not asked all the time.
    assert tab.heard == []
    stage.relay.enforcement.check_all()
    assert revoked(tab) == BOTH[1:]


def test_nothing_is_kept_of_whoever_went_away(stage: Stage) -> None:
    """R15."""
    stage.authority.grants[IMAGES] = Grant(Role.VIEWER, until=datetime.now(UTC) + timedelta(days=1))
    tab = signed_in(stage).sub(IMAGES)

    tab.session.left()
    stage.relay.enforcement.check_all()

    assert stage.relay.enforcement._until == {}
    assert stage.relay.registry.of_user(ALICE) == []


def test_orders_reach_the_relay_by_its_link_and_a_gap_is_read(stage: Stage, tab: Tab) -> None:
    name = stage.relay.wake_name(PROJECT).replace(str(PROJECT), "control").encode()
    written = Revoke(user_id=ALICE, project_id=PROJECT.id).model_dump_json(by_alias=True).encode()

    stage.relay.arrived(name, b"e 1 " + written)
    assert revoked(tab) == BOTH
    stage.relay.arrived(name, b"e 5 " + written)

    [*_, asked] = stage.history.asked
    assert (str(asked.channel), asked.after) == ("control", 1)
