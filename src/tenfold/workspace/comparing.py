"""Runs beside each other: what differs, which params a metric depends on; of two, their code, packages and data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tenfold.base.errors import BlobNotFound
from tenfold.base.flat import flat
from tenfold.contracts import Stores
from tenfold.records import CodeVersion, Run, Version
from tenfold.tracking import code_diff
from tenfold.tracking.capture.code import UNTRACKED
from tenfold.tracking.definitions import PREFIX, MetricDefinition, Rule, definitions, value_of
from tenfold.tracking.importance import Weight, weigh

LARGEST_PATCH_BYTES = 1 << 20
PARAMS_LIMIT = 200


class ImportanceFound(NamedTuple):
    """`weights` by share; `runs` have the metric; `constant` params are the same in all of them."""

    summary: str
    runs: int
    weights: list[Weight]
    constant: list[str]


def definitions_of(runs: Sequence[Run]) -> dict[str, MetricDefinition]:
    """What the runs defined of their metrics; the newest run that says something counts."""
    found: dict[str, MetricDefinition] = {}
    for run in sorted(runs, key=lambda run: run.created_at_ms):
        found |= definitions(run)
    return found


def differing(runs: Sequence[Run]) -> dict[str, dict[str, list[Any]]]:
    """What is not the same in all runs: {'params' | 'metrics' | 'tags': {key: a value for each run, None without}}.

    A metric's value is the one that speaks for a run, by its definition. System metrics are left out.
    """
    defined = definitions_of(runs)
    columns = {
        "params": [flat(run.params) for run in runs],
        "metrics": [
            {key: value_of(one, defined.get(key, MetricDefinition())) for key, one in run.metrics.items() if not key.startswith("system/")}
            for run in runs
        ],
        "tags": [dict(run.tags) for run in runs],
    }  # fmt: skip
    return {
        family: {
            key: [row.get(key) for row in rows]
            for key in sorted({key for row in rows for key in row})
            if any(repr(row.get(key)) != repr(rows[0].get(key)) for row in rows)
        }
        for family, rows in columns.items()
    }


def importance_of(runs: Sequence[Run], metric: str, summary: Rule | None = None) -> ImportanceFound:
    """Which params a metric of these runs depends on; of more than 200 that differ, the first by name.

    Args:
        summary: The number that speaks for a run; by the metric's definition when not given.
    """
    definition = definitions_of(runs).get(metric, MetricDefinition())
    if summary is not None:
        definition = MetricDefinition(goal=definition.goal or "minimize", summary=summary)
    known = [(run, value_of(run.metrics[metric], definition)) for run in runs if metric in run.metrics]
    known = [(run, value) for run, value in known if math.isfinite(value)]
    trees = [flat(run.params) for run, _ in known]
    names = sorted({name for tree in trees for name in tree})
    columns = {name: [_plain(tree.get(name)) for tree in trees] for name in names}
    changing = {name: values for name, values in columns.items() if len({repr(value) for value in values}) > 1}
    weights = weigh(dict(list(changing.items())[:PARAMS_LIMIT]), [value for _, value in known])
    return ImportanceFound(definition.summary, len(known), weights, [name for name in names if name not in changing])


def _plain(value: Any) -> Any:
    """A value as number or word; a text that reads as a number is one."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    if isinstance(value, int) and abs(value) > 1 << 1000:
        return str(value)
    return value if value is None or isinstance(value, (int, float)) else msgspec.json.encode(value).decode()


class CodeDifference(NamedTuple):
    """`patch` leads from the code of one run to that of the other; `same_base`: both began from one commit."""

    patch: str
    same_base: bool
    note: str | None


class DataUse(NamedTuple):
    """What two runs used under one name and role; None where one did not."""

    kind: str
    name: str
    role: str
    a: Version | None
    b: Version | None


class PairDifference(NamedTuple):
    """What differs from one run to another beside params, metrics and tags: {name: [of the one, of the other]}."""

    code: CodeDifference
    packages: dict[str, list[Any]]
    environment: dict[str, list[Any]]
    data: dict[str, list[Any]]

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "patch": self.code.patch, "same_base": self.code.same_base, "packages": self.packages,
            "environment": self.environment, "data": self.data,
        }  # fmt: skip


