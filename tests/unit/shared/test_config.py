"""Settings: what is wrong is said in one line before anything starts."""

import pytest

from shared.config import Settings
from shared.domain.errors import ConfigurationError

URLS = {"database_url": "postgresql://db/cells", "redis_url": "unix:///run/valkey.sock?db=0"}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("storage_url", "ftp://files"),
        ("storage_url", "/var/cells"),
        ("public_url", "cells.example"),
        ("relay_url", "http://cells.example"),
        ("relay_url", "wss://"),
        ("allowed_origins", "https://cells.example, cells.example"),
        ("database_url", "mysql://db/cells"),
        ("redis_url", "localhost:6379"),
    ],
)
def test_an_address_of_another_kind_is_refused_by_its_variable(name: str, given: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^CELLTALLY_{name.upper()}: write it as ") as bad:
        Settings.from_environment(**URLS | {name: given})

    assert "\n" not in bad.value.detail


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("secret_key", "too-short"),
        ("database_url", "mysql://ada:too-short@db/cells"),
        ("redis_url", "http://:too-short@db"),
    ],
)
def test_a_wrong_secret_is_not_shown(name: str, given: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^CELLTALLY_{name.upper()}: ") as bad:
        Settings.from_environment(**URLS | {name: given})

    assert "too-short" not in bad.value.detail


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("storage_url", "s3://bucket/prefix"),
        ("storage_url", "file:///my cells, all"),
        ("public_url", "https://cells.example/"),
        ("relay_url", "wss://cells.example/ws"),
        ("allowed_origins", "https://a.example, http://b.example:8000,"),
        ("database_url", "postgresql+psycopg://db/cells"),
        ("redis_url", "rediss://db:6380/1"),
    ],
)
def test_an_address_of_its_kind_is_taken(name: str, given: str) -> None:
    settings = Settings.from_environment(**URLS | {name: given})

    assert getattr(settings, name) == given


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "WEB_PORT"):
        monkeypatch.setenv(f"CELLTALLY_{name}", "")

    settings = Settings.from_environment()

    assert settings.embedded
    assert settings.web_port == 8000
