"""The tree of what we refuse."""

from collections.abc import Iterator

import pytest

from shared.domain import errors
from shared.domain.errors import CelltallyError, ConflictError


def every_error(kind: type[CelltallyError] = CelltallyError) -> Iterator[type[CelltallyError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from every_error(child)


@pytest.mark.parametrize("kind", list(every_error()))
def test_every_error_has_a_code_and_a_status_of_its_kind(kind: type[CelltallyError]) -> None:
    refused = kind("The thing is wrong; do this.")

    assert refused.detail == str(refused) == "The thing is wrong; do this."
    assert refused.code != CelltallyError.code
    assert 400 <= refused.status < 600


def test_a_case_may_have_a_code_of_its_own() -> None:
    assert ConflictError("Taken.", code="email_taken").code == "email_taken"
    assert ConflictError("Taken.").code == "conflict"
