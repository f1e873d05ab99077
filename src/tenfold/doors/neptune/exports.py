"""An export: `data/<project>/<run>_part_N.parquet` with one row a value, and `files/` beside it.

The columns are those of neptune-exporter's `model.py`: project_id, run_id, attribute_path, attribute_type, step,
timestamp, and one column a type of value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.base.addresses import check_path
from tenfold.base.errors import Invalid, InvalidAddress
from tenfold.base.extras import require
from tenfold.doors.neptune.attributes import Attributes
from tenfold.records import CodeVersion, Points
from tenfold.workspace.imported import ImportedItem, ImportedRun, files_below, histogram_item, table_item

if TYPE_CHECKING:
    import polars as pl

SOURCE = "neptune"
_REGISTRY = ("models", "model_versions")


def read(path: Path, unplaced: Counter[str], *, files: Path | None = None) -> Iterator[ImportedRun]:
    """The runs of an export, in order of their files' names.

    Args:
        path: The folder given to the exporter as data path, or the one that holds `data` and `files`.
        files: Its files path, when it is not `files` beside the data.

    Raises:
        Invalid: There is no export.
        MissingExtra: Polars is not installed.
    """
    polars = require("polars", extra="tables", why="read Neptune's exports")
    data = path / "data" if (path / "data").is_dir() else path
    groups: dict[str, list[Path]] = {}
    for part in sorted(data.rglob("*_part_*.parquet"), key=_order):
        if part.parent.name in _REGISTRY:
            unplaced["models and versions of Neptune's registry"] += part.name.endswith("_part_0.parquet")
        else:
            groups.setdefault(part.as_posix().rpartition("_part_")[0], []).append(part)
    if not groups:
        raise Invalid(f"There is no export in {path}. Name the folder neptune-exporter wrote its data to", field="path")
    for parts in groups.values():
        frame = polars.concat([polars.read_parquet(part) for part in parts], how="diagonal_relaxed")
        if frame.height:
            yield _run(frame, files or data.parent / "files", unplaced)


def _order(part: Path) -> tuple[str, int]:
    stem, _, number = part.stem.rpartition("_part_")
    return str(part.parent / stem), int(number) if number.isdigit() else 0


def _run(frame: pl.DataFrame, files: Path, unplaced: Counter[str]) -> ImportedRun:
    project, run_id = (str(frame[column][0]) for column in ("project_id", "run_id"))
    said = Attributes(frame)
    by_type = {str(key[0]): part for key, part in frame.partition_by("attribute_type", as_dict=True).items()}
    is_failed = bool(said.system.get("failed"))
    tags = {str(tag): "" for name in ("tags", "group_tags") for tag in said.system.get(name) or []}
    return ImportedRun(
        source=SOURCE,
        id=f"{project}/{run_id}",
        project=project,
        name=str(said.system.get("name") or said.system.get("custom_run_id") or run_id),
        state="failed" if is_failed else "finished",
        error="It failed in Neptune, whose export keeps no reason" if is_failed else None,
        started_at_ms=int(said.system.get("creation_time") or 0),
        ended_at_ms=said.last_at_ms,
        deleted_at_ms=said.last_at_ms if said.system.get("trashed") else None,
        user=str(said.system.get("owner") or ""),
        host=str(said.system.get("hostname") or ""),
        notes=str(said.system.get("description") or ""),
        code=CodeVersion(entry_point=said.entry_point) if said.entry_point else None,
        params=said.params,
        tags=tags,
        points=_points(by_type.get("float_series"), unplaced),
        items=_items(by_type, files, unplaced),
        console=_console(by_type.get("string_series")),
    )


def _points(frame: pl.DataFrame | None, unplaced: Counter[str]) -> Iterator[tuple[str, Points]]:
    if frame is None:
        return
    import polars as pl

    taken = set[str]()
    for (name,), part in frame.partition_by("attribute_path", as_dict=True, maintain_order=True).items():
        steps = part["step"].cast(pl.Float64).fill_null(0.0)
        if bool((steps != steps.floor()).any()):
            unplaced["series with fractional steps, which are numbered 0, 1, 2 …"] += 1
            steps = pl.Series(range(part.height), dtype=pl.Float64)
        key = str(name)
        if key.startswith("monitoring/") and (short := f"system/{key.split('/', 2)[-1]}") not in taken:
            key = short  # without the hash of the process, unless two of a run measured the same
        taken.add(key)
        yield (
            key,
            Points(
                steps.cast(pl.Int64).to_numpy().tobytes(),
                part["float_value"].fill_null(float("nan")).to_numpy().tobytes(),
                _times(part).to_numpy().tobytes(),
            ),
        )


def _times(part: pl.DataFrame) -> pl.Series:
    import polars as pl

    return part["timestamp"].dt.cast_time_unit("ms").cast(pl.Int64).fill_null(0)


def _items(by_type: dict[str, pl.DataFrame], files: Path, unplaced: Counter[str]) -> Iterator[ImportedItem]:
    known = {"float", "int", "string", "bool", "datetime", "string_set", "float_series"}
    for sort, frame in by_type.items():
        if sort == "string_series":
            yield from _texts(frame)
        elif sort == "histogram_series":
            yield from _histograms(frame, unplaced)
        elif sort in ("file", "file_series", "file_set", "artifact"):
            yield from _files(frame, files, unplaced, is_series=sort == "file_series")
        elif sort not in known:
            unplaced[f"attributes of type {sort}"] += frame.height


def _texts(frame: pl.DataFrame) -> Iterator[ImportedItem]:
    for (name,), part in frame.partition_by("attribute_path", as_dict=True, maintain_order=True).items():
        if not _is_console(str(name)):
            steps = [None if step is None else float(step) for step in part["step"]]
            rows = [[step, text] for step, text in zip(steps, part["string_value"], strict=True)]
            yield table_item(str(name), ["step", "text"], rows)


def _histograms(frame: pl.DataFrame, unplaced: Counter[str]) -> Iterator[ImportedItem]:
    times = _times(frame)
    for row, at_ms in zip(frame.iter_rows(named=True), times, strict=True):
        found = row["histogram_value"] or {}
        counts, edges = found.get("values") or [], found.get("edges") or []
        if len(edges) == len(counts) + 1:
            yield histogram_item(str(row["attribute_path"]), counts, edges, step=int(row["step"] or 0), at_ms=at_ms)
        else:
            unplaced["histograms without edges"] += 1


def _files(frame: pl.DataFrame, files: Path, unplaced: Counter[str], *, is_series: bool) -> Iterator[ImportedItem]:
    for row in frame.iter_rows(named=True):
        name = (row["file_value"] or {}).get("path")
        path = _inside(files, name)
        if path is None:
            unplaced["files that are not in the export"] += 1
            continue
        found: dict[str, Any] = files_below(path, unplaced) if path.is_dir() else {path.name: path}
        step = int(row["step"]) if is_series and row["step"] is not None else None
        yield ImportedItem(
            key=str(row["attribute_path"]), kind="media" if is_series else "output",
            type="folder" if path.is_dir() else "file", files=found, step=step,
        )  # fmt: skip


def _console(frame: pl.DataFrame | None) -> str:
    if frame is None:
        return ""
    lines = frame.filter([_is_console(name) for name in frame["attribute_path"]])
    return "".join(
        f"{text}\n" for text in lines.sort("timestamp", maintain_order=True)["string_value"] if text is not None
    )


def _is_console(name: str) -> bool:
    return name.startswith("monitoring/") and name.endswith(("/stdout", "/stderr"))


def _inside(files: Path, name: Any) -> Path | None:
    """What the export names, below its files, which a crafted name cannot leave."""
    try:
        path = files / check_path(str(name))
    except InvalidAddress:
        return None
    return path if path.exists() and path.resolve().is_relative_to(files.resolve()) else None
