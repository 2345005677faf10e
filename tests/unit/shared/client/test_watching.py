"""What the live updates told so far."""

from typing import Any

import pytest

from shared.client.watching import COUNT_OF, ProjectWatch, described, recounted


def stats(version: int = 1, **counts: int) -> dict[str, Any]:
    by_status = {key: counts.get(word, 0) for word, key in COUNT_OF.items()}
    return {
        **by_status,
        "version": version,
        "imageCount": sum(by_status.values()),
        "pendingCount": by_status["queuedCount"] + by_status["processingCount"],
        "objectCount": counts.get("objects", 0),
    }


def told_stats(version: int, **counts: int) -> dict[str, Any]:
    return {"type": "projectStatsUpdate", "data": {"stats": stats(version, **counts)}}


def told_image(version: int, status: str, **fields: Any) -> dict[str, Any]:
    image = {"imageId": "i1", "version": version, "status": status, **fields}
    return {"type": "imageStatusUpdate", "data": {"images": [image]}}


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def watch(lines: list[str]) -> ProjectWatch:
    return ProjectWatch({"i1": "cells.png"}, lines.append)


def test_new_counts_are_told(watch: ProjectWatch, lines: list[str]) -> None:
    watch.see(told_stats(3, segmented=1, queued=2, objects=7))

    assert lines == ["tally  3 images: 2 queued, 1 segmented, 7 objects"]


def test_counts_that_come_late_change_nothing(watch: ProjectWatch, lines: list[str]) -> None:
    watch.see(told_stats(3, segmented=1))
    watch.see(told_stats(2, queued=1))
    watch.see(told_stats(3, segmented=1))

    assert watch.stats is not None
    assert watch.stats["version"] == 3
    assert len(lines) == 1


def test_it_is_finished_when_nothing_waits_and_nothing_runs(watch: ProjectWatch) -> None:
    assert not watch.finished
    for version, counts in enumerate([{"uploaded": 1}, {"queued": 1}, {"processing": 1}]):
        watch.see(told_stats(version, **counts))
        assert not watch.finished

    watch.see(told_stats(9, failed=1))

    assert watch.finished


def test_the_end_of_an_image_is_told_once(watch: ProjectWatch, lines: list[str]) -> None:
    watch.see(told_image(2, "processing"))
    watch.see(told_image(3, "segmented", objectCount=1))
    watch.see(told_image(3, "segmented", objectCount=1))

    assert lines == ["image  cells.png: 1 object"]


def test_a_failure_is_told_with_its_reason(watch: ProjectWatch, lines: list[str]) -> None:
    error = {"code": "timeout", "detail": "It took too long."}

    watch.see(told_image(3, "failed", error=error))

    assert lines == ["image  cells.png: failed: It took too long."]


def test_it_has_caught_up_when_counts_and_images_were_told(watch: ProjectWatch) -> None:
    watch.see(told_stats(5, no_objects=1))
    assert not watch.has_caught_up(5)

    watch.see(told_image(3, "no_objects", objectCount=0))

    assert watch.has_caught_up(5)
    assert not watch.has_caught_up(6)


def test_a_collaborators_view_counts_too(watch: ProjectWatch) -> None:
    watch.see({"type": "sharedProjectUpdate", "data": {"stats": stats(2, uploaded=1)}})

    assert watch.stats is not None


def test_other_events_are_passed_over(watch: ProjectWatch, lines: list[str]) -> None:
    watch.see({"type": "projectImageCountChange", "data": {}})

    assert lines == []


def test_images_are_counted_as_stats_count_them() -> None:
    images: list[dict[str, Any]] = [
        {"status": "segmented", "objectCount": 4},
        {"status": "processing", "objectCount": 2},
        {"status": "uploaded", "objectCount": None},
    ]

    counted = recounted(images)

    expected = stats(segmented=1, processing=1, uploaded=1, objects=6)
    assert counted == {name: expected[name] for name in counted}
    assert described(expected) == "3 images: 1 uploaded, 1 processing, 1 segmented, 6 objects"
