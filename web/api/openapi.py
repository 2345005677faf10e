"""The OpenAPI document, made from the very classes that read requests and write answers."""

import re
from collections.abc import Iterator
from functools import cache
from inspect import getdoc
from typing import Any

from flask import Blueprint, Flask, Response, current_app, json
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from shared import __version__
from shared.domain.wire import Wire
from web import access
from web.api.exchange import Exchange, exchange
from web.api.receiving import FIELD
from web.api.repeating import KEY, REPLAYED
from web.api.schemas import Problem, UploadAnswer

blueprint = Blueprint("openapi", __name__)

VERSION = "3.1.0"
_REF = "#/components/schemas/{model}"
_VARIABLE = re.compile(r"<(?:(\w+):)?(\w+)>")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

#: Routes that answer files; what they answer is told here and not by a class.
_MEDIA = {
    "/api/v1/images/{image_id}/content": ["image/png", "image/jpeg", "image/bmp", "image/tiff"],
    "/api/v1/images/{image_id}/thumbnail": ["image/webp"],
    "/api/v1/images/{image_id}/preview": ["image/webp"],
    "/api/v1/images/{image_id}/tiles/{level}/{column}/{row}/{plane}": [
        "image/webp",
        "application/octet-stream",
    ],
    "/api/v1/exports/{export_id}/download": ["application/zip"],
    "/api/v1/openapi.json": ["application/json"],
    "/api/v1/asyncapi.yaml": ["application/yaml"],
    "/api/v1/docs": ["text/html"],
}
_MORE_MEDIA = {
    "/api/v1/images/{image_id}/segmentation": ["application/geo+json", "image/tiff"],
}

#: What is told of headers of requests whose name says too little.
_ABOUT_HEADERS = {
    KEY: "The same request with the same key is done once within 24 hours; repeats are answered "
    f"with the header {REPLAYED}: true.",
}


@blueprint.get("/openapi.json")
@access.public
@exchange()
def show_document() -> Response:
    """Answer this document."""
    return Response(_rendered(current_app._get_current_object()), mimetype="application/json")  # type: ignore[attr-defined]


def document_of(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI document of the routes of *app*."""
    routes = list(_routes(app))
    return {
        "openapi": VERSION,
        "info": {"title": "celltally", "version": __version__},
        "paths": _paths(routes),
        "components": {
            "schemas": _schemas(routes),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": access.COOKIE},
            },
        },
    }


@cache
def _rendered(app: Flask) -> str:
    return json.dumps(document_of(app))


def _routes(app: Flask) -> Iterator[tuple[Rule, Any]]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if hasattr(view, "exchange"):
            yield rule, view


def _paths(routes: list[tuple[Rule, Any]]) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    for rule, view in sorted(routes, key=lambda route: route[0].rule):
        path = _VARIABLE.sub(r"{\2}", rule.rule)
        for method in methods_of(rule):
            paths.setdefault(path, {})[method.lower()] = _operation(rule, path, view)
    return paths


def methods_of(rule: Rule) -> list[str]:
    """Return the methods that a route is written for, without those that Flask adds to it."""
    found = [method for method in _METHODS if method in (rule.methods or ())]
    return found or sorted(rule.methods or ())


def _operation(rule: Rule, path: str, view: Any) -> dict[str, Any]:
    spoken: Exchange = view.exchange
    operation: dict[str, Any] = {
        "operationId": view.__name__,
        "summary": (getdoc(view) or "").partition("\n")[0],
        "tags": [rule.endpoint.split(".")[-2]],
        "parameters": [*_path_parameters(rule), *_query_parameters(spoken.asks), *_headers(spoken)],
        "responses": _responses(path, spoken),
        "security": [] if view.lets_in == "public" else [{"token": []}, {"session": []}],
    }
    if spoken.takes is not None:
        schema = {"$ref": _REF.format(model=spoken.takes.__name__)}
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    elif spoken.gives is UploadAnswer:
        operation["requestBody"] = _files_body()
    elif spoken.media is not None:
        binary = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"content": {spoken.media: binary}}
    return operation


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"} | ({"format": "uuid"} if kind == "uuid" else {}),
        }
        for kind, name in _VARIABLE.findall(rule.rule)
    ]


def _query_parameters(asks: type[Wire] | None) -> list[dict[str, Any]]:
    if asks is None:
        return []
    fields = asks.model_json_schema(by_alias=True)["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]


def _headers(spoken: Exchange) -> list[dict[str, Any]]:
    return [
        {
            "name": name.removesuffix("?"),
            "in": "header",
            "required": not name.endswith("?"),
            "schema": {"type": "string"},
            **_about(name.removesuffix("?")),
        }
        for name in spoken.headers
    ]


def _about(header: str) -> dict[str, str]:
    return {"description": _ABOUT_HEADERS[header]} if header in _ABOUT_HEADERS else {}


def _responses(path: str, spoken: Exchange) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Done."}
    content: dict[str, Any] = {kind: {} for kind in _MEDIA.get(path, [])}
    if spoken.gives is not None:
        reference = {"$ref": _REF.format(model=spoken.gives.__name__)}
        content["application/json"] = {"schema": reference}
    content |= {kind: {} for kind in _MORE_MEDIA.get(path, [])}
    if content:
        answer["content"] = content
    problem = {"schema": {"$ref": _REF.format(model=Problem.__name__)}}
    told = {"application/problem+json": problem}
    responses = {
        str(spoken.status): answer,
        "default": {"description": "Refused.", "content": told},
    }
    if spoken.gives is UploadAnswer:
        description = "Every file was refused, or there was none."
        responses["422"] = {"description": description, "content": content | told}
    return responses


def _files_body() -> dict[str, Any]:
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    schema = {"type": "object", "properties": {FIELD: files}, "required": [FIELD]}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _schemas(routes: list[tuple[Rule, Any]]) -> dict[str, Any]:
    spoken = [view.exchange for _, view in routes]
    models = {model for each in spoken for model in (each.takes, each.gives) if model is not None}
    ordered = sorted(models | {Problem}, key=lambda model: model.__name__)
    _, found = models_json_schema(
        [(model, "validation") for model in ordered], by_alias=True, ref_template=_REF
    )
    schemas: dict[str, Any] = found["$defs"]
    return schemas
