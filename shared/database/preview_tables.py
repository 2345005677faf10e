"""The table of previews; nothing but the page that asked depends on a row."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.database.columns import Base, Identifier, Moment, one_of
from shared.database.tables import CASCADE
from shared.domain.previews import PreviewStatus


class PreviewRow(Base):
    """What an engine would find in the middle of an image."""

    __tablename__ = "previews"
    __table_args__ = (one_of("status", PreviewStatus),)

    id: Mapped[Identifier]
    image_id: Mapped[UUID] = mapped_column(ForeignKey("images.id", ondelete=CASCADE), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete=CASCADE), index=True)
    engine: Mapped[str]
    engine_version: Mapped[str]
    params: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(server_default=PreviewStatus.QUEUED)
    found: Mapped[dict[str, Any] | None]  #: The part that was looked at, and its outlines.
    picture: Mapped[bytes | None]  #: Of the part, as WebP.
    detail: Mapped[str | None]  #: Why it failed.
    created_at: Mapped[Moment] = mapped_column(index=True)
