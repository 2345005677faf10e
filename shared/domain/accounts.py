"""Who people are to a project, and what that lets them do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What somebody may do in a project."""

    OWNER = "owner"  #: Everything, also sharing and deleting it.
    EDITOR = "editor"  #: Upload, segment, edit and delete images.
    VIEWER = "viewer"  #: Look and export.

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do all that *other* may."""
        order = (Role.VIEWER, Role.EDITOR, Role.OWNER)
        return order.index(self) >= order.index(other)


class TokenScope(StrEnum):
    """What a script's token may do, each word including those before it."""

    READ = "read"  #: Look, export, download and watch; nothing changes by it.
    WRITE = "write"  #: Whatever its owner may do in projects.
    ALL = "all"  #: The account itself too: password, logins, tokens, leaving.

    def includes(self, other: "TokenScope") -> bool:
        """Tell whether this scope covers what needs *other*."""
        order = tuple(TokenScope)
        return order.index(self) >= order.index(other)


class ShareStatus(StrEnum):
    """Where an invitation stands; only an accepted one gives anything."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Account:
    """A person who is signed in, or whose token was shown."""

    id: UUID
    email: str
    name: str
    is_admin: bool
    time_zone: str
