"""Claim a run and record its outcome; each is one compare-and-set (rules.md C).

None asks for a recount: whoever publishes the image's new status does (publish_outbox.py).
"""

import json
from dataclasses import fields
from typing import Any
from uuid import UUID, uuid4

from shared.database import moves
from shared.database.transaction import Transaction
from shared.domain.provenance import Making
from shared.domain.runs import (
    RETRIED,
    SENTENCES,
    Claimant,
    ClaimedRun,
    FailureCode,
    Outcome,
    backoff_seconds,
)


def claim_run(tx: Transaction, run_id: UUID, *, claimant: Claimant) -> ClaimedRun | None:
    """Take the run for this process; None when it is not waiting (any more).

    The attempt is counted here, so that an image that kills its worker is capped too.
    """
    token = uuid4()
    values = {
        "run_id": run_id,
        "token": token,
        "worker": claimant.worker,
        "pid": claimant.pid,
        "lease_seconds": claimant.lease_seconds,
        "environment": claimant.environment,
    }
    rows = tx.rows(moves.CLAIM, values)
    if not rows:
        return None
    row = rows[0]
    claimed = row["claimed"]
    return ClaimedRun(
        id=run_id,
        token=token,
        project_id=row["project_id"],
        image_id=UUID(claimed.pop("image_id")),
        **claimed,
    )


def complete_run(tx: Transaction, run: ClaimedRun, *, outcome: Outcome) -> bool:
    """Make the result current; False when the run is no longer ours, and nothing changed."""
    values = {
        "run_id": run.id,
        "token": run.token,
        "object_count": outcome.object_count,
        "quality": None if outcome.quality is None else json.dumps(outcome.quality.to_json()),
        "duration_ms": outcome.duration_ms,
        "result_path": outcome.result_path,
        **_made(outcome.making),
    }
    return bool(tx.rows(moves.COMPLETE, values))


def _made(making: Making | None) -> dict[str, Any]:
    if making is None:
        return dict.fromkeys(each.name for each in fields(Making))
    # One level: `asdict` would copy the parameters through and through, for each run.
    made = {each.name: getattr(making, each.name) for each in fields(Making)}
    return made | {"params": json.dumps(making.params)}


def fail_run(tx: Transaction, run: ClaimedRun, *, code: FailureCode, detail: str = "") -> bool:
    """Record the failure, or let the run wait for another attempt if the cause may pass.

    False when the run is no longer ours, and nothing changed.
    """
    held = {"run_id": run.id, "token": run.token}
    if code in RETRIED:
        wait = {"wait_seconds": backoff_seconds(run.attempt), "code": code}
        if tx.rows(moves.TRY_AGAIN, held | wait):
            return True
    reason = {"code": code, "detail": detail or SENTENCES[code]}
    return bool(tx.rows(moves.FAIL, held | reason))


def give_back_run(tx: Transaction, run: ClaimedRun) -> bool:
    """Let the run wait again, none of its attempts used up; False when it is no longer ours."""
    return bool(tx.rows(moves.RELEASE_HELD, {"run_id": run.id, "token": run.token}))
