"""Which servers are in use, and how their addresses are written."""

import json
import os
import stat
from pathlib import Path

import pytest

from shared.config import Settings
from shared.domain.errors import ConfigurationError
from shared.servers.addresses import (
    ServerUrls,
    broker_url,
    limiter_url,
    masked,
    publish,
    published_path,
    server_urls,
    withdraw,
)

URLS = ServerUrls("postgresql://celltally:pw@/celltally?host=/run", "unix:///run/valkey.sock?db=0")


def test_given_urls_come_before_all(tmp_path: Path) -> None:
    publish(tmp_path, URLS)
    settings = Settings(home=tmp_path, database_url="postgresql://h/d", redis_url="redis://h")

    assert server_urls(settings) == ServerUrls("postgresql://h/d", "redis://h")


def test_without_urls_the_servers_of_the_running_up_are_joined(tmp_path: Path) -> None:
    publish(tmp_path, URLS)

    assert server_urls(Settings(home=tmp_path)) == URLS


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"pid": 1}', '{"pid": "x"}'])
def test_nothing_running_is_one_line_with_both_remedies(
    tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        published_path(tmp_path).parent.mkdir()
        published_path(tmp_path).write_text(content)

    with pytest.raises(ConfigurationError) as refused:
        server_urls(Settings(home=tmp_path))

    assert refused.value.detail == (
        "start `celltally up`, or set CELLTALLY_DATABASE_URL and CELLTALLY_REDIS_URL"
    )


def test_the_file_of_an_up_that_died_counts_for_nothing(tmp_path: Path) -> None:
    publish(tmp_path, URLS)
    content = json.loads(published_path(tmp_path).read_text())
    published_path(tmp_path).write_text(json.dumps({**content, "pid": 2**22 + 1}))

    with pytest.raises(ConfigurationError):
        server_urls(Settings(home=tmp_path))


def test_the_file_is_for_its_owner_alone_and_names_all_addresses(tmp_path: Path) -> None:
    publish(tmp_path, URLS)
    publish(tmp_path, URLS, pages={"web": "http://w", "relay": "ws://r", "flower": "http://f"})

    assert stat.S_IMODE(published_path(tmp_path).stat().st_mode) == 0o600
    assert json.loads(published_path(tmp_path).read_text()) == {
        "postgresql": URLS.database,
        "redis": URLS.redis,
        "web": "http://w",
        "relay": "ws://r",
        "flower": "http://f",
        "pid": os.getpid(),
    }


def test_a_withdrawn_address_is_gone_and_may_be_withdrawn_again(tmp_path: Path) -> None:
    publish(tmp_path, URLS)

    withdraw(tmp_path)
    withdraw(tmp_path)

    assert not published_path(tmp_path).exists()


@pytest.mark.parametrize(
    ("redis", "broker", "limiter"),
    [
        ("unix:///p/v.sock?db=0", "redis+socket:///p/v.sock", "redis+unix:///p/v.sock"),
        ("unix:///p/v.sock", "redis+socket:///p/v.sock", "redis+unix:///p/v.sock"),
        (
            "unix://:pw@/p/v.sock?db=2",
            "redis+socket://:pw@/p/v.sock?virtual_host=2",
            "redis+unix://:pw@/p/v.sock?db=2",
        ),
        ("redis://u:pw@h:6379/1", "redis://u:pw@h:6379/1", "redis://u:pw@h:6379/1"),
        ("rediss://h", "rediss://h", "rediss://h"),
    ],
)
def test_celery_and_the_limiter_get_the_address_in_their_own_words(
    redis: str, broker: str, limiter: str
) -> None:
    assert broker_url(redis) == broker
    assert limiter_url(redis) == limiter


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:secret@h:5432/d", "postgresql://u:***@h:5432/d"),
        ("postgresql://u:secret@/d?host=/run", "postgresql://u:***@/d?host=/run"),
        ("postgresql://h/d?user=u&password=secret", "postgresql://h/d?user=u&password=***"),
        ("redis://:secret@h/0", "redis://:***@h/0"),
        ("unix:///p/v.sock?db=0", "unix:///p/v.sock?db=0"),
    ],
)
def test_a_shown_address_has_no_secret(url: str, shown: str) -> None:
    assert masked(url) == shown
