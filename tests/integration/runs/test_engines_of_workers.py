"""What workers say of their engines, where one has what another lacks."""

import pytest

from shared.database.workers import (
    OnlineWorker,
    RegisteredEngine,
    beat,
    register_engine,
    registered_engines,
)
from tests.integration.lab import Lab


@pytest.fixture
def heavy(lab: Lab) -> RegisteredEngine:
    """An engine that the worker w1 has."""
    engine = RegisteredEngine("heavy", lab.engine("heavy"), available=True, reason=None)
    online(lab, "w1", "heavy")
    return engine


def online(lab: Lab, name: str, *engines: str) -> None:
    worker = OnlineWorker(name, ["segment.cpu"], 2, busy=0)
    lab.database.transact(lambda tx: beat(tx.connection, worker, list(engines)))


def say(lab: Lab, worker: str, engine: RegisteredEngine) -> None:
    lab.database.transact(lambda tx: register_engine(tx.connection, engine, worker=worker))


def known(lab: Lab) -> RegisteredEngine:
    with lab.database.reading() as connection:
        [engine] = registered_engines(connection)
    return engine


def lacking(engine: RegisteredEngine) -> RegisteredEngine:
    """Return what a worker without its weights says."""
    assert engine.spec is not None
    bare = engine.spec.model_copy(update={"params": {}})
    return RegisteredEngine("heavy", bare, available=False, reason="there are no weights")


def test_what_another_worker_online_can_use_stays_available(
    lab: Lab, heavy: RegisteredEngine
) -> None:
    online(lab, "w2")

    say(lab, "w2", lacking(heavy))

    assert known(lab) == heavy


def test_what_its_only_worker_cannot_use_any_more_is_not_available(
    lab: Lab, heavy: RegisteredEngine
) -> None:
    say(lab, "w1", lacking(heavy))

    assert known(lab) == lacking(heavy)


def test_what_a_lost_worker_had_is_not_available(lab: Lab, heavy: RegisteredEngine) -> None:
    lab.sql("UPDATE worker_heartbeats SET seen_at = now() - interval '1 hour'")

    say(lab, "w2", lacking(heavy))

    assert not known(lab).available


def test_whoever_can_use_it_makes_it_available(lab: Lab, heavy: RegisteredEngine) -> None:
    say(lab, "w1", lacking(heavy))

    say(lab, "w2", heavy)

    assert known(lab) == heavy
