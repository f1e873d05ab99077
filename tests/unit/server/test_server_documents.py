"""The OpenAPI document, docs/api.md and ui/src/wire.ts say what the routes do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from openapi_spec_validator import validate

from tenfold.server.openapi import document
from tenfold.server.routes import TABLE
from tenfold.server.table import PREFIX, header_field, operation_id

ROOT = Path(__file__).parents[3]
EXTRA = {("GET", "/events"), ("GET", "/openapi.json")}


def documented() -> dict[tuple[str, str], str]:
    """(method, path): the row of docs/api.md."""
    text = (ROOT / "docs" / "api.md").read_text()
    return {(m[1], m[2]): m[0] for m in re.finditer(r"^\| `([A-Z]+) (/[^`]*)` .*$", text, re.M)}


def test_docs_list_exactly_the_routes_there_are():
    assert set(documented()) == {(route.method, route.path) for route in TABLE} | EXTRA


def test_docs_name_every_parameter_body_and_answer():
    for route in TABLE:
        row = documented()[route.method, route.path]
        for name in route.params.__struct_fields__:
            if f"{{{name}}}" not in route.path and name not in map(header_field, route.headers):
                assert f"`{name}`" in row, (route.path, name)
        for kind in (route.answer, route.body):
            if kind is not None:
                assert f"`{kind.__name__}`" in row, (route.path, kind)


def test_the_openapi_document_is_valid_and_has_every_route():
    found = document(TABLE, version="1")
    validate(found)
    for route in TABLE:
        operation = found["paths"][PREFIX + route.path][route.method.lower()]
        in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", route.path))
    ids = [operation_id(route) for route in TABLE]
    assert len(ids) == len(set(ids))


def test_wire_types_of_the_pages_are_fresh():
    script = [sys.executable, str(ROOT / "scripts" / "wire_types.py"), "--check"]
    assert subprocess.run(script, check=False).returncode == 0, "run: python scripts/wire_types.py"


def test_every_parameter_in_a_path_is_one_the_route_takes():
    for route in TABLE:
        assert set(re.findall(r"{(\w+)}", route.path)) <= set(route.params.__struct_fields__), route.path
