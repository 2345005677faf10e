"""GET /healthz and /readyz."""

from dataclasses import replace

from web.app import create_app


def test_a_process_that_answers_is_alive(client_of):
    assert client_of(None).get("/healthz").json == {"status": "alive"}


def test_with_database_storage_and_redis_it_is_ready(client_of):
    answer = client_of(None).get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "missing": [], "degraded": []}


def test_without_redis_it_is_ready_and_says_so(services):
    app = create_app(replace(services, redis_answers=lambda: False))

    answer = app.test_client().get("/readyz")

    assert answer.status_code == 200
    assert answer.json["degraded"] == ["redis"]


def test_without_the_database_it_is_not_ready(services):
    app = create_app(replace(services, database=UnreachableDatabase()))

    answer = app.test_client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json["missing"] == ["postgresql"]


class UnreachableDatabase:
    def answers(self) -> bool:
        return False
