"""An export is written by whoever claims it: of one moment, once, whole or not at all (E5)."""

import json
from uuid import UUID

import pytest

from shared.actions.delete_project import delete_project
from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError
from shared.domain.exports import MAX_EXPORT_ATTEMPTS, MOST_ACTIVE_EXPORTS
from shared.storage import MissingFileError, StorageError
from tests.integration.exports.office import Interrupting, Office, TimeIsUpError
from tests.integration.interleaving import crash, held


def images_in(office: Office, export_id: UUID) -> list[str]:
    told = json.loads(office.files(export_id)["provenance.json"])
    return [each["id"] for each in told["images"]]


def test_what_was_asked_for_is_made_and_told(office: Office) -> None:
    """`exportUpdate` says where it stands, from the request to the end."""
    ids = office.segmented(3)
    export_id = office.ask("coco", "csv")

    assert office.carry_out(export_id)

    row = office.row(export_id)
    assert (row.status, row.done, row.total, row.detail) == ("done", 3, 3, None)
    assert row.bytes == office.storage.size(row.file_key)
    assert {"coco/instances.json", "tables/objects.csv"} <= set(office.files(export_id))
    assert set(images_in(office, export_id)) == set(map(str, ids))
    told = office.told()
    assert [event.status for event in told][:2] == ["queued", "running"]
    assert (told[-1].status, told[-1].done, told[-1].total) == ("done", 3, 3)
    assert {event.export_id for event in told} == {export_id}


def test_provenance_tells_the_run_and_nothing_of_the_queue(office: Office) -> None:
    """E6."""
    office.segmented(1)
    export_id = office.ask("provenance")
    office.carry_out(export_id)

    [image] = json.loads(office.files(export_id)["provenance.json"])["images"]

    run = image["run"]
    assert (run["engine"], run["engineVersion"], run["params"]) == ("noop", "1", {"threshold": 0.5})
    assert run["durationMs"] == 100
    assert run["startedAt"] < run["finishedAt"]
    assert {"computedWith", "recipe", "channels", "weightsSha256"} <= run.keys()
    assert not run.keys() & {"token", "userId", "pid", "resultPath", "leaseUntil", "priority"}


def test_it_is_of_the_moment_in_which_it_began(office: Office) -> None:
    """What is uploaded, deleted or segmented again meanwhile changes nothing in it."""
    first, second = office.segmented(2)
    export_id = office.ask("csv")

    def change() -> None:
        office.segmented(1)
        office.lab.segment(office.project, [first], force=True)
        [run] = office.lab.runs(office.project, "queued")
        office.lab.complete(office.lab.claimed(run.id), objects=5)

    assert office.carry_out(export_id, storage=Interrupting(office.storage, "objects", change))

    told = json.loads(office.files(export_id)["provenance.json"])["images"]
    assert [each["id"] for each in told] == [str(first), str(second)]
    assert told[0]["run"]["objectCount"] == 2


def test_an_image_deleted_meanwhile_is_named_and_fails_nothing(office: Office) -> None:
    ids = office.segmented(3)
    gone = office.lab.image(ids[2]).filename
    export_id = office.ask("csv", "labels")

    def delete() -> None:
        office.lab.delete(office.project, [ids[2]])
        office.clean()

    assert office.carry_out(export_id, storage=Interrupting(office.storage, "objects", delete))

    assert office.status(export_id) == "done"
    assert office.row(export_id).detail == "1 images are left out; README.txt says why."
    assert f"- {gone}: it was deleted" in office.files(export_id)["README.txt"].decode()
    assert len(images_in(office, export_id)) == 2


def test_some_images_can_be_chosen(office: Office) -> None:
    segmented = office.segmented(2)
    uploaded = office.lab.images(office.project, 2)
    listed = office.ask("csv", image_ids=[segmented[1], uploaded[0]])
    by_status = office.ask("csv", statuses=["uploaded"])

    for export_id in (listed, by_status):
        office.carry_out(export_id)

    assert set(images_in(office, listed)) == {str(segmented[1]), str(uploaded[0])}
    assert set(images_in(office, by_status)) == set(map(str, uploaded))
    assert (office.row(listed).total, office.row(by_status).total) == (2, 2)


