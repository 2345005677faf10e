"""Requests of tus whose method stands in a header: some proxies let no PATCH and no DELETE pass."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from web.api.shapes import API

_UPLOADS = f"{API}/uploads/"
_METHODS = frozenset({"PATCH", "DELETE"})


class MethodOverride:
    """Obeys X-HTTP-Method-Override, as tus 1.0.0 wants it, on a POST to an upload.

    Nowhere else: a header must not make a change out of what was sent as something harmless.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        wanted = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
        is_upload = environ.get("PATH_INFO", "").startswith(_UPLOADS)
        if is_upload and wanted in _METHODS and environ["REQUEST_METHOD"] == "POST":
            environ["REQUEST_METHOD"] = wanted
        return self._app(environ, start_response)
