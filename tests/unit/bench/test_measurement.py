"""One figure beside its peer's."""

from bench.measurement import Goal, Measurement

COST = Measurement("pipeline.cpu_per_image", 3.0, "ms", "no-op task + one UPDATE", 2.5)


def test_the_ratio_is_ours_over_the_peers() -> None:
    assert COST.ratio == 1.2


def test_a_line_has_six_words_whatever_the_peer_is_called() -> None:
    assert COST.line() == "pipeline.cpu_per_image 3 ms no-op-task-+-one-UPDATE 2.5 1.2"


def test_a_goal_bounds_the_ratio_or_the_figure_itself() -> None:
    assert COST.meets(Goal("ratio", "<=", 1.3))
    assert not COST.meets(Goal("ratio", "<=", 1.1))
    assert COST.meets(Goal("value", ">=", 3))
    assert not COST.meets(Goal("value", "<=", 2))


def test_json_has_the_names_that_the_contract_promises() -> None:
    assert COST.to_json(Goal("ratio", "<=", 1.3)) == {
        "name": "pipeline.cpu_per_image",
        "value": 3.0,
        "unit": "ms",
        "peer": "no-op task + one UPDATE",
        "peerValue": 2.5,
        "ratio": 1.2,
        "goal": "ratio <= 1.3",
        "met": True,
    }


def test_a_figure_without_a_goal_neither_meets_nor_misses_it() -> None:
    written = COST.to_json(None)

    assert (written["goal"], written["met"]) == (None, None)
