"""Parameters of an engine, held to the JSON schema it declares."""

from typing import Any

from jsonschema import Draft202012Validator

from shared.domain.engines import EngineSpec
from shared.domain.errors import InvalidInputError


def complete_params(engine: EngineSpec, given: dict[str, Any]) -> dict[str, Any]:
    """Return *given* with the engine's defaults; raise InvalidInputError naming each bad one."""
    params = engine.defaults() | given
    schema = engine.params | {"additionalProperties": False}
    problems = [
        {"field": ".".join(map(str, error.absolute_path)) or "params", "detail": error.message}
        for error in Draft202012Validator(schema).iter_errors(params)
    ]
    if problems:
        first = problems[0]
        raise InvalidInputError(
            f"Parameter {first['field']} of the engine {engine.name}: {first['detail']}.",
            code="invalid_params",
            errors=problems,
        )
    return params
