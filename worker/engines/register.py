"""`python -m worker.engines.register`: tell the database which engines this machine has."""

from functools import partial

from shared.config import Settings
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.database.workers import RegisteredEngine, register_engine
from shared.servers.addresses import server_urls
from worker.engines.registry import discover


def main() -> None:
    """Store the declaration of every installed engine, the unavailable ones with their reason."""
    urls = server_urls(Settings.from_environment())
    database = Database(urls.database, pool_size=1, name="celltally-register")
    for engine in discover():
        registered = RegisteredEngine(engine.name, engine.spec, engine.available, engine.reason)
        database.transact(partial(_store, registered))
    database.close()


def _store(engine: RegisteredEngine, tx: Transaction) -> None:
    register_engine(tx.connection, engine)


if __name__ == "__main__":
    main()
