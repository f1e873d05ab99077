"""The files of an offline archive: what was logged as an image, a text, a histogram, code or a plain asset."""

from __future__ import annotations

import json
import math
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tenfold.base.addresses import check_path
from tenfold.base.errors import InvalidAddress
from tenfold.workspace.imported import ImportedItem, histogram_item

_MEDIA = {"visualization": "image", "image": "image", "audio": "audio", "video": "video"}
_TEXTS = ("text-sample", "text")


def items_of(files: list[tuple[Path, dict[str, Any]]], unplaced: Counter[str]) -> Iterator[ImportedItem]:
    """Each medium as a version, all plain assets and code together as another. One file at a time is unpacked.

    Args:
        files: (archive, payload of the message) in the order they were logged.
    """
    with TemporaryDirectory() as folder:
        together: dict[str, Path | bytes] = {}
        for number, (archive, payload) in enumerate(files):
            path = _unpack(archive, str(payload.get("file_path")), Path(folder) / str(number))
            if path is None:
                unplaced["files that are not in the archive"] += 1
                continue
            said = payload.get("additional_params") or {}
            name = str(said.get("fileName") or payload.get("file_path"))
            sort = str(payload.get("upload_type") or said.get("type"))
            item = _medium(sort, name, path, said, int(payload.get("local_timestamp") or 0))
            if item is None:
                tree_name = _tree_name(f"code/{Path(name).name}" if sort == "source_code" else name)
                step = said.get("step")
                together[f"{tree_name}.step-{step}" if tree_name in together else tree_name] = path
                continue
            yield item
            path.unlink()
        if together:
            yield ImportedItem(key="assets", kind="output", type="folder", files=together)


def _medium(sort: str, name: str, path: Path, said: dict[str, Any], at_ms: int) -> ImportedItem | None:
    step = said.get("step")
    if sort in _TEXTS:
        return ImportedItem(key="text", files={"text.txt": path.read_bytes()}, type="text", step=step, at_ms=at_ms)
    if sort == "histogram3d" and (found := _histogram(path)) is not None:
        return histogram_item(name, *found, step=step, at_ms=at_ms)
    if sort in ("histogram3d", "confusion-matrix", "curve", "text-log"):
        return ImportedItem(key=name, files={f"{sort}.json": path.read_bytes()}, type="json", step=step, at_ms=at_ms)
    if sort in _MEDIA:
        ending = str(said.get("extension") or Path(name).suffix.lstrip(".") or "png").lower()
        files = {f"{_MEDIA[sort]}.{ending}": path.read_bytes()}
        return ImportedItem(key=name, files=files, type=f"{_MEDIA[sort]}/{ending}", step=step, at_ms=at_ms)
    return None


def _histogram(path: Path) -> tuple[list[float], list[float]] | None:
    """(counts, edges) of Comet's histogram: bins that grow by a factor either side of an offset, the empty ones left out.

    Bin `middle + k` holds what lies in (start * step^(k-1), start * step^k], and `middle - 1 - k` its mirror image.
    """
    try:
        said = json.loads(path.read_bytes())
        start, factor, offset = float(said["start"]), float(said["step"]), float(said["offset"])
        middle = math.ceil(math.log(float(said["stop"]) / start, factor)) + 1
        filled = {int(index): float(count) for index, count in said["index_values"]}
    except (ValueError, KeyError, TypeError):
        return None
    if not filled:
        return None

    def lower(index: int) -> float:
        k = index - middle
        if k >= 0:
            return offset + (start * factor ** (k - 1) if k else 0.0)
        return offset - start * factor ** (-k - 1)

    first, last = min(filled), max(filled)
    edges = [lower(index) for index in range(first, last + 2)]
    return [filled.get(index, 0.0) for index in range(first, last + 1)], edges


def _unpack(archive: Path, member: str, to: Path) -> Path | None:
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(member) as source, to.open("wb") as target:
            shutil.copyfileobj(source, target)
    except (KeyError, zipfile.BadZipFile, OSError):
        return None
    return to


def _tree_name(name: str) -> str:
    """A path in a tree as near to a logged name as it goes; a name from outside the folder keeps its last part."""
    try:
        return check_path(name)
    except InvalidAddress:
        return Path(name.replace("\\", "/")).name.strip(".\0") or "asset"
