"""`dvc.yaml` with what `dvc.lock` has of it: stages with foreach, matrix, vars and templates filled in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.dvc.files import templates, yaml12
from tenfold.doors.dvc.files.dvc_files import content_of, place_of
from tenfold.doors.dvc.records import Dep, Out, Params, Stage

_FLAGS = frozenset({"cache", "persist", "push", "remote"})
_EXTRA = frozenset({"desc", "type", "labels", "meta"})


class PipelineFile:
    """One dvc.yaml: its stages, in order, and the metrics, plots and params it names at its top level."""

    def __init__(self, path: Path) -> None:
        """Raises Invalid when the file, or dvc.lock beside it, cannot be read."""
        self.path = path
        self.lock_path = path.with_name("dvc.lock")
        data = yaml12.read(path) or {}
        if not isinstance(data, dict) or not isinstance(data.get("stages") or {}, dict):
            raise Invalid(f"{path} is no dvc.yaml: its stages are not names with values. Mend it and try again")
        self._data = data
        self._values = templates.gather(path.parent, data.get("vars") or [])
        self.lock = (yaml12.read(self.lock_path) if self.lock_path.exists() else None) or {}
        if not isinstance(self.lock, dict) or not isinstance(self.lock.get("stages") or {}, dict):
            raise Invalid(
                f"{self.lock_path} is no dvc.lock. If git left conflict marks in it, take one side and reproduce"
            )
        if "schema" not in self.lock and self.lock:
            self.lock = {"schema": "1.0", "stages": self.lock}
        self.metrics: list[str] = self._top("metrics")
        self.params: list[str] = self._top("params")
        self.plots: list[Any] = self._top("plots")
        self.stages = [self._stage(name, definition, values) for name, definition, values in self._definitions()]

    def _top(self, section: str) -> list[Any]:
        found = templates.resolve(self._data.get(section) or [], self._values, f"{self.path.name} {section}")
        return [{key: value} for key, value in found.items()] if isinstance(found, dict) else list(found)

    def _definitions(self) -> Iterator[tuple[str, dict[str, Any], templates.Values]]:
        for name, definition in (self._data.get("stages") or {}).items():
            where = f"{self.path.name}, stage {name!r}"
            if not isinstance(definition, dict):
                raise Invalid(f"{where} is not a mapping. Mend it and try again")
            if "foreach" in definition:
                items = templates.resolve(definition["foreach"], self._values, where)
                for key, more in _each(items, where):
                    yield f"{name}@{key}", definition["do"], self._values | more
            elif "matrix" in definition:
                body = {key: value for key, value in definition.items() if key != "matrix"}
                axes = templates.resolve(definition["matrix"], self._values, where)
                for key, more in _grid(axes):
                    yield f"{name}@{key}", body, self._values | more
            else:
                yield str(name), definition, self._values

    def _stage(self, name: str, definition: dict[str, Any], values: templates.Values) -> Stage:
        where = f"{self.path.name}, stage {name!r}"
        base = self.path.parent
        wdir = templates.resolve(definition.get("wdir"), values, where)
        folder = place_of(wdir, base) if wdir else base
        if definition.get("vars"):
            values = templates.gather(folder, definition["vars"], values)
        cmd = templates.resolve_command(definition.get("cmd"), values, where)
        if not cmd:
            raise Invalid(f"{where} has no cmd. Give it one")
        rest = {key: value for key, value in definition.items() if key not in ("cmd", "vars", "wdir")}
        body = templates.resolve(rest, values, where)
        lock = (self.lock.get("stages") or {}).get(name) or {}
        locked = {str(entry["path"]): entry for key in ("deps", "outs") for entry in lock.get(key) or []}
        return Stage(
            file=self.path,
            name=name,
            folder=folder,
            cmd=cmd,
            locked_cmd=lock.get("cmd"),
            deps=tuple(_dep(str(path), folder, locked, where) for path in body.get("deps") or []),
            params=tuple(_params(body.get("params") or [], folder, lock.get("params") or {})),
            outs=tuple(_outs(body, folder, locked)),
            is_frozen=bool(body.get("frozen", False)),
            is_always_changed=bool(body.get("always_changed", False)),
            is_locked=bool(lock),
        )


def _each(items: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(items, dict):
        for key, item in items.items():
            yield templates.as_text(key), {"item": item, "key": templates.as_text(key)}
    elif isinstance(items, list):
        has_parts = any(isinstance(item, (dict, list)) for item in items)
        for number, item in enumerate(items):
            yield str(number) if has_parts else templates.as_text(item), {"item": item}
    else:
        raise Invalid(f"{where}: foreach wants a list or a mapping, not {type(items).__name__}")


def _grid(axes: dict[str, list[Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for chosen in itertools.product(*(list(enumerate(values)) for values in axes.values())):
        words = [
            f"{axis}{number}" if isinstance(value, (dict, list)) else templates.as_text(value)
            for axis, (number, value) in zip(axes, chosen, strict=True)
        ]
        key = "-".join(words)
        yield key, {"item": {axis: value for axis, (_, value) in zip(axes, chosen, strict=True)}, "key": key}


def _dep(path: str, folder: Path, locked: dict[str, Any], where: str) -> Dep:
    content = content_of(locked.get(path, {}))
    if "://" in path:
        raise Invalid(f"{where} depends on {path}, which is not on this machine. Reproduce it with dvc")
    return Dep(path=path, place=place_of(path, folder), content=content)


def _params(entries: list[Any], folder: Path, locked: dict[str, Any]) -> Iterator[Params]:
    wanted: dict[str, list[str]] = {}
    for entry in entries:
        files = entry if isinstance(entry, dict) else {templates.DEFAULT_PARAMS: [entry]}
        for path, keys in files.items():
            wanted.setdefault(str(path), []).extend(str(key) for key in keys or [])
    for path, found in wanted.items():
        keys = tuple(dict.fromkeys(found))
        yield Params(path=path, place=place_of(path, folder), keys=keys, locked=locked.get(path))


def _outs(body: dict[str, Any], folder: Path, locked: dict[str, Any]) -> Iterator[Out]:
    for kind in ("outs", "metrics", "plots"):
        for entry in body.get(kind) or []:
            pairs = entry.items() if isinstance(entry, dict) else [(entry, {})]
            for path, given in pairs:
                flags: dict[str, Any] = given or {}
                yield Out(
                    path=str(path),
                    place=place_of(str(path), folder),
                    content=content_of(locked.get(str(path), {})),
                    cache=flags.get("cache", True),
                    persist=flags.get("persist", False),
                    push=flags.get("push", True),
                    remote=flags.get("remote") or "",
                    is_metric=kind == "metrics",
                    plot={key: value for key, value in flags.items() if key not in _FLAGS | _EXTRA}
                    if kind == "plots"
                    else None,
                    extra={key: value for key, value in flags.items() if key in _EXTRA},
                )
