"""Register, sign in and out, change a profile, hand out tokens."""

import re
from dataclasses import dataclass
from uuid import UUID

from shared.config import is_time_zone
from shared.credentials.passwords import check_strength, hash_password, is_outdated, is_password
from shared.credentials.tokens import hash_of, new_api_token, new_session_token
from shared.database import accounts, dashboards
from shared.database.accounts import ProfileChanges, SignedIn
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.accounts import Account
from shared.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
)
from shared.messaging.ports import TaskQueue

_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_LONGEST_ADDRESS = 254
_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Login:
    """A login that just began; its token is shown to the browser and never stored."""

    account: Account
    token: str


@dataclass(frozen=True, slots=True)
class NewToken:
    """A script's token that was just made; it is shown once."""

    id: UUID
    token: str


def register(
    database: Database, *, email: str, name: str, password: str, is_admin: bool = False
) -> Account:
    """Make an account; refuse an address that has one, and a weak password."""
    address = _checked_address(email)
    check_strength(password, email=address)
    secret = hash_password(password)  # Before the transaction: it is slow by intention.

    def insert(tx: Transaction) -> UUID | None:
        user_id = accounts.insert_user(
            tx.connection, email=address, name=name, password_hash=secret, is_admin=is_admin
        )
        if user_id is not None:
            dashboards.mark_due(tx.connection, user_id)
        return user_id

    user_id = database.transact(insert)
    if user_id is None:
        raise ConflictError(f"{address} has an account already. Sign in.", code="email_taken")
    return Account(id=user_id, email=address, name=name, is_admin=is_admin, time_zone="UTC")


def log_in(database: Database, *, email: str, password: str, user_agent: str = "") -> Login:
    """Begin a login; an unknown address and a wrong password get the same answer."""
    with database.reading() as connection:
        found = accounts.by_email(connection, email.strip())
    account, secret = found or (None, None)
    if not is_password(password, secret) or account is None or secret is None:
        raise NotSignedInError(
            "The e-mail address or the password is wrong.", code="wrong_credentials"
        )
    token = new_session_token()
    stronger = hash_password(password) if is_outdated(secret) else None

    def begin(tx: Transaction) -> None:
        if stronger is not None:
            accounts.replace_password_hash(tx.connection, account.id, stronger)
        accounts.open_session(
            tx.connection,
            account.id,
            token_hash=hash_of(token),
            user_agent=user_agent[:_LONGEST_AGENT],
        )

    database.transact(begin)
    return Login(account, token)


def log_out(tx: Transaction, session_id: UUID) -> None:
    """End the login."""
    accounts.close_session(tx.connection, session_id)


def note_use(tx: Transaction, visitor: SignedIn) -> None:
    """Note that the login or token was used, so that its owner can see which ones are."""
    see = accounts.see_token if visitor.expires_at is None else accounts.see_session
    see(tx.connection, visitor.credential_id)


def change_profile(
    tx: Transaction, queue: TaskQueue, user_id: UUID, changes: ProfileChanges
) -> Account:
    """Change what is given; another time zone means other totals for "today"."""
    zone = changes.time_zone
    if zone is not None and not is_time_zone(zone):
        problem = f"{zone!r} is not a time zone. Write it as Europe/Prague or UTC."
        raise InvalidInputError(
            problem, code="unknown_time_zone", errors=[{"field": "timeZone", "detail": problem}]
        )
    account = accounts.change_user(tx.connection, user_id, changes)
    if zone is not None:
        dashboards.mark_due(tx.connection, user_id)
        tx.after_commit(lambda: queue.ask_dashboard(user_id))
    return account


def promote(tx: Transaction, user_id: UUID) -> None:
    """Make the account an administrator's."""
    accounts.promote(tx.connection, user_id)


def create_token(tx: Transaction, user_id: UUID, *, name: str) -> NewToken:
    """Make a token for a script."""
    token = new_api_token()
    token_id = accounts.add_token(tx.connection, user_id, name=name, token_hash=hash_of(token))
    return NewToken(token_id, token)


def revoke_token(tx: Transaction, user_id: UUID, token_id: UUID) -> None:
    """Make the token worthless."""
    if not accounts.drop_token(tx.connection, user_id, token_id):
        raise NotFoundError("You have no such token.")


def _checked_address(email: str) -> str:
    address = email.strip()
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        problem = f"{address[:80]!r} is not an e-mail address."
        raise InvalidInputError(
            problem, code="invalid_email", errors=[{"field": "email", "detail": problem}]
        )
    return address
