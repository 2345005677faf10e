"""Which address knocks, and how often it may."""

import pytest

from tests.unit.web.relay.fakes import Clock
from web.relay.arrivals import REMEMBERED, Arrivals
from web.relay.limits import Limits


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def arrivals(clock: Clock) -> Arrivals:
    found = Arrivals(Limits(handshakes_per_address=2, handshake_seconds=10), clock)
    found.trust(["127.0.0.1", "10.0.0.0/24"])
    return found


def knock(arrivals: Arrivals, peer: str, forwarded: str | None = None) -> int:
    environ = {"REMOTE_ADDR": peer}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    return arrivals.wait_for(environ)


def test_an_address_waits_until_its_oldest_handshake_is_long_ago(arrivals, clock):
    waits = [knock(arrivals, "192.0.2.1")]
    clock.now += 4
    waits += [knock(arrivals, "192.0.2.1"), knock(arrivals, "192.0.2.1")]
    clock.now += 6

    assert [*waits, knock(arrivals, "192.0.2.1")] == [0, 0, 6, 0]


def test_behind_a_proxy_that_is_trusted_the_last_address_of_its_list_counts(arrivals):
    for _ in range(2):
        knock(arrivals, "10.0.0.1", "1.2.3.4, 192.0.2.1")

    assert knock(arrivals, "10.0.0.1", "another, 192.0.2.1") > 0
    assert knock(arrivals, "10.0.0.1", "192.0.2.2") == 0


def test_somebody_else_is_not_believed_about_addresses(arrivals):
    for made_up in ("1.1.1.1", "2.2.2.2"):
        knock(arrivals, "192.0.2.1", made_up)

    assert knock(arrivals, "192.0.2.1", "3.3.3.3") > 0


def test_addresses_that_are_quiet_are_forgotten(arrivals, clock):
    """R15: memory does not grow with everybody who ever came."""
    for n in range(3 * REMEMBERED):
        knock(arrivals, f"address {n}")
        clock.now += 0.1

    assert len(arrivals._times) <= REMEMBERED
