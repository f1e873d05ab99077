"""What a reader of another tool's files gives: runs and models in neutral words, before they have a place here."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base.addresses import check_path
from tenfold.base.errors import InvalidAddress
from tenfold.records import CodeVersion, Points
from tenfold.records.run import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedItem:
    """Files a run made, to become one version. `key` is what they were logged as; `name` one made of the run when ''."""

    key: str
    files: Mapping[str, Path | bytes]
    kind: str = "media"
    name: str = ""
    type: str = ""
    step: int | None = None
    at_ms: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRun:
    """A run of another tool. `id` is its id there and says, with `source`, which run here it is.

    A reader gives parents before their children. `points` and `items` may be generators: they are read once, before
    the reader is asked for the next run. Points of a key come in the order of the source, which only ever grows.
    """

    source: str
    id: str
    project: str
    name: str = ""
    kind: str = "training"
    state: RunState = "finished"
    started_at_ms: int = 0
    ended_at_ms: int | None = None
    deleted_at_ms: int | None = None
    parent: str | None = None
    group: str | None = None
    user: str = ""
    host: str = ""
    error: str | None = None
    notes: str = ""
    code: CodeVersion | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    points: Iterable[tuple[str, Points]] = ()
    items: Iterable[ImportedItem] = ()
    console: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedModelVersion:
    """One version of a registered model. `run` is the source's id of the run that made it."""

    number: int
    files: Mapping[str, Path | bytes]
    run: str | None = None
    created_at_ms: int = 0
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedModel:
    """A registered model with its versions, oldest first. A reader gives it after the runs."""

    source: str
    name: str
    versions: tuple[ImportedModelVersion, ...]


class Gathering:
    """Points gathered one at a time, by key, in the order they came."""

    def __init__(self) -> None:
        self._columns: dict[str, tuple[array[int], array[float], array[int]]] = {}

    def add(self, key: str, step: int, value: float, at_ms: int) -> None:
        """One point. Raises OverflowError for a step or time beyond 64 bits; then nothing was added."""
        if not (-(2**63) <= step < 2**63 and -(2**63) <= at_ms < 2**63):
            raise OverflowError(f"step {step} or time {at_ms} has more than 64 bits")
        columns = self._columns.get(key)
        if columns is None:
            columns = self._columns[key] = (array("q"), array("d"), array("q"))
        columns[0].append(step)
        columns[1].append(value)
        columns[2].append(at_ms)

    def count(self, key: str) -> int:
        """How many points a key has so far: the step of a point that came without one."""
        return len(self._columns[key][0]) if key in self._columns else 0

    def points(self) -> Iterator[tuple[str, Points]]:
        """(key, its points), in order of key."""
        for key in sorted(self._columns):
            yield key, points_of(*self._columns[key])


def points_of(steps: array[int], values: array[float], times_ms: array[int]) -> Points:
    """Three columns as they are stored: little-endian, as every machine Tenfold runs on has them."""
    return Points(steps.tobytes(), values.tobytes(), times_ms.tobytes())


def files_below(folder: Path, unplaced: Counter[str]) -> dict[str, Path]:
    """The files below a folder by their path in it, sorted; symlinks and names no tree can have are counted instead."""
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            unplaced["symlinks among artifacts"] += 1
        elif path.is_file():
            name = path.relative_to(folder).as_posix()
            try:
                files[check_path(name)] = path
            except InvalidAddress:
                unplaced["files whose name no artifact can have"] += 1
    return files


def histogram_item(key: str, counts: list[float], edges: list[float], *, step: int | None, at_ms: int) -> ImportedItem:
    """A histogram, as `run.log_histogram` keeps one."""
    content = msgspec.json.encode({"counts": counts, "edges": edges, "not_finite": 0})
    return ImportedItem(key=key, files={"histogram.json": content}, type="histogram/json", step=step, at_ms=at_ms)


def table_item(key: str, columns: list[str], rows: list[list[Any]], *, step: int | None = None) -> ImportedItem:
    """A table, as `run.log_table` keeps one; what JSON has no word for becomes text."""
    content = msgspec.json.encode({"columns": columns, "rows": rows}, enc_hook=str)
    metadata = {"columns": columns, "rows": len(rows)}
    return ImportedItem(key=key, files={"table.json": content}, type="table/json", step=step, metadata=metadata)
