"""Register, sign in and out, and the account itself."""

from flask import Blueprint, Response, request

from shared.actions.accounts import change_profile, log_in, log_out, register
from shared.actions.delete_account import delete_account
from shared.database.accounts import ProfileChanges
from shared.domain.accounts import Account
from shared.domain.errors import ForbiddenError
from web import access
from web.access import services
from web.api.account_schemas import LoginAnswer, UserAnswer, UserJson
from web.api.exchange import exchange, json_answer
from web.api.requests import LoginBody, NewUserBody, ProfileBody
from web.api.shapes import user_json
from web.limits import LOGINS, REGISTRATIONS, rate_limited

blueprint = Blueprint("accounts", __name__)


@blueprint.post("/auth/register")
@access.public
@rate_limited(REGISTRATIONS)
@exchange(takes=NewUserBody, gives=UserAnswer, status=201)
def create_account(body: NewUserBody) -> UserAnswer:
    """Make an account, where the administrator lets everybody do so."""
    if services().settings.registration == "closed":
        raise ForbiddenError(
            "Registration is closed. Ask your administrator for an account.",
            code="registration_closed",
        )
    account = register(
        services().database, email=body.email, name=body.name, password=body.password
    )
    return UserAnswer(user=_user(account))


@blueprint.post("/auth/login")
@access.public
@rate_limited(LOGINS)
@exchange(takes=LoginBody, gives=LoginAnswer)
def sign_in(body: LoginBody) -> Response:
    """Begin a login; the session cookie comes with the answer."""
    login = log_in(
        services().database,
        email=body.email,
        password=body.password,
        user_agent=request.user_agent.string,
    )
    answer = LoginAnswer(user=_user(login.account), csrf_token=access.csrf_token_of(login.token))
    return access.remember(json_answer(answer), login.token)


@blueprint.post("/auth/logout")
@access.signed_in
@exchange(status=204)
def sign_out() -> Response:
    """End the login; a token cannot sign out, only be revoked."""
    visitor = access.current_visitor()
    if visitor.token_scope is None:
        user_id, session_id = visitor.account.id, visitor.credential_id
        services().database.transact(lambda tx: log_out(tx, user_id, session_id))
    return access.forget(Response(status=204))


@blueprint.get("/auth/me")
@access.signed_in
@exchange(gives=LoginAnswer)
def show_account() -> LoginAnswer:
    """Answer who is signed in."""
    token = access.current_csrf_token()
    return LoginAnswer(user=_user(access.current_account()), csrf_token=token)


@blueprint.patch("/auth/me")
@access.own_account
@exchange(takes=ProfileBody, gives=LoginAnswer)
def update_account(body: ProfileBody) -> LoginAnswer:
    """Change the name, the time zone or the preferences."""
    changes = ProfileChanges(body.name, body.time_zone, body.preferences)
    user_id = access.current_account().id
    account = services().database.transact(
        lambda tx: change_profile(tx, services().queue, user_id, changes)
    )
    return LoginAnswer(user=_user(account), csrf_token=access.current_csrf_token())


@blueprint.delete("/auth/me")
@access.own_account
@exchange(status=204)
def remove_account() -> Response:
    """Delete the account with its projects; nobody can sign in to it any more."""
    delete_account(services().database, services().queue, access.current_account().id)
    return access.forget(Response(status=204))


def _user(account: Account) -> UserJson:
    with services().database.reading() as connection:
        return user_json(connection, account)
