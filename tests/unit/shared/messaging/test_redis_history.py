"""Positions and what a history can replay."""

import pytest

from shared.messaging.redis_history import History, Position


def test_a_position_is_written_and_read():
    assert Position.parse(str(Position("9f3c1b2a", 1087))) == ("9f3c1b2a", 1087)


@pytest.mark.parametrize(
    "written", ["", "9f", ":5", "9f:", "9f:-1", "9f:1.5", "9f:²", "9f:1" + "0" * 15]
)
def test_what_is_no_position_is_refused(written):
    with pytest.raises(ValueError, match="no position"):
        Position.parse(written)


@pytest.mark.parametrize(
    ("offset", "missed"), [(9, [10, 11, 12]), (11, [12]), (12, []), (8, None), (13, None)]
)
def test_a_history_replays_all_that_was_missed_or_nothing(offset, missed):
    history = History(Position("e", 12), None, None, [(n, b"{}") for n in (10, 11, 12)])

    replayed = history.since(offset)

    assert (replayed and [n for n, _ in replayed]) == missed
