"""What may be done in any order, and with what: the acts of people, workers and machinery."""

from typing import Any

from hypothesis import strategies as st

from shared.database.cancelling import Scope
from shared.domain.runs import FailureCode

Act = tuple[str, dict[str, Any]]

#: Few contents, so that duplicates come by themselves.
CONTENTS = st.lists(st.sampled_from([f"content-{n}" for n in range(8)]), min_size=1, max_size=5)
PICKS = st.integers(min_value=0, max_value=50)
SELECTIONS = st.sampled_from(["all", "unprocessed", "failed", "ids"])
OPTIONS = st.fixed_dictionaries(
    {
        "params": st.fixed_dictionaries({"threshold": st.sampled_from([0.3, 0.7])}),
        "force": st.booleans(),
        "priority": st.sampled_from(["normal", "high"]),
    }
)
CHILDREN = st.tuples(st.sampled_from(["w1", "w2"]), st.sampled_from([1, 2]))
OUTCOMES = st.one_of(st.integers(min_value=0, max_value=4), st.sampled_from(FailureCode))


def acts(**kinds: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Act]:
    """Return a strategy for a call of one of these methods with these arguments."""
    return st.one_of(
        [st.tuples(st.just(name), st.fixed_dictionaries(given)) for name, given in kinds.items()]
    )


PEOPLE = acts(
    upload={"where": PICKS, "shas": CONTENTS},
    segment={"where": PICKS, "select": SELECTIONS, "which": PICKS, "options": OPTIONS},
    delete_images={"where": PICKS, "which": PICKS, "many": st.booleans()},
    retry={"where": PICKS, "code": st.sampled_from(FailureCode)},
    repeat={"where": PICKS, "which": PICKS},
    choose_result={"where": PICKS, "which": PICKS},
    edit={"where": PICKS, "which": PICKS, "objects": st.integers(min_value=0, max_value=4)},
    cancel={"scope": st.sampled_from(Scope), "where": PICKS, "which": PICKS},
    rename={"where": PICKS},
    roll_back={"where": PICKS},
    make_project={"who": PICKS},
    delete_project={"where": PICKS},
)
WORK = acts(
    take_up={"old": PICKS, "count": st.integers(2, 8), "child": CHILDREN},
    settle={"outcomes": st.lists(OUTCOMES, min_size=2, max_size=6)},
)
MACHINERY = acts(
    outcome_that_comes_twice={"which": PICKS, "good": st.booleans()},
    child_dies={"child": CHILDREN},
    worker_is_gone={"child": CHILDREN, "politely": st.booleans()},
    fold={"where": PICKS},
    publish={},
)