def test_nothing_to_export_is_said_at_once(office: Office) -> None:
    with pytest.raises(InvalidInputError) as refused:
        office.ask("csv")
    assert refused.value.code == "nothing_to_export"

    [image] = office.lab.images(office.project)
    other = office.lab.images(office.lab.project(office.ada))
    with pytest.raises(NotFoundError, match="1 of the 2 images"):
        office.ask("csv", image_ids=[image, *other])


def test_one_person_has_so_many_exports_at_a_time(office: Office) -> None:
    office.segmented(1)
    asked = [office.ask("csv") for _ in range(MOST_ACTIVE_EXPORTS)]

    with pytest.raises(ConflictError) as refused:
        office.ask("csv")
    assert refused.value.code == "too_many_exports"

    office.end(asked[0])
    office.ask("csv")
    bob = office.lab.user("Bob")
    office.lab.let_in(office.project, bob)
    office.ask("csv", who=bob)


def test_a_message_that_comes_twice_makes_one_file(office: Office) -> None:
    office.segmented(1)
    export_id = office.ask("csv")

    assert [office.carry_out(export_id), office.carry_out(export_id)] == [True, False]

    assert len(office.stored()) == 1


def test_two_exports_of_a_project_at_once_are_both_whole(office: Office) -> None:
    office.segmented(2)
    first, second = office.ask("csv"), office.ask("coco")

    def the_other() -> None:
        assert office.carry_out(second, pid=2)

    assert office.carry_out(first, storage=Interrupting(office.storage, "objects", the_other))

    assert "tables/objects.csv" in office.files(first)
    assert "coco/instances.json" in office.files(second)


def test_a_cancelled_export_stops_and_never_downloads(office: Office) -> None:
    """E5."""
    office.segmented(3)
    export_id = office.ask("csv")

    def cancel() -> None:
        office.end(export_id)

    with held("export.before_commit", cancel):
        assert not office.carry_out(export_id)

    row = office.row(export_id)
    assert (row.status, row.file_key) == ("cancelled", None)
    assert office.stored() == []
    assert [event.status for event in office.told()][-1] == "cancelled"


def test_one_that_waits_is_cancelled_at_once(office: Office) -> None:
    office.segmented(1)
    export_id = office.ask("csv")

    office.end(export_id)

    assert not office.carry_out(export_id)
    assert office.status(export_id) == "cancelled"


def test_a_project_that_is_deleted_takes_its_exports_along(office: Office) -> None:
    """The one that is done, the one that is being made, and their files."""
    office.segmented(2)
    done, running = office.ask("csv"), office.ask("csv")
    office.carry_out(done)

    def delete() -> None:
        assert delete_project(office.database, office.lab.queue, office.project)

    with held("export.before_commit", delete):
        assert not office.carry_out(running)
    office.clean()

    assert office.lab.value("SELECT count(*) FROM exports") == 0
    assert office.stored() == []
    last = office.told()[-1]
    assert (last.status, last.detail) == ("cancelled", "The project was deleted.")


def test_who_lost_access_gets_no_export(office: Office) -> None:
    """A1: neither the one that waits nor the one that is being made."""
    office.segmented(2)
    bob = office.lab.user("Bob")
    share = office.lab.let_in(office.project, bob)
    running, waiting = office.ask("csv", who=bob), office.ask("csv", who=bob)

    def revoke() -> None:
        office.lab.sql("UPDATE project_shares SET revoked_at = now() WHERE id = :id", id=share)

    with held("export.claimed", revoke):
        assert not office.carry_out(running)
    assert not office.carry_out(waiting)

    assert {office.status(running), office.status(waiting)} == {"cancelled"}
    assert "no access" in office.row(running).detail
    assert office.stored() == []


