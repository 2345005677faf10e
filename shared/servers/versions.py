"""Refuse data that another major version wrote, and servers that are too old."""

from pathlib import Path

from shared.domain.errors import ConfigurationError


def require_same_major(written: Path, *, server: str, major: str, remedy: str) -> None:
    """Refuse when *written* names another major version; write it when it is not there."""
    if not written.exists():
        written.write_text(f"{major}\n")
        return
    found = written.read_text().strip()
    if found != major:
        raise ConfigurationError(
            f"{written.parent} was written by {server} {found}, this is {server} {major}: {remedy}"
        )


def require_at_least(found: tuple[int, ...], *, least: tuple[int, ...], server: str) -> None:
    """Refuse a given server that is older than *least*."""
    if found < least:
        raise ConfigurationError(
            f"{server} {dotted(found)} is too old: celltally needs {dotted(least)} or newer"
        )


def dotted(version: tuple[int, ...]) -> str:
    """Return *version* as people write it."""
    return ".".join(map(str, version))
