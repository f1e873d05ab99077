"""Two runs beside each other: their code, packages, machine and data."""

from __future__ import annotations

from typing import Any, NamedTuple

from tenfold.base.errors import BlobNotFound
from tenfold.contracts import Stores
from tenfold.records import CodeVersion, Run, Version
from tenfold.tracking import code_diff
from tenfold.tracking.definitions import PREFIX

LARGEST_PATCH_BYTES = 1 << 20


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


def code_between(stores: Stores, a: Run, b: Run) -> CodeDifference:
    """The difference of the code of two runs; exact when both began from the same commit."""
    left, right = a.code or CodeVersion(), b.code or CodeVersion()
    same = left.commit is not None and left.commit == right.commit
    if left.patch == right.patch:
        return CodeDifference("", same, None)
    before, whole_a = _patch_of(stores, left)
    after, whole_b = _patch_of(stores, right)
    note = None if whole_a and whole_b else "A patch is missing here, or larger than 1 MiB; only its first part counts."
    return CodeDifference(code_diff.between(before, after) if same else code_diff.texts(before, after), same, note)


def _patch_of(stores: Stores, code: CodeVersion) -> tuple[str, bool]:
    """The text of a patch and whether it is all of it."""
    if code.patch is None:
        return "", True
    try:
        with stores.blobs.open(code.patch) as reader:
            data = reader.read(LARGEST_PATCH_BYTES + 1)
    except BlobNotFound:
        return "", False
    return data[:LARGEST_PATCH_BYTES].decode("utf-8", "replace"), len(data) <= LARGEST_PATCH_BYTES


def packages_of(run: Run) -> dict[str, str]:
    """Installed packages of a run by name."""
    packages = run.environment.get("packages")
    return {str(k): str(v) for k, v in packages.items()} if isinstance(packages, dict) else {}


def surroundings_of(run: Run) -> dict[str, Any]:
    """The rest of a run's environment as one level, keys joined by dots: Python, machine, variables."""
    found: dict[str, Any] = {"host": run.host, "user": run.user} | (
        {"command": " ".join([run.code.entry_point, *run.code.arguments])} if run.code and run.code.entry_point else {}
    )

    def add(prefix: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                add(f"{prefix}.{key}" if prefix else str(key), inner)
        else:
            found[prefix] = value

    for key, value in run.environment.items():
        if key != "packages" and not key.startswith(PREFIX):
            add(key, value)
    return found


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
