"""How our values look in JSON: camelCase names, RFC 3339 times, no unknown field."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel


def rfc3339(moment: datetime) -> str:
    """Return *moment* in UTC with milliseconds, such as 2026-11-22T19:53:08.123Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Timestamp = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


class Wire(BaseModel):
    """A value that crosses the network; a field that nobody declared is refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )

    def to_json(self) -> dict[str, object]:
        """Return the value as JSON types, optional fields that are None left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
