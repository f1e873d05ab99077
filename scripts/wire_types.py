"""Write ui/src/wire.ts: the TypeScript types of every Struct that crosses the wire. `--check` only says whether it is fresh."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from msgspec import inspect

from tenfold.records import Curve, Event, Explanation, Graph
from tenfold.server import wire
from tenfold.workspace.model_comparison import ModelComparison
from tenfold.workspace.production import Production

TARGET = Path(__file__).resolve().parent.parent / "ui" / "src" / "wire.ts"
HEADER = """// Made by scripts/wire_types.py from the Structs of src/tenfold/server/wire. Do not edit.
// Times are UTC milliseconds. A field with ? may be absent: it then has its default (empty, false, 0 or null).

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
"""


def typescript() -> str:
    """The text of wire.ts, types sorted by name."""
    roots = [getattr(wire, name) for name in wire.__all__] + [
        Curve,
        Event,
        Explanation,
        Graph,
        ModelComparison,
        Production,
    ]
    structs: dict[str, inspect.StructType] = {}
    for found in inspect.multi_type_info(roots):
        _collect(found, structs)
    return HEADER + "".join("\n" + _interface(structs[name]) for name in sorted(structs))


def _collect(found: inspect.Type, structs: dict[str, inspect.StructType]) -> None:
    if isinstance(found, inspect.StructType):
        if found.cls.__name__ in structs:
            return
        structs[found.cls.__name__] = found
        for field in found.fields:
            _collect(field.type, structs)
    elif isinstance(found, inspect.UnionType):
        for member in found.types:
            _collect(member, structs)
    elif isinstance(found, inspect.ListType):
        _collect(found.item_type, structs)
    elif isinstance(found, inspect.DictType):
        _collect(found.value_type, structs)


def _interface(found: inspect.StructType) -> str:
    config = found.cls.__struct_config__
    doc = (found.cls.__doc__ or "").strip()
    lines = [f"/** {' '.join(doc.split())} */"] if doc else []
    lines.append(f"export interface {found.cls.__name__} {{")
    for field in found.fields:
        optional = "?" if config.omit_defaults and not field.required else ""
        lines.append(f"  {field.encode_name}{optional}: {_type(field.type)};")
    return "\n".join([*lines, "}", ""])


def _type(found: inspect.Type) -> str:
    match found:
        case inspect.StructType():
            return found.cls.__name__
        case inspect.IntType() | inspect.FloatType():
            return "number"
        case inspect.StrType():
            return "string"
        case inspect.BoolType():
            return "boolean"
        case inspect.NoneType():
            return "null"
        case inspect.AnyType():
            return "Json"
        case inspect.LiteralType():
            return " | ".join(msgspec.json.encode(value).decode() for value in found.values)
        case inspect.UnionType():
            return " | ".join(_type(member) for member in found.types)
        case inspect.ListType():
            inner = _type(found.item_type)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case inspect.TupleType():
            return f"[{', '.join(_type(member) for member in found.item_types)}]"
        case inspect.DictType():
            return f"Record<string, {_type(found.value_type)}>"
    raise TypeError(f"no TypeScript for {found}: add it to scripts/wire_types.py")


def main() -> int:
    text = typescript()
    if "--check" in sys.argv:
        return 0 if TARGET.exists() and TARGET.read_text() == text else 1
    TARGET.write_text(text)
    print(f"wrote {TARGET.relative_to(TARGET.parent.parent.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
