"""The tables of counting: stats, deltas, buckets, dashboards, and what is to be told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from shared.database.columns import Base, BigInt, Identifier, Moment, Tally, one_of
from shared.database.tables import CASCADE
from shared.domain.activities import ActivityType

#: The statuses as columns; the order of the tally everywhere.
COUNTED = ("uploaded", "queued", "processing", "segmented", "no_objects", "failed")


class ProjectStatsRow(Base):
    """The counts of a project up to `version` deltas; inserted with the project."""

    __tablename__ = "project_stats"
    __table_args__ = (
        CheckConstraint(
            " AND ".join(f"{name} >= 0" for name in (*COUNTED, "objects")),
            name="not_negative",
        ),
        Index(
            "ix_project_stats_unpublished",
            "project_id",
            postgresql_where=text("published_version < version"),
        ),
    )

    project_id: Mapped[UUID] = mapped_column(
        ForeignKey("projects.id", ondelete=CASCADE), primary_key=True
    )
    version: Mapped[Tally]  #: The number of delta rows ever contained.
    published_version: Mapped[Tally]
    uploaded: Mapped[Tally]
    queued: Mapped[Tally]
    processing: Mapped[Tally]
    segmented: Mapped[Tally]
    no_objects: Mapped[Tally]
    failed: Mapped[Tally]
    objects: Mapped[Tally]
    last_updated: Mapped[Moment]
    last_image_added: Mapped[datetime | None]
    last_segmentation_completed: Mapped[datetime | None]
    folded_at: Mapped[datetime | None]
    reconciled_at: Mapped[datetime | None]  #: When the scheduler last compared it with the rows.
    #: The last announcement, so that a crash before publishing can repeat it.
    announcement: Mapped[dict[str, Any] | None]


class StatsDeltaRow(Base):
    """What one statement changed in one project; appended by triggers, taken by the fold.

    It has no foreign key: with one, deleting a project fails against its own deltas.
    """

    __tablename__ = "stats_deltas"

    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    #: When the statement ended, which is after every moment it wrote.
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    uploaded: Mapped[Tally]
    queued: Mapped[Tally]
    processing: Mapped[Tally]
    segmented: Mapped[Tally]
    no_objects: Mapped[Tally]
    failed: Mapped[Tally]
    objects: Mapped[Tally]
    uploads: Mapped[Tally]  #: Rows inserted.
    deletes: Mapped[Tally]  #: Rows deleted.
    completions: Mapped[Tally]  #: Rows whose current run became another.
    run_ms: Mapped[Tally]  #: The durations of those runs, summed.
    last_image_added: Mapped[datetime | None]
    last_segmentation_completed: Mapped[datetime | None]
    operation: Mapped[str | None]
    op_id: Mapped[str | None]
    affected: Mapped[Tally]
    image_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default="{}")


class ActivityBucketRow(Base):
    """Acts in a user's own projects by minute: "today" in any time zone is a sum.

    Charts of the last hour need the minutes; rows of releases before have quarter hours.
    """

    __tablename__ = "activity_buckets"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete=CASCADE), primary_key=True
    )
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    uploads: Mapped[Tally]
    completions: Mapped[Tally]
    run_ms: Mapped[Tally]


class DashboardRow(Base):
    """A user's totals as last announced; `due` asks for them to be computed again."""

    __tablename__ = "dashboards"
    __table_args__ = (Index("ix_dashboards_due", "user_id", postgresql_where=text("due")),)

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete=CASCADE), primary_key=True
    )
    version: Mapped[Tally]
    published_version: Mapped[Tally]
    metrics: Mapped[dict[str, Any] | None]  #: As last computed.
    announced: Mapped[dict[str, Any] | None]  #: As last published; changedFields compares with it.
    due: Mapped[bool] = mapped_column(server_default=text("true"))
    computed_at: Mapped[datetime | None]


class OutboxRow(Base):
    """A message of an event channel, written with the change it tells of."""

    __tablename__ = "outbox"
    #: Orders for relays go before all that waits.
    __table_args__ = (
        Index("ix_outbox_control", "id", postgresql_where=text("channel = 'control'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    channel: Mapped[str]
    type: Mapped[str]
    data: Mapped[dict[str, Any]]
    #: Batches whose runs ended, by how: what their entries in the feed grow by.
    outcomes: Mapped[dict[str, Any] | None]
    created_at: Mapped[Moment]


class ActivityRow(Base):
    """One entry of the feed of all members of its project.

    It names its project without a foreign key: that a project was deleted stays told.
    """

    __tablename__ = "activities"
    __table_args__ = (
        Index("ix_activities_project_id_at_id", "project_id", "at", "id"),
        Index("ix_activities_actor_id_at", "actor_id", "at"),
        Index(
            "ix_activities_actor_id_act",
            "actor_id",
            "act",
            postgresql_where=text("act IS NOT NULL"),
        ),
        Index("ix_activities_untold", "id", postgresql_where=text("untold")),
        Index("ix_activities_at", "at"),
        one_of("type", ActivityType),
    )

    id: Mapped[Identifier]
    version: Mapped[int] = mapped_column(server_default="1")  #: How often it was written.
    type: Mapped[str]
    project_id: Mapped[UUID | None]
    project_name: Mapped[str | None]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    actor_name: Mapped[str]
    act: Mapped[str | None]  #: What grows this entry: a batch, or one click's many requests.
    count: Mapped[int | None] = mapped_column(BigInteger)
    failed: Mapped[Tally]
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    untold: Mapped[bool] = mapped_column(server_default=text("false"))  #: Grown and not announced.
    told_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class FormerMemberRow(Base):
    """Somebody who was a member when the project was deleted; its history stays theirs to read."""

    __tablename__ = "former_members"
    __table_args__ = (Index("ix_former_members_project_id", "project_id"),)

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete=CASCADE), primary_key=True
    )
    project_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[Moment]


class DriftFoundRow(Base):
    """Counts that the scheduler found wrong and repaired; kept for good, for there should be none.

    It has no foreign key: what went wrong stays known after the project is gone.
    """

    __tablename__ = "drift_found"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    project_id: Mapped[UUID]
    differences: Mapped[dict[str, Any]]  #: For each wrong count, the rows less the tally.
    total: Mapped[BigInt]  #: Their absolute values, summed.
    found_at: Mapped[Moment]


class AuditRow(Base):
    """What a nightly audit found."""

    __tablename__ = "audits"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    offenders: Mapped[dict[str, Any]]  #: For each broken invariant, how many break it.
    finished_at: Mapped[Moment]


class DispatchStateRow(Base):
    """One row: since when the broker cannot be reached; the scheduler writes it when it changes."""

    __tablename__ = "dispatch_state"
    __table_args__ = (CheckConstraint("sole", name="one_row"),)

    sole: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    broker_failed_since: Mapped[datetime | None]
