"""How answers are written."""

from uuid import uuid4

from web.api.account_schemas import TokenList, UserJson
from web.api.schemas import ProjectList, WaitingJson


def test_what_is_required_stands_there_as_null():
    assert ProjectList(items=[], next_cursor=None).to_json() == {"items": [], "nextCursor": None}


def test_what_is_optional_is_left_out():
    waiting = WaitingJson(position=1, workers_online=0, reason="…")

    assert "etaSeconds" not in waiting.to_json()


def test_it_holds_within_lists_too():
    tokens = TokenList(
        items=[{"id": uuid4(), "name": "cli", "scope": "all", "createdAt": "2026-11-22T20:00:00Z"}],
        next_cursor=None,
    )

    assert "usedAt" not in tokens.to_json()["items"][0]
    assert tokens.to_json()["items"][0]["createdAt"] == "2026-11-22T20:00:00.000Z"


def test_names_are_camel_case():
    assert {"isAdmin", "timeZone", "createdAt"} <= {
        field.alias for field in UserJson.model_fields.values()
    }
