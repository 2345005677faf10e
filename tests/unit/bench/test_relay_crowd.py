"""The browsers of the relay's benchmarks."""

import socket
import time
from array import array

import pytest

from bench.relay_commands import Received
from bench.relay_crowd import Browser, Crowd, Visit, masked
from web.relay.frames import close_frame, text_frame
from web.relay.incoming import Decoder

READY = Visit((), b'"m":"welcome"')


class Table:
    """A crowd with one browser whose far end is the test."""

    def __init__(self) -> None:
        self.crowd = Crowd(1)
        near, self.far = socket.socketpair()
        self.browser = Browser(near, READY)
        self.browser.upgraded = True
        self.crowd._browsers[near.fileno()] = self.browser
        self.crowd._opening = 1

    def read(self, data: bytes) -> None:
        fd = self.browser.socket.fileno()
        self.crowd._frames(fd, self.browser, self.browser.rest + data)


@pytest.fixture
def table():
    made = Table()
    yield made
    made.far.close()
    made.browser.socket.close()
    made.crowd.close()


@pytest.mark.parametrize("size", [0, 125, 126, 5000])
def test_what_a_browser_says_is_what_a_server_reads(size):
    assert Decoder(10_000).feed(masked(b"x" * size)) == [(1, b"x" * size)]


def test_messages_are_counted_with_their_age_however_they_arrive(table):
    stamp = int((time.monotonic() - 1) * 1e6)
    stream = text_frame(b'{"m":"welcome"}') + 3 * text_frame(
        b'{"m":"pub","id":"e:1","data":{"version":%d},"x":"%b"}' % (stamp, b"x" * 200)
    )

    for at in range(len(stream)):
        table.read(stream[at : at + 1])

    assert (table.crowd.ready, table.crowd.received) == (1, 3)
    assert all(1000 <= age < 60_000 for age in table.crowd.latencies)


def test_a_ping_is_answered(table):
    table.read(text_frame(b'{"m":"ping"}'))

    assert Decoder(100).feed(table.far.recv(100)) == [(1, b'{"m":"pong"}')]


def test_a_close_is_counted_by_its_code(table):
    table.read(text_frame(b'{"m":"welcome"}') + close_frame(4429))

    assert table.crowd.closes == {4429: 1}
    assert table.crowd.ready == 0


def test_a_percentile_is_one_of_the_latencies():
    received = Received(4, 0.0, array("d", [4, 1, 3, 2]))

    assert received.percentile(0.5) == 3
    assert received.percentile(0.99) == 4
    assert Received(0, 0.0, array("d")).percentile(0.99) == 0
