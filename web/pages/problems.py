"""A refusal as a page, with what to do about it."""

from http import HTTPStatus
from urllib.parse import quote

from flask import Response, request

from web.api.schemas import Problem
from web.pages.rendering import page

TITLES = {
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.TOO_MANY_REQUESTS: "A little slower",
    HTTPStatus.SERVICE_UNAVAILABLE: "Back in a moment",
}
OTHERWISE = "Something went wrong"


def page_of_problem(problem: Problem) -> Response:
    """Return the page of a refusal; a stranger is sent to the form, and back afterwards."""
    if problem.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        wanted = quote(request.full_path.removesuffix("?"), safe="/")
        return Response(status=303, headers={"Location": f"/login?next={wanted}"})
    title = TITLES.get(HTTPStatus(problem.status), OTHERWISE)
    return page("problem.html", status=problem.status, title=title, detail=problem.detail)
