"""The engine of benchmarks that measure everything but engines; no worker has to have it."""

from shared.database.engine import Database
from shared.database.workers import RegisteredEngine, register_engine
from shared.domain.engines import EngineSpec, Modality

NOTHING = EngineSpec(
    name="nothing",
    version="1",
    title="Nothing",
    licence="MIT",
    modalities=[Modality.ANY],
    params={"type": "object", "properties": {}},
)


def register_nothing(database: Database) -> None:
    """Let runs of it be asked for."""
    nothing = RegisteredEngine(NOTHING.name, NOTHING, available=True, reason=None)
    database.transact(lambda tx: register_engine(tx.connection, nothing))
