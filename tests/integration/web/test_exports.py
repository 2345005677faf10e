"""/projects/{id}/exports, /exports/{id} and its /download: who may do what (E5, A1)."""

from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.database.workers import OnlineWorker, beat
from shared.domain.accounts import Role
from shared.domain.engines import Segmentation
from shared.domain.images import ImageStatus
from shared.domain.runs import Claimant
from shared.results import save_result
from tests.exports import two_squares, unzipped
from tests.factories import share
from tests.images import np
from tests.integration.web.answers import is_problem
from worker.exporting import carry_out_export


@pytest.fixture
def project(make_project, services, database):
    """A project of Alice's with two results and an image without."""
    project = make_project(segmented=2, uploaded=1)
    with database.reading() as connection:
        paths = connection.execute(
            text("SELECT result_path FROM runs WHERE image_id = ANY(:ids)"),
            {"ids": project.images[ImageStatus.SEGMENTED]},
        ).scalars()
        for path in paths:
            save_result(
                services.storage,
                path,
                segmentation=Segmentation(two_squares()),
                image=np.zeros((8, 8, 1), np.uint8),
                pixel_size_um=None,
            )
    return project


@pytest.fixture
def make(services):
    """Return a function that writes an export, as a worker does."""

    def make(export_id):
        here = SimpleNamespace(database=services.database, storage=services.storage)
        claimant = Claimant("w1", 1, 45)
        return carry_out_export(here, UUID(export_id), claimant, is_timeout=lambda _: False)

    return make


def ask(client, project, **body):
    return client.post(f"/api/v1/projects/{project.id}/exports", json={"formats": ["csv"]} | body)


def test_an_export_is_asked_for_made_and_downloaded(client_of, alice, project, make):
    client = client_of(alice)

    asked = ask(client, project, formats=["coco", "csv"])

    assert asked.status_code == 202
    assert asked.json["status"] == "queued"
    assert (asked.json["done"], asked.json["total"]) == (0, 3)
    assert asked.json["formats"] == ["coco", "csv"]
    assert "downloadUrl" not in asked.json
    make(asked.json["id"])
    shown = client.get(f"/api/v1/exports/{asked.json['id']}").json
    assert (shown["status"], shown["done"], shown["total"]) == ("done", 3, 3)
    answer = client.get(shown["downloadUrl"])
    assert answer.mimetype == "application/zip"
    assert answer.content_length == shown["bytes"]
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert set(unzipped(answer.data)) == {
        "coco/instances.json",
        *("tables/objects.csv", "tables/images.csv", "provenance.json", "README.txt"),
    }


def test_a_download_that_broke_off_goes_on(client_of, alice, project, make):
    client = client_of(alice)
    export_id = ask(client, project).json["id"]
    make(export_id)
    address = f"/api/v1/exports/{export_id}/download"
    whole = client.get(address)

    rest = client.get(address, headers={"Range": "bytes=100-", "If-Range": whole.headers["ETag"]})

    assert rest.status_code == 206
    assert whole.data[100:] == rest.data


def test_those_of_a_project_are_listed_newest_first(client_of, alice, project):
    client = client_of(alice)
    ids = [ask(client, project).json["id"] for _ in range(3)]

    first = client.get(f"/api/v1/projects/{project.id}/exports?limit=2").json
    cursor = first["nextCursor"]
    second = client.get(f"/api/v1/projects/{project.id}/exports?limit=2&cursor={cursor}").json

    assert [each["id"] for each in first["items"] + second["items"]] == ids[::-1]
    assert second["nextCursor"] is None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_a_member_exports_for_themselves_alone(
    client_of, alice, bob, project, make, database, role
):
    """A1: not even the owner sees what a member exported, nor the other way round."""
    share(database, project, bob, role)
    hers, his = (ask(client_of(who), project).json["id"] for who in (alice, bob))
    for export_id in (hers, his):
        make(export_id)

    for who, foreign in ((alice, his), (bob, hers)):
        client = client_of(who)
        assert [each["id"] for each in listed(client, project)] != [foreign]
        for call in (
            client.get(f"/api/v1/exports/{foreign}"),
            client.get(f"/api/v1/exports/{foreign}/download"),
            client.delete(f"/api/v1/exports/{foreign}"),
        ):
            assert is_problem(call, 404, "not_found")
    assert client_of(bob).get(f"/api/v1/exports/{his}/download").status_code == 200


def listed(client, project):
    return client.get(f"/api/v1/projects/{project.id}/exports").json["items"]


