"""PUT /api/v1/images/{id}/segmentation: outlines that somebody drew (E7, rules.md 22)."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import text

from shared.actions.delete_images import delete_images
from shared.actions.publish_outbox import publish_outbox
from shared.database.engine import Database
from shared.domain.accounts import Role
from shared.domain.engines import Segmentation
from shared.domain.events import ImageStatusUpdate, UserActivityUpdate
from shared.domain.images import ImageStatus
from shared.editing import Editor
from shared.messaging.memory import MemoryEventPublisher, MemoryTaskQueue
from shared.results import load_labels, save_result
from tests.factories import share
from tests.images import disks, encoded
from tests.integration.interleaving import held
from tests.integration.tally.audit import offences
from tests.integration.web.answers import form_of, is_problem

SQUARE = [[1, 1], [4, 1], [4, 3], [1, 3]]
NEW = {"polygon": [[5, 5], [8, 5], [8, 8], [5, 8]]}


class EditedImage:
    """An image of Alice's with a stored result of two rectangles."""

    def __init__(self, services, database: Database, project, image_id: UUID) -> None:
        self.services, self.database = services, database
        self.project, self.id = project, image_id
        self.path = f"/api/v1/images/{image_id}"

    def value(self, question: str) -> object:
        with self.database.reading() as connection:
            return connection.execute(text(question), {"id": self.id}).scalar()

    def get(self, client):
        return client.get(f"{self.path}/segmentation")

    def put(self, client, objects, version: object = 1, **headers):
        headers = {"If-Match": f'"{version}"'} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        body = {"objects": objects}
        return client.put(f"{self.path}/segmentation", json=body, headers=headers)

    def is_exact(self) -> bool:
        with self.database.reading() as connection:
            return str(self.id) not in str(offences(connection))


@pytest.fixture
def image(make_project, services, database):
    project = make_project(segmented=1)
    [image_id] = project.images[ImageStatus.SEGMENTED]
    made = EditedImage(services, database, project, image_id)
    labels = np.zeros((8, 8), np.uint32)
    labels[1:3, 1:4], labels[5:7, 5:7] = 1, 2
    save_result(
        services.storage,
        made.value("SELECT result_path FROM runs WHERE image_id = :id"),
        segmentation=Segmentation(labels, np.array([0.9, 0.8])),
        image=np.arange(64, dtype=np.uint8).reshape(8, 8, 1),
        pixel_size_um=None,
    )
    key = made.value("SELECT storage_key FROM images WHERE id = :id")
    picture = encoded(np.arange(64, dtype=np.uint8).reshape(8, 8))
    services.storage.put(key, picture)
    database.transact(
        lambda tx: tx.execute(
            text("UPDATE images SET object_count = 2 WHERE id = :id"), {"id": image_id}
        )
    )
    database.transact(
        lambda tx: tx.execute(
            text("UPDATE runs SET object_count = 2 WHERE image_id = :id"), {"id": image_id}
        )
    )
    return made


@pytest.fixture
def editing(client_of, alice):
    return client_of(alice)


def test_a_saved_edit_answers_what_get_then_answers(image, editing):
    [first, _] = image.get(editing).json["objects"]

    answer = image.put(editing, [first, NEW])

    assert answer.status_code == 200, answer.text
    told = dict(answer.json)
    stats = told.pop("stats")
    assert told == image.get(editing).json
    assert [each["label"] for each in told["objects"]] == [1, 3]
    assert told["version"] == 2
    assert told["objects"][1]["measurements"]["area"] == 9
    assert stats["objectCount"] == 2
    assert answer.headers["ETag"] == image.get(editing).headers["ETag"]
    assert image.is_exact()


def test_what_is_sent_back_as_it_came_stays_as_it_was(image, editing):
    before = image.get(editing).json

    after = image.put(editing, before["objects"]).json

    assert after["objects"] == before["objects"]
    assert after["summary"] == before["summary"]


def test_the_result_says_who_edited_it_and_when_and_what_it_began_from(image, editing, alice):
    before = image.get(editing).json
    assert "edited" not in before

    after = image.put(editing, [NEW]).json

    assert after["edited"]["by"] == alice.name
    assert after["edited"]["runId"] == before["runId"]
    assert after["edited"]["at"].endswith("Z")
    assert after["engine"] == before["engine"]


