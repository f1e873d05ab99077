"""What MLflow's words are here: its run's fields and reserved tags as those of a run, its stages as aliases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from tenfold.records import CodeVersion, Points
from tenfold.records.run import RunState
from tenfold.workspace.imported import ImportedItem, ImportedModel, ImportedModelVersion, ImportedRun

SOURCE = "mlflow"

_STATES: dict[str, RunState] = {
    "3": "finished", "FINISHED": "finished", "4": "failed", "FAILED": "failed", "5": "killed", "KILLED": "killed",
}  # fmt: skip
"""Its numbers are those of its protobuf. Running and scheduled runs are 'lost': nothing here hears from them."""

_PLACED_TAGS = frozenset(
    {
        "mlflow.runName",
        "mlflow.note.content",
        "mlflow.user",
        "mlflow.parentRunId",
        "mlflow.source.name",
        "mlflow.source.git.commit",
    }
)


def run_of(
    info: Mapping[str, Any],
    *,
    project: str,
    tags: Mapping[str, str],
    params: Mapping[str, str],
    datasets: list[dict[str, Any]],
    deleted_at_ms: int | None,
    points: Iterable[tuple[str, Points]],
    items: Iterable[ImportedItem],
) -> ImportedRun:
    """A run from the fields MLflow keeps of it, whatever its age."""
    state = _STATES.get(str(info.get("status")), "lost")
    return ImportedRun(
        source=SOURCE,
        id=run_key(info),
        project=project,
        name=tags.get("mlflow.runName") or str(info.get("run_name") or info.get("name") or ""),
        state=state,
        started_at_ms=time_of(info, "start_time"),
        ended_at_ms=time_of(info, "end_time") or None,
        deleted_at_ms=deleted_at_ms,
        parent=tags.get("mlflow.parentRunId"),
        user=tags.get("mlflow.user") or str(info.get("user_id") or ""),
        notes=tags.get("mlflow.note.content", ""),
        error="It failed in MLflow, which keeps no reason" if state == "failed" else None,
        code=_code(info, tags),
        environment={"datasets": datasets} if datasets else {},
        params=params,
        tags={key: value for key, value in tags.items() if key not in _PLACED_TAGS},
        points=points,
        items=items,
    )


def artifacts_of(files: Mapping[str, Path]) -> ImportedItem:
    """What a run uploaded, as one version that MLflow's client finds under the paths it had."""
    return ImportedItem(key="artifacts", kind="output", type="folder", files=files, metadata={"under": ""})


def logged_model(said: Mapping[str, Any], files: Mapping[str, Path], params: Mapping[str, str]) -> ImportedItem:
    """A logged model under the id it had, as MLflow's client finds it again."""
    created_ms = time_of(said, "creation_timestamp_ms") or time_of(said, "creation_timestamp")
    return ImportedItem(
        key="logged-model",
        name=str(said["model_id"]),
        kind="logged-model",
        type="model/mlflow",
        files=files,
        at_ms=created_ms,
        metadata={
            "name": str(said.get("name") or "model"),
            "model_type": str(said.get("model_type") or ""),
            "params": dict(params),
            "created_ms": created_ms,
        },
    )


def run_key(info: Mapping[str, Any]) -> str:
    """A run's id; it was called run_uuid before MLflow 1."""
    return str(info.get("run_id") or info.get("run_uuid"))


def deleted_at(info: Mapping[str, Any]) -> int | None:
    """When a run was put into the bin, as near as MLflow says."""
    if info.get("lifecycle_stage") != "deleted":
        return None
    return time_of(info, "deleted_time") or time_of(info, "end_time") or time_of(info, "start_time")


def time_of(info: Mapping[str, Any], field: str) -> int:
    """UTC milliseconds of a field; 0 when it is not there or no time."""
    try:
        at_ms = int(info.get(field) or 0)
    except (ValueError, TypeError, OverflowError):
        return 0
    return at_ms if 0 <= at_ms < 2**48 else 0


def parents_first(infos: Iterable[tuple[Mapping[str, Any], str | None]]) -> list[Mapping[str, Any]]:
    """Runs in order of start, but none before its parent."""
    by_id = {run_key(info): (info, parent) for info, parent in infos}
    ordered: dict[str, Mapping[str, Any]] = {}
    for id_ in sorted(by_id, key=lambda id_: (time_of(by_id[id_][0], "start_time"), id_)):
        line: list[str] = []
        above: str | None = id_
        while above in by_id and above not in ordered and above not in line:
            line.append(above)
            above = by_id[above][1]
        for each in reversed(line):
            ordered[each] = by_id[each][0]
    return list(ordered.values())


def model_of(
    name: str, versions: Iterable[ImportedModelVersion], aliases: Mapping[str, int], stages: Mapping[int, str]
) -> ImportedModel:
    """A model; a stage is an alias of the newest version in it."""
    named = {stage: number for number, stage in sorted(stages.items()) if stage not in ("None", "")} | dict(aliases)
    placed = []
    for version in sorted(versions, key=lambda version: version.number):
        mine = tuple(sorted(alias for alias, number in named.items() if number == version.number))
        placed.append(
            ImportedModelVersion(
                number=version.number,
                files=version.files,
                run=version.run,
                created_at_ms=version.created_at_ms,
                description=version.description,
                tags=version.tags,
                aliases=mine,
            )
        )
    return ImportedModel(source=SOURCE, name=name, versions=tuple(placed))


def located(uri: str, root: Path, unplaced: Counter[str]) -> Path | None:
    """The folder that an artifact URI means on this machine, also when the whole was moved since; None when nowhere."""
    scheme = urlparse(uri).scheme if "://" in uri or uri.startswith("file:") else ""
    if scheme not in ("", "file", "mlflow-artifacts"):
        unplaced[f"artifacts in {scheme}://, which are not in the source"] += 1
        return None
    path = Path(unquote(urlparse(uri).path) if scheme else uri)
    for candidate in _candidates(path, root):
        if candidate.is_dir():
            return candidate
    return None


def _candidates(path: Path, root: Path) -> Iterator[Path]:
    if path.is_absolute() and path.is_relative_to(root):
        yield path
    parts = [part for part in path.parts if part not in ("/", "..", ".")]
    for start in range(len(parts)):  # the longest end of the path that exists below the root
        for folder in (root, root / "mlartifacts", root / "mlruns"):
            if len(parts) - start >= 2:
                yield folder.joinpath(*parts[start:])
    if path.is_absolute():
        yield path


def _code(info: Mapping[str, Any], tags: Mapping[str, str]) -> CodeVersion | None:
    commit = tags.get("mlflow.source.git.commit") or str(info.get("source_version") or "")
    entry = tags.get("mlflow.source.name") or str(info.get("source_name") or "")
    if not commit and not entry:
        return None
    return CodeVersion(
        commit=commit or None,
        branch=tags.get("mlflow.source.git.branch"),
        remote=tags.get("mlflow.source.git.repoURL"),
        entry_point=entry or None,
    )
