"""GET and PATCH /api/v1/auth/me."""

import pytest

from tests.integration.web.answers import is_problem

ADDRESS = "/api/v1/auth/me"


def test_it_answers_who_is_signed_in(client_of, alice):
    client = client_of(alice)

    answer = client.get(ADDRESS).json

    assert answer["user"]["email"] == alice.email
    assert answer["csrfToken"] == client.csrf


def test_what_is_given_changes_and_the_rest_stays(client_of, alice):
    client = client_of(alice)

    client.patch(ADDRESS, json={"name": "Alice Liddell", "preferences": {"theme": "dark"}})
    answer = client.patch(ADDRESS, json={"timeZone": "Europe/Prague"})

    user = answer.json["user"]
    assert user["name"] == "Alice Liddell"
    assert user["preferences"] == {"theme": "dark"}
    assert user["timeZone"] == "Europe/Prague"


def test_another_time_zone_asks_for_the_dashboard(client_of, alice, queue):
    client_of(alice).patch(ADDRESS, json={"timeZone": "Asia/Tokyo"})

    assert queue.dashboards == [alice.id]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"timeZone": "../etc/passwd"}, "timeZone"),
        ({"name": ""}, "name"),
        ({"email": "new@lab.example"}, "email"),
        ({"preferences": []}, "preferences"),
    ],
)
def test_a_wrong_value_is_named(client_of, alice, body, field):
    answer = client_of(alice).patch(ADDRESS, json=body)

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
def test_what_the_database_cannot_store_is_refused(client_of, alice, text):
    body = '{"preferences": {"note": ["' + text + '"]}}'

    answer = client_of(alice).patch(ADDRESS, data=body, content_type="application/json")

    assert is_problem(answer, 400, "bad_json")
