"""`Param` and the params of a DAG or task."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tenfold.doors.airflow.dags.errors import ParamValidationError

_MISSING = object()
_TYPES: dict[str, Any] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
    "null": type(None),
}  # fmt: skip


class Param:
    """A param with a default and what its values must fit: words of JSON schema."""

    def __init__(self, default: Any = _MISSING, description: str | None = None, **schema: Any) -> None:
        self.value, self.description, self.schema = default, description, schema

    def resolve(self, name: str, value: Any = _MISSING) -> Any:
        """The value given, or the default. Raises ParamValidationError when it does not fit."""
        found = self.value if value is _MISSING else value
        if found is _MISSING:
            if "type" in self.schema and "null" in _listed(self.schema["type"]):
                return None
            raise ParamValidationError(f"Param {name!r} has no value and no default. Give it one")
        if wrong := _misfit(found, self.schema):
            raise ParamValidationError(f"Param {name!r} is {found!r}, {wrong}")
        return found


class ParamsDict(dict[str, Any]):
    """Declared params by name; `in_run` gives their values."""

    def declare(self, name: str, default: Any) -> None:
        """Add one, unless it is there."""
        self.setdefault(name, default)

    def in_run(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Values: those given, else the defaults. Raises ParamValidationError."""
        made = {}
        for name, one in self.items():
            declared = one if isinstance(one, Param) else Param(one)
            made[name] = declared.resolve(name, given[name]) if name in given else declared.resolve(name)
        return made


def _listed(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _misfit(value: Any, schema: Mapping[str, Any]) -> str:
    """What is wrong with a value, '' when it fits."""
    if "type" in schema:
        kinds = _listed(schema["type"])
        if not any(_is(value, kind) for kind in kinds):
            return f"which is no {' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"which is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        return f"which is not {schema['const']!r}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            return f"which is less than {schema['minimum']}"
        if "maximum" in schema and value > schema["maximum"]:
            return f"which is more than {schema['maximum']}"
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0) or len(value) > schema.get("maxLength", len(value)):
            return f"whose length is not between {schema.get('minLength', 0)} and {schema.get('maxLength', 'any')}"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return f"which does not match {schema['pattern']}"
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        return next((wrong for one in value if (wrong := _misfit(one, schema["items"]))), "")
    return ""


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES.get(kind, ()))
