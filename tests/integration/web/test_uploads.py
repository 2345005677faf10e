"""/api/v1/uploads: what a tus client sends, and what it is told."""

from base64 import b64encode
from dataclasses import replace
from hashlib import new, sha1, sha256
from io import BytesIO
from zipfile import ZipFile

import pytest
from PIL import Image
from sqlalchemy import text

from shared.actions import begin_upload
from shared.domain.accounts import Role
from tests.browsers import browser_of
from tests.factories import share
from tests.integration.web.answers import form_of, is_problem
from tests.integration.web.tus import ADDRESS, OCTETS, Tus
from web import limits
from web.app import create_app


@pytest.fixture
def project(make_project):
    return make_project()


@pytest.fixture
def tus(client_of, alice, project):
    return Tus(client_of(alice), project.id)


@pytest.fixture
def images(client_of, alice, project):
    """Return a function that lists what the project has."""
    client = client_of(alice)
    return lambda: client.get(f"/api/v1/projects/{project.id}/images").json["items"]


def stored_of(services, address):
    return list(services.storage.list(f"uploads/{address.rpartition('/')[2]}"))


def test_a_file_in_one_piece_is_an_image(tus, images, drawn_image, services, queue, project):
    content = drawn_image()
    address = tus.begin("well A1.png", len(content))

    answer = tus.send(address, 0, content)

    [image] = images()
    assert answer.status_code == 204
    assert answer.headers["Celltally-Image-Id"] == image["id"]
    assert answer.headers["Upload-Offset"] == str(len(content))
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert image["filename"] == "well A1.png"
    assert image["sha256"] == sha256(content).hexdigest()
    assert image["thumbnailUrl"]
    assert queue.recomputed == [project.id]
    assert stored_of(services, address) == []


def test_a_file_in_pieces_is_the_same_bytes(tus, images, drawn_image, client_of, alice):
    content = drawn_image()
    address = tus.begin("a.png", len(content))

    for start in range(0, len(content), 100):
        answer = tus.send(address, start, content[start : start + 100])
        assert answer.status_code == 204, answer.text

    [image] = images()
    kept = client_of(alice).get(f"/api/v1/images/{image['id']}/content")
    assert kept.data == content


def test_a_proxy_that_lets_only_post_pass_is_no_hindrance(tus, images, drawn_image):
    content = drawn_image()
    address, other = tus.begin("a.png", len(content)), tus.begin("b.png", 9)
    sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": OCTETS}

    sending = tus.client.post(
        address, headers={**sent, "X-HTTP-Method-Override": "PATCH"}, data=content
    )
    ending = tus.client.post(other, headers={**sent, "X-HTTP-Method-Override": "DELETE"})

    assert (sending.status_code, sending.headers["Celltally-Image-Id"]) == (204, images()[0]["id"])
    assert ending.status_code == 204
    assert tus.ask(other).status_code == 404


def test_no_other_request_is_made_a_deletion_by_a_header(client_of, alice, project):
    client, address = client_of(alice), f"/api/v1/projects/{project.id}"
    override = {"X-HTTP-Method-Override": "DELETE"}

    assert client.post(address, headers=override).status_code == 405
    assert client.get(address, headers=override).status_code == 200
    assert client.get(address).status_code == 200


def test_it_tells_how_far_an_upload_is(tus, drawn_image):
    content = drawn_image()
    address = tus.begin("a.png", len(content), relativePath="plate/a.png")
    tus.send(address, 0, content[:50])

    answer = tus.ask(address)

    assert answer.status_code == 200
    assert answer.headers["Upload-Offset"] == "50"
    assert answer.headers["Upload-Length"] == str(len(content))
    assert answer.headers["Upload-Metadata"].startswith("filename ")
    assert answer.headers["Upload-Expires"].endswith("GMT")
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_bytes_may_come_with_the_creation(tus, images, drawn_image):
    content = drawn_image()

    answer = tus.create("a.png", len(content), body=content)

    [image] = images()
    assert answer.status_code == 201
    assert answer.headers["Celltally-Image-Id"] == image["id"]
    assert answer.headers["Location"].startswith(f"{ADDRESS}/")


def test_only_the_first_bytes_may_come_with_the_creation(tus, images, drawn_image):
    content = drawn_image()

    answer = tus.create("a.png", len(content), body=content[:60])

    assert answer.headers["Upload-Offset"] == "60"
    tus.send(answer.headers["Location"], 60, content[60:])
    assert len(images()) == 1


def test_the_answer_is_repeated_for_whoever_missed_it(tus, images, drawn_image):
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    first = tus.send(address, 0, content)

    asked, empty = tus.ask(address), tus.send(address, len(content), b"")

    assert len(images()) == 1
    for answer in (asked, empty):
        assert answer.headers["Celltally-Image-Id"] == first.headers["Celltally-Image-Id"]
        assert "Celltally-Duplicate" not in answer.headers
        assert answer.headers["Upload-Offset"] == str(len(content))


