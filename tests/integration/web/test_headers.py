"""Security headers and rate limits."""

from dataclasses import replace

import pytest

from tests.browsers import browser_of
from tests.integration.web.answers import is_problem
from web import limits
from web.app import create_app


@pytest.fixture
def policy(client_of):
    header = client_of(None).get("/healthz").headers["Content-Security-Policy"]
    return {part.split()[0]: part.split()[1:] for part in header.split("; ")}


def test_scripts_run_only_from_here_or_with_the_nonce_of_the_page(policy):
    own, nonce = policy["script-src"]

    assert own == "'self'"
    assert nonce.startswith("'nonce-")
    assert policy["default-src"] == ["'none'"]


def test_pages_may_open_sockets_to_the_relay(policy):
    assert set(policy["connect-src"]) == {
        "'self'",
        "ws://127.0.0.1:8001",
        "ws://localhost:8001",
    }


def test_nobody_frames_or_sniffs(client_of):
    headers = client_of(None).get("/api/v1/nowhere").headers

    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_behind_tls_the_cookie_is_secure_and_the_relay_at_the_same_address(services, alice):
    settings = services.settings.model_copy(update={"public_url": "https://cells.example"})
    client = create_app(replace(services, settings=settings)).test_client()

    answer = client.post(
        "/api/v1/auth/login",
        json={"email": alice.email, "password": "correct-horse-7"},
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "cells.example"},
    )

    assert "Secure" in answer.headers["Set-Cookie"]
    assert "wss://cells.example" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Strict-Transport-Security"]


def test_guessing_passwords_is_slowed_down(services, alice):
    limited = services.settings.model_copy(update={"rate_limits": "on"})
    client = create_app(replace(services, settings=limited)).test_client()
    guess = {"email": alice.email, "password": "x"}

    answers = [client.post("/api/v1/auth/login", json=guess) for _ in range(21)]

    assert {each.status_code for each in answers[:20]} == {401}
    assert is_problem(answers[20], 429, "too_many_requests")
    assert int(answers[20].headers["Retry-After"]) > 0


def test_writes_are_counted_for_each_account_and_reads_are_not(
    services, alice, bob, database, monkeypatch
):
    """Rule 17: 600 a minute, of which the test allows itself five."""
    assert limits.WRITES == "600 per minute"
    monkeypatch.setattr(limits, "WRITES", "5 per minute")
    limited = services.settings.model_copy(update={"rate_limits": "on"})
    app = create_app(replace(services, settings=limited))
    hers, his = browser_of(app, alice), browser_of(app, bob)

    answers = [hers.post("/api/v1/projects", json={"title": f"P{n}"}) for n in range(6)]

    assert [each.status_code for each in answers[:5]] == [201] * 5
    assert is_problem(answers[5], 429, "too_many_requests")
    assert int(answers[5].headers["Retry-After"]) > 0
    assert hers.get("/api/v1/activity").status_code == 200
    assert his.post("/api/v1/projects", json={"title": "P"}).status_code == 201
