"""What the dashboard asks for beside its numbers."""

from uuid import UUID

from pydantic import Field, field_validator

from shared.domain.throughput import Span
from shared.domain.wire import Wire
from web.api.requests import LONGEST_IDS, identifiers


class ThroughputQuery(Wire):
    """How far to look back."""

    span: Span = Span.DAY


class WaitingQuery(Wire):
    """Which projects, parted by commas."""

    projects: str = Field(max_length=LONGEST_IDS, pattern=r"^[0-9a-fA-F,-]*$")

    @field_validator("projects")
    @classmethod
    def _identifiers(cls, written: str) -> str:
        return identifiers(written)

    @property
    def project_ids(self) -> list[UUID]:
        return [UUID(word) for word in self.projects.split(",") if word]
