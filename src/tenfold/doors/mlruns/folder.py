"""An `mlruns` folder: experiments, runs and models as folders with a `meta.yaml`, metrics as text files."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tenfold.doors.mlruns import words
from tenfold.records import Points
from tenfold.workspace.imported import (
    ImportedItem,
    ImportedModel,
    ImportedModelVersion,
    ImportedRun,
    files_below,
    points_of,
)

META = "meta.yaml"
_NOT_RUNS = frozenset({"models", "datasets", "traces", "tags", "assessments"})
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def is_store(path: Path) -> bool:
    """True for a folder that holds experiments."""
    return any(path.glob(f"*/{META}")) or any(path.glob(f".trash/*/{META}"))


def read(root: Path, unplaced: Counter[str]) -> Iterator[ImportedRun | ImportedModel]:
    """Runs of all experiments, the deleted ones too, then the registered models."""
    logged: dict[str, Path] = {}
    for bin_, above in ((False, root), (True, root / ".trash")):
        for folder in _folders(above):
            if folder.name == "models" or (experiment := _meta(folder, unplaced)) is None:
                continue
            yield from _runs(folder, experiment, logged, is_deleted=bin_, unplaced=unplaced)
            if (folder / "traces").is_dir():
                unplaced["traces"] += sum(1 for _ in _folders(folder / "traces"))
    for folder in _folders(root / "models"):
        yield _model(folder, root, logged, unplaced)


def _runs(
    folder: Path, experiment: Mapping[str, Any], logged: dict[str, Path], *, is_deleted: bool, unplaced: Counter[str]
) -> Iterator[ImportedRun]:
    homes: dict[str, Path] = {}
    found: list[tuple[Mapping[str, Any], str | None]] = []
    for home in _folders(folder):
        if home.name not in _NOT_RUNS and (said := _meta(home, unplaced)) is not None:
            homes[words.run_key(said)] = home
            found.append((said, _small(home / "tags" / "mlflow.parentRunId") or None))
    models = _logged_models(folder, unplaced)
    logged.update({model["model_id"]: model["artifacts"] for model in models})
    datasets = {home.name: _meta(home, unplaced) or {} for home in _folders(folder / "datasets")}
    for info in words.parents_first(found):
        home = homes[words.run_key(info)]
        deleted = words.deleted_at(info)
        if is_deleted and deleted is None:
            deleted = words.time_of(experiment, "last_update_time") or words.time_of(info, "start_time")
        yield words.run_of(
            info,
            project=str(experiment.get("name") or folder.name),
            tags=_values(home / "tags"),
            params=_values(home / "params"),
            datasets=_inputs(home / "inputs", datasets, unplaced),
            deleted_at_ms=deleted,
            points=_points(home / "metrics", unplaced),
            items=_items(home, info, folder.parent, models, unplaced),
        )


def _points(folder: Path, unplaced: Counter[str]) -> Iterator[tuple[str, Points]]:
    for path in _files(folder):
        steps, values, times = array("q"), array("d"), array("q")
        lines = path.read_text("utf-8", "replace").splitlines()
        for line in dict.fromkeys(lines):  # log_model writes what is there again; its database keeps such once
            parts = line.split()
            try:
                at, value, step = int(parts[0]), float(parts[1]), int(parts[2]) if len(parts) > 2 else 0
                if -(2**63) <= step < 2**63 and -(2**63) <= at < 2**63:
                    steps.append(step)
                    values.append(value)
                    times.append(at if at > 100_000_000_000 else at * 1000)  # seconds, before MLflow 1
                    continue
            except (ValueError, IndexError):
                pass
            unplaced["lines of metrics that cannot be read"] += 1
        yield path.relative_to(folder).as_posix(), points_of(steps, values, times)


def _items(
    home: Path, info: Mapping[str, Any], root: Path, models: list[dict[str, Any]], unplaced: Counter[str]
) -> Iterator[ImportedItem]:
    place: Path | None = home / "artifacts"
    if not (home / "artifacts").is_dir() and info.get("artifact_uri"):
        place = words.located(str(info["artifact_uri"]), root, unplaced)
    if place is not None and place.is_dir():
        yield words.artifacts_of(files_below(place, unplaced))
    for model in models:
        if model.get("source_run_id") == words.run_key(info):
            yield words.logged_model(model, files_below(model["artifacts"], unplaced), model["params"])


def _inputs(folder: Path, datasets: Mapping[str, Mapping[str, Any]], unplaced: Counter[str]) -> list[dict[str, Any]]:
    found = []
    for home in _folders(folder):
        said = _meta(home, unplaced) or {}
        data = datasets.get(str(said.get("source_id")), {})
        if data:
            context = (said.get("tags") or {}).get("mlflow.data.context", "")
            found.append({**{key: value for key, value in data.items() if value is not None}, "context": context})
    return found


def _logged_models(folder: Path, unplaced: Counter[str]) -> list[dict[str, Any]]:
    found = []
    for home in _folders(folder / "models"):
        if (said := _meta(home, unplaced)) is not None:
            params = {path.name: path.read_text(errors="replace") for path in sorted((home / "params").glob("*"))}
            own = {"model_id": said.get("model_id", home.name), "artifacts": home / "artifacts", "params": params}
            found.append({**said, **own})
    return found


def _model(folder: Path, root: Path, logged: Mapping[str, Path], unplaced: Counter[str]) -> ImportedModel:
    said = _meta(folder, unplaced) or {}
    versions, stages = [], {}
    for home in _folders(folder):
        if not home.name.removeprefix("version-").isdigit():
            continue
        info = _meta(home, unplaced)
        if info is None or info.get("current_stage") == "Deleted_Internal":
            continue
        number = int(home.name.removeprefix("version-"))
        stages[number] = str(info.get("current_stage") or "")
        place = _content(info, root, logged, unplaced)
        versions.append(
            ImportedModelVersion(
                number=number,
                files=files_below(place, unplaced) if place is not None else {},
                run=info.get("run_id"),
                created_at_ms=words.time_of(info, "creation_timestamp"),
                description=str(info.get("description") or said.get("description") or ""),
                tags={**_values(folder / "tags"), **_values(home / "tags")},
            )
        )
    aliases = {path.name: int(_small(path)) for path in _files(folder / "aliases") if _small(path).isdigit()}
    return words.model_of(str(said.get("name") or folder.name), versions, aliases, stages)


def _content(info: Mapping[str, Any], root: Path, logged: Mapping[str, Path], unplaced: Counter[str]) -> Path | None:
    model_id = info.get("model_id") or str(info.get("source") or "").removeprefix("models:/")
    if model_id in logged and logged[model_id].is_dir():
        return logged[model_id]
    uri = str(info.get("storage_location") or info.get("source") or "")
    return words.located(uri, root, unplaced) if uri else None


def _meta(folder: Path, unplaced: Counter[str]) -> dict[str, Any] | None:
    try:
        said = yaml.load((folder / META).read_text("utf-8"), Loader=_LOADER)  # a safe loader
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        said = None
    if not isinstance(said, dict):
        unplaced["folders without a readable meta.yaml"] += 1
        return None
    return said


def _values(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): _small(path) for path in _files(folder)}


def _small(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _folders(above: Path) -> list[Path]:
    if not above.is_dir():
        return []
    return sorted(path for path in above.iterdir() if path.is_dir() and path.name != ".trash")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
