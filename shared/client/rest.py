"""The REST interface, as far as uploading and segmenting need it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from shared.domain.errors import CelltallyError, UnavailableError

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

    def upload(self, project_id: str, paths: Sequence[Path]) -> Json:
        """Upload files in one request; return the verdict on each."""
        with ExitStack() as opened:
            files = [
                ("files", (path.name, opened.enter_context(path.open("rb")))) for path in paths
            ]
            # All refused is an answer too: the verdicts say why.
            return self._ask("POST", f"projects/{project_id}/images", files=files, also=(422,))

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
        return CelltallyError(told["detail"], code=told["code"])
    return UnavailableError(
        f"{answer.request.url} answered {answer.status_code} {answer.reason_phrase}: "
        "is a celltally of this version there?"
    )
