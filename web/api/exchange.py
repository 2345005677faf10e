"""One route's body, query and answer, declared once: read, written and documented from it."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn, TypeVar

from flask import Response, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from shared.domain.errors import CelltallyError, InvalidInputError
from shared.domain.wire import Wire

W = TypeVar("W", bound=Wire)

LARGEST_JSON = 2_000_000
LONGEST_OP_ID = 100


class BadJsonError(CelltallyError):
    """The body is no JSON object."""

    code = "bad_json"
    status = 400


class NotJsonError(CelltallyError):
    """The body says that it is something else."""

    code = "unsupported_media_type"
    status = 415


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a route takes and gives."""

    takes: type[Wire] | None
    asks: type[Wire] | None
    gives: type[Wire] | None
    status: int
    headers: tuple[str, ...] = ()  #: Of the request, that must or may stand there.
    media: str | None = None  #: Of a body that is no JSON.


def exchange(  # noqa: PLR0913 - named, each of them
    *,
    takes: type[Wire] | None = None,
    asks: type[Wire] | None = None,
    gives: type[Wire] | None = None,
    status: int = 200,
    headers: tuple[str, ...] = (),
    media: str | None = None,
    largest: int = LARGEST_JSON,
) -> Callable[[Callable[..., Any]], Callable[..., ResponseReturnValue]]:
    """Give the view its `body` and `query`, checked, and write what it returns as JSON.

    A view may return a Response of its own, or (value, status). A header whose name ends with a
    question mark may be left out. A body has at most *largest* bytes.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def answered(**values: Any) -> ResponseReturnValue:
            if asks is not None:
                values["query"] = read_query(asks)
            if takes is not None:
                values["body"] = read_body(takes, largest)
            return _written(view(**values), status)

        answered.exchange = Exchange(takes, asks, gives, status, headers, media)  # type: ignore[attr-defined]
        return answered

    return decorate


def read_body(expected: type[W], largest: int = LARGEST_JSON) -> W:
    """Return the JSON body as *expected*, or refuse it naming every wrong field."""
    request.max_content_length = largest
    if request.mimetype != "application/json":
        raise NotJsonError("Send the body as JSON, with Content-Type: application/json.")
    return _checked(expected, _parsed(request.get_data()))


def read_query(expected: type[W]) -> W:
    """Return the query as *expected*, or refuse it naming every wrong field."""
    return _checked(expected, request.args.to_dict())


def op_id() -> str | None:
    """Return the id that the browser gave this click; events echo it."""
    given = request.headers.get("X-Op-Id")
    if given is not None and len(given) > LONGEST_OP_ID:
        raise InvalidInputError(
            f"X-Op-Id is longer than {LONGEST_OP_ID} characters.", code="invalid_op_id"
        )
    return given or None


def json_answer(value: Wire, status: int = 200) -> Response:
    """Return *value* as JSON that nobody caches."""
    body = value.model_dump_json(by_alias=True, exclude_none=True)
    answer = Response(body, status=status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _written(outcome: Any, status: int) -> ResponseReturnValue:
    if outcome is None:
        return Response(status=204)
    if isinstance(outcome, tuple):
        outcome, status = outcome
    if isinstance(outcome, Wire):
        return json_answer(outcome, status)
    answer: ResponseReturnValue = outcome
    return answer


def _parsed(body: bytes) -> Any:
    try:
        content = json.loads(body, parse_constant=_refuse_number, parse_float=_finite)
        storable = all(map(_is_storable, _texts_of(content)))
    except (ValueError, RecursionError):
        raise BadJsonError("The body is not JSON.") from None
    if not isinstance(content, dict):
        raise BadJsonError("The body is JSON and no object; write {…}.")
    if not storable:
        raise BadJsonError("The body has a character that cannot be stored, such as U+0000.")
    return content


def _texts_of(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for each in content:
            if isinstance(each, str | list | dict):  # Of numbers there may be millions.
                yield from _texts_of(each)
    elif isinstance(content, dict):
        for key, value in content.items():
            yield key
            yield from _texts_of(value)


def _is_storable(content: str) -> bool:
    """Tell whether PostgreSQL takes it: JSON may have NUL and halves of characters."""
    return "\0" not in content and not any("\ud800" <= each <= "\udfff" for each in content)


def _refuse_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is too large")
    return number


def _checked(expected: type[W], content: Any) -> W:
    try:
        return expected.model_validate(content)
    except ValidationError as invalid:
        errors = [
            {"field": _field_at(each["loc"]), "detail": _sentence(each["msg"])}
            for each in invalid.errors(include_url=False, include_context=False)
        ]
    first = errors[0]
    raise InvalidInputError(f"{first['field']}: {first['detail']}.", errors=errors)


def _field_at(place: tuple[int | str, ...]) -> str:
    """Return the field as its sender wrote it, without the types that pydantic tried on it."""
    return ".".join(each for each in map(str, place) if "[" not in each) or "body"


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")
