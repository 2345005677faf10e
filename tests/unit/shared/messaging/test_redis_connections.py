"""Addresses of Redis; nothing connects before it is used."""

import pytest

from shared.messaging.redis_connections import connect, subscriber


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:6379/0", "rediss://u:p@h:1/0", "unix:///run/valkey.sock?db=0"]
)
def test_a_command_times_out_and_a_subscription_does_not(url):
    client = connect(url)

    assert client.connection_pool.connection_kwargs["socket_timeout"] == 3
    assert subscriber(url).socket_timeout is None
    assert subscriber(url, silence=6).socket_timeout == 6


def test_the_path_of_a_socket_is_taken_from_the_address():
    assert subscriber("unix:///run/valkey.sock?db=0").path == "/run/valkey.sock"
