"""GET /api/v1/projects/{id}/results, …/results/objects, …/results/images."""

import numpy as np
import pytest
from sqlalchemy import text

from shared.database import project_results
from shared.domain.accounts import Role
from shared.domain.engines import Segmentation
from shared.domain.images import ImageStatus
from shared.results import save_result
from tests.factories import share
from tests.integration.web.answers import is_problem

#: The sides of the squares in each image.
SQUARES = {"b.png": [2, 6], "A.png": [4], "c_empty.png": []}


@pytest.fixture
def project(make_project, services, database):
    """Two images with squares, one without objects, one that waits."""
    project = make_project(segmented=2, no_objects=1, uploaded=1)
    with_results = [
        *project.images[ImageStatus.SEGMENTED],
        *project.images[ImageStatus.NO_OBJECTS],
    ]
    for image_id, (name, sides) in zip(with_results, SQUARES.items(), strict=True):
        store(services, database, image_id, name, sides)
    return project


def store(services, database, image_id, name, sides):
    values = {"id": image_id, "name": name, "count": len(sides)}

    def change(tx):
        tx.execute(
            text("UPDATE images SET filename = :name, object_count = :count WHERE id = :id"), values
        )
        return tx.execute(
            text(
                "UPDATE runs SET object_count = :count WHERE image_id = :id RETURNING result_path"
            ),
            values,
        ).scalar()

    labels = np.zeros((8, 8 * (len(sides) + 1)), np.uint32)
    for place, side in enumerate(sides):
        labels[:side, 8 * place : 8 * place + side] = place + 1
    save_result(
        services.storage,
        database.transact(change),
        segmentation=Segmentation(labels, np.linspace(0.2, 0.4, len(sides))),
        image=np.full((*labels.shape, 1), 9, np.uint8),
        pixel_size_um=None,
    )


@pytest.fixture
def get(client_of, alice, project):
    def ask(path="", **query):
        return client_of(alice).get(
            f"/api/v1/projects/{project.id}/results{path}", query_string=query
        )

    return ask


def test_two_measurements_are_distributed_over_all_objects(get):
    told = get(x="area", y="score").json

    assert told["images"] == {"total": 3, "sampled": 3, "read": 3}
    assert told["objects"] == {"total": 3, "sampled": 3, "read": 3}
    area = told["x"]
    assert area["measurement"] == {"name": "area", "title": "Area", "unit": "px²"}
    assert (area["count"], area["minimum"], area["median"], area["maximum"]) == (3, 4, 16, 36)
    assert sum(area["counts"]) == 3
    assert told["y"]["measurement"]["title"] == "Score"
    names = [each["name"] for each in told["measurements"]]
    assert {"area", "circularity", "score", "intensityMean"} <= set(names)


def test_each_point_names_its_object(get):
    points = get(x="area", y="extent").json["points"]

    found = {
        (points["images"][image], label): x
        for image, label, x in zip(points["image"], points["label"], points["x"], strict=True)
    }
    assert sorted(found.values()) == [4, 16, 36]
    assert len(found) == 3


def test_points_are_few_and_always_the_same(get):
    first = get(points=2).json["points"]

    assert len(first["x"]) == len(first["label"]) == 2
    assert get(points=2).json["points"] == first


def test_objects_are_listed_in_pages(get):
    first = get("/objects", sort="-area", columns="area,score", limit=2).json
    rest = get(
        "/objects", sort="-area", columns="area,score", limit=2, cursor=first["nextCursor"]
    ).json

    items = [*first["items"], *rest["items"]]
    assert [(each["filename"], each["label"]) for each in items] == [
        ("b.png", 2),
        ("A.png", 1),
        ("b.png", 1),
    ]
    assert items[0]["measurements"] == {"area": 36, "score": pytest.approx(0.4)}
    assert rest["nextCursor"] is None
    assert first["objects"]["total"] == 3


