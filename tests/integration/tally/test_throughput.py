"""How much was done lately: stored acts, each counted once (S8)."""

from itertools import pairwise
from uuid import UUID

import pytest

from shared.database.throughput import read_throughput
from shared.domain.throughput import Span, Throughput
from tests.integration.lab import Lab


@pytest.fixture
def ada(lab: Lab) -> UUID:
    return lab.user("Ada")


@pytest.fixture
def project(lab: Lab, ada: UUID) -> UUID:
    return lab.project(ada)


def throughput(lab: Lab, user: UUID, span: Span = Span.DAY) -> Throughput:
    with lab.database.reading() as connection:
        return read_throughput(connection, user, span)


def segmented(read: Throughput) -> int:
    return sum(point.segmented for point in read.points)


@pytest.mark.parametrize("span", list(Span))
def test_it_has_a_point_for_each_step_and_as_many_before(lab: Lab, ada: UUID, span: Span) -> None:
    read = throughput(lab, ada, span)

    assert len(read.points) == len(read.before) == span.length / span.step
    moments = [point.at for point in (*read.before, *read.points)]
    assert {later - at for at, later in pairwise(moments)} == {span.step}
    assert read.step_seconds == span.step.total_seconds()


def test_folded_and_unfolded_acts_are_counted_once(lab: Lab, ada: UUID, project: UUID) -> None:
    lab.complete(lab.claimed(lab.one_run(project).id), ms=250)
    lab.fold(project)
    lab.complete(lab.claimed(lab.one_run(project).id), ms=350)

    for span in Span:
        read = throughput(lab, ada, span)
        assert segmented(read) == 2
        assert sum(point.uploaded for point in read.points) == 2
        assert sum(point.run_ms for point in read.points) == 600


def test_what_is_older_is_in_its_own_step_or_before(lab: Lab, ada: UUID, project: UUID) -> None:
    lab.complete(lab.claimed(lab.one_run(project).id), ms=250)
    lab.fold(project)
    lab.sql("UPDATE activity_buckets SET starts_at = starts_at - interval '90 minutes'")

    hour, day = throughput(lab, ada, Span.HOUR), throughput(lab, ada, Span.DAY)

    assert segmented(hour) == 0
    assert sum(point.segmented for point in hour.before) == 1
    assert segmented(day) == 1
    assert day.points[-1].segmented == 0


def test_deleting_lowers_nothing_and_others_acts_are_not_seen(
    lab: Lab, ada: UUID, project: UUID
) -> None:
    run = lab.claimed(lab.one_run(project).id)
    lab.complete(run, ms=250)
    lab.delete(project, [run.image_id])
    lab.fold(project)
    lab.images(lab.project(lab.user("Bob")), 7)

    read = throughput(lab, ada)

    assert segmented(read) == 1
    assert sum(point.uploaded for point in read.points) == 1


def test_it_is_one_statement(lab: Lab, ada: UUID, statements: list[str]) -> None:
    throughput(lab, ada, Span.WEEK)

    assert len(statements) == 1
