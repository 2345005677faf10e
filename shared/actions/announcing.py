"""Leave, in the transaction of a change, what people and relays must know of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from shared.database import access, outbox, projects
from shared.database.projects import Brief
from shared.database.transaction import Transaction
from shared.domain.accounts import Role
from shared.domain.channels import Channel, ChannelKind
from shared.domain.control import CONTROL, Order, Revoke
from shared.domain.errors import NotFoundError
from shared.domain.events import AccessChange, ProjectAccessChange


def order(tx: Transaction, what: Order) -> None:
    """Have every relay do *what*."""
    written = what.model_dump_json(by_alias=True, exclude_none=True)
    outbox.leave_order(tx.connection, str(CONTROL), what.type, written)


def tell(
    tx: Transaction,
    user_id: UUID,
    project: Brief,
    change: AccessChange,
    role: Role | None = None,
) -> None:
    """Tell one person, on all their pages, what became of a project for them."""
    event = ProjectAccessChange(
        project_id=project.id,
        change=change,
        role=role,
        title=project.title,
        timestamp=datetime.now(UTC),
    )
    written = event.model_dump_json(by_alias=True, exclude_none=True)
    channel = Channel(ChannelKind.USER, user_id)
    outbox.leave_message(tx.connection, str(channel), event.type, written)


def tell_everybody(tx: Transaction, project: Brief, change: AccessChange) -> None:
    """Tell the owner and all members of a project."""
    members = {project.owner_id: Role.OWNER} | access.members_of(tx.connection, project.id)
    for user_id, role in members.items():
        tell(tx, user_id, project, change, role)


def cut_off(tx: Transaction, project_id: UUID, user_ids: Iterable[UUID]) -> None:
    """Have relays send these people nothing more of the project."""
    now = datetime.now(UTC)
    for user_id in user_ids:
        order(tx, Revoke(user_id=user_id, project_id=project_id, at=now))


@contextmanager
def changing_members(tx: Transaction, project_id: UUID) -> Iterator[Brief]:
    """Keep other changes of the project's members away; tell each whose role is another then.

    What is told is the difference, not the act: who comes in by a second share, or loses one of
    two, learns of it only when it changes what they may do.
    """
    project = projects.lock_open(tx.connection, project_id)
    if project is None:
        raise NotFoundError("This project does not exist, or you have no access to it.")
    before = access.members_of(tx.connection, project_id)
    yield project
    after = access.members_of(tx.connection, project_id)
    for user_id in before.keys() | after.keys():
        _tell_difference(tx, project, user_id, before.get(user_id), after.get(user_id))


def _tell_difference(
    tx: Transaction, project: Brief, user_id: UUID, was: Role | None, now: Role | None
) -> None:
    if was == now:
        return
    if now is None:
        tell(tx, user_id, project, AccessChange.REVOKED)
        cut_off(tx, project.id, [user_id])
        return
    change = AccessChange.SHARED if was is None else AccessChange.ROLE_CHANGED
    tell(tx, user_id, project, change, now)
