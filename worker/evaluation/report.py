"""Evaluations as a table for people and as JSON for programs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from worker.evaluation.running import Evaluation, Guess, ImageResult

HEADER = (
    "modality", "engine", "images", "objects", "found",
    "F1@0.5", "AP", "PQ", "Dice", "s/MP", "CPU s/MP", "peak MB",
)  # fmt: skip


def summary(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Return a row for each modality: means over its images, as F1 of each image counts alike."""
    ordered = sorted(evaluation.results, key=_modality)
    return [
        _row(evaluation, modality, list(group)) for modality, group in groupby(ordered, _modality)
    ]


def table(rows: Iterable[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return the rows of `summary` as cells, below the header."""
    return [HEADER, *map(_cells, rows)]


def as_json(
    rows: Sequence[dict[str, Any]], evaluations: Sequence[Evaluation], guesses: Sequence[Guess]
) -> dict[str, Any]:
    """Return everything that is known, each image included."""
    return {
        "summary": list(rows),
        "images": [_image(result) for each in evaluations for result in each.results],
        "problems": {each.engine: each.problem for each in evaluations if each.problem},
        "guesses": [asdict(each) for each in guesses],
    }


def told_right(guesses: Sequence[Guess]) -> str:
    """Return in words how often the kind of picture was told right."""
    wrong = [each for each in guesses if each.guessed != each.modality]
    told = f"kind of picture told right: {len(guesses) - len(wrong)} of {len(guesses)}"
    return "\n".join(
        [told, *(f"  {each.image}: {each.modality} taken for {each.guessed}" for each in wrong)]
    )


def _modality(result: ImageResult) -> str:
    return str(result.modality)


def _row(evaluation: Evaluation, modality: str, results: list[ImageResult]) -> dict[str, Any]:

    def total(figure: Callable[[ImageResult], float]) -> float:
        return sum(map(figure, results))

    def mean(figure: Callable[[ImageResult], float]) -> float:
        return total(figure) / len(results)

    megapixels = total(lambda each: each.megapixels)

    return {
        "modality": modality,
        "engine": evaluation.engine,
        "images": len(results),
        "objects": sum(each.score.true for each in results),
        "found": sum(each.score.found for each in results),
        "f1": mean(lambda each: each.score.f1),
        "ap50": mean(lambda each: each.score.ap50),
        "ap": mean(lambda each: each.score.ap),
        "pq": mean(lambda each: each.score.pq),
        "dice": mean(lambda each: each.score.dice),
        "secondsPerMegapixel": total(lambda each: each.seconds) / megapixels,
        "cpuSecondsPerMegapixel": total(lambda each: each.cpu_seconds) / megapixels,
        "peakMemoryMb": evaluation.peak_mb,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    whole = (str(row[name]) for name in ("modality", "engine", "images", "objects", "found"))
    shares = (f"{row[name]:.3f}" for name in ("f1", "ap", "pq", "dice"))
    paces = (f"{row[name]:.3f}" for name in ("secondsPerMegapixel", "cpuSecondsPerMegapixel"))
    return (*whole, *shares, *paces, f"{row['peakMemoryMb']:.0f}")


def _image(result: ImageResult) -> dict[str, Any]:
    facts = {
        "image": result.image,
        "modality": result.modality,
        "engine": result.engine,
        "used": result.used,
        "seconds": result.seconds,
        "cpuSeconds": result.cpu_seconds,
        "megapixels": result.megapixels,
    }
    return facts | asdict(result.score)
