"""Addresses that are not there, wrong methods, and failures of our own."""

from dataclasses import replace

from tests.integration.web.answers import is_problem
from web.app import create_app


def test_an_unknown_address_of_the_api_is_a_problem(client_of):
    assert is_problem(client_of(None).get("/api/v1/nowhere"), 404, "not_found")


def test_an_id_that_is_none_is_not_found(client_of, alice):
    assert is_problem(client_of(alice).get("/api/v1/projects/17"), 404, "not_found")


def test_a_wrong_method_names_the_right_ones(client_of):
    answer = client_of(None).put("/api/v1/auth/login")

    assert is_problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_failure_of_ours_tells_nothing_of_the_inside(client_of, alice, services):
    app = create_app(replace(services, database=FailingDatabase()))

    answer = app.test_client().get("/api/v1/projects", headers={"Authorization": "Bearer anything"})

    assert is_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert answer.headers["X-Request-Id"]


def test_a_request_keeps_the_id_it_was_given(client_of):
    answer = client_of(None).get("/healthz", headers={"X-Request-Id": "trace-7"})

    assert answer.headers["X-Request-Id"] == "trace-7"


def test_an_unfit_request_id_is_replaced(client_of):
    answer = client_of(None).get("/healthz", headers={"X-Request-Id": "a b"})

    assert answer.headers["X-Request-Id"] != "a b"


class FailingDatabase:
    def reading(self):
        raise RuntimeError("a secret of the inside")
