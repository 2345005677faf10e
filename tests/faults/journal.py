"""What the engine writes down of each execution: evidence that does not depend on celltally."""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

BEGAN, ENDED = "began", "ended"

#: Began while another living process was at the same image.
OVERLAPPED = "overlapped"


class Pen:
    """Writes the journal in one process; lines of many processes never mix.

    A byte of the file `starts` stands for each image. Who works on the image holds a lock on the
    byte, which the kernel takes from the dead; the byte counts the executions that began.
    """

    def __init__(self, folder: Path) -> None:
        append = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._lines = os.open(folder / "journal", append, 0o600)
        self._starts = os.open(folder / "starts", os.O_RDWR | os.O_CREAT, 0o600)

    def begin(self, image: int) -> int:
        """Note that an execution begins; return how many began, this one included."""
        try:
            fcntl.lockf(self._starts, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, image)
        except (BlockingIOError, PermissionError):
            self._write(image, OVERLAPPED)
        starts = int.from_bytes(os.pread(self._starts, 1, image)) + 1
        os.pwrite(self._starts, bytes([min(starts, 255)]), image)
        self._write(image, BEGAN)
        return starts

    def end(self, image: int) -> None:
        """Note that the execution ended."""
        self._write(image, ENDED)
        fcntl.lockf(self._starts, fcntl.LOCK_UN, 1, image)

    def _write(self, image: int, word: str) -> None:
        os.write(self._lines, f"{time.monotonic():.6f} {os.getpid()} {image} {word}\n".encode())


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal; *at* is of the clock that all processes share."""

    at: float
    pid: int
    image: int
    word: str


class Journal:
    """Reads what the pens write; cheap to ask again and again."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "journal"
        self._path.touch()
        self._offset = 0
        self._lines: list[Line] = []
        self._reading = Lock()

    def lines(self) -> list[Line]:
        """Return all lines so far."""
        with self._reading, self._path.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._offset += len(whole)
            self._lines += [_read(text) for text in whole.decode().splitlines()]
        return self._lines

    def of(self, image: int, word: str = BEGAN) -> list[Line]:
        """Return the lines with this word about an image."""
        return [line for line in self.lines() if line.image == image and line.word == word]

    def count(self, word: str, images: set[int], *, after: float = 0.0) -> int:
        """Count the lines with this word about any of the images."""
        return sum(
            line.word == word and line.image in images and line.at >= after for line in self.lines()
        )


def _read(text: str) -> Line:
    at, pid, image, word = text.split()
    return Line(float(at), int(pid), int(image), word)