def test_an_edit_is_an_entry_of_the_history_and_the_earlier_result_can_be_shown_again(
    image, editing, alice
):
    before = image.get(editing).json
    after = image.put(editing, [NEW]).json

    edit, run = editing.get(f"{image.path}/runs").json["items"]
    assert (edit["id"], edit["edited"], edit["current"]) == (after["runId"], True, True)
    assert (edit["requestedBy"], edit["version"], edit["objectCount"]) == (alice.name, 2, 1)
    assert edit["provenance"]["edited"]["runId"] == run["id"] == before["runId"]
    assert "recipe" not in edit["provenance"]
    assert "durationMs" not in edit
    assert (run["edited"], run["current"]) == (False, False)

    chosen = editing.post(f"{image.path}/current-run", json={"runId": run["id"]})
    assert chosen.json["stats"]["objectCount"] == 2
    assert image.get(editing).json["objects"] == before["objects"]
    assert image.get(editing).json["version"] == 1


def test_an_edit_cannot_be_repeated_exactly(image, editing):
    run_id = image.put(editing, [NEW]).json["runId"]

    assert is_problem(editing.post(f"/api/v1/runs/{run_id}/repeat"), 409, "edited_by_hand")


def test_counts_and_status_follow(image, editing):
    answer = image.put(editing, [])

    assert answer.json["stats"]["objectCount"] == 0
    assert answer.json["stats"]["noObjectsCount"] == 1
    assert editing.get(image.path).json["status"] == "no_objects"
    answer = image.put(editing, [NEW], version=2)
    assert answer.json["stats"]["segmentedCount"] == 1
    assert image.is_exact()


def test_an_image_without_a_result_can_be_drawn_on(client_of, alice, make_project, services):
    client, project = client_of(alice), make_project()
    form = form_of(("cells.png", encoded(disks(2))))
    [made] = client.post(f"/api/v1/projects/{project.id}/images", data=form).json["images"]
    image = EditedImage(services, services.database, project, UUID(made["id"]))
    assert is_problem(image.put(client, [NEW], version=1), 412, "edited_meanwhile")

    answer = image.put(client, [NEW], version=0)

    assert answer.json["engine"]["name"] == "by-hand"
    assert answer.json["version"] == 1
    assert answer.json["stats"]["segmentedCount"] == 1
    assert "runId" not in answer.json["edited"]
    assert image.is_exact()


def test_somebody_was_faster(image, editing, client_of, bob, database):
    share(database, image.project, bob, Role.EDITOR)
    assert image.put(client_of(bob), [NEW]).status_code == 200

    late = image.put(editing, [])

    assert is_problem(late, 412, "edited_meanwhile")
    assert f"{bob.name} saved version 2 at" in late.json["detail"]
    assert len(image.get(editing).json["objects"]) == 1


def test_the_etag_of_get_names_a_version_too(image, editing):
    tag = image.get(editing).headers["ETag"]

    assert (
        editing.put(
            f"{image.path}/segmentation", json={"objects": []}, headers={"If-Match": tag}
        ).status_code
        == 200
    )
    assert is_problem(
        editing.put(f"{image.path}/segmentation", json={"objects": []}, headers={"If-Match": tag}),
        412,
        "edited_meanwhile",
    )


@pytest.mark.parametrize("header", [{}, {"If-Match": "*"}, {"If-Match": ""}])
def test_who_names_no_version_overwrites_nothing(image, editing, header):
    answer = editing.put(f"{image.path}/segmentation", json={"objects": []}, headers=header)

    assert is_problem(answer, 428, "version_required")


@pytest.mark.parametrize("tag", ['W/"1"', '"01"', '"x"', '"2"', "2"])
def test_another_tag_does_not_fit(image, editing, tag):
    headers = {"If-Match": tag}
    answer = editing.put(f"{image.path}/segmentation", json={"objects": []}, headers=headers)

    assert is_problem(answer, 412, "edited_meanwhile")


