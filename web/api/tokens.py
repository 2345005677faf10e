"""Tokens of scripts."""

from uuid import UUID

from flask import Blueprint

from shared.actions.accounts import create_token, revoke_token
from shared.database import accounts
from web import access
from web.access import services
from web.api.exchange import exchange
from web.api.requests import TokenBody
from web.api.schemas import TokenAnswer, TokenJson, TokenList

blueprint = Blueprint("tokens", __name__)


@blueprint.post("/auth/tokens")
@access.signed_in
@exchange(takes=TokenBody, gives=TokenAnswer, status=201)
def make_token(body: TokenBody) -> TokenAnswer:
    """Make a token; its secret is in this answer and nowhere else."""
    user_id = access.current_account().id
    made = services().database.transact(lambda tx: create_token(tx, user_id, name=body.name))
    return TokenAnswer(id=made.id, token=made.token)


@blueprint.get("/auth/tokens")
@access.signed_in
@exchange(gives=TokenList)
def list_tokens() -> TokenList:
    """List the account's tokens without their secrets."""
    with services().database.reading() as connection:
        rows = accounts.list_tokens(connection, access.current_account().id)
    return TokenList(items=[TokenJson.model_validate(dict(row)) for row in rows], next_cursor=None)


@blueprint.delete("/auth/tokens/<uuid:token_id>")
@access.signed_in
@exchange(status=204)
def delete_token(token_id: UUID) -> None:
    """Revoke a token at once."""
    user_id = access.current_account().id
    services().database.transact(lambda tx: revoke_token(tx, user_id, token_id))
