"""Register, sign in and out, change a profile, hand out tokens."""

import re
from dataclasses import dataclass
from uuid import UUID

from shared.actions.announcing import order
from shared.config import is_time_zone
from shared.credentials.passwords import check_strength, hash_password, is_outdated, is_password
from shared.credentials.tokens import hash_of, new_api_token, new_session_token
from shared.database import accounts, dashboards, logins
from shared.database.accounts import NewToken, ProfileChanges, SignedIn
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.accounts import Account
from shared.domain.control import EndSession, EndUser
from shared.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
)
from shared.messaging.ports import TaskQueue
from shared.pausing import pause

_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_LONGEST_ADDRESS = 254
_LONGEST_AGENT = 300


@dataclass(frozen=True, slots=True)
class Login:
    """A login that just began; its token is shown to the browser and never stored."""

    account: Account
    token: str


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A script's token that was just made; it is shown once."""

    id: UUID
    token: str


def register(
    database: Database, *, email: str, name: str, password: str, is_admin: bool = False
) -> Account:
    """Make an account; refuse an address that has one, and a weak password."""
    address = checked_address(email)
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
        raise _wrong_credentials()
    token = new_session_token()
    stronger = hash_password(password) if is_outdated(secret) else None

    def begin(tx: Transaction) -> None:
        if logins.lock_secret(tx.connection, account.id) != secret:
            raise _wrong_credentials()  # The password was changed a moment ago.
        if stronger is not None:
            accounts.replace_password_hash(tx.connection, account.id, stronger)
        accounts.open_session(
            tx.connection,
            account.id,
            token_hash=hash_of(token),
            user_agent=user_agent[:_LONGEST_AGENT],
        )

    pause("login.before_begin")
    database.transact(begin)
    return Login(account, token)


def log_out(tx: Transaction, user_id: UUID, session_id: UUID) -> bool:
    """End a login, and with it its sockets; False when it had ended."""
    ended = logins.close_session(tx.connection, user_id, session_id)
    if ended:
        order(tx, EndSession(user_id=user_id, session_id=session_id))
    return ended


def end_session(tx: Transaction, user_id: UUID, session_id: UUID) -> None:
    """End a login that its owner chose from their list."""
    if not log_out(tx, user_id, session_id):
        raise NotFoundError("You have no such session.")


def end_other_sessions(tx: Transaction, user_id: UUID, kept_session: UUID) -> None:
    """End all logins of the account but one, their sockets included; tokens stay."""
    for session_id in logins.close_sessions(tx.connection, user_id, but=kept_session):
        order(tx, EndSession(user_id=user_id, session_id=session_id))


def change_password(
    database: Database, account: Account, *, current: str, new: str, kept_session: UUID | None
) -> None:
    """Change the password and end all other logins, their sockets included."""
    with database.reading() as connection:
        _, secret = accounts.by_email(connection, account.email) or (None, None)
    if not is_password(current, secret):
        raise ForbiddenError("The current password is wrong.", code="wrong_password")
    check_strength(new, email=account.email)
    hashed = hash_password(new)

    def change(tx: Transaction) -> None:
        if logins.lock_secret(tx.connection, account.id) != secret:
            raise ConflictError("The password was changed a moment ago.", code="password_changed")
        accounts.replace_password_hash(tx.connection, account.id, hashed)
        logins.close_sessions(tx.connection, account.id, but=kept_session)
        order(tx, EndUser(user_id=account.id, except_session_id=kept_session))

    pause("password.before_change")
    database.transact(change)


def note_use(tx: Transaction, visitor: SignedIn) -> None:
    """Note that the login or token was used, so that its owner can see which ones are."""
    see = accounts.see_session if visitor.token_scope is None else accounts.see_token
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


def create_token(tx: Transaction, user_id: UUID, wanted: NewToken) -> MadeToken:
    """Make a token for a script."""
    token = new_api_token()
    token_id = accounts.add_token(tx.connection, user_id, wanted, token_hash=hash_of(token))
    return MadeToken(token_id, token)


def revoke_token(tx: Transaction, user_id: UUID, token_id: UUID) -> None:
    """Make the token worthless."""
    if not accounts.drop_token(tx.connection, user_id, token_id):
        raise NotFoundError("You have no such token.")
    order(tx, EndSession(user_id=user_id, session_id=token_id))


def checked_address(email: str) -> str:
    """Return the e-mail address as it is kept; refuse what is none."""
    address = email.strip()
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        problem = f"{address[:80]!r} is not an e-mail address."
        raise InvalidInputError(
            problem, code="invalid_email", errors=[{"field": "email", "detail": problem}]
        )
    return address


def _wrong_credentials() -> NotSignedInError:
    return NotSignedInError(
        "The e-mail address or the password is wrong.", code="wrong_credentials"
    )
