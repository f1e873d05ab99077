"""What is logged besides numbers, turned into the bytes that are kept: texts, files, images, tables, histograms."""

from __future__ import annotations

import io
import math
import re
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

LARGEST_TABLE_ROWS = 100_000


class Media(NamedTuple):
    """One file of an artifact of kind media, its type for readers, and what a page wants to know before loading it.

    `more` are files beside it, as the numbers behind a drawing; their names sort after its own, which pages show first.
    """

    file_name: str
    content: Path | bytes
    type: str
    metadata: dict[str, Any]
    more: Mapping[str, Path | bytes] = {}


def name_of(run_id: str, key: str) -> str:
    """The name of the artifact that a key's media are versions of."""
    return f"{run_id}.{re.sub(r'[^A-Za-z0-9._+-]', '.', key)}"[:200]


def of_text(text: str) -> Media:
    """A text, UTF-8."""
    return Media("text.txt", str(text).encode("utf-8", "replace"), "text", {})


def of_file(path: Path) -> Media:
    """A file as it is now. Raises FileNotFoundError, IsADirectoryError."""
    return Media(path.name, path.read_bytes(), "file", {"file": path.name})


def of_image(image: Any) -> Media:
    """An image as PNG, or a file of any image format as it is."""
    if isinstance(image, (str, Path)):
        path = Path(image)
        return Media(path.name, path.read_bytes(), f"image/{path.suffix.lstrip('.').lower() or 'png'}", {})
    buffer = io.BytesIO()
    if hasattr(image, "savefig"):
        image.savefig(buffer, format="png")
    elif hasattr(image, "save"):
        image.save(buffer, format="PNG")
    else:
        buffer.write(_png(image))
    return Media("image.png", buffer.getvalue(), "image/png", {})


def of_table(table: Any) -> Media:
    """A table as JSON {"columns": […], "rows": [[…]]}; NaN becomes null."""
    columns, rows = _table(table)
    if len(rows) > LARGEST_TABLE_ROWS:
        raise ValueError(f"it has {len(rows):,} rows; log at most {LARGEST_TABLE_ROWS:,}, or save() it as data")
    content = msgspec.json.encode({"columns": columns, "rows": plain(rows)}, enc_hook=str)
    return Media("table.json", content, "table/json", {"columns": columns, "rows": len(rows)})


def of_histogram(values: Any, bins: int) -> Media:
    """A histogram as JSON {"counts": […], "edges": […]}. Values that are not finite are counted apart."""
    import numpy as np

    missing = 0
    if isinstance(values, tuple) and len(values) == 2 and len(values[1]) == len(values[0]) + 1:
        counts, edges = np.asarray(values[0]), np.asarray(values[1], dtype=float)
    else:
        flat = np.asarray(values, dtype=float).ravel()
        finite = flat[np.isfinite(flat)]
        missing = len(flat) - len(finite)
        counts, edges = np.histogram(finite, bins=bins)
    content = msgspec.json.encode({"counts": counts.tolist(), "edges": edges.tolist(), "not_finite": missing})
    return Media("histogram.json", content, "histogram/json", {})


def files_of(content: str | Path | Mapping[str, Path | bytes]) -> dict[str, Path | bytes]:
    """The files to save by their path in the tree. Raises FileNotFoundError."""
    if isinstance(content, Mapping):
        return {path: data if isinstance(data, bytes) else Path(data) for path, data in content.items()}
    path = Path(content)
    if path.is_dir():
        return {str(each.relative_to(path)): each for each in sorted(path.rglob("*")) if each.is_file()}
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}. Check the path passed to save()")
    return {path.name: path}


def plain(value: Any) -> Any:
    """A value as a tree of JSON values: array scalars become numbers, paths and all else unknown become text."""
    if value is None or isinstance(value, (str, bool, int, float)):
        if isinstance(value, float) and type(value) is not float:
            return float(value)
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(inner) for inner in value), key=str)
    if hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return plain(value.item())
    return str(value)


def _table(table: Any) -> tuple[list[str], list[list[Any]]]:
    if isinstance(table, Mapping):
        columns = [str(key) for key in table]
        lists = [list(column) for column in table.values()]
        return columns, [list(row) for row in zip(*lists, strict=True)]
    if hasattr(table, "rows") and hasattr(table, "columns"):  # polars
        return [str(name) for name in table.columns], [list(row) for row in table.rows()]
    if hasattr(table, "itertuples"):  # pandas
        names = [str(name) for name in table.columns]
        return names, [[_no_nan(cell) for cell in row] for row in table.itertuples(index=False, name=None)]
    rows = list(table)
    names = list(dict.fromkeys(str(key) for row in rows for key in row))
    return names, [[row.get(name) for name in names] for row in rows]


def _no_nan(cell: Any) -> Any:
    return None if isinstance(cell, float) and math.isnan(cell) else cell


def _png(pixels: Any) -> bytes:
    """A PNG of an array (height, width[, 1, 3 or 4]): bytes as they are, other numbers from 0 to 1."""
    import numpy as np

    array = np.asarray(pixels)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(f"an image has shape (height, width[, 1, 3 or 4]), not {array.shape}")
    if array.dtype != np.uint8:
        array = (np.clip(np.nan_to_num(array.astype(float)), 0, 1) * 255 + 0.5).astype(np.uint8)
    height, width, channels = array.shape
    colour = {1: 0, 3: 2, 4: 6}[channels]
    lines = np.concatenate([np.zeros((height, 1), np.uint8), array.reshape(height, -1)], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines.tobytes()))
        + chunk(b"IEND", b"")
    )
