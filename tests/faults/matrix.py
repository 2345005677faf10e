"""The register of rows, and how one is played."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from tests.faults.ledger import Entry
from tests.faults.plant import Plant

Play = Callable[[Plant, Entry], None]

#: The modules that hold rows.
_MODULES = ("workers", "resources", "servers", "broker", "dispatching", "people", "announcing")


@dataclass(frozen=True)
class Row:
    """One row of the matrix."""

    number: str
    title: str
    play: Play


ROWS: dict[str, Row] = {}


def row(number: str, title: str) -> Callable[[Play], Play]:
    """Register a function as the row *number* of the matrix."""

    def register(play: Play) -> Play:
        ROWS[number] = Row(number, title, play)
        return play

    return register


def all_rows() -> list[Row]:
    """Return every row in the order of the matrix."""
    for module in _MODULES:
        import_module(f"tests.faults.rows.{module}")
    return sorted(ROWS.values(), key=lambda each: (int(each.number.rstrip("abc")), each.number))


def play(plant: Plant, each: Row) -> Entry:
    """Play a row; whatever it raises is a complaint, so that the others are played too."""
    # In the short form other tests run beside it, and seconds say nothing.
    entry = Entry(each.number, each.title, timed=plant.long)
    try:
        each.play(plant, entry)
    except Exception as problem:
        entry.complaints.append(f"{type(problem).__name__}: {problem}")
    return entry
