"""Uploads that meet each other and deletions."""

from dataclasses import replace
from hashlib import sha256
from threading import Thread

import pytest
from sqlalchemy import text

from shared.actions.delete_project import delete_project
from shared.actions.judging import ReceivedFile
from shared.actions.upload_images import upload_images
from shared.database import images
from shared.domain.errors import NotFoundError
from tests.fakes import FakeInspector


@pytest.fixture
def received(tmp_path):
    """Return a function that makes a received file."""

    def make(name, content=b"content"):
        path = tmp_path / name
        path.write_bytes(content)
        return ReceivedFile(name, path, sha256(content).hexdigest(), len(content))

    return make


class MeetingInspector(FakeInspector):
    """Does something else while it looks at a file."""

    def __init__(self, meanwhile):
        super().__init__()
        self.meanwhile = meanwhile

    def inspect(self, path, filename, **limits):
        self.meanwhile()
        return super().inspect(path, filename, **limits)


def with_inspector(services, inspector):
    return replace(services, inspector=inspector)


def test_two_requests_with_one_content_make_one_image(services, make_project, received, database):
    project, file = make_project(), received("a.png")
    first = []
    others = with_inspector(services, FakeInspector())
    meeting = with_inspector(
        services,
        MeetingInspector(
            lambda: first.append(
                upload_images(others, project.id, [file], actor_id=project.owner.id)
            )
        ),
    )

    second = upload_images(meeting, project.id, [file], actor_id=project.owner.id)

    [image] = first[0].images
    assert second.images == []
    assert second.duplicates == [("a.png", image["id"])]
    assert sorted(services.storage.list(f"images/{project.id}")) == sorted(
        [image["storage_key"], image["thumbnail_key"], *left_for_the_janitor(database, project)]
    )
    assert len(left_for_the_janitor(database, project)) == 2


def test_a_project_deleted_meanwhile_takes_nothing(services, make_project, received, database):
    project = make_project()
    meeting = with_inspector(
        services, MeetingInspector(lambda: delete_project(database, services.queue, project.id))
    )

    with pytest.raises(NotFoundError):
        upload_images(meeting, project.id, [received("a.png")], actor_id=project.owner.id)

    assert list(services.storage.list(f"images/{project.id}")) == []


def test_many_at_once_count_each_content_once(services, make_project, received, database):
    project = make_project()
    files = [received(f"{i}.png", bytes([i])) for i in range(20)]
    others = with_inspector(services, FakeInspector())
    threads = [
        Thread(
            target=upload_images,
            args=(others, project.id, ordered),
            kwargs={"actor_id": project.owner.id},
        )
        for ordered in (files, files[::-1], files[10:] + files[:10])
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.reading() as connection:
        hashes = [file.sha256 for file in files]
        assert images.with_content(connection, project.id, hashes).keys() == set(hashes)
        counted = connection.execute(
            text("SELECT count(*) FROM images WHERE project_id = :id"), {"id": project.id}
        ).scalar()
    assert counted == 20


def left_for_the_janitor(database, project):
    with database.reading() as connection:
        return list(
            connection.execute(
                text("SELECT path FROM file_deletions WHERE path LIKE :prefix"),
                {"prefix": f"images/{project.id}/%"},
            ).scalars()
        )
