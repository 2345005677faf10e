"""The REST interface, as far as uploading and segmenting need it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from shared.domain.errors import (
    CelltallyError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    UnavailableError,
)

Json = dict[str, Any]

_SECONDS = httpx.Timeout(30, read=300)  # An upload is answered when all its files were looked at.


class RestClient:
    """Speaks for one account: by a token, or after `sign_up` by its session."""

    def __init__(
        self,
        address: str,
        *,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._address = address.rstrip("/")
        # A proxy of the environment is for the world outside.
        self._http = httpx.Client(
            base_url=f"{self._address}/api/v1/",
            headers=headers,
            timeout=_SECONDS,
            transport=transport,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()

    def sign_up(self, *, email: str, password: str, name: str) -> Json:
        """Register an account and log in; return the user."""
        self._ask(
            "POST", "auth/register", json={"email": email, "password": password, "name": name}
        )
        login = self._ask("POST", "auth/login", json={"email": email, "password": password})
        self._http.headers["X-CSRF-Token"] = login["csrfToken"]
        user: Json = login["user"]
        return user

    def create_project(self, title: str) -> Json:
        """Create a project."""
        return self._ask("POST", "projects", json={"title": title})

    def project_called(self, title: str) -> Json | None:
        """Return the account's own project of this title, None when there is none."""
        for project in self._pages("projects", q=title, owner="mine"):
            if project["title"] == title:
                return project
        return None

    def project(self, name: str) -> Json:
        """Return the project of this id, or the one that is called so; raise NotFoundError."""
        if _is_id(name):
            return self._ask("GET", f"projects/{name}")
        found = [each for each in self._pages("projects", q=name) if each["title"] == name]
        if len(found) > 1:
            ids = ", ".join(each["id"] for each in found)
            raise InvalidInputError(
                f"{len(found)} projects are called {name!r}; name one by its id: {ids}"
            )
        if not found:
            raise NotFoundError(f"you see no project that is called {name!r}; its id does as well")
        project: Json = found[0]
        return project

    def upload(self, project_id: str, paths: Sequence[Path], *, op_id: str | None = None) -> Json:
        """Upload files in one request; return the verdict on each.

        Requests of the same *op_id* are one entry of the feed.
        """
        headers = {} if op_id is None else {"X-Op-Id": op_id}
        with ExitStack() as opened:
            files = [
                ("files", (path.name, opened.enter_context(path.open("rb")))) for path in paths
            ]
            # All refused is an answer too: the verdicts say why.
            path = f"projects/{project_id}/images"
            return self._ask("POST", path, files=files, headers=headers, also=(422,))

    def segment(self, project_id: str, **wish: object) -> Json:
        """Ask for segmentation; *wish* are the fields of the body, such as `engine`."""
        return self._ask("POST", f"projects/{project_id}/segment", json=wish)

    def engines(self) -> list[Json]:
        """Return the engines that the workers have."""
        return list(self._pages("engines"))

    def stats(self, project_id: str) -> Json:
        """Return the project's counts."""
        return self._ask("GET", f"projects/{project_id}/stats")

    def images(self, project_id: str) -> Iterator[Json]:
        """Yield every image of the project."""
        return self._pages(f"projects/{project_id}/images", sort="filename")

    def runs(self, image_id: str) -> list[Json]:
        """Return the runs of an image, the newest first."""
        return list(self._pages(f"images/{image_id}/runs"))

    def export(self, project_id: str, *, formats: Sequence[str], **wish: object) -> Json:
        """Ask for an export; *wish* are further fields of the body, such as `options`."""
        body = {"formats": list(formats), **wish}
        return self._ask("POST", f"projects/{project_id}/exports", json=body)

    def shown_export(self, export_id: str) -> Json:
        """Return how far an export is."""
        return self._ask("GET", f"exports/{export_id}")

    def end_export(self, export_id: str) -> None:
        """Cancel an export that is not finished; delete one that is."""
        self._ask("DELETE", f"exports/{export_id}")

    def download(self, url: str, path: Path) -> None:
        """Write what is at the address *url*, such as an export's, to *path* once it is whole."""
        part = path.with_name(f"{path.name}.part")
        try:
            with self._http.stream("GET", f"{self._address}{url}") as answer:
                if not answer.is_success:
                    answer.read()
                    kind = answer.headers.get("Content-Type", "")
                    raise _refusal(answer, problem=kind.startswith("application/problem+json"))
                with part.open("wb") as file:
                    for piece in answer.iter_bytes():
                        file.write(piece)
            part.replace(path)
        except httpx.HTTPError as failure:
            raise UnavailableError(f"the download of {url} broke off; try again") from failure
        finally:
            part.unlink(missing_ok=True)

    def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        content: Iterable[bytes] = (),
    ) -> httpx.Headers:
        """Send bytes to a path of the server and return the headers of what it answers.

        A refusal is raised with its `status`; UnavailableError when the connection breaks.
        """
        try:
            answer = self._http.request(
                method, f"{self._address}{path}", headers=dict(headers), content=content
            )
        except httpx.HTTPError as failure:
            raise UnavailableError(f"{self._address} does not answer") from failure
        if answer.is_success:
            return answer.headers
        problem = answer.headers.get("Content-Type", "").startswith("application/problem+json")
        if method == "HEAD":  # It has no body that could say why.
            raise refusal_with(answer.status_code, f"{path} answered {answer.status_code}")
        refusal = _refusal(answer, problem=problem)
        refusal.status = answer.status_code
        raise refusal

    def unfinished_uploads(self, project_id: str) -> list[Json]:
        """Return the uploads into a project that this account began and did not finish."""
        return list(self._pages("uploads", projectId=project_id))

    def ticket(self) -> Json:
        """Return a ticket for one socket, and the address to use it at."""
        return self._ask("POST", "realtime/ticket")

    def _pages(self, path: str, **query: str) -> Iterator[Json]:
        cursor: str | None = None
        while True:
            page = self._ask(
                "GET", path, params=query if cursor is None else {**query, "cursor": cursor}
            )
            yield from page["items"]
            cursor = page.get("nextCursor")
            if cursor is None:
                return

    def _ask(self, method: str, path: str, *, also: tuple[int, ...] = (), **request: Any) -> Json:
        """Return the answer; a refusal is raised with the server's own sentence."""
        try:
            answer = self._http.request(method, path, **request)
        except httpx.HTTPError as failure:
            raise UnavailableError(
                f"{self._address} does not answer ({failure or type(failure).__name__}): "
                "start `celltally up`, or name the right address"
            ) from failure
        problem = answer.headers.get("Content-Type", "").startswith("application/problem+json")
        if answer.is_success or (answer.status_code in also and not problem):
            content: Json = answer.json() if answer.content else {}
            return content
        raise _refusal(answer, problem=problem)


def _refusal(answer: httpx.Response, *, problem: bool) -> CelltallyError:
    if problem:
        told = answer.json()
        return _kind(answer.status_code)(told["detail"], code=told["code"])
    return UnavailableError(
        f"{answer.request.url} answered {answer.status_code} {answer.reason_phrase}: "
        "is a celltally of this version there?"
    )


def refusal_with(status: int, detail: str) -> CelltallyError:
    """Return the refusal of this status."""
    refusal = _kind(status)(detail)
    refusal.status = status
    return refusal


def _kind(status: int) -> type[CelltallyError]:
    """Return the refusal that callers tell apart: who asks, what for, or only now."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return UnavailableError
    named = {HTTPStatus.UNAUTHORIZED: NotSignedInError, HTTPStatus.NOT_FOUND: NotFoundError}
    return named.get(status, CelltallyError)  # type: ignore[call-overload, no-any-return]


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name.lower()
    except ValueError:
        return False
