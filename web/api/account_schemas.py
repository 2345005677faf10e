"""What the API answers about accounts, their logins, tokens and tickets."""

from typing import Any
from uuid import UUID

from pydantic import Field

from shared.domain.accounts import TokenScope
from shared.domain.wire import Timestamp
from web.api.schemas import Answer


class UserJson(Answer):
    """A person, as they see themselves."""

    id: UUID
    email: str
    name: str
    is_admin: bool
    time_zone: str
    preferences: dict[str, Any] = Field(default_factory=dict)
    created_at: Timestamp


class UserAnswer(Answer):
    """The account that was made."""

    user: UserJson


class LoginAnswer(Answer):
    """Who is signed in; `csrfToken` goes into the header of each write by cookie."""

    user: UserJson
    csrf_token: str | None = None


class TokenAnswer(Answer):
    """A new token; it is shown this once."""

    id: UUID
    token: str


class TokenJson(Answer):
    """A token without its secret."""

    id: UUID
    name: str
    scope: TokenScope
    expires_at: Timestamp | None = None
    created_at: Timestamp
    used_at: Timestamp | None = None


class TokenList(Answer):
    """The tokens of an account."""

    items: list[TokenJson]
    next_cursor: str | None


class SessionJson(Answer):
    """A login; `current` is the one that asks."""

    id: UUID
    created_at: Timestamp
    seen_at: Timestamp
    expires_at: Timestamp
    user_agent: str
    current: bool


class SessionList(Answer):
    """The logins of an account."""

    items: list[SessionJson]
    next_cursor: str | None


class TicketAnswer(Answer):
    """How to open one socket: connect to `url` and say hello with `ticket`."""

    ticket: str
    url: str
    expires_in: int
