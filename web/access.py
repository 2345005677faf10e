"""Who asks, and what they may do: every route says it with one of the decorators here.

No access and not existing answer the same 404; who may see and may not do gets a 403.
All of it is settled before the body of a request is looked at.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Response, current_app, g, request
from sqlalchemy import Connection, RowMapping

from shared.actions.accounts import note_use
from shared.credentials.tokens import csrf_token, hash_of, is_csrf_token
from shared.database import access, accounts, batches, exports, ingests, uploads
from shared.database.accounts import SESSION_DAYS, SignedIn
from shared.domain.accounts import Account, Role, TokenScope
from shared.domain.errors import ForbiddenError, NotFoundError, NotSignedInError
from web.services import Services

COOKIE = "celltally_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

PROJECT_NOT_FOUND = "This project does not exist, or you have no access to it."
IMAGE_NOT_FOUND = "This image does not exist, or you have no access to it."
RUN_NOT_FOUND = "This run does not exist, or you have no access to it."
BATCH_NOT_FOUND = "This batch does not exist, or you have no access to it."
EXPORT_NOT_FOUND = "This export does not exist, or is not yours."
UPLOAD_NOT_FOUND = "This upload does not exist (any more), or is not yours."

View = Callable[..., Any]
Find = Callable[[Connection, UUID], RowMapping | None]


def services() -> Services:
    """Return what this application was made with."""
    found: Services = current_app.extensions["celltally"]
    return found


def public(view: View) -> View:
    """Let everybody in."""
    return _marked(view, "public")


def signed_in(view: View) -> View:
    """Let in whoever is signed in."""

    @wraps(view)
    def guarded(**values: Any) -> Any:
        require_account()
        return view(**values)

    return _marked(guarded, "signed_in")


def own_account(view: View) -> View:
    """Let in whoever is signed in, and of their tokens only those that may do everything."""

    @wraps(view)
    def guarded(**values: Any) -> Any:
        require_account()
        require_scope(TokenScope.ALL)
        return view(**values)

    return _marked(guarded, "signed_in")


def form_of_account(view: View) -> View:
    """Let in a form of one of our pages that whoever is signed in sent."""

    @wraps(view)
    def guarded(**values: Any) -> Any:
        if find_visitor() is None:
            raise NotSignedInError("Your session has ended. Sign in and send it again.")
        check_csrf(request.form.get("csrf_token"))
        require_scope(TokenScope.ALL)
        return view(**values)

    return _marked(guarded, "signed_in")


def only_reads(view: View) -> View:
    """Say that this write changes nothing that anybody sees, so that a reading token may do it.

    Stands above the decorator that says who is let in.
    """
    view.only_reads = True  # type: ignore[attr-defined]
    return view


def project_role(role: Role) -> Callable[[View], View]:
    """Let in whoever has at least *role* in the project `project_id` of the address."""

    def project_of(project_id: UUID) -> UUID:
        return project_id

    return _role_where(role, "project_id", project_of, PROJECT_NOT_FOUND)


def image_role(role: Role) -> Callable[[View], View]:
    """Let in whoever has at least *role* in the project of the image `image_id`."""

    def project_of(image_id: UUID) -> UUID | None:
        with services().database.reading() as connection:
            return access.project_of_image(connection, image_id)

    return _role_where(role, "image_id", project_of, IMAGE_NOT_FOUND)


def run_role(role: Role) -> Callable[[View], View]:
    """Let in whoever has at least *role* in the project of the run `run_id`."""

    def project_of(run_id: UUID) -> UUID | None:
        with services().database.reading() as connection:
            return access.project_of_run(connection, run_id)

    return _role_where(role, "run_id", project_of, RUN_NOT_FOUND)


def batch_role(role: Role) -> Callable[[View], View]:
    """Let in whoever has at least *role* in the project of the batch `batch_id`."""

    def project_of(batch_id: UUID) -> UUID | None:
        with services().database.reading() as connection:
            found = batches.progress(connection, batch_id) or ingests.ingest(connection, batch_id)
        return None if found is None else found["project_id"]

    return _role_where(role, "batch_id", project_of, BATCH_NOT_FOUND)


def own_export(view: View) -> View:
    """Let in who asked for the export `export_id`, while they may see its project."""
    return _own(view, "export_id", exports.export, Role.VIEWER, EXPORT_NOT_FOUND)


def own_upload(view: View) -> View:
    """Let in who began the upload `upload_id`, while they may change its project."""
    return _own(view, "upload_id", uploads.upload, Role.EDITOR, UPLOAD_NOT_FOUND)


def require_account() -> Account:
    """Return who asks; a write by cookie must prove that one of our pages sent it."""
    visitor = find_visitor()
    if visitor is None:
        raise NotSignedInError("Sign in, or send `Authorization: Bearer` with an API token.")
    if request.method not in SAFE_METHODS:
        check_csrf(request.headers.get("X-CSRF-Token"))
        require_scope(TokenScope.READ if _only_reads() else TokenScope.WRITE)
    return visitor.account


def require_scope(scope: TokenScope) -> None:
    """Refuse a token that may do less than *scope*; a login may do everything."""
    visitor = find_visitor()
    if visitor is not None and not visitor.may(scope):
        raise ForbiddenError(
            f"This token is for {visitor.token_scope} only; this needs one for {scope}.",
            code="token_scope",
        )


def require_role(project_id: UUID, role: Role, *, missing: str = PROJECT_NOT_FOUND) -> Role:
    """Return the role of who asks in the project; refuse when it does not include *role*."""
    account = require_account()
    with services().database.reading() as connection:
        held = access.role_in_project(connection, account.id, project_id)
    if held is None:
        raise NotFoundError(missing)
    if not held.includes(role):
        raise ForbiddenError(f"You are a {held} of this project; this needs an {role}.")
    return held


def current_account() -> Account:
    """Return who asks, in a route that let only accounts in."""
    return current_visitor().account


def current_visitor() -> SignedIn:
    """Return who asks and by which credential, in a route that let only accounts in."""
    visitor: SignedIn = g.visitor
    return visitor


def find_visitor() -> SignedIn | None:
    """Return who asks, by token or by cookie; None for a stranger."""
    if "visitor" not in g:
        g.visitor = _visitor_by_token() if _shown_token() else _visitor_by_cookie()
        if g.visitor is not None and g.visitor.unseen:
            services().database.transact(lambda tx: note_use(tx, g.visitor))
    found: SignedIn | None = g.visitor
    return found


def check_csrf(given: str | None) -> None:
    """Refuse a write by cookie that does not carry the token of its login."""
    if _shown_token():  # Browsers add no token by themselves, so no other page can forge this.
        return
    session_token = request.cookies.get(COOKIE, "")
    if not is_csrf_token(given or "", session_token, services().settings.signing_key):
        raise ForbiddenError(
            "The header X-CSRF-Token is missing or from another login. Reload the page.",
            code="csrf",
        )


def current_csrf_token() -> str | None:
    """Return what the pages of this login send along with writes; None without a cookie."""
    session_token = request.cookies.get(COOKIE)
    return None if session_token is None else csrf_token_of(session_token)


def csrf_token_of(session_token: str) -> str:
    """Return the CSRF token of a login."""
    return csrf_token(session_token, services().settings.signing_key)


def remember(response: Response, session_token: str) -> Response:
    """Give the browser the cookie of a login."""
    response.set_cookie(
        COOKIE,
        session_token,
        max_age=SESSION_DAYS * 24 * 3600,
        secure=services().settings.web_address.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )
    return response


def forget(response: Response) -> Response:
    """Take the cookie away from the browser."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
    return response


