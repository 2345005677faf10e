"""An outcome survives the loss of the database between claim and commit (S3)."""

from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import psycopg
import pytest

from shared.database.engine import plain_url
from shared.domain.runs import FailureCode, RunStatus
from shared.storage import open_storage
from tests.images import disks, encoded
from tests.integration.interleaving import held, until
from tests.integration.lab import Lab
from tests.integration.runs.child import Child, FakeEngines

_WAITING = (
    "SELECT pid FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def child(lab: Lab) -> Child:
    return Child(lab, open_storage("memory:///"), FakeEngines())


@pytest.fixture
def run(lab: Lab, child: Child) -> Any:
    """A queued run whose image is stored."""
    queued = lab.one_run()
    child.storage.put(lab.image(queued.image_id).storage_key, encoded(disks(2)))
    return queued


@pytest.fixture
def cut(lab: Lab, run: Any) -> Iterator[Callable[..., None]]:
    """Have the next statement about the run's image lose its connection half way.

    A question waits for no lock of a row: *table* locks a whole one.
    """
    cutting: list = []

    def cut_one(connection: psycopg.Connection) -> None:
        with connection.transaction():
            waiting = until(lambda: connection.execute(_WAITING).fetchone())
            connection.execute("SELECT pg_terminate_backend(%s, 10000)", waiting)
        connection.rollback()

    def cut(table: LiteralString = "") -> None:
        connection = psycopg.connect(plain_url(lab.database.url))
        if table:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        else:
            connection.execute("SELECT FROM images WHERE id = %s FOR UPDATE", [run.image_id])
        cutting.append((connection, pool.submit(cut_one, connection)))

    with lab.threads(1) as pool:
        yield cut
        for connection, done in cutting:
            done.result(60)
            connection.close()


def fail_to_hear() -> None:
    raise psycopg.OperationalError("the answer was lost")


def test_a_result_is_recorded_on_a_fresh_connection(
    lab: Lab, child: Child, run: Any, cut: Callable[[], None]
) -> None:
    with held("segment.before_commit", cut):
        assert child.carry_out(run.id)

    done = lab.run(run.id)
    assert (done.status, done.attempt) == (RunStatus.SUCCEEDED, 1)
    assert len(child.results()) == 3
    assert lab.stats(run.project_id).object_count == 2
    assert lab.is_exact(run.project_id)


def test_a_failure_is_recorded_on_a_fresh_connection(
    lab: Lab, child: Child, run: Any, cut: Callable[[], None]
) -> None:
    def fail(image: object) -> Any:
        cut()
        raise ValueError

    child.engines.find = fail

    assert child.carry_out(run.id)

    assert lab.run(run.id).failure_code == FailureCode.ENGINE_ERROR
    assert lab.is_exact(run.project_id)


def test_a_question_for_an_earlier_result_that_gets_no_answer_is_no_failure(
    lab: Lab, child: Child, run: Any, cut: Callable[..., None]
) -> None:
    """Not to know of one is no reason to fail the image: it is made."""
    with held("segment.claimed", lambda: cut("runs")):
        assert child.carry_out(run.id)

    done = lab.run(run.id)
    assert (done.status, done.attempt, done.taken_from) == (RunStatus.SUCCEEDED, 1, None)
    assert lab.stats(run.project_id).object_count == 2


def test_a_commit_whose_answer_was_lost_keeps_its_files(lab: Lab, child: Child, run: Any) -> None:
    """The second try finds no token: the first one had taken it."""
    with held("segment.committed", fail_to_hear):
        assert child.carry_out(run.id)

    done = lab.run(run.id)
    assert (done.status, done.attempt) == (RunStatus.SUCCEEDED, 1)
    assert child.results() == sorted(child.storage.list(done.result_path))
    assert len(child.results()) == 3
    assert lab.stats(run.project_id).object_count == 2


def test_a_result_recorded_unheard_may_be_an_earlier_one_by_now(
    lab: Lab, child: Child, run: Any
) -> None:
    """Its files stay as long as its row does."""

    def another_result() -> None:
        lab.segment(run.project_id, force=True)
        lab.complete(lab.claimed(lab.runs(run.project_id, "queued")[0].id))
        fail_to_hear()

    with held("segment.committed", another_result):
        assert child.carry_out(run.id)

    assert child.results() == sorted(child.storage.list(lab.run(run.id).result_path))


def test_one_that_was_fenced_while_it_tried_again_keeps_nothing(
    lab: Lab, child: Child, run: Any
) -> None:
    """Q3: nothing was committed, and the run went to another child."""

    def lose_it() -> None:
        lab.sql("UPDATE images SET status = 'queued', current_run_id = NULL")
        lab.sql("DELETE FROM runs")
        fail_to_hear()

    with held("segment.committed", lose_it):
        assert not child.carry_out(run.id)

    assert child.results() == []


def test_after_its_lease_it_tries_no_more(lab: Lab, child: Child, run: Any) -> None:
    """The reaper has given the run to somebody else by then."""
    with (
        held("segment.committed", fail_to_hear),
        pytest.raises(psycopg.OperationalError, match="lost"),
    ):
        child.carry_out(run.id, lease=0)

    assert len(child.results()) == 3
