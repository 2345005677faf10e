"""Which fields of the totals changed (D2)."""

from hypothesis import given
from hypothesis import strategies as st

from shared.actions.recompute_dashboard import changed_fields

TOTALS = st.fixed_dictionaries(
    {
        "version": st.integers(),
        "totalImages": st.integers(0, 2),
        "recentActivity": st.fixed_dictionaries({"today": st.integers(0, 2)}),
        "systemStats": st.fixed_dictionaries(
            {"queueLength": st.integers(0, 2), "workersOnline": st.integers(0, 2)}
        ),
    }
)


def flat(values: dict, prefix: str = "") -> dict[str, int]:
    found: dict[str, int] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


@given(TOTALS, TOTALS)
def test_exactly_the_fields_that_differ_are_named(before: dict, after: dict) -> None:
    old, new = flat(before), flat(after)

    assert set(changed_fields(before, after)) == {
        name for name in new if new[name] != old[name] and name != "version"
    }


def test_against_nothing_every_field_changed() -> None:
    after = {"version": 1, "totalImages": 0, "systemStats": {"queueLength": 0}}

    assert list(changed_fields({}, after)) == ["totalImages", "systemStats.queueLength"]
