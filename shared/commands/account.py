"""Who a command speaks for, and to which celltally."""

import os

from shared.config import Settings
from shared.domain.errors import ConfigurationError
from shared.servers.addresses import read_published

TOKEN = "CELLTALLY_TOKEN"  # noqa: S105 - the name of a variable.


def token_of_environment(*, purpose: str) -> str:
    """Return the token in CELLTALLY_TOKEN; raise ConfigurationError that says how to make one."""
    token = os.environ.get(TOKEN)
    if not token:
        raise ConfigurationError(f"set {TOKEN}: {how_to_make_one(purpose)}")
    return token


def how_to_make_one(purpose: str) -> str:
    """Return the words that say how a token is made."""
    return f"make a token with `celltally token create EMAIL --name {purpose}`"


def address_here() -> str:
    """Return the address of the celltally that runs here, or of the settings."""
    settings = Settings.from_environment()
    published = read_published(settings.absolute_home) or {}
    return published.get("web", settings.web_address)
