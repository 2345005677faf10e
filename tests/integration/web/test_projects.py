"""/api/v1/projects: make, list, show, change, delete, stats."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.database import shares
from shared.database.shares import Offer
from shared.domain.accounts import Role
from tests.factories import share
from tests.integration.web.answers import is_problem

ADDRESS = "/api/v1/projects"


def titles(answer):
    return [each["title"] for each in answer.json["items"]]


def test_a_new_project_is_empty_and_its_makers(client_of, alice, queue):
    answer = client_of(alice).post(
        ADDRESS,
        json={"title": "  Nuclei ", "description": "DAPI 20x\n12 wells", "pixelSizeUm": 0.5},
    )

    project = answer.json
    assert answer.status_code == 201
    assert project["title"] == "Nuclei"
    assert project["description"] == "DAPI 20x\n12 wells"
    assert project["pixelSizeUm"] == 0.5
    assert project["role"] == "owner"
    assert project["owner"] == {"id": str(alice.id), "name": "Alice"}
    assert project["stats"]["imageCount"] == 0
    assert project["stats"]["projectId"] == project["id"]
    assert project["thumbnailUrl"] is None
    assert queue.dashboards == [alice.id]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "x", "pixelSizeUm": 0}, "pixelSizeUm"),
        ({"title": "x", "pixelSizeUm": 6.5e-7}, "pixelSizeUm"),
        ({"title": "x", "pixelSizeUm": "wide"}, "pixelSizeUm"),
        ({"title": "x", "channels": []}, "channels"),
        ({"title": "x", "channels": [0]}, "channels.0"),
        ({"title": "x", "channels": [1, "DAPI"]}, "channels.1"),
        ({"title": "x", "ownerId": str(uuid4())}, "ownerId"),
    ],
)
def test_a_wrong_project_is_refused_by_field(client_of, alice, body, field):
    answer = client_of(alice).post(ADDRESS, json=body)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_a_project_shows_its_counts_and_newest_picture(client_of, alice, make_project):
    project = make_project(segmented=2, failed=1, uploaded=1)

    shown = client_of(alice).get(f"{ADDRESS}/{project.id}").json

    assert shown["stats"]["imageCount"] == 4
    assert shown["stats"]["segmentedCount"] == 2
    assert shown["stats"]["failedCount"] == 1
    assert shown["stats"]["objectCount"] == 6
    assert shown["thumbnailUrl"] == f"/api/v1/images/{project.image_ids[-1]}/thumbnail"


def test_stats_alone_are_the_same_numbers(client_of, alice, make_project):
    project = make_project(segmented=1, queued=2)
    client = client_of(alice)

    alone = client.get(f"{ADDRESS}/{project.id}/stats")

    assert alone.json == client.get(f"{ADDRESS}/{project.id}").json["stats"]
    assert alone.json["pendingCount"] == 2


def test_the_list_has_own_and_shared_projects_and_no_others(
    client_of, alice, bob, make_project, database
):
    mine, shared, pending = make_project(), make_project(bob), make_project(bob)
    make_project(bob)
    share(database, shared, alice, Role.VIEWER)
    invite(database, pending, alice)
    client = client_of(alice)

    everything = client.get(ADDRESS).json["items"]

    assert {each["id"]: each["role"] for each in everything} == {
        str(mine.id): "owner",
        str(shared.id): "viewer",
    }
    assert [p["id"] for p in client.get(f"{ADDRESS}?owner=mine").json["items"]] == [str(mine.id)]
    assert [p["id"] for p in client.get(f"{ADDRESS}?owner=shared").json["items"]] == [
        str(shared.id)
    ]


def test_a_share_that_is_over_gives_nothing(client_of, alice, bob, make_project, database):
    project = make_project(bob)
    share(database, project, alice, Role.EDITOR)
    set_share(database, project, expires_at="2020-01-01")

    assert client_of(alice).get(ADDRESS).json["items"] == []
    assert client_of(alice).get(f"{ADDRESS}/{project.id}").status_code == 404


@pytest.mark.parametrize("sort", ["title", "-title", "createdAt", "-updatedAt"])
def test_pages_show_every_project_once_and_in_order(client_of, alice, sort):
    client = client_of(alice)
    for title in ("b", "a", "d", "c", "a"):
        client.post(ADDRESS, json={"title": title})

    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{ADDRESS}?sort={sort}&limit=2{cursor}")
        seen += titles(page)
        after = page.json["nextCursor"]
        cursor = None if after is None else f"&cursor={after}"

    assert seen == titles(client.get(f"{ADDRESS}?sort={sort}"))
    assert len(seen) == 5
    if sort.endswith("title"):
        assert seen == sorted(seen, reverse=sort.startswith("-"))


def test_the_longest_titles_can_be_paged_too(client_of, alice):
    client = client_of(alice)
    for last in "ab":
        client.post(ADDRESS, json={"title": "\U0001d51b" * 199 + last})

    first = client.get(f"{ADDRESS}?sort=title&limit=1").json
    second = client.get(f"{ADDRESS}?sort=title&limit=1&cursor={first['nextCursor']}").json

    assert [page["items"][0]["title"][-1] for page in (first, second)] == ["a", "b"]


def test_words_find_projects_as_they_stand(client_of, alice):
    client = client_of(alice)
    for title in ("HeLa 100%", "hela 100x", "other"):
        client.post(ADDRESS, json={"title": title})

    assert titles(client.get(f"{ADDRESS}?q=HELA&sort=title")) == ["HeLa 100%", "hela 100x"]
    assert titles(client.get(f"{ADDRESS}?q=100%25")) == ["HeLa 100%"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("sort=size", "sort"),
        ("owner=bob", "owner"),
        ("cursor=nonsense", "cursor"),
        ("cursor=WyJ0aXRsZSIsICJhIiwgImIiXQ", "cursor"),
        ("page=2", "page"),
        ("q=%00", "q"),
    ],
)
def test_a_wrong_query_is_refused_by_field(client_of, alice, query, field):
    answer = client_of(alice).get(f"{ADDRESS}?{query}")

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


def test_a_cursor_of_another_order_is_refused(client_of, alice):
    client = client_of(alice)
    for title in "ab":
        client.post(ADDRESS, json={"title": title})
    cursor = client.get(f"{ADDRESS}?sort=title&limit=1").json["nextCursor"]

    answer = client.get(f"{ADDRESS}?sort=createdAt&limit=1&cursor={cursor}")

    assert is_problem(answer, 422, "invalid_cursor")


def test_a_change_raises_the_version_and_asks_for_a_recompute(
    client_of, alice, make_project, queue
):
    project, client = make_project(uploaded=1), client_of(alice)
    before = client.get(f"{ADDRESS}/{project.id}").json

    after = client.patch(
        f"{ADDRESS}/{project.id}", json={"title": "Renamed"}, headers={"X-Op-Id": "click-1"}
    ).json

    assert after["title"] == "Renamed"
    assert after["description"] == before["description"]
    assert after["stats"]["version"] == before["stats"]["version"] + 1
    assert after["stats"]["imageCount"] == 1
    assert queue.recomputed == [project.id]


def test_a_pixel_size_can_be_taken_away_again(client_of, alice, make_project):
    project, client = make_project(), client_of(alice)
    client.patch(f"{ADDRESS}/{project.id}", json={"pixelSizeUm": 0.3})

    after = client.patch(f"{ADDRESS}/{project.id}", json={"pixelSizeUm": None})

    assert "pixelSizeUm" not in after.json


def test_an_empty_change_changes_nothing(client_of, alice, make_project, queue):
    project = make_project()

    answer = client_of(alice).patch(f"{ADDRESS}/{project.id}", json={})

    assert answer.status_code == 200
    assert queue.recomputed == []


@pytest.mark.parametrize("body", [{"title": None}, {"title": ""}, {"role": "owner"}])
def test_a_wrong_change_is_refused(client_of, alice, make_project, body):
    answer = client_of(alice).patch(f"{ADDRESS}/{make_project().id}", json=body)

    assert is_problem(answer, 422, "invalid_input")


def test_a_deleted_project_is_gone_with_all_it_had(client_of, alice, make_project, database, queue):
    project, client = make_project(segmented=2, queued=1), client_of(alice)

    answer = client.delete(f"{ADDRESS}/{project.id}")

    assert answer.status_code == 204
    assert client.get(f"{ADDRESS}/{project.id}").status_code == 404
    assert client.get(ADDRESS).json["items"] == []
    assert client.get(f"/api/v1/images/{project.image_ids[0]}").status_code == 404
    assert count(database, "runs", project.id) == count(database, "images", project.id) == 0
    assert queue.dashboards == [alice.id]


def test_the_files_of_a_deleted_project_are_left_to_the_janitor(
    client_of, alice, make_project, database
):
    project = make_project(segmented=1)
    client_of(alice).delete(f"{ADDRESS}/{project.id}")

    with database.reading() as connection:
        paths = set(
            connection.execute(
                text("SELECT path FROM file_deletions WHERE path LIKE '%' || :id || '%'"),
                {"id": str(project.image_ids[0])},
            ).scalars()
        )

    kinds = {path.split("/")[0] + ":" + path.rsplit("/", 1)[1] for path in paths}
    assert kinds == {"images:original.png", "images:thumbnail.webp", "results:", "tiles:"}


def test_only_the_owner_deletes(client_of, bob, make_project, database):
    project = make_project()
    share(database, project, bob, Role.EDITOR)

    assert is_problem(client_of(bob).delete(f"{ADDRESS}/{project.id}"), 403, "forbidden")


def test_a_missing_project_is_not_found(client_of, alice):
    client = client_of(alice)

    for method in ("GET", "PATCH", "DELETE"):
        answer = client.open(f"{ADDRESS}/{uuid4()}", method=method)
        assert is_problem(answer, 404, "not_found")


def count(database, table, project_id):
    with database.reading() as connection:
        return connection.execute(
            text(f"SELECT count(*) FROM {table} WHERE project_id = :id"), {"id": project_id}
        ).scalar()


def invite(database, project, account):
    """Share without anybody having accepted."""
    offered = Offer(account.email, Role.VIEWER)
    database.transact(lambda tx: shares.offer(tx.connection, project.id, offered))


def set_share(database, project, **values):
    [(column, value)] = values.items()
    statement = text(f"UPDATE project_shares SET {column} = :value WHERE project_id = :id")
    database.transact(lambda tx: tx.execute(statement, {"value": value, "id": project.id}))


def test_channels_are_chosen_for_a_project_and_given_up_again(client_of, alice, make_project):
    project, client = make_project(), client_of(alice)
    address = f"{ADDRESS}/{project.id}"
    assert "channels" not in client.get(address).json

    chosen = client.patch(address, json={"channels": [3, 1, 3]})
    assert chosen.json["channels"] == [1, 3]
    assert client.patch(address, json={"title": "Other"}).json["channels"] == [1, 3]

    assert "channels" not in client.patch(address, json={"channels": None}).json


def test_a_new_project_may_have_channels(client_of, alice):
    answer = client_of(alice).post(ADDRESS, json={"title": "Plate", "channels": [2]})

    assert answer.json["channels"] == [2]
