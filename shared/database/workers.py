"""Which workers are alive, and which engines they have."""

import json
from dataclasses import dataclass

from sqlalchemy import Connection, text

from shared.database.dashboards import WORKER_SECONDS
from shared.domain.engines import EngineSpec

_BEAT = text(
    """
INSERT INTO worker_heartbeats AS w (worker, queues, slots, busy, engines)
VALUES (:worker, :queues, :slots, :busy, :engines)
ON CONFLICT (worker) DO UPDATE
SET queues = excluded.queues, slots = excluded.slots, busy = excluded.busy,
    engines = excluded.engines, seen_at = now(),
    started_at = CASE WHEN w.seen_at < now() - interval '1 minute' THEN now()
                      ELSE w.started_at END
"""
)

_LEAVE = text("DELETE FROM worker_heartbeats WHERE worker = :worker")

_SWEEP = text("DELETE FROM worker_heartbeats WHERE seen_at < now() - interval '1 day'")

_ONLINE = text(
    f"""
SELECT worker, queues, slots, busy FROM worker_heartbeats
WHERE seen_at > now() - interval '{WORKER_SECONDS} seconds' ORDER BY worker
"""  # noqa: S608 - the number is a constant of this package
)

# What a worker cannot use another one may: only its last word that it can counts.
_REGISTER = text(
    f"""
INSERT INTO engines (name, spec, available, reason) VALUES (:name, :spec, :available, :reason)
ON CONFLICT (name) DO UPDATE
SET spec = coalesce(excluded.spec, engines.spec), available = excluded.available,
    reason = excluded.reason, seen_at = now()
WHERE excluded.available OR NOT EXISTS (
    SELECT FROM worker_heartbeats
    WHERE seen_at > now() - interval '{WORKER_SECONDS} seconds' AND worker <> :worker
      AND excluded.name = ANY(engines))
"""  # noqa: S608 - the number is a constant of this package
)

_ENGINES = text("SELECT name, spec, available, reason FROM engines ORDER BY name")


@dataclass(frozen=True, slots=True)
class OnlineWorker:
    """A worker that was heard of lately."""

    worker: str
    queues: list[str]
    slots: int
    busy: int


@dataclass(frozen=True, slots=True)
class RegisteredEngine:
    """An engine that some worker has, or has and cannot load."""

    name: str
    spec: EngineSpec | None
    available: bool
    reason: str | None


def beat(connection: Connection, worker: OnlineWorker, engines: list[str]) -> None:
    """Say that the worker is alive."""
    values = {
        "worker": worker.worker,
        "queues": worker.queues,
        "slots": worker.slots,
        "busy": worker.busy,
        "engines": engines,
    }
    connection.execute(_BEAT, values)


def leave(connection: Connection, worker: str) -> None:
    """Say that the worker stops."""
    connection.execute(_LEAVE, {"worker": worker})


def sweep_workers(connection: Connection) -> None:
    """Forget the workers that have been gone for a day."""
    connection.execute(_SWEEP)


def online_workers(connection: Connection) -> list[OnlineWorker]:
    """Return the workers that were heard of lately."""
    rows = connection.execute(_ONLINE)
    return [OnlineWorker(row.worker, row.queues, row.slots, row.busy) for row in rows]


def register_engine(connection: Connection, engine: RegisteredEngine, *, worker: str = "") -> None:
    """Store what *worker* says of an engine it has.

    That it cannot use it is kept to itself while another worker online can.
    """
    spec = None if engine.spec is None else json.dumps(engine.spec.to_json())
    values = {
        "worker": worker,
        "name": engine.name,
        "spec": spec,
        "available": engine.available,
        "reason": engine.reason,
    }
    connection.execute(_REGISTER, values)


def registered_engines(connection: Connection) -> list[RegisteredEngine]:
    """Return every engine that a worker has declared, by name."""
    return [
        RegisteredEngine(
            name=row.name,
            spec=None if row.spec is None else EngineSpec.model_validate(row.spec),
            available=row.available,
            reason=row.reason,
        )
        for row in connection.execute(_ENGINES)
    ]
