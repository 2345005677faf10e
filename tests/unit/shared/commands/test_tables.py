"""Tables for a terminal."""

from shared.commands.tables import aligned


def test_columns_are_at_least_two_spaces_apart() -> None:
    lines = aligned([("image", "objects"), ("a long name.png", "7")])

    assert lines == ["image            objects", "a long name.png  7"]
