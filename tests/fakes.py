"""Twins of what a process works with; they keep what they were given."""

from dataclasses import dataclass, field
from pathlib import Path

from shared.domain.engines import Modality
from shared.domain.errors import RejectedFileError, UnavailableError
from shared.domain.images import RejectionCode
from shared.messaging.ports import TicketHolder
from shared.reading.facts import ImageFacts
from shared.reading.formats import ImageFormat
from shared.reading.inspection import Inspection


@dataclass
class FakeInspector:
    """Takes every file for a small PNG, but for those whose name says otherwise."""

    inspected: list[str] = field(default_factory=list)
    pages: int = 1

    def inspect(
        self, path: Path, filename: str, *, max_bytes: int, max_pixels: int, page: int = 0
    ) -> Inspection:
        self.inspected.append(filename)
        if "broken" in filename:
            raise RejectedFileError(f"{filename} is broken.", code=RejectionCode.UNREADABLE_IMAGE)
        if path.stat().st_size == 0:
            raise RejectedFileError(f"{filename} is empty.", code=RejectionCode.EMPTY)
        facts = ImageFacts(ImageFormat.PNG, 8, 8, channels=1, bit_depth=8, pages=self.pages)
        return Inspection(facts, thumbnail=b"thumbnail", modality=Modality.NUCLEI_FLUO)


class TicketsWithoutRedis:
    """Tickets while Redis is away."""

    def issue(self, holder: TicketHolder) -> str:
        raise UnavailableError("live updates are away, try again")

    def redeem(self, ticket: str) -> TicketHolder | None:
        raise UnavailableError("tickets cannot be read")
