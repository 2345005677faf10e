"""Which moves of a run are legal, and that every cause is explained."""

import pytest

from shared.domain.images import ACTIVE_STATUSES, ImageStatus
from shared.domain.runs import (
    ACTIVE_RUNS,
    BACKOFF_SECONDS,
    MAX_ATTEMPTS,
    SENTENCES,
    TRANSITIONS,
    FailureCode,
    RunStatus,
    backoff_seconds,
    may_move,
)


def test_every_state_has_its_moves() -> None:
    assert set(TRANSITIONS) == set(RunStatus)


@pytest.mark.parametrize("ended", sorted(set(RunStatus) - ACTIVE_RUNS))
def test_what_ended_never_moves_again(ended: RunStatus) -> None:
    assert not any(may_move(ended, other) for other in RunStatus)


def test_only_a_running_run_can_succeed() -> None:
    assert [s for s in RunStatus if may_move(s, RunStatus.SUCCEEDED)] == [RunStatus.RUNNING]


def test_only_a_waiting_run_can_be_claimed() -> None:
    assert [s for s in RunStatus if may_move(s, RunStatus.RUNNING)] == [RunStatus.QUEUED]


def test_an_active_image_is_one_whose_run_is_active() -> None:
    assert {ImageStatus.QUEUED, ImageStatus.PROCESSING} == ACTIVE_STATUSES
    assert {RunStatus.QUEUED, RunStatus.RUNNING} == ACTIVE_RUNS


@pytest.mark.parametrize("code", FailureCode)
def test_every_cause_says_what_a_biologist_can_do(code: FailureCode) -> None:
    """Q8: what it means, and what to do about it."""
    sentences = [part for part in SENTENCES[code].split(". ") if part]

    assert len(sentences) >= 2
    assert SENTENCES[code].endswith(".")
    assert code not in SENTENCES[code]


def test_the_wait_grows_and_stays_at_the_longest() -> None:
    waits = [backoff_seconds(attempt) for attempt in range(1, MAX_ATTEMPTS + 2)]

    assert tuple(waits[: len(BACKOFF_SECONDS)]) == BACKOFF_SECONDS
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF_SECONDS[-1]
