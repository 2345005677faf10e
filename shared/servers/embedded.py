"""Both embedded servers of a home, as one."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from shared.domain.errors import UnavailableError
from shared.servers.addresses import ServerUrls
from shared.servers.home_lock import HomeLock
from shared.servers.postgresql import PostgreSQLServer
from shared.servers.valkey import ValkeyServer
from shared.supervision.backoff import Backoff, Patience


class EmbeddedServers:
    """PostgreSQL and Valkey on the data of *home*.

    Start them from the thread that lives longest: the kernel stops them when it ends. Without
    *durable* a crash of the machine may lose data, and they start and write faster: for tests.
    """

    def __init__(self, home: Path, *, durable: bool = True, lock: HomeLock | None = None) -> None:
        home = home.absolute()
        self._lock = lock or HomeLock(home)
        self._owns_lock = lock is None
        self._postgresql = PostgreSQLServer(home, durable=durable)
        self._valkey = ValkeyServer(home, durable=durable)
        self._backoffs = {s: Backoff(Patience()) for s in (self._postgresql, self._valkey)}

    @property
    def urls(self) -> ServerUrls:
        """The addresses of the running servers."""
        return ServerUrls(database=self._postgresql.url, redis=self._valkey.url)

    @property
    def pids(self) -> tuple[int | None, int | None]:
        """The process ids of PostgreSQL and of Valkey."""
        return self._postgresql.program.pid, self._valkey.program.pid

    def start(self) -> None:
        """Take the home's lock and start both; on failure nothing is left running."""
        self._lock.acquire()
        try:
            self._postgresql.start()
            self._valkey.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop Valkey, then PostgreSQL, then let go of the lock."""
        try:
            self._valkey.stop()
        finally:
            self._postgresql.stop()
            if self._owns_lock:
                self._lock.release()

    def revive(self, tell: Callable[[str], None]) -> None:
        """Start again what exited by itself, and *tell* about it."""
        for server, backoff in self._backoffs.items():
            program = server.program
            if program.alive:
                continue
            delay = backoff.after_exit(program.uptime)
            if delay is None:
                raise UnavailableError(f"{program.title} keeps dying; its log: {program.log}")
            tell(f"{program.title} exited; starting it again in {delay:g} s")
            time.sleep(delay)
            server.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
