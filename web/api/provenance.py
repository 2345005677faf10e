"""What made a run's result, as the API tells it."""

from sqlalchemy.engine import RowMapping

from shared.domain.choice import Choice
from web.api.run_schemas import (
    Chosen,
    EarlierRun,
    EditOfRun,
    EngineOfRun,
    InputOfRun,
    ProvenanceJson,
)


def engine_of_run(row: RowMapping) -> EngineOfRun:
    """Return what made the run's result."""
    choice = row["choice"]
    return EngineOfRun(
        name=row["engine"],
        version=row["engine_version"],
        params=row["params"],
        chosen=None if choice is None else chosen_json(Choice.model_validate(choice)),
    )


def edit_of_run(row: RowMapping) -> EditOfRun | None:
    """Return who drew the run's result; None when nobody did."""
    if not row["edited"]:
        return None
    return EditOfRun(by=row["requested_by"], at=row["finished_at"], run_id=row["edits"])


def chosen_json(choice: Choice) -> Chosen:
    """Return why an engine was chosen, with words."""
    return Chosen(
        modality=choice.modality, images=choice.images, of=choice.of, reason=choice.reason
    )


def provenance_json(row: RowMapping) -> ProvenanceJson:
    """Return all that is known of how the result of a row of `run_history` was made."""
    taken = None if row["taken_from"] is None else EarlierRun(run_id=row["source_run_id"])
    return ProvenanceJson(
        input=InputOfRun(
            sha256=row["input_sha256"],
            page=row["input_page"],
            channels=row["channels"],
            pixel_size_um=row["pixel_size_um"],
        ),
        engine=engine_of_run(row),
        weights_sha256=row["weights_sha256"],
        computed_with=row["computed_with"],
        host=_host_of(row["worker"]),
        recipe=row["recipe"],
        taken_from=taken,
        edited=edit_of_run(row),
        repeats=row["repeats"],
        requested_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        duration_ms=None if row["edited"] else row["duration_ms"],
    )


def _host_of(worker: str | None) -> str | None:
    """Return the machine of a worker, which Celery names `name@machine`."""
    return None if worker is None else worker.rpartition("@")[2]
