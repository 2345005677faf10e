"""Keep a claim alive while the files it is about are looked at."""

from collections.abc import Callable
from pathlib import Path

from shared.actions.ingest_archive import CountsMembers
from shared.reading.inspection import Inspection


class HeldInspector:
    """An inspector that renews a claim between the files it looks at."""

    def __init__(
        self,
        inspector: CountsMembers,
        renew: Callable[[], None],
        seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._inspector = inspector
        self._renew = renew
        self._seconds = seconds
        self._clock = clock
        self._due = clock() + seconds

    def inspect(
        self, path: Path, filename: str, *, max_bytes: int, max_pixels: int, page: int = 0
    ) -> Inspection:
        """Look at the file; what *renew* raises when the claim holds no more is raised."""
        self._keep()
        return self._inspector.inspect(
            path, filename, max_bytes=max_bytes, max_pixels=max_pixels, page=page
        )

    def count_members(self, path: Path, filename: str, *, max_unpacked: int) -> int:
        """Look at the archive, in the same way."""
        self._keep()
        return self._inspector.count_members(path, filename, max_unpacked=max_unpacked)

    def _keep(self) -> None:
        if self._clock() >= self._due:
            self._renew()
            self._due = self._clock() + self._seconds
