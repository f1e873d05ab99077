"""How values that are no JSON become files: tables as Arrow, arrays as .npy, paths as they are, estimators by skops.

A codec says which values it takes by looking at the type's module, so that no library is imported to ask.
`register_codec` adds one; the one registered last is asked first.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tenfold.base.errors import Invalid
from tenfold.base.extras import require
from tenfold.pipelines.values.estimators import foreign_code, load_estimator, save_estimator


class PartFiles(Protocol):
    """The files of one part, in the process that loads it."""

    def path(self, name: str) -> Path:
        """One file, read-only, good for a memory map."""

    def checkout(self) -> Path:
        """A folder of its own with all files, for the life of the step."""


@dataclass(frozen=True)
class Codec:
    """`save` writes files into an empty folder and gives notes for `load` (JSON); `type` is shown to readers.

    `runs_code` names what in a stored part would run code of whoever stored it when `load` reads it, '' for nothing.
    """

    name: str
    type: str
    takes: Callable[[Any], bool]
    save: Callable[[Any, Path], dict[str, Any]]
    load: Callable[[PartFiles, dict[str, Any]], Any]
    runs_code: Callable[[PartFiles, dict[str, Any]], str] = lambda files, notes: ""


_codecs: list[Codec] = []


def register_codec(codec: Codec) -> None:
    """Add a codec, or replace the one of the same name. Do it where the steps are defined, so that workers do it too."""
    _codecs[:] = [codec, *(known for known in _codecs if known.name != codec.name)]


def codec_for(value: Any) -> Codec | None:
    """The codec that takes a value, or None."""
    return next((codec for codec in _codecs if codec.takes(value)), None)


def codec_named(name: str) -> Codec:
    """The codec of a stored part. Raises Invalid when it is not registered in this process."""
    for codec in (*_codecs, PICKLE):
        if codec.name == name:
            return codec
    raise Invalid(
        f"A stored value was kept by the codec {name!r}, which is not registered here. Import what registers it"
    )


def _is(value: Any, root: str, *names: str) -> bool:
    """True when the value's class, or one it derives from, is one of these names of a library."""
    return any(cls.__module__.partition(".")[0] == root and cls.__name__ in names for cls in type(value).__mro__)


def _save_pandas(value: Any, folder: Path) -> dict[str, Any]:
    arrow = require("pyarrow", extra="tables", why="pass pandas tables between steps")
    series = _is(value, "pandas", "Series")
    frame = value.to_frame(name="values") if series else value
    try:
        table = arrow.Table.from_pandas(frame)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError, TypeError, ValueError) as error:
        raise Invalid(
            f"A pandas table cannot be kept as Arrow: {error}. Give each column values of one type"
        ) from error
    _write_arrow(table, folder)
    notes: dict[str, Any] = {"rows": table.num_rows, "columns": [str(name) for name in frame.columns]}
    notes["objects"] = [index for index, kind in enumerate(frame.dtypes) if str(kind) == "object"]
    notes["nan"] = [index for index in notes["objects"] if _missing_is_nan(frame.iloc[:, index])]
    if series:
        notes["series"] = value.name
    if getattr(frame.index, "freqstr", None):
        notes["freq"] = frame.index.freqstr
    return notes


def _missing_is_nan(column: Any) -> bool:
    """Whether what is missing in a column of objects is NaN, not None."""
    missing = column[column.isna()]
    return len(missing) > 0 and missing.iloc[0] is not None


def _save_index(value: Any, folder: Path) -> dict[str, Any]:
    import pandas

    return {**_save_pandas(pandas.DataFrame(index=value), folder), "index": True}


def _load_pandas(files: PartFiles, notes: dict[str, Any]) -> Any:
    frame = _open_arrow(files).to_pandas()
    for index in notes.get("objects", ()):  # pandas 3 reads text back as its own string type
        if str(frame.dtypes.iloc[index]) != "object":
            column = frame.iloc[:, index].astype(object)
            nan = index in notes.get("nan", ())
            frame.isetitem(index, column if nan else column.where(column.notna(), None))
    if "freq" in notes:
        frame.index.freq = notes["freq"]
    return frame.iloc[:, 0].rename(notes["series"]) if "series" in notes else frame


def _save_polars(value: Any, folder: Path) -> dict[str, Any]:
    frame = value.to_frame() if _is(value, "polars", "Series") else value
    frame.write_ipc(folder / "table.arrow", compression="uncompressed")
    notes = {"rows": frame.height, "columns": list(frame.columns)}
    return {**notes, "series": True} if frame is not value else notes


def _load_polars(files: PartFiles, notes: dict[str, Any]) -> Any:
    polars = require("polars", extra="tables", why="read a polars table that a step made")
    frame = polars.read_ipc(files.path("table.arrow"))
    return frame.to_series() if notes.get("series") else frame


def _save_arrow(value: Any, folder: Path) -> dict[str, Any]:
    _write_arrow(value, folder)
    return {"rows": value.num_rows, "columns": list(value.column_names)}


