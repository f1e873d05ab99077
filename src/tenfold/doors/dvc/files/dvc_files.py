"""`.dvc` files: one tracked path each, in DVC's order of keys."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.doors.dvc.files import yaml12
from tenfold.doors.dvc.records import MD5, MD5_TEXT, Content, Dep, Out, Stage

_OF_CONTENT = frozenset({"md5", "size", "nfiles", "isexec", "hash"})
_OF_OUT = _OF_CONTENT | {"path", "cache", "persist", "push", "remote", "metric", "plot", "files"}
_NOT_HASHED = frozenset(
    {"desc", "type", "labels", "meta", "locked", "frozen", "metric", "persist", "isexec", "size", "nfiles"}
)


def read_dvc_file(path: Path, text: str | None = None) -> Stage:
    """The stage of a .dvc file (or of its text). Raises Invalid when it is none."""
    data = yaml12.read(path) if text is None else yaml12.load(text, str(path))
    if not isinstance(data, dict) or not all(isinstance(data.get(key, []), list) for key in ("outs", "deps")):
        raise Invalid(f"{path} is no .dvc file: it has no list of outs. Mend it and try again")
    folder = (path.parent / data.get("wdir", ".")).resolve() if "wdir" in data else path.parent
    try:
        return Stage(
            file=path,
            folder=folder,
            cmd=data.get("cmd"),
            locked_cmd=data.get("cmd"),
            deps=tuple(_dep(entry, folder) for entry in data.get("deps", [])),
            outs=tuple(out_of(entry, folder) for entry in data.get("outs", [])),
            is_frozen=bool(data.get("frozen", False)),
            is_always_changed=bool(data.get("always_changed", False)),
            md5=str(data.get("md5", "")),
            is_locked=True,
            raw=data,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"{path} is no .dvc file: {error!r} is missing or crooked. Mend it and try again") from error


def content_of(entry: dict[str, Any]) -> Content | None:
    """The content an entry of a .dvc file or of dvc.lock names; None when it names none."""
    md5 = entry.get("md5")
    if not md5:
        return None
    size, files = entry.get("size"), entry.get("nfiles")
    kind = MD5 if entry.get("hash") == MD5 else MD5_TEXT
    return Content(str(md5), size, files, bool(entry.get("isexec", False)), kind)


def place_of(path: str, folder: Path) -> Path:
    """Where a path of a stage is; `..` is taken away without following links."""
    return Path(os.path.normpath(folder / path))


def out_of(entry: dict[str, Any], folder: Path) -> Out:
    """An entry of `outs`."""
    path = entry["path"]
    if "://" in path:
        raise Invalid(f"{path!r} lies outside this machine; such outputs are dvc's own business. Use dvc for it")
    return Out(
        path=path,
        place=place_of(path, folder),
        content=content_of(entry),
        cache=entry.get("cache", True),
        persist=entry.get("persist", False),
        push=entry.get("push", True),
        remote=entry.get("remote", ""),
        is_metric=bool(entry.get("metric", False)),
        plot={} if entry.get("plot") is True else entry.get("plot") or None,
        extra={key: value for key, value in entry.items() if key not in _OF_OUT},
        files=entry.get("files"),
    )


def _dep(entry: dict[str, Any], folder: Path) -> Dep:
    path = entry["path"]
    foreign = {key: value for key, value in entry.items() if key not in _OF_CONTENT and key != "path"}
    is_here = "://" not in path and "repo" not in entry
    return Dep(path=path, place=place_of(path, folder) if is_here else None, content=content_of(entry), foreign=foreign)


def as_entry(content: Content) -> dict[str, Any]:
    """The keys of a content in a .dvc file, in DVC's order."""
    made: dict[str, Any] = {"md5": content.md5}
    if content.size is not None:
        made["size"] = content.size
    if content.is_executable:
        made["isexec"] = True
    if content.files is not None:
        made["nfiles"] = content.files
    if content.hash == MD5:
        made["hash"] = MD5
    return made


def new_dvc_file(path: str, content: Content) -> dict[str, Any]:
    """What a .dvc file of a path that was not tracked says."""
    return {"outs": [{**as_entry(content), "path": path}]}


def with_content(stage: Stage, contents: dict[Path, Content]) -> dict[str, Any]:
    """The .dvc file of a stage with new content of some of its outputs; all else stays. Its own md5 is taken anew."""
    made = dict(stage.raw)
    made["outs"] = [
        {
            **as_entry(contents[out.place]),
            **{key: value for key, value in entry.items() if key not in _OF_CONTENT and key != "files"},
        }
        if out.place in contents
        else entry
        for out, entry in zip(stage.outs, stage.raw["outs"], strict=True)
    ]
    if made.get("md5"):
        made["md5"] = md5_of_stage(made)
    return made


def md5_of_stage(data: dict[str, Any]) -> str:
    """The md5 a .dvc file with dependencies carries of itself."""
    bare = {key: value for key, value in data.items() if key not in ("md5", "meta", "desc")}
    text = json.dumps(_hashed(bare), sort_keys=True)
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def _hashed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _hashed(inner) for key, inner in value.items() if key not in _NOT_HASHED}
    return [_hashed(inner) for inner in value] if isinstance(value, list) else value
