"""Who goes next, how many at a time, and that each is sent once (rules.md C.23, Q7)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import TextClause, text

from shared.actions.dispatch import dispatch
from shared.database import dispatching
from shared.database.transaction import Transaction
from shared.domain.engines import EngineQueue
from shared.domain.runs import DispatchedRun, FailureCode
from shared.messaging.memory import MemoryTaskQueue
from tests.integration.interleaving import held
from tests.integration.lab import Lab

SLOTS = 2
WINDOW = 2 * SLOTS


def dispatched(lab: Lab) -> int:
    return lab.value(
        "SELECT count(*) FROM runs WHERE status = 'queued' AND dispatched_at IS NOT NULL"
    )


def test_twice_as_many_as_there_are_slots_are_in_flight(lab: Lab, ada: UUID) -> None:
    order = lab.waiting(ada, 10)

    assert lab.dispatch() == order[:WINDOW]
    assert lab.dispatch() == []

    lab.claim(order[0])  # Running is still in flight.
    assert lab.dispatch() == []
    lab.complete(lab.claimed(order[1]))
    assert lab.dispatch() == [order[WINDOW]]


def test_slots_of_all_workers_count_and_lost_workers_do_not(lab: Lab, ada: UUID) -> None:
    lab.worker(slots=1, name="w2")
    lab.worker(slots=50, name="gone")
    lab.sql(
        "UPDATE worker_heartbeats SET seen_at = now() - interval '1 minute' WHERE worker = 'gone'"
    )
    lab.waiting(ada, 10)

    assert len(lab.dispatch()) == 2 * (SLOTS + 1)


def test_without_a_worker_everything_waits(lab: Lab, ada: UUID) -> None:
    lab.sql("DELETE FROM worker_heartbeats")
    lab.waiting(ada, 2)

    assert lab.dispatch() == []
    assert dispatched(lab) == 0


def test_each_queue_has_its_own_window(lab: Lab, ada: UUID) -> None:
    lab.engine("big", queue=EngineQueue.GPU)
    gpu = lab.waiting(ada, 3, engine="big")
    cpu = lab.waiting(ada, 10, engine="noop")
    assert lab.dispatch() == cpu[:WINDOW]

    lab.worker(slots=1, name="g1", queue="segment.gpu")

    assert lab.dispatch() == gpu[:2]
    assert {run.queue for run in lab.queue.segments if run.run_id in gpu} == {"segment.gpu"}


def test_a_message_carries_the_limits_of_its_engine(lab: Lab, ada: UUID) -> None:
    """Rule 25."""
    lab.engine("slow", limits={"soft_seconds": 200, "hard_seconds": 230})
    lab.waiting(ada, 1, engine="slow")

    lab.dispatch()

    [sent] = lab.queue.segments
    assert (sent.soft_limit, sent.hard_limit) == (200, 230)


def test_the_times_of_the_messages_tell_their_order(lab: Lab, ada: UUID, bob: UUID) -> None:
    """What is in line behind what is read from them."""
    lab.worker(slots=16)
    for user in (ada, bob, ada, bob):
        lab.waiting(user, 5)

    sent = lab.dispatch()

    assert len(sent) == 20
    rows = lab.sql("SELECT id FROM runs ORDER BY dispatched_at")
    assert [row.id for row in rows] == sent


def test_users_take_turns_whatever_they_have_waiting(lab: Lab, ada: UUID, bob: UUID) -> None:
    """Q7 in small: Bob comes after hundreds of Ada's and does not wait for them."""
    many = lab.waiting(ada, 40)
    few = lab.waiting(bob, 5)
    finished: list[UUID] = []

    while not set(few) <= set(finished):
        lab.dispatch()
        for run in lab.queue.segments:  # In the order of the messages, as workers take them.
            lab.complete(lab.claimed(run.run_id))
            finished.append(run.run_id)
        lab.queue.segments.clear()

    before_bob = finished.index(few[-1]) - finished.index(few[0])
    assert len([run for run in finished if run in many]) < 2 * SLOTS + len(few)
    assert before_bob < 2 * len(few)
    assert [run for run in finished if run in many] == many[: len(finished) - len(few)]


def test_what_somebody_has_in_flight_counts_against_them(lab: Lab, ada: UUID, bob: UUID) -> None:
    """Ada fills the window; the next places are Bob's until they are even."""
    mine = lab.waiting(ada, 10)
    lab.dispatch()
    theirs = lab.waiting(bob, 10)

    for run in mine[:2]:
        lab.complete(lab.claimed(run))

    assert lab.dispatch() == theirs[:2]


