"""The points where a test holds a process."""

from shared.pausing import hold, pause


def test_a_point_does_nothing_until_somebody_waits_there() -> None:
    came: list[str] = []
    pause("unit.point")

    hold("unit.point", lambda: came.append("here"))
    pause("unit.point")
    pause("unit.other")
    hold("unit.point", None)
    pause("unit.point")

    assert came == ["here"]
