"""PostgreSQL that says nothing at all is given up, and asked anew (rules.md 27)."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shared.database import connection
from shared.database.engine import Database, driver_url
from shared.database.transaction import Transaction
from shared.servers.addresses import ServerUrls
from shared.supervision.ports import LOCAL
from tests.faults.proxy import StallingProxy

SOCKET = ".s.PGSQL.5432"
ONE = text("SELECT 1")


@pytest.fixture
def network(servers: ServerUrls) -> Iterator[StallingProxy]:
    """What is between us and PostgreSQL; once stalled, it swallows what is sent."""
    folder = driver_url(servers.database).query["host"]
    proxy = StallingProxy(Path(str(folder)) / SOCKET)
    yield proxy
    proxy.close()


@pytest.fixture
def database(
    servers: ServerUrls, network: StallingProxy, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A database with one connection, whose server has half a second for each statement."""
    url = driver_url(servers.database).set(host=LOCAL, port=network.port, query={})
    database = Database(url.render_as_string(hide_password=False), pool_size=1)
    monkeypatch.setattr(connection, "GRACE_SECONDS", 0.5 - connection.STATEMENT_SECONDS)
    yield database
    database.close()


def test_a_question_is_given_up_and_the_next_one_answered(
    database: Database, network: StallingProxy
) -> None:
    with database.reading() as asking:
        assert asking.execute(ONE).scalar() == 1
        network.stall()

        with pytest.raises(OperationalError, match=r"said nothing for 0\.5 s: it hangs"):
            asking.execute(ONE)

    with database.reading() as asking:
        assert asking.execute(ONE).scalar() == 1


def test_a_move_is_given_up_and_its_connection_not_used_again(
    database: Database, network: StallingProxy
) -> None:
    assert database.transact(lambda tx: tx.rows("SELECT 1 AS one", {}), single=True) == [{"one": 1}]
    network.stall()

    with pytest.raises(psycopg.OperationalError, match="said nothing"):
        database.transact(lambda tx: tx.rows("SELECT 1 AS one", {}), single=True)

    assert database.answers()


def test_a_commit_is_given_up(database: Database, network: StallingProxy) -> None:
    with pytest.raises(OperationalError, match="said nothing"):
        database.transact(lambda tx: (tx.execute(ONE), network.stall()))

    assert database.answers()


def test_a_statement_that_may_take_longer_is_waited_for(database: Database) -> None:
    sleep = text("SELECT 1 FROM pg_sleep(1)")

    def wait(tx: Transaction) -> int | None:
        tx.take_at_most(60)
        return tx.execute(sleep).scalar()

    assert database.transact(wait) == 1
    with pytest.raises(OperationalError, match="said nothing"):
        database.transact(lambda tx: tx.execute(sleep))


def test_who_waits_for_a_notice_waits_as_long_as_they_like(database: Database) -> None:
    with database.reading() as asking:
        driver = asking.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)

        assert list(driver.notifies(timeout=1.0)) == []

        assert asking.execute(ONE).scalar() == 1
