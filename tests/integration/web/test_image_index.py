"""GET /projects/{id}/images/index, and `ids` of GET /projects/{id}/images."""

from uuid import uuid4

import pytest

from tests.integration.web.answers import is_problem


@pytest.fixture
def project(make_project):
    return make_project(segmented=2, failed=1, uploaded=3)


def index(client, project, query=""):
    answer = client.get(f"/api/v1/projects/{project.id}/images/index{query}")
    assert answer.status_code == 200, answer.text
    return answer.json


def listed(client, project, query):
    return client.get(f"/api/v1/projects/{project.id}/images{query}").json["items"]


@pytest.mark.parametrize("sort", ["filename", "-createdAt", "-objectCount"])
def test_it_has_what_the_pages_have_in_their_order(client_of, alice, project, sort):
    client = client_of(alice)

    found = index(client, project, f"?sort={sort}")

    pages = listed(client, project, f"?sort={sort}&limit=100")
    assert found["ids"] == [each["id"] for each in pages]
    assert found["statuses"] == [each["status"] for each in pages]
    assert found["objectCounts"] == [each["objectCount"] for each in pages]
    assert found["truncated"] is False


def test_a_status_chooses_in_it_too(client_of, alice, project):
    assert index(client_of(alice), project, "?status=failed")["statuses"] == ["failed"]


def test_more_than_an_answer_takes_is_said_to_be_cut(client_of, alice, project, monkeypatch):
    monkeypatch.setattr("web.api.images.LARGEST_INDEX", 4)

    found = index(client_of(alice), project)

    assert len(found["ids"]) == 4
    assert found["truncated"] is True


def test_named_images_are_answered_and_no_others(client_of, alice, project, make_project):
    client, elsewhere = client_of(alice), make_project(uploaded=1)
    wanted = {str(each) for each in project.image_ids[:2]}
    others = f"{elsewhere.image_ids[0]},{uuid4()}"

    found = listed(client, project, f"?ids={','.join(wanted)},{others}")

    assert {each["id"] for each in found} == wanted


@pytest.mark.parametrize("ids", ["x", "1-2", "a" * 3001])
def test_what_is_no_list_of_ids_is_refused(client_of, alice, project, ids):
    answer = client_of(alice).get(f"/api/v1/projects/{project.id}/images?ids={ids}")

    assert is_problem(answer, 422, "invalid_input")
