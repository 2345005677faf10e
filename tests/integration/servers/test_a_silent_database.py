"""PostgreSQL that says nothing at all is given up, and asked anew (rules.md 27)."""

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shared.database import connection
from shared.database.connection import Connection
from shared.database.engine import Database, plain_url
from shared.database.transaction import Transaction
from shared.latch import Latch
from shared.scheduling import Duty, lead
from shared.supervision.ports import LOCAL
from tests.faults.proxy import StallingProxy
from tests.integration.interleaving import until
from tests.integration.lab import Lab
from worker.outbox import publish_for_ever

SOCKET = ".s.PGSQL.5432"
ONE = text("SELECT 1")


@pytest.fixture
def network(lab_database: Database) -> Iterator[StallingProxy]:
    """What is between us and PostgreSQL; once stalled, it swallows what is sent."""
    folder = lab_database.url.query["host"]
    proxy = StallingProxy(Path(str(folder)) / SOCKET)
    yield proxy
    proxy.close()


@pytest.fixture
def database(
    lab_database: Database, network: StallingProxy, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A database with two connections, whose server has two seconds for each statement."""
    url = lab_database.url.set(host=LOCAL, port=network.port, query={})
    database = Database(url.render_as_string(hide_password=False), pool_size=2)
    assert database.answers()
    monkeypatch.setattr(connection, "GRACE_SECONDS", 2.0 - connection.STATEMENT_SECONDS)
    yield database
    database.close()


def test_a_question_is_given_up_and_the_next_one_answered(
    database: Database, network: StallingProxy
) -> None:
    with database.reading() as asking:
        assert asking.execute(ONE).scalar() == 1
        network.stall()

        with pytest.raises(OperationalError, match=r"no answer within 2 s: it hangs"):
            asking.execute(ONE)

    with database.reading() as asking:
        assert asking.execute(ONE).scalar() == 1


def test_a_move_is_given_up_with_all_connections_of_its_pool(
    database: Database, network: StallingProxy
) -> None:
    with database.reading() as one, database.reading() as another:
        assert one.execute(ONE).scalar() == another.execute(ONE).scalar()
    network.stall()

    with pytest.raises(psycopg.OperationalError, match="no answer"):
        database.transact(lambda tx: tx.rows("SELECT 1 AS one", {}), single=True)

    assert database.answers()


def test_a_commit_is_given_up(database: Database, network: StallingProxy) -> None:
    with pytest.raises(OperationalError, match="no answer"):
        database.transact(lambda tx: (tx.execute(ONE), network.stall()))

    assert database.answers()


def test_a_statement_that_may_take_longer_is_waited_for(database: Database) -> None:
    sleep = text("SELECT 1 FROM pg_sleep(4)")

    def wait(tx: Transaction) -> int | None:
        tx.take_at_most(60)
        return tx.execute(sleep).scalar()

    assert database.transact(wait) == 1
    with pytest.raises(OperationalError, match="no answer"):
        database.transact(lambda tx: tx.execute(sleep))


def test_who_waits_for_a_notice_waits_as_long_as_they_like(database: Database) -> None:
    with database.reading() as asking:
        driver = asking.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)

        assert list(driver.notifies(timeout=3.0)) == []

        assert asking.execute(ONE).scalar() == 1


def test_who_leads_over_a_dead_link_notices(database: Database, network: StallingProxy) -> None:
    cut = Duty("cut", 60.0, network.stall)
    with (
        Connection.connect(plain_url(database.url), autocommit=True) as leader,
        pytest.raises(psycopg.OperationalError, match="no answer"),
    ):
        lead(leader, [cut], Latch())


def test_who_connects_to_nobody_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 2)
    with (
        socket.create_server((LOCAL, 0)) as silent,
        pytest.raises(psycopg.OperationalError, match="timeout expired"),
    ):
        Connection.connect(f"postgresql://{LOCAL}:{silent.getsockname()[1]}/celltally")


def test_the_publisher_listens_again_after_a_dead_link(
    lab: Lab, database: Database, network: StallingProxy
) -> None:
    database.close()
    database.engine = lab.database.engine  # Only the link of the listener is cut.
    stopping = Latch()
    publishing = Thread(
        target=publish_for_ever, args=(database, lab.publisher, lab.queue, stopping)
    )
    publishing.start()
    try:
        until(lambda: listeners(lab) == 1)
        network.stall()

        until(lambda: listeners(lab) == 2)  # To the server the first is still there.
    finally:
        stopping.set()
        publishing.join(30)
    assert not publishing.is_alive()


def listeners(lab: Lab) -> int:
    """Return how many links PostgreSQL has on which nothing was done but to listen."""
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'idle' AND query IN ('LISTEN celltally_orders', 'SELECT 1')"
        " AND application_name = ''"
    )
    return int(lab.sql(asked)[0][0])
