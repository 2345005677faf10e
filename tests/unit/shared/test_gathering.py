"""Many results are read in bounded memory and time, and nothing of them becomes wrong."""

import threading
from collections.abc import Iterator
from uuid import uuid4

import numpy as np
import pytest

from shared.domain.engines import Segmentation
from shared.gathering import Gatherer, Source
from shared.results import save_result
from shared.storage.local import LocalStorage


class CountingStorage(LocalStorage):
    """Knows how often it was read."""

    reads = 0

    def read(self, key: str) -> bytes:
        self.reads += 1
        return super().read(key)


class Clock:
    """Goes on a second each time somebody looks."""

    def __init__(self) -> None:
        self.ticks: Iterator[int] = iter(range(10_000))

    def __call__(self) -> float:
        return float(next(self.ticks))


@pytest.fixture
def storage(tmp_path) -> CountingStorage:
    return CountingStorage(tmp_path)


def stored(storage: LocalStorage, *sides: int, pixel_size_um: float | None = None) -> Source:
    """Store a result with a square of each side."""
    labels = np.zeros((20, 200), np.uint32)
    for place, side in enumerate(sides):
        labels[:side, 20 * place : 20 * place + side] = place + 1
    source = Source(uuid4(), f"results/{uuid4()}/")
    save_result(
        storage,
        source.prefix,
        segmentation=Segmentation(labels),
        image=np.ones((20, 200, 1), np.uint8),
        pixel_size_um=pixel_size_um,
    )
    return source


def test_objects_of_all_results_are_there_one_after_the_other(storage) -> None:
    sources = [stored(storage, 3, 4), stored(storage), stored(storage, 5)]

    found = Gatherer(storage).gather(sources, ["area", "touchesBorder"])

    assert found.read == [0, 1, 2]
    assert found.columns["area"].tolist() == [9, 16, 25]
    assert found.columns["touchesBorder"].tolist() == [1, 1, 1]
    assert (found.owner.tolist(), found.label.tolist()) == ([0, 0, 2], [1, 2, 1])
    assert {"area", "circularity", "score"} <= set(found.names)
    assert not {"label", "centroid", "polygon"} & set(found.names)


def test_what_was_read_is_not_read_again(storage) -> None:
    gatherer, sources = Gatherer(storage), [stored(storage, 3), stored(storage, 4)]
    gatherer.gather(sources, ["area", "extent"])
    before = storage.reads

    again = gatherer.gather(sources, ["extent"])
    gatherer.gather(sources, ["unheard-of"])

    assert storage.reads == before
    assert again.columns["extent"].tolist() == [1, 1]
    gatherer.gather(sources, ["area", "solidity"])
    assert storage.reads == before + 2


def test_a_result_without_a_measurement_has_gaps(storage) -> None:
    sources = [stored(storage, 2, pixel_size_um=0.5), stored(storage, 2)]

    found = Gatherer(storage).gather(sources, ["areaUm2"])

    assert found.columns["areaUm2"][0] == 1
    assert np.isnan(found.columns["areaUm2"][1])


def test_reading_stops_in_time_and_goes_on_when_asked_again(storage) -> None:
    sources = [stored(storage, 3) for _ in range(40)]
    gatherer = Gatherer(storage, clock=Clock())

    counts = [len(gatherer.gather(sources, ["area"], seconds=0.5).read) for _ in range(4)]

    assert counts == [16, 32, 40, 40]


def test_no_more_is_kept_than_allowed(storage) -> None:
    sources = [stored(storage, 3) for _ in range(6)]
    gatherer = Gatherer(storage, most_bytes=3_100)

    found = gatherer.gather(sources, ["area"])

    assert found.read == [3, 4, 5]


def test_a_result_that_is_gone_counts_as_read_and_has_no_objects(storage) -> None:
    sources = [stored(storage, 3), Source(uuid4(), "results/gone/")]

    found = Gatherer(storage).gather(sources, ["area"])

    assert found.read == [0, 1]
    assert found.columns["area"].tolist() == [9]


def test_of_nothing_there_is_nothing(storage) -> None:
    found = Gatherer(storage).gather([], ["area"])

    assert (found.read, found.columns["area"].tolist(), found.names) == ([], [], [])


def test_who_asks_while_another_reads_gets_what_is_kept(storage) -> None:
    known, other = stored(storage, 3), stored(storage, 4)
    gatherer = Gatherer(storage)
    gatherer.gather([known], ["area"])
    entered, leave = threading.Event(), threading.Event()

    def slow(key: str) -> bytes:
        entered.set()
        assert leave.wait(10)
        return LocalStorage.read(storage, key)

    storage.read = slow  # type: ignore[method-assign]
    reader = threading.Thread(target=gatherer.gather, args=([other], ["area"]))
    reader.start()
    assert entered.wait(10)

    found = gatherer.gather([known, other], ["area"])

    assert found.read == [0]
    leave.set()
    reader.join()
    assert gatherer.gather([known, other], ["area"]).read == [0, 1]
