"""GET /api/v1/images/{id}/content, /thumbnail, /preview, /segmentation."""

from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image
from sqlalchemy import text

from shared.domain.engines import Segmentation
from shared.domain.images import ImageStatus
from shared.results import save_result
from tests.integration.web.answers import form_of, is_problem


@pytest.fixture
def content(drawn_image):
    return drawn_image()


@pytest.fixture
def image(client_of, alice, make_project, content):
    """An image that Alice uploaded."""
    answer = client_of(alice).post(
        f"/api/v1/projects/{make_project().id}/images", data=form_of(("žluťoučký.png", content))
    )
    return answer.json["images"][0]


@pytest.fixture
def segmented(make_project, services, database):
    """An image with a stored result of two squares."""
    project = make_project(segmented=1)
    [image_id] = project.images[ImageStatus.SEGMENTED]
    with database.reading() as connection:
        path = connection.execute(
            text("SELECT result_path FROM runs WHERE image_id = :id"), {"id": image_id}
        ).scalar()
    labels = np.zeros((8, 8), np.uint32)
    labels[1:3, 1:4], labels[5:7, 5:7] = 1, 2
    save_result(
        services.storage,
        path,
        segmentation=Segmentation(labels, np.array([0.9, 0.8])),
        image=np.zeros((8, 8, 1), np.uint8),
        pixel_size_um=None,
    )
    return f"/api/v1/images/{image_id}"


def test_the_content_is_what_was_uploaded(client_of, alice, image, content):
    answer = client_of(alice).get(f"/api/v1/images/{image['id']}/content")

    assert answer.data == content
    assert answer.mimetype == "image/png"
    assert answer.headers["ETag"] == f'"{image["sha256"]}"'
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "filename*=UTF-8''%C5%BElu" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=10-", 10, None), ("bytes=-5", -5, None)],
)
def test_a_range_of_it_is_only_that(client_of, alice, image, content, asked, start, end):
    address = f"/api/v1/images/{image['id']}/content"

    answer = client_of(alice).get(address, headers={"Range": asked})

    assert answer.status_code == 206
    assert answer.data == content[start:end]
    assert answer.headers["Content-Range"].endswith(f"/{len(content)}")


def test_a_range_behind_the_end_is_refused(client_of, alice, image, content):
    answer = client_of(alice).get(
        f"/api/v1/images/{image['id']}/content", headers={"Range": "bytes=900000-"}
    )

    assert is_problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=x"])
def test_a_range_we_do_not_serve_gets_the_whole(client_of, alice, image, content, asked):
    answer = client_of(alice).get(f"/api/v1/images/{image['id']}/content", headers={"Range": asked})

    assert answer.status_code == 200
    assert answer.data == content


def test_a_range_of_another_content_gets_the_whole(client_of, alice, image):
    answer = client_of(alice).get(
        f"/api/v1/images/{image['id']}/content",
        headers={"Range": "bytes=0-9", "If-Range": '"of another"'},
    )

    assert answer.status_code == 200


def test_what_the_browser_has_is_not_sent_again(client_of, alice, image):
    client = client_of(alice)
    for kind in ("content", "thumbnail"):
        address = f"/api/v1/images/{image['id']}/{kind}"
        tag = client.get(address).headers["ETag"]

        answer = client.get(address, headers={"If-None-Match": tag})

        assert answer.status_code == 304
        assert answer.data == b""


def test_head_tells_the_size(client_of, alice, image, content):
    answer = client_of(alice).head(f"/api/v1/images/{image['id']}/content")

    assert answer.content_length == len(content)
    assert answer.data == b""


def test_the_thumbnail_is_a_small_picture(client_of, alice, image):
    answer = client_of(alice).get(image["thumbnailUrl"])

    assert answer.mimetype == "image/webp"
    assert max(Image.open(BytesIO(answer.data)).size) <= 300


def test_the_objects_come_with_outlines_and_measurements(client_of, alice, segmented):
    answer = client_of(alice).get(f"{segmented}/segmentation")

    result = answer.json
    assert answer.status_code == 200
    assert result["version"] == 1
    assert result["engine"]["name"] == "classical"
    assert [each["label"] for each in result["objects"]] == [1, 2]
    assert [each["score"] for each in result["objects"]] == [0.9, 0.8]
    assert result["objects"][0]["measurements"]["area"] == 6
    assert result["objects"][0]["holes"] == []
    assert result["summary"]["objectCount"] == 2
    assert result["summary"]["coverage"] == 10 / 64
    assert sorted(map(tuple, result["objects"][1]["polygon"])) == [(5, 5), (5, 7), (7, 5), (7, 7)]


def test_the_labels_come_as_tiff(client_of, alice, segmented):
    answer = client_of(alice).get(f"{segmented}/segmentation", headers={"Accept": "image/tiff"})

    labels = tifffile.imread(BytesIO(answer.data))
    assert answer.mimetype == "image/tiff"
    assert labels.shape == (8, 8)
    assert set(np.unique(labels)) == {0, 1, 2}


def test_the_outlines_come_as_geojson_with_closed_rings(client_of, alice, segmented):
    answer = client_of(alice).get(
        f"{segmented}/segmentation", headers={"Accept": "application/geo+json"}
    )

    [first, _] = answer.json["features"]
    assert answer.mimetype == "application/geo+json"
    assert first["geometry"]["type"] == "Polygon"
    [ring] = first["geometry"]["coordinates"]
    assert ring[0] == ring[-1]


def test_an_unchanged_result_is_not_sent_again(client_of, alice, segmented):
    client = client_of(alice)
    tag = client.get(f"{segmented}/segmentation").headers["ETag"]

    answer = client.get(f"{segmented}/segmentation", headers={"If-None-Match": tag})

    assert answer.status_code == 304


def test_the_preview_is_a_picture(client_of, alice, segmented):
    address = client_of(alice).get(segmented).json["previewUrl"]

    answer = client_of(alice).get(address)

    assert answer.mimetype == "image/webp"
    assert Image.open(BytesIO(answer.data)).size == (8, 8)


@pytest.mark.parametrize("kind", ["segmentation", "preview"])
def test_without_a_result_there_is_none_to_show(client_of, alice, image, kind):
    answer = client_of(alice).get(f"/api/v1/images/{image['id']}/{kind}")

    assert is_problem(answer, 404, "no_result")


def test_a_file_that_storage_lost_is_a_problem(client_of, alice, make_project):
    project = make_project(uploaded=1)

    answer = client_of(alice).get(f"/api/v1/images/{project.image_ids[0]}/content")

    assert is_problem(answer, 404, "storage_error")
