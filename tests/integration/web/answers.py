"""What tests say of answers."""

from io import BytesIO
from typing import Any

from werkzeug.test import TestResponse


def is_problem(answer: TestResponse, status: int, code: str) -> bool:
    """Tell whether the answer is this refusal, in the form that every refusal has."""
    problem = answer.json
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert problem.keys() >= {"type", "title", "status", "detail", "code"}
    assert problem["status"] == status
    assert problem["code"] == code, problem
    return True


def form_of(*files: tuple[str, bytes]) -> dict[str, Any]:
    """Return a multipart form with these files: (name, content)."""
    return {"files": [(BytesIO(content), name) for name, content in files]}
