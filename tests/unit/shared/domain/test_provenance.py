"""The digest of what decides a result."""

from shared.domain.provenance import Environment, digest_of


def test_the_order_of_keys_decides_nothing() -> None:
    assert digest_of({"a": 1, "b": [2, None]}) == digest_of({"b": [2, None], "a": 1})


def test_every_value_decides() -> None:
    values = [{"a": 1}, {"a": 2}, {"a": "1"}, {"a": None}, {}, {"a": [1]}, {"µ": 1}]

    assert len({digest_of(value) for value in values}) == len(values)


def test_an_environment_is_known_by_what_it_says() -> None:
    one, other = Environment({"numpy": "2.3", "os": "Linux"}), Environment({"os": "Linux"})

    assert one.digest == Environment({"os": "Linux", "numpy": "2.3"}).digest != other.digest
