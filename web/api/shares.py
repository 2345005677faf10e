"""Shares: offer, list, end, accept, leave."""

from uuid import UUID

from flask import Blueprint
from sqlalchemy.engine import RowMapping

from shared.actions.once import Outcome
from shared.actions.shares import DEAD, accept_share, leave_project, revoke_share, share_project
from shared.credentials.invitations import invitation_token, share_of_token
from shared.database import shares
from shared.database.shares import Offer
from shared.database.transaction import Transaction
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from web import access
from web.access import services
from web.api.cursors import cursor_of, cut_of
from web.api.exchange import exchange
from web.api.projects import shown_project
from web.api.repeating import REPEATABLE, done_once
from web.api.requests import InvitationBody, PageQuery, ShareBody
from web.api.schemas import MemberJson, ProjectJson, ShareJson, ShareList
from web.limits import INVITATIONS, rate_limited

blueprint = Blueprint("shares", __name__)

NEWEST_FIRST = "-createdAt"


@blueprint.get("/projects/<uuid:project_id>/shares")
@access.project_role(Role.OWNER)
@exchange(asks=PageQuery, gives=ShareList)
def list_project_shares(project_id: UUID, query: PageQuery) -> ShareList:
    """List the project's shares, the newest first, with those that are over."""
    cut = cut_of(
        shares.ORDERS[NEWEST_FIRST], sort=NEWEST_FIRST, limit=query.limit, cursor=query.cursor
    )
    with services().database.reading() as connection:
        page = shares.list_shares(connection, project_id, cut)
    items = [share_json(row) for row in page.rows]
    return ShareList(items=items, next_cursor=cursor_of(page, sort=NEWEST_FIRST))


@blueprint.post("/projects/<uuid:project_id>/shares")
@access.project_role(Role.OWNER)
@exchange(takes=ShareBody, gives=ShareJson, status=201, headers=REPEATABLE)
def offer_share(project_id: UUID, body: ShareBody) -> tuple[ShareJson, int]:
    """Share the project; 200 when the address has a share, whose role and end change."""
    offered = Offer(body.email, Role(body.role), body.expires_at)

    def offer(tx: Transaction) -> Outcome:
        share_id, is_new = share_project(tx, project_id, offered)
        return {"id": str(share_id), "isNew": is_new}

    made = done_once(offer)
    with services().database.reading() as connection:
        row = shares.share(connection, UUID(made["id"]))
    return share_json(row), 201 if made["isNew"] else 200


@blueprint.delete("/projects/<uuid:project_id>/shares/<uuid:share_id>")
@access.project_role(Role.OWNER)
@exchange(status=204)
def end_share(project_id: UUID, share_id: UUID) -> None:
    """End a share for all who came in by it."""
    services().database.transact(lambda tx: revoke_share(tx, project_id, share_id))


@blueprint.post("/shares/accept")
@access.signed_in
@rate_limited(INVITATIONS)
@exchange(takes=InvitationBody, gives=ProjectJson)
def accept_invitation(body: InvitationBody) -> ProjectJson:
    """Come into a project; answers the project."""
    return shown_project(accepted_project(body.token))


@blueprint.delete("/projects/<uuid:project_id>/membership")
@access.project_role(Role.VIEWER)
@exchange(status=204)
def end_membership(project_id: UUID) -> None:
    """Leave a project that somebody shared."""
    account = access.current_account()
    services().database.transact(lambda tx: leave_project(tx, project_id, account))


def accepted_project(token: str) -> UUID:
    """Let the asker in by the token; return the project."""
    share_id = invited_share(token)
    account = access.current_account()
    return services().database.transact(lambda tx: accept_share(tx, share_id, account))


def invited_share(token: str) -> UUID:
    """Return the share that the token admits to; refuse a made-up one."""
    share_id = share_of_token(token, services().settings.signing_key)
    if share_id is None:
        raise NotFoundError(DEAD)
    return share_id


def share_json(row: RowMapping) -> ShareJson:
    """Return a row of `shares` as the owner sees it."""
    settings = services().settings
    token = invitation_token(row["id"], settings.signing_key)
    members = [MemberJson.model_validate(each) for each in row["accepted_by"]]
    return ShareJson(
        id=row["id"],
        email=row["email"],
        role=row["role"],
        status=row["status"],
        url=f"{settings.web_address}/shares/accept?token={token}",
        token=token,
        expires_at=row["expires_at"],
        created_at=row["created_at"],
        accepted_by=members or None,
    )
