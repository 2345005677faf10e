"""The demo says that the tally is right only where three agree."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.client.watching import ProjectWatch
from shared.demo.story import MismatchError, agreed_stats
from tests.unit.shared.client.test_watching import stats, told_image, told_stats

FINAL = stats(4, segmented=1, objects=3)


class Rest:
    """What REST answers."""

    def __init__(self, asked: dict[str, Any], images: list[dict[str, Any]]) -> None:
        self._asked, self._images = asked, images

    def stats(self, _project_id: str) -> dict[str, Any]:
        return self._asked

    def images(self, _project_id: str) -> Iterator[dict[str, Any]]:
        return iter(self._images)


class Live:
    """What comes over the socket."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self._messages = messages

    def updates(self, *, silence: float) -> Iterator[dict[str, Any]]:
        return iter(self._messages)


@pytest.fixture
def watch() -> ProjectWatch:
    watch = ProjectWatch({"i1": "cells.png"}, lambda _line: None)
    watch.see(told_stats(3, processing=1))
    return watch


def test_the_last_live_counts_are_waited_for(watch: ProjectWatch) -> None:
    rest = Rest(FINAL, [{"status": "segmented", "objectCount": 3}])
    live = Live(told_image(3, "segmented", objectCount=3), told_stats(4, segmented=1, objects=3))

    assert agreed_stats(rest, "p1", live, watch) == FINAL


def test_live_counts_that_never_come_are_a_mismatch(watch: ProjectWatch) -> None:
    rest = Rest(FINAL, [{"status": "segmented", "objectCount": 3}])

    with pytest.raises(MismatchError, match="the tally is wrong"):
        agreed_stats(rest, "p1", Live(), watch)


def test_rows_that_tell_something_else_are_a_mismatch(watch: ProjectWatch) -> None:
    rest = Rest(FINAL, [{"status": "segmented", "objectCount": 2}])
    live = Live(told_stats(4, segmented=1, objects=3), told_image(3, "segmented", objectCount=2))

    with pytest.raises(MismatchError, match="rows"):
        agreed_stats(rest, "p1", live, watch)