def test_of_two_who_save_at_once_exactly_one_wins(image, editing, client_of, bob, database):
    """Both looked at the version, both have stored their files; the statement decides."""
    share(database, image.project, bob, Role.EDITOR)
    answers = []

    def bob_saves() -> None:
        answers.append(image.put(client_of(bob), [NEW]))

    with held("edit.before_commit", bob_saves):
        answers.append(image.put(editing, []))

    assert [each.status_code for each in answers] == [200, 412]
    assert image.get(editing).json["runId"] == answers[0].json["runId"]
    left = image.value(
        "SELECT count(*) FROM file_deletions WHERE due_at <= now()"
        " AND path LIKE 'results/' || CAST(:id AS text) || '/%'"
    )
    assert left == 1
    assert image.is_exact()


def test_of_many_who_save_at_once_exactly_one_wins(image, client_of, alice):
    browsers = [client_of(alice) for _ in range(4)]
    drawn = [[NEW], [], [{"polygon": SQUARE}], [NEW, {"polygon": SQUARE}]]

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(image.put, browsers, drawn))

    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412]
    [won] = [each for each in answers if each.status_code == 200]
    assert image.get(browsers[0]).json["runId"] == won.json["runId"]
    assert image.is_exact()


def test_an_image_that_is_deleted_meanwhile_is_gone_and_its_files_too(
    image, editing, alice, database
):
    def delete() -> None:
        delete_images(
            database,
            MemoryTaskQueue(),
            project_id=image.project.id,
            image_ids=[image.id],
            actor_id=alice.id,
        )

    with held("edit.before_commit", delete):
        answer = image.put(editing, [NEW])

    assert is_problem(answer, 404, "not_found")
    due = image.value(
        "SELECT count(*) FROM file_deletions WHERE due_at <= now()"
        " AND path LIKE 'results/' || CAST(:id AS text) || '/%'"
    )
    assert due == 2  # The result that it had, and the one that came too late.


def test_a_crash_before_the_commit_changes_nothing_and_leaves_the_files_to_the_janitor(
    image, editing
):
    before = image.get(editing).json

    def crash() -> None:
        raise SystemExit

    with held("edit.before_commit", crash), pytest.raises(SystemExit):
        image.put(editing, [])

    assert image.get(editing).json == before
    waiting = image.value(
        "SELECT count(*) FROM file_deletions WHERE due_at > now() + interval '23 hours'"
        " AND path LIKE 'results/' || CAST(:id AS text) || '/%'"
    )
    assert waiting == 1


def test_the_files_of_a_saved_edit_are_kept(image, editing, services):
    image.put(editing, [NEW])

    path = image.value(
        "SELECT result_path FROM runs JOIN images ON current_run_id = runs.id WHERE images.id = :id"
    )
    assert image.value(f"SELECT count(*) FROM file_deletions WHERE path = '{path}'") == 0
    assert np.count_nonzero(load_labels(services.storage, str(path)) == 3) == 9
    assert editing.get(f"{image.path}/preview").mimetype == "image/webp"


def test_classes_are_kept_and_told(image, editing):
    [first, second] = image.get(editing).json["objects"]

    told = image.put(editing, [first | {"class": " mitotic "}, second]).json["objects"]

    assert [each.get("class") for each in told] == ["mitotic", None]
    headers = {"Accept": "application/geo+json"}
    features = editing.get(f"{image.path}/segmentation", headers=headers).json["features"]
    assert features[0]["properties"]["classification"] == {"name": "mitotic"}
    assert "classification" not in features[1]["properties"]
    assert {each["properties"]["objectType"] for each in features} == {"detection"}


@pytest.mark.parametrize(
    ("objects", "code"),
    [
        ([{"polygon": [[0, 0], [1, 1]]}], "invalid_input"),
        ([{"polygon": [[0, 0], [1, 1], [2]]}], "invalid_input"),
        ([{"polygon": [[0, 0], [1, "1"], [2, 2]]}], "invalid_input"),
        ([{"polygon": [[0, 0], [1, 1e9], [2, 2]]}], "invalid_input"),
        ([{"polygon": SQUARE, "label": 0}], "invalid_input"),
        ([{"polygon": SQUARE, "label": 1.5}], "invalid_input"),
        ([{"polygon": SQUARE, "label": 1}] * 2, "invalid_input"),
        ([{"polygon": SQUARE, "class": ""}], "invalid_input"),
        ([{"polygon": SQUARE, "class": "x" * 101}], "invalid_input"),
        ([{"polygon": SQUARE, "holes": [[[0, 0]]]}], "invalid_input"),
        ([{"polygon": SQUARE, "colour": "red"}], "invalid_input"),
        ([{"polygon": [[50, 50], [60, 50], [60, 60]]}], "empty_outline"),
        ([NEW, {"polygon": [[1.6, 1.6], [1.9, 1.6], [1.9, 1.9]]}], "empty_outline"),
        ("all", "invalid_input"),
    ],
)
def test_a_wrong_drawing_is_refused_and_changes_nothing(image, editing, objects, code):
    before = image.get(editing).json

    assert is_problem(image.put(editing, objects), 422, code)

    assert image.get(editing).json == before


