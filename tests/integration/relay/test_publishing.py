"""The scripts and the tickets on a real server."""

from uuid import uuid4

import pytest
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.domain.channels import Channel, ChannelKind
from shared.domain.errors import UnavailableError
from shared.messaging.redis_connections import connect, subscriber
from shared.messaging.redis_events import RedisEventPublisher
from shared.messaging.redis_history import Position, Question, RedisHistory
from shared.messaging.tickets import RedisTickets
from tests.unit.web.relay.samples import stats_update, status_update


@pytest.fixture
def history(redis, keys) -> RedisHistory:
    return RedisHistory(redis, keys)


@pytest.fixture
def publisher(redis, keys) -> RedisEventPublisher:
    return RedisEventPublisher(redis, keys)


@pytest.fixture
def project() -> Channel:
    return Channel(ChannelKind.PROJECT, uuid4())


@pytest.fixture
def images(project) -> Channel:
    return Channel(ChannelKind.IMAGES, project.id)


def test_only_a_newer_version_is_kept(publisher, history, project):
    owner = uuid4()

    def publish(version: int) -> bool:
        event = stats_update(project_id=project.id, owner_id=owner, version=version)
        return publisher.publish_state(project, event, version=version)

    assert [publish(version) for version in (5, 4, 5, 6)] == [True, False, False, True]
    kept = history.read(Question(project))
    assert (kept.version, kept.top.offset) == (6, 2)
    assert b'"v":6' in kept.body


def test_a_message_is_published_once_by_its_key(publisher, history, images):
    event = status_update(images.id)

    fresh = [publisher.publish_event(images, event, key=key) for key in ("1", "1", "2")]

    assert fresh == [True, False, True]
    assert [n for n, _ in history.read(Question(images, after=0)).entries] == [1, 2]


def test_offsets_have_no_gap_and_the_epoch_stays(publisher, history, images):
    first = history.read(Question(images))
    for key in "abc":
        publisher.publish_event(images, status_update(images.id), key=key)

    now = history.read(Question(images, after=1))

    assert now.top == Position(first.top.epoch, 3)
    assert [offset for offset, _ in now.entries] == [2, 3]


def test_numbers_that_were_lost_begin_a_new_epoch_without_old_entries(
    publisher, history, images, redis, keys
):
    publisher.publish_event(images, status_update(images.id), key="a")
    before = history.read(Question(images)).top
    redis.delete(keys.meta(images))

    publisher.publish_event(images, status_update(images.id), key="b")
    now = history.read(Question(images, after=0))

    assert now.top.epoch != before.epoch
    assert [offset for offset, _ in now.entries] == [1]


def test_many_channels_are_read_at_once(publisher, history, images, project):
    publisher.publish_event(images, status_update(images.id), key="a")

    first, second = history.read_many([Question(images, after=0), Question(project)])

    assert (first.top.offset, len(first.entries)) == (1, 1)
    assert (second.top.offset, second.body) == (0, None)


def test_everything_is_forgotten_in_time(publisher, images, project, redis, keys):
    publisher.publish_event(images, status_update(images.id), key="a")
    event = stats_update(project_id=project.id, owner_id=uuid4(), version=1)
    publisher.publish_state(project, event, version=1)

    lasting = [keys.meta(images), keys.stream(images), keys.meta(project)]
    lasting.append(keys.idempotency(images, "a"))

    assert all(redis.ttl(name) > 0 for name in lasting)
    assert redis.ttl(keys.meta(images)) > redis.ttl(keys.stream(images))


def test_the_script_is_loaded_again_when_the_server_forgot_it(publisher, images, redis):
    publisher.publish_event(images, status_update(images.id), key="a")
    redis.script_flush()

    assert publisher.publish_event(images, status_update(images.id), key="b")


def test_a_server_that_is_away_is_named_not_waited_for(tmp_path, images, keys):
    with connect(f"unix://{tmp_path}/nobody?db=0") as nobody:
        away = [
            lambda: RedisEventPublisher(nobody, keys).watchers(images),
            lambda: RedisEventPublisher(nobody, keys).publish_event(
                images, status_update(images.id), key="a"
            ),
            lambda: RedisHistory(nobody, keys).read(Question(images)),
            lambda: RedisHistory(nobody, keys).read_many([Question(images)]),
            lambda: RedisTickets(nobody, keys).redeem("ticket"),
        ]
        for ask in away:
            with pytest.raises(UnavailableError):
                ask()


def test_a_ticket_is_stored_by_its_hash_and_not_for_long(live, redis, keys):
    ticket = live.ticket(live.alice)

    assert 0 < redis.ttl(keys.ticket(ticket)) <= 30
    assert ticket not in keys.ticket(ticket)
    holder = RedisTickets(redis, keys).redeem(ticket)
    assert (holder.user_id, holder.session_id) == (live.alice, "login")
    assert RedisTickets(redis, keys).redeem(ticket) is None


def test_a_subscriber_raises_after_a_silence_and_does_not_come_back_by_itself(valkey):
    wire = subscriber(valkey.url, silence=0.1)
    wire.connect()
    wire.send_command("SUBSCRIBE", "quiet")

    assert wire.read_response()[0] == b"subscribe"
    with pytest.raises(RedisTimeoutError):
        wire.read_response()
    assert not wire.is_connected
