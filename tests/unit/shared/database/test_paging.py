"""Lists in pages."""

from uuid import uuid4

from shared.database.paging import Cut, Order, Position, containing, cut_clauses, page_of

NEWEST = Order("seq", "bigint", descending=True)


def row(seq):
    return {"id": uuid4(), "sort_key": seq}


def test_one_row_more_than_asked_for_is_the_next_page():
    rows = [row(9), row(8), row(7)]

    page = page_of(rows, 2)

    assert page.rows == rows[:2]
    assert page.end == Position("8", rows[1]["id"])


def test_without_it_the_list_ends():
    assert page_of([row(9)], 1).end is None


def test_a_page_begins_behind_its_position():
    condition, tail, values = cut_clauses(Cut(NEWEST, 2, Position("8", uuid4())), "id")

    assert condition == "(seq, id) < (CAST(:after_key AS bigint), :after_id)"
    assert tail == "ORDER BY sort_key DESC, id DESC LIMIT :fetched"
    assert values["fetched"] == 3


def test_signs_of_patterns_are_looked_for_as_they_stand():
    assert containing("100%_\\") == "%100\\%\\_\\\\%"
