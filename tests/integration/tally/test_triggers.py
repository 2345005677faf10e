"""What each statement on images leaves behind (rules.md A.1 and A.6)."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from shared.database.tally_tables import COUNTED
from shared.domain.events import MAX_AFFECTED, Operation
from tests.integration.lab import Lab

INSERT = """
INSERT INTO images (project_id, filename, sha256, bytes, width, height, channels, bit_depth,
                    storage_key, thumbnail_key)
SELECT :project, 'cells.png', sha, 1, 8, 8, 1, 8, 'k', 't' FROM unnest(CAST(:shas AS text[])) AS sha
"""


@pytest.fixture
def project(lab: Lab) -> UUID:
    return lab.project()


def test_an_insert_of_many_rows_leaves_one_delta(lab: Lab, project: UUID) -> None:
    images = lab.images(project, 3)

    [delta] = lab.deltas(project)
    assert (delta.uploaded, delta.uploads, delta.deletes, delta.affected) == (3, 3, 0, 3)
    assert set(delta.image_ids) == set(images)
    assert delta.last_image_added == lab.image(images[-1]).created_at


def test_a_statement_leaves_one_delta_for_each_project_it_touches(lab: Lab) -> None:
    first, second = sorted([lab.project(), lab.project()])
    images = lab.images(first, 2) + lab.images(second, 1)

    lab.sql("UPDATE images SET status = 'queued' WHERE id = ANY(:ids)", ids=images)

    for project, count in ((first, 2), (second, 1)):
        delta = lab.deltas(project)[-1]
        assert (delta.uploaded, delta.queued, delta.affected) == (-count, count, count)
    deltas = lab.sql("SELECT project_id FROM stats_deltas WHERE queued > 0 ORDER BY id")
    assert [delta.project_id for delta in deltas] == [first, second]


def test_a_delete_counts_the_rows_and_their_objects_out(lab: Lab, project: UUID) -> None:
    [image] = lab.images(project)
    lab.sql("UPDATE images SET status = 'queued'")
    lab.sql("UPDATE images SET status='segmented', object_count=7 WHERE id=:id", id=image)

    lab.delete(project, [image])

    delta = lab.deltas(project)[-1]
    assert (delta.segmented, delta.objects, delta.deletes, delta.uploads) == (-1, -7, 1, 0)
    assert lab.is_exact(project)


@pytest.mark.parametrize(
    "change",
    [
        "filename = 'renamed.png'",
        "status = status",
        "status_version = status_version + 1",
        "last_error_code = 'timeout'",
        "object_count = 0",
    ],
)
def test_an_update_that_changes_nothing_counted_leaves_nothing(
    lab: Lab, project: UUID, change: str
) -> None:
    lab.images(project, 2)
    before = lab.deltas(project)

    lab.sql(f"UPDATE images SET {change}")

    assert lab.deltas(project) == before


def test_changes_that_cancel_each_other_out_leave_nothing(lab: Lab, project: UUID) -> None:
    one, other = lab.images(project, 2)
    lab.sql("UPDATE images SET status = 'queued' WHERE id = :id", id=one)
    before = lab.deltas(project)

    lab.sql(
        "UPDATE images SET status = CASE WHEN id = :one THEN 'uploaded' ELSE 'queued' END",
        one=one,
    )

    assert lab.image(other).status == "queued"
    assert lab.deltas(project) == before
    assert lab.is_exact(project)


def test_a_new_current_run_is_a_completion_with_its_duration(lab: Lab, project: UUID) -> None:
    done = lab.claimed(lab.one_run(project).id)
    lab.complete(done, objects=4, ms=250)
    first = lab.deltas(project)[-1]
    lab.segment(project, force=True)
    again = lab.claimed(lab.runs(project, "queued")[0].id)

    lab.complete(again, objects=4, ms=300)

    second = lab.deltas(project)[-1]
    assert [(d.completions, d.run_ms, d.objects) for d in (first, second)] == [
        (1, 250, 4),
        (1, 300, 0),
    ]
    image = lab.image(done.image_id)
    assert second.last_segmentation_completed == image.segmented_at


def test_another_number_of_objects_is_counted_though_the_status_stays(
    lab: Lab, project: UUID
) -> None:
    """An edited outline: the result has one object more."""
    run = lab.claimed(lab.one_run(project).id)
    lab.complete(run, objects=4)

    lab.sql("UPDATE images SET object_count = object_count + 1")

    delta = lab.deltas(project)[-1]
    assert (delta.segmented, delta.objects, delta.completions) == (0, 1, 0)
    assert lab.is_exact(project)


def test_a_statement_on_many_images_after_many_on_one_is_counted_at_once(
    lab: Lab, project: UUID
) -> None:
    """The plan that a session keeps for small statements would take longer than it may."""
    [image] = lab.images(project)
    turn = "UPDATE images SET status = CASE status WHEN 'queued' THEN 'uploaded' ELSE 'queued' END"
    with lab.database.engine.connect() as connection, connection.begin():
        for _ in range(10):
            connection.execute(text(f"{turn} WHERE id = :id"), {"id": image})
        shas = [str(number) for number in range(24_999)]
        connection.execute(text(INSERT), {"project": project, "shas": shas})

        connection.execute(text(turn))

    assert lab.stats(project).queued_count == 25_000


def test_an_image_that_moves_is_counted_out_of_one_and_into_the_other(lab: Lab) -> None:
    first, second = lab.project(), lab.project()
    images = lab.images(first, 2)

    lab.sql("UPDATE images SET project_id = :to WHERE id = :id", to=second, id=images[0])

    assert [lab.stats(p).image_count for p in (first, second)] == [1, 1]
    assert [lab.deltas(p)[-1].uploaded for p in (first, second)] == [-1, 1]
    acts = [(d.uploads, d.deletes) for p in (first, second) for d in lab.deltas(p)[-1:]]
    assert acts == [(0, 0), (0, 0)]


def test_of_many_images_a_delta_names_fifty(lab: Lab, project: UUID) -> None:
    images = lab.images(project, MAX_AFFECTED + 5)

    [delta] = lab.deltas(project)
    assert delta.affected == MAX_AFFECTED + 5
    assert len(delta.image_ids) == MAX_AFFECTED
    assert set(delta.image_ids) < set(images)


def test_a_delta_says_which_operation_and_which_click_made_it(lab: Lab, project: UUID) -> None:
    add = text(INSERT)

    lab.database.transact(
        lambda tx: tx.execute(add, {"project": project, "shas": ["a"]}),
        operation=Operation.IMAGES_ADDED,
        op_id="click-1",
    )
    lab.database.transact(lambda tx: tx.execute(add, {"project": project, "shas": ["b"]}))

    said = [(delta.operation, delta.op_id) for delta in lab.deltas(project)]
    assert said == [("images_added", "click-1"), (None, None)]


def test_the_operation_of_one_transaction_does_not_leak_into_the_next(
    lab: Lab, project: UUID
) -> None:
    with lab.database.engine.connect() as connection:
        for shas, operation in (["a"], "images_added"), (["b"], None):
            with connection.begin():
                if operation:
                    connection.execute(
                        text("SELECT set_config('celltally.operation', :word, true)"),
                        {"word": operation},
                    )
                connection.execute(text(INSERT), {"project": project, "shas": shas})

    assert [delta.operation for delta in lab.deltas(project)] == ["images_added", None]


def test_copy_is_counted(lab: Lab, project: UUID) -> None:
    columns = "project_id, filename, sha256, bytes, width, height, channels, bit_depth"
    statement = f"COPY images ({columns}, storage_key, thumbnail_key) FROM STDIN"
    with (
        lab.database.engine.begin() as connection,
        connection.connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for number in range(5):
            copy.write_row((project, "a.png", f"copied-{number}", 1, 1, 1, 1, 8, "k", "t"))

    [delta] = lab.deltas(project)
    assert delta.uploads == 5
    assert lab.is_exact(project)


def test_an_upsert_counts_what_it_inserts_and_what_it_updates(lab: Lab, project: UUID) -> None:
    lab.upload(project, ["a", "b"])

    lab.sql(
        INSERT + "ON CONFLICT (project_id, sha256, page) DO UPDATE SET status = 'queued'",
        project=project,
        shas=["b", "c"],
    )

    stats = lab.stats(project)
    assert (stats.uploaded_count, stats.queued_count) == (2, 1)
    assert lab.is_exact(project)


def test_a_merge_counts_all_it_does(lab: Lab, project: UUID) -> None:
    lab.upload(project, ["deleted", "updated"])

    lab.sql(
        """
