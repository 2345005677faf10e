"""POST /api/v1/projects/{id}/images."""

from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import text
from werkzeug.exceptions import ClientDisconnected

from shared.actions.clean_storage import delete_files
from shared.storage import StorageError
from tests.browsers import browser_of
from tests.images import disks, encoded
from tests.integration.web.answers import form_of, is_problem
from web.app import create_app


@pytest.fixture
def project(make_project):
    return make_project()


@pytest.fixture
def upload(client_of, alice, project):
    """Return a function that uploads files into Alice's project."""
    client = client_of(alice)
    address = f"/api/v1/projects/{project.id}/images"
    return lambda *files, **extra: client.post(address, data=form_of(*files), **extra)


def names(answer, verdict):
    return [each["filename"] for each in answer.json[verdict]]


def test_an_image_is_stored_counted_and_described(upload, project, drawn_image, services, queue):
    content = drawn_image(disk_count=3)

    answer = upload(("well A1.png", content))

    [image] = answer.json["images"]
    assert answer.status_code == 201
    assert image["filename"] == "well A1.png"
    assert image["projectId"] == str(project.id)
    assert image["sha256"] == sha256(content).hexdigest()
    assert image["bytes"] == len(content)
    assert (image["width"], image["height"]) == disks(3).shape[::-1]
    assert (image["channels"], image["bitDepth"], image["page"]) == (1, 8, 0)
    assert image["status"] == "uploaded"
    assert image["objectCount"] is None
    assert answer.json["stats"]["imageCount"] == answer.json["stats"]["uploadedCount"] == 1
    assert queue.recomputed == [project.id]
    assert len(list(services.storage.list(f"images/{project.id}"))) == 2


def test_the_click_is_echoed_by_the_event(upload, drawn_image, project, database):
    upload(("a.png", drawn_image()), headers={"X-Op-Id": "click-7"})

    with database.reading() as connection:
        told = connection.execute(
            text("SELECT operation, op_id FROM stats_deltas WHERE project_id = :id"),
            {"id": project.id},
        ).one()
    assert tuple(told) == ("images_added", "click-7")


