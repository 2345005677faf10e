"""What answers an upgrade."""

import inspect

from flask_sock import Sock

from web.relay.handshake import ShortServer


def test_the_route_of_flask_sock_answers_with_our_server() -> None:
    """Else every upgrade would be parsed twice again, and nothing but a benchmark would tell."""
    decorate = inspect.unwrap(Sock.route)

    assert decorate.__globals__["Server"] is ShortServer
