"""How a run's result is made, and whether an earlier run made it already."""

from dataclasses import replace
from typing import Any, Protocol

from structlog import get_logger

from shared.database.engine import AWAY, Database
from shared.database.reusing import earlier_result
from shared.domain.engines import EngineSpec
from shared.domain.errors import UnavailableError
from shared.domain.params import complete_params
from shared.domain.provenance import Environment, Making, digest_of
from shared.domain.runs import ClaimedRun, FailureCode
from shared.pausing import pause
from shared.results import copy_result
from shared.storage import MissingFileError, Storage

logger = get_logger(__name__)


class ReusingServices(Protocol):
    """What looking for an earlier result needs."""

    @property
    def database(self) -> Database: ...
    @property
    def storage(self) -> Storage: ...


def making_of(run: ClaimedRun, spec: EngineSpec, environment: Environment) -> Making:
    """Return what the run is made with here: the engine as this worker has it.

    A run that was to be done again exactly is refused where that engine is another one.
    """
    if run.exact and spec.version != run.engine_version:
        raise UnavailableError(
            f"This run is to be repeated with {run.engine} {run.engine_version}, and the worker "
            f"has {run.engine} {spec.version}. Segment the image with that one.",
            code=FailureCode.ENGINE_UNAVAILABLE,
        )
    params = complete_params(spec, run.params)
    return Making(
        engine_version=spec.version,
        params=params,
        weights_sha256=spec.weights_sha256,
        recipe=digest_of(_recipe(run, spec, params, environment)) if spec.deterministic else None,
    )


def _recipe(
    run: ClaimedRun, spec: EngineSpec, params: dict[str, Any], environment: Environment
) -> dict[str, Any]:
    """Return all that decides the result, labels and measurements alike."""
    return {
        "input": run.sha256,
        "page": run.page,
        "channels": run.channels,
        "pixelSizeUm": run.pixel_size_um,
        "engine": spec.name,
        "version": spec.version,
        "params": params,
        "weights": spec.weights_sha256,
        "environment": environment.digest,
    }


def copied_result(
    services: ReusingServices, run: ClaimedRun, making: Making, path: str
) -> tuple[Making, int] | None:
    """Copy the result of an earlier run of the same recipe to *path*, if there is one.

    Return what is to be recorded and how many objects there are. The copy is this run's own:
    whatever becomes of the earlier run and its files does not touch it.
    """
    if run.fresh or making.recipe is None:
        return None
    try:
        with services.database.reading() as connection:
            found = earlier_result(connection, run.id, making.recipe)
    except AWAY:  # Not to know is no reason to fail the image; the work is done instead.
        found = None
    if found is None:
        return None
    pause("segment.found_earlier")
    try:
        copy_result(services.storage, found.result_path, path)
    except MissingFileError:  # Its image was deleted this moment: so the work is done after all.
        logger.info("an earlier result went away while it was copied", run_id=str(run.id))
        return None
    return replace(making, taken_from=found.run_id), found.object_count
