"""In which language the page of this request speaks: the account's choice, or the browser's."""

from flask import g, request
from markupsafe import Markup, escape
from sqlalchemy.exc import NoResultFound

from shared.database import accounts
from web.access import find_visitor, services
from web.pages.messages import (
    CATALOGUES,
    ENGLISH,
    PSEUDO,
    catalogue,
    catalogue_of,
    translated,
)
from web.pages.preferences import looks_of


def current_language() -> str:
    """Return the language of this request, such as de or en-GB; looked up once."""
    if "language" not in g:
        g.language = _chosen() or accepted_language()
    found: str = g.language
    return found


def accepted_language() -> str:
    """Return the language of ours that the browser likes best."""
    return request.accept_languages.best_match([*CATALOGUES, PSEUDO], default=ENGLISH)


def say(key: str, **values: object) -> str:
    """Return a message in the language of this request."""
    return translated(current_language(), key, **values)


def said_of(code: str, detail: str) -> str:
    """Return what to say of a refusal: *detail* in English, elsewhere what its code means."""
    key = f"page.problem.about.{code}"
    english = catalogue_of(current_language()) == ENGLISH
    return detail if english or key not in catalogue(ENGLISH) else say(key)


def say_rich(key: str, **values: object) -> Markup:
    """As say, for values that are HTML already; all others are escaped."""
    escaped = {
        name: value if isinstance(value, int) else escape(value) for name, value in values.items()
    }
    return Markup(say(key, **escaped))  # noqa: S704 - the message is ours, the values escaped.


def _chosen() -> str:
    visitor = find_visitor()
    if visitor is None:
        return ""
    try:
        with services().database.reading() as connection:
            preferences = accounts.profile(connection, visitor.account.id)["preferences"]
    except NoResultFound:  # The account was deleted by this very request.
        return ""
    return looks_of(preferences)["language"]
