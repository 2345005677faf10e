"""One export from its first image to its last byte."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import reduce
from operator import or_
from uuid import UUID

from shared.domain.errors import RejectedFileError
from shared.domain.exports import ExportFormat
from shared.exporting.entries import Entry, Format, Needs
from shared.exporting.readme import Readme
from shared.exporting.records import ExportedImage, ProjectRecord
from shared.exporting.registry import formats_of, with_provenance
from shared.storage import MissingFileError

DELETED = "it was deleted while the export was made"
MISSING = "a stored file of it is missing; segment it again, or upload it again"


@dataclass(frozen=True, slots=True)
class Gone:
    """An image of the export's moment that is no more."""

    name: str


class Writing:
    """Writes an export; counts what it could not take in.

    *is_there* tells whether an image, whose file is missing, has not been deleted.
    """

    def __init__(
        self,
        project: ProjectRecord,
        formats: Iterable[ExportFormat],
        *,
        is_there: Callable[[UUID], bool],
    ) -> None:
        self._project = project
        self._is_there = is_there
        self._names = with_provenance(formats)
        self._readme = Readme(project, self._names)
        self._columns: dict[str, None] = {}

    @property
    def left_out(self) -> int:
        """How many images are not in the export though they were there at its moment."""
        return len(self._readme.left_out)

    def entries(
        self, images: Iterable[ExportedImage | Gone], *, each: Callable[[], None]
    ) -> Iterator[Entry]:
        """Yield the files in the order in which they are written, calling *each* after an image.

        An image that was deleted, or whose files are, is left out of every format alike: all
        that they need is read before the first of them is given it.
        """
        with ExitStack() as open_formats:
            formats = formats_of(self._names, self._project)
            for one in formats:
                open_formats.enter_context(closing(one))
            needs = reduce(or_, (one.needs for one in formats))
            for image in images:
                yield from self._taken_in(image, formats, needs)
                each()
            for one in formats:
                yield from one.finish()
            yield self._readme.entry(self._columns)

    def _taken_in(
        self, image: ExportedImage | Gone, formats: list[Format], needs: Needs
    ) -> Iterator[Entry]:
        if isinstance(image, Gone):
            self._readme.leave_out(image.name, DELETED)
            return
        try:
            self._read(image, needs)
        except MissingFileError:
            reason = MISSING if self._is_there(image.record.id) else DELETED
            self._readme.leave_out(image.record.name, reason)
            return
        except RejectedFileError as refusal:
            self._readme.leave_out(image.record.name, refusal.detail)
            return
        self._readme.image_count += 1
        self._readme.without_result += not image.has_result
        for one in formats:
            yield from one.add(image)

    def _read(self, image: ExportedImage, needs: Needs) -> None:
        if not image.has_result:
            return
        if Needs.OBJECTS in needs:
            self._columns |= dict.fromkeys(image.columns.column_names)
        if Needs.LABELS in needs:
            _ = image.labels
        if Needs.PIXELS in needs:
            _ = image.pixels
