"""Projects: make, list, show, change, delete."""

from uuid import UUID

from flask import Blueprint

from shared.actions.change_project import change_project
from shared.actions.create_project import create_project
from shared.actions.delete_project import delete_project
from shared.database import cards
from shared.database.cards import CardFilter
from shared.database.projects import NewProject
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.domain.stats import ProjectStats
from web import access
from web.access import services
from web.api.cursors import cursor_of, cut_of
from web.api.exchange import exchange, op_id
from web.api.repeating import REPEATABLE, done_once
from web.api.requests import ProjectBody, ProjectChanges, ProjectQuery
from web.api.schemas import ProjectJson, ProjectList
from web.api.shapes import project_json, project_list, stats_now

blueprint = Blueprint("projects", __name__)


@blueprint.get("/projects")
@access.signed_in
@exchange(asks=ProjectQuery, gives=ProjectList)
def list_projects(query: ProjectQuery) -> ProjectList:
    """List the projects that the account may see, with their counts."""
    return listed_projects(query)


def listed_projects(query: ProjectQuery) -> ProjectList:
    """Return one page of the asker's projects; the page of all begins with the same values."""
    chosen = CardFilter(access.current_account().id, query.owner, query.q)
    cut = cut_of(cards.ORDERS[query.sort], sort=query.sort, limit=query.limit, cursor=query.cursor)
    with services().database.reading() as connection:
        page = cards.list_cards(connection, chosen, cut)
        items = project_list(connection, page.rows)
    return ProjectList(items=items, next_cursor=cursor_of(page, sort=query.sort))


@blueprint.post("/projects")
@access.signed_in
@exchange(takes=ProjectBody, gives=ProjectJson, status=201, headers=REPEATABLE)
def make_project(body: ProjectBody) -> ProjectJson:
    """Make a project, owned by whoever asks."""
    owner = access.current_account()
    project = NewProject(owner.id, **body.model_dump())
    made = done_once(lambda tx: {"id": str(create_project(tx, services().queue, project))})
    return shown_project(UUID(made["id"]))


@blueprint.get("/projects/<uuid:project_id>")
@access.project_role(Role.VIEWER)
@exchange(gives=ProjectJson)
def show_project(project_id: UUID) -> ProjectJson:
    """Show a project as its card does."""
    return shown_project(project_id)


@blueprint.patch("/projects/<uuid:project_id>")
@access.project_role(Role.EDITOR)
@exchange(takes=ProjectChanges, gives=ProjectJson)
def update_project(project_id: UUID, body: ProjectChanges) -> ProjectJson:
    """Change title, description, pixel size or channels; what is left out stays."""
    changes = body.model_dump(include=body.model_fields_set)
    click, actor_id = op_id(), access.current_account().id
    services().database.transact(
        lambda tx: change_project(
            tx, services().queue, project_id, changes=changes, actor_id=actor_id, op_id=click
        )
    )
    return shown_project(project_id)


@blueprint.delete("/projects/<uuid:project_id>")
@access.project_role(Role.OWNER)
@exchange(status=204)
def remove_project(project_id: UUID) -> None:
    """Delete a project with all its images; it is hidden at once."""
    delete_project(services().database, services().queue, project_id)


@blueprint.get("/projects/<uuid:project_id>/stats")
@access.project_role(Role.VIEWER)
@exchange(gives=ProjectStats)
def show_stats(project_id: UUID) -> ProjectStats:
    """Answer the project's counts of this moment."""
    with services().database.reading() as connection:
        return stats_now(connection, project_id)


def shown_project(project_id: UUID) -> ProjectJson:
    """Return the project as the asker's card shows it; its page begins with the same values."""
    with services().database.reading() as connection:
        # Counts first: were they newer than the rest, a page would take the event about it for old.
        counts = stats_now(connection, project_id)
        row = cards.card(connection, access.current_account().id, project_id)
    if row is None:
        raise NotFoundError(access.PROJECT_NOT_FOUND)
    return project_json(row, counts)
