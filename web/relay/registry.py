"""The sockets of this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from web.relay.session import Session


class Registry:
    """Every open socket, and which of them belong to one user, oldest first."""

    def __init__(self) -> None:
        self._sessions: set[Session] = set()
        self._by_user: dict[UUID, dict[Session, None]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions))

    def add(self, session: Session) -> None:
        """Keep a socket that was just opened."""
        self._sessions.add(session)

    def sign_in(self, session: Session, user_id: UUID) -> None:
        """Note whose socket it is."""
        self._by_user.setdefault(user_id, {})[session] = None

    def of_user(self, user_id: UUID) -> list[Session]:
        """Return all sockets of a user, oldest first."""
        return list(self._by_user.get(user_id, ()))

    def remove(self, session: Session, user_id: UUID | None) -> None:
        """Forget a socket that is gone."""
        self._sessions.discard(session)
        if user_id is None:
            return
        sessions = self._by_user.get(user_id, {})
        sessions.pop(session, None)
        if not sessions:
            self._by_user.pop(user_id, None)
