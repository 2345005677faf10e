"""Which requests take the short way."""

import pytest

from web.relay.worker import fields_of

PLAIN = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nsec-websocket-key: k \r\n\r\n"


def test_a_whole_plain_request_is_read_as_wsgi_names_it():
    assert fields_of(PLAIN) == {
        "HTTP_HOST": "a",
        "HTTP_UPGRADE": "websocket",
        "HTTP_SEC_WEBSOCKET_KEY": "k",
    }


def test_what_comes_twice_is_joined_in_its_order():
    request = PLAIN[:-2] + b"X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n\r\n"

    assert fields_of(request)["HTTP_X_FORWARDED_FOR"] == "1.1.1.1,2.2.2.2"


@pytest.mark.parametrize(
    "request_head",
    [
        b"",
        PLAIN[:-2],
        PLAIN.replace(b"/ws", b"/ws?x=1"),
        PLAIN.replace(b"/ws", b"/healthz"),
        PLAIN.replace(b"GET", b"POST"),
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PLAIN.replace(b"Host: a", b"Host a"),
        PLAIN.replace(b"Host: a", b"Host : a"),
        PLAIN.replace(b"Host: a", b" Host: a"),
        PLAIN.replace(b"Host: a", b"X_Forwarded_For: a"),  # Would pass for X-Forwarded-For.
        PLAIN.replace(b"Host: a", b"Host: a\rb"),
        PLAIN.replace(b"Host: a", b"Host: a\nb: c"),
        PLAIN.replace(b"Host: a", b"Host: a\0"),
        PLAIN.replace(b"Host: a", b"Content-Length: 5"),
        PLAIN.replace(b"Host: a", b"Transfer-Encoding: chunked"),
    ],
)
def test_everything_else_is_left_to_gunicorn(request_head):
    assert fields_of(request_head) is None
