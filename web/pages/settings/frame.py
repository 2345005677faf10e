"""What the pages of the account have in common: the frame, and what was refused or done."""

from types import MappingProxyType
from typing import Any

from flask import Response, request

from shared.domain.errors import CelltallyError
from web.pages.forms import shown, to
from web.pages.rendering import account_page

#: Path below /settings, whose words are `page.settings.place.<path>`, and its icon.
PLACES = MappingProxyType(
    {
        "profile": "user",
        "appearance": "sun",
        "password": "eye-off",
        "sessions": "monitor",
        "tokens": "settings",
        "leaving": "trash-2",
    }
)

#: What `?done=` may say, as `page.done.<word>`; another word says nothing.
DONE = frozenset({"saved", "password", "ended", "others-ended", "revoked"})


def settings_page(name: str, *, refusal: CelltallyError | None = None, **context: Any) -> Response:
    """Return the page *name*, with what it says of a refusal or of what was done."""
    word = request.args.get("done", "")
    return account_page(
        f"settings/{name}.html",
        status=refusal.status if refusal else 200,
        refusal=shown(refusal),
        done=None if refusal or word not in DONE else word,
        places=PLACES,
        place=name,
        here="settings",
        given=request.form,
        **context,
    )


def done(name: str, word: str) -> Response:
    """Go back to the page *name*, which says what was done."""
    return to(f"/settings/{name}?done={word}")
