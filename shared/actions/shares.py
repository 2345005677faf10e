"""Share a project, come in, leave, and end a share for all who came in by it."""

from uuid import UUID

from sqlalchemy.engine import RowMapping

from shared.actions.accounts import checked_address
from shared.actions.activities import record_project_act
from shared.actions.announcing import changing_members
from shared.database import accounts, shares
from shared.database.shares import Offer
from shared.database.transaction import Transaction
from shared.domain.accounts import Account, ShareStatus
from shared.domain.activities import ActivityType
from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError
from shared.pausing import pause

#: The one answer to a token that is made up, withdrawn, over, or for somebody else.
DEAD = "This invitation does not exist, has ended, or is for another e-mail address."

#: What gives, or may still give, access.
OPEN = (ShareStatus.PENDING, ShareStatus.ACCEPTED)


def share_project(tx: Transaction, project_id: UUID, offered: Offer) -> tuple[UUID, bool]:
    """Share the project; return the share's id and whether it is a new one.

    An address has one open share: sharing with it again changes the role and the end.
    """
    if offered.email is not None:
        checked_address(offered.email)
    with changing_members(tx, project_id) as project:
        owner = accounts.email_of(tx.connection, project.owner_id)
        if offered.email is not None and offered.email.lower() == owner.lower():
            problem = "This is your own address; the project is yours already."
            raise InvalidInputError(
                problem, code="own_address", errors=[{"field": "email", "detail": problem}]
            )
        share_id, is_new = shares.offer(tx.connection, project_id, offered)
    if is_new:
        record_project_act(tx, ActivityType.PROJECT_SHARED, project)
    return share_id, is_new


def accept_share(tx: Transaction, share_id: UUID, account: Account) -> UUID:
    """Let the account into the project; return the project's id. Accepting twice is once."""
    found = _admitting(tx, share_id, account)
    pause("share.before_lock")
    with changing_members(tx, found["project_id"]):
        _admitting(tx, share_id, account)  # It may have ended while we waited for the lock.
        shares.join(tx.connection, share_id, account.id)
    project_id: UUID = found["project_id"]
    return project_id


def revoke_share(tx: Transaction, project_id: UUID, share_id: UUID) -> None:
    """End the share for all who came in by it; ending it again changes nothing."""
    with changing_members(tx, project_id):
        if not shares.revoke(tx.connection, project_id, share_id):
            raise NotFoundError("This project has no such share.")


def leave_project(tx: Transaction, project_id: UUID, account: Account) -> None:
    """Let a member out, by whatever shares they came in."""
    with changing_members(tx, project_id) as project:
        if project.owner_id == account.id:
            raise ConflictError(
                "This is your own project; you can delete it, not leave it.", code="own_project"
            )
        shares.leave(tx.connection, project_id, account.id)


def admits(found: RowMapping | None, account: Account) -> bool:
    """Tell whether an invitation is open and for this account."""
    if found is None or found["status"] not in OPEN:
        return False
    address: str | None = found["email"]
    return address is None or address.lower() == account.email.lower()


def _admitting(tx: Transaction, share_id: UUID, account: Account) -> RowMapping:
    found = shares.invitation(tx.connection, share_id)
    if found is not None and found["owner_id"] == account.id:
        raise ConflictError("This is your own project; you are in it.", code="own_project")
    if found is None or not admits(found, account):
        raise NotFoundError(DEAD)
    return found
