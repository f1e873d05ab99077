"""The OpenAPI 3.1 document, made from the route table and the Structs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from tenfold.server.table import PREFIX, Route, header_field, operation_id
from tenfold.server.wire import Problem

_REF = "#/components/schemas/{name}"
_ALWAYS = {
    400: "A value cannot be taken",
    401: "No token, or a wrong one",
    403: "Not allowed",
    404: "Not there",
    500: "Stored bytes are damaged",
    501: "A library that this needs is not installed",
    503: "The store cannot be reached",
}
_OF_CHANGES = {409: "Somebody was first", 422: "A check did not pass", 507: "No room left; nothing was changed"}
_OF_BODIES = {413: "The body is too large", 415: "The body is not JSON"}
_OF_RANGES = {416: "The range lies outside the file"}


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
        answer["content"] |= {text: {"schema": {"type": "string"}} for text in route.texts}
    operation: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "tags": [route.path.split("/")[1].split(".")[0]],
        "parameters": _parameters(route),
        "responses": {"200": answer, **_others(route)},
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": by_type[route.body]}},
        }
    return operation


def _others(route: Route) -> dict[str, Any]:
    """Every other status that the operation answers with. The errors' statuses stand in base/errors.py."""
    found: dict[str, Any] = {}
    if route.method == "GET":
        found["304"] = {"description": "What the etag names is still right"}
    if "range" in route.headers:
        found["206"] = {"description": "The part of the file that was asked for"}
    problems = dict(_ALWAYS)
    if route.method != "GET":
        problems |= _OF_CHANGES
    if route.body is not None:
        problems |= _OF_BODIES
    if "range" in route.headers:
        problems |= _OF_RANGES
    content = {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}}
    for status, text in sorted(problems.items()):
        found[str(status)] = {"description": text, "content": content}
    return found


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
            "schema": inner if in_path or name in headers else _or_empty(inner),
        }
        if inner.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        if text := inner.get("description"):
            parameter["description"] = text
        found.append(parameter)
    return found


def _or_empty(schema: dict[str, Any]) -> dict[str, Any]:
    """In a query, an empty text is the same as none."""
    if schema.get("type") == "array":
        return {**schema, "items": _or_empty(schema["items"])}
    if schema.get("type") == "string" and not schema.get("minLength") and "pattern" not in schema:
        return schema
    return {"anyOf": [schema, {"type": "string", "maxLength": 0}]}


@lru_cache
def _inline(params: type[msgspec.Struct]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components([params], ref_template=_REF)
    schema: dict[str, Any] = components.get(params.__name__, {})
    return schema
