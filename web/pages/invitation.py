"""The page that an invitation leads to; it works without JavaScript."""

from flask import Blueprint, Response, request
from sqlalchemy.engine import RowMapping

from shared.actions.shares import DEAD, admits
from shared.database import shares
from shared.domain.errors import NotFoundError
from web import access
from web.access import services
from web.api.shares import accepted_project, invited_share
from web.limits import INVITATIONS, rate_limited
from web.pages.forms import to
from web.pages.rendering import page

blueprint = Blueprint("invitation", __name__)


@blueprint.get("/shares/accept")
@access.signed_in
@rate_limited(INVITATIONS)
def show_invitation() -> Response:
    """Say who shares what, and ask; a stranger signs in first and comes back here."""
    token = request.args.get("token", "")
    found = _invitation(token)
    account = access.current_account()
    if found is not None and found["owner_id"] == account.id:
        return to(f"/projects/{found['project_id']}")
    if found is None or not admits(found, account):
        raise NotFoundError(DEAD)
    return page(
        "invitation.html",
        invitation=found,
        account=account,
        token=token,
        csrf_token=access.current_csrf_token(),
    )


@blueprint.post("/shares/accept")
@access.form_of_account
@rate_limited(INVITATIONS)
def accept_invitation() -> Response:
    """Let whoever is signed in into the project, and go there."""
    return to(f"/projects/{accepted_project(request.form.get('token', ''))}")


def _invitation(token: str) -> RowMapping | None:
    share_id = invited_share(token)
    with services().database.reading() as connection:
        return shares.invitation(connection, share_id)