@pytest.mark.parametrize(
    ("sort", "areas"),
    [("area", [4, 16, 36]), ("name", [16, 4, 36]), ("-name", [4, 36, 16]), ("label", [16, 4, 36])],
)
def test_objects_are_sorted_as_asked(get, sort, areas):
    items = get("/objects", sort=sort).json["items"]

    assert [each["measurements"]["area"] for each in items] == areas


def test_images_are_listed_with_their_medians(get):
    items = get("/images", sort="-objectCount", columns="area").json["items"]

    assert [(each["filename"], each["objectCount"], each["medians"]) for each in items] == [
        ("b.png", 2, {"area": 20}),
        ("A.png", 1, {"area": 16}),
        ("c_empty.png", 0, {}),
    ]
    assert {each["edited"] for each in items} == {False}


def test_an_image_without_a_median_is_last_in_either_order(get):
    for sort, names in (("area", ["A", "b", "c"]), ("-area", ["b", "A", "c"])):
        items = get("/images", sort=sort).json["items"]
        assert [each["filename"][0] for each in items] == names


def test_images_are_chosen_by_name_and_status(get):
    assert get(q="B.PN").json["objects"]["total"] == 2
    assert get(q="no such").json["images"]["total"] == 0
    assert get(status="no_objects").json["images"]["total"] == 1
    assert get("/objects", q="a.png").json["objects"]["total"] == 1


def test_a_project_without_results_says_so(client_of, alice, make_project):
    project = make_project(uploaded=1)

    told = client_of(alice).get(f"/api/v1/projects/{project.id}/results").json

    assert told["images"] == {"total": 0, "sampled": 0, "read": 0}
    assert (told["x"]["count"], told["x"]["counts"], told["measurements"]) == (0, [], [])


def test_of_more_objects_than_are_looked_at_a_sample_answers_and_says_so(get, monkeypatch):
    monkeypatch.setattr(project_results, "MOST_OBJECTS", 1)

    told = get().json

    assert told["objects"]["total"] == told["images"]["total"] == 3
    assert told["images"]["sampled"] < 3
    assert told["objects"]["read"] == told["objects"]["sampled"]


def test_an_edit_is_seen_at_once(get, client_of, alice, project, services, database):
    image = project.images[ImageStatus.SEGMENTED][1]
    before = get().json
    store(services, database, image, "A.png", [5, 5, 5])
    database.transact(
        lambda tx: tx.execute(
            text("UPDATE runs SET id = gen_random_uuid() WHERE image_id = :id"), {"id": image}
        )
    )
    database.transact(
        lambda tx: tx.execute(
            text(
                "UPDATE images SET current_run_id = (SELECT r.id FROM runs AS r"
                " WHERE r.image_id = images.id) WHERE id = :id"
            ),
            {"id": image},
        )
    )

    after = get().json

    assert after["version"] > before["version"]
    assert after["x"]["count"] == 5


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("", {"x": "magic"}, "unknown_measurement"),
        ("/objects", {"sort": "magic"}, "unknown_measurement"),
        ("/images", {"columns": "magic"}, "unknown_measurement"),
        ("", {"bins": 0}, "invalid_input"),
        ("", {"points": 5001}, "invalid_input"),
        ("", {"status": "magic"}, "invalid_input"),
        ("/objects", {"cursor": "-1"}, "invalid_input"),
        ("/objects", {"limit": 201}, "invalid_input"),
        ("/objects", {"columns": ",".join(["area"] * 13)}, "invalid_input"),
    ],
)
def test_a_wrong_question_is_refused(get, path, query, code):
    assert is_problem(get(path, **query), 422, code)


@pytest.mark.parametrize("path", ["", "/objects", "/images"])
def test_viewers_may_look_and_strangers_find_nothing(
    client_of, project, bob, charlie, database, path
):
    share(database, project, bob, Role.VIEWER)
    address = f"/api/v1/projects/{project.id}/results{path}"

    assert client_of(bob).get(address).status_code == 200
    assert is_problem(client_of(charlie).get(address), 404, "not_found")
    assert client_of(None).get(address).status_code == 401
