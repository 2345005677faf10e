"""`python -m worker.engines.register WORKER`: tell the database which engines this machine has."""

import json
import sys
from functools import partial

from shared.config import Settings
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.database.workers import RegisteredEngine, register_engine
from shared.servers.addresses import server_urls
from worker.engines.registry import discover


def main(worker: str) -> None:
    """Store the declaration of every installed engine, the unavailable ones with their reason.

    The names of the available ones are printed, for the worker's heartbeat.
    """
    urls = server_urls(Settings.from_environment())
    database = Database(urls.database, pool_size=1, name="celltally-register")
    engines = discover()
    for engine in engines:
        registered = RegisteredEngine(engine.name, engine.spec, engine.available, engine.reason)
        database.transact(partial(_store, registered, worker))
    database.close()
    # The last line: what engines print while they are imported comes before it.
    print(json.dumps([engine.name for engine in engines if engine.available]))


def _store(engine: RegisteredEngine, worker: str, tx: Transaction) -> None:
    register_engine(tx.connection, engine, worker=worker)


if __name__ == "__main__":
    main(*sys.argv[1:2] or [""])
