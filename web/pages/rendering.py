"""What every page is rendered with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, render_template
from markupsafe import Markup
from sqlalchemy.engine import RowMapping

from shared.database import cards, notices
from shared.database.cards import CardFilter
from shared.database.paging import Cut
from shared.domain.wire import Wire, rfc3339
from web.access import current_account, current_csrf_token, services
from web.api.schemas import ProjectJson
from web.api.shapes import project_list, user_json
from web.pages.assets import SPRITE, shipped
from web.pages.messages import catalogue_of
from web.pages.preferences import looks_of
from web.pages.wording import accepted_language, current_language, say, say_rich

INITIALS = 2
TAB_ICON = "icon.svg"  #: In the page itself: it is small, and spares a request.
SIDE_PROJECTS = 8  #: In the side bar, the latest first.


def register_rendering(app: Flask) -> None:
    """Give the templates what they call."""
    assets = shipped()
    app.jinja_env.globals.update(
        asset=assets.url,
        script=lambda name: assets.url(name, current_language()),
        import_map=lambda: assets.import_map(current_language()),
        modules_of=lambda entry: assets.modules_of(entry, current_language()),
        t=say,
        rich=say_rich,
        icon_address=lambda: f"data:image/svg+xml,{quote(assets[TAB_ICON].body)}",
        icon_sprite=lambda: Markup(assets[SPRITE].body.decode()),  # noqa: S704 - our own file.
    )
    app.jinja_env.filters["initials"] = initials
    app.jinja_env.filters["local"] = local
    app.jinja_env.filters["rfc3339"] = rfc3339


def page(template: str, *, status: int = 200, **context: Any) -> Response:
    """Return a page that nobody keeps: it says what only this person may see."""
    content = render_template(template, language=current_language(), **context)
    answer = Response(content, status=status, mimetype="text/html")
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
        **_frame(boot["user"]["preferences"]),
        **context,
    )


def account_page(template: str, *, status: int = 200, **context: Any) -> Response:
    """Return a page in the same frame that is whole without JavaScript."""
    user = signed_in_user()
    return page(
        template,
        status=status,
        boot={"user": user},
        side_projects=latest_projects(),
        **_frame(user["preferences"]),
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


def current_notices() -> list[RowMapping]:
    """Return what the operator tells everybody and that passes not by itself."""
    with services().database.reading() as connection:
        return notices.staying(connection)


def _frame(preferences: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every page of somebody who is signed in is drawn with."""
    looks = looks_of(preferences)
    g.language = looks["language"] or accepted_language()
    return {
        "user": current_account(),
        "csrf_token": current_csrf_token(),
        "notices": current_notices(),
        "theme": looks["theme"],
    }


def initials(name: str) -> str:
    """Return the letters that stand for a person, such as MK."""
    return "".join(word[0] for word in name.split()[:INITIALS]).upper()


def local(moment: datetime, time_zone: str) -> str:
    """Return a moment as it is called where somebody lives, such as 22 Nov 2026, 19:53."""
    here = moment.astimezone(ZoneInfo(time_zone))
    if catalogue_of(current_language()) == "de":
        return f"{here:%d.%m.%Y, %H:%M}"
    return f"{here.day} {here:%b %Y, %H:%M}"


def _json_of(value: Any) -> Any:
    if isinstance(value, list):
        return [_json_of(each) for each in value]
    return value.to_json() if isinstance(value, Wire) else value
