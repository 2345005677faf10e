"""Which servers are in use, and how each library writes their addresses.

Celery's configuration imports this module: nothing heavy may be imported here.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from shared.config import Settings
from shared.domain.errors import ConfigurationError
from shared.servers.places import make_private_folder, run_folder
from shared.supervision.orphans import is_alive

_NOTHING_RUNS = "start `celltally up`, or set CELLTALLY_DATABASE_URL and CELLTALLY_REDIS_URL"


@dataclass(frozen=True, slots=True)
class ServerUrls:
    """The addresses of PostgreSQL (as libpq writes it) and of Redis (as redis-py does)."""

    database: str
    redis: str


def server_urls(settings: Settings) -> ServerUrls:
    """Return the servers that were given, else those that `celltally up` runs in the home."""
    if settings.database_url is not None and settings.redis_url is not None:
        return ServerUrls(settings.database_url, settings.redis_url)
    published = read_published(settings.absolute_home)
    if published is None:
        raise ConfigurationError(_NOTHING_RUNS)
    return ServerUrls(published["postgresql"], published["redis"])


def publish(home: Path, urls: ServerUrls, *, pages: Mapping[str, str] | None = None) -> None:
    """Write `servers.json`: the servers when they run, with *pages* when everything answers."""
    content = {
        "postgresql": urls.database,
        "redis": urls.redis,
        **(pages or {}),
        "pid": os.getpid(),
    }
    path = published_path(home)
    make_private_folder(path.parent)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(json.dumps(content))
    new.replace(path)


def withdraw(home: Path) -> None:
    """Remove `servers.json`: nothing runs any more."""
    published_path(home).unlink(missing_ok=True)


def read_published(home: Path) -> dict[str, str] | None:
    """Return what `servers.json` says, or None when the `celltally up` that wrote it is gone."""
    try:
        content = json.loads(published_path(home).read_text())
        complete = {"postgresql", "redis"} <= set(content) and is_alive(int(content["pid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return content if complete else None


def published_path(home: Path) -> Path:
    """Return where `servers.json` lies."""
    return run_folder(home) / "servers.json"


def broker_url(redis_url: str) -> str:
    """Return *redis_url* as Celery writes it."""
    return _with_socket_scheme(redis_url, scheme="redis+socket", database="virtual_host")


def limiter_url(redis_url: str) -> str:
    """Return *redis_url* as Flask-Limiter writes it."""
    return _with_socket_scheme(redis_url, scheme="redis+unix", database="db")


def masked(url: str) -> str:
    """Return *url* without its secrets, for people to read."""
    without_userinfo = re.sub(r"(?<=://)([^/@:]*):[^/@]*@", r"\1:***@", url)
    return re.sub(r"(?i)([?&](?:password|sslpassword)=)[^&]*", r"\1***", without_userinfo)


def _with_socket_scheme(redis_url: str, *, scheme: str, database: str) -> str:
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    userinfo = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    query = "" if number == "0" else f"?{database}={number}"
    return f"{scheme}://{userinfo}{parts.path}{query}"
