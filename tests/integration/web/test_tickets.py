"""POST /api/v1/realtime/ticket."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.browsers import browser_of
from tests.fakes import TicketsWithoutRedis
from tests.integration.web.answers import is_problem
from web.app import create_app

ADDRESS = "/api/v1/realtime/ticket"


def test_a_ticket_is_for_the_login_that_asked(client_of, alice, services):
    answer = client_of(alice).post(ADDRESS)

    holder = services.tickets.redeem(answer.json["ticket"])
    assert answer.status_code == 200
    assert answer.json["expiresIn"] == 30
    assert answer.json["url"] == "ws://localhost:8001/ws"
    assert holder.user_id == alice.id
    assert holder.expires_at > datetime.now(UTC) + timedelta(days=29)


def test_a_script_gets_a_ticket_too(client_of, alice, services):
    token = client_of(alice).post("/api/v1/auth/tokens", json={"name": "cli"}).json["token"]

    answer = client_of(None).post(ADDRESS, headers={"Authorization": f"Bearer {token}"})

    assert services.tickets.redeem(answer.json["ticket"]).user_id == alice.id


def test_without_redis_there_is_no_ticket_and_the_page_can_poll(services, alice):
    app = create_app(replace(services, tickets=TicketsWithoutRedis()))

    answer = browser_of(app, alice).post(ADDRESS)

    assert is_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"]
