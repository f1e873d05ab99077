"""The plots that stages and dvc.yaml name: their points at one state of the repository or several, side by side."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from tenfold.base.errors import BlobNotFound, Invalid, NotFound
from tenfold.doors.dvc.files import yaml12
from tenfold.doors.dvc.files.dvc_files import place_of
from tenfold.doors.dvc.records import MD5, Content
from tenfold.doors.dvc.repo import Repo
from tenfold.doors.dvc.revisions import at_revision, git

PICTURES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".svg": "svg+xml", ".webp": "webp"}

Row = dict[str, Any]


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """One field over another, at one revision; '' is the working copy. A picture has its bytes instead."""

    revision: str
    source: str
    field: str = ""
    x: list[Any] = []
    y: list[Any] = []
    picture: bytes | None = None


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """One drawing: what is in it, and its words as dvc.yaml gives them."""

    name: str
    title: str
    x_label: str
    y_label: str
    template: str = "linear"
    series: list[Series]
    problems: list[str] = []
    """What could not be read, where."""


class _Wanted(msgspec.Struct):
    """A plot as it is named: fields of the x axis by file (one for all under ''), fields of the y axis by file."""

    name: str
    xs: dict[str, str]
    ys: dict[str, list[str]]
    words: dict[str, Any]


def plots_of(repo: Repo, revisions: Iterable[str] = ("",), targets: Iterable[str] = ()) -> list[Plot]:
    """The plots at each of the revisions, '' for the working copy, in order of names.

    Args:
        targets: Names or files of plots; all for none.

    Raises:
        NotFound: git knows no such revision, or a target names no plot.
    """
    found: dict[str, Plot] = {}
    with ExitStack() as stack:
        for revision in revisions:
            state = stack.enter_context(at_revision(repo, revision)) if revision else repo
            reader = _Reader(repo, state, revision)
            for wanted in _wanted(state):
                series, problems = reader.series(wanted)
                words = wanted.words
                old = found.get(wanted.name)
                found[wanted.name] = Plot(
                    name=wanted.name,
                    title=str(words.get("title") or wanted.name),
                    x_label=str(words.get("x_label") or next(iter(wanted.xs.values()), "step")),
                    y_label=str(words.get("y_label") or next((ys[0] for ys in wanted.ys.values() if ys), "")),
                    template=str(words.get("template") or "linear"),
                    series=[*(old.series if old else []), *series],
                    problems=[*(old.problems if old else []), *problems],
                )
    given = list(targets)
    for target in given:
        if not any(_is_meant(plot, target) for plot in found.values()):
            raise NotFound(f"No plot {target!r}. There are: {', '.join(sorted(found)) or 'none'}")
    return [found[name] for name in sorted(found) if not given or any(_is_meant(found[name], one) for one in given)]


def _is_meant(plot: Plot, target: str) -> bool:
    path = os.path.normpath(target)
    return target == plot.name or any(one.source == path or one.source.startswith(f"{path}/") for one in plot.series)


def _wanted(state: Repo) -> Iterator[_Wanted]:
    named: set[str] = set()
    for pipeline in state.pipelines:
        base = pipeline.path.parent
        for entry in pipeline.plots:
            for name, words in entry.items() if isinstance(entry, dict) else [(str(entry), {})]:
                wanted = _of_top(state, base, str(name), words or {})
                named.add(wanted.name)
                yield wanted
    for stage in state.stages:
        for out in stage.outs:
            path = _path(state, out.place)
            if out.plot is not None and path not in named:
                yield _Wanted(path, _one(out.plot.get("x")), {path: _listed(out.plot.get("y"))}, out.plot)


def _of_top(state: Repo, base: Path, name: str, words: dict[str, Any]) -> _Wanted:
    def path(text: str) -> str:
        return _path(state, place_of(text, base))

    y = words.get("y")
    ys = (
        {path(file): _listed(fields) for file, fields in y.items()} if isinstance(y, dict) else {path(name): _listed(y)}
    )
    x = words.get("x")
    xs = {path(file): str(field) for file, field in x.items()} if isinstance(x, dict) else _one(x)
    return _Wanted(name if isinstance(y, dict) else path(name), xs, ys, words)


def _path(state: Repo, place: Path) -> str:
    return os.path.relpath(place, state.root)


def _one(field: Any) -> dict[str, str]:
    return {"": str(field)} if field else {}


def _listed(fields: Any) -> list[str]:
    return [str(one) for one in fields] if isinstance(fields, list) else [str(fields)] if fields else []


class _Reader:
    """Reads files of one state: from the working copy, git, or the cache."""

    def __init__(self, repo: Repo, state: Repo, revision: str) -> None:
        self._repo, self._state, self._revision = repo, state, revision
        self._rows: dict[str, list[Row]] = {}

    def series(self, wanted: _Wanted) -> tuple[list[Series], list[str]]:
        """What is wanted, and what could not be read."""
        found: list[Series] = []
        problems: list[str] = []
        for source, fields in wanted.ys.items():
            for path in self._files(source):
                try:
                    found += self._of_file(path, fields, wanted.xs.get(source) or wanted.xs.get(""), wanted.xs)
                except (NotFound, BlobNotFound, Invalid) as error:
                    problems.append(f"{path} at {self._revision or 'the working copy'}: {error}")
        return found, problems

    def _of_file(self, path: str, fields: list[str], x: str | None, xs: dict[str, str]) -> Iterator[Series]:
        if PurePosixPath(path).suffix.lower() in PICTURES:
            yield Series(revision=self._revision, source=path, picture=self._bytes(path))
            return
        rows = self._read(path)
        if not rows:
            raise Invalid("it has no rows")
        x_rows = rows
        if x is None and len(xs) == 1:  # the x axis of all comes from one file
            ((source, x),) = xs.items()
            x_rows = self._read(source) if source else rows
        for field in fields or [next((key for key in reversed(rows[0]) if key != x), "")]:
            if not any(field in row for row in rows) or (x is not None and not any(x in row for row in x_rows)):
                raise Invalid(
                    f"it has no {field if not any(field in row for row in rows) else x}; it has {', '.join(rows[0])}"
                )
            across = [row.get(x) for row in x_rows] if x is not None else list(range(len(rows)))
            yield Series(
                revision=self._revision, source=path, field=field, x=across[: len(rows)], y=[row.get(field) for row in rows]
            )  # fmt: skip

    def _files(self, source: str) -> list[str]:
        place = self._state.root / source
        if place.is_dir():
            return sorted(_path(self._state, path) for path in place.rglob("*") if path.is_file())
        content = self._content(source)
        if content is not None and content.is_folder and self._repo.cache.has(content.md5, legacy=content.hash != MD5):
            return [
                f"{source}/{name}" for name in self._repo.cache.folder_files(content.md5, legacy=content.hash != MD5)
            ]
        if self._revision and content is None:
            names = (
                git(self._repo, "ls-tree", "-r", "-z", "--name-only", self._revision, "--", source)
                .decode()
                .split("\x00")
            )
            return sorted(name for name in names if name) or [source]
        return [source]

    def _content(self, path: str) -> Content | None:
        at = self._state.out_at(self._state.root / path)
        return at[1].content if at is not None and at[1].cache else None

    def _bytes(self, path: str) -> bytes:
        place = self._state.root / path
        if place.is_file():
            return place.read_bytes()
        at = self._state.out_at(place)
        if at is not None and at[1].content is not None and at[1].cache:
            content, legacy = at[1].content, at[1].content.hash != MD5
            if not content.is_folder:
                return self._repo.cache.read(content.md5, legacy=legacy)
            files = self._repo.cache.folder_files(content.md5, legacy=legacy)
            return self._repo.cache.read(files[os.path.relpath(place, at[1].place)], legacy=legacy)
        if self._revision:
            return git(self._repo, "show", f"{self._revision}:./{path}")
        raise NotFound("it is not there. Make it with: tenfold dvc repro")

    def _read(self, path: str) -> list[Row]:
        if path not in self._rows:
            self._rows[path] = rows_of(self._bytes(path), path)
        return self._rows[path]


def rows_of(data: bytes, path: str) -> list[Row]:
    """The rows of a CSV or TSV file with a header, or of the first list of mappings in a JSON or YAML file.

    Raises:
        Invalid: It is none of these.
    """
    suffix = PurePosixPath(path).suffix.lower()
    try:
        text = data.decode("utf-8")
        if suffix in (".csv", ".tsv"):
            reader = csv.DictReader(io.StringIO(text), delimiter="\t" if suffix == ".tsv" else ",")
            return [{key: _number(value) for key, value in row.items()} for row in reader]
        if suffix in (".json", ".yaml", ".yml"):
            return _first_list(json.loads(text) if suffix == ".json" else yaml12.load(text, path)) or []
    except (ValueError, csv.Error) as error:
        raise Invalid(f"it cannot be read: {error}") from error
    raise Invalid("plots are CSV, TSV, JSON or YAML files, or pictures")


def _first_list(value: Any) -> list[Row] | None:
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return value
    if isinstance(value, dict):
        return next((found for inner in value.values() if (found := _first_list(inner))), None)
    return None


def _number(text: Any) -> Any:
    try:
        return float(text) if "." in text or "e" in text.lower() or "n" in text.lower() else int(text)
    except (ValueError, AttributeError, TypeError):
        return text
