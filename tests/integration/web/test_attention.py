"""GET /api/v1/throughput, /failures and /waiting: what the dashboard asks for afterwards."""

import pytest
from sqlalchemy import text

from shared.domain.accounts import Role
from shared.domain.images import ImageStatus
from tests.factories import share
from tests.integration.web.answers import is_problem


def test_throughput_is_answered_for_each_span(client_of, alice, make_project):
    make_project(segmented=2)

    answers = {
        span: client_of(alice).get(f"/api/v1/throughput?span={span}").json
        for span in ("1h", "24h", "7d")
    }

    assert {span: len(answer["points"]) for span, answer in answers.items()} == {
        "1h": 60,
        "24h": 96,
        "7d": 84,
    }
    assert all(
        sum(point["uploaded"] for point in answer["points"]) == 2 for answer in answers.values()
    )


@pytest.mark.parametrize("query", ["span=1y", "span=", "from=now"])
def test_another_span_is_refused(client_of, alice, query):
    assert is_problem(client_of(alice).get(f"/api/v1/throughput?{query}"), 422, "invalid_input")


def test_causes_of_all_projects_are_told_together(client_of, alice, bob, make_project, database):
    make_project(failed=2)
    make_project(failed=1, segmented=1)
    mine_too = make_project(bob, failed=3)
    share(database, mine_too, alice, Role.VIEWER)
    make_project(bob, failed=9)

    items = client_of(alice).get("/api/v1/failures").json["items"]

    assert sum(each["count"] for each in items) == 6
    assert items[0]["projects"] == 3
    assert all(each["detail"].endswith(".") for each in items)


def test_without_failures_there_is_no_cause(client_of, alice, make_project):
    make_project(segmented=1)

    assert client_of(alice).get("/api/v1/failures").json == {"items": [], "nextCursor": None}


def test_the_last_queued_image_says_how_long_all_wait(client_of, alice, bob, make_project):
    waiting, settled, foreign = (
        make_project(queued=3),
        make_project(segmented=1),
        make_project(bob, queued=1),
    )
    asked = ",".join(str(each.id) for each in (waiting, settled, foreign))

    items = client_of(alice).get(f"/api/v1/waiting?projects={asked}").json["items"]

    assert [each["projectId"] for each in items] == [str(waiting.id)]
    assert items[0]["waiting"]["position"] >= 1
    assert items[0]["waiting"]["reason"]


@pytest.mark.parametrize("query", ["", "projects=everything", "projects=abc"])
def test_what_is_no_list_of_projects_is_refused(client_of, alice, query):
    assert is_problem(client_of(alice).get(f"/api/v1/waiting?{query}"), 422, "invalid_input")


def test_a_card_names_members_to_its_owner_alone(client_of, alice, bob, make_project, database):
    project = make_project()
    share(database, project, bob, Role.EDITOR)

    of_owner = client_of(alice).get(f"/api/v1/projects/{project.id}").json
    of_member = client_of(bob).get(f"/api/v1/projects/{project.id}").json

    assert (of_owner["members"], of_owner["memberCount"]) == ([bob.name], 1)
    assert "members" not in of_member
    assert "memberCount" not in of_member


def test_a_mosaic_has_another_address_when_its_pictures_are_others(
    client_of, alice, make_project, database
):
    project = make_project(uploaded=1)
    path = f"/api/v1/projects/{project.id}"
    client = client_of(alice)
    before = client.get(path).json["mosaicUrl"]

    database.transact(
        lambda tx: tx.execute(
            text(
                "UPDATE images SET created_at = created_at, filename = 'b' WHERE project_id = :id"
            ),
            {"id": project.id},
        )
    )
    assert client.get(path).json["mosaicUrl"] == before

    database.transact(
        lambda tx: tx.execute(
            text("DELETE FROM images WHERE id = :id"),
            {"id": project.images[ImageStatus.UPLOADED][0]},
        )
    )
    assert client.get(path).json["mosaicUrl"] is None
