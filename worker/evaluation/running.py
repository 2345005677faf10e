"""Engines over annotated images, each engine in a process of its own."""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from shared.domain.choice import AUTOMATIC, default_engine
from shared.domain.engines import Modality
from shared.domain.errors import CelltallyError, UnavailableError
from shared.reading import describe
from shared.reading.modality import guess_modality
from worker.engines.registry import WarmEngines, discover
from worker.evaluation.datasets import Annotated, modality_of
from worker.evaluation.matching import Score, score

#: Read by the libraries that would otherwise take every core.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")


@dataclass(frozen=True, slots=True)
class Task:
    """What one process does: the engine *name* over *images*, with *params*."""

    name: str
    images: Sequence[Annotated]
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageResult:
    """One image outlined by one engine."""

    image: str
    modality: Modality
    engine: str  #: The engine asked for, `auto` included.
    used: str  #: The engine that did it.
    score: Score
    seconds: float
    cpu_seconds: float  #: Of all threads; what others do on the machine hardly changes it.
    megapixels: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of a task; `problem` says why there is nothing."""

    engine: str
    results: list[ImageResult] = field(default_factory=list)
    peak_mb: float = 0.0  #: Of memory resident at a time, imports and image included.
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """What a picture is and what it was taken for."""

    image: str
    modality: Modality
    guessed: Modality


def run_apart(task: Task) -> Evaluation:
    """Carry out *task* in a fresh process with one thread; a crash of the engine ends only that."""
    with _one_thread(), ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(run, task).result()
        except BrokenProcessPool:
            return Evaluation(task.name, problem="it ended the process that it ran in")


def run(task: Task) -> Evaluation:
    """Carry out *task* in this process."""
    engines, results = WarmEngines(), list[ImageResult]()
    try:
        for number, each in enumerate(task.images):
            results.append(_evaluated(engines, task, each, warm=number > 0))
    except (CelltallyError, MemoryError) as refusal:
        return Evaluation(task.name, results, problem=str(refusal) or "not enough memory")
    finally:
        engines.close()
    return Evaluation(task.name, results, peak_mb=peak_memory_mb())


def guesses(images: Sequence[Annotated]) -> list[Guess]:
    """Return what each picture of a known kind is taken for."""
    return [
        Guess(each.image.name, each.modality, guess_modality(each.read()[0]))
        for each in images
        if each.modality is not None
    ]


def peak_memory_mb(status: Path = Path("/proc/self/status")) -> float:
    """Return the most memory that this process had resident at a time."""
    # What getrusage tells begins with what the parent had when it forked.
    with suppress(OSError):
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _one_thread() -> Iterator[None]:
    """Have processes that start in the block use one thread: libraries ask when they load."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _evaluated(engines: WarmEngines, task: Task, each: Annotated, *, warm: bool) -> ImageResult:
    image, truth = each.read()
    pixel_size = describe(each.image).pixel_size_um
    used = _automatic(image) if task.name == AUTOMATIC else task.name
    engine = engines.get(used)
    if not warm:
        engine.segment(image, pixel_size, **task.params)
    began, began_cpu = time.perf_counter(), time.process_time()
    found = engine.call(image, pixel_size, **task.params)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    return ImageResult(
        image=each.image.name,
        modality=modality_of(image, each.modality),
        engine=task.name,
        used=used,
        score=score(truth, engine.accept(found, image).labels),
        seconds=seconds,
        cpu_seconds=cpu_seconds,
        megapixels=image.shape[0] * image.shape[1] / 1e6,
    )


def _automatic(image: NDArray[Any]) -> str:
    specs = [each.spec for each in discover() if each.available and each.spec is not None]
    chosen = default_engine(specs, guess_modality(image))
    if chosen is None:
        raise UnavailableError("No engine is available here: `celltally engines` says why.")
    return chosen.name
