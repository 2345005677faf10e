"""The pulse of a worker: says that it lives, renews its leases, gives back dead children's runs."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from structlog import get_logger

from shared.actions.leases import hand_back, release, release_all, renew_leases, time_out
from shared.actions.watch_exports import hand_back_exports, keep_exports, release_exports
from shared.database import export_moves, leases
from shared.database.engine import Database
from shared.database.workers import OnlineWorker, beat, leave
from shared.latch import Latch
from worker.endings import Endings
from worker.pool import Pool
from worker.strays import Strays, kill
from worker.turns import FreeTurns, Turns

logger = get_logger(__name__)

#: A dead child is noticed this fast; its run waits again at once.
LOOK_SECONDS = 0.5

#: The heartbeat in the database; three missed ones and the worker is not online.
BEAT_SECONDS = 5.0


@dataclass
class Heartbeat:
    """One thread's work; it has its own connection, opened after the children were forked."""

    database: Database
    pool: Pool
    strays: Strays
    endings: Endings
    turns: Turns | FreeTurns
    worker: str
    queues: list[str]
    engines: list[str]
    lease_seconds: int
    kill: Callable[[int], None] = kill
    _next_beat: float = 0.0

    def run(self, stopping: Latch) -> None:
        """Beat until the worker stops; a database that is away is tried again each round."""
        while not stopping.is_set():
            try:
                self.beat_once(time.monotonic())
            except Exception as problem:
                logger.warning("heartbeat failed; trying again", error=str(problem))
            stopping.wait(LOOK_SECONDS)
        self._say_good_bye()

    def beat_once(self, now: float) -> None:
        """Do what is due at the monotonic time *now*."""
        live = self.pool.pids()
        self._end_the_overdue(live)
        self._give_back_ended()
        self._give_back_lost()
        if now >= self._next_beat:
            held = self._renew(live, now)
            worker = OnlineWorker(self.worker, self.queues, self.turns.places, held)
            self.database.transact(lambda tx: beat(tx.connection, worker, self.engines))
            self._next_beat = now + min(BEAT_SECONDS, self.lease_seconds / 3)

    def _renew(self, live: set[int], now: float) -> int:
        """Keep the runs that somebody works at; return how many they are."""
        # A child may outlive its task without an outcome, when the database was away for long:
        # its run is not kept.
        busy = {holding for holding in self.pool.at_work() if holding.pid in live}
        held = self.database.transact(
            lambda tx: renew_leases(
                tx,
                worker=self.worker,
                holdings=busy,
                lease_seconds=self.lease_seconds,
                progress=self.turns.progress(),
            )
        )
        keep_exports(
            self.database,
            worker=self.worker,
            pids=self.pool.exporting() & live,
            lease_seconds=self.lease_seconds,
        )
        self.strays.see(busy, held, now)
        return len(held)

    def _end_the_overdue(self, live: set[int]) -> None:
        """End the children that are in an engine beyond its hard limit: they hear of no other."""
        overdue = self.turns.overdue() & live
        for holding in self.pool.at_work() if overdue else ():
            if holding.pid in overdue:
                logger.warning("an engine exceeded its hard limit; ending it", holding=holding)
                self.endings.note_timeout(holding.run_id)
                self.kill(holding.pid)

    def _give_back_ended(self) -> None:
        """Give back the runs whose children this worker ended itself, each with its reason."""
        timed_out, broken_off = self.endings.noted()
        for runs, act in ((timed_out, time_out), (broken_off, release)):
            if runs:
                given = act(self.database, worker=self.worker, runs=runs)
                logger.warning("runs ended", why=act.__name__, runs=[str(r) for r in given])
                self.endings.forget(runs)

    def _give_back_lost(self) -> None:
        # In this order: a child that was forked in between holds none of the runs asked for. What
        # was seen alive earlier is no help, as an image may end its child before anybody looks.
        with self.database.reading() as connection:
            claimants = leases.claimants(connection, self.worker)
            exporters = export_moves.claimants(connection, self.worker)
        live = self.pool.pids()
        if dead := claimants - live:
            given = hand_back(self.database, worker=self.worker, dead=dead)
            logger.warning("children died", pids=sorted(dead), runs=[str(r) for r in given])
        if dead := exporters - live:
            given = hand_back_exports(self.database, worker=self.worker, dead=dead)
            logger.warning("children died", pids=sorted(dead), exports=[str(e) for e in given])

    def _say_good_bye(self) -> None:
        try:
            released = release_all(self.database, worker=self.worker)
            released += release_exports(self.database, worker=self.worker)
            self.database.transact(lambda tx: leave(tx.connection, self.worker))
        except Exception as problem:
            logger.info("could not say good-bye; leases will tell", error=str(problem))
        else:
            logger.info("the worker is done", released=[str(run) for run in released])
