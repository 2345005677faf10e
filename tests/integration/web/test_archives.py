"""A ZIP by POST /projects/{id}/images, and what becomes of its members."""

from dataclasses import replace
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from sqlalchemy import text

from shared.actions.clean_storage import delete_files
from shared.actions.delete_project import delete_project
from shared.actions.ingest_archive import GROUP, requeue_ingests
from shared.database import ingests
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.storage import StorageError
from tests.factories import share
from tests.integration.interleaving import crash, held
from tests.integration.web.answers import form_of, is_problem
from worker.ingesting import ingest


@pytest.fixture
def project(make_project):
    return make_project()


@pytest.fixture
def upload(client_of, alice, project):
    client = client_of(alice)
    address = f"/api/v1/projects/{project.id}/images"
    return lambda *files, **extra: client.post(address, data=form_of(*files), **extra)


@pytest.fixture
def batch(client_of, alice):
    """Return a function that asks how far a batch is."""
    client = client_of(alice)
    return lambda batch_id: client.get(f"/api/v1/batches/{batch_id}").json


@pytest.fixture(autouse=True)
def no_other_archive(database):
    """Forget those of other tests, or they would be found stranded here."""
    database.transact(lambda tx: tx.execute(text("DELETE FROM ingests"), {}))


def packed(*members: tuple[str, bytes]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def lose_worker(services) -> None:
    """Let the claim be older than any that is renewed."""
    services.database.transact(
        lambda tx: tx.execute(text("UPDATE ingests SET due_at = now() - interval '1 hour'"), {})
    )


def image_count(services, project) -> int:
    with services.database.reading() as connection:
        return connection.execute(
            text("SELECT count(*) FROM images WHERE project_id = :id"), {"id": project.id}
        ).scalar_one()


def test_the_images_of_a_zip_become_images_of_the_project(
    upload, batch, services, queue, drawn_image, project
):
    """U5."""
    content = packed(
        ("day 1/a.png", drawn_image()), ("day 2/a.png", drawn_image()), ("b.png", drawn_image())
    )

    answer = upload(("plate.zip", content))

    assert answer.status_code == 202
    batch_id = answer.json["batchId"]
    assert answer.json["archives"] == [{"filename": "plate.zip", "batchId": batch_id, "members": 3}]
    assert [str(each) for each in queue.ingests] == [batch_id]
    waiting = batch(batch_id)
    assert (waiting["kind"], waiting["queued"], waiting["waiting"]) == ("ingest", 3, 3)
    assert not waiting["done"]

    assert ingest(services, queue.ingests[0])

    done = batch(batch_id)
    assert (done["succeeded"], done["failed"], done["images"]) == (3, 0, 3)
    assert done["done"]
    with services.database.reading() as connection:
        names = connection.execute(
            text("SELECT filename FROM images WHERE project_id = :id ORDER BY created_at"),
            {"id": project.id},
        )
        assert list(names.scalars()) == ["a.png", "a.png", "b.png"]
    delete_files(services.database, services.storage)
    assert list(services.storage.list("ingests")) == []


def test_each_member_has_its_verdict(upload, batch, services, queue, drawn_image):
    """U4: by name, with what can be done about it."""
    known, twice = drawn_image(), drawn_image()
    [there] = upload(("there.png", known)).json["images"]
    content = packed(
        ("good.png", drawn_image()),
        ("known.png", known),
        ("first.png", twice),
        ("second.png", twice),
        ("notes.txt", b"hello, I am a text"),
        ("cut.png", drawn_image()[:150]),
        ("inner.zip", packed(("x.png", known))),
        ("huge.bin", bytes(range(256)) * 1000),
    )

    batch_id = upload(("plate.zip", content)).json["batchId"]
    ingest(services, queue.ingests[0])

    done = batch(batch_id)
    assert (done["images"], done["succeeded"], done["failed"]) == (2, 4, 4)
    assert {each["filename"] for each in done["duplicates"]} == {"known.png", "second.png"}
    assert there["id"] in {each["imageId"] for each in done["duplicates"]}
    codes = {each["filename"]: each["code"] for each in done["rejected"]}
    assert codes == {
        "notes.txt": "unsupported_format",
        "cut.png": "unreadable_image",
        "inner.zip": "unsupported_format",
        "huge.bin": "too_large",
    }
    assert all(each["filename"] in each["detail"] for each in done["rejected"])


def test_a_bad_zip_is_refused_as_a_whole(upload, services, queue, drawn_image):
    answer = upload(("plate.zip", packed(("a.png", drawn_image()), ("../../b.png", b"x"))))

    assert answer.status_code == 422
    [refused] = answer.json["rejected"]
    assert (refused["filename"], refused["code"]) == ("plate.zip", "archive_refused")
    assert queue.ingests == []
    assert list(services.storage.list("ingests")) == []


def test_images_beside_a_zip_are_taken_at_once(upload, drawn_image):
    answer = upload(("a.png", drawn_image()), ("plate.zip", packed(("b.png", drawn_image()))))

    assert answer.status_code == 202
    assert [each["filename"] for each in answer.json["images"]] == ["a.png"]


def test_a_document_that_is_a_zip_inside_is_no_archive(upload):
    answer = upload(("report.docx", packed(("word/document.xml", b"<x/>"))))

    assert answer.status_code == 422
    assert answer.json["rejected"][0]["code"] == "unsupported_format"


def test_one_archive_is_one_entry_of_the_feed(upload, services, queue, drawn_image, database):
    many = [(f"{i}.png", drawn_image()) for i in range(2 * GROUP + 1)]

    upload(("plate.zip", packed(*many)))
    ingest(services, queue.ingests[0])

    with database.reading() as connection:
        counts = connection.execute(
            text("SELECT count FROM activities WHERE type = 'images_uploaded' ORDER BY at DESC")
        )
        assert counts.scalars().first() == len(many)


def test_a_worker_that_dies_counts_nothing_twice(
    upload, batch, services, queue, drawn_image, project
):
    """Q2: whoever goes on begins behind what was recorded."""
    many = [(f"{i}.png", drawn_image()) for i in range(2 * GROUP + 1)]
    batch_id = upload(("plate.zip", packed(*many))).json["batchId"]

    with held("ingest.group_done", crash), pytest.raises(KeyboardInterrupt):
        ingest(services, queue.ingests[0])
    assert image_count(services, project) == GROUP
    assert not ingest(services, queue.ingests[0])  # It is still the other's.

    lose_worker(services)
    assert requeue_ingests(services.database, services.queue) == 1
    assert ingest(services, queue.ingests[-1])

    done = batch(batch_id)
    assert (done["images"], done["duplicates"], done["done"]) == (len(many), [], True)
    assert image_count(services, project) == len(many)


def test_a_worker_that_lost_its_claim_takes_nothing_in(
    upload, services, queue, drawn_image, project
):
    """Rule 20: the fence is in the transaction of the images."""
    many = [(f"{i}.png", drawn_image()) for i in range(GROUP + 1)]
    upload(("plate.zip", packed(*many)))

    def be_overtaken() -> None:
        lose_worker(services)
        requeue_ingests(services.database, services.queue)
        assert ingest(services, queue.ingests[-1])

    with held("ingest.group_done", be_overtaken):
        assert not ingest(services, queue.ingests[0])

    assert image_count(services, project) == len(many)
    stored = list(services.storage.list(f"images/{project.id}"))
    assert len(stored) == 2 * len(many)


def test_an_archive_that_kills_its_worker_is_given_up(upload, batch, services, queue, drawn_image):
    """Q8: after three attempts without any progress."""
    batch_id = upload(("plate.zip", packed(("a.png", drawn_image())))).json["batchId"]
    for _ in range(3):
        claimed = services.database.transact(
            lambda tx: ingests.claim(tx.connection, queue.ingests[0])
        )
        assert claimed is not None
        lose_worker(services)
        requeue_ingests(services.database, services.queue)

    over = batch(batch_id)
    assert over["done"]
    assert "stopped several times" in over["detail"]
    assert not ingest(services, queue.ingests[0])


def test_a_lost_message_is_sent_again(upload, services, queue, drawn_image):
    upload(("plate.zip", packed(("a.png", drawn_image()))))
    queue.ingests.clear()
    assert requeue_ingests(services.database, services.queue) == 0

    lose_worker(services)

    assert requeue_ingests(services.database, services.queue) == 1
    assert len(queue.ingests) == 1


def test_a_long_archive_lets_others_have_their_turn(upload, batch, services, queue, drawn_image):
    many = [(f"{i}.png", drawn_image()) for i in range(2 * GROUP)]
    batch_id = upload(("plate.zip", packed(*many))).json["batchId"]

    ingest(services, queue.ingests[0], budget=0)
    halfway = batch(batch_id)
    assert (halfway["images"], halfway["done"]) == (GROUP, False)
    assert len(queue.ingests) == 2

    ingest(services, queue.ingests[1], budget=0)
    assert batch(batch_id)["done"]


def test_who_may_not_change_the_project_any_more_adds_nothing_to_it(
    services, queue, drawn_image, project, client_of, bob, batch, database
):
    """A1: access is asked for each group."""
    share(database, project, bob, Role.EDITOR)
    answer = client_of(bob).post(
        f"/api/v1/projects/{project.id}/images",
        data=form_of(("plate.zip", packed(("a.png", drawn_image())))),
    )
    services.database.transact(
        lambda tx: tx.execute(text("UPDATE project_shares SET revoked_at = now()"), {})
    )

    ingest(services, queue.ingests[0])

    over = batch(answer.json["batchId"])
    assert (over["done"], over["images"]) == (True, 0)
    assert "may not change this project" in over["detail"]


def test_a_cancelled_archive_takes_no_more_in(
    upload, batch, services, queue, drawn_image, client_of, alice, project
):
    """Q4."""
    many = [(f"{i}.png", drawn_image()) for i in range(2 * GROUP)]
    batch_id = upload(("plate.zip", packed(*many))).json["batchId"]

    def cancel() -> None:
        answer = client_of(alice).post(f"/api/v1/batches/{batch_id}/cancel")
        assert answer.json["cancelled"] == GROUP

    with held("ingest.group_done", cancel):
        assert not ingest(services, queue.ingests[0])

    over = batch(batch_id)
    assert (over["done"], over["images"], over["cancelled"]) == (True, GROUP, GROUP)
    assert image_count(services, project) == GROUP
    delete_files(services.database, services.storage)
    assert list(services.storage.list("ingests")) == []


def test_an_archive_goes_with_its_project(upload, services, queue, drawn_image, project):
    upload(("plate.zip", packed(("a.png", drawn_image()))))

    delete_project(services.database, services.queue, project.id)
    delete_files(services.database, services.storage)

    assert list(services.storage.list("ingests")) == []
    assert not ingest(services, queue.ingests[0])


def test_nothing_of_an_archive_stays_when_it_cannot_be_recorded(
    upload, services, project, drawn_image, client_of, alice
):
    delete_project(services.database, services.queue, project.id)

    answer = upload(("plate.zip", packed(("a.png", drawn_image()))))

    assert is_problem(answer, 404, NotFoundError.code)
    assert list(services.storage.list("ingests")) == []


def test_while_the_storage_is_away_an_archive_waits(upload, services, queue, drawn_image):
    upload(("plate.zip", packed(("a.png", drawn_image()))))

    class Away:
        def __getattr__(self, name):
            raise StorageError("The storage is away.")

    with pytest.raises(StorageError):
        ingest(replace(services, storage=Away()), queue.ingests[0])

    lose_worker(services)
    assert requeue_ingests(services.database, services.queue) == 1
    assert ingest(services, queue.ingests[-1])
