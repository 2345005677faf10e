"""The relay as operators start it, between a real database and a real browser."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from redis import Redis

from shared.actions.recompute_stats import recompute_stats
from shared.database.engine import Database
from shared.database.migrating import upgrade
from shared.domain.accounts import Role
from shared.domain.channels import Channel, ChannelKind
from shared.domain.errors import UnavailableError
from shared.messaging.redis_events import RedisEventPublisher
from shared.messaging.redis_keys import RedisKeys
from shared.servers.postgresql import PostgreSQLServer
from shared.servers.valkey import ValkeyServer
from tests.integration.lab import Lab
from tests.integration.relay.live import Live, RelayProcess, free_port
from web.relay.authority import DatabaseAuthority


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQLServer]:
    server = PostgreSQLServer(tmp_path_factory.mktemp("postgresql"), durable=False)
    server.start()
    upgrade(server.url)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def lab(postgresql: PostgreSQLServer) -> Iterator[Lab]:
    database = Database(postgresql.url)
    yield Lab(database)
    database.close()


@pytest.fixture(scope="module")
def whole_relay(postgresql: PostgreSQLServer, valkey: ValkeyServer) -> Iterator[RelayProcess]:
    port = free_port()
    urls = {
        "CELLTALLY_DATABASE_URL": postgresql.url,
        "CELLTALLY_REDIS_URL": valkey.url,
        "CELLTALLY_RELAY_PORT": str(port),
    }
    command = [str(Path(sys.executable).parent / "celltally"), "relay"]
    process = RelayProcess(subprocess.Popen(command, env={**os.environ, **urls}), port)
    yield process.when_ready()
    process.stop()


@pytest.fixture
def people(
    lab: Lab, valkey: ValkeyServer, redis: Redis, ending: list[RelayProcess]
) -> Iterator[Live]:
    """Alice's project, which Bob may see, in the database and under the real keys."""
    alice, bob, eve = (lab.user(name) for name in ("Alice", "Bob", "Eve"))
    project_id = lab.project(alice)
    share(lab, project_id, bob, "viewer")
    with ExitStack() as stack:
        yield Live(
            valkey.url,
            redis,
            stack,
            RedisKeys(),
            ending,
            project_id=project_id,
            alice=alice,
            bob=bob,
            eve=eve,
        )


def share(lab: Lab, project_id: UUID, user_id: UUID, role: str, status: str = "accepted") -> None:
    lab.sql(
        "INSERT INTO project_shares (project_id, user_id, role, status)"
        " VALUES (:project_id, :user_id, :role, :status)",
        project_id=project_id,
        user_id=user_id,
        role=role,
        status=status,
    )


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


@pytest.mark.parametrize("status", ["pending", "revoked", "expired"])
def test_an_invitation_that_is_not_accepted_opens_nothing(people, lab, status):
    share(lab, people.project_id, people.eve, "editor", status)

    assert DatabaseAuthority(lab.database).open(people.eve, people.project) is None


def test_a_database_that_is_away_is_said_to_be(people, tmp_path):
    nobody = Database(f"postgresql://celltally@/celltally?host={tmp_path}")

    with pytest.raises(UnavailableError):
        DatabaseAuthority(nobody).open(people.alice, people.project)
