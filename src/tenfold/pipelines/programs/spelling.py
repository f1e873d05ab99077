"""Values as words of a command line: texts and numbers as they are, everything else as the path of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.pipelines.programs.definition import InputKind


def spelled(name: str, value: Any, kind: InputKind, folder: Path) -> str:
    """The word that stands for an input; a file that must be made for it is put into `folder`.

    `auto`: a path is itself; texts, numbers and booleans are their text; a table is a Parquet file; lists, dicts and None
    are a JSON file.

    Raises:
        Invalid: A value that cannot be written so.
    """
    if isinstance(value, Path):
        return str(value.absolute())
    if kind == "auto" and isinstance(value, (str, int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "text":
        return _written(folder / f"{name}.txt", str(value).encode())
    if kind in ("csv", "parquet") or (kind == "auto" and _is_table(value)):
        return _table(name, value, "csv" if kind == "csv" else "parquet", folder)
    try:
        return _written(folder / f"{name}.json", msgspec.json.encode(value, enc_hook=_path))
    except (TypeError, ValueError) as error:
        raise Invalid(
            f"Input {name!r} is a {type(value).__name__}, which has no spelling for a program. Give it a Path, a text, a "
            "table or plain data"
        ) from error


def _path(value: Any) -> str:
    """A path inside of a list or dict."""
    if isinstance(value, Path):
        return str(value.absolute())
    raise TypeError(f"a {type(value).__name__}")


def _written(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def _is_table(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow")


def _table(name: str, value: Any, kind: str, folder: Path) -> str:
    path = folder / f"{name}.{kind}"
    root = type(value).__module__.partition(".")[0]
    if root == "pandas" and hasattr(value, "to_parquet"):
        value.to_csv(path, index=False) if kind == "csv" else value.to_parquet(path)
    elif root == "polars" and hasattr(value, "write_parquet"):
        value.write_csv(path) if kind == "csv" else value.write_parquet(path)
    elif root == "pyarrow" and type(value).__name__ == "Table":
        module = require(f"pyarrow.{kind}", extra="tables", why=f"write a table as {kind}")
        (module.write_csv if kind == "csv" else module.write_table)(value, str(path))
    else:
        raise Invalid(f"Input {name!r} is a {type(value).__name__}, which is no table that can be written as {kind}")
    return str(path)
