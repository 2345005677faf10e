"""The password, and where the account is signed in."""

from uuid import UUID

from flask import Blueprint, Response

from shared.actions.accounts import change_password, end_other_sessions, end_session
from shared.database import logins
from shared.domain.errors import (
    CelltallyError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
)
from web import access
from web.access import services
from web.api.requests import PasswordBody
from web.limits import LOGINS, rate_limited
from web.pages.devices import device_of
from web.pages.forms import filled
from web.pages.settings.frame import done, settings_page
from web.pages.wording import say

blueprint = Blueprint("settings_credentials", __name__, url_prefix="/settings")

LONGEST = "page.form.password"
SENTENCES = {"currentPassword": LONGEST, "newPassword": LONGEST}

#: Refusals that the form itself shows, at the field that they are about.
FIELDS = {"wrong_password": "currentPassword", "weak_password": "newPassword"}


@blueprint.get("/password")
@access.own_account
def show_password() -> Response:
    """Show the form for another password."""
    return settings_page("password")


@blueprint.post("/password")
@access.form_of_account
@rate_limited(LOGINS)
def save_password() -> Response:
    """Change the password; all other logins end."""
    visitor = access.current_visitor()
    try:
        body = filled(PasswordBody, SENTENCES)
        change_password(
            services().database,
            visitor.account,
            current=body.current_password,
            new=body.new_password,
            kept_session=visitor.credential_id,
        )
    except (InvalidInputError, ForbiddenError, ConflictError) as refusal:
        return settings_page("password", refusal=_at_its_field(refusal))
    return done("password", "password")


@blueprint.get("/sessions")
@access.own_account
def show_sessions() -> Response:
    """List where the account is signed in."""
    return _sessions_page()


@blueprint.post("/sessions/<uuid:session_id>/end")
@access.form_of_account
def end(session_id: UUID) -> Response:
    """End one login."""
    user_id = access.current_account().id
    try:
        services().database.transact(lambda tx: end_session(tx, user_id, session_id))
    except NotFoundError as refusal:
        return _sessions_page(refusal)
    return done("sessions", "ended")


@blueprint.post("/sessions/end-others")
@access.form_of_account
def end_others() -> Response:
    """End all logins but this one."""
    visitor = access.current_visitor()
    user_id, kept = visitor.account.id, visitor.credential_id
    services().database.transact(lambda tx: end_other_sessions(tx, user_id, kept))
    return done("sessions", "others-ended")


def _sessions_page(refusal: CelltallyError | None = None) -> Response:
    visitor = access.current_visitor()
    with services().database.reading() as connection:
        rows = logins.list_sessions(connection, visitor.account.id)
    sessions = [
        {
            **row,
            "device": device_of(row["user_agent"], say),
            "current": row["id"] == visitor.credential_id,
        }
        for row in rows
    ]
    sessions.sort(key=lambda each: (each["current"], each["seen_at"]), reverse=True)
    return settings_page("sessions", refusal=refusal, sessions=sessions)


def _at_its_field(refusal: CelltallyError) -> CelltallyError:
    field = FIELDS.get(refusal.code)
    if field is None:
        return refusal
    errors = [{"field": field, "detail": refusal.detail}]
    return InvalidInputError(say("page.form.passwordUnchanged"), code=refusal.code, errors=errors)
