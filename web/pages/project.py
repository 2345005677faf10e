"""A project: its tally, its images, and what is to be done with them; and its settings."""

from uuid import UUID

from flask import Blueprint, Response, request

from shared.database.neighbours import GALLERY_ORDER
from shared.domain.accounts import Role
from shared.domain.images import ImageStatus
from web import access
from web.api.images import listed_images
from web.api.projects import shown_project
from web.api.requests import ImageQuery
from web.api.segmenting import chosen_engine, known_engines
from web.pages.rendering import latest_projects, live_page, signed_in_user
from web.pages.wording import say

blueprint = Blueprint("project", __name__)

FIRST_IMAGES = 100
SOME_IMAGES = 20  #: Of which the settings see how many channels images have.
LONGEST_WORDS = 200

#: The menu of orders, the usual one first; each is offered as `page.order.<order>`.
SORTS = (GALLERY_ORDER, "-createdAt", "-objectCount", "objectCount", "suspicion")


@blueprint.get("/projects/<uuid:project_id>")
@access.project_role(Role.VIEWER)
def show_project(project_id: UUID) -> Response:
    """Show a project.

    `?status=` shows the images that have it alone, `?q=` those with it in their name; `?sort=`
    orders them.
    """
    status = request.args.get("status", "")
    shown = status if status in set(ImageStatus) else ""
    words = words_of(request.args.get("q", ""))
    sort = request.args.get("sort", "")
    order = sort if sort in SORTS else GALLERY_ORDER
    query = ImageQuery(status=shown, q=words, sort=order, limit=FIRST_IMAGES)
    project = shown_project(project_id)
    return live_page(
        "project_page.html",
        entry="project",
        boot={
            "user": signed_in_user(),
            "project": project,
            "images": listed_images(project_id, query),
            "engines": known_engines().items,
            "choice": chosen_engine(project_id),
            "status": shown,
            "q": words,
            "sort": order,
            "sorts": [[order, say(f"page.order.{order}")] for order in SORTS],
        },
        project=project,
        tab="images",
        side_projects=latest_projects(),
    )


@blueprint.get("/projects/<uuid:project_id>/settings")
@access.project_role(Role.VIEWER)
def show_settings(project_id: UUID) -> Response:
    """Show what a project is called, how its images are read, who is in it, and its end."""
    project = shown_project(project_id)
    return live_page(
        "project_page.html",
        entry="project_settings",
        boot={
            "user": signed_in_user(),
            "project": project,
            "images": listed_images(project_id, ImageQuery(limit=SOME_IMAGES)),
        },
        project=project,
        tab="settings",
        side_projects=latest_projects(),
    )


def words_of(asked: str) -> str:
    """Return words of an address as a list of images takes them: none is no reason to refuse."""
    return "".join(each for each in asked if each.isprintable()).strip()[:LONGEST_WORDS]
