"""Names that messages in flight carry: changing one strands them."""

from shared.messaging import task_names


def test_the_names_are_those_of_the_contract():
    assert task_names.SEGMENT == "celltally.segment"
    assert task_names.RECOMPUTE_STATS == "celltally.recompute_stats"
    assert task_names.RECOMPUTE_DASHBOARD == "celltally.recompute_dashboard"
