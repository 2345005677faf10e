"""Who is let through to `/ws`."""

from collections import Counter
from typing import Any

import pytest

from tests.unit.web.relay.fakes import Clock
from web.relay.arrivals import Arrivals
from web.relay.gate import Gate
from web.relay.handshake import NEEDED
from web.relay.limits import Limits

UPGRADE = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/ws",
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "keep-alive, Upgrade",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
    "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
    "HTTP_SEC_WEBSOCKET_EXTENSIONS": "permessage-deflate",
}


class Door:
    """A gate and what passed it."""

    def __init__(self, *, full: bool = False) -> None:
        self.passed: dict[str, Any] | None = None
        self.elsewhere = False
        self.status = ""
        self.headers: dict[str, str] = {}
        self.clock = Clock()
        self.arrivals = Arrivals(Limits(), self.clock)
        self._gate = Gate(
            self._app,
            self._admit,
            origins=frozenset({"https://a.example"}),
            full=lambda: full,
            arrivals=self.arrivals,
        )

    @property
    def results(self) -> Counter[str]:
        return self._gate.results

    def knock(self, **environ: str | None) -> "Door":
        given = {key: value for key, value in {**UPGRADE, **environ}.items() if value is not None}
        list(self._gate(given, self._start))
        return self

    def _admit(self, environ: dict[str, Any], start_response: object) -> list[bytes]:
        self.passed = environ
        return []

    def _app(self, environ: dict[str, Any], start_response: object) -> list[bytes]:
        self.elsewhere = True
        return []

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = status, dict(headers)


def test_an_upgrade_of_ours_passes():
    door = Door().knock(HTTP_ORIGIN="https://a.example")

    assert door.passed
    assert door.results == {"accepted": 1}


def test_the_handshake_never_sees_an_offer_to_compress():
    assert "HTTP_SEC_WEBSOCKET_EXTENSIONS" not in NEEDED


def test_a_script_without_an_origin_passes():
    assert Door().knock().passed


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({"HTTP_ORIGIN": "https://evil.example"}, "403"),
        ({"HTTP_ORIGIN": "https://a.example.evil.example"}, "403"),
        ({"HTTP_ORIGIN": "null"}, "403"),
        ({"HTTP_ORIGIN": ""}, "403"),
        ({"HTTP_UPGRADE": None}, "426"),
        ({"HTTP_CONNECTION": "close"}, "426"),
        ({"REQUEST_METHOD": "POST"}, "426"),
        ({"HTTP_SEC_WEBSOCKET_VERSION": "8"}, "426"),
        ({"HTTP_SEC_WEBSOCKET_KEY": None}, "400"),
        ({"HTTP_SEC_WEBSOCKET_KEY": "short"}, "400"),
    ],
)
def test_others_are_refused_before_the_upgrade(environ, status):
    door = Door().knock(**environ)

    assert door.passed is None
    assert door.status.startswith(status)


def test_a_full_process_says_when_to_come_back():
    door = Door(full=True).knock()

    assert door.status.startswith("503")
    assert door.headers["Retry-After"] == "5"


def test_other_addresses_are_none_of_its_business():
    assert Door(full=True).knock(PATH_INFO="/healthz", HTTP_UPGRADE=None).elsewhere


def test_the_fifty_first_handshake_of_an_address_waits():
    """realtime 4.9: 50 in 10 s; rules.md 16: refused before the upgrade."""
    door = Door()
    for _ in range(50):
        door.knock(REMOTE_ADDR="192.0.2.1")
    door.passed = None

    door.knock(REMOTE_ADDR="192.0.2.1")

    assert door.passed is None
    assert door.status.startswith("429")
    assert door.headers["Retry-After"] == "10"
    assert door.results == {"accepted": 50, "too_often": 1}


def test_another_address_need_not_wait():
    door = Door()
    for _ in range(50):
        door.knock(REMOTE_ADDR="192.0.2.1")
    door.passed = None

    assert door.knock(REMOTE_ADDR="192.0.2.2").passed


def test_after_ten_seconds_an_address_may_come_again():
    door = Door()
    for _ in range(50):
        door.knock(REMOTE_ADDR="192.0.2.1")
    door.passed = None
    door.clock.now += 10

    assert door.knock(REMOTE_ADDR="192.0.2.1").passed
