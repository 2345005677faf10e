"""Tokens of scripts: make one, which is shown this once, and revoke it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Blueprint, Response

from shared.actions.accounts import MadeToken, create_token, revoke_token
from shared.database import accounts
from shared.database.accounts import NewToken
from shared.domain.accounts import TokenScope
from shared.domain.errors import CelltallyError, InvalidInputError, NotFoundError
from web import access
from web.access import services
from web.api.requests import TokenBody
from web.pages.forms import chosen, filled
from web.pages.settings.frame import done, settings_page
from web.pages.wording import say

blueprint = Blueprint("settings_tokens", __name__, url_prefix="/settings/tokens")

SENTENCES = {"name": "page.form.tokenName", "scope": "page.form.scope"}

#: Days that a token holds, offered as `page.tokens.days.<days>`; empty is without end.
ENDS = ("30", "90", "365", "")


@blueprint.get("")
@access.own_account
def show_tokens() -> Response:
    """List the tokens, and show the form for another."""
    return _tokens_page()


@blueprint.post("")
@access.form_of_account
def make() -> Response:
    """Make a token and show it: in this answer, and never again."""
    try:
        days = chosen("days", ENDS)
        end = datetime.now(UTC) + timedelta(days=int(days)) if days else None
        body = filled(TokenBody, SENTENCES, expiresAt=end)
    except InvalidInputError as refusal:
        return _tokens_page(refusal)
    user_id = access.current_account().id
    wanted = NewToken(body.name, body.scope, body.expires_at)
    made = services().database.transact(lambda tx: create_token(tx, user_id, wanted))
    return _tokens_page(made=made)


@blueprint.post("/<uuid:token_id>/revoke")
@access.form_of_account
def revoke(token_id: UUID) -> Response:
    """Make a token worthless."""
    user_id = access.current_account().id
    try:
        services().database.transact(lambda tx: revoke_token(tx, user_id, token_id))
    except NotFoundError as refusal:
        return _tokens_page(refusal)
    return done("tokens", "revoked")


def _tokens_page(
    refusal: CelltallyError | None = None, *, made: MadeToken | None = None
) -> Response:
    with services().database.reading() as connection:
        tokens = accounts.list_tokens(connection, access.current_account().id)
    return settings_page(
        "tokens",
        refusal=refusal,
        made=made,
        tokens=tokens,
        scopes=list(TokenScope),
        ends={days: say(f"page.tokens.days.{days}") for days in ENDS},
        now=datetime.now(UTC),
    )
