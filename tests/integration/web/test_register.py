"""POST /api/v1/auth/register."""

from dataclasses import replace
from uuid import uuid4

import pytest

from tests.integration.web.answers import is_problem
from web.app import create_app

ADDRESS = "/api/v1/auth/register"


@pytest.fixture
def somebody():
    return {
        "email": f"mira-{uuid4().hex}@lab.example",
        "password": "spheroids at dawn",
        "name": "Mira",
    }


def test_somebody_new_gets_an_account(client_of, somebody):
    answer = client_of(None).post(ADDRESS, json=somebody)

    assert answer.status_code == 201
    user = answer.json["user"]
    assert user["email"] == somebody["email"]
    assert user["name"] == "Mira"
    assert user["isAdmin"] is False
    assert user["timeZone"] == "UTC"
    assert "password" not in answer.text.lower()


def test_an_address_has_one_account_however_it_is_written(client_of, somebody):
    client = client_of(None)
    client.post(ADDRESS, json=somebody)

    answer = client.post(ADDRESS, json=somebody | {"email": somebody["email"].upper()})

    assert is_problem(answer, 409, "email_taken")


@pytest.mark.parametrize("password", ["short", "12345678", "Password1!", "qwertyuiop"])
def test_a_weak_password_is_refused(client_of, somebody, password):
    answer = client_of(None).post(ADDRESS, json=somebody | {"password": password})

    assert is_problem(answer, 422, "weak_password")
    assert answer.json["errors"][0]["field"] == "password"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "nowhere"}, "email"),
        ({"email": 5}, "email"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"admin": True}, "admin"),
        ({"password": None}, "password"),
    ],
)
def test_each_wrong_field_is_named(client_of, somebody, wrong, field):
    answer = client_of(None).post(ADDRESS, json=somebody | wrong)

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == [field]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"email": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(client_of, body):
    answer = client_of(None).post(ADDRESS, data=body, content_type="application/json")

    assert is_problem(answer, 400, "bad_json")


def test_a_form_is_refused(client_of, somebody):
    assert is_problem(client_of(None).post(ADDRESS, data=somebody), 415, "unsupported_media_type")


def test_a_huge_body_is_refused(client_of):
    answer = client_of(None).post(ADDRESS, data=b" " * 2_000_001, content_type="application/json")

    assert is_problem(answer, 413, "too_large")


def test_a_closed_registration_refuses_everybody(services, somebody):
    closed = services.settings.model_copy(update={"registration": "closed"})
    client = create_app(replace(services, settings=closed)).test_client()

    assert is_problem(client.post(ADDRESS, json=somebody), 403, "registration_closed")