def test_known_content_is_answered_with_the_image_that_has_it(tus, images, drawn_image):
    content = drawn_image()
    tus.send(tus.begin("a.png", len(content)), 0, content)

    answer = tus.send(tus.begin("b.png", len(content)), 0, content)

    [image] = images()
    assert answer.headers["Celltally-Image-Id"] == image["id"]
    assert answer.headers["Celltally-Duplicate"] == "true"


def test_what_came_by_form_is_known_too(tus, client_of, alice, project, drawn_image):
    content = drawn_image()
    form = form_of(("a.png", content))
    posted = client_of(alice).post(f"/api/v1/projects/{project.id}/images", data=form)

    answer = tus.create("a.png", len(content), body=content)

    assert answer.headers["Celltally-Image-Id"] == posted.json["images"][0]["id"]
    assert answer.headers["Celltally-Duplicate"] == "true"


def test_a_zip_is_answered_with_its_batch(tus, client_of, alice, drawn_image, queue):
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("a.png", drawn_image())
    content = packed.getvalue()

    answer = tus.create("plate.zip", len(content), body=content)

    batch_id = answer.headers["Celltally-Batch-Id"]
    batch = client_of(alice).get(f"/api/v1/batches/{batch_id}").json
    assert (batch["kind"], batch["queued"]) == ("ingest", 1)
    assert [str(each) for each in queue.ingests] == [batch_id]


def test_the_pages_of_a_file_are_images(tus, images):
    pages = [Image.new("L", (8, 8), shade) for shade in (3, 90, 200)]
    written = BytesIO()
    pages[0].save(written, "TIFF", save_all=True, append_images=pages[1:])
    content = written.getvalue()

    answer = tus.create("stack.tif", len(content), body=content)

    assert answer.headers["Celltally-Images"] == "3"
    assert sorted(image["page"] for image in images()) == [0, 1, 2]


def test_the_folder_it_came_from_is_kept(tus, images, drawn_image):
    content = drawn_image()

    tus.create("a.png", len(content), body=content, relativePath="plate 7/day 2/a.png")

    assert images()[0]["relativePath"] == "plate 7/day 2/a.png"


def test_the_click_is_echoed_by_the_event(tus, drawn_image, project, database):
    content = drawn_image()
    address = tus.begin("a.png", len(content), headers={"X-Op-Id": "drop/1"})
    tus.send(address, 0, content)

    with database.reading() as connection:
        told = connection.execute(
            text("SELECT operation, op_id FROM stats_deltas WHERE project_id = :id"),
            {"id": project.id},
        ).one()
    assert tuple(told) == ("images_added", "drop/1")


def test_the_server_says_what_it_speaks(client_of):
    answer = client_of(None).options(ADDRESS)

    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "checksum", "expiration", "termination",
    }  # fmt: skip
    assert {"sha1", "sha256"} <= set(answer.headers["Tus-Checksum-Algorithm"].split(","))
    assert answer.headers["Tus-Max-Size"] == "200000"


def test_another_version_of_tus_is_refused_with_ours(tus, drawn_image):
    answer = tus.create("a.png", 10, headers={"Tus-Resumable": "0.2.2"})

    assert is_problem(answer, 412, "tus_version")
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"


def test_bytes_from_elsewhere_than_the_end_are_a_conflict(tus):
    address = tus.begin("a.png", 100)
    tus.send(address, 0, b"x" * 40)

    for offset in (0, 39, 41, 100):
        assert is_problem(tus.send(address, offset, b"y"), 409, "offset_conflict")

    assert tus.ask(address).headers["Upload-Offset"] == "40"


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.5", "9" * 30])
def test_an_offset_that_is_none_is_refused(tus, offset):
    assert is_problem(tus.send(tus.begin("a.png", 100), offset, b"y"), 400, "invalid_header")


@pytest.mark.parametrize("length", ["", "-5", "many", "1e3", "9" * 40])
def test_a_length_that_is_none_is_refused(tus, length):
    assert is_problem(tus.create("a.png", length), 400, "invalid_header")


def test_a_length_that_is_to_come_later_is_refused(tus):
    answer = tus.create("a.png", 9, headers={"Upload-Defer-Length": "1"})

    assert is_problem(answer, 400, "invalid_header")


def test_more_bytes_than_announced_are_refused(tus):
    address = tus.begin("a.png", 10)

    answer = tus.send(address, 0, b"x" * 11)

    assert is_problem(answer, 422, "too_long")
    assert tus.ask(address).headers["Upload-Offset"] == "0"


