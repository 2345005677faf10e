"""The account that `celltally up` makes, so that a newcomer can look around at once."""

from pathlib import Path

from shared.config import Settings

DEMO_EMAIL = "demo@celltally.local"


def demo_secret(settings: Settings) -> Path:
    """Return where the password lies."""
    return settings.absolute_home / "demo_password"


def demo_password(settings: Settings) -> str | None:
    """Return the password, None when the account was not made with this home."""
    path = demo_secret(settings)
    return path.read_text() if path.exists() else None