def test_many_light_users_share_with_a_heavy_one(lab: Lab, ada: UUID) -> None:
    lab.waiting(ada, 30)
    light = [lab.waiting(lab.user(), 1)[0] for _ in range(6)]
    sent: list[UUID] = []

    for _ in range(3):
        for run in lab.dispatch():
            sent.append(run)
            lab.complete(lab.claimed(run))

    assert set(light) <= set(sent[:12])


def test_high_priority_goes_first_within_a_user(lab: Lab, ada: UUID, bob: UUID) -> None:
    normal = lab.waiting(ada, 3)
    urgent = lab.waiting(ada, 2, priority="high")
    other = lab.waiting(bob, 2)

    sent = lab.dispatch()

    assert [run for run in sent if run not in other] == urgent
    assert [run for run in sent if run in other] == other
    for run in sent:
        lab.complete(lab.claimed(run))
    assert lab.dispatch() == normal


def test_a_run_that_backs_off_lets_others_pass(lab: Lab, ada: UUID) -> None:
    first, second = lab.waiting(ada, 2)
    lab.fail(lab.claimed(first), FailureCode.STORAGE_ERROR)

    assert lab.dispatch() == [second]
    lab.sql("UPDATE runs SET not_before = now() - interval '1 second'")
    assert lab.dispatch() == [first]


def test_two_dispatchers_at_once_send_each_run_once(lab: Lab, ada: UUID) -> None:
    """Rule 23: the one that comes second returns at once."""
    order = lab.waiting(ada, 10)
    second = []

    with held("dispatch.taken", lambda: second.append(lab.dispatch())):
        first = lab.dispatch()

    assert (first, second) == (order[:WINDOW], [[]])


def test_nothing_is_sent_before_the_places_are_committed(lab: Lab, ada: UUID) -> None:
    """Rule 23: a message must not reach a worker before its run says so."""
    lab.waiting(ada, 2)
    seen = []

    class Looking(MemoryTaskQueue):
        def send_segments(self, sent: Sequence[DispatchedRun]) -> None:
            seen.append((len(sent), dispatched(lab)))

    dispatch(lab.database, Looking())

    assert seen == [(2, 2)]


def test_a_broker_that_refuses_gives_the_places_back(lab: Lab, ada: UUID) -> None:
    order = lab.waiting(ada, 2)

    class Refusing(MemoryTaskQueue):
        def send_segments(self, sent: Sequence[DispatchedRun]) -> None:
            raise ConnectionError("the broker is away")

    assert dispatch(lab.database, Refusing()) == 0

    assert dispatched(lab) == 0
    assert lab.dispatch() == order


def test_one_interactive_run_goes_before_what_its_user_and_others_have_waiting(
    lab: Lab, ada: UUID, bob: UUID
) -> None:
    """Somebody looks at that one image; that they filled the window does not count against it."""
    mine = lab.waiting(ada, 10)
    lab.dispatch()
    theirs = lab.waiting(bob, 3)
    [looked_at] = lab.waiting(ada, 1, priority="interactive")

    for run in mine[:2]:
        lab.complete(lab.claimed(run))

    assert lab.dispatch() == [looked_at, theirs[0]]


def test_interactive_runs_take_turns_like_any_others(lab: Lab, ada: UUID, bob: UUID) -> None:
    """Asking for each image one by one gains nothing over asking for all at once."""
    singles = [lab.waiting(ada, 1, priority="interactive")[0] for _ in range(10)]
    bulk = lab.waiting(bob, 10)

    assert lab.dispatch() == [singles[0], bulk[0], singles[1], bulk[1]]


def test_more_interactive_runs_in_flight_than_a_fair_share_leave_no_place(
    lab: Lab, ada: UUID, bob: UUID
) -> None:
    for _ in range(WINDOW):
        lab.waiting(ada, 1, priority="interactive")
    singles = lab.dispatch()
    [last] = lab.waiting(ada, 1, priority="interactive")
    theirs = lab.waiting(bob, 2)

    for run in singles[:2]:
        lab.complete(lab.claimed(run))

    assert lab.dispatch() == theirs
    assert lab.run(last).dispatched_at is None


def test_what_waited_long_goes_first_in_some_rounds(lab: Lab, ada: UUID, bob: UUID) -> None:
    """Urgent runs of the same user must not keep it waiting for ever; others lose nothing."""
    normal = lab.waiting(ada, 2)
    lab.sql("UPDATE runs SET created_at = created_at - interval '11 minutes'")
    urgent = lab.waiting(ada, 4, priority="high")
    theirs = lab.waiting(bob, 4)

    assert lab.dispatch(oldest_first=True) == [normal[0], theirs[0], urgent[0], theirs[1]]


