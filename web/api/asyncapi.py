"""The AsyncAPI document of the socket, made from the very classes that read and write it."""

from collections.abc import Iterable
from functools import cache
from inspect import getdoc
from types import MappingProxyType
from typing import Any, get_args

from flask import Blueprint, Response
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared import __version__
from shared.domain.promises import opened
from web import access
from web.api.exchange import exchange
from web.api.yaml import written_as_yaml
from web.relay.gate import PATH
from web.relay.messages import OTHERS, PUBLISHED
from web.relay.protocol import ClientMessage, CloseCode

blueprint = Blueprint("asyncapi", __name__)

VERSION = "3.0.0"
MEDIA_TYPE = "application/yaml"
_SCHEMA = "#/components/schemas/{model}"
_CHANNEL = "socket"

_ABOUT = """\
One JSON text frame a message; `m` names the message, and in a `pub` `type` names the event.
Fields, messages and events that one does not know are ignored.

`POST /api/v1/realtime/ticket` answers a ticket, good for one socket within 30 seconds, and the
address to open. Say `hello` with the ticket within 5 seconds, then `sub` to channels:
`project:{id}`, `images:{projectId}`, `dash:{userId}`, `activity:{userId}`. `user:{userId}` is
watched from the start.
"""

#: Why a socket ends, and what then.
CLOSES = MappingProxyType(
    {
        CloseCode.NORMAL: "bye",
        CloseCode.TOO_BIG: "a message is too big; do not reconnect",
        CloseCode.INTERNAL: "something failed in the relay; reconnect",
        CloseCode.RESTARTING: "the relay restarts; reconnect after `drain.afterMs`, with jitter",
        CloseCode.BAD_MESSAGE: "a message does not follow this document; do not reconnect",
        CloseCode.NOT_SIGNED_IN: "no, used or expired ticket, or the login is over; "
        "a new ticket once, else log in",
        CloseCode.LATE: "hello or pong came late; reconnect",
        CloseCode.TOO_MANY_SOCKETS: "too many sockets of this user; stop here",
        CloseCode.TOO_MUCH: "read too slowly or sent too much; wait 5 seconds, resume with `since`",
        CloseCode.REDIS_LOST: "Redis or the database is away; back off, poll meanwhile",
    }
)


@blueprint.get("/asyncapi.yaml")
@access.public
@exchange()
def show_socket_document() -> Response:
    """Answer the AsyncAPI document of the socket."""
    return Response(_rendered(), mimetype=MEDIA_TYPE)


def socket_document() -> dict[str, Any]:
    """Return the AsyncAPI document of the relay."""
    heard = {f"client.{_word(model)}": model for model in client_messages()}
    said: dict[str, type[BaseModel]] = {
        f"relay.pub.{kind}": model for kind, model in PUBLISHED.items()
    }
    said |= {f"relay.{_word(model)}": model for model in OTHERS}
    messages = {**heard, **said}
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "celltally live updates",
            "version": __version__,
            "description": f"{_ABOUT}\nA socket ends with one of these codes:\n\n{_closes()}",
        },
        "defaultContentType": "application/json",
        "channels": {_CHANNEL: _channel(messages)},
        "operations": {
            "hear": _operation("receive", "What a client says.", heard),
            "say": _operation("send", "What the relay says.", said),
        },
        "components": {
            "messages": {key: _message(key, model) for key, model in messages.items()},
            "schemas": _schemas(heard.values(), said.values()),
        },
    }


def client_messages() -> list[type[ClientMessage]]:
    """Return every message that a client may send."""
    return [each for each in ClientMessage.__subclasses__() if "m" in each.model_fields]


@cache
def _rendered() -> str:
    return written_as_yaml(socket_document())


def _word(model: type[BaseModel]) -> str:
    """Return the `m` of a message."""
    [word] = get_args(model.model_fields["m"].annotation)
    return str(word)


def _closes() -> str:
    return "".join(f"- {int(code)}: {then}\n" for code, then in CLOSES.items())


def _channel(keys: Iterable[str]) -> dict[str, Any]:
    return {
        "address": PATH,
        "title": "The relay's socket",
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in keys},
        "bindings": {"ws": {"method": "GET"}},
    }


def _operation(action: str, summary: str, keys: Iterable[str]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": f"#/channels/{_CHANNEL}"},
        "messages": [{"$ref": f"#/channels/{_CHANNEL}/messages/{key}"} for key in keys],
    }


def _message(key: str, model: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": key.partition(".")[2],
        "summary": (getdoc(model) or "").partition("\n")[0],
        "payload": {"$ref": _SCHEMA.format(model=model.__name__)},
    }


def _schemas(heard: Iterable[type[BaseModel]], said: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Return the schema of each message, and of the two that are "one of these"."""
    _, found = models_json_schema(
        [(model, "validation") for model in heard] + [(model, "serialization") for model in said],
        by_alias=True,
        ref_template=_SCHEMA,
    )
    schemas: dict[str, Any] = _without_discriminators(opened(found["$defs"]))
    for name, models in {"ClientMessage": heard, "RelayMessage": said}.items():
        schemas[name] = {"oneOf": [{"$ref": _SCHEMA.format(model=m.__name__)} for m in models]}
    return schemas


def _without_discriminators(schema: Any) -> Any:
    """Leave out what OpenAPI alone writes so; each of the types is a `const` anyway."""
    if isinstance(schema, dict):
        return {k: _without_discriminators(v) for k, v in schema.items() if k != "discriminator"}
    return [_without_discriminators(v) for v in schema] if isinstance(schema, list) else schema
