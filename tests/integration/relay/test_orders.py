"""Orders over links that break: none is lost, whatever happens in between (R8)."""

from shared.domain.channels import Channel
from shared.domain.control import CONTROL, EndUser, Revoke
from tests.integration.relay.live import Live, RelayProcess


def revoke(live: Live, key: str) -> None:
    """Take Bob's share away, and tell the relays."""
    live.redis.hdel(f"{live.keys.prefix}:roles:{live.project_id}", str(live.bob))
    order = Revoke(user_id=live.bob, project_id=live.project_id)
    assert live.publisher.publish_order(order, key=key)


def unsubscribed(channel: Channel) -> dict[str, str]:
    return {"m": "unsub", "ch": str(channel), "code": "revoked"}


def test_an_order_that_came_while_the_link_was_down_is_carried_out(
    live: Live, relay: RelayProcess
) -> None:
    bob = live.watching(relay, live.bob, live.images)
    live.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    revoke(live, f"cut-{live.project_id}")

    assert bob.hear() == unsubscribed(live.images)


def test_an_order_that_redis_forgot_is_found_in_the_database(
    live: Live, relay: RelayProcess
) -> None:
    """The epoch is another then, so the relay asks about everybody."""
    bob = live.watching(relay, live.bob, live.images)
    live.redis.hdel(f"{live.keys.prefix}:roles:{live.project_id}", str(live.bob))
    live.redis.delete(live.keys.meta(CONTROL), live.keys.stream(CONTROL))

    live.publisher.publish_order(EndUser(user_id=live.eve), key=f"any-{live.project_id}")

    assert bob.hear() == unsubscribed(live.images)


def test_without_any_order_the_standing_check_finds_it(live: Live) -> None:
    relay = live.relay(sweep_seconds=0.5)
    bob = live.watching(relay, live.bob, live.images)

    live.redis.hdel(f"{live.keys.prefix}:roles:{live.project_id}", str(live.bob))

    assert bob.hear() == unsubscribed(live.images)


def test_the_standing_check_ends_sockets_of_a_login_that_is_over(live: Live) -> None:
    """R9."""
    relay = live.relay(sweep_seconds=0.5)
    live.logins[live.bob] = f"login of {live.bob}"
    bob, alice = (live.signed_in(relay, user) for user in (live.bob, live.alice))

    live.redis.sadd(f"{live.keys.prefix}:ended", live.logins[live.bob])

    assert bob.closed() == (4401, [])
    alice.say(m="ping")
    assert alice.hear() == {"m": "pong"}


def test_two_relays_carry_out_the_same_order(live: Live, relay: RelayProcess) -> None:
    """R5."""
    browsers = [live.watching(each, live.bob, live.project) for each in (relay, live.relay())]

    revoke(live, f"both-{live.project_id}")

    assert [browser.hear() for browser in browsers] == [unsubscribed(live.project)] * 2


def test_no_browser_can_watch_the_orders(live: Live, relay: RelayProcess) -> None:
    bob = live.signed_in(relay, live.bob)

    bob.say(m="sub", subs=[{"ch": "control"}, {"ch": f"control:{live.bob}"}])

    assert [bob.hear()["code"] for _ in range(2)] == ["not_found", "not_found"]
