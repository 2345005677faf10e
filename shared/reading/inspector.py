"""Looks at uploaded files in child processes, so that no file can hurt the web process."""

from pathlib import Path
from types import TracebackType
from typing import Self

from shared.reading.children import ChildLateError, ChildLostError, Children
from shared.reading.display import THUMBNAIL_SIZE
from shared.reading.inspection import (
    AnyRequest,
    ArchiveRequest,
    Inspection,
    Request,
    TilesRequest,
    inspection_of,
    manifest_of,
    members_of,
)
from shared.reading.refusals import unreadable
from shared.reading.tiles import Manifest

DEFAULT_MEMORY = 4 << 30
DEFAULT_SECONDS = 20
_MODULE = "shared.reading.inspecting_child"


class Inspector:
    """Reads files in child processes; safe to use from many threads."""

    def __init__(
        self,
        children: int = 2,
        *,
        seconds: int = DEFAULT_SECONDS,
        memory_bytes: int = DEFAULT_MEMORY,
    ) -> None:
        self._seconds = seconds
        self._children = Children(_MODULE, children, seconds=seconds, memory_bytes=memory_bytes)

    def inspect(  # noqa: PLR0913 - named, each of them
        self,
        path: Path,
        filename: str,
        *,
        max_bytes: int,
        max_pixels: int,
        side: int = THUMBNAIL_SIZE,
        page: int = 0,
    ) -> Inspection:
        """Return what image *page* of the file is, or raise RejectedFileError naming *filename*.

        Its thumbnail has at most *side* pixels a side.
        """
        request = Request(str(path.absolute()), filename, max_bytes, max_pixels, side, page)
        return inspection_of(self._answer(request))

    def count_members(self, path: Path, filename: str, *, max_unpacked: int) -> int:
        """Return how many files an archive holds, or raise RejectedFileError naming *filename*."""
        request = ArchiveRequest(str(path.absolute()), filename, max_unpacked)
        return members_of(self._answer(request))

    def cut(
        self, path: Path, filename: str, *, max_pixels: int, page: int, target: Path
    ) -> Manifest:
        """Write image *page* of the file as tiles to *target*, or raise RejectedFileError."""
        asked = TilesRequest(
            str(path.absolute()), filename, max_pixels, page, str(target.absolute())
        )
        return manifest_of(self._answer(asked))

    def _answer(self, request: AnyRequest) -> bytes:
        try:
            return self._children.ask(request.to_line())
        except ChildLateError:
            reason = f"reading it takes longer than {self._seconds} seconds"
            raise unreadable(request.filename, reason) from None
        except ChildLostError:
            reason = "it is damaged, or needs more memory than one image may take"
            raise unreadable(request.filename, reason) from None

    def close(self) -> None:
        """End the children; those that are reading end after their file."""
        self._children.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