def test_until_it_waited_long_urgency_is_strict(lab: Lab, ada: UUID) -> None:
    """Q7: within a user, high priority precedes normal."""
    lab.waiting(ada, 2)
    urgent = lab.waiting(ada, 4, priority="high")

    assert lab.dispatch(oldest_first=True) == urgent


def test_places_that_others_leave_go_to_whom_has_more(lab: Lab, ada: UUID, bob: UUID) -> None:
    many = lab.waiting(ada, 10)
    few = lab.waiting(bob, 1)

    assert lab.dispatch() == [many[0], few[0], many[1], many[2]]


def test_users_whose_runs_may_not_begin_yet_leave_no_place_empty(lab: Lab, ada: UUID) -> None:
    """Q7: they wait after a failed attempt, and have a share of nothing."""
    for _ in range(3):
        [run] = lab.waiting(lab.user(), 1)
        lab.sql("UPDATE runs SET not_before = now() + interval '1 minute' WHERE id = :id", id=run)
    order = lab.waiting(ada, 10)

    assert lab.dispatch() == order[:WINDOW]
    lab.complete(lab.claimed(order[0]))
    assert lab.dispatch() == [order[WINDOW]]


def test_dispatch_passes_over_what_somebody_is_changing(lab: Lab, ada: UUID) -> None:
    """Rule 18: a cancel of thousands holds its runs for a while; nobody waits for the other."""
    order = lab.waiting(ada, 6)
    with lab.database.engine.begin() as connection:
        connection.execute(
            text("SELECT id FROM runs WHERE id = ANY(:ids) FOR UPDATE"), {"ids": order[:2]}
        )

        assert lab.dispatch() == order[2:4]

    assert lab.dispatch() == order[:2]


def test_the_next_runs_are_found_without_reading_all_that_wait(lab: Lab, ada: UUID) -> None:
    """The loose scan walks the partial index from user to user."""
    crowd(lab, lab.project(ada), 20_000)

    for statement in (dispatching._WINDOW, *dispatching._NEXT.values()):
        values = {"queue": "segment.cpu", "free": 8, "fairly": True, "ageing": dispatching.AGEING}
        scans = scans_of_runs(lab, statement, **values)

        assert {scan["Node Type"] for scan in scans} <= {"Index Scan", "Index Only Scan"}
        assert sum(scan["Actual Rows"] * scan["Actual Loops"] for scan in scans) < 500


def crowd(lab: Lab, project: UUID, count: int) -> None:
    """Have *count* runs wait: most of them of one user, the others of twenty."""
    with lab.database.engine.begin() as connection:
        connection.execute(
            text(
                """
WITH new AS (
    INSERT INTO images (project_id, filename, sha256, bytes, width, height, channels, bit_depth,
                        storage_key, thumbnail_key, status)
    SELECT :project, 'a.png', n::text, 1, 1, 1, 1, 8, 'k', 't', 'queued'
    FROM generate_series(1, :count) AS n RETURNING id, sha256::int AS n
)
INSERT INTO runs (image_id, project_id, user_id, engine, engine_version, params, queue,
                  soft_seconds, hard_seconds, max_attempts)
SELECT id, :project, CASE WHEN n % 10 > 0 THEN CAST(:owner AS uuid)
                          ELSE md5((n % 200)::text)::uuid END,
       'noop', '1', '{}', 'segment.cpu', 60, 90, 3 FROM new
"""
            ),
            {"project": project, "count": count, "owner": uuid4()},
        )
    with lab.database.reading() as connection:
        connection.exec_driver_sql("ANALYZE runs")
    owners = Counter(row.user_id for row in lab.sql("SELECT user_id FROM runs"))
    assert len(owners) == 21


def scans_of_runs(lab: Lab, statement: TextClause, **values: object) -> list[dict[str, Any]]:
    """Carry the statement out; return how it read the table of runs."""

    def ask(tx: Transaction) -> dict[str, Any]:
        plan = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}")
        return tx.execute(plan, values).scalar_one()[0]["Plan"]

    def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield plan
        for child in plan.get("Plans", []):
            yield from nodes(child)

    return [
        node
        for node in nodes(lab.database.transact(ask))
        if node.get("Relation Name") == "runs" and node["Node Type"] != "ModifyTable"
    ]
