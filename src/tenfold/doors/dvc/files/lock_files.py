"""Entries of dvc.lock and of the run cache, and where they are kept."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.base.files import write_atomic
from tenfold.doors.dvc.content.cache import Cache
from tenfold.doors.dvc.files import yaml12
from tenfold.doors.dvc.files.templates import DEFAULT_PARAMS
from tenfold.doors.dvc.records import MD5, Content, Params, Stage

Contents = Mapping[Path, Content]


def lock_entry(stage: Stage, contents: Contents, values: Mapping[Path, dict[str, Any]]) -> dict[str, Any]:
    """What dvc.lock says of a stage that has just run.

    Args:
        contents: Of its dependencies and outputs.
        values: Of its parameters, by file.
    """
    deps = [_listed(dep.path, contents[dep.place]) for dep in stage.deps if dep.place is not None]
    outs = [_listed(out.path, contents[out.place]) for out in stage.outs]
    parts = {"deps": _sorted(deps), "params": _params(stage.params, values), "outs": _sorted(outs)}
    return {"cmd": stage.cmd} | {key: value for key, value in parts.items() if value}


def _sorted(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(listed, key=lambda one: str(one["path"]))


def _listed(path: str, content: Content) -> dict[str, Any]:
    made: dict[str, Any] = {"path": path}
    if content.hash == MD5:
        made["hash"] = MD5
    made["md5"] = content.md5
    if content.size is not None:
        made["size"] = content.size
    if content.files is not None:
        made["nfiles"] = content.files
    if content.is_executable:
        made["isexec"] = True
    return made


def _params(params: tuple[Params, ...], values: Mapping[Path, dict[str, Any]]) -> dict[str, Any]:
    found = {
        one.path: {key: values[one.place][key] for key in sorted(values[one.place])}
        for one in sorted(params, key=lambda one: one.path)
    }
    first = {DEFAULT_PARAMS: found.pop(DEFAULT_PARAMS)} if DEFAULT_PARAMS in found else {}
    return first | found


def write_lock(path: Path, name: str, entry: dict[str, Any]) -> bool:
    """Put one stage's entry into a dvc.lock, others and their order staying; False when it says that already.

    The caller holds the repository's lock. Only this stage's lines are written anew where the file is as dvc writes it,
    so that a thousand stages cost no thousand times a thousand.
    """
    old = path.read_text("utf-8") if path.exists() else ""
    data = yaml12.load(old, str(path)) or {"schema": "2.0"}
    stages = data.get("stages") or {}
    if stages.get(name) == entry:
        return False
    if _is_plain(old) and (text := _spliced(old, name, entry, is_there=name in stages)) is not None:
        write_atomic(path, text.encode("utf-8"), durable=False)
        return True
    data["stages"] = {**stages, name: entry}
    return yaml12.write(path, data)


def _is_plain(text: str) -> bool:
    return text.startswith("schema: '2.0'\nstages:\n  ") and "#" not in text


def _spliced(old: str, name: str, entry: dict[str, Any], *, is_there: bool) -> str | None:
    new = yaml12.dump({"stages": {name: entry}}).removeprefix("stages:\n")
    if not is_there:
        return old + new if old.endswith("\n") else None
    head = new.split("\n", 1)[0] + "\n"
    if old.count("\n" + head) != 1:
        return None
    start = old.index("\n" + head) + 1
    end = start + len(head)
    while end < len(old) and (old.startswith("   ", end) or old[end] == "\n"):
        following = old.find("\n", end)
        end = len(old) if following < 0 else following + 1
    return old[:start] + new + old[end:]


class RunCache:
    """What stages gave for inputs seen before: `runs/<2>/<key>/<value>` in the cache's folder."""

    def __init__(self, cache: Cache) -> None:
        self._folder = cache.folder / "runs"

    def find(self, stage: Stage, entry: dict[str, Any]) -> dict[str, Any] | None:
        """The newest entry with this command, these inputs and these output paths; None when there is none."""
        if not is_kept(stage):
            return None
        folder = self._place(entry)
        if not folder.is_dir():
            return None
        for path in sorted(folder.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True):
            try:
                found = yaml12.read(path)
            except Invalid:
                continue  # cut short by a kill: as good as not there
            if isinstance(found, dict) and found.get("outs"):
                return found
        return None

    def keep(self, stage: Stage, entry: dict[str, Any]) -> None:
        """Remember an entry. Content of outputs that are not cached must be in the cache by now."""
        if not is_kept(stage):
            return
        folder = self._place(entry)
        path = folder / _sha256(entry)
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            temporary = folder.parent / f"{secrets.token_hex(8)}.tmp"
            temporary.write_text(yaml12.dump(entry), "utf-8")
            os.replace(temporary, path)

    def _place(self, entry: dict[str, Any]) -> Path:
        key = _sha256({**entry, "outs": [out["path"] for out in entry.get("outs", [])]})
        return self._folder / key[:2] / key


def is_kept(stage: Stage) -> bool:
    """True for stages whose results the run cache may hold: with a command, inputs and outputs, nothing that stays."""
    return bool(
        stage.is_pipeline
        and stage.cmd
        and (stage.deps or stage.params)
        and stage.outs
        and not stage.is_always_changed
        and not any(out.persist for out in stage.outs)
    )


def _sha256(entry: Any) -> str:
    return hashlib.sha256(json.dumps(_without_sizes(entry), sort_keys=True).encode("utf-8")).hexdigest()


def _without_sizes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_sizes(inner) for key, inner in value.items() if key not in ("size", "nfiles")}
    return [_without_sizes(inner) for inner in value] if isinstance(value, list) else value
