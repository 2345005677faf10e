"""celltally's own processes on a benchmark's servers, as the Procfile has them."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.servers import Bench
from shared.commands.processes import children_of, worker_arguments
from shared.database.workers import online_workers
from shared.supervision.spawning import Surroundings, signal_group, spawn

ROOT = Path(__file__).parents[1]
SLOTS = 2
_STOP_SECONDS = 30


@contextmanager
def segmenting_worker(bench: Bench, *, app: str = "worker.app", path: str = "") -> Iterator[int]:
    """Run a worker with the flags of `celltally worker` until it is online; lend its pid.

    *path* holds further packages, such as an engine that only a benchmark has.
    """
    arguments = worker_arguments(
        "worker", queues="segment.cpu,background", children=children_of(SLOTS), app=app
    )
    with process(bench, "celery", *arguments, path=path) as pid:
        try:
            wait_until(lambda: _is_online(bench), "the worker is online", seconds=60)
        except TimeoutError as silent:
            log = (bench.home / "celery.log").read_text(errors="replace")
            raise RuntimeError(f"the worker did not start: {log[-3000:]}") from silent
        yield pid


@contextmanager
def stats_worker(bench: Bench) -> Iterator[None]:
    """Run the process that recounts."""
    with process(bench, "celery", *worker_arguments("stats", queues="stats", children=1)):
        yield


@contextmanager
def scheduler(bench: Bench) -> Iterator[None]:
    """Run the process that dispatches."""
    with process(bench, "shared.scheduling"):
        yield


@contextmanager
def process(bench: Bench, module: str, *arguments: str, path: str = "") -> Iterator[int]:
    """Run a Python program on the benchmark's servers; lend its pid, stop it afterwards."""
    environment = {
        **os.environ,
        **bench.settings(),
        "CELLTALLY_WORKER_CONCURRENCY": str(SLOTS),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), path])),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    with (bench.home / f"{module}.log").open("ab") as log:
        running = spawn(
            [sys.executable, "-m", module, *arguments],
            death_signal=signal.SIGTERM,
            output=log,
            surroundings=Surroundings(environment=environment),
        )
    try:
        yield running.pid
    finally:
        running.terminate()
        try:
            running.wait(_STOP_SECONDS)
        finally:
            signal_group(running.pid, signal.SIGKILL)


def wait_until(question: Callable[[], bool], what: str, *, seconds: float = 300) -> None:
    """Ask often until the answer is yes; a benchmark that hangs is a failure with a name."""
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain until {what}")
        time.sleep(0.02)


def _is_online(bench: Bench) -> bool:
    with bench.database.reading() as connection:
        return any("segment.cpu" in worker.queues for worker in online_workers(connection))