def test_too_many_corners_are_refused(image, editing, monkeypatch):
    monkeypatch.setattr("web.api.edit_schemas.MOST_CORNERS", 7)

    answer = image.put(editing, [NEW, {"polygon": SQUARE}])

    assert is_problem(answer, 422, "invalid_input")
    assert "more than 7 corners" in answer.json["detail"]


def test_a_body_beyond_the_limit_is_refused(image, editing):
    answer = editing.put(
        f"{image.path}/segmentation",
        data=b'{"objects": []}' + b" " * 32_000_001,
        content_type="application/json",
        headers={"If-Match": '"1"'},
    )

    assert is_problem(answer, 413, "too_large")


def test_what_takes_a_child_too_long_is_refused_and_the_next_edit_is_not(image, editing, services):
    # 600,000 needles, each over the height of a picture of eight pixels and back.
    needles = [[x % 8 + 0.1, 8 * (x % 2)] for x in range(600_000)]
    hasty = Editor(seconds=1)
    object.__setattr__(services, "editor", hasty)
    try:
        with held("edit.before_commit", lambda: pytest.fail("it was made in time")):
            refused = image.put(editing, [{"polygon": needles}] * 3)
    finally:
        hasty.close()

    assert is_problem(refused, 422, "too_large")
    assert "fewer or simpler outlines" in refused.json["detail"]


def test_viewers_may_look_and_not_save(image, client_of, bob, charlie, database):
    share(database, image.project, bob, Role.VIEWER)

    assert is_problem(image.put(client_of(bob), []), 403, "forbidden")
    assert is_problem(image.put(client_of(charlie), []), 404, "not_found")
    assert image.put(client_of(None), []).status_code == 401


def test_an_image_that_does_not_exist_cannot_be_edited(editing):
    answer = editing.put(
        f"/api/v1/images/{uuid4()}/segmentation", json={"objects": []}, headers={"If-Match": '"1"'}
    )

    assert is_problem(answer, 404, "not_found")


def test_all_who_look_are_told_and_the_feed_has_one_entry_an_hour(image, editing, alice, database):
    database.transact(lambda tx: tx.execute(text("DELETE FROM outbox")))
    image.put(editing, [NEW], X_Op_Id="click-1")
    run_id = image.put(editing, [], version=2).json["runId"]
    publisher, queue = MemoryEventPublisher(), MemoryTaskQueue()

    publish_outbox(database, publisher, queue)

    events = [event for _, event, _ in publisher.events]
    [update] = [each for each in events if isinstance(each, ImageStatusUpdate)]
    [change] = update.images
    assert (str(change.run_id), change.status, change.object_count) == (run_id, "no_objects", 0)
    assert image.project.id in queue.recomputed
    acts = [each for each in events if isinstance(each, UserActivityUpdate)]
    told = [each for each in acts if each.activity.project_id == image.project.id]
    assert [(each.activity.type, each.activity.details.count) for each in told] == [
        ("segmentation_edited", 1)
    ]
    delta = image.value(
        "SELECT string_agg(operation || ':' || coalesce(op_id, ''), ' ' ORDER BY d.id)"
        " FROM stats_deltas AS d JOIN images AS i ON i.project_id = d.project_id"
        " WHERE i.id = :id AND operation = 'segmentation_edited'"
    )
    assert delta == "segmentation_edited:click-1 segmentation_edited:"


def test_an_edit_that_keeps_the_number_of_objects_raises_the_version_of_the_counts(image, editing):
    before = editing.get(f"/api/v1/projects/{image.project.id}/stats").json

    image.put(editing, [NEW, {"polygon": SQUARE}])

    after = editing.get(f"/api/v1/projects/{image.project.id}/stats").json
    assert after["objectCount"] == before["objectCount"]
    assert after["version"] == before["version"] + 1
