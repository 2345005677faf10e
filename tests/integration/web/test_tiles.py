"""GET /api/v1/images/{id}/tiles and its tiles."""

import gzip

import numpy as np
import pytest
from sqlalchemy import text

from shared.actions.clean_storage import delete_files
from shared.database import files
from tests.images import disks, encoded, tiff
from tests.integration.web.answers import form_of


@pytest.fixture
def upload(client_of, alice, make_project):
    """Return a function that uploads as Alice, and gives the address of the image."""

    def upload(name, content):
        client, project = client_of(alice), make_project()
        answer = client.post(f"/api/v1/projects/{project.id}/images", data=form_of((name, content)))
        upload.project = project
        return f"/api/v1/images/{answer.json['images'][0]['id']}"

    return upload


@pytest.fixture
def deep(upload):
    """An image of 16 bits and two channels."""
    planes = np.stack([disks() * np.uint16(40), disks() * np.uint16(2)])
    return upload("deep.tif", tiff(planes, photometric="minisblack", metadata={"axes": "CYX"}))


def test_the_tiles_of_an_image_are_told_and_made_when_first_asked_for(client_of, alice, deep):
    client = client_of(alice)

    told = client.get(f"{deep}/tiles")

    assert told.status_code == 200
    assert told.json["ready"] is True
    assert (told.json["width"], told.json["height"], told.json["levels"]) == (144, 72, 1)
    assert (told.json["packing"], told.json["bits"], told.json["tile"]) == ("planes", 16, 512)
    assert [each["maximum"] for each in told.json["channels"]] == [220 * 40, 220 * 2]
    assert [sum(each["histogram"]["counts"]) for each in told.json["channels"]] == [144 * 72] * 2
    assert client.get(f"{deep}/tiles").json == told.json


def test_a_tile_is_kept_by_who_got_it(client_of, alice, deep):
    client = client_of(alice)
    client.get(f"{deep}/tiles")

    tile = client.get(f"{deep}/tiles/0/0/0/1", headers={"Accept-Encoding": "gzip"})
    plain = client.get(f"{deep}/tiles/0/0/0/1")
    again = client.get(f"{deep}/tiles/0/0/0/1", headers={"If-None-Match": tile.headers["ETag"]})

    assert tile.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(tile.data) == plain.data
    assert len(plain.data) == 144 * 72 * 2
    assert "immutable" in tile.headers["Cache-Control"]
    assert "private" in tile.headers["Cache-Control"]
    assert again.status_code == 304


def test_colours_are_webp(client_of, alice, upload):
    image = upload("stained.png", encoded(np.full((30, 20, 3), (200, 40, 90), np.uint8)))
    client = client_of(alice)

    assert client.get(f"{image}/tiles").json["packing"] == "colour"
    assert client.get(f"{image}/tiles/0/0/0/0").mimetype == "image/webp"


@pytest.mark.parametrize("place", ["0/0/0/2", "0/1/0/0", "1/0/0/0", "99999999999999/0/0/0"])
def test_a_tile_that_is_not_there_is_not_found(client_of, alice, deep, place):
    client = client_of(alice)
    client.get(f"{deep}/tiles")

    assert client.get(f"{deep}/tiles/{place}").status_code == 404


def test_a_tile_that_nobody_made_is_not_found(client_of, alice, deep):
    assert client_of(alice).get(f"{deep}/tiles/0/0/0/0").status_code == 404


def test_strangers_get_neither(client_of, alice, bob, deep):
    client_of(alice).get(f"{deep}/tiles")

    assert client_of(bob).get(f"{deep}/tiles").status_code == 404
    assert client_of(bob).get(f"{deep}/tiles/0/0/0/0").status_code == 404


def test_a_file_that_broke_in_storage_is_told_and_leaves_nothing(
    client_of, alice, deep, services, database
):
    with database.reading() as connection:
        key = connection.execute(text("SELECT storage_key FROM images ORDER BY created_at DESC"))
        services.storage.put(key.scalars().first(), b"II*\0broken")

    answer = client_of(alice).get(f"{deep}/tiles")

    assert (answer.status_code, answer.json["code"]) == (422, "unreadable_image")
    assert list(services.storage.list("tiles")) == []
    assert list(services.incoming.iterdir()) == []


def test_the_tiles_go_with_their_image(client_of, alice, deep, services, database, upload):
    client = client_of(alice)
    client.get(f"{deep}/tiles")
    image_id = deep.rpartition("/")[2]
    assert len(list(services.storage.list(f"tiles/{image_id}"))) == 2

    client.post(
        f"/api/v1/projects/{upload.project.id}/images/delete", json={"imageIds": [image_id]}
    )
    with database.reading() as connection:
        assert f"tiles/{image_id}/" in dict(map(reversed, files.due_deletions(connection, 500)))
    while delete_files(database, services.storage):
        pass

    assert list(services.storage.list(f"tiles/{image_id}")) == []
