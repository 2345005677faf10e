"""One `celltally up` per home."""

import fcntl
import os
from pathlib import Path
from typing import Self

from shared.domain.errors import ConflictError
from shared.servers.places import make_private_folder


class HomeLock:
    """Held for the life of `celltally up`; the kernel lets go of it however we end."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, or refuse with the process id of its holder; taking it twice is once."""
        if self._descriptor is not None:
            return
        make_private_folder(self._home)
        descriptor = os.open(self._home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode().strip() or "unknown"
            os.close(descriptor)
            raise ConflictError(
                f"another celltally up (pid {holder}) already uses this home: {self._home}"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go of the lock; the file stays, since removing it would let two hold it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
