"""What every page is rendered with."""

from typing import Any
from urllib.parse import quote

from flask import Flask, Response, render_template
from markupsafe import Markup

from shared.database import cards
from shared.database.cards import CardFilter
from shared.database.paging import Cut
from shared.domain.wire import Wire
from web.access import current_account, current_csrf_token, services
from web.api.schemas import ProjectJson
from web.api.shapes import project_list, user_json
from web.pages.assets import SPRITE, shipped

INITIALS = 2
TAB_ICON = "icon.svg"  #: In the page itself: it is small, and spares a request.
SIDE_PROJECTS = 8  #: In the side bar, the latest first.


def register_rendering(app: Flask) -> None:
    """Give the templates what they call."""
    assets = shipped()
    app.jinja_env.globals.update(
        asset=assets.url,
        import_map=assets.import_map,
        modules_of=assets.modules_of,
        icon_address=lambda: f"data:image/svg+xml,{quote(assets[TAB_ICON].body)}",
        icon_sprite=lambda: Markup(assets[SPRITE].body.decode()),  # noqa: S704 - our own file.
    )
    app.jinja_env.filters["initials"] = initials


def page(template: str, *, status: int = 200, **context: Any) -> Response:
    """Return a page that nobody keeps: it says what only this person may see."""
    answer = Response(render_template(template, **context), status=status, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def live_page(template: str, *, entry: str, boot: dict[str, Any], **context: Any) -> Response:
    """Return a page that JavaScript draws, from the values that REST would answer.

    *entry* is its module; *boot* goes to the browser with the page, so that the first
    picture has real numbers, with the versions that later ones are compared with.
    """
    return page(
        template,
        entry=f"js/{entry}.js",
        boot={name: _json_of(value) for name, value in boot.items()},
        user=current_account(),
        csrf_token=current_csrf_token(),
        **context,
    )


def signed_in_user() -> dict[str, Any]:
    """Return who is signed in, as `/auth/me` answers it."""
    with services().database.reading() as connection:
        return user_json(connection, current_account()).to_json()


def latest_projects() -> list[ProjectJson]:
    """Return the projects of the side bar."""
    chosen = CardFilter(current_account().id)
    cut = Cut(cards.ORDERS["-updatedAt"], SIDE_PROJECTS)
    with services().database.reading() as connection:
        return project_list(connection, cards.list_cards(connection, chosen, cut).rows)


def initials(name: str) -> str:
    """Return the letters that stand for a person, such as MK."""
    return "".join(word[0] for word in name.split()[:INITIALS]).upper()


def _json_of(value: Any) -> Any:
    if isinstance(value, list):
        return [_json_of(each) for each in value]
    return value.to_json() if isinstance(value, Wire) else value
