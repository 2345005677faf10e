"""Refusals: every error becomes one RFC 9457 problem, as JSON or as a page."""

from collections.abc import Callable
from http import HTTPStatus
from types import MappingProxyType

import structlog
from flask import Flask, Response, request
from flask_limiter import RateLimitExceeded
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from shared.database.engine import AWAY
from shared.domain.errors import CelltallyError, InvalidInputError, UnavailableError
from web.api.schemas import Problem

logger = structlog.get_logger(__name__)

API = "/api/"
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5

#: What to say of an error that Flask or Werkzeug raised: code and sentence.
SENTENCES = MappingProxyType(
    {
        400: ("bad_request", "The request cannot be understood."),
        404: ("not_found", "There is nothing at this address."),
        405: ("method_not_allowed", "This address does not take this method."),
        408: ("too_slow", "The request did not arrive in time. Send it again."),
        413: ("too_large", "The request is larger than the server takes."),
        415: ("unsupported_media_type", "The server does not read this kind of content."),
        416: ("range_not_satisfiable", "The file has no such range."),
        429: ("too_many_requests", "Too many requests. Wait a little and try again."),
    }
)
#: Statuses that tus has and HTTP has not.
_TITLES = MappingProxyType({460: "Checksum Mismatch"})
INTERNAL = (
    "Something went wrong on the server, and it was recorded. Try again; if it stays so, "
    "tell your administrator the time and the request id."
)
_AWAY = (*AWAY, PoolTimeoutError)
UNREACHABLE = "The database does not answer. Try again in a moment."

#: Makes a page of a problem; the pages register one.
PageOfProblem = Callable[[Problem], Response]


def problem_of(error: Exception) -> Problem:
    """Return what the asker is told about *error*."""
    if isinstance(error, CelltallyError):
        errors = error.errors if isinstance(error, InvalidInputError) else None
        return _problem(error.status, error.code, error.detail, errors=errors or None)
    if isinstance(error, _AWAY):
        return _problem(503, UnavailableError.code, UNREACHABLE)
    if (
        isinstance(error, HTTPException)
        and error.code is not None
        and error.code < HTTPStatus.INTERNAL_SERVER_ERROR
    ):
        code, sentence = SENTENCES.get(error.code, SENTENCES[400])
        return _problem(error.code, code, sentence)
    return _problem(500, "internal", INTERNAL)


def answer_problem(problem: Problem) -> Response:
    """Return the problem as JSON."""
    answer = Response(problem.model_dump_json(by_alias=True, exclude_none=True))
    answer.status_code = problem.status
    answer.content_type = MEDIA_TYPE
    return answer


def register_problems(app: Flask, page_of: PageOfProblem | None = None) -> None:
    """Have every error of *app* answered as a problem; outside the API as a page."""

    def handle(error: Exception) -> Response:
        problem = problem_of(error)
        _record(error, problem)
        if page_of is None or request.path.startswith(API):
            answer = answer_problem(problem)
        else:
            answer = page_of(problem)
        return _with_headers(answer, error, problem)

    app.register_error_handler(Exception, handle)


def _problem(
    status: int, code: str, detail: str, *, errors: list[dict[str, str]] | None = None
) -> Problem:
    title = _TITLES.get(status) or HTTPStatus(status).phrase
    return Problem(
        type="about:blank", title=title, status=status, detail=detail, code=code, errors=errors
    )


def _record(error: Exception, problem: Problem) -> None:
    if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.info("refused", code=problem.code, status=problem.status)
    elif isinstance(error, (CelltallyError, *_AWAY)):
        logger.warning("unavailable", code=problem.code, reason=str(error), exc_info=error)
    else:
        logger.error("a request failed", exc_info=error)


def _with_headers(answer: Response, error: Exception, problem: Problem) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    if problem.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    if isinstance(error, RateLimitExceeded):
        answer.headers["Retry-After"] = str(error.limit.limit.get_expiry())
    if isinstance(error, RequestEntityTooLarge):
        answer.headers["Connection"] = "close"  # The rest of the body is not read.
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name in {"Allow", "Content-Range"}:
                answer.headers[name] = value
    return answer