def test_bytes_that_are_not_said_to_be_an_uploads_are_refused(tus):
    address = tus.begin("a.png", 10)

    answer = tus.send(address, 0, b"x" * 10, Content_Type="text/plain")

    assert is_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "sha512"])
def test_bytes_with_their_checksum_are_taken(tus, images, drawn_image, algorithm):
    content = drawn_image()
    digest = b64encode(new(algorithm, content).digest()).decode()

    answer = tus.send(
        tus.begin("a.png", len(content)), 0, content, Upload_Checksum=f"{algorithm} {digest}"
    )

    assert answer.status_code == 204, answer.text
    assert len(images()) == 1


def test_bytes_with_another_checksum_are_not_kept(tus, services):
    address = tus.begin("a.png", 100)
    tus.send(address, 0, b"x" * 10)
    digest = b64encode(sha1(b"other", usedforsecurity=False).digest()).decode()

    answer = tus.send(address, 10, b"y" * 10, Upload_Checksum=f"sha1 {digest}")

    assert is_problem(answer, 460, "checksum_mismatch")
    assert tus.ask(address).headers["Upload-Offset"] == "10"
    assert len(stored_of(services, address)) == 1


@pytest.mark.parametrize("checksum", ["md4 AAAA", "sha256", "sha256 ???", "crc32"])
def test_a_checksum_that_is_none_is_refused(tus, checksum):
    answer = tus.send(tus.begin("a.png", 9), 0, b"y", Upload_Checksum=checksum)

    assert is_problem(answer, 400, "invalid_header")


def test_the_whole_files_sha256_may_be_announced(tus, images, drawn_image):
    content = drawn_image()
    right, wrong = sha256(content).hexdigest(), sha256(b"other").hexdigest()

    refused = tus.create("a.png", len(content), body=content, sha256=wrong)
    taken = tus.create("a.png", len(content), body=content, sha256=right)

    assert is_problem(refused, 460, "content_differs")
    assert taken.status_code == 201
    assert len(images()) == 1


def test_what_is_announced_with_a_known_sha256_need_not_come(tus, images, drawn_image):
    content = drawn_image()
    digest = sha256(content).hexdigest()
    first = tus.create("a.png", len(content), body=content)

    answer = tus.create("b.png", len(content), sha256=digest)

    assert answer.status_code == 201
    assert answer.headers["Celltally-Duplicate"] == "true"
    assert answer.headers["Celltally-Image-Id"] == first.headers["Celltally-Image-Id"]
    assert answer.headers["Upload-Offset"] == str(len(content))
    assert len(images()) == 1


def test_a_known_sha256_says_nothing_of_another_project(tus, client_of, alice, make_project):
    content = b"x" * 50
    elsewhere = Tus(client_of(alice), make_project().id)

    answer = elsewhere.create("b.png", 50, sha256=sha256(content).hexdigest())

    assert answer.headers["Upload-Offset"] == "0"


def test_unfinished_uploads_are_listed_to_who_began_them(
    tus, client_of, database, bob, project, alice
):
    share(database, project, bob, Role.EDITOR)
    address = tus.begin("a.png", 100, relativePath="plate/a.png", lastModified="17")
    tus.send(address, 0, b"x" * 40)
    tus.end(tus.begin("b.png", 100))

    mine = client_of(alice).get(f"{ADDRESS}?projectId={project.id}").json["items"]
    all_mine = client_of(alice).get(ADDRESS).json["items"]
    others = client_of(bob).get(ADDRESS).json["items"]

    [upload] = mine
    assert all_mine == mine
    assert others == []
    assert (upload["url"], upload["offset"], upload["length"]) == (address, 40, 100)
    assert upload["relativePath"] == "plate/a.png"
    assert upload["metadata"]["lastModified"] == "17"


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("notes.png", b"no image at all", 415, "unsupported_format"),
        ("notes.txt", b"no image at all", 415, "unsupported_format"),
        ("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", 422, "unreadable_image"),
        ("bad.zip", b"PK\x03\x04 and nothing", 422, "archive_refused"),
    ],
)
def test_a_file_that_is_no_image_is_refused_with_its_last_byte(
    tus, images, services, name, content, status, code
):
    address = tus.begin(name, len(content))

    first = tus.send(address, 0, content)
    again = tus.send(address, len(content), b"")

    assert is_problem(first, status, code)
    assert is_problem(again, status, code)
    assert tus.ask(address).status_code == status
    assert images() == []
    assert stored_of(services, address) == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b.png", "..", "C:\\a.png", "a\x00.png", "a\n.png", "", " "]
)
def test_a_name_that_is_a_path_is_refused_before_any_byte(tus, name):
    answer = tus.create(name, 100)

    assert answer.status_code == 400
    assert answer.json["code"] in {"unsafe_name", "invalid_header"}


