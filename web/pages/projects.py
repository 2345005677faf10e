"""All projects: found by their title, by whose they are, and sorted."""

from collections.abc import Collection
from typing import Any, get_args

from flask import Blueprint, Response, request

from shared.database import cards
from web import access
from web.api.projects import listed_projects
from web.api.requests import ProjectQuery
from web.pages.rendering import latest_projects, live_page, signed_in_user

blueprint = Blueprint("projects_page", __name__)

#: The first of them; the page loads others as one scrolls.
FIRST = 60
LONGEST_SEARCH = 200

OWNERS = get_args(ProjectQuery.model_fields["owner"].annotation)


@blueprint.get("/projects")
@access.signed_in
def show_projects() -> Response:
    """Show `?q=`, `?sort=` and `?owner=`; a word that is none of ours says nothing."""
    asked = request.args
    query = ProjectQuery(
        q=_line(asked.get("q", "")),
        sort=_known(asked.get("sort"), cards.ORDERS, "-updatedAt"),
        owner=_known(asked.get("owner"), OWNERS, "all"),
        limit=FIRST,
    )
    return live_page(
        "projects.html",
        entry="projects",
        boot={"user": signed_in_user(), "projects": listed_projects(query)},
        side_projects=latest_projects(),
        here="projects",
    )


def _known(word: str | None, words: Collection[str], usual: str) -> Any:
    return word if word in words else usual


def _line(words: str) -> str:
    """Return what is searched for as one line that the list takes."""
    return "".join(letter for letter in words if letter.isprintable())[:LONGEST_SEARCH]
