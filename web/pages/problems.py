"""A refusal as a page, with what to do about it."""

from http import HTTPStatus
from urllib.parse import quote

from flask import Response, g, request

from web.api.schemas import Problem
from web.pages.rendering import page
from web.pages.wording import accepted_language, said_of, say

#: Statuses whose pages have a title of their own.
TITLED = frozenset(
    {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)


def page_of_problem(problem: Problem) -> Response:
    """Return the page of a refusal; a stranger is sent to the form, and back afterwards."""
    if problem.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        wanted = quote(request.full_path.removesuffix("?"), safe="/")
        return Response(status=303, headers={"Location": f"/login?next={wanted}"})
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # When the database does not answer, it cannot say which language somebody chose.
        g.setdefault("language", accepted_language())
    title = say(f"page.problem.{problem.status if problem.status in TITLED else 'other'}")
    detail = said_of(problem.code, problem.detail)
    return page("problem.html", status=problem.status, title=title, detail=detail)
