"""Which results are doubtful: kept with the run, judged by the project, sorted in SQL."""

import json
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.actions.runs import complete_run
from shared.database import images, quality
from shared.database.images import ORDERS, ImageFilter
from shared.database.paging import Cut
from shared.domain.provenance import Making
from shared.domain.quality import Norm, Quality, flags_of, suspicion_of
from shared.domain.runs import Outcome
from tests.integration.lab import Lab

SHARP, DIM = Quality(border_share=0.1, focus=0.08), Quality(border_share=0.1, focus=0.001)


@pytest.fixture
def project(lab: Lab) -> UUID:
    lab.engine()
    return lab.project()


def complete(
    lab: Lab, image: UUID, objects: int, measured: Quality | None, making: Making | None = None
) -> None:
    """Segment the image and record what came of it."""
    lab.segment(lab.image(image).project_id, [image], force=True)
    run = lab.claimed(lab.runs(lab.image(image).project_id, "queued")[0].id)
    path = f"results/{run.image_id}/{run.token}/"
    outcome = Outcome(objects, 100, path, making, measured)
    assert lab.database.transact(lambda tx: complete_run(tx, run, outcome=outcome))


def judged(lab: Lab, image: UUID, objects: int | None, measured: Quality | None) -> None:
    """Give the image this result, whatever it had; its status may not jump and tells nothing."""
    values = None if measured is None else json.dumps(measured.to_json())
    lab.sql(
        "UPDATE images SET object_count = :objects, quality = CAST(:quality AS jsonb)"
        " WHERE id = :id",
        objects=objects,
        quality=values,
        id=image,
    )


def listed(lab: Lab, project: UUID, sort: str = "suspicion") -> list[tuple[UUID, float]]:
    with lab.database.reading() as connection:
        page = images.list_images(connection, ImageFilter(project), Cut(ORDERS[sort], 100))
    return [(row["id"], row["sort_key"]) for row in page.rows]


def norm(lab: Lab, project: UUID) -> Norm:
    with lab.database.reading() as connection:
        return quality.norms(connection, [project]).get(project, Norm())


def test_the_quality_of_a_result_is_kept_with_the_run_and_shown_of_the_image(
    lab: Lab, project: UUID
) -> None:
    [image] = lab.images(project)

    complete(lab, image, 3, SHARP)

    assert lab.image(image).quality == SHARP.to_json()
    assert lab.runs(project)[0].quality == SHARP.to_json()


def test_a_copied_result_has_the_quality_of_its_source(lab: Lab, project: UUID) -> None:
    source, copy = lab.images(project, 2)
    complete(lab, source, 3, DIM)
    making = Making("1", {}, taken_from=lab.runs(project)[0].id)

    complete(lab, copy, 3, None, making)

    assert lab.image(copy).quality == DIM.to_json()


def test_an_earlier_result_brings_its_quality_back(lab: Lab, project: UUID) -> None:
    [image] = lab.images(project)
    complete(lab, image, 3, SHARP)
    complete(lab, image, 4, DIM)
    assert lab.image(image).quality == DIM.to_json()

    lab.choose(image, lab.runs(project)[0].id)

    assert lab.image(image).quality == SHARP.to_json()


def test_what_is_usual_is_the_median_of_the_projects_own_results(lab: Lab, project: UUID) -> None:
    ids = lab.images(project, 9)
    for image, objects in zip(ids, (10, 11, 12, 13, 14, 15, 16, 17, 400), strict=True):
        judged(lab, image, objects, SHARP)
    other = lab.project()
    judged(lab, lab.images(other)[0], 5000, DIM)

    usual = norm(lab, project)

    assert usual.count == 14
    assert usual.far == pytest.approx(3.5 * 1.4826 * 2)
    assert usual.least_focus == pytest.approx(0.04)


def test_what_is_usual_is_asked_of_the_newest_results_alone(lab: Lab, project: UUID) -> None:
    """So that a list of a large project costs no more than one of a small one."""
    older, newer = lab.images(project, 1001), lab.images(project, 1000)
    for ids, objects in ((older, 50), (newer, 5)):
        lab.sql("UPDATE images SET object_count = :n WHERE id = ANY(:ids)", n=objects, ids=ids)

    assert norm(lab, project).count == 5


def test_few_results_and_none_say_nothing_of_what_is_usual(lab: Lab, project: UUID) -> None:
    assert norm(lab, project) == Norm()
    for image in lab.images(project, 7):
        judged(lab, image, 5, SHARP)

    assert norm(lab, project) == Norm()


def test_images_of_one_value_have_no_focus_and_hurt_nobody(lab: Lab, project: UUID) -> None:
    for image in lab.images(project, 8):
        judged(lab, image, 5, Quality(focus=0.0))

    assert norm(lab, project) == Norm(count=5, far=2)


def test_the_most_suspicious_come_first_and_what_has_no_result_last(
    lab: Lab, project: UUID
) -> None:
    ids = lab.images(project, 12)
    for image in ids[:8]:
        judged(lab, image, 20, SHARP)
    judged(lab, ids[8], 300, DIM)
    judged(lab, ids[9], 0, SHARP)
    judged(lab, ids[10], 20, Quality(border_share=0.6, focus=0.08))

    order = [image for image, _ in listed(lab, project)]

    # Two flags each; far too many and blurred, and nothing found, where 20 are usual; then one.
    assert set(order[:2]) == {ids[8], ids[9]}
    assert order[2] == ids[10]
    assert order[-1] == ids[11]
    assert [image for image, _ in listed(lab, project, "-suspicion")] == order[::-1]


qualities = st.builds(
    Quality,
    border_share=st.none() | st.floats(0, 1),
    saturated_share=st.floats(0, 1),
    focus=st.none() | st.floats(0, 10),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.none() | st.integers(0, 60), st.none() | qualities), max_size=14))
def test_the_database_sorts_by_the_very_suspicion_that_is_shown(
    lab: Lab, results: list[tuple[int | None, Quality | None]]
) -> None:
    project = lab.project()
    ids = lab.images(project, len(results))
    for image, (objects, measured) in zip(ids, results, strict=True):
        judged(lab, image, objects, measured)

    sorted_by = dict(listed(lab, project))

    usual = norm(lab, project)
    for image, (objects, measured) in zip(ids, results, strict=True):
        shown = -1 if objects is None else suspicion_of(flags_of(measured, objects, usual))
        assert sorted_by[image] == pytest.approx(shown)