def test_one_bad_file_of_many_is_named_and_the_others_are_taken(upload, drawn_image):
    good = [(f"{i}.png", drawn_image()) for i in range(5)]

    answer = upload(*good[:3], ("notes.png", b"not an image at all"), *good[3:])

    assert answer.status_code == 201
    assert names(answer, "images") == [name for name, _ in good]
    [refused] = answer.json["rejected"]
    assert refused["filename"] == "notes.png"
    assert refused["code"] == "unsupported_format"
    assert "notes.png" in refused["detail"]
    assert answer.json["stats"]["imageCount"] == 5


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.png", b"", "empty"),
        ("cut.png", encoded(disks(3))[:200], "unreadable_image"),
        ("text.tif", b"hello, I am a text", "unsupported_format"),
        ("film.gif", b"GIF89a" + bytes(100), "unsupported_format"),
        ("../../etc/passwd.png", encoded(disks(1)), "unsafe_name"),
        ("C:\\fakepath\\a.png", encoded(disks(1)), "unsafe_name"),
        ("..\\\\evil.png", encoded(disks(1)), "unsafe_name"),
        ("a\u202egnp.exe", encoded(disks(1)), "unsafe_name"),
        ("huge.png", bytes(200_001), "too_large"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(upload, project, services, name, content, code):
    answer = upload((name, content))

    assert answer.status_code == 422
    assert answer.json["images"] == answer.json["duplicates"] == []
    [refused] = answer.json["rejected"]
    assert (refused["filename"], refused["code"]) == (name.replace("\\\\", "\\"), code)
    assert answer.json["stats"]["imageCount"] == 0
    assert list(services.storage.list(f"images/{project.id}")) == []


def test_too_many_pixels_are_refused(services, alice, project, drawn_image):
    settings = services.settings.model_copy(update={"max_image_pixels": 100})
    client = browser_of(create_app(replace(services, settings=settings)), alice)

    answer = client.post(
        f"/api/v1/projects/{project.id}/images", data=form_of(("wide.png", drawn_image()))
    )

    assert answer.json["rejected"][0]["code"] == "too_many_pixels"


def stack(*counts):
    buffer = BytesIO()
    pages = [Image.fromarray(disks(3, seed=n)) for n in counts]
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    return buffer.getvalue()


def test_each_page_of_a_file_is_an_image(upload, project, services):
    """U5: they share the file, each has a thumbnail."""
    answer = upload(("stack.tif", stack(1, 2, 3)))

    found = answer.json["images"]
    assert answer.status_code == 201
    assert [(each["page"], each["pages"]) for each in found] == [(0, 3), (1, 3), (2, 3)]
    assert {each["filename"] for each in found} == {"stack.tif"}
    assert answer.json["stats"]["imageCount"] == 3
    stored = list(services.storage.list(f"images/{project.id}"))
    assert sum("original" in key for key in stored) == 1
    assert len(stored) == 4


def test_a_file_of_pages_again_is_one_duplicate(upload):
    content = stack(1, 2)
    first = upload(("stack.tif", content)).json["images"]

    again = upload(("copy.tif", content))

    assert again.json["images"] == []
    assert again.json["duplicates"] == [{"filename": "copy.tif", "imageId": first[0]["id"]}]
    assert again.json["stats"]["imageCount"] == 2


def test_a_file_stays_as_long_as_one_of_its_pages(upload, client_of, alice, project, services):
    first, second = upload(("stack.tif", stack(1, 2))).json["images"]
    client = client_of(alice)

    def delete(image):
        client.post(
            f"/api/v1/projects/{project.id}/images/delete", json={"imageIds": [image["id"]]}
        )
        delete_files(services.database, services.storage)
        stored = services.storage.list(f"images/{project.id}")
        return sum("original" in key for key in stored)

    assert delete(first) == 1
    assert client.get(f"/api/v1/images/{second['id']}/content").status_code == 200
    assert delete(second) == 0


def test_a_page_that_was_deleted_comes_back_with_its_file(
    upload, client_of, alice, project, services
):
    content = stack(1, 2, 3)
    _, second, _ = upload(("stack.tif", content)).json["images"]
    client_of(alice).post(
        f"/api/v1/projects/{project.id}/images/delete", json={"imageIds": [second["id"]]}
    )

    again = upload(("stack.tif", content))
    delete_files(services.database, services.storage)

    [back] = again.json["images"]
    assert (back["page"], back["pages"]) == (1, 3)
    assert again.json["duplicates"] == []
    assert again.json["stats"]["imageCount"] == 3
    content = client_of(alice).get(f"/api/v1/images/{back['id']}/content")
    assert content.status_code == 200


def test_known_content_is_a_duplicate_under_any_name(upload, drawn_image, project, services):
    content = drawn_image()
    [first] = upload(("a.png", content)).json["images"]

    answer = upload(("b.png", content))

    assert answer.status_code == 201
    assert answer.json["images"] == []
    assert answer.json["duplicates"] == [{"filename": "b.png", "imageId": first["id"]}]
    assert answer.json["stats"]["imageCount"] == 1
    assert len(list(services.storage.list(f"images/{project.id}"))) == 2


def test_the_same_content_twice_in_one_request_is_taken_once(upload, drawn_image):
    content = drawn_image()

    answer = upload(("a.png", content), ("b.png", content))

    [image] = answer.json["images"]
    assert answer.json["duplicates"] == [{"filename": "b.png", "imageId": image["id"]}]


def test_another_project_takes_the_same_content(
    upload, client_of, alice, make_project, drawn_image
):
    content, other = drawn_image(), make_project()
    upload(("a.png", content))

    answer = client_of(alice).post(
        f"/api/v1/projects/{other.id}/images", data=form_of(("a.png", content))
    )

    assert names(answer, "images") == ["a.png"]


def test_images_of_one_request_keep_its_order(upload, client_of, alice, project, drawn_image):
    wanted = [f"{letter}.png" for letter in "dacb"]

    upload(*[(name, drawn_image()) for name in wanted])

    listed = client_of(alice).get(f"/api/v1/projects/{project.id}/images?sort=createdAt")
    assert names(listed, "items") == wanted


def test_nothing_is_left_where_uploads_come_in(upload, drawn_image, services):
    upload(("a.png", drawn_image()), ("b.png", b"no image"))

    assert list(services.incoming.iterdir()) == []


def test_a_connection_that_breaks_leaves_no_row_and_no_file(
    client_of, alice, project, drawn_image, services, database
):
    broken = BrokenStream(multipart("a.png", drawn_image()), at=200)

    answer = client_of(alice).post(
        f"/api/v1/projects/{project.id}/images",
        input_stream=broken,
        content_length=10_000,
        content_type="multipart/form-data; boundary=frontier",
    )

    assert answer.status_code == 400
    assert list(services.incoming.iterdir()) == []
    assert list(services.storage.list(f"images/{project.id}")) == []
    assert rows_of(database, project) == 0


def test_a_body_that_ends_too_early_is_refused(client_of, alice, project, drawn_image, database):
    answer = client_of(alice).post(
        f"/api/v1/projects/{project.id}/images",
        data=multipart("a.png", drawn_image())[:-20],
        content_type="multipart/form-data; boundary=frontier",
    )

    assert is_problem(answer, 400, "bad_request")
    assert rows_of(database, project) == 0


def test_a_form_without_files_is_refused(client_of, alice, project):
    answer = client_of(alice).post(
        f"/api/v1/projects/{project.id}/images", data={"file": (BytesIO(b"x"), "a.png")}
    )

    assert is_problem(answer, 422, "no_files")


def test_json_is_refused(client_of, alice, project):
    answer = client_of(alice).post(f"/api/v1/projects/{project.id}/images", json={})

    assert is_problem(answer, 415, "unsupported_media_type")


def test_a_storage_that_fails_takes_nothing_and_leaves_nothing(
    upload, drawn_image, services, project, database
):
    fill_storage_after(services.storage, puts=1)

    answer = upload(("a.png", drawn_image()), ("b.png", drawn_image()))

    assert is_problem(answer, 503, "storage_error")
    assert rows_of(database, project) == 0
    assert list(services.storage.list(f"images/{project.id}")) == []


def rows_of(database, project):
    with database.reading() as connection:
        return connection.execute(
            text("SELECT count(*) FROM images WHERE project_id = :id"), {"id": project.id}
        ).scalar()


def multipart(name, content):
    head = f'--frontier\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n--frontier--\r\n"


class BrokenStream(BytesIO):
    """A body whose sender goes away in the middle."""

    def __init__(self, content, *, at):
        super().__init__(content[:at])

    def read(self, size=-1):
        data = super().read(size)
        if not data:
            raise ClientDisconnected
        return data

    def readinto(self, buffer):
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def fill_storage_after(storage, *, puts):
    """Let the storage refuse all that is put after the first few."""
    left = iter(range(puts))
    put = storage.put

    def failing(key, content):
        if next(left, None) is None:
            raise StorageError("The disk is full.")
        put(key, content)

    storage.put = failing
