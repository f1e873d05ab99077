"""Params of a pipeline by its signature: values checked and turned into what the annotations say, and their JSON schema.

Known annotations: numbers, texts, booleans, Literal, enums, Optional and unions, lists, tuples, sets, dicts, dataclasses,
msgspec structs, TypedDict, dates, times, durations, Decimal, UUID, Path; and ranges and lengths by Annotated, with
`msgspec.Meta(ge=0)` or what has such attributes (annotated_types). Values of other annotations are taken as they are.
"""

from __future__ import annotations

import collections.abc
import contextlib
import functools
import inspect
import json
import operator
import sys
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from tenfold.base.errors import Invalid
from tenfold.pipelines.values import decode
from tenfold.pipelines.values.skeleton import module_name

_LIMITS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern")
_LISTS = (list, tuple, set, frozenset, collections.abc.Sequence)


def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations that values can be checked by, by param."""
    try:
        found = typing.get_type_hints(function, include_extras=True)
    except Exception:  # a name that only a type checker knows
        return {}
    return {name: clean for name, hint in found.items() if name != "return" and _is_known(clean := _cleaned(hint))}


def typed(
    what: str, signature: inspect.Signature, hints: Mapping[str, Any], given: dict[str, Any], *, lax: bool
) -> Any:
    """Values as their annotations want them; defaults are left alone.

    Args:
        what: Begins the messages: "Pipeline 'train'".
        lax: They were typed or read from a file: "5" is a number where one is wanted, and a number a text.

    Raises:
        Invalid: A value that does not fit; names the param, what it takes, and how to give it.
    """
    made = {}
    for name, value in given.items():
        parameter = signature.parameters[name]
        several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        known = name in hints and not several and value is not parameter.default
        made[name] = _converted(what, name, hints[name], value, parameter.default, lax=lax) if known else value
    return made


_SAID = {"yes": True, "on": True, "no": False, "off": False}


def _converted(what: str, name: str, hint: Any, value: Any, default: Any, *, lax: bool) -> Any:
    if isinstance(value, dict) and "$" in value and _imports_nothing(value):
        with contextlib.suppress(Exception):
            value = decode(value, _no_part)
    tries: list[Any] = [value]
    if lax and isinstance(value, str) and _is_list(hint):
        tries.append([part.strip() for part in value.split(",")] if value.strip() else [])
    if lax and isinstance(value, str) and value.lower() in _SAID and bool in (hint, *get_args(hint)):
        tries.append(_SAID[value.lower()])
    if lax and isinstance(value, (int, float)):
        tries.append(json.dumps(value))
    error = ""
    for one in tries:
        try:
            return _as(one, hint, lax=lax)
        except (msgspec.ValidationError, ValueError, TypeError) as failed:
            error = error or str(failed)
    like = _example(hint, default)
    raise Invalid(
        f"{what}: {name} takes {says(hint)}, not {_short(value)} ({error.rstrip('.')}). Give it like {name}={like}",
        field=name,
    )


def _as(value: Any, hint: Any, *, lax: bool) -> Any:
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if isinstance(plain, type) and type(value) is plain and plain is hint and plain not in (int, float, str, bool):
        return value
    return msgspec.convert(value, hint, strict=not lax, dec_hook=_to_path, from_attributes=True)


def _to_path(kind: type, value: Any) -> Any:
    if isinstance(value, kind):
        return value
    if issubclass(kind, PurePath) and isinstance(value, str):
        return kind(value)
    raise TypeError(f"Expected a path, got {type(value).__name__}")


def _imports_nothing(value: Any) -> bool:
    """Whether the classes a value names are of modules that are loaded, as those of annotations are.

    A param may come with a request of a stranger, who would choose which module is imported, and so run.
    """
    if isinstance(value, list):
        return all(_imports_nothing(item) for item in value)
    if not isinstance(value, dict):
        return True
    module = str(value.get("type", "")).partition(":")[0]
    is_class = "$" in value and "type" in value and value["$"] != "numpy"
    known = not is_class or module in sys.modules or module == module_name("__main__")
    return known and all(_imports_nothing(item) for item in value.values())


def _no_part(leaf: Any) -> Any:
    raise Invalid(f"{leaf!r} is no param")


def shown(value: Any) -> str:
    """A param's part that JSON cannot say, as its run's record has it: a path by its name, else how it prints."""
    return str(value) if isinstance(value, PurePath) else repr(value)


def json_schema(signature: inspect.Signature, hints: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of the params: an object with a property for each, with its default; what has none is required."""
    kinds = [hints[name] for name in signature.parameters if name in hints]
    shapes, definitions = _components(kinds)
    known = dict(zip((name for name in signature.parameters if name in hints), shapes, strict=True))
    properties: dict[str, Any] = {}
    for name, parameter in signature.parameters.items():
        shape = dict(known.get(name, {}))
        if parameter.default is not parameter.empty:
            with contextlib.suppress(TypeError, ValueError, msgspec.MsgspecError):
                shape["default"] = msgspec.to_builtins(parameter.default, enc_hook=_path_text, str_keys=True)
        properties[name] = shape
    required = [name for name, one in signature.parameters.items() if one.default is one.empty]
    found: dict[str, Any] = {"type": "object", "properties": properties}
    return {**found, **({"required": required} if required else {}), **({"$defs": definitions} if definitions else {})}


