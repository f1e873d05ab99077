"""scikit-learn objects between steps, as skops files; equal objects give equal bytes, so that they count for the cache."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.base.extras import require

if TYPE_CHECKING:
    from tenfold.pipelines.values.codecs import PartFiles

_FILE = "estimator.skops"
_SCHEMA = "schema.json"


def save_estimator(value: Any, folder: Path) -> dict[str, Any]:
    """Write an estimator, fitted or not, into a folder; gives the notes to read it with."""
    skops = require("skops.io", extra="models", why="pass scikit-learn estimators between steps")
    path = folder / _FILE
    skops.dump(value, path)
    _make_equal(path)
    return {"trusted": skops.get_untrusted_types(file=path), "class": type(value).__name__}


def load_estimator(files: PartFiles, notes: dict[str, Any]) -> Any:
    """The estimator of a folder."""
    skops = require("skops.io", extra="models", why="read a scikit-learn estimator that a step made")
    # What was in it when this store kept it is trusted; bytes are verified against their hash on the way here.
    return skops.load(files.path(_FILE), trusted=notes["trusted"])


def _make_equal(path: Path) -> None:
    """Write a skops file anew without what differs each time: memory addresses, by which it names things, and times."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    numbers: dict[str, int] = {}
    files: dict[str, str] = {}

    def numbered(part: Any) -> Any:
        if isinstance(part, list):
            return [numbered(item) for item in part]
        if not isinstance(part, dict):
            return part
        made = {key: numbered(item) for key, item in part.items()}
        if "__id__" in made:
            made["__id__"] = numbers.setdefault(str(made["__id__"]), len(numbers) + 1)
        file = made.get("file")
        if isinstance(file, str) and file in members:
            made["file"] = files.setdefault(file, f"{len(files) + 1}{Path(file).suffix}")
        return made

    schema = msgspec.json.encode(numbered(msgspec.json.decode(members.pop(_SCHEMA))))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(_SCHEMA), schema)
        for name in sorted(members, key=lambda name: files.get(name, name)):
            archive.writestr(zipfile.ZipInfo(files.get(name, name)), members[name])
