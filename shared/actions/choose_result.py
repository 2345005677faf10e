"""Show another result of an image than its latest one."""

from uuid import UUID

from shared.database import choosing, run_history
from shared.database.transaction import Transaction
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.runs import RunStatus

MISSING = "This run is not one of the image's."


def choose_result(tx: Transaction, *, image_id: UUID, run_id: UUID) -> None:
    """Make a succeeded run the current one; status, count and preview follow.

    It is no completion: nothing was segmented. What the image's last run failed of stays told.
    """
    run = run_history.run(tx.connection, run_id)
    if run is None or run["image_id"] != image_id:
        raise NotFoundError(MISSING)
    if run["status"] != RunStatus.SUCCEEDED:
        raise ConflictError("This run has no result. Choose one that succeeded.", code="no_result")
    moved = tx.rows(choosing.CHOOSE, {"image_id": image_id, "run_id": run_id})
    if not moved:
        if run_history.run(tx.connection, run_id) is None:  # Forgotten meanwhile.
            raise NotFoundError(MISSING)
        raise ConflictError(
            "This image is being segmented. Wait for the result, or cancel the run first.",
            code="image_active",
        )
