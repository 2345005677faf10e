"""One who asks for much and many who ask for little are served alike (Q7)."""

from bench.fairness import ask, jain_of, serve
from tests.integration.lab import Lab


def test_one_heavy_and_49_light_users_are_served_alike(lab: Lab) -> None:
    """Jain's index of what was started in the first ten slot rounds."""
    for images in (300, *[10] * 49):
        ask(lab.database, images)
    users = {row.id: row.user_id for row in lab.sql("SELECT id, user_id FROM runs ORDER BY seq")}

    started = serve(lab.database, slots=50)

    assert len(started) == 500
    assert jain_of(users, started) >= 0.95
    assert jain_of(users, list(users)[:500]) < 0.5  # First come, first served would not do.
