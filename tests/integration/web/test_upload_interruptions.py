"""Resumable uploads that are cut off, met by others, refused by the storage, or left alone."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from threading import Event, Thread
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.actions import receive_upload
from shared.actions.clean_storage import delete_files
from shared.actions.delete_project import delete_project
from shared.actions.finish_upload import expire_uploads, finish_overdue, finish_upload
from shared.domain.errors import NotFoundError
from shared.domain.uploads import UploadBusyError
from shared.storage import StorageError
from tests.browsers import browser_of
from tests.integration.interleaving import crash, held
from tests.integration.web.answers import is_problem
from tests.integration.web.tus import Tus
from web.app import create_app


@pytest.fixture
def project(make_project):
    return make_project()


@pytest.fixture
def tus(client_of, alice, project):
    return Tus(client_of(alice), project.id)


@pytest.fixture
def other_process(services, alice, project):
    """The same person at another web process."""
    return Tus(browser_of(create_app(replace(services)), alice), project.id)


@pytest.fixture
def small_parts(monkeypatch):
    """Let parts be small, so that a small file has several."""
    monkeypatch.setattr(receive_upload, "PART_BYTES", 64)
    monkeypatch.setattr(receive_upload, "CHUNK", 32)


@pytest.fixture(autouse=True)
def no_other_upload(database):
    """Forget those of other tests, or they would be found overdue here."""
    database.transact(lambda tx: tx.execute(text("DELETE FROM uploads"), {}))


def id_of(address: str) -> UUID:
    return UUID(address.rpartition("/")[2])


def age(database, by: timedelta) -> None:
    """Let everything that waits have waited for so long already."""
    names = ("writer_until", "due_at", "expires_at")
    moved = ", ".join(f"{name} = {name} - :by" for name in names)
    database.transact(lambda tx: tx.execute(text(f"UPDATE uploads SET {moved}"), {"by": by}))


def count_images(database, project) -> int:
    with database.reading() as connection:
        return connection.execute(
            text("SELECT count(*) FROM images WHERE project_id = :id"), {"id": project.id}
        ).scalar_one()


def test_a_connection_that_breaks_keeps_what_it_brought(tus, drawn_image, small_parts, database):
    content = drawn_image()
    address = tus.begin("a.png", len(content))

    tus.send(address, 0, content[:150], Content_Length=str(len(content)))
    offset = int(tus.ask(address).headers["Upload-Offset"])
    answer = tus.send(address, offset, content[offset:])

    assert offset == 150
    assert answer.headers["Celltally-Image-Id"]


def test_bytes_with_a_checksum_come_all_or_none(tus, small_parts, services):
    address = tus.begin("a.png", 500)
    checksum = "sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00="

    answer = tus.send(address, 0, b"x" * 200, Content_Length="300", Upload_Checksum=checksum)

    assert answer.status_code == 460
    assert tus.ask(address).headers["Upload-Offset"] == "0"
    assert list(services.storage.list(f"uploads/{id_of(address)}")) == []


def test_who_breaks_off_with_the_creation_leaves_nothing(tus, database):
    answer = tus.create("a.png", 500, body=b"x" * 200, headers={"Content-Length": "500"})

    assert answer.status_code == 400
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM uploads")).scalar() == 0


def test_another_process_goes_on_where_one_was_killed(
    tus, other_process, drawn_image, small_parts, database, project
):
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    with held("upload.part_stored", crash), pytest.raises(KeyboardInterrupt):
        tus.send(address, 0, content)
    age(database, timedelta(minutes=1))  # Killed, it let go of nothing.

    answer = other_process.send(address, 0, content)

    assert answer.headers["Celltally-Image-Id"]
    assert count_images(database, project) == 1


def test_of_two_who_send_at_once_the_second_is_told_to_wait(
    tus, other_process, drawn_image, small_parts
):
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    told = []

    with held("upload.part_stored", lambda: told.append(other_process.send(address, 0, content))):
        first = tus.send(address, 0, content)

    assert is_problem(told[0], 423, "upload_busy")
    assert first.headers["Celltally-Image-Id"]


def test_a_locked_row_is_no_reason_to_wait(tus, database):
    address = tus.begin("a.png", 100)
    with database.engine.begin() as connection:
        connection.execute(
            text("SELECT 1 FROM uploads WHERE id = :id FOR UPDATE"), {"id": id_of(address)}
        )

        answer = tus.send(address, 0, b"x")

    assert is_problem(answer, 423, "upload_busy")


def test_a_sender_taken_for_dead_who_comes_back_counts_for_nothing(
    tus, other_process, drawn_image, small_parts, database, client_of, alice, services
):
    content = drawn_image()
    address = tus.begin("a.png", len(content))

    def overtaken():
        age(database, timedelta(minutes=1))
        other_process.send(address, 0, content[:100])

    with held("upload.part_stored", overtaken):
        late = tus.send(address, 0, b"\0" * len(content))
    left = list(services.storage.list(f"uploads/{id_of(address)}"))
    answer = other_process.send(address, 100, content[100:])

    assert is_problem(late, 423, "upload_busy")
    assert len(left) == 2  # Of the first hundred bytes; what came late is gone.
    kept = client_of(alice).get(f"/api/v1/images/{answer.headers['Celltally-Image-Id']}/content")
    assert kept.data == content


def test_an_upload_ended_meanwhile_takes_nothing_more(
    tus, other_process, drawn_image, small_parts, services, database
):
    content = drawn_image()
    address = tus.begin("a.png", len(content))

    with held("upload.part_stored", lambda: other_process.end(address)):
        answer = tus.send(address, 0, content)

    assert answer.status_code in {404, 423}
    delete_files(database, services.storage)
    assert list(services.storage.list(f"uploads/{id_of(address)}")) == []


def test_a_process_killed_before_it_looked_leaves_the_rest_to_the_scheduler(
    tus, drawn_image, services, database, project
):
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    with held("upload.assembled", crash), pytest.raises(KeyboardInterrupt):
        tus.send(address, 0, content)
    early = finish_overdue(services, stopped=lambda: False)
    age(database, timedelta(minutes=5))

    late = finish_overdue(services, stopped=lambda: False)

    assert (early, late) == (0, 1)
    assert count_images(database, project) == 1
    assert tus.ask(address).headers["Celltally-Image-Id"]


def test_a_process_killed_in_the_commit_is_repeated_by_whoever_asks(
    tus, other_process, drawn_image, services, database, project
):
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    with held("upload.settling", crash), pytest.raises(KeyboardInterrupt):
        tus.send(address, 0, content)
    unfinished = count_images(database, project)

    answer = other_process.ask(address)

    assert unfinished == 0
    assert answer.headers["Celltally-Image-Id"]
    assert count_images(database, project) == 1


def test_two_who_finish_one_upload_make_one_image(
    tus, other_process, drawn_image, services, database, project
):
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    answers = []

    def meanwhile():
        answers.append(other_process.ask(address))
        age(database, timedelta(minutes=5))  # Taken for dead while it looks.
        answers.append(other_process.ask(address))

    with held("upload.assembled", meanwhile):
        late = tus.send(address, 0, content)

    assert answers[0].status_code == 423
    assert answers[1].headers["Celltally-Image-Id"]
    assert late.status_code == 423
    assert (
        tus.ask(address).headers["Celltally-Image-Id"] == answers[1].headers["Celltally-Image-Id"]
    )
    assert count_images(database, project) == 1
    delete_files(database, services.storage)
    assert len(list(services.storage.list(f"images/{project.id}"))) == 2


def test_a_project_deleted_meanwhile_takes_the_upload_with_it(
    tus, drawn_image, services, database, project
):
    content = drawn_image()
    address = tus.begin("a.png", len(content))

    with held("upload.assembled", lambda: delete_project(database, services.queue, project.id)):
        answer = tus.send(address, 0, content)

    assert answer.status_code == 404
    delete_files(database, services.storage)
    assert list(services.storage.list("uploads")) == []
    assert list(services.storage.list(f"images/{project.id}")) == []


def test_who_lost_the_project_before_it_was_finished_adds_nothing(
    tus, drawn_image, services, database, project, bob
):
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    with held("upload.claimed", crash), pytest.raises(KeyboardInterrupt):
        tus.send(address, 0, content)
    database.transact(
        lambda tx: tx.execute(
            text("UPDATE uploads SET user_id = :bob WHERE id = :id"),
            {"bob": bob.id, "id": id_of(address)},
        )
    )
    age(database, timedelta(minutes=5))

    row = finish_upload(services, id_of(address))

    assert (row["state"], row["refusal_code"]) == ("refused", "no_access")
    assert count_images(database, project) == 0


class FailingStorage:
    """A storage that fails as often as it is told, by the name of the method."""

    def __init__(self, storage, **failures):
        self._storage = storage
        self.failures = failures

    def __getattr__(self, name):
        if self.failures.get(name, 0):
            self.failures[name] -= 1
            raise StorageError("The storage is full.")
        return getattr(self._storage, name)


@pytest.mark.parametrize("method", ["put_stream", "fetch", "put_file"])
def test_a_storage_that_fails_is_told_and_the_upload_goes_on(
    services, alice, project, drawn_image, database, method
):
    storage = FailingStorage(services.storage, **{method: 1})
    tus = Tus(browser_of(create_app(replace(services, storage=storage)), alice), project.id)
    content = drawn_image()
    address = tus.begin("a.png", len(content))

    refused = tus.send(address, 0, content)
    offset = tus.ask(address).headers["Upload-Offset"]
    again = tus.send(address, offset, content[int(offset) :])

    assert is_problem(refused, 503, "storage_error")
    assert refused.headers["Retry-After"]
    assert again.headers["Celltally-Image-Id"]
    assert count_images(database, project) == 1


def test_parts_that_are_gone_are_told_and_not_waited_for(tus, drawn_image, services, database):
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    tus.send(address, 0, content[:50])
    services.storage.delete(list(services.storage.list(f"uploads/{id_of(address)}")))

    answer = tus.send(address, 50, content[50:])

    assert is_problem(answer, 460, "content_differs")


def test_what_nobody_goes_on_with_is_forgotten_with_its_parts(tus, services, database):
    address = tus.begin("a.png", 100)
    tus.send(address, 0, b"x" * 40)
    young = expire_uploads(database)
    age(database, timedelta(days=8))

    old = expire_uploads(database)
    delete_files(database, services.storage)

    assert (young, old) == (0, 1)
    assert tus.ask(address).status_code == 404
    assert list(services.storage.list(f"uploads/{id_of(address)}")) == []


def test_an_expired_upload_is_gone_before_it_is_swept(tus, database):
    address = tus.begin("a.png", 100)
    age(database, timedelta(days=8))

    assert is_problem(tus.send(address, 0, b"x"), 404, "not_found")


def test_every_byte_may_be_a_request_of_its_own_but_not_for_ever(tus, monkeypatch):
    monkeypatch.setattr(receive_upload, "MOST_PARTS", 3)
    address = tus.begin("a.png", 100)

    told = [tus.send(address, at, b"x") for at in range(4)]

    assert [answer.status_code for answer in told[:3]] == [204] * 3
    assert is_problem(told[3], 400, "too_many_parts")


def test_many_at_once_make_one_image_of_each_content(
    services, alice, project, drawn_image, database
):
    contents = [drawn_image() for _ in range(6)]
    clients = [Tus(browser_of(create_app(replace(services)), alice), project.id) for _ in range(4)]
    start = Event()

    def upload_all(tus, order):
        start.wait()
        for content in order:
            answer = tus.create("a.png", len(content), body=content)
            assert answer.status_code == 201, answer.text

    threads = [
        Thread(target=upload_all, args=(tus, contents[n:] + contents[:n]))
        for n, tus in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join()

    assert count_images(database, project) == 6


def test_a_slow_sender_keeps_what_it_holds(tus, other_process, drawn_image, monkeypatch, database):
    """While its bytes come, its claim is renewed, however long that takes."""
    monkeypatch.setattr(receive_upload, "CHUNK", 50)
    monkeypatch.setattr(receive_upload, "_RENEW_SECONDS", 0.0)
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    told = []

    class Slow(BytesIO):
        def read(self, size=-1):
            if self.tell() == 100:
                with database.reading() as connection:
                    left = "SELECT writer_until - clock_timestamp() > interval '10 s' FROM uploads"
                    told.append(connection.execute(text(left)).scalar())
                told.append(other_process.send(address, 0, b"x").status_code)
            return super().read(size)

        def readinto(self, into):
            piece = self.read(len(into))
            into[: len(piece)] = piece
            return len(piece)

    tus.send(address, 0, Slow(content))

    assert told == [True, 423]


def test_what_is_not_there_any_more_cannot_be_finished(services):
    with pytest.raises(NotFoundError):
        finish_upload(services, UUID(int=7))


def test_what_somebody_is_finishing_is_busy(tus, drawn_image, services, database):
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    with held("upload.claimed", crash), pytest.raises(KeyboardInterrupt):
        tus.send(address, 0, content)

    with pytest.raises(UploadBusyError):
        finish_upload(services, id_of(address))
    age(database, timedelta(minutes=5))

    assert finish_upload(services, id_of(address))["state"] == "done"
