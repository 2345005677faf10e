"""Sign in, register, sign out: plain forms that work without JavaScript."""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, request

from shared.actions.accounts import log_in, log_out, register
from shared.domain.errors import (
    CelltallyError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotSignedInError,
)
from web.access import check_csrf, find_visitor, forget, public, remember, services
from web.api.requests import LoginBody, NewUserBody
from web.limits import LOGINS, REGISTRATIONS, rate_limited
from web.pages.forms import filled, shown, to
from web.pages.rendering import page
from web.pages.wording import say

blueprint = Blueprint("sign_in", __name__)

#: What a form says of a wrong field; the API's own words are for programs.
SENTENCES = {
    "email": "page.form.email",
    "name": "page.form.name",
    "password": "page.form.password",
}

#: Refusals that the form itself shows; all others are pages of their own.
SHOWN = (InvalidInputError, ConflictError, NotSignedInError, ForbiddenError)


@blueprint.get("/login")
@public
def login_form() -> Response:
    """Show the form, or go on when somebody is signed in."""
    return _go_on() if find_visitor() else _form("login.html")


@blueprint.post("/login")
@public
@rate_limited(LOGINS)
def login() -> Response:
    """Sign in."""
    try:
        _refuse_other_sites()
        return _begin_login(filled(LoginBody, SENTENCES))
    except SHOWN as refusal:
        return _form("login.html", refusal)


@blueprint.get("/register")
@public
def register_form() -> Response:
    """Show the form, or go on when somebody is signed in."""
    return _go_on() if find_visitor() else _form("register.html")


@blueprint.post("/register")
@public
@rate_limited(REGISTRATIONS)
def make_account() -> Response:
    """Make an account and sign in."""
    try:
        _refuse_other_sites()
        if services().settings.registration == "closed":
            raise ForbiddenError(say("page.form.closed"), code="registration_closed")
        body = filled(NewUserBody, SENTENCES)
        register(services().database, email=body.email, name=body.name, password=body.password)
        return _begin_login(LoginBody(email=body.email, password=body.password))
    except SHOWN as refusal:
        return _form("register.html", refusal)


@blueprint.post("/logout")
@public
def logout() -> Response:
    """End the login of this browser."""
    visitor = find_visitor()
    if visitor is not None:
        check_csrf(request.form.get("csrf_token"))
        user_id, session_id = visitor.account.id, visitor.credential_id
        services().database.transact(lambda tx: log_out(tx, user_id, session_id))
    return forget(to("/login"))


def _begin_login(body: LoginBody) -> Response:
    agent = request.headers.get("User-Agent", "")
    login = log_in(services().database, email=body.email, password=body.password, user_agent=agent)
    return remember(_go_on(), login.token)


def _form(template: str, refusal: CelltallyError | None = None) -> Response:
    return page(
        template,
        status=refusal.status if refusal else 200,
        action=request.full_path.removesuffix("?"),
        other_form=_other_form(),
        given=request.form,
        refusal=shown(refusal),
        registration_open=services().settings.registration == "open",
    )


def _other_form() -> str:
    """Return the address of the other form, which leads where this one does."""
    path = "/register" if request.path == "/login" else "/login"
    wanted = request.args.get("next")
    return path if wanted is None else f"{path}?{urlencode({'next': wanted})}"


def _go_on() -> Response:
    """Go where the person was before the form, on this site only."""
    wanted = request.args.get("next", "/")
    parts = urlsplit(wanted)
    foreign = parts.scheme or parts.netloc or not wanted.startswith("/") or "\\" in wanted
    return to("/" if foreign else wanted)


def _refuse_other_sites() -> None:
    """Refuse a form of another site, which would sign its visitors in as somebody else."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise ForbiddenError(say("page.form.otherSite"), code="csrf")