MERGE INTO images AS i
USING unnest(ARRAY['deleted', 'updated', 'inserted']) AS n (sha)
ON i.project_id = :project AND i.sha256 = n.sha
WHEN MATCHED AND n.sha = 'deleted' THEN DELETE
WHEN MATCHED THEN UPDATE SET status = 'queued'
WHEN NOT MATCHED THEN INSERT (project_id, filename, sha256, bytes, width, height, channels,
    bit_depth, storage_key, thumbnail_key) VALUES (:project, 'a.png', sha, 1, 1, 1, 1, 8, 'k', 't')
""",
        project=project,
    )

    stats = lab.stats(project)
    assert (stats.uploaded_count, stats.queued_count, stats.image_count) == (1, 1, 2)
    assert lab.is_exact(project)


def test_what_is_rolled_back_is_not_counted(lab: Lab, project: UUID) -> None:
    lab.upload(project, ["kept"])
    with lab.database.engine.connect() as connection, connection.begin():
        with connection.begin_nested() as savepoint:
            connection.execute(text(INSERT), {"project": project, "shas": ["undone"]})
            savepoint.rollback()
        connection.execute(text(INSERT), {"project": project, "shas": ["done"]})

    assert lab.stats(project).image_count == 2
    assert lab.is_exact(project)


def test_truncate_is_refused(lab: Lab, project: UUID) -> None:
    lab.images(project)

    with pytest.raises(DatabaseError, match="TRUNCATE on images cannot be counted"):
        lab.sql("TRUNCATE images CASCADE")

    assert lab.is_exact(project)


def test_a_truncate_that_comes_by_cascade_is_refused_too(lab: Lab, project: UUID) -> None:
    with pytest.raises(DatabaseError, match="delete the rows instead"):
        lab.sql("TRUNCATE projects CASCADE")


@pytest.mark.parametrize("statement", ["UPDATE images SET id = :id", "MERGE"])
def test_the_id_of_an_image_never_changes(lab: Lab, project: UUID, statement: str) -> None:
    [image] = lab.images(project)
    if statement == "MERGE":
        statement = (
            "MERGE INTO images USING (VALUES (1)) AS v ON true"
            " WHEN MATCHED THEN UPDATE SET id = :id"
        )

    with pytest.raises(DatabaseError, match="the id of an image never changes"):
        lab.sql(statement, id=uuid4())

    assert lab.image(image).id == image


def test_every_status_has_its_column(lab: Lab, project: UUID) -> None:
    images = lab.images(project, len(COUNTED))
    lab.sql("UPDATE images SET status = 'queued'")  # From there, every other can be reached.

    for image, status in zip(images, COUNTED, strict=True):
        objects = {"segmented": 2, "no_objects": 0}.get(status)
        lab.sql(
            "UPDATE images SET status = :status, object_count = :objects WHERE id = :id",
            status=status,
            objects=objects,
            id=image,
        )

    stats = lab.stats(project)
    assert {getattr(stats, f"{status}_count") for status in COUNTED} == {1}
    assert lab.is_exact(project)


def test_more_images_than_one_statement_takes_are_all_counted(lab: Lab, project: UUID) -> None:
    """S1: a statement has at most 65,535 parameters."""
    ids = lab.images(project, 5_000)

    assert len(set(ids)) == 5_000
    assert lab.stats(project).image_count == 5_000
    assert lab.is_exact(project)
