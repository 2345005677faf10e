"""What a row did and what came of it, and the table of all rows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

HEADER = ("row", "injected", "images", "lost", "double", "stuck", "recovery p50 / max", "verdict")
_TITLE_WIDTH = 58


@dataclass
class Entry:
    """The account of one row."""

    row: str
    title: str
    injected: int = 0  #: Faults.
    images: int = 0  #: That were looked at afterwards.
    lost: int = 0  #: Images without the end that they should have.
    double: int = 0  #: Completions that were counted more than once.
    stuck: int = 0  #: Images without an end when patience was over.
    overlaps: int = 0  #: Executions that began while a living one was at the same image.
    started_again: int = 0  #: Executions beyond the first of an image: paid, never counted.
    recoveries: list[float] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    timed: bool = True  #: Recoveries are judged: the machine has nothing else to do.

    def expect(self, condition: bool, complaint: str) -> None:
        """Keep the complaint unless the condition holds."""
        if not condition:
            self.complaints.append(complaint)

    def recovered(self, seconds: float, *, within: float) -> None:
        """Note how long a recovery took, and complain when it was too long."""
        self.recoveries.append(seconds)
        in_time = seconds <= within or not self.timed
        self.expect(in_time, f"recovery took {seconds:.1f} s, more than {within:g} s")

    @property
    def passed(self) -> bool:
        return not (self.lost or self.double or self.stuck or self.overlaps or self.complaints)

    @property
    def verdict(self) -> str:
        return "pass" if self.passed else "FAIL"

    @property
    def recovery(self) -> str:
        if not self.recoveries:
            return "-"
        return f"{median(self.recoveries):.1f} / {max(self.recoveries):.1f} s"

    def cells(self) -> tuple[str, ...]:
        """Return the entry as a row of the table."""
        numbers = (self.injected, self.images, self.lost, self.double, self.stuck)
        return (f"{self.row:>3} {self.title}", *map(str, numbers), self.recovery, self.verdict)

    def to_json(self) -> dict[str, Any]:
        """Return the entry as it stands in faults.json."""
        return asdict(self) | {"verdict": self.verdict}


def total(entries: Sequence[Entry]) -> Entry:
    """Return the sum of all entries."""
    return Entry(
        row="",
        title="all rows",
        injected=sum(entry.injected for entry in entries),
        images=sum(entry.images for entry in entries),
        lost=sum(entry.lost for entry in entries),
        double=sum(entry.double for entry in entries),
        stuck=sum(entry.stuck for entry in entries),
        overlaps=sum(entry.overlaps for entry in entries),
        started_again=sum(entry.started_again for entry in entries),
        complaints=[complaint for entry in entries for complaint in entry.complaints],
    )


def line(cells: Sequence[str]) -> str:
    """Return a line of the table."""
    title, *numbers, recovery, verdict = cells
    columns = " ".join(f"{number:>8}" for number in numbers)
    return f"{title[:_TITLE_WIDTH]:<{_TITLE_WIDTH}} {columns}  {recovery:>20}  {verdict}"
