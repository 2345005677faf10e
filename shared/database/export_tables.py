"""The table of exports: the row is the job, as it is for runs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from shared.database.columns import Base, BigInt, Identifier, Moment, one_of
from shared.database.tables import CASCADE
from shared.domain.events import ExportStatus
from shared.domain.exports import ExportFailure


class ExportRow(Base):
    """One request to export images of a project; it is its asker's alone.

    A trigger leaves its files to the janitor when it goes, with whatever it goes.
    """

    __tablename__ = "exports"
    __table_args__ = (
        Index("ix_exports_user_id_project_id_created_at", "user_id", "project_id", "created_at"),
        Index("ix_exports_project_id", "project_id"),
        Index(
            "ix_exports_active",
            "user_id",
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
        Index("ix_exports_expires_at", "expires_at"),
        one_of("status", ExportStatus),
        one_of("failure_code", ExportFailure),
        CheckConstraint(
            "(status = 'running') = (token IS NOT NULL AND lease_until IS NOT NULL)",
            name="running_holds_a_lease",
        ),
        CheckConstraint("(status = 'failed') = (failure_code IS NOT NULL)", name="failed_says_why"),
        CheckConstraint("(status = 'done') = (file_key IS NOT NULL)", name="done_has_a_file"),
        CheckConstraint(
            "(status IN ('queued', 'running')) = (finished_at IS NULL)", name="ended_says_when"
        ),
        CheckConstraint("attempt BETWEEN 0 AND max_attempts", name="attempts_capped"),
    )

    id: Mapped[Identifier]
    seq: Mapped[int] = mapped_column(BigInteger, Identity())  #: First come, first served.
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete=CASCADE))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete=CASCADE))
    formats: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    image_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid()))
    statuses: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    status: Mapped[str] = mapped_column(server_default=ExportStatus.QUEUED)
    attempt: Mapped[int] = mapped_column(server_default="0")
    max_attempts: Mapped[int]
    token: Mapped[UUID | None]  #: The right to write the outcome; new with each claim.
    lease_until: Mapped[datetime | None]
    worker: Mapped[str | None]
    pid: Mapped[int | None]
    not_before: Mapped[Moment]  #: Back-off: no attempt earlier than this.
    done: Mapped[int] = mapped_column(server_default="0")  #: Images that are written.
    total: Mapped[int] = mapped_column(server_default="0")  #: Images to write.
    detail: Mapped[str | None]  #: A sentence for the asker.
    failure_code: Mapped[str | None]
    file_key: Mapped[str | None]
    bytes: Mapped[BigInt | None]
    created_at: Mapped[Moment]
    dispatched_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  #: When it is forgotten, its file with it.
