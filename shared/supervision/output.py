"""The lines of many processes on one screen, each with the name of its process in front."""

import sys
from collections.abc import Collection
from threading import Lock
from typing import TextIO

# Distinct on light and dark screens; red is left to errors.
_COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")


class LinePrinter:
    """Writes whole lines, prefixed and coloured; threads may share one."""

    def __init__(
        self,
        labels: Collection[str] = (),
        *,
        stream: TextIO | None = None,
        colour: bool | None = None,
    ) -> None:
        self._stream = stream or sys.stdout
        self._colour = self._stream.isatty() if colour is None else colour
        self._width = max([len("celltally"), *map(len, labels)])
        self._colours = dict(zip(labels, _COLOURS * len(labels), strict=False))
        self._lock = Lock()

    def line(self, label: str, text: str) -> None:
        """Write *text* as a line of *label*."""
        prefix = f"{label:<{self._width}} |"
        if self._colour and label in self._colours:
            prefix = f"\033[{self._colours[label]}m{prefix}\033[0m"
        self._write(f"{prefix} {text}\n")

    def own(self, text: str) -> None:
        """Write *text* as a line of our own."""
        self.line("celltally", text)

    def block(self, text: str) -> None:
        """Write *text* without a prefix, for people to read and copy."""
        self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        with self._lock:
            try:
                self._stream.write(text)
                self._stream.flush()
            except BrokenPipeError:  # Whoever read us went away: the work goes on, unseen.
                return
