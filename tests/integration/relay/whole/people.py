"""What is done to people's rows, as other processes do it."""

from uuid import UUID

from shared.database import shares
from shared.database.shares import Offer
from shared.domain.accounts import Role
from tests.integration.lab import Lab


def link(lab: Lab, project_id: UUID, role: Role) -> UUID:
    """Make a link that nobody came in by yet; return its share."""
    offered = Offer(None, role)
    return lab.database.transact(lambda tx: shares.offer(tx.connection, project_id, offered)[0])
