"""Revokes, ended logins and new members, on sockets that are open (R7, R8, R9)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.actions.accounts import log_out
from shared.actions.delete_project import delete_project
from shared.actions.publish_outbox import publish_outbox
from shared.actions.recompute_stats import recompute_stats
from shared.actions.shares import accept_share, leave_project, revoke_share
from shared.domain.accounts import Account, Role
from shared.domain.channels import Channel, ChannelKind
from shared.domain.control import EndUser
from shared.messaging.redis_events import RedisEventPublisher
from tests.integration.lab import Lab
from tests.integration.relay.live import Live, RelayProcess, Socket
from tests.integration.relay.whole.people import link
from web.relay.authority import DatabaseAuthority


@pytest.fixture
def publish(people: Live, lab: Lab) -> Callable[[], None]:
    """Return a function that does what the stats process does with the outbox."""
    publisher = RedisEventPublisher(people.redis)
    return lambda: publish_outbox(lab.database, publisher, lab.queue) and None


def account(user_id: UUID) -> Account:
    return Account(user_id, f"{user_id}@lab.example", "Somebody", is_admin=False, time_zone="UTC")


def change_counts(people: Live, lab: Lab) -> None:
    lab.images(people.project_id, 1)
    recompute_stats(lab.database, RedisEventPublisher(people.redis), people.project_id)


def quiet(browser: Socket) -> list[dict[str, object]]:
    """Return all that came until now: what is answered after it was sent after it."""
    browser.say(m="ping", t=7)
    heard = []
    while (message := browser.hear()) != {"m": "pong", "t": 7.0}:
        heard.append(message)
    return heard


def told_until(browser: Socket, version: int) -> list[dict[str, object]]:
    """Return all that came until now, and wait for the counts of *version*: they may be held."""
    heard = [browser.hear()]
    while heard[-1].get("v") != version:
        heard.append(browser.hear())
    return heard + quiet(browser)


def test_a_revoke_ends_every_channel_of_the_project_and_nothing_follows(
    people: Live, lab: Lab, whole_relay: RelayProcess, publish: Callable[[], None]
) -> None:
    """R8: on a socket that is open, and it stays open for all else."""
    bob = people.signed_in(whole_relay, people.bob)
    bob.subscribe(people.project, people.images)
    share_id = lab.value(
        "SELECT id FROM project_shares WHERE project_id = :id", id=people.project_id
    )

    lab.database.transact(lambda tx: revoke_share(tx, people.project_id, share_id))
    publish()
    told = [bob.hear() for _ in range(3)]
    change_counts(people, lab)
    publish()

    assert {(m["m"], m["ch"], m.get("code")) for m in told} == {
        ("unsub", str(people.project), "revoked"),
        ("unsub", str(people.images), "revoked"),
        ("pub", f"user:{people.bob}", None),
    }
    [change] = [m["data"] for m in told if m["m"] == "pub"]
    assert (change["projectId"], change["change"]) == (str(people.project_id), "revoked")
    assert quiet(bob) == []
    [answer] = bob.subscribe(people.project)
    assert answer["code"] == "not_found"


@pytest.mark.parametrize("how", ["leave", "delete"])
def test_who_leaves_and_whose_project_is_deleted_is_cut_off_too(
    people: Live, lab: Lab, whole_relay: RelayProcess, publish: Callable[[], None], how: str
) -> None:
    bob = people.watching(whole_relay, people.bob, people.project)

    if how == "leave":
        lab.database.transact(lambda tx: leave_project(tx, people.project_id, account(people.bob)))
    else:
        delete_project(lab.database, lab.queue, people.project_id)
    publish()

    heard = {message["m"]: message for message in (bob.hear(), bob.hear())}
    assert heard["unsub"]["code"] == "revoked"
    assert heard["pub"]["data"]["change"] == {"leave": "revoked", "delete": "deleted"}[how]


def test_who_accepts_is_told_and_may_watch(
    people: Live, lab: Lab, whole_relay: RelayProcess, publish: Callable[[], None]
) -> None:
    """R8: an accepted share adds the card on a page that is open."""
    eve = people.signed_in(whole_relay, people.eve)
    offered = link(lab, people.project_id, Role.EDITOR)

    lab.database.transact(lambda tx: accept_share(tx, offered, account(people.eve)))
    publish()

    told = eve.hear()["data"]
    assert (told["change"], told["role"]) == ("shared", "editor")
    [answer] = eve.subscribe(people.project)
    assert answer["snapshot"]["type"] == "sharedProjectUpdate"


def test_a_third_user_receives_not_one_byte_and_nobody_learns_of_other_members(
    people: Live, lab: Lab, whole_relay: RelayProcess, publish: Callable[[], None]
) -> None:
    """R7, on raw frames: whatever happens in the project."""
    dora = lab.user("Dora")
    people.logins[dora] = str(lab.sign_in(dora))
    lab.let_in(people.project_id, dora, Role.EDITOR)
    alice, bob, eve = (
        people.signed_in(whole_relay, user) for user in (people.alice, people.bob, people.eve)
    )
    for browser in (alice, bob):
        browser.subscribe(people.project, people.images)
    for kind in ChannelKind:
        eve.subscribe(Channel(kind, people.project_id), Channel(kind, people.alice))

    change_counts(people, lab)
    lab.one_run(people.project_id)
    offered = link(lab, people.project_id, Role.VIEWER)
    frank = lab.user("Frank")
    lab.database.transact(lambda tx: accept_share(tx, offered, account(frank)))
    lab.database.transact(lambda tx: revoke_share(tx, people.project_id, offered))
    publish()
    recompute_stats(lab.database, RedisEventPublisher(people.redis), people.project_id)

    version = lab.stats(people.project_id).version
    hers, his = told_until(alice, version), told_until(bob, version)
    assert quiet(eve) == []
    assert {message["type"] for message in his} >= {"sharedProjectUpdate", "imageStatusUpdate"}
    assert len(hers) == len(his)
    for others in (dora, frank):
        assert str(others) not in str(his)
    assert str(people.bob) not in str(hers)


def test_logging_out_closes_the_sockets_of_that_login_alone(
    people: Live, lab: Lab, whole_relay: RelayProcess, publish: Callable[[], None]
) -> None:
    """R9."""
    here = people.signed_in(whole_relay, people.alice)
    ended = people.logins[people.alice]
    people.logins[people.alice] = str(lab.sign_in(people.alice))
    there = people.signed_in(whole_relay, people.alice)
    bob = people.signed_in(whole_relay, people.bob)

    lab.database.transact(lambda tx: log_out(tx, people.alice, UUID(ended)))
    publish()

    assert here.closed() == (4401, [])
    assert quiet(there) == quiet(bob) == []


def test_another_password_closes_the_sockets_of_all_other_logins(
    people: Live, lab: Lab, whole_relay: RelayProcess
) -> None:
    """R9."""
    here = people.signed_in(whole_relay, people.alice)
    kept = people.logins[people.alice] = str(lab.sign_in(people.alice))
    there = people.signed_in(whole_relay, people.alice)

    order = EndUser(user_id=people.alice, except_session_id=UUID(kept))
    RedisEventPublisher(people.redis).publish_order(order, key=f"test-{kept}")

    assert here.closed() == (4401, [])
    assert quiet(there) == []


def test_a_ticket_of_a_login_that_has_ended_lets_nobody_in(
    people: Live, lab: Lab, whole_relay: RelayProcess
) -> None:
    """R9: it receives nothing before the close."""
    ticket = people.ticket(people.alice)
    ended = UUID(people.logins[people.alice])
    lab.database.transact(lambda tx: log_out(tx, people.alice, ended))
    browser = people.socket(whole_relay)

    browser.say(m="hello", ticket=ticket, proto=1)

    assert browser.closed() == (4401, [])


def test_a_socket_goes_on_under_a_new_login_of_the_same_user(
    people: Live, lab: Lab, whole_relay: RelayProcess, publish: Callable[[], None]
) -> None:
    browser = people.signed_in(whole_relay, people.alice)
    before = UUID(people.logins[people.alice])
    people.logins[people.alice] = str(lab.sign_in(people.alice))

    browser.say(m="auth", ticket=people.ticket(people.alice, seconds=7200))
    authed = browser.hear()
    lab.database.transact(lambda tx: log_out(tx, people.alice, before))
    publish()

    assert authed["m"] == "authed"
    assert datetime.fromisoformat(authed["exp"]) > datetime.now(UTC) + timedelta(seconds=7000)
    assert quiet(browser) == []


def test_a_ticket_of_somebody_else_closes_the_socket(
    people: Live, whole_relay: RelayProcess
) -> None:
    browser = people.signed_in(whole_relay, people.alice)

    browser.say(m="auth", ticket=people.ticket(people.bob))

    assert browser.closed() == (4401, [])


def test_a_share_that_expires_ends_its_channels_without_any_order(
    people: Live, lab: Lab, whole_relay: RelayProcess
) -> None:
    """A2: expiry is enforced on sockets that are open."""
    lab.sql(
        "UPDATE project_shares SET expires_at = now() + interval '3 seconds'"
        " WHERE project_id = :id",
        id=people.project_id,
    )
    bob = people.watching(whole_relay, people.bob, people.project)

    assert bob.hear() == {"m": "unsub", "ch": str(people.project), "code": "revoked"}


def test_the_database_is_asked_about_thousands_at_once(lab: Lab, people: Live) -> None:
    """What the relay's standing check asks: the owner, a member, a stranger, and made-up ids."""
    pairs = [(user, people.project_id) for user in (people.alice, people.bob, people.eve)]
    pairs += [(people.alice, UUID(int=n)) for n in range(3000)]

    holding = DatabaseAuthority(lab.database).holding(pairs)

    assert holding == {pairs[0]: None, pairs[1]: None}
