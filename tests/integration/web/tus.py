"""A tus client of tests: plain requests, so that each header can be wrong."""

from base64 import b64encode
from io import BytesIO
from typing import Any

from werkzeug.test import TestResponse

ADDRESS = "/api/v1/uploads"
OCTETS = "application/offset+octet-stream"


def metadata(**values: str) -> str:
    """Return Upload-Metadata with these pairs."""
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items())


def _stream(body: bytes | BytesIO | None) -> BytesIO:
    return body if isinstance(body, BytesIO) else BytesIO(body or b"")


def _announcing(headers: dict[str, str]) -> dict[str, str]:
    """Return the length that is announced, where it is another than that of the body."""
    length = headers.get("Content-Length")
    return {} if length is None else {"CONTENT_LENGTH": length}


class Tus:
    """Uploads into one project with somebody's browser."""

    def __init__(self, client: Any, project_id: object) -> None:
        self.client = client
        self.project_id = str(project_id)

    def create(
        self, name: str, length: object, *, body: bytes | None = None, **more: Any
    ) -> TestResponse:
        """Begin an upload; *more* are pairs of the metadata, or `headers`."""
        headers = dict(more.pop("headers", {}))
        pairs = {"filename": name, "projectId": self.project_id, **more}
        sent = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(length),
            "Upload-Metadata": metadata(**pairs),
            **({} if body is None else {"Content-Type": OCTETS}),
            **headers,
        }
        return self.client.post(
            ADDRESS, headers=sent, input_stream=_stream(body), environ_overrides=_announcing(sent)
        )

    def begin(self, name: str, length: int, **more: Any) -> str:
        """Begin an upload and return its address."""
        answer = self.create(name, length, **more)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def send(
        self, address: str, offset: object, body: bytes | BytesIO, **headers: str
    ) -> TestResponse:
        """Send bytes; fewer than the header Content_Length says is a connection that breaks."""
        sent = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": OCTETS,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.client.patch(
            address,
            headers=sent,
            input_stream=_stream(body),
            environ_overrides=_announcing(sent),
        )

    def ask(self, address: str) -> TestResponse:
        """Ask how far it is."""
        return self.client.head(address, headers={"Tus-Resumable": "1.0.0"})

    def end(self, address: str) -> TestResponse:
        """Give it up."""
        return self.client.delete(address, headers={"Tus-Resumable": "1.0.0"})
