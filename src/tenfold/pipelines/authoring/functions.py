"""Functions as arguments of steps: one at the top of a module goes by its name, and its code counts for the cache."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.pipelines.caching.code import function_digest
from tenfold.pipelines.values.codecs import Codec, PartFiles, register_codec
from tenfold.pipelines.values.skeleton import module_name, named


def _save(function: Any, folder: Path) -> dict[str, Any]:
    if "<" in function.__qualname__:
        raise Invalid(
            f"The function {function.__qualname__} goes to a step, which may run in another process. Give it a name at the "
            "top of a module"
        )
    name = f"{module_name(function.__module__)}:{function.__qualname__}"
    said = {"name": name, "code": function_digest(function)}
    (folder / "function.json").write_bytes(msgspec.json.encode(said))
    return {"name": name}


def _load(files: PartFiles, notes: dict[str, Any]) -> Any:
    return named(notes["name"])


register_codec(Codec("function", "function", lambda value: isinstance(value, types.FunctionType), _save, _load))
