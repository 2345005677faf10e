"""The relay as operators start it, between a real database and a real browser."""

from uuid import uuid4

import pytest

from shared.actions.publish_outbox import publish_outbox
from shared.actions.recompute_dashboard import refresh_dashboard
from shared.actions.recompute_stats import recompute_stats
from shared.database import shares
from shared.database.engine import Database
from shared.database.shares import Offer
from shared.domain.accounts import Role
from shared.domain.channels import Channel, ChannelKind
from shared.domain.errors import UnavailableError
from shared.messaging.redis_events import RedisEventPublisher
from web.relay.authority import DatabaseAuthority


def test_counts_are_exact_at_once_and_after_every_change(people, lab, whole_relay):  # R1
    lab.images(people.project_id, 3)  # Nobody folded or published them yet.
    alice, bob = (people.signed_in(whole_relay, user) for user in (people.alice, people.bob))
    [hers], [his] = (browser.subscribe(people.project) for browser in (alice, bob))
    for answer in (hers, his):
        assert answer["snapshot"]["data"]["stats"]["imageCount"] == 3

    lab.images(people.project_id, 10)
    recompute_stats(lab.database, RedisEventPublisher(people.redis), people.project_id)
    hers, his = alice.hear(), bob.hear()

    now = lab.stats(people.project_id).to_json()
    assert hers["data"]["stats"] == his["data"]["stats"] == now
    assert hers["v"] == now["version"]
    assert his["data"]["ownerId"] == str(people.alice)


def test_a_dashboard_is_answered_with_the_totals_of_this_moment(people, lab, whole_relay):
    lab.images(people.project_id, 4)
    dashboard = Channel(ChannelKind.DASH, people.alice)

    [answer] = people.signed_in(whole_relay, people.alice).subscribe(dashboard)

    assert answer["snapshot"]["type"] == "dashboardMetricsUpdate"
    assert answer["snapshot"]["data"]["metrics"]["totalImages"] == 4


def test_a_feed_is_replayed_without_what_may_not_be_read_any_more(people, lab, whole_relay):
    """Rules 13 and 14, R8."""
    feed = Channel(ChannelKind.ACTIVITY, people.bob)
    publisher = RedisEventPublisher(people.redis)
    [began] = people.signed_in(whole_relay, people.bob).subscribe(feed)
    lab.rename(people.project_id)
    publish_outbox(lab.database, publisher, lab.queue)

    [before] = people.signed_in(whole_relay, people.bob).subscribe(feed, since=began["id"])
    lab.sql("DELETE FROM memberships WHERE user_id = :bob", bob=people.bob)
    [after] = people.signed_in(whole_relay, people.bob).subscribe(feed, since=began["id"])

    assert [pub["data"]["activity"]["type"] for pub in before["pubs"]] == ["project_renamed"]
    assert after["pubs"] == []
    assert (after["recovered"], after["id"]) == (True, before["id"])


@pytest.mark.parametrize("memory", ["cold", "warm", "expired", "flushed"])
def test_whatever_redis_remembers_every_read_gives_the_same_numbers(
    people, lab, whole_relay, memory
):
    """Rule 11: what was published last is only shown where the database knows nothing newer."""
    lab.images(people.project_id, 3)
    if memory != "cold":
        recompute_stats(lab.database, RedisEventPublisher(people.redis), people.project_id)
    if memory == "expired":
        people.redis.delete(people.keys.meta(people.project))
    if memory == "flushed":
        people.redis.flushall()
    lab.images(people.project_id, 2)  # Neither folded nor published.
    dashboard = Channel(ChannelKind.DASH, people.alice)

    browser = people.signed_in(whole_relay, people.alice)
    of_project, of_dashboard = browser.subscribe(people.project, dashboard)

    assert of_project["snapshot"]["data"]["stats"] == lab.stats(people.project_id).to_json()
    assert of_project["snapshot"]["data"]["stats"]["imageCount"] == 5
    assert of_dashboard["snapshot"]["data"]["metrics"]["totalImages"] == 5
    assert refresh_dashboard(lab.database, people.alice).total_images == 5


def test_a_stranger_is_answered_like_one_who_asks_for_nothing(people, whole_relay):
    eve = people.signed_in(whole_relay, people.eve)

    real, made_up = eve.subscribe(people.project, Channel(ChannelKind.PROJECT, uuid4()))

    assert {**real, "ch": ""} == {**made_up, "ch": ""}
    assert real["code"] == "not_found"


@pytest.mark.parametrize(
    ("kind", "who", "role"),
    [
        (ChannelKind.PROJECT, "alice", Role.OWNER),
        (ChannelKind.PROJECT, "bob", Role.VIEWER),
        (ChannelKind.PROJECT, "eve", None),
        (ChannelKind.IMAGES, "alice", Role.OWNER),
        (ChannelKind.IMAGES, "bob", Role.VIEWER),
        (ChannelKind.IMAGES, "eve", None),
    ],
)
def test_a_project_is_open_to_its_people(people, lab, kind, who, role):
    channel = Channel(kind, people.project_id)

    grant = DatabaseAuthority(lab.database).open(getattr(people, who), channel)

    assert (grant and grant.role) == role
    assert bool(grant and grant.snapshot) == (role is not None and channel.is_state)


@pytest.mark.parametrize("kind", [ChannelKind.DASH, ChannelKind.ACTIVITY, ChannelKind.USER])
def test_a_channel_of_a_person_is_open_to_that_person_alone(people, lab, kind):
    authority = DatabaseAuthority(lab.database)
    channel = Channel(kind, people.alice)

    grant = authority.open(people.alice, channel)

    assert grant.role is Role.OWNER
    assert bool(grant.snapshot) == channel.is_state
    assert authority.open(people.bob, channel) is None


@pytest.mark.parametrize(
    "over", ["revoked_at = now()", "expires_at = now()"], ids=["revoked", "expired"]
)
def test_a_share_that_is_over_opens_nothing(people, lab, over):
    share_id = lab.let_in(people.project_id, people.eve, Role.EDITOR)
    lab.sql(f"UPDATE project_shares SET {over} WHERE id = :id", id=share_id)

    assert DatabaseAuthority(lab.database).open(people.eve, people.project) is None


def test_an_invitation_that_is_not_accepted_opens_nothing(people, lab):
    offered = Offer(None, Role.EDITOR)
    lab.database.transact(lambda tx: shares.offer(tx.connection, people.project_id, offered))

    assert DatabaseAuthority(lab.database).open(people.eve, people.project) is None


def test_a_database_that_is_away_is_said_to_be(people, tmp_path):
    nobody = Database(f"postgresql://celltally@/celltally?host={tmp_path}")

    with pytest.raises(UnavailableError):
        DatabaseAuthority(nobody).open(people.alice, people.project)