def test_who_lost_access_downloads_nothing(client_of, bob, project, make, database):
    """A1."""
    share(database, project, bob, Role.VIEWER)
    client = client_of(bob)
    export_id = ask(client, project).json["id"]
    make(export_id)
    database.transact(
        lambda tx: tx.execute(
            text("UPDATE project_shares SET revoked_at = now() WHERE project_id = :id"),
            {"id": project.id},
        )
    )

    for call in (
        client.get(f"/api/v1/exports/{export_id}"),
        client.get(f"/api/v1/exports/{export_id}/download"),
        client.delete(f"/api/v1/exports/{export_id}"),
    ):
        assert is_problem(call, 404, "not_found")


def test_strangers_cannot_ask(client_of, bob, project):
    assert is_problem(ask(client_of(bob), project), 404, "not_found")
    assert is_problem(ask(client_of(None), project), 401, "not_signed_in")


def test_an_export_that_waits_is_cancelled_and_one_that_ended_is_deleted(client_of, alice, project):
    """E5: a cancelled export never downloads."""
    client = client_of(alice)
    address = f"/api/v1/exports/{ask(client, project).json['id']}"

    assert client.delete(address).status_code == 204

    assert client.get(address).json["status"] == "cancelled"
    assert is_problem(client.get(f"{address}/download"), 409, "export_not_done")
    assert client.delete(address).status_code == 204
    assert is_problem(client.get(address), 404, "not_found")
    assert is_problem(client.delete(address), 404, "not_found")


def test_what_is_not_done_says_why_there_is_no_file(client_of, alice, project):
    client = client_of(alice)
    export_id = ask(client, project).json["id"]

    answer = client.get(f"/api/v1/exports/{export_id}/download")

    assert is_problem(answer, 409, "export_not_done")
    assert "not begun" in answer.json["detail"]


def test_a_file_that_the_storage_lost_is_said_so(client_of, alice, project, make, services):
    client = client_of(alice)
    export_id = ask(client, project).json["id"]
    make(export_id)
    services.storage.delete_folder(f"exports/{export_id}/")

    answer = client.get(f"/api/v1/exports/{export_id}/download")

    assert is_problem(answer, 404, "not_found")
    assert "Export again" in answer.json["detail"]


def test_who_waits_is_told_what_for(client_of, alice, project, database):
    database.transact(lambda tx: tx.execute(text("DELETE FROM worker_heartbeats")))
    client = client_of(alice)

    alone = ask(client, project).json
    assert "No worker is online" in alone["detail"]

    worker = OnlineWorker("w1", ["background"], 2, busy=0)
    database.transact(lambda tx: beat(tx.connection, worker, []))
    assert "waits for a worker" in client.get(f"/api/v1/exports/{alone['id']}").json["detail"]


def test_images_are_chosen_by_list_or_by_status(client_of, alice, project):
    client = client_of(alice)
    some = [str(project.images[ImageStatus.SEGMENTED][0])]

    assert ask(client, project, imageIds=some).json["total"] == 1
    chosen = ask(client, project, options={"status": ["segmented"]}).json
    assert (chosen["total"], chosen["options"]) == (2, {"status": ["segmented"]})


@pytest.mark.parametrize(
    "body",
    [
        {"formats": []},
        {"formats": ["docx"]},
        {"imageIds": []},
        {"imageIds": ["not an id"]},
        {"options": {"status": ["lost"]}},
        {"options": {"status": []}},
        {"options": {"colour": "red"}},
        {"imageIds": [str(uuid4())], "options": {"status": ["segmented"]}},
    ],
)
def test_what_cannot_be_exported_is_refused(client_of, alice, project, body):
    assert is_problem(ask(client_of(alice), project, **body), 422, "invalid_input")


def test_images_of_another_project_are_not_exported(client_of, alice, project, make_project):
    foreign = make_project(segmented=1)

    answer = ask(client_of(alice), project, imageIds=[str(foreign.image_ids[0])])

    assert is_problem(answer, 404, "not_found")
    assert "1 of the 1 images" in answer.json["detail"]


def test_an_empty_project_has_nothing_to_export(client_of, alice, make_project):
    assert is_problem(ask(client_of(alice), make_project()), 422, "nothing_to_export")


def test_too_many_at_a_time_are_refused(client_of, alice, project):
    client = client_of(alice)
    answers = [ask(client, project) for _ in range(6)]

    assert [answer.status_code for answer in answers[:5]] == [202] * 5
    assert is_problem(answers[5], 409, "too_many_exports")


def test_the_page_shows_them_and_viewers_may_look(client_of, alice, bob, project, database):
    share(database, project, bob, Role.VIEWER)
    ask(client_of(alice), project)

    hers = client_of(alice).get(f"/projects/{project.id}/exports")
    his = client_of(bob).get(f"/projects/{project.id}/exports")

    assert (hers.status_code, his.status_code) == (200, 200)
    assert '"status": "queued"' in hers.text
    assert '"status": "queued"' not in his.text
