"""Tokens of scripts."""

from uuid import UUID

from flask import Blueprint

from shared.actions.accounts import create_token, revoke_token
from shared.actions.once import Outcome
from shared.database import accounts
from shared.database.accounts import NewToken
from shared.database.transaction import Transaction
from shared.domain.errors import ConflictError
from web import access
from web.access import services
from web.api.account_schemas import TokenAnswer, TokenJson, TokenList
from web.api.exchange import exchange
from web.api.repeating import REPEATABLE, done_once
from web.api.requests import TokenBody

blueprint = Blueprint("tokens", __name__)


@blueprint.post("/auth/tokens")
@access.own_account
@exchange(takes=TokenBody, gives=TokenAnswer, status=201, headers=REPEATABLE)
def make_token(body: TokenBody) -> TokenAnswer:
    """Make a token; its secret is in this answer and nowhere else, so a repeat is refused."""
    user_id = access.current_account().id
    wanted = NewToken(body.name, body.scope, body.expires_at)
    secrets: dict[str, str] = {}

    def make(tx: Transaction) -> Outcome:
        made = create_token(tx, user_id, wanted)
        secrets[str(made.id)] = made.token
        return {"id": str(made.id)}

    token_id = done_once(make)["id"]
    if token_id not in secrets:
        raise ConflictError(
            "A token was made by this Idempotency-Key already, and is shown once. "
            "Revoke it and make another.",
            code="token_shown_once",
        )
    return TokenAnswer(id=UUID(token_id), token=secrets[token_id])


@blueprint.get("/auth/tokens")
@access.own_account
@exchange(gives=TokenList)
def list_tokens() -> TokenList:
    """List the account's tokens without their secrets."""
    with services().database.reading() as connection:
        rows = accounts.list_tokens(connection, access.current_account().id)
    return TokenList(items=[TokenJson.model_validate(dict(row)) for row in rows], next_cursor=None)


@blueprint.delete("/auth/tokens/<uuid:token_id>")
@access.own_account
@exchange(status=204)
def delete_token(token_id: UUID) -> None:
    """Revoke a token at once."""
    user_id = access.current_account().id
    services().database.transact(lambda tx: revoke_token(tx, user_id, token_id))
