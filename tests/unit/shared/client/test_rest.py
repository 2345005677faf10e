"""The REST interface as a script uses it."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from shared.client.rest import RestClient
from shared.domain.errors import CelltallyError, UnavailableError

Answer = Callable[[httpx.Request], httpx.Response]


def client_of(answer: Answer, **options: str) -> RestClient:
    return RestClient("http://lab.test/", transport=httpx.MockTransport(answer), **options)


def problem(status: int, code: str, detail: str) -> httpx.Response:
    body = {"title": "Refused", "status": status, "code": code, "detail": detail}
    return httpx.Response(status, json=body, headers={"Content-Type": "application/problem+json"})


def test_a_token_goes_with_every_request() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"version": 1})

    client_of(answer, token="secret").stats("p1")

    assert str(asked[0].url) == "http://lab.test/api/v1/projects/p1/stats"
    assert asked[0].headers["Authorization"] == "Bearer secret"


def test_after_signing_up_writes_carry_the_csrf_token() -> None:
    tokens: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        tokens.append(request.headers.get("X-CSRF-Token"))
        return httpx.Response(200, json={"csrfToken": "t1", "user": {"id": "u1"}})

    client = client_of(answer)
    user = client.sign_up(email="ada@example.org", password="x", name="Ada")
    client.create_project("Cells")

    assert user == {"id": "u1"}
    assert tokens == [None, None, "t1"]


def test_a_list_is_read_to_its_last_page() -> None:
    pages = {
        None: {"items": [{"id": 1}, {"id": 2}], "nextCursor": "c1"},
        "c1": {"items": [{"id": 3}], "nextCursor": None},
    }

    client = client_of(lambda r: httpx.Response(200, json=pages[r.url.params.get("cursor")]))

    assert [image["id"] for image in client.images("p1")] == [1, 2, 3]


def test_a_refusal_is_the_servers_own_sentence() -> None:
    client = client_of(lambda _: problem(404, "not_found", "This project does not exist."))

    with pytest.raises(CelltallyError, match="This project does not exist") as refusal:
        client.stats("p1")

    assert refusal.value.code == "not_found"


def test_an_upload_that_is_refused_whole_still_has_its_verdicts(tmp_path: Path) -> None:
    verdict = {"images": [], "duplicates": [], "rejected": [{"filename": "a.txt"}]}
    path = tmp_path / "a.txt"
    path.write_text("no image")

    client = client_of(lambda _: httpx.Response(422, json=verdict))

    assert client.upload("p1", [path]) == verdict


def test_silence_is_told_with_the_remedy() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused", request=request)

    with pytest.raises(UnavailableError, match=r"lab\.test does not answer.*celltally up"):
        client_of(answer).stats("p1")


def test_an_answer_of_something_else_is_told_as_such() -> None:
    client = client_of(lambda _: httpx.Response(502, text="<html>"))

    with pytest.raises(UnavailableError, match="502 Bad Gateway"):
        client.stats("p1")


def test_a_project_is_found_by_its_exact_title() -> None:
    items = [{"title": "Cells 2"}, {"title": "Cells", "id": "p1"}]
    client = client_of(lambda _: httpx.Response(200, json={"items": items, "nextCursor": None}))

    assert client.project_called("Cells") == {"title": "Cells", "id": "p1"}
    assert client.project_called("cells") is None
