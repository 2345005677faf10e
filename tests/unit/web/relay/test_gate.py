"""Who is let through to `/ws`."""

from typing import Any

import pytest

from web.relay.gate import Gate

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
        self.status = ""
        self.headers: dict[str, str] = {}
        self._gate = Gate(self._app, origins=frozenset({"https://a.example"}), full=lambda: full)

    def knock(self, **environ: str | None) -> "Door":
        given = {key: value for key, value in {**UPGRADE, **environ}.items() if value is not None}
        list(self._gate(given, self._start))
        return self

    def _app(self, environ: dict[str, Any], start_response: object) -> list[bytes]:
        self.passed = environ
        return []

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = status, dict(headers)


def test_an_upgrade_of_ours_passes_without_its_offer_to_compress():
    door = Door().knock(HTTP_ORIGIN="https://a.example")

    assert "HTTP_SEC_WEBSOCKET_EXTENSIONS" not in door.passed


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
    assert Door(full=True).knock(PATH_INFO="/healthz", HTTP_UPGRADE=None).passed
