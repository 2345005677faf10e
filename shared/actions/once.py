"""Do what was asked once, however often its sender asks: by the key that each asking shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from shared.database import idempotency
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.errors import ConflictError, InvalidInputError

#: How long a repeat is answered; later it is a request like any other.
KEPT_HOURS = 24

#: What an action came to, as JSON has it.
Outcome = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that its sender may repeat; `request` is the digest of all that it says."""

    user_id: UUID
    key: str
    request: bytes


def once(
    tx: Transaction, asking: Asking | None, act: Callable[[Transaction], Outcome]
) -> tuple[Outcome, bool]:
    """Act, or return what the first such asking came to; the second value tells that it was.

    The key is kept by the very transaction that acts: both are there or neither, and who repeats
    while the first is under way waits for it. What is refused keeps no key, so it may be asked
    again. Without *asking* there is no key, and it simply acts.
    """
    if asking is None:
        return act(tx), False
    if not _claimed(tx, asking):
        return _earlier(tx, asking), True
    outcome = act(tx)
    idempotency.keep(tx.connection, asking.user_id, asking.key, outcome)
    return outcome, False


def forget_old_keys(database: Database) -> int:
    """Delete the keys that nobody will repeat; return how many."""
    return database.transact(lambda tx: idempotency.forget_old(tx.connection, KEPT_HOURS))


def _claimed(tx: Transaction, asking: Asking) -> bool:
    try:
        return idempotency.claim(tx.connection, asking.user_id, asking.key, asking.request)
    except OperationalError as failure:
        if not isinstance(failure.orig, LockNotAvailable):
            raise
        raise ConflictError(
            "The first request with this Idempotency-Key is still being carried out. "
            "Repeat it in a moment.",
            code="idempotency_key_in_use",
        ) from failure


def _earlier(tx: Transaction, asking: Asking) -> Outcome:
    row = idempotency.kept(tx.connection, asking.user_id, asking.key)
    if row is None or row["outcome"] is None:  # Its day ended between two statements.
        raise ConflictError(
            "This Idempotency-Key has just ended. Use a new one.", code="idempotency_key_ended"
        )
    if bytes(row["request"]) != asking.request:
        raise InvalidInputError(
            "This Idempotency-Key was used for another request. Use a new one for each.",
            code="idempotency_key_reused",
        )
    outcome: Outcome = row["outcome"]
    return outcome
