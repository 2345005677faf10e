"""What an engine declares."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.engines import EngineQueue, EngineSpec, Modality
from shared.domain.errors import InvalidInputError
from shared.domain.params import complete_params

PARAMS = {
    "type": "object",
    "properties": {
        "method": {"enum": ["local", "otsu"], "default": "local"},
        "radius": {"type": "number", "minimum": 1, "default": 8},
        "mask": {"type": "string"},
    },
}


def spec(**fields: Any) -> EngineSpec:
    declared = {
        "name": "classical",
        "version": "1",
        "title": "Classical",
        "licence": "MIT",
        "modalities": [Modality.ANY],
        "params": PARAMS,
    }
    return EngineSpec(**(declared | fields))


def test_an_engine_says_which_queue_it_needs() -> None:
    assert spec().queue.celery_queue == "segment.cpu"
    assert spec(queue=EngineQueue.GPU).queue.celery_queue == "segment.gpu"


def test_what_is_stored_is_read_as_it_was() -> None:
    declared = spec(limits={"soft_seconds": 60, "hard_seconds": 90})

    assert EngineSpec.model_validate(declared.to_json()) == declared


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Classical Engine"},
        {"limits": {"hard_seconds": 281}},  # The visibility timeout is three times 280 and more.
        {"surprise": 1},
    ],
)
def test_a_declaration_that_breaks_a_promise_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**fields)


def test_parameters_that_were_not_given_have_their_defaults() -> None:
    assert complete_params(spec(), {"radius": 3}) == {"method": "local", "radius": 3}
    assert complete_params(spec(), {"mask": "x"})["mask"] == "x"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"radius": 0}, "radius"),
        ({"radius": "wide"}, "radius"),
        ({"method": "magic"}, "method"),
        ({"radios": 3}, "params"),
    ],
)
def test_a_wrong_parameter_is_named(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        complete_params(spec(), given)

    assert refused.value.code == "invalid_params"
    assert [error["field"] for error in refused.value.errors] == [field]
    assert "classical" in refused.value.detail


def test_every_wrong_parameter_is_named() -> None:
    with pytest.raises(InvalidInputError) as refused:
        complete_params(spec(), {"radius": 0, "method": "magic"})

    assert {error["field"] for error in refused.value.errors} == {"radius", "method"}
