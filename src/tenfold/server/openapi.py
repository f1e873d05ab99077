"""The OpenAPI 3.1 document, made from the route table and the Structs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from tenfold.server.table import PREFIX, Route, header_field, operation_id
from tenfold.server.wire import Problem

_REF = "#/components/schemas/{name}"


def document(table: list[Route], *, version: str) -> dict[str, Any]:
    """The document of a table of routes."""
    types = list(dict.fromkeys(t for route in table for t in (route.answer, route.body) if t is not None))
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=_REF)
    by_type = dict(zip(types, schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for route in table:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tenfold", "version": version, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "tenfold_session"},
            },
        },
        "security": [{}, {"token": []}, {"cookie": []}],
    }


def _operation(route: Route, by_type: dict[Any, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": route.summary}
    if route.answer is not None:
        answer["content"] = {"application/json": {"schema": by_type[route.answer]}}
    operation: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "tags": [route.path.split("/")[1].split(".")[0]],
        "parameters": _parameters(route),
        "responses": {
            "200": answer,
            "default": {
                "description": "A problem",
                "content": {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}},
            },
        },
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_type[route.body]}},
        }
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    schema = _inline(route.params)
    headers = {header_field(header): header for header in route.headers}
    found = []
    for name, inner in schema.get("properties", {}).items():
        in_path = f"{{{name}}}" in route.path
        parameter: dict[str, Any] = {
            "name": headers.get(name, name),
            "in": "path" if in_path else "header" if name in headers else "query",
            "required": in_path or name in schema.get("required", []),
            "schema": inner,
        }
        if inner.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        if text := inner.get("description"):
            parameter["description"] = text
        found.append(parameter)
    return found


@lru_cache
def _inline(params: type[msgspec.Struct]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components([params], ref_template=_REF)
    schema: dict[str, Any] = components.get(params.__name__, {})
    return schema
