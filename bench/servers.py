"""The servers a benchmark runs on: the embedded ones, durable as `celltally up` has them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.database.engine import Database
from shared.database.migrating import upgrade
from shared.servers.addresses import ServerUrls
from shared.servers.embedded import EmbeddedServers


@dataclass(frozen=True, slots=True)
class Bench:
    """A home that lives for one benchmark, with a migrated database in it."""

    home: Path
    urls: ServerUrls
    database: Database

    def settings(self) -> dict[str, str]:
        """Return the environment in which processes join this home's servers."""
        return {
            "CELLTALLY_HOME": str(self.home),
            "CELLTALLY_DATABASE_URL": self.urls.database,
            "CELLTALLY_REDIS_URL": self.urls.redis,
        }


@contextmanager
def bench_servers(*, pool_size: int = 5) -> Iterator[Bench]:
    """Lend fresh servers; nothing of them is left afterwards.

    Settings of the caller's own environment are put aside: a figure must not depend on them.
    """
    for name in [name for name in os.environ if name.startswith("CELLTALLY_")]:
        del os.environ[name]
    with (
        TemporaryDirectory(prefix="celltally-bench-") as folder,
        EmbeddedServers(Path(folder)) as servers,
    ):
        upgrade(servers.urls.database)
        database = Database(servers.urls.database, pool_size=pool_size)
        try:
            yield Bench(Path(folder), servers.urls, database)
        finally:
            database.close()
