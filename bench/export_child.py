"""A process that makes one export and tells how long it took and how much memory it had at most."""

import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

from shared.database.engine import Database
from shared.domain.runs import Claimant
from shared.storage import open_storage
from worker.exporting import carry_out_export


def peak_megabytes() -> float:
    """Return the most memory that this process ever had (VmHWM of /proc/self/status)."""
    status = Path("/proc/self/status").read_text()
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(kilobytes) * 1024 / 1e6


def main(url: str, storage: str, export_id: str) -> None:
    """Carry the export out."""
    services = SimpleNamespace(database=Database(url, pool_size=1), storage=open_storage(storage))
    services.database.answers()
    claimant = Claimant("bench", os.getpid(), lease_seconds=45)
    began = time.perf_counter()
    carry_out_export(services, UUID(export_id), claimant, is_timeout=lambda _: False)
    seconds = time.perf_counter() - began
    sys.stdout.write(json.dumps({"seconds": seconds, "megabytes": peak_megabytes()}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
