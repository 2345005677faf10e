"""Tell everybody something that belongs to no project, such as a maintenance to come."""

from datetime import UTC, datetime, timedelta

from shared.database import notices
from shared.database.transaction import Transaction
from shared.domain.errors import InvalidInputError, NotFoundError
from shared.domain.events import Notice, NoticeLevel

LONGEST_TEXT = 300


def post_notice(
    tx: Transaction, said: str, *, code: str, level: NoticeLevel, lasting: timedelta
) -> None:
    """Show the sentence on every page from now on, and for *lasting* on each that is opened."""
    notice = _notice(said, code, level)
    notices.post(tx.connection, notice, notice.timestamp + lasting)
    notices.tell_everybody(tx.connection, notice)


def end_notice(tx: Transaction, said: str, *, code: str) -> None:
    """Take the notice from every page, and say why once."""
    if not notices.end(tx.connection, code):
        raise NotFoundError(f"There is no notice {code!r} now.")
    notices.tell_everybody(tx.connection, _notice(said, code, NoticeLevel.INFO))


def _notice(said: str, code: str, level: NoticeLevel) -> Notice:
    sentence = " ".join(said.split())
    if not 0 < len(sentence) <= LONGEST_TEXT:
        raise InvalidInputError(f"Write a sentence of 1 to {LONGEST_TEXT} characters.")
    return Notice(level=level, code=code, text=sentence, timestamp=datetime.now(UTC))
