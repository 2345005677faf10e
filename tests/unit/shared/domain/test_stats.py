"""A stats object that does not add up cannot be made (S1)."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.domain.stats import ProjectStats

COUNTS = ("uploaded", "queued", "processing", "segmented", "no_objects", "failed")
NUMBERS = st.tuples(*[st.integers(min_value=0, max_value=10**6)] * len(COUNTS))


def stats(numbers: tuple[int, ...], **fields: Any) -> ProjectStats:
    counts = dict(zip(COUNTS, numbers, strict=True))
    values = {f"{name}_count": number for name, number in counts.items()} | {
        "project_id": uuid4(),
        "version": 1,
        "image_count": sum(numbers),
        "pending_count": counts["queued"] + counts["processing"],
        "object_count": 0,
        "last_updated": datetime.now(UTC),
    }
    return ProjectStats(**(values | fields))


@given(NUMBERS)
def test_six_statuses_make_the_number_of_images(numbers: tuple[int, ...]) -> None:
    made = stats(numbers)

    written = made.to_json()
    six = ("uploaded", "queued", "processing", "segmented", "noObjects", "failed")
    assert sum(written[f"{name}Count"] for name in six) == written["imageCount"]


@given(NUMBERS, st.integers(min_value=-3, max_value=3).filter(bool))
def test_a_sum_that_is_wrong_is_refused(numbers: tuple[int, ...], error: int) -> None:
    with pytest.raises(ValidationError, match="do not add up"):
        stats(numbers, image_count=sum(numbers) + error)


@given(NUMBERS, st.integers(min_value=-3, max_value=3).filter(bool))
def test_pending_is_queued_and_processing(numbers: tuple[int, ...], error: int) -> None:
    with pytest.raises(ValidationError, match="pendingCount"):
        stats(numbers, pending_count=numbers[1] + numbers[2] + error)