def _save_arrow_array(value: Any, folder: Path) -> dict[str, Any]:
    arrow = require("pyarrow", extra="tables", why="pass Arrow arrays between steps")
    chunks = value.chunks if _is(value, "pyarrow", "ChunkedArray") else [value]
    table = arrow.table({"values": arrow.chunked_array(chunks, type=value.type)})
    _write_arrow(table, folder)
    return {"rows": len(value), "columns": ["values"], "chunked": _is(value, "pyarrow", "ChunkedArray")}


def _load_arrow_array(files: PartFiles, notes: dict[str, Any]) -> Any:
    column = _open_arrow(files).column(0)
    return column if notes["chunked"] else column.combine_chunks()


def _save_arrow_batch(value: Any, folder: Path) -> dict[str, Any]:
    arrow = require("pyarrow", extra="tables", why="pass Arrow batches between steps")
    return _save_arrow(arrow.Table.from_batches([value]), folder)


def _load_arrow_batch(files: PartFiles, notes: dict[str, Any]) -> Any:
    return _open_arrow(files).combine_chunks().to_batches()[0]


def _write_arrow(table: Any, folder: Path) -> None:
    ipc = require("pyarrow.ipc", extra="tables", why="pass tables between steps")
    with ipc.new_file(str(folder / "table.arrow"), table.schema) as writer:
        if table.num_rows:
            writer.write_table(table)
        else:  # a file without a batch would lose the categories of its columns
            arrow = require("pyarrow", extra="tables", why="pass tables between steps")
            empty = [c.chunk(0) if c.num_chunks else arrow.array([], c.type) for c in table.columns]
            writer.write_batch(arrow.record_batch(empty, schema=table.schema))


def _open_arrow(files: PartFiles) -> Any:
    arrow = require("pyarrow", extra="tables", why="read a table that a step made")
    ipc = require("pyarrow.ipc", extra="tables", why="read a table that a step made")
    return ipc.open_file(arrow.memory_map(str(files.path("table.arrow")))).read_all()


def _save_array(value: Any, folder: Path) -> dict[str, Any]:
    import numpy

    numpy.save(folder / "array.npy", value, allow_pickle=False)
    return {"shape": list(value.shape), "dtype": str(value.dtype)}


def _load_array(files: PartFiles, notes: dict[str, Any]) -> Any:
    import numpy

    return numpy.load(files.path("array.npy"), allow_pickle=False)


def _takes_array(value: Any) -> bool:
    return _is(value, "numpy", "ndarray") and type(value).__name__ == "ndarray" and not value.dtype.hasobject


def _load_path(files: PartFiles, notes: dict[str, Any]) -> Path:
    return files.checkout() / str(notes["name"])


def _save_path(value: Path, folder: Path) -> dict[str, Any]:
    (folder / value.name).symlink_to(value.resolve())
    return {"name": value.name, "folder": value.is_dir()}


def _save_pickle(value: Any, folder: Path) -> dict[str, Any]:
    (folder / "value.pkl").write_bytes(pickle.dumps(value, protocol=5))
    return {"class": f"{type(value).__module__}.{type(value).__qualname__}"}


def _load_pickle(files: PartFiles, notes: dict[str, Any]) -> Any:
    return pickle.loads(files.path("value.pkl").read_bytes())


def _says_pickle(files: PartFiles, notes: dict[str, Any]) -> str:
    return f"a pickle, of {notes.get('class', 'something')}"


PICKLE = Codec("pickle", "pickle", lambda value: True, _save_pickle, _load_pickle, _says_pickle)
"""Only for steps that allow it."""

for _codec in (
    Codec(
        "skops",
        "model/sklearn",
        lambda v: _is(v, "sklearn", "BaseEstimator"),
        save_estimator,
        load_estimator,
        foreign_code,
    ),
    Codec("path", "files", lambda v: isinstance(v, Path), _save_path, _load_path),
    Codec("numpy", "array", _takes_array, _save_array, _load_array),
    Codec("arrow", "table", lambda v: _is(v, "pyarrow", "Table"), _save_arrow, lambda files, notes: _open_arrow(files)),
    Codec(
        "arrow array",
        "table",
        lambda v: _is(v, "pyarrow", "Array", "ChunkedArray"),
        _save_arrow_array,
        _load_arrow_array,
    ),
    Codec("arrow batch", "table", lambda v: _is(v, "pyarrow", "RecordBatch"), _save_arrow_batch, _load_arrow_batch),
    Codec(
        "pandas index",
        "table",
        lambda v: _is(v, "pandas", "Index"),
        _save_index,
        lambda files, notes: _load_pandas(files, notes).index,
    ),
    Codec("polars", "table", lambda v: _is(v, "polars", "DataFrame", "Series"), _save_polars, _load_polars),
    Codec("pandas", "table", lambda v: _is(v, "pandas", "DataFrame", "Series"), _save_pandas, _load_pandas),
):
    register_codec(_codec)