def test_a_worker_that_dies_in_the_middle_is_replaced(office: Office) -> None:
    """E5: it survives a restart."""
    office.segmented(2)
    export_id = office.ask("csv")
    with held("export.claimed", crash), pytest.raises(KeyboardInterrupt):
        office.carry_out(export_id)
    assert office.status(export_id) == "running"

    assert office.lose_worker() == [export_id]

    assert office.status(export_id) == "queued"
    assert office.dispatch() == [export_id]
    assert office.carry_out(export_id, pid=2)
    assert office.row(export_id).attempt == 2
    told = [event.status for event in office.told()]
    assert told[:4] == ["queued", "running", "queued", "running"]
    assert told[-1] == "done"


def test_a_worker_that_was_taken_for_dead_changes_nothing_when_it_comes_back(
    office: Office,
) -> None:
    office.segmented(2)
    export_id = office.ask("csv")

    def another_takes_over() -> None:
        office.lose_worker()
        assert office.carry_out(export_id, pid=2)

    with held("export.before_commit", another_takes_over):
        assert not office.carry_out(export_id, pid=1)

    assert office.status(export_id) == "done"
    assert office.stored() == [office.row(export_id).file_key]


def test_an_export_that_kills_every_worker_fails_in_words(office: Office) -> None:
    office.segmented(1)
    export_id = office.ask("csv")

    for pid in range(MAX_EXPORT_ATTEMPTS):
        assert office.claim(export_id, pid=pid) is not None
        office.lose_worker()

    row = office.row(export_id)
    assert (row.status, row.failure_code) == ("failed", "worker_lost")
    assert "several times" in row.detail
    assert office.claim(export_id) is None
    assert office.told()[-1].detail == row.detail


def test_a_storage_that_fails_is_tried_again_and_then_said_so(office: Office) -> None:
    office.segmented(1)
    export_id = office.ask("csv")

    def fail() -> None:
        raise StorageError("The storage could not store export.zip. Try again later.")

    for attempt in range(1, MAX_EXPORT_ATTEMPTS + 1):
        assert office.carry_out(export_id, storage=Interrupting(office.storage, "objects", fail))
        row = office.row(export_id)
        assert row.attempt == attempt
        if attempt < MAX_EXPORT_ATTEMPTS:
            assert (row.status, "begins again" in row.detail) == ("queued", True)
            assert office.dispatch() == []  # It waits a moment first.
            office.lab.sql("UPDATE exports SET not_before = now()")
            assert office.dispatch() == [export_id]

    assert (row.status, row.failure_code) == ("failed", "storage_error")
    assert "could not store" in row.detail
    assert office.stored() == []


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (MemoryError(), "out_of_memory"),
        (TimeIsUpError(), "timeout"),
        (ZeroDivisionError(), "export_error"),
    ],
)
def test_what_would_not_pass_fails_at_once_in_words(
    office: Office, problem: Exception, code: str
) -> None:
    office.segmented(1)
    export_id = office.ask("csv")

    def fail() -> None:
        raise problem

    assert office.carry_out(export_id, storage=Interrupting(office.storage, "objects", fail))

    row = office.row(export_id)
    assert (row.status, row.failure_code) == ("failed", code)
    assert row.detail.endswith(".")


def test_a_deleted_export_leaves_no_file(office: Office) -> None:
    office.segmented(1)
    export_id = office.ask("csv")
    office.carry_out(export_id)
    key = office.row(export_id).file_key

    office.end(export_id)
    office.clean()

    with pytest.raises(MissingFileError):
        office.storage.read(key)
    assert office.lab.sql("SELECT FROM exports") == []
    assert (office.told()[-1].status, office.told()[-1].detail) == (
        "cancelled",
        "The export was deleted.",
    )


def test_what_a_dead_worker_left_half_written_goes_a_day_later(office: Office) -> None:
    office.segmented(1)
    export_id = office.ask("csv")
    claimed = office.claim(export_id)
    assert claimed is not None
    office.storage.put(claimed.key, b"half")

    office.lose_worker()
    office.clean()

    assert office.stored() == []


def test_an_account_that_is_deleted_takes_its_exports_along(office: Office) -> None:
    office.segmented(1)
    bob = office.lab.user("Bob")
    office.lab.let_in(office.project, bob)
    export_id = office.ask("csv", who=bob)
    office.carry_out(export_id)

    office.lab.sql("DELETE FROM users WHERE id = :id", id=bob)
    office.clean()

    assert office.stored() == []