def _components(kinds: list[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    shapes, definitions = msgspec.json.schema_components(kinds, schema_hook=_path_schema, ref_template="#/$defs/{name}")
    return list(shapes), definitions


def _path_schema(kind: type) -> dict[str, Any]:
    if issubclass(kind, PurePath):
        return {"type": "string", "format": "path"}
    raise NotImplementedError


def _path_text(value: Any) -> str:
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


def _is_known(hint: Any) -> bool:
    try:
        _components([hint])
    except (TypeError, NotImplementedError, ValueError):
        return False
    return hint is not Any


def _is_list(hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is Annotated or origin in (Union, types.UnionType):
        return any(_is_list(inner) for inner in get_args(hint)[: 1 if origin is Annotated else None])
    return (origin or hint) in _LISTS


def _cleaned(hint: Any) -> Any:
    """The annotation with limits as msgspec knows them, and nothing else that is annotated."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        limits: dict[str, Any] = {}
        for note in inner[1:]:
            limits |= {name: getattr(note, name) for name in _LIMITS if getattr(note, name, None) is not None}
        limits = {name: limit for name, limit in limits.items() if not callable(limit)}
        return Annotated[_cleaned(inner[0]), msgspec.Meta(**limits)] if limits else _cleaned(inner[0])
    if origin in (Union, types.UnionType):
        return functools.reduce(operator.or_, (_cleaned(one) for one in inner))
    if origin in (list, set, frozenset, tuple, dict) and inner:
        return origin[tuple(one if one is Ellipsis else _cleaned(one) for one in inner)]
    return hint


def says(hint: Any) -> str:
    """What a param takes, in words.

    >>> says(Annotated[int, msgspec.Meta(ge=1, le=9)])
    'a whole number from 1 to 9'
    """
    (shape,), definitions = _components([hint])
    return _words(shape, definitions)


_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "a text",
    "null": "null",
}
_FORMATS = {
    "path": "a path", "date-time": "a time like 2026-01-31T12:00:00Z", "date": "a date like 2026-01-31",
    "duration": "a duration like P1DT2H", "decimal": "a decimal number", "uuid": "a UUID", "time": "a time like 12:00:00",
}  # fmt: skip


def _words(shape: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "$ref" in shape:
        shape = definitions[shape["$ref"].rpartition("/")[2]]
    if "anyOf" in shape:
        return " or ".join(_words(one, definitions) for one in shape["anyOf"])
    if "enum" in shape:
        return f"one of {', '.join(map(str, shape['enum']))}"
    if shape.get("type") == "array":
        inner = shape.get("items")
        return f"a list of {_many(_words(inner, definitions))}" if isinstance(inner, dict) else "a list"
    if shape.get("type") == "object":
        names = ", ".join(shape.get("properties", {}))
        return f"an object with {names}" if names else "an object"
    word = _FORMATS.get(shape.get("format", ""), _NAMES.get(shape.get("type", ""), "a value"))
    return f"{word}{_range(shape)}"


def _many(word: str) -> str:
    first, _, rest = word.partition(" ")
    noun, _, limits = (rest if first in ("a", "an") else word).partition(" from ")
    return (
        f"{noun if noun.startswith(('one of', 'true', 'object')) else noun + 's'}{' from ' + limits if limits else ''}"
    )


def _range(shape: dict[str, Any]) -> str:
    low, high = shape.get("minimum"), shape.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    named = {
        "exclusiveMinimum": "more than", "minimum": "at least", "maximum": "at most", "exclusiveMaximum": "less than",
        "multipleOf": "a multiple of", "minLength": "of length at least", "maxLength": "of length at most", "pattern": "matching",
    }  # fmt: skip
    said = [f"{text} {shape[name]}" for name, text in named.items() if name in shape]
    return f" {', '.join(said)}" if said else ""


def _example(hint: Any, default: Any) -> str:
    if default is not inspect.Parameter.empty and default is not None:
        with contextlib.suppress(TypeError, ValueError, msgspec.MsgspecError):
            plain = msgspec.to_builtins(default, enc_hook=_path_text, str_keys=True)
            return plain if isinstance(plain, str) else json.dumps(plain)
    (shape,), definitions = _components([hint])
    while "$ref" in shape or "anyOf" in shape:
        shape = definitions[shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape["anyOf"][0]
    if "enum" in shape:
        return str(shape["enum"][0])
    least = shape.get("minimum", shape.get("maximum", 1))
    return {
        "integer": str(least), "number": str(least), "boolean": "true", "array": "[1,2]" , "object": "{…}", "null": "null",
    }.get(str(shape.get("type")), "text")  # fmt: skip


def _short(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= 80 else f"{said[:80]}…"


def read_text(hint: Any, text: str) -> Any:
    """A value as it was typed: JSON when it is JSON, else text; where only texts fit, "12" stays one."""
    quoted = text[:1] == '"'
    if hint is not None and not quoted:
        (shape,), definitions = _components([hint])
        kinds = _kinds(shape, definitions)
        if kinds <= {"string", "null"}:
            return None if text == "null" and "null" in kinds else text
    try:
        return msgspec.json.decode(text.encode())
    except msgspec.DecodeError:
        return text


def _kinds(shape: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    if "$ref" in shape:
        return _kinds(definitions[shape["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in shape:
        return {kind for one in shape["anyOf"] for kind in _kinds(one, definitions)}
    if "enum" in shape:
        names = {str: "string", type(None): "null"}
        return {names.get(type(value), "other") for value in shape["enum"]}
    return {str(shape.get("type", "any"))}


def read_config(file: Path) -> dict[str, Any]:
    """The params in a YAML, TOML or JSON file.

    Raises:
        Invalid: It cannot be read, or is no mapping of names.
    """
    try:
        data = file.read_bytes()
        read = {".json": msgspec.json.decode, ".toml": msgspec.toml.decode}.get(file.suffix.lower(), _yaml)
        found = read(data)
    except OSError as error:
        raise Invalid(
            f"{file} cannot be read: {error.strerror}. Name a YAML, TOML or JSON file", field="config"
        ) from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise Invalid(f"{file}: {error}. Correct it and run again", field="config") from error
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise Invalid(f"{file} holds no params by name. Write it like: lr: 0.1", field="config")
    return found


def _yaml(data: bytes) -> Any:
    import yaml

    try:
        return yaml.safe_load(data)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def layered(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Both together: what stands above wins, name by name, also inside objects that both have."""
    found = dict(below)
    for name, value in above.items():
        under = found.get(name)
        found[name] = layered(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return found


def put_in(params: dict[str, Any], names: list[str], value: Any) -> dict[str, Any]:
    """The params with one value set, by the names that lead to it: ["model", "depth"]."""
    for name in reversed(names):
        value = {name: value}
    return layered(params, value)
