"""Sign in, register, sign out: plain forms that work without JavaScript."""

from typing import TypeVar
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from pydantic import ValidationError

from shared.actions.accounts import log_in, log_out, register
from shared.domain.errors import (
    CelltallyError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotSignedInError,
)
from shared.domain.wire import Wire
from web.access import check_csrf, find_visitor, forget, public, remember, services
from web.api.requests import LoginBody, NewUserBody
from web.limits import LOGINS, REGISTRATIONS, rate_limited
from web.pages.rendering import page

blueprint = Blueprint("sign_in", __name__)

W = TypeVar("W", bound=Wire)

#: What a form says of a wrong field; the API's own words are for programs.
SENTENCES = {
    "email": "Write the whole address, such as mira@lab.example.",
    "name": "Write your name, at most 100 characters.",
    "password": "Write a password, at most 1,024 characters.",
}
INCOMPLETE = "Some of it cannot be used yet:"
CLOSED = "Accounts are made by your administrator here."

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
        return _begin_login(_filled(LoginBody))
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
            raise ForbiddenError(CLOSED, code="registration_closed")
        body = _filled(NewUserBody)
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
        services().database.transact(lambda tx: log_out(tx, visitor.credential_id))
    return forget(_to("/login"))


def _begin_login(body: LoginBody) -> Response:
    agent = request.headers.get("User-Agent", "")
    login = log_in(services().database, email=body.email, password=body.password, user_agent=agent)
    return remember(_go_on(), login.token)


def _filled(expected: type[W]) -> W:
    """Return the form as *expected*, or refuse it with a sentence for each wrong field."""
    fields = {name: request.form.get(name, "") for name in expected.model_fields}
    try:
        return expected.model_validate(fields)
    except ValidationError as invalid:
        wrong = {str(each["loc"][0]) for each in invalid.errors()}
    raise InvalidInputError(
        INCOMPLETE,
        errors=[{"field": name, "detail": SENTENCES[name]} for name in fields if name in wrong],
    )


def _form(template: str, refusal: CelltallyError | None = None) -> Response:
    return page(
        template,
        status=refusal.status if refusal else 200,
        action=request.full_path.removesuffix("?"),
        given=request.form,
        refusal=refusal and {"detail": refusal.detail, "errors": getattr(refusal, "errors", [])},
        registration_open=services().settings.registration == "open",
    )


def _go_on() -> Response:
    """Go where the person was before the form, on this site only."""
    wanted = request.args.get("next", "/")
    parts = urlsplit(wanted)
    foreign = parts.scheme or parts.netloc or not wanted.startswith("/") or "\\" in wanted
    return _to("/" if foreign else wanted)


def _to(place: str) -> Response:
    # 303: the browser asks with GET, also after a POST.
    return Response(status=303, headers={"Location": place})


def _refuse_other_sites() -> None:
    """Refuse a form of another site, which would sign its visitors in as somebody else."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise ForbiddenError("This form came from another site. Fill it in here.", code="csrf")