def _role_where(
    role: Role, name: str, project_of: Callable[[UUID], UUID | None], missing: str
) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**values: Any) -> Any:
            require_account()
            project_id = project_of(values[name])
            if project_id is None:
                raise NotFoundError(missing)
            require_role(project_id, role, missing=missing)
            return view(**values)

        return _marked(guarded, str(role))

    return decorate


def _own(view: View, name: str, find: Find, role: Role, missing: str) -> View:
    @wraps(view)
    def guarded(**values: Any) -> Any:
        account = require_account()
        with services().database.reading() as connection:
            found = find(connection, values[name])
        if found is None:
            raise NotFoundError(missing)
        require_role(found["project_id"], role, missing=missing)
        if found["user_id"] != account.id:
            raise NotFoundError(missing)
        return view(**values)

    return _marked(guarded, str(role))


def _marked(view: View, who: str) -> View:
    """Write on the view who is let in; a test finds every route that says nothing."""
    view.lets_in = who  # type: ignore[attr-defined]
    return view


def _only_reads() -> bool:
    view = current_app.view_functions[request.endpoint or ""]
    return getattr(view, "only_reads", False)


def _shown_token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _visitor_by_token() -> SignedIn | None:
    with services().database.reading() as connection:
        return accounts.token_holder(connection, hash_of(_shown_token() or ""))


def _visitor_by_cookie() -> SignedIn | None:
    session_token = request.cookies.get(COOKIE)
    if not session_token:
        return None
    with services().database.reading() as connection:
        return accounts.session_holder(connection, hash_of(session_token))
