"""Logins of an account: list and end them, and change the password, which ends the others."""

from uuid import UUID

from flask import Blueprint

from shared.actions.accounts import change_password, end_other_sessions, end_session
from shared.database import logins
from web import access
from web.access import services
from web.api.account_schemas import SessionJson, SessionList
from web.api.exchange import exchange
from web.api.requests import PasswordBody
from web.limits import LOGINS, rate_limited

blueprint = Blueprint("sessions", __name__)


@blueprint.get("/auth/sessions")
@access.own_account
@exchange(gives=SessionList)
def list_logins() -> SessionList:
    """List where the account is signed in."""
    visitor = access.current_visitor()
    with services().database.reading() as connection:
        rows = logins.list_sessions(connection, visitor.account.id)
    items = [SessionJson(**row, current=row["id"] == visitor.credential_id) for row in rows]
    return SessionList(items=items, next_cursor=None)


@blueprint.delete("/auth/sessions/<uuid:session_id>")
@access.own_account
@exchange(status=204)
def end_login(session_id: UUID) -> None:
    """End a login; its pages and its sockets end at once."""
    user_id = access.current_account().id
    services().database.transact(lambda tx: end_session(tx, user_id, session_id))


@blueprint.delete("/auth/sessions")
@access.own_account
@exchange(status=204)
def end_other_logins() -> None:
    """End all logins but the one that asks; asked by a token, all of them."""
    visitor = access.current_visitor()
    user_id, kept = visitor.account.id, visitor.credential_id
    services().database.transact(lambda tx: end_other_sessions(tx, user_id, kept))


@blueprint.post("/auth/password")
@access.own_account
@rate_limited(LOGINS)
@exchange(takes=PasswordBody, status=204)
def replace_password(body: PasswordBody) -> None:
    """Change the password; all logins but the one that asks end."""
    visitor = access.current_visitor()
    change_password(
        services().database,
        visitor.account,
        current=body.current_password,
        new=body.new_password,
        kept_session=visitor.credential_id,
    )
