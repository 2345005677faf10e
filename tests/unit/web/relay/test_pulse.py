"""When a socket is looked at."""

import pytest

from web.relay.limits import Limits
from web.relay.pulse import Pulse


@pytest.fixture
def pulse() -> Pulse:
    pulse = Pulse(Limits(), now=0)
    pulse.begin(0, ends=1000)
    return pulse


def test_first_comes_hello():
    assert Pulse(Limits(), now=3).due == 3 + Limits().hello_seconds


def test_a_ping_comes_after_a_silence_that_is_not_the_same_for_all(pulse):
    dues = set()
    for _ in range(50):
        pulse.heard(0)
        dues.add(pulse.due)

    assert 20 <= min(dues) < max(dues) <= 30


def test_an_unanswered_ping_is_missing_until_something_is_heard(pulse):
    pulse.ask(30)
    assert (pulse.missing, pulse.due) == (True, 40)

    pulse.heard(31)

    assert not pulse.missing


def test_nothing_is_due_later_than_the_end_of_the_login(pulse):
    pulse.heard(995)

    assert pulse.due == 1000
    assert not pulse.is_over(999)
    assert pulse.is_over(1000)


@pytest.mark.parametrize(
    ("stalled", "seconds"), [(False, Limits().closing_seconds), (True, Limits().stalled_seconds)]
)
def test_a_goodbye_has_its_time_even_at_the_end_of_the_login(pulse, stalled, seconds):
    pulse.stop(1000, stalled=stalled)

    assert pulse.due == 1000 + seconds