@pytest.mark.parametrize(
    "path",
    ["../a.png", "/etc/a.png", "a/../../b.png", "a//b.png", "C:/a.png", "a\\b.png", "a/\x07"],
)
def test_a_folder_outside_of_what_was_chosen_is_refused(tus, path):
    assert is_problem(tus.create("a.png", 9, relativePath=path), 400, "unsafe_name")


def test_an_empty_file_is_refused_at_once(tus):
    assert is_problem(tus.create("a.png", 0), 422, "empty")


def test_a_file_that_is_too_large_is_refused_at_once(tus):
    assert is_problem(tus.create("a.png", 200_001), 413, "too_large")


@pytest.mark.parametrize(
    "written", ["", "filename", "filename ????", "projectId eA==,filename eA==", "filename /w=="]
)
def test_metadata_that_say_nothing_are_refused(tus, written):
    answer = tus.create("a.png", 9, headers={"Upload-Metadata": written})

    assert is_problem(answer, 400, "invalid_header")


def test_what_is_given_up_is_gone_with_its_bytes(tus, services, database):
    address = tus.begin("a.png", 100)
    tus.send(address, 0, b"x" * 40)

    ended = tus.end(address)

    assert ended.status_code == 204
    assert tus.ask(address).status_code == 404
    assert is_problem(tus.send(address, 40, b"x"), 404, "not_found")
    with database.reading() as connection:
        waiting = connection.execute(
            text("SELECT count(*) FROM file_deletions WHERE path = :path AND due_at <= now()"),
            {"path": f"uploads/{address.rpartition('/')[2]}/"},
        ).scalar()
    assert waiting == 1


def test_what_an_upload_became_stays_when_it_is_ended(tus, images, drawn_image):
    content = drawn_image()
    address = tus.begin("a.png", len(content))
    tus.send(address, 0, content)

    assert tus.end(address).status_code == 204
    assert len(images()) == 1


def test_only_who_began_an_upload_goes_on_with_it(client_of, database, bob, tus, project):
    address = tus.begin("a.png", 100)
    share(database, project, bob, Role.EDITOR)
    other = Tus(client_of(bob), project.id)

    for answer in (other.ask(address), other.send(address, 0, b"x"), other.end(address)):
        assert answer.status_code == 404


@pytest.mark.parametrize(("role", "status"), [(None, 404), (Role.VIEWER, 403), (Role.EDITOR, 201)])
def test_only_who_may_change_a_project_uploads_into_it(
    client_of, database, bob, project, role, status
):
    if role is not None:
        share(database, project, bob, role)

    answer = Tus(client_of(bob), project.id).create("a.png", 100)

    assert answer.status_code == status


def test_who_lost_the_project_goes_on_with_nothing(client_of, database, bob, project):
    share(database, project, bob, Role.EDITOR)
    tus = Tus(client_of(bob), project.id)
    address = tus.begin("a.png", 100)

    database.transact(
        lambda tx: tx.execute(
            text("UPDATE project_shares SET revoked_at = now() WHERE project_id = :id"),
            {"id": project.id},
        )
    )

    assert is_problem(tus.send(address, 0, b"x"), 404, "not_found")


def test_nobody_has_more_unfinished_uploads_than_anybody_finishes(tus, monkeypatch):
    monkeypatch.setattr(begin_upload, "MOST_OPEN", 2)
    kept = [tus.begin("a.png", 100) for _ in range(2)]

    refused = tus.create("a.png", 100)
    tus.end(kept[0])

    assert is_problem(refused, 429, "too_many_uploads")
    assert tus.create("a.png", 100).status_code == 201


def test_uploads_are_not_counted_among_the_other_writes(alice, project, services, monkeypatch):
    monkeypatch.setattr(limits, "WRITES", "3 per minute")
    limited = replace(services, settings=services.settings.model_copy(update={"rate_limits": "on"}))
    browser = browser_of(create_app(limited), alice)
    tus = Tus(browser, project.id)
    address = tus.begin("a.png", 10_000)

    sent = [tus.send(address, at, b"x").status_code for at in range(6)]
    written = [
        browser.post("/api/v1/projects", json={"title": "Another"}).status_code for _ in range(4)
    ]

    assert sent == [204] * 6
    assert written == [201] * 3 + [429]


def test_a_write_needs_the_token_of_the_login(client_of, alice, project):
    client = client_of(alice)
    client.csrf = None

    assert is_problem(Tus(client, project.id).create("a.png", 100), 403, "csrf")


def test_the_body_is_not_looked_at_before_access_is_settled(client_of, project):
    answer = client_of(None).post(ADDRESS, data=b"x", headers={"Content-Type": OCTETS})

    assert answer.status_code == 401
