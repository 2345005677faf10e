"""What a format is: given one image after the other, it says which files go into the ZIP."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Flag, auto
from typing import ClassVar

from shared.exporting.records import ExportedImage, ProjectRecord


class Needs(Flag):
    """What of an image a format reads; all of it is read before any format is given the image."""

    NOTHING = 0
    OBJECTS = auto()
    LABELS = auto()
    PIXELS = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the ZIP."""

    path: str
    pieces: Iterable[bytes]
    is_packed: bool = False  #: Compressed by its own format already.


class Format:
    """Base of the formats; one lives as long as one export.

    An export of a million objects is never in memory: what belongs into one file for all
    images is kept in a `Spool` until `finish`.
    """

    needs: ClassVar[Needs] = Needs.NOTHING

    def __init__(self, project: ProjectRecord) -> None:
        self.project = project

    def add(self, image: ExportedImage) -> Iterator[Entry]:
        """Take in an image; yield its own files, which are written before the next image."""
        del image
        return iter(())

    def finish(self) -> Iterator[Entry]:
        """Yield the files that stand for all images."""
        return iter(())

    def close(self) -> None:
        """Give back what it holds; called however the export ended."""
