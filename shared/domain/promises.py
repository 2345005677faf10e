"""What programs elsewhere may rely on of a value of ours: its fields, and that more may come."""

from typing import Any

from pydantic import BaseModel


def promised(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of what is sent as *model*."""
    schema: dict[str, Any] = opened(model.model_json_schema(by_alias=True, mode="serialization"))
    return schema


def opened(schema: Any) -> Any:
    """Return *schema* without its bans on further fields: whoever reads must ignore those."""
    if isinstance(schema, dict):
        return {
            key: opened(value)
            for key, value in schema.items()
            if key != "additionalProperties" or isinstance(value, dict)
        }
    return [opened(each) for each in schema] if isinstance(schema, list) else schema
