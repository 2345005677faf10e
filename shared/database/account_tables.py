"""The tables of signing in, of repeated requests, and of what an operator tells everybody."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.columns import Base, Identifier, Moment, one_of
from shared.database.tables import CASCADE
from shared.domain.accounts import TokenScope
from shared.domain.events import NoticeLevel


class LoginSessionRow(Base):
    """A signed-in browser; in PostgreSQL, so that an emptied Redis signs nobody out."""

    __tablename__ = "login_sessions"

    id: Mapped[Identifier]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete=CASCADE), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)  #: SHA-256 of the cookie's token.
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(server_default="")


class ApiTokenRow(Base):
    """A script's key; shown once, kept as a hash."""

    __tablename__ = "api_tokens"
    __table_args__ = (one_of("scope", TokenScope),)

    id: Mapped[Identifier]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete=CASCADE), index=True)
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    scope: Mapped[str] = mapped_column(server_default=TokenScope.ALL)
    expires_at: Mapped[datetime | None]  #: None is without end.
    created_at: Mapped[Moment]
    used_at: Mapped[datetime | None]


class IdempotencyKeyRow(Base):
    """What a request came to whose sender may repeat it; kept for a day."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete=CASCADE), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    request: Mapped[bytes]  #: SHA-256 of what was asked.
    outcome: Mapped[dict[str, Any] | None]  #: None only while its transaction goes on.
    created_at: Mapped[Moment] = mapped_column(index=True)


class NoticeRow(Base):
    """What an operator tells everybody, until it is over; one of each code."""

    __tablename__ = "notices"
    __table_args__ = (one_of("level", NoticeLevel),)

    code: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]
    ends_at: Mapped[datetime]
