"""A transaction: repeated as a whole, and its effects come after its commit (rules.md C.18)."""

from threading import Barrier
from uuid import UUID

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database.engine import plain_url
from shared.database.transaction import MAX_TRIES, Transaction
from tests.integration.lab import Lab


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def queue_images(tx: Transaction, image_id: UUID) -> None:
    tx.execute(text("UPDATE images SET status = 'queued' WHERE id = :id"), {"id": image_id})


def test_the_victim_of_a_deadlock_is_repeated_and_its_effects_come_once(
    lab: Lab, project: UUID
) -> None:
    """Two that lock in opposite orders: both end well, the second after the first."""
    images = lab.images(project, 2)
    meeting = Barrier(2, timeout=30)
    tries: list[str] = []
    effects: list[str] = []

    def change(name: str, order: list[UUID]) -> None:
        def act(tx: Transaction) -> None:
            tries.append(name)
            tx.after_commit(lambda: effects.append(name))
            queue_images(tx, order[0])
            if tries.count(name) == 1:
                meeting.wait()  # Now each holds what the other wants.
            queue_images(tx, order[1])

        lab.database.transact(act)

    with lab.threads(2) as pool:
        both = [
            pool.submit(change, "there", images),
            pool.submit(change, "back", images[::-1]),
        ]
        for one in both:
            one.result(60)

    assert sorted(effects) == ["back", "there"]
    assert (
        len(tries) >= 3
    )  # The victim may be quicker than the one it made way for, and meet it again.
    assert lab.stats(project).queued_count == 2
    assert lab.is_exact(project)


def test_a_failure_of_serialisation_is_repeated(lab: Lab, project: UUID) -> None:
    tries: list[int] = []

    def act(tx: Transaction) -> int:
        tries.append(1)
        if len(tries) < MAX_TRIES:
            tx.execute(text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))
        return 7

    assert lab.database.transact(act) == 7
    assert len(tries) == MAX_TRIES


def test_after_three_tries_the_failure_is_told(lab: Lab) -> None:
    tries: list[int] = []

    def act(tx: Transaction) -> None:
        tries.append(1)
        tx.execute(text("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"))

    with pytest.raises(DBAPIError) as failure:
        lab.database.transact(act)

    assert isinstance(failure.value.orig, errors.DeadlockDetected)
    assert len(tries) == MAX_TRIES


def test_any_other_failure_is_told_at_once(lab: Lab) -> None:
    tries: list[int] = []

    def act(tx: Transaction) -> None:
        tries.append(1)
        tx.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError):
        lab.database.transact(act)

    assert len(tries) == 1


def test_effects_come_after_the_commit_and_in_their_order(lab: Lab, project: UUID) -> None:
    seen: list[tuple[str, int]] = []

    def look(name: str) -> None:
        seen.append((name, lab.stats(project).image_count))

    def act(tx: Transaction) -> None:
        tx.after_commit(lambda: look("first"))
        tx.after_commit(lambda: look("second"))
        tx.execute(text("DELETE FROM images"))
        look("inside")

    lab.images(project, 3)

    lab.database.transact(act)

    assert seen == [("inside", 3), ("first", 0), ("second", 0)]


def test_a_rollback_has_no_effects(lab: Lab) -> None:
    effects: list[int] = []

    def act(tx: Transaction) -> None:
        tx.after_commit(lambda: effects.append(1))
        raise LookupError

    with pytest.raises(LookupError):
        lab.database.transact(act)

    assert effects == []


def test_an_effect_that_fails_stops_neither_the_others_nor_the_answer(lab: Lab) -> None:
    effects: list[str] = []

    def act(tx: Transaction) -> str:
        tx.after_commit(lambda: {}["nothing"])
        tx.after_commit(lambda: effects.append("second"))
        return "committed"

    assert lab.database.transact(act) == "committed"
    assert effects == ["second"]


def test_every_connection_has_its_limits(lab: Lab) -> None:
    """Rule 27."""
    with lab.database.reading() as connection:
        limits = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "TimeZone",
            )
        }

    assert list(limits.values()) == ["30s", "5s", "1min", "UTC"]


def test_reading_leaves_no_transaction_open(lab: Lab, project: UUID) -> None:
    """Each question sees the newest commit, on the same connection."""
    with lab.database.reading() as connection:
        count = text("SELECT count(*) FROM images")
        before = connection.execute(count).scalar()
        lab.images(project, 2)
        after = connection.execute(count).scalar()

    assert (before, after) == (0, 2)


def test_a_connection_that_broke_in_a_move_is_not_used_again(lab: Lab) -> None:
    def broken(tx: Transaction) -> None:
        [backend] = tx.rows("SELECT pg_backend_pid() AS pid", {})
        lab.value("SELECT pg_terminate_backend(:pid, 5000)", pid=backend["pid"])
        tx.rows("SELECT 1", {})

    with pytest.raises(psycopg.OperationalError):
        lab.database.transact(broken)

    assert lab.database.transact(lambda tx: tx.rows("SELECT 1 AS one", {})) == [{"one": 1}]


def test_a_move_that_lost_a_deadlock_is_repeated(lab: Lab) -> None:
    tries: list[int] = []

    def act(tx: Transaction) -> int:
        tries.append(1)
        if len(tries) < MAX_TRIES:
            tx.rows("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", {})
        return 7

    assert lab.database.transact(act, single=True) == 7
    assert len(tries) == MAX_TRIES


def test_a_single_statement_commits_by_itself_and_its_effects_follow(
    lab: Lab, project: UUID
) -> None:
    seen: list[int] = []

    def act(tx: Transaction) -> None:
        tx.after_commit(lambda: seen.append(lab.stats(project).image_count))
        tx.rows("DELETE FROM images RETURNING id", {})

    lab.images(project, 3)

    lab.database.transact(act, single=True)

    assert seen == [0]


def test_a_single_action_may_not_run_a_second_statement(lab: Lab) -> None:
    def act(tx: Transaction) -> None:
        tx.rows("SELECT 1", {})
        tx.rows("SELECT 2", {})

    with pytest.raises(RuntimeError, match="second statement"):
        lab.database.transact(act, single=True)


def test_connections_that_the_server_ended_are_replaced_unseen(lab: Lab) -> None:
    """As after a restart: all of the pool, and nobody asks each of them beforehand."""
    with lab.database.reading(), lab.database.reading():
        pass  # Two connections rest in the pool.
    with psycopg.connect(plain_url(lab.database.url), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    with lab.database.reading() as one, lab.database.reading() as another:
        answers = [each.exec_driver_sql("SELECT 1").scalar() for each in (one, another)]

    assert answers == [1, 1]
