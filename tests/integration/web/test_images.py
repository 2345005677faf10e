"""GET /api/v1/projects/{id}/images, GET /images/{id}, POST …/images/delete, GET …/runs."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.database import environments
from shared.database.dispatch_state import LEADER_LOCK
from shared.database.workers import OnlineWorker, beat
from shared.domain.images import ImageStatus
from shared.domain.provenance import Environment
from tests.integration.web.answers import is_problem


def address(project, rest=""):
    return f"/api/v1/projects/{project.id}/images{rest}"


def ids(answer):
    return [each["id"] for each in answer.json["items"]]


def test_the_newest_images_come_first(client_of, alice, make_project):
    project = make_project(uploaded=3)

    answer = client_of(alice).get(address(project))

    assert ids(answer) == [str(each) for each in reversed(project.image_ids)]
    assert answer.json["nextCursor"] is None


def test_a_status_chooses_images_and_several_add_up(client_of, alice, make_project):
    project, client = make_project(segmented=2, failed=1, uploaded=1), client_of(alice)

    assert len(ids(client.get(address(project, "?status=segmented")))) == 2
    assert len(ids(client.get(address(project, "?status=segmented,failed")))) == 3
    assert len(ids(client.get(address(project, "?status=")))) == 4


@pytest.mark.parametrize(
    "sort", ["createdAt", "-createdAt", "filename", "-objectCount", "suspicion", "-suspicion"]
)
def test_pages_show_every_image_once_and_in_order(client_of, alice, make_project, sort):
    project, client = make_project(segmented=3, no_objects=1, uploaded=3), client_of(alice)

    seen, after = [], ""
    while after is not None:
        page = client.get(address(project, f"?sort={sort}&limit=3{after}"))
        seen += ids(page)
        cursor = page.json["nextCursor"]
        after = None if cursor is None else f"&cursor={cursor}"

    assert len(seen) == 7
    assert seen == ids(client.get(address(project, f"?sort={sort}")))


def test_an_image_that_is_worked_at_says_how_far_it_is(client_of, alice, make_project, database):
    project, client = make_project(processing=1, segmented=1), client_of(alice)
    at_work, done = project.image_ids
    set_tiles = text("UPDATE runs SET tiles_done = 3, tiles_total = 12 WHERE project_id = :id")
    database.transact(lambda tx: tx.execute(set_tiles, {"id": project.id}))

    assert client.get(f"/api/v1/images/{at_work}").json["progress"] == {"done": 3, "total": 12}
    assert "progress" not in client.get(f"/api/v1/images/{done}").json
    [run] = client.get(f"/api/v1/images/{at_work}/runs").json["items"]
    assert run["progress"] == {"done": 3, "total": 12}
    [run] = client.get(f"/api/v1/images/{done}/runs").json["items"]
    assert "progress" not in run


def test_an_image_is_the_same_object_in_the_list_and_alone(
    client_of, alice, make_project, database
):
    project, client = make_project(segmented=1, failed=1, queued=1, processing=1), client_of(alice)
    set_tiles = text("UPDATE runs SET tiles_done = 1, tiles_total = 2 WHERE status = 'running'")
    database.transact(lambda tx: tx.execute(set_tiles))

    for listed in client.get(address(project)).json["items"]:
        assert client.get(f"/api/v1/images/{listed['id']}").json == listed


def test_a_doubtful_result_says_why_and_comes_first(client_of, alice, make_project, database):
    """(issue 5, quality flags)"""
    project, client = make_project(segmented=2, no_objects=1, uploaded=1), client_of(alice)
    doubtful = project.images[ImageStatus.SEGMENTED][1]
    values = {"id": doubtful, "quality": '{"borderShare": 0.6, "saturatedShare": 0.5}'}
    statement = text("UPDATE images SET quality = CAST(:quality AS jsonb) WHERE id = :id")
    database.transact(lambda tx: tx.execute(statement, values))

    first, empty, fine, new = client.get(address(project, "?sort=suspicion")).json["items"]

    assert first["id"] == str(doubtful)
    assert [flag["code"] for flag in first["flags"]] == ["saturated", "border"]
    assert first["flags"][1] == {
        "code": "border",
        "title": "Cut off",
        "detail": "60% of the objects touch the border: their sizes are cut off.",
    }
    assert first["quality"] == {"borderShare": 0.6, "saturatedShare": 0.5}
    assert first["suspicion"] == pytest.approx(2 - 0.5 / 0.6 + 2 - 0.01 / 0.5)
    assert [flag["code"] for flag in empty["flags"]] == ["empty"]
    assert (fine["flags"], fine["suspicion"]) == ([], 0)
    assert new["flags"] == []
    assert "suspicion" not in new


def test_a_segmented_image_has_its_preview_and_a_failed_one_its_error(
    client_of, alice, make_project
):
    project, client = make_project(segmented=1, failed=1), client_of(alice)
    [segmented] = project.images[ImageStatus.SEGMENTED]
    [failed] = project.images[ImageStatus.FAILED]

    result = client.get(f"/api/v1/images/{segmented}").json
    refused = client.get(f"/api/v1/images/{failed}").json

    assert result["objectCount"] == 3
    assert result["previewUrl"].startswith(f"/api/v1/images/{segmented}/preview")
    assert "lastError" not in result
    assert refused["lastError"] == {"code": "engine_error", "detail": "The engine stopped."}
    assert "previewUrl" not in refused


@pytest.mark.parametrize(
    "query", ["status=pending", "sort=sha256", "limit=1000", "cursor=x", "state=failed"]
)
def test_a_wrong_query_is_refused(client_of, alice, make_project, query):
    answer = client_of(alice).get(address(make_project(), f"?{query}"))

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == query.partition("=")[0]


def test_a_missing_image_is_not_found(client_of, alice):
    assert is_problem(client_of(alice).get(f"/api/v1/images/{uuid4()}"), 404, "not_found")


def test_a_waiting_image_says_that_no_worker_is_online(client_of, alice, make_project, database):
    no_workers(database)
    project = make_project(queued=3)

    shown = client_of(alice).get(f"/api/v1/images/{project.image_ids[1]}").json

    assert shown["waiting"]["position"] == 2
    assert shown["waiting"]["workersOnline"] == 0
    assert "No worker is online" in shown["waiting"]["reason"]
    assert "etaSeconds" not in shown["waiting"]


def test_with_workers_it_says_what_is_before_it_and_when_it_is_done(
    client_of, alice, make_project, database
):
    no_workers(database)
    worker = OnlineWorker("w1", ["segment.cpu"], 2, 0)
    database.transact(lambda tx: beat(tx.connection, worker, ["classical"]))
    project = make_project(segmented=3, queued=5)

    with database.engine.begin() as scheduler:
        scheduler.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LEADER_LOCK})")
        shown = client_of(alice).get(f"/api/v1/images/{project.image_ids[-1]}").json

    assert shown["waiting"]["position"] == 5
    assert shown["waiting"]["workersOnline"] == 1
    assert shown["waiting"]["reason"] == ("4 images of 1 person are before it; 1 worker is online.")
    low, high = shown["waiting"]["etaSeconds"]
    assert 0 <= low <= high


def test_deleted_images_are_gone_and_the_counts_say_so(
    client_of, alice, make_project, queue, database
):
    project, client = make_project(segmented=2, uploaded=1), client_of(alice)
    doomed = [str(each) for each in project.images[ImageStatus.SEGMENTED]]

    answer = client.post(
        address(project, "/delete"), json={"imageIds": doomed}, headers={"X-Op-Id": "click-2"}
    )

    assert answer.status_code == 200
    assert answer.json["deleted"] == 2
    assert answer.json["stats"]["imageCount"] == 1
    assert answer.json["stats"]["objectCount"] == 0
    assert queue.recomputed == [project.id]
    assert client.get(f"/api/v1/images/{doomed[0]}").status_code == 404
    assert last_operation(database, project) == ("images_deleted", "click-2")


def test_deleting_again_deletes_nothing(client_of, alice, make_project, queue):
    project, client = make_project(uploaded=1), client_of(alice)
    body = {"imageIds": [str(project.image_ids[0])]}
    client.post(address(project, "/delete"), json=body)
    queue.recomputed.clear()

    answer = client.post(address(project, "/delete"), json=body)

    assert answer.json["deleted"] == 0
    assert queue.recomputed == []


def test_images_of_another_project_stay(client_of, alice, bob, make_project):
    mine, others = make_project(uploaded=1), make_project(bob, uploaded=1)

    answer = client_of(alice).post(
        address(mine, "/delete"), json={"imageIds": [str(others.image_ids[0])]}
    )

    assert answer.json["deleted"] == 0
    assert client_of(bob).get(f"/api/v1/images/{others.image_ids[0]}").status_code == 200


def test_a_filter_deletes_what_it_matches(client_of, alice, make_project):
    project = make_project(failed=2, uploaded=1)

    answer = client_of(alice).post(
        address(project, "/delete"), json={"filter": {"status": ["failed"]}}
    )

    assert answer.json["deleted"] == 2
    assert answer.json["stats"]["uploadedCount"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"imageIds": ["x"]},
        {"imageIds": [], "filter": {}},
        {"filter": {"status": ["pending"]}},
        {"filter": None},
    ],
)
def test_a_wrong_deletion_is_refused(client_of, alice, make_project, body):
    answer = client_of(alice).post(address(make_project(), "/delete"), json=body)

    assert is_problem(answer, 422, "invalid_input")


def test_runs_tell_what_was_done_and_how_it_ended(client_of, alice, make_project):
    project, client = make_project(segmented=1, failed=1), client_of(alice)
    [segmented] = project.images[ImageStatus.SEGMENTED]
    [failed] = project.images[ImageStatus.FAILED]

    [good] = client.get(f"/api/v1/images/{segmented}/runs").json["items"]
    [bad] = client.get(f"/api/v1/images/{failed}/runs").json["items"]

    assert good["status"] == "succeeded"
    assert good["current"] is True
    assert good["engine"] == {"name": "classical", "version": "1", "params": {}}
    assert (good["objectCount"], good["durationMs"]) == (3, 100)
    assert (bad["status"], bad["current"]) == ("failed", False)
    assert bad["error"]["code"] == "engine_error"


def no_workers(database):
    database.transact(lambda tx: tx.execute(text("DELETE FROM worker_heartbeats")))
    # Of other tests: they stand in the same line.
    database.transact(lambda tx: tx.execute(text("DELETE FROM runs WHERE status = 'queued'")))


def last_operation(database, project):
    with database.reading() as connection:
        row = connection.execute(
            text(
                "SELECT operation, op_id FROM stats_deltas WHERE project_id = :id"
                " ORDER BY id DESC LIMIT 1"
            ),
            {"id": project.id},
        ).one()
    return tuple(row)


def test_a_run_tells_how_its_result_was_made(client_of, alice, make_project, database):
    """E6."""
    project = make_project(segmented=1)
    client = client_of(alice)
    environment = Environment({"celltally": {"version": "1", "commit": None}, "python": "3"})
    database.transact(lambda tx: environments.remember(tx.connection, environment))
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE runs SET environment = :digest, worker = 'cells@lab-7', recipe = 'r',"
                " weights_sha256 = 'w', channels = ARRAY[2], pixel_size_um = 0.5,"
                ' params = \'{"method": "local"}\' WHERE image_id = :image'
            ),
            {"digest": environment.digest, "image": project.image_ids[0]},
        )
    image = client.get(f"/api/v1/images/{project.image_ids[0]}").json
    [listed] = client.get(f"/api/v1/images/{image['id']}/runs").json["items"]

    shown = client.get(f"/api/v1/runs/{image['currentRunId']}").json

    assert shown == listed
    made = shown["provenance"]
    assert made["input"] == {
        "sha256": image["sha256"],
        "page": 0,
        "channels": [2],
        "pixelSizeUm": 0.5,
    }
    assert made["engine"] == {"name": "classical", "version": "1", "params": {"method": "local"}}
    assert made["computedWith"] == environment.described
    assert (made["host"], made["weightsSha256"], made["recipe"]) == ("lab-7", "w", "r")
    assert made["requestedAt"] == shown["createdAt"]
    assert made["durationMs"] == shown["durationMs"] == 100
    assert "takenFrom" not in made


def test_where_a_result_was_taken_from_is_told_of_the_same_project_alone(
    client_of, alice, make_project, database
):
    here, elsewhere = make_project(segmented=2), make_project(segmented=1)
    client = client_of(alice)

    def taken_from(source_image):
        source = client.get(f"/api/v1/images/{source_image}").json["currentRunId"]
        with database.engine.begin() as connection:
            connection.execute(
                text("UPDATE runs SET taken_from = :source WHERE image_id = :image"),
                {"source": source, "image": here.image_ids[0]},
            )
        mine = client.get(f"/api/v1/images/{here.image_ids[0]}").json["currentRunId"]
        return source, client.get(f"/api/v1/runs/{mine}").json["provenance"]["takenFrom"]

    source, told = taken_from(here.image_ids[1])
    assert told == {"runId": source}
    _, told = taken_from(elsewhere.image_ids[0])
    assert told == {}
