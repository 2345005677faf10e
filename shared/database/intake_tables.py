"""The tables beside images and runs: how files come in, and what runs compute with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.columns import Base, BigInt, Identifier, Moment, one_of
from shared.database.tables import CASCADE
from shared.domain.ingests import IngestStatus
from shared.domain.uploads import UploadState


class EnvironmentRow(Base):
    """What a worker computes with; many runs have the same, so each is stored once."""

    __tablename__ = "environments"

    digest: Mapped[str] = mapped_column(primary_key=True)
    described: Mapped[dict[str, Any]]
    first_seen_at: Mapped[Moment]


class IngestRow(Base):
    """An archive whose members become images of a project: the row is the job."""

    __tablename__ = "ingests"
    __table_args__ = (
        Index(
            "ix_ingests_due_at", "due_at", postgresql_where=text("status IN ('queued', 'running')")
        ),
        one_of("status", IngestStatus),
        CheckConstraint("(status = 'running') = (token IS NOT NULL)", name="running_is_held"),
    )

    id: Mapped[Identifier]
    project_id: Mapped[UUID] = mapped_column(
        ForeignKey("projects.id", ondelete=CASCADE), index=True
    )
    user_id: Mapped[UUID]  #: Who uploaded it.
    filename: Mapped[str]
    storage_key: Mapped[str]
    members: Mapped[int]  #: How many files it holds.
    op_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=IngestStatus.QUEUED)
    position: Mapped[int] = mapped_column(server_default="0")  #: So many members are judged.
    images: Mapped[int] = mapped_column(server_default="0")  #: So many images came of them.
    duplicates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    rejected: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    detail: Mapped[str | None]  #: Why it failed as a whole.
    attempt: Mapped[int] = mapped_column(server_default="0")  #: Claims since the last progress.
    token: Mapped[UUID | None]  #: The right to go on with it; new with each claim.
    due_at: Mapped[Moment]  #: From when on its message, or its worker, is taken for lost.
    created_at: Mapped[Moment]
    finished_at: Mapped[datetime | None]


class UploadRow(Base):
    """A file that comes in over the time it takes; its parts lie in storage."""

    __tablename__ = "uploads"
    __table_args__ = (
        Index("ix_uploads_expires_at", "expires_at"),
        Index(
            "ix_uploads_user_id",
            "user_id",
            postgresql_where=text("state IN ('receiving', 'finishing')"),
        ),
        Index("ix_uploads_due_at", "due_at", postgresql_where=text("state = 'finishing'")),
        one_of("state", UploadState),
        CheckConstraint("received BETWEEN 0 AND length", name="received_within_length"),
        CheckConstraint("(writer IS NULL) = (writer_until IS NULL)", name="writer_has_a_lease"),
        CheckConstraint("state = 'receiving' OR received = length", name="whole_before_finishing"),
        CheckConstraint(
            "(state = 'done') = (image_ids IS NOT NULL OR batch_id IS NOT NULL)",
            name="done_is_there",
        ),
        CheckConstraint(
            "(state = 'refused') = (refusal_code IS NOT NULL)", name="refused_says_why"
        ),
    )

    id: Mapped[Identifier]
    project_id: Mapped[UUID] = mapped_column(
        ForeignKey("projects.id", ondelete=CASCADE), index=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete=CASCADE))
    filename: Mapped[str]
    relative_path: Mapped[str | None]
    length: Mapped[BigInt]
    received: Mapped[BigInt] = mapped_column(server_default="0")
    parts: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default="{}")  #: In their order.
    sha256: Mapped[str | None]  #: What its sender says that the whole of it has.
    metadata_sent: Mapped[str] = mapped_column("metadata")  #: As it was sent, to be told again.
    op_id: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=UploadState.RECEIVING)
    writer: Mapped[UUID | None]  #: The request that is at it; new with each.
    writer_until: Mapped[datetime | None]  #: From then on it is taken for dead.
    attempt: Mapped[int] = mapped_column(server_default="0")  #: How often it was to be finished.
    due_at: Mapped[Moment]  #: From when on the scheduler finishes it.
    image_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid()))
    duplicate: Mapped[bool] = mapped_column(server_default=text("false"))  #: It was there already.
    batch_id: Mapped[UUID | None]  #: The ingest of an archive.
    refusal_code: Mapped[str | None]
    refusal_detail: Mapped[str | None]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime]
