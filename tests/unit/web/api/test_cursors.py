"""Cursors of lists."""

from uuid import uuid4

import pytest

from shared.database.paging import Order, Page, Position
from shared.domain.errors import InvalidInputError
from web.api.cursors import cursor_of, cut_of

BY_TIME = Order("created_at", "timestamptz", descending=True)
BY_TITLE = Order("title", "text")
BY_COUNT = Order("count", "bigint")
BY_WEIGHT = Order("weight", "float8", descending=True)


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (BY_TIME, "2026-11-22T21:38:50.362300+00:00"),
        (BY_TITLE, "žluťoučký kůň"),
        (BY_COUNT, "-1"),
        (BY_WEIGHT, "1.1666666666666665"),
    ],
)
def test_a_cursor_leads_back_to_where_the_page_ended(order, key):
    end = Position(key, uuid4())

    cursor = cursor_of(Page([], end), sort="s")

    assert cut_of(order, sort="s", limit=5, cursor=cursor).after == end


def test_the_last_page_has_no_cursor():
    assert cursor_of(Page([], None), sort="s") is None


@pytest.mark.parametrize(
    ("order", "key"),
    [
        *((BY_TIME, key) for key in ("yesterday", "2026-01-01")),
        *((BY_COUNT, key) for key in ("x", "1" * 30, "1_0")),
        *((BY_WEIGHT, key) for key in ("x", "nan", "inf", "1_0.5", "1e-400")),
    ],
)
def test_a_key_that_the_database_could_not_read_is_refused(order, key):
    cursor = cursor_of(Page([], Position(key, uuid4())), sort="s")

    with pytest.raises(InvalidInputError):
        cut_of(order, sort="s", limit=5, cursor=cursor)


@pytest.mark.parametrize("cursor", ["", "x", "e30", "bnVsbA", "WzEsMiwzXQ", "ä", "W1tbW1tb"])
def test_nonsense_is_refused(cursor):
    with pytest.raises(InvalidInputError):
        cut_of(BY_TITLE, sort="s", limit=5, cursor=cursor)
