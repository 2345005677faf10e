"""Writes that create something, done once for each `Idempotency-Key`."""

import hashlib
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, after_this_request, request

from shared.actions.once import Asking, Outcome, once
from shared.actions.segment_images import Batch
from shared.database.transaction import Transaction
from shared.domain.errors import InvalidInputError
from web import access
from web.access import services

KEY = "Idempotency-Key"
#: What a route that uses `done_once` tells the documents of it.
REPEATABLE = (f"{KEY}?",)

#: Said of an answer that an earlier request earned.
REPLAYED = "Idempotency-Replayed"

_LONGEST_KEY = 255
_VISIBLE = re.compile(rf"[\x21-\x7e]{{1,{_LONGEST_KEY}}}")


def done_once(act: Callable[[Transaction], Outcome], **transaction: Any) -> Outcome:
    """Run *act* in a transaction, or return what the first request with this key came to."""
    asking = _asking()
    outcome, is_repeat = services().database.transact(
        lambda tx: once(tx, asking, act), **transaction
    )
    if is_repeat:
        after_this_request(_said)
    return outcome


def facts_of(batch: Batch) -> Outcome:
    """Return a batch as `done_once` keeps it."""
    return {
        "id": str(batch.id),
        "projectId": str(batch.project_id),
        "engine": batch.engine,
        "queued": batch.queued,
        "skipped": batch.skipped,
    }


def batch_of(facts: Outcome) -> Batch:
    """Return the batch that `facts_of` was given."""
    return Batch(
        id=UUID(facts["id"]),
        project_id=UUID(facts["projectId"]),
        engine=facts["engine"],
        queued=facts["queued"],
        skipped=facts["skipped"],
    )


def _asking() -> Asking | None:
    key = request.headers.get(KEY)
    if key is None:
        return None
    if not _VISIBLE.fullmatch(key):
        raise InvalidInputError(
            f"{KEY} is 1 to {_LONGEST_KEY} visible ASCII characters without spaces, "
            "such as a UUID.",
            code="invalid_idempotency_key",
        )
    said = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    said.update(request.get_data())
    return Asking(access.current_account().id, key, said.digest())


def _said(answer: Response) -> Response:
    answer.headers[REPLAYED] = "true"
    return answer
