"""GET /api/v1/activity, and what leaves entries there."""

from uuid import uuid4

import pytest

from shared.database import activities
from shared.database.activities import Deed
from shared.domain.accounts import Role
from shared.domain.activities import ActivityType
from tests.factories import insert_engine, share
from tests.integration.web.answers import form_of, is_problem

FEED = "/api/v1/activity"


@pytest.fixture
def written(database):
    """Return a function that writes entries of a project's owner."""

    def write(project, *counts):
        for count in counts:
            deed = Deed(
                type=ActivityType.IMAGES_UPLOADED,
                actor_id=project.owner.id,
                project_id=project.id,
                project_name="Plate",
                count=count,
            )
            database.transact(lambda tx, deed=deed: activities.record(tx.connection, deed))

    return write


def entries(client, query=""):
    answer = client.get(f"{FEED}{query}")
    assert answer.status_code == 200, answer.text
    return answer.json["items"]


def test_what_is_done_over_rest_is_listed_newest_first(client_of, alice, drawn_image, database):
    """D3."""
    client = client_of(alice)
    insert_engine(database)
    project = client.post("/api/v1/projects", json={"title": "Plate 7"}).json["id"]
    path = f"/api/v1/projects/{project}"
    files = form_of(("a.png", drawn_image()), ("b.png", drawn_image()))
    uploaded = client.post(f"{path}/images", data=files, content_type="multipart/form-data").json
    client.patch(path, json={"title": "Plate 8"})
    client.patch(path, json={"title": "Plate 8", "description": "Not another name."})
    client.post(f"{path}/segment", json={"select": "all"})
    client.post(f"{path}/cancel")
    ids = [uploaded["images"][0]["id"]]
    client.post(f"{path}/images/delete", json={"imageIds": ids})
    client.delete(path)

    listed = entries(client)

    assert [each["type"] for each in listed] == [
        "project_deleted",
        "images_deleted",
        "segmentation_cancelled",
        "project_renamed",
        "images_uploaded",
        "project_created",
    ]
    counts = [each["details"].get("count") for each in listed]
    assert counts == [None, 1, 2, None, 2, None]
    assert {each["actorName"] for each in listed} == {"Alice"}
    assert {each["projectId"] for each in listed} == {project}
    assert [each["projectName"] for each in listed][-2:] == ["Plate 7", "Plate 7"]
    assert listed == client.get("/api/v1/dashboard").json["activity"]


def test_an_upload_that_brings_nothing_new_is_no_event(client_of, alice, make_project, drawn_image):
    client, project, content = client_of(alice), make_project(), drawn_image()
    for _ in range(2):
        client.post(
            f"/api/v1/projects/{project.id}/images",
            data=form_of(("a.png", content)),
            content_type="multipart/form-data",
        )

    assert [each["details"]["count"] for each in entries(client)] == [1]


def test_uploads_of_one_click_are_one_entry(client_of, alice, make_project, drawn_image):
    client, project = client_of(alice), make_project()
    for _ in range(2):
        client.post(
            f"/api/v1/projects/{project.id}/images",
            data=form_of(("a.png", drawn_image())),
            content_type="multipart/form-data",
            headers={"X-Op-Id": "drop-1"},
        )

    assert [each["details"]["count"] for each in entries(client)] == [2]


def test_pages_begin_after_the_entry_that_before_names(client_of, alice, make_project, written):
    """D3: an entry that grows meanwhile moves nothing."""
    client = client_of(alice)
    written(make_project(), 1, 2, 3, 4, 5)

    first = client.get(f"{FEED}?limit=2").json
    second = client.get(f"{FEED}?limit=2&before={first['nextCursor']}").json
    third = client.get(f"{FEED}?limit=2&before={second['nextCursor']}").json

    pages = [
        [each["details"]["count"] for each in page["items"]] for page in (first, second, third)
    ]
    assert pages == [[5, 4], [3, 2], [1]]
    assert third["nextCursor"] is None


def test_members_read_the_same_and_strangers_nothing(
    client_of, alice, bob, charlie, make_project, database, written
):
    """R7, A1."""
    project = make_project()
    share(database, project, bob, Role.VIEWER)
    written(project, 1)

    assert entries(client_of(bob)) == entries(client_of(alice)) != []
    assert entries(client_of(charlie)) == []
    assert entries(client_of(charlie), f"?project={project.id}") == []


def test_it_is_filtered_by_project_and_kind(client_of, alice, make_project, written):
    client, plate, other = client_of(alice), make_project(), make_project()
    written(plate, 1)
    written(other, 2)

    assert [e["details"]["count"] for e in entries(client, f"?project={other.id}")] == [2]
    assert entries(client, "?type=project_created") == []
    assert len(entries(client, "?type=images_uploaded")) == 2


def test_an_entry_that_is_not_there_or_not_ones_own_is_no_place_to_go_on_from(
    client_of, alice, charlie, make_project, written
):
    written(make_project(), 1)
    [foreign] = entries(client_of(alice))
    client = client_of(charlie)

    missing = client.get(f"{FEED}?before={uuid4()}")
    not_mine = client.get(f"{FEED}?before={foreign['id']}")

    assert is_problem(missing, 422, "invalid_cursor")
    assert missing.json == not_mine.json


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=9999", "before=x", "type=nonsense", "cursor=a"]
)
def test_a_wrong_question_is_refused(client_of, alice, query):
    assert client_of(alice).get(f"{FEED}?{query}").status_code == 422


def test_the_page_begins_with_the_newest_entries(client_of, alice, make_project, written):
    written(make_project(), 7)

    answer = client_of(alice).get("/activity")

    assert answer.status_code == 200
    assert '"count": 7' in answer.text
    assert client_of(None).get("/activity").status_code in {302, 303}
