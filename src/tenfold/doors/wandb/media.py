"""What lies beside a `.wandb` file: media of the history, files that were saved, artifacts, the console, the packages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tenfold.base import protobuf
from tenfold.base.addresses import check_path
from tenfold.base.errors import InvalidAddress
from tenfold.doors.wandb.record import Message
from tenfold.workspace.imported import ImportedItem, files_below, histogram_item, table_item

_OWN = ("output.log", "requirements.txt", "wandb-metadata.json", "wandb-summary.json", "config.yaml", "conda-environment.yaml")  # fmt: skip
_KINDS = {"model": "model", "dataset": "data"}
_TYPES = {"image-file": "image", "audio-file": "audio", "video-file": "video", "html-file": "html"}


def of_value(
    key: str, value: Mapping[str, Any], files: Path, unplaced: Counter[str], *, step: int, at_ms: int
) -> Iterator[ImportedItem]:
    """What a value with a `_type` means: a histogram, a table, an image, several."""
    sort = str(value["_type"])
    if sort == "histogram":
        edges = value.get("bins") or _unpacked(value.get("packedBins"))
        counts = value.get("values")
        if isinstance(edges, list) and isinstance(counts, list) and len(edges) == len(counts) + 1:
            yield histogram_item(key, counts, edges, step=step, at_ms=at_ms)
            return
    paths = value.get("filenames") if isinstance(value.get("filenames"), list) else [value.get("path")]
    for name in paths or []:
        path = _inside(files, name)
        if path is None:
            unplaced[f"media of type {sort}, whose files are not in the source"] += 1
        elif sort == "table-file":
            yield from _table(key, path, unplaced, step=step)
        else:
            kind = _TYPES.get(sort.removesuffix("s/separated") + "-file" if "/" in sort else sort, "file")
            type_ = (
                "html" if kind == "html" else kind if kind == "file" else f"{kind}/{path.suffix.lstrip('.').lower()}"
            )
            yield ImportedItem(key=key, files={path.name: path}, type=type_, step=step, at_ms=at_ms)


def texts(found: Mapping[str, list[list[Any]]]) -> Iterator[ImportedItem]:
    """Texts of the history: a table of step and text for each key."""
    for key, rows in sorted(found.items()):
        yield table_item(key, ["step", "text"], rows)


def of_artifact(said: Message, unplaced: Counter[str]) -> Iterator[ImportedItem]:
    """An artifact whose files still lie where the run put them."""
    name, type_ = protobuf.text(said, 5), protobuf.text(said, 4)
    if type_ == "run_table":
        return  # the table itself lies with the media
    files: dict[str, Path | bytes] = {}
    for manifest in protobuf.inner(said, 12):
        for content in protobuf.inner(protobuf.message(manifest), 4):
            entry = protobuf.message(content)
            local = Path(protobuf.text(entry, 6) or "/nowhere")
            if protobuf.text(entry, 3):
                unplaced["artifact references to files elsewhere"] += 1
            elif local.is_file() and local.stat().st_size == protobuf.integer(entry, 4):
                files[protobuf.text(entry, 1)] = local
            else:
                unplaced["artifact files that are not on this machine"] += 1
    if files:
        metadata = {"wandb_type": type_, "aliases": protobuf.texts(said, 11)}
        yield ImportedItem(
            key=name, name=name, kind=_KINDS.get(type_, "output"), type=f"wandb/{type_}", files=files, metadata=metadata
        )


def saved_files(logs: list[Path], unplaced: Counter[str]) -> Iterator[ImportedItem]:
    """Files that `wandb.save` put beside the run, as one version."""
    found: dict[str, Path] = {}
    for log in logs:
        below = files_below(log.parent / "files", unplaced) if (log.parent / "files").is_dir() else {}
        found |= {name: path for name, path in below.items() if name not in _OWN and not name.startswith("media/")}
    if found:
        yield ImportedItem(key="files", kind="output", type="folder", files=found)


def console(logs: list[Path]) -> str:
    """What the run printed, from `output.log`; '' when that is not there."""
    return "".join(_text(log.parent / "files" / "output.log") for log in logs)


def packages(logs: list[Path]) -> dict[str, str]:
    """The packages of the run's last part, by name."""
    pins = (line.split("==", 1) for line in _text(logs[-1].parent / "files" / "requirements.txt").splitlines())
    return {pin[0]: pin[1] for pin in pins if len(pin) == 2}


def _table(key: str, path: Path, unplaced: Counter[str], *, step: int) -> Iterator[ImportedItem]:
    try:
        said = json.loads(path.read_text("utf-8"))
        yield table_item(key, [str(name) for name in said["columns"]], [list(row) for row in said["data"]], step=step)
    except (ValueError, KeyError, TypeError, OSError):
        unplaced["tables that cannot be read"] += 1


def _inside(files: Path, name: Any) -> Path | None:
    """A file below the run's own files, which a crafted name cannot leave."""
    try:
        path = files / check_path(str(name))
    except InvalidAddress:
        return None
    return path if path.is_file() and path.resolve().is_relative_to(files.resolve()) else None


def _unpacked(packed: Any) -> list[float]:
    if not isinstance(packed, dict) or {"min", "size", "count"} - packed.keys():
        return []
    return [packed["min"] + packed["size"] * i for i in range(int(packed["count"]) + 1)]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
