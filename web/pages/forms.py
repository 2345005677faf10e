"""Forms that work without JavaScript: read them, refuse them in words, and go on afterwards."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from flask import Response, request
from pydantic import ValidationError

from shared.domain.errors import CelltallyError, InvalidInputError
from shared.domain.wire import Wire
from web.pages.wording import said_of, say

W = TypeVar("W", bound=Wire)

INCOMPLETE = "page.form.incomplete"


def filled(expected: type[W], sentences: Mapping[str, str], **given: Any) -> W:
    """Return the form as *expected*, or refuse it with a message for each wrong field.

    The form's fields are those of *sentences*, called as in JSON; *given* stands for others.
    """
    names = [field.alias or name for name, field in expected.model_fields.items()]
    fields = {name: request.form.get(name, "") for name in names if name in sentences}
    try:
        return expected.model_validate(fields | given)
    except ValidationError as invalid:
        wrong = {str(each["loc"][0]) for each in invalid.errors()}
    raise InvalidInputError(
        say(INCOMPLETE),
        errors=[{"field": n, "detail": say(sentences[n])} for n in fields if n in wrong],
    )


def chosen(name: str, among: Collection[str]) -> str:
    """Return the form's choice of *name*; refuse what was not offered."""
    value = request.form.get(name, "")
    if value not in among:
        detail = say("page.form.choose")
        raise InvalidInputError(say(INCOMPLETE), errors=[{"field": name, "detail": detail}])
    return value


def shown(refusal: CelltallyError | None) -> dict[str, object] | None:
    """Return what a form says of a refusal."""
    if refusal is None:
        return None
    detail = said_of(refusal.code, refusal.detail)
    # What a refusal says of a field is often what it says at all.
    errors = [
        {**each, "detail": detail} if each["detail"] == refusal.detail else each
        for each in getattr(refusal, "errors", [])
    ]
    return {"detail": detail, "errors": errors}


def to(place: str) -> Response:
    """Have the browser ask for *place* with GET, also after a POST."""
    return Response(status=303, headers={"Location": place})