def pair_between(stores: Stores, a: Run, b: Run) -> PairDifference:
    """What differs from run `a` to run `b`."""
    used = data_between(stores, a, b)
    return PairDifference(
        code_between(stores, a, b),
        unlike(packages_of(a), packages_of(b)),
        unlike(surroundings_of(a), surroundings_of(b)),
        {
            f"{use.name} ({use.role})": [one.address if one else None for one in (use.a, use.b)]
            for use in used
            if (use.a and use.a.id) != (use.b and use.b.id)
        },
    )


def unlike(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Names whose values differ, sorted, with both values; None where one has none."""
    return {name: [a.get(name), b.get(name)] for name in sorted({*a, *b}) if a.get(name) != b.get(name)}


def code_between(stores: Stores, a: Run, b: Run) -> CodeDifference:
    """The difference of the code of two runs; exact when both began from the same commit."""
    left, right = a.code or CodeVersion(), b.code or CodeVersion()
    same = left.commit is not None and left.commit == right.commit
    before, whole_a = _changes_of(stores, a.id, left)
    after, whole_b = _changes_of(stores, b.id, right)
    note = (
        None if whole_a and whole_b else "Not all changes are here, or they are more than 1 MiB; the rest is not shown."
    )
    return CodeDifference(code_diff.between(before, after) if same else code_diff.texts(before, after), same, note)


def _changes_of(stores: Stores, run_id: str, code: CodeVersion) -> tuple[str, bool]:
    """What a run's code was beside its commit, as one patch with the new files in it, and whether that is all."""
    text, whole = "", True
    if code.patch is not None:
        data, whole = _read(stores, code.patch, LARGEST_PATCH_BYTES)
        text = data.decode("utf-8", "replace")
    kept = stores.versions.find("code", run_id) if code.untracked else None
    if kept is None or kept.inline is not None:
        return text, whole and not code.untracked
    left = LARGEST_PATCH_BYTES
    for path in code.untracked:
        entry = stores.blobs.find_entry(kept.digest, f"{UNTRACKED}/{path}")
        if entry is None or left <= 0:
            whole = False
            continue
        data, all_of_it = _read(stores, entry.digest, left)
        text += code_diff.new_file(path, data)
        left -= len(data)
        whole &= all_of_it
    return text, whole


def _read(stores: Stores, digest: str, most: int) -> tuple[bytes, bool]:
    try:
        with stores.blobs.open(digest) as reader:
            data = reader.read(most + 1)
    except BlobNotFound:
        return b"", False
    return data[:most], len(data) <= most


def packages_of(run: Run) -> dict[str, str]:
    """Installed packages of a run by name."""
    packages = run.environment.get("packages")
    return {str(k): str(v) for k, v in packages.items()} if isinstance(packages, dict) else {}


def surroundings_of(run: Run) -> dict[str, Any]:
    """The rest of a run's environment as one level, keys joined by dots: Python, machine, variables."""
    found: dict[str, Any] = {"host": run.host, "user": run.user} | (
        {"command": " ".join([run.code.entry_point, *run.code.arguments])} if run.code and run.code.entry_point else {}
    )

    kept = {k: v for k, v in run.environment.items() if k != "packages" and not k.startswith(PREFIX)}
    return found | flat(kept)


def data_between(stores: Stores, a: Run, b: Run) -> list[DataUse]:
    """What either run used, by kind, name and role; of several versions under one of these, the last used."""
    edges = [edge for edge in stores.lineage.of_runs([a.id, b.id]) if edge.direction == "used"]
    ids = list(dict.fromkeys(edge.version_id for edge in edges))
    versions = {version.id: version for version in (stores.versions.get(ids) if ids else [])}
    found: dict[tuple[str, str, str], list[Version | None]] = {}
    for edge in edges:
        version = versions[edge.version_id]
        found.setdefault((version.kind, version.name, edge.role), [None, None])[edge.run_id == b.id] = version
    return [DataUse(*key, *pair) for key, pair in sorted(found.items())]
