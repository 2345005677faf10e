"""How often things are measured, and in which order."""

from collections.abc import Callable

from bench.rounds import Scale, interleaved


def contenders(played: list[str]) -> list[Callable[[], float]]:
    """Return two that note when it was their turn, and that become faster with each round."""

    def play(name: str) -> float:
        played.append(name)
        return 100.0 - len(played)

    return [lambda: play("a"), lambda: play("b")]


def test_contenders_take_turns_and_change_places() -> None:
    played: list[str] = []

    interleaved(Scale(rounds=3), *contenders(played))

    assert "".join(played) == "ba" + "ab" + "ba" + "ab"


def test_the_first_round_warms_up_and_is_not_counted() -> None:
    figures = iter([1000.0, 1.0, 2.0, 3.0])

    assert interleaved(Scale(rounds=3), lambda: next(figures)) == [2.0]


def test_a_smaller_scale_divides_amounts_and_never_to_nothing() -> None:
    assert Scale(divisor=20).of(100) == 5
    assert Scale(divisor=20).of(10) == 1
