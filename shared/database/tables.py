"""The tables of work: who, which images, which runs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.columns import Base, BigInt, Identifier, Moment, one_of
from shared.domain.engines import Modality
from shared.domain.images import ImageStatus
from shared.domain.runs import FailureCode, RunStatus

CASCADE = "CASCADE"


class UserRow(Base):
    """A person who signs in."""

    __tablename__ = "users"
    __table_args__ = (Index("uq_users_email_lower", text("lower(email)"), unique=True),)

    id: Mapped[Identifier]
    email: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    is_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    preferences: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    deleting: Mapped[bool] = mapped_column(server_default=text("false"))  #: Gone but for its rows.
    created_at: Mapped[Moment]


class ProjectRow(Base):
    """A named collection of images with one owner."""

    __tablename__ = "projects"

    id: Mapped[Identifier]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete=CASCADE), index=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    pixel_size_um: Mapped[float | None]
    #: Which channels of its images are segmented, counted from 1; NULL is all.
    channels: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    deleting: Mapped[bool] = mapped_column(server_default=text("false"))  #: Hidden, being emptied.
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class ImageRow(Base):
    """One uploaded picture. Every change of it is counted by triggers; see migrations/sql."""

    __tablename__ = "images"
    __table_args__ = (
        UniqueConstraint("project_id", "sha256", "page"),
        Index("ix_images_project_id_created_at_id", "project_id", "created_at", "id"),
        Index("ix_images_project_id_status", "project_id", "status"),
        one_of("status", ImageStatus),
        one_of("modality", Modality),
        one_of("last_error_code", FailureCode),
        CheckConstraint("status <> 'segmented' OR object_count > 0", name="segmented_has_objects"),
        CheckConstraint("status <> 'no_objects' OR object_count = 0", name="no_objects_has_none"),
    )

    id: Mapped[Identifier]
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete=CASCADE))
    filename: Mapped[str]
    relative_path: Mapped[str | None]  #: Where it lay in the folder that was uploaded.
    sha256: Mapped[str]
    bytes: Mapped[BigInt]
    width: Mapped[int]
    height: Mapped[int]
    channels: Mapped[int]
    bit_depth: Mapped[int]
    pixel_size_um: Mapped[float | None]
    page: Mapped[int] = mapped_column(server_default="0")
    pages: Mapped[int] = mapped_column(server_default="1")  #: That its file has; they share it.
    modality: Mapped[str | None]  #: Guessed from the pixels; chooses the default engine.
    storage_key: Mapped[str]
    thumbnail_key: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=ImageStatus.UPLOADED)
    status_version: Mapped[BigInt] = mapped_column(server_default="1")
    #: No foreign key: its ON DELETE would fire the triggers once for each deleted run.
    current_run_id: Mapped[UUID | None]
    results: Mapped[int] = mapped_column(server_default="0")  #: How many it has had.
    object_count: Mapped[int | None]  #: Of the current run; NULL before the first result.
    run_ms: Mapped[BigInt] = mapped_column(server_default="0")  #: Duration of the current run.
    quality: Mapped[dict[str, Any] | None]  #: Quality of the current run.
    last_error_code: Mapped[str | None]
    last_error_detail: Mapped[str | None]
    created_at: Mapped[Moment]
    segmented_at: Mapped[datetime | None]


class BatchRow(Base):
    """One request to segment; its progress is counted from its runs."""

    __tablename__ = "batches"

    id: Mapped[Identifier]
    project_id: Mapped[UUID] = mapped_column(
        ForeignKey("projects.id", ondelete=CASCADE), index=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete=CASCADE))
    engine: Mapped[str]
    params: Mapped[dict[str, Any]]
    queued: Mapped[int]
    skipped: Mapped[int]
    created_at: Mapped[Moment]


class RunRow(Base):
    """One request to segment one image with one engine: the row is the job."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(
            "uq_runs_one_active_per_image",
            "image_id",
            unique=True,
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
        Index(
            "ix_runs_waiting",  # The dispatcher walks it user by user.
            "queue",
            "user_id",
            "priority",
            "seq",
            postgresql_where=text("status = 'queued' AND dispatched_at IS NULL"),
        ),
        Index(
            "ix_runs_oldest_waiting",  # Of each user, whatever its priority.
            "queue",
            "user_id",
            "seq",
            postgresql_where=text("status = 'queued' AND dispatched_at IS NULL"),
        ),
        Index(
            "ix_runs_in_flight",  # In the window: dispatched or running.
            "queue",
            "dispatched_at",
            postgresql_where=text("status IN ('queued', 'running') AND dispatched_at IS NOT NULL"),
        ),
        Index(
            "ix_runs_queue_started_at",  # Was a later one claimed?
            "queue",
            "started_at",
            postgresql_where=text("started_at IS NOT NULL"),
        ),
        Index("ix_runs_leases", "lease_until", postgresql_where=text("status = 'running'")),
        Index("ix_runs_image_id_seq", "image_id", "seq"),
        Index(
            "ix_runs_recipe",  # Was this very result made before?
            "recipe",
            postgresql_where=text("recipe IS NOT NULL AND status = 'succeeded'"),
        ),
        Index(
            "ix_runs_user_id_finished_at",
            "user_id",
            "finished_at",
            postgresql_where=text("status = 'succeeded'"),
        ),
        Index(
            "ix_runs_engine_finished_at",  # How long did it take lately?
            "engine",
            "finished_at",
            postgresql_where=text("status = 'succeeded'"),
        ),
        Index(
            "ix_runs_edited_finished_at",  # Which steps of a sitting are a day old?
            "finished_at",
            postgresql_where=text("edited"),
        ),
        one_of("status", RunStatus),
        one_of("failure_code", FailureCode),
        CheckConstraint(
            "(status = 'running') = (token IS NOT NULL AND lease_until IS NOT NULL)",
            name="running_holds_a_lease",
        ),
        CheckConstraint("(status = 'failed') = (failure_code IS NOT NULL)", name="failed_says_why"),
        CheckConstraint("(status = 'succeeded') = (result_path IS NOT NULL)", name="result"),
        CheckConstraint("attempt BETWEEN 0 AND max_attempts", name="attempts_capped"),
    )

    id: Mapped[Identifier]
    seq: Mapped[int] = mapped_column(BigInteger, Identity())  #: First come, first served.
    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete=CASCADE))
    project_id: Mapped[UUID] = mapped_column(index=True)  #: The image's, kept for questions.
    user_id: Mapped[UUID]  #: Who asked; fairness is between users.
    batch_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("batches.id", ondelete="SET NULL"), index=True
    )
    engine: Mapped[str]
    engine_version: Mapped[str]
    params: Mapped[dict[str, Any]]
    choice: Mapped[dict[str, Any] | None]  #: Choice; NULL when the engine was named.
    channels: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))  #: As of the project.
    pixel_size_um: Mapped[float | None]  #: With which it was measured; known from the claim on.
    weights_sha256: Mapped[str | None]
    environment: Mapped[str | None]  #: Of the last claim: the digest of an EnvironmentRow.
    recipe: Mapped[str | None]  #: Digest of all that decides the result; see docs/provenance.md.
    fresh: Mapped[bool] = mapped_column(server_default=text("false"))  #: No earlier result will do.
    repeats: Mapped[UUID | None]  #: The run that is done again exactly.
    taken_from: Mapped[UUID | None]  #: The run whose result this one's is a copy of.
    edited: Mapped[bool] = mapped_column(server_default=text("false"))  #: Somebody drew it.
    edits: Mapped[UUID | None]  #: The run whose result that began from.
    version: Mapped[int | None]  #: Which of the image's results this run's is, from 1.
    base_run_id: Mapped[UUID | None]  #: Whose result was shown when it was claimed first.
    outrun_by: Mapped[UUID | None]  #: The edit because of which its result is not shown.
    queue: Mapped[str]
    soft_seconds: Mapped[int]
    hard_seconds: Mapped[int]
    priority: Mapped[int] = mapped_column(server_default="5")  #: Lower goes first.
    status: Mapped[str] = mapped_column(server_default=RunStatus.QUEUED)
    attempt: Mapped[int] = mapped_column(server_default="0")
    max_attempts: Mapped[int]
    token: Mapped[UUID | None]  #: The right to write the outcome; new with each claim.
    lease_until: Mapped[datetime | None]
    worker: Mapped[str | None]
    pid: Mapped[int | None]
    tiles_done: Mapped[int | None]  #: Of this attempt; NULL until its worker told.
    tiles_total: Mapped[int | None]
    not_before: Mapped[Moment]  #: Back-off: no attempt earlier than this.
    retried_because: Mapped[str | None]  #: The FailureCode of the attempt before.
    created_at: Mapped[Moment]
    dispatched_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None]
    object_count: Mapped[int | None]
    quality: Mapped[dict[str, Any] | None]  #: Quality, as measured when it was made.
    failure_code: Mapped[str | None]
    failure_detail: Mapped[str | None]
    result_path: Mapped[str | None]  #: The folder of storage that holds the run's token.


class WorkerHeartbeatRow(Base):
    """A worker that is alive; its slots size the window of dispatch."""

    __tablename__ = "worker_heartbeats"

    worker: Mapped[str] = mapped_column(primary_key=True)
    queues: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    slots: Mapped[int]
    busy: Mapped[int]
    engines: Mapped[list[str]] = mapped_column(ARRAY(TEXT), server_default="{}")
    started_at: Mapped[Moment]
    seen_at: Mapped[Moment]


class EngineRow(Base):
    """An engine as the workers that have it declare it, so that web need not import it."""

    __tablename__ = "engines"

    name: Mapped[str] = mapped_column(primary_key=True)
    #: EngineSpec; NULL: it cannot be loaded. Not JSONB, which forgets the order of parameters.
    spec: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    available: Mapped[bool]
    reason: Mapped[str | None]  #: Why it is not available.
    seen_at: Mapped[Moment]


class FileDeletionRow(Base):
    """Files of storage that nothing points to any more; the janitor removes them."""

    __tablename__ = "file_deletions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    path: Mapped[str]  #: A key, or a folder when it ends with a slash.
    created_at: Mapped[Moment]
    due_at: Mapped[Moment] = mapped_column(index=True)  #: Not earlier: somebody may still write.
