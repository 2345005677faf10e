"""`dispatch.jain`: how even 50 users are served when one of them asked for most of it.

One user has 2,000 images waiting and 49 have 20 each. As many slots as users: the real `dispatch`
fills the window, and in each of ten rounds as many runs as there are slots are claimed and
completed in the order they were sent. The figure is Jain's index of the runs that each user had
started; the peer is first come, first served, of the same requests. Nothing is timed: it is the
same in every run.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import text

from bench.measurement import Measurement
from bench.rounds import Scale
from bench.rows import insert_images, insert_project
from bench.servers import bench_servers
from shared.actions.dispatch import dispatch
from shared.actions.runs import claim_run, complete_run
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.database.workers import OnlineWorker, beat
from shared.domain.runs import Claimant, Outcome
from shared.messaging.memory import MemoryTaskQueue

NAMES = ("dispatch.jain",)

ROUNDS = 10
_LIGHT_USERS = 49
_HEAVY, _LIGHT = 2000, 20
_SLOTS = 50

_QUEUED = text(
    """
INSERT INTO runs (image_id, project_id, user_id, engine, engine_version, params, queue,
                  soft_seconds, hard_seconds, max_attempts)
SELECT i.id, p.id, p.owner_id, 'none', '1', '{}', 'segment.cpu', 120, 150, 3
FROM images AS i JOIN projects AS p ON p.id = i.project_id
WHERE p.id = :project_id ORDER BY i.id
"""
)

_USERS = text("SELECT id, user_id FROM runs ORDER BY seq")


def run(scale: Scale) -> Iterator[Measurement]:
    """Serve the users for ten rounds; the scale changes nothing, for little is done."""
    with bench_servers() as bench:
        for images in (_HEAVY, *[_LIGHT] * _LIGHT_USERS):
            ask(bench.database, images)
        with bench.database.reading() as connection:
            users = {row.id: row.user_id for row in connection.execute(_USERS)}
        started = serve(bench.database, slots=_SLOTS)
    first_come = list(users)[: len(started)]
    ours, peer = (jain_of(users, each) for each in (started, first_come))
    yield Measurement("dispatch.jain", ours, "index", "first come, first served", peer)


def ask(database: Database, images: int) -> UUID:
    """Have a new user ask for so many images; return the user."""
    project_id, user_id = insert_project(database)
    insert_images(database, project_id, images, status="queued")

    def queue(tx: Transaction) -> None:
        tx.execute(_QUEUED, {"project_id": project_id})

    database.transact(queue)
    return user_id


def serve(database: Database, *, slots: int, rounds: int = ROUNDS) -> list[UUID]:
    """Work for *rounds* rounds with so many slots; return the runs in the order they started."""
    worker = OnlineWorker("bench", ["segment.cpu"], slots, busy=0)
    queue, started = MemoryTaskQueue(), list[UUID]()
    sent: deque[UUID] = deque()
    for _ in range(rounds):
        database.transact(lambda tx: beat(tx.connection, worker, ["none"]))
        dispatch(database, queue)
        sent += [each.run_id for each in queue.segments]
        queue.segments.clear()
        for _ in range(min(slots, len(sent))):
            started.append(sent.popleft())
            _carry_out(database, started[-1])
    return started


def jain(shares: Sequence[float]) -> float:
    """Return Jain's index: 1 when all shares are equal, 1/n when one has everything."""
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


def jain_of(users: dict[UUID, UUID], started: Sequence[UUID]) -> float:
    """Return the index of what each of the users had started."""
    counts = Counter(users[run_id] for run_id in started)
    return jain([counts[user] for user in set(users.values())])


def _carry_out(database: Database, run_id: UUID) -> None:
    def carry_out(tx: Transaction) -> None:
        run = claim_run(tx, run_id, claimant=Claimant("bench", 1, 45))
        assert run is not None, f"run {run_id} was sent and cannot be claimed"
        outcome = Outcome(1, duration_ms=1, result_path=f"results/{run.image_id}/{run.token}/")
        assert complete_run(tx, run, outcome=outcome)

    database.transact(carry_out)
