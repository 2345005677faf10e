"""Name, language, time zone, and how the pages look."""

from functools import cache
from itertools import groupby
from zoneinfo import available_timezones

from flask import Blueprint, Response

from shared.actions.accounts import change_profile
from shared.database import accounts
from shared.database.accounts import ProfileChanges
from shared.database.transaction import Transaction
from shared.domain.errors import CelltallyError, InvalidInputError
from web import access
from web.access import services
from web.api.requests import ProfileBody
from web.pages.forms import chosen, filled, to
from web.pages.preferences import LANGUAGES, THEMES, looks_of
from web.pages.settings.frame import done, settings_page
from web.pages.wording import say

blueprint = Blueprint("settings_profile", __name__, url_prefix="/settings")

SENTENCES = {
    "name": "page.form.name",
    "timeZone": "page.form.timeZone",
}

#: Of these the names are places; others are left over from older lists.
CONTINENTS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic"}
    | {"Australia", "Europe", "Indian", "Pacific"}
)


@blueprint.get("")
@access.own_account
def begin() -> Response:
    """Go to the first of the pages."""
    return to("/settings/profile")


@blueprint.get("/profile")
@access.own_account
def show_profile() -> Response:
    """Show name, language and time zone."""
    return _profile_page()


@blueprint.post("/profile")
@access.form_of_account
def save_profile() -> Response:
    """Change name, language and time zone."""
    try:
        body = filled(ProfileBody, SENTENCES)
        language = chosen("language", ["", *LANGUAGES])
        _change(ProfileChanges(name=body.name, time_zone=body.time_zone), language=language)
    except InvalidInputError as refusal:
        return _profile_page(refusal)
    return done("profile", "saved")


@blueprint.get("/appearance")
@access.own_account
def show_appearance() -> Response:
    """Show which theme the pages have."""
    return settings_page("appearance", themes=THEMES)


@blueprint.post("/appearance")
@access.form_of_account
def save_appearance() -> Response:
    """Choose light, dark, or what the device says."""
    try:
        _change(ProfileChanges(), theme=chosen("theme", THEMES))
    except InvalidInputError as refusal:
        return settings_page("appearance", refusal=refusal, themes=THEMES)
    return done("appearance", "saved")


@cache
def time_zones() -> dict[str, list[str]]:
    """Return the IANA time zones that are named after places, by continent; UTC first."""
    placed = sorted(name for name in available_timezones() if name.partition("/")[0] in CONTINENTS)
    grouped = groupby(placed, key=lambda name: name.partition("/")[0])
    return {"": ["UTC"]} | {continent: list(names) for continent, names in grouped}


def _profile_page(refusal: CelltallyError | None = None) -> Response:
    return settings_page(
        "profile",
        refusal=refusal,
        account=access.current_account(),
        languages={"": say("page.profile.language.browser"), **LANGUAGES},
        chosen_language=_language(),
        time_zones=time_zones(),
    )


def _language() -> str:
    with services().database.reading() as connection:
        preferences = accounts.profile(connection, access.current_account().id)["preferences"]
    return looks_of(preferences)["language"]


def _change(changes: ProfileChanges, **preferences: str) -> None:
    user_id = access.current_account().id

    def change(tx: Transaction) -> None:
        known = accounts.profile(tx.connection, user_id)["preferences"]
        wanted = ProfileChanges(changes.name, changes.time_zone, {**known, **preferences})
        change_profile(tx, services().queue, user_id, wanted)

    services().database.transact(change)
