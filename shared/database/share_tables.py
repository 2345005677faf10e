"""The tables of sharing: what is offered, and who came in by it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.columns import Base, Identifier, Moment, one_of
from shared.database.tables import CASCADE
from shared.domain.accounts import Role


class ProjectShareRow(Base):
    """What an owner offers in a project: to one address, or to whoever holds the link."""

    __tablename__ = "project_shares"
    __table_args__ = (
        Index(
            "uq_project_shares_one_open_per_address",
            "project_id",
            text("lower(email)"),
            unique=True,
            postgresql_where=text("revoked_at IS NULL AND email IS NOT NULL"),
        ),
        one_of("role", Role),
        CheckConstraint("role <> 'owner'", name="not_owner"),
    )

    id: Mapped[Identifier]
    project_id: Mapped[UUID] = mapped_column(
        ForeignKey("projects.id", ondelete=CASCADE), index=True
    )
    email: Mapped[str | None]  #: NULL is a link.
    role: Mapped[str]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[Moment]
    accepted_at: Mapped[datetime | None]  #: When somebody first came in by it.
    revoked_at: Mapped[datetime | None]


class MembershipRow(Base):
    """Somebody who came in by a share; what they may do, and until when, the share says."""

    __tablename__ = "memberships"

    share_id: Mapped[UUID] = mapped_column(
        ForeignKey("project_shares.id", ondelete=CASCADE), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete=CASCADE), primary_key=True, index=True
    )
    joined_at: Mapped[Moment]
