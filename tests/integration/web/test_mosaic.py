"""GET /projects/{id}/mosaic: the picture of a card."""

from io import BytesIO

import pytest
from PIL import Image

from tests.integration.web.answers import form_of
from web.pages.mosaic import HEIGHT, WIDTH, mosaic, places


@pytest.fixture
def project(client_of, alice, make_project, drawn_image):
    """A project with three images that Alice uploaded."""
    made = make_project()
    files = [(f"{seed}.png", drawn_image(disk_count=seed + 1)) for seed in range(3)]
    client_of(alice).post(f"/api/v1/projects/{made.id}/images", data=form_of(*files))
    return made


@pytest.fixture
def address(client_of, alice, project):
    return client_of(alice).get(f"/api/v1/projects/{project.id}").json["mosaicUrl"]


@pytest.mark.parametrize("query", ["", "&outlines=1", "&outlines=everything"])
def test_it_is_one_picture_of_all(client_of, alice, address, query):
    answer = client_of(alice).get(f"{address}{query}")

    assert answer.status_code == 200
    assert answer.mimetype == "image/webp"
    assert Image.open(BytesIO(answer.data)).size == (WIDTH, HEIGHT)


def test_what_the_browser_has_is_not_sent_again(client_of, alice, address):
    first = client_of(alice).get(address)

    again = client_of(alice).get(address, headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert again.data == b""


def test_nobody_else_sees_it(client_of, bob, address):
    assert client_of(bob).get(address).status_code == 404
    assert client_of(None).get(address).status_code in {303, 401}


def test_a_project_without_images_has_none(client_of, alice, make_project):
    assert client_of(alice).get(f"/projects/{make_project().id}/mosaic").status_code == 404


def test_pictures_that_storage_lost_stay_dark(client_of, alice, make_project):
    project = make_project(segmented=2)  # Rows alone, nothing is stored.

    answer = client_of(alice).get(f"/projects/{project.id}/mosaic")

    assert answer.status_code == 200
    _, brightest = Image.open(BytesIO(answer.data)).convert("L").getextrema()
    assert brightest < 30


@pytest.mark.parametrize("count", range(1, 6))
def test_places_cover_the_picture_and_do_not_overlap(count):
    boxes = places(count)

    assert len(boxes) == count
    assert min(box[0] for box in boxes) == min(box[1] for box in boxes) == 0
    assert max(box[2] for box in boxes) == WIDTH
    assert max(box[3] for box in boxes) == HEIGHT
    covered = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes)
    assert 0.95 < covered / (WIDTH * HEIGHT) <= 1


def test_grey_and_transparent_pictures_are_taken():
    def stored(mode):
        out = BytesIO()
        Image.new(mode, (300, 20), 200 if mode == "L" else (200, 10, 10, 128)).save(out, "WEBP")
        return out.getvalue()

    made = mosaic([stored("L"), stored("RGBA"), None])

    assert Image.open(BytesIO(made)).size == (WIDTH, HEIGHT)
