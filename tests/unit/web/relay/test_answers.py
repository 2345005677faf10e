"""The answer to a subscription."""

import json
from uuid import UUID, uuid4

import pytest

from shared.domain.accounts import Role
from shared.domain.activities import Activity, ActivityDetails, ActivityType
from shared.domain.channels import Channel, ChannelKind
from shared.domain.events import DashboardMetricsUpdate, UserActivityUpdate
from shared.domain.stats import DashboardMetrics, RecentActivity, SystemStats
from shared.messaging.envelope import Envelope
from shared.messaging.redis_history import History, Position
from tests.unit.web.relay.samples import NOON, stats_update
from web.relay.answers import Answer
from web.relay.ports import Grant, Snapshot
from web.relay.protocol import Wish

OWNER, BOB = uuid4(), uuid4()
PROJECT = Channel(ChannelKind.PROJECT, uuid4())
DASH = Channel(ChannelKind.DASH, OWNER)
IMAGES = Channel(ChannelKind.IMAGES, PROJECT.id)
ROOM = 10_000


def stored(version: int) -> Snapshot:
    event = stats_update(project_id=PROJECT.id, owner_id=OWNER, version=version)
    return Snapshot(version=version, at=NOON, event=event)


def totals(version: int, images: int) -> Snapshot:
    metrics = DashboardMetrics(
        version=version,
        total_projects=1,
        total_images=images,
        total_segmented=0,
        total_objects=0,
        recent_activity=RecentActivity(
            images_uploaded_today=0,
            segmentations_completed_today=0,
            projects_created_this_week=0,
        ),
        system_stats=SystemStats(
            queue_length=0, processing_images=0, avg_processing_time=0, workers_online=0
        ),
    )
    event = DashboardMetricsUpdate(
        user_id=OWNER, metrics=metrics, changed_fields=[], timestamp=NOON
    )
    return Snapshot(version=version, at=NOON, event=event)


def published(snapshot: Snapshot | None) -> History:
    if snapshot is None:
        return History(Position("e", 0), None, None, [])
    return History(Position("e", 9), snapshot.to_json(), snapshot.version, [])


def snapshot_of(answer: Answer) -> dict[str, object]:
    written = json.loads(answer.to(Wish(ch=str(answer.channel)), 7, ROOM).payload)
    assert written["m"] == "subbed"
    assert written["id"] == written["snapshot"]["id"]
    found: dict[str, object] = written["snapshot"]
    return found


@pytest.mark.parametrize(
    ("in_redis", "in_database", "seen"), [(None, 4, 4), (3, 4, 4), (4, 4, 4), (5, 4, 5)]
)
@pytest.mark.parametrize("role", [Role.OWNER, Role.EDITOR, Role.VIEWER])
def test_a_project_answers_the_newer_of_what_was_published_and_what_is_stored(
    in_redis, in_database, seen, role
):
    history = published(stored(in_redis) if in_redis else None)

    snapshot = snapshot_of(Answer(PROJECT, Grant(role, stored(in_database)), history, BOB))

    assert snapshot["v"] == snapshot["data"]["stats"]["version"] == seen
    if role is not Role.OWNER:
        assert snapshot["data"]["sharedWithUserIds"] == [str(BOB)]


def test_a_dashboard_answers_the_numbers_of_this_moment():
    history = published(totals(version=3, images=10))

    snapshot = snapshot_of(Answer(DASH, Grant(Role.OWNER, totals(3, images=12)), history, OWNER))

    assert snapshot["data"]["metrics"]["totalImages"] == 12


def test_a_dashboard_published_since_the_question_wins():
    history = published(totals(version=4, images=13))

    snapshot = snapshot_of(Answer(DASH, Grant(Role.OWNER, totals(3, images=12)), history, OWNER))

    assert snapshot["data"]["metrics"]["totalImages"] == 13


def test_an_invalid_published_value_is_not_passed_to_a_collaborator(caplog):
    history = History(Position("e", 9), b'{"type":"projectStatsUpdate","v":9}', 9, [])

    snapshot = snapshot_of(Answer(PROJECT, Grant(Role.VIEWER, stored(4)), history, BOB))

    assert snapshot["v"] == 4
    assert "not sent" in caplog.text


def replay(since: str | None, *, top: int = 12, room: int = ROOM) -> dict[str, object]:
    body = Envelope(event=stored(1).event, at=NOON).to_json()
    history = History(Position("e", top), None, None, [(n, body) for n in range(10, top + 1)])
    answer = Answer(IMAGES, Grant(Role.OWNER), history, OWNER)
    written: dict[str, object] = json.loads(
        answer.to(Wish(ch=str(IMAGES), since=since), 7, room).payload
    )
    return written


def test_who_comes_for_the_first_time_misses_nothing():
    answer = replay(None)

    assert (answer["recovered"], answer["id"], "pubs" in answer) == (True, "e:12", False)


@pytest.mark.parametrize(("since", "missed"), [("e:9", 3), ("e:11", 1), ("e:12", 0)])
def test_who_comes_back_gets_what_was_missed(since, missed):
    answer = replay(since)

    assert answer["recovered"] is True
    assert [pub["id"] for pub in answer["pubs"]] == [f"e:{n}" for n in range(13 - missed, 13)]


@pytest.mark.parametrize("since", ["e:8", "e:13", "f:12", "nonsense"])
def test_who_cannot_be_given_all_is_told_so(since):
    answer = replay(since)

    assert (answer["recovered"], "pubs" in answer) == (False, False)


def test_a_replay_that_would_fill_the_queue_is_not_sent():
    assert replay("e:9", room=100)["recovered"] is False


ACTIVITY = Channel(ChannelKind.ACTIVITY, BOB)


def told_of(project_id: UUID | None) -> bytes:
    """Return an entry of Bob's feed as it was published."""
    entry = Activity(
        id=uuid4(),
        version=1,
        type=ActivityType.IMAGES_UPLOADED,
        project_id=project_id,
        actor_name="Ada",
        details=ActivityDetails(count=1),
        timestamp=NOON,
    )
    return Envelope(UserActivityUpdate(user_id=BOB, activity=entry), NOON).to_json()


def test_of_a_feed_only_what_may_be_read_now_is_replayed():
    """Rule 14: access may have ended since it was published; the place in the channel goes on."""
    lost = uuid4()
    bodies = [told_of(PROJECT.id), told_of(lost), told_of(None), b'{"data":{}}', b"nonsense"]
    entries = list(enumerate(bodies, start=1))
    history = History(Position("e", len(entries)), None, None, entries)
    grant = Grant(Role.OWNER, readable=frozenset({PROJECT.id}))

    wish = Wish(ch=str(ACTIVITY), since="e:0")
    written = json.loads(Answer(ACTIVITY, grant, history, BOB).to(wish, 7, ROOM).payload)

    assert (written["recovered"], written["id"]) == (True, "e:5")
    assert [pub["id"] for pub in written["pubs"]] == ["e:1", "e:3"]
    assert str(lost) not in json.dumps(written)
