"""Schemas that are kept: versions of `schema:<name>`, the checks of data against them, and the changes people accept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from tenfold.base import ids
from tenfold.base.addresses import check_name, parse
from tenfold.base.clock import now_ms
from tenfold.base.errors import Invalid, NotFound, RefMoved
from tenfold.base.hashing import digest
from tenfold.contracts import Stores, resolve
from tenfold.monitoring import Anomaly, Schema, decode_schema, read_schema, to_yaml
from tenfold.monitoring.record import Change
from tenfold.monitoring.validation import changed
from tenfold.records import ANY, And, Compare, Draft, Edge, Move, Order, Run, RunChange, RunQuery, Version
from tenfold.records.version import INLINE_LIMIT_BYTES

KIND = "schema"
FILE = "schema.yaml"
HEAD = "main"
KEPT_ANOMALIES = 1_000
"""Anomalies that a check keeps; their number is kept in any case."""


class PastValidation(msgspec.Struct, frozen=True, kw_only=True):
    """One look at data: which version of the schema they were held to, and what was found."""

    run_id: str
    at_ms: int
    version: int
    data: str
    environment: str
    rows: int
    count: int
    anomalies: list[Anomaly]


def find_schema(place: str | Path, stores: Callable[[], Stores]) -> Schema:
    """The schema of a file, or of an address such as `schema:flights@v2`. Raises Invalid or NotFound."""
    if is_address(place):
        return load(stores(), str(place))[1]
    if str(place).endswith((".pbtxt", ".textproto")):
        raise Invalid(
            f"{place} is TFDV's. Make it one of ours with: tenfold schema import {place} > schema.yaml", field="schema"
        )
    return read_schema(place)


def is_address(place: str | Path) -> bool:
    """`schema:flights`, and no path of a file."""
    return isinstance(place, str) and place.startswith(f"{KIND}:")


def load(stores: Stores, address: str) -> tuple[Version, Schema]:
    """A kept schema, the newest without a version. Raises NotFound."""
    wanted = parse(address, default_kind=KIND)
    version = stores.versions.find(KIND, wanted.name, wanted.number) if wanted.ref is None else resolve(stores, wanted)
    if version is None or version.deleted_at_ms is not None:
        there = ", ".join(version.name for version in listed(stores)[:5]) or "none yet"
        raise NotFound(
            f"There is no {address}. Schemas: {there}. Keep one with: tenfold schema save {wanted.name} FILE",
            field="name",
        )
    return version, decode_schema(_bytes(stores, version))


def listed(stores: Stores) -> list[Version]:
    """The newest version of each schema, by name."""
    found = [stores.versions.find(KIND, name) for _, name, _, _ in stores.versions.names(KIND)]
    return sorted((version for version in found if version is not None), key=lambda version: version.name)


def save(
    stores: Stores, name: str, schema: Schema, *, expect: int | None = None, author: str = "", message: str = ""
) -> Version:
    """Keep a schema as the next version; the newest one when it is the same.

    Args:
        expect: The version that this one changes; anything when None.

    Raises:
        RefMoved: Somebody saved after that version; nothing was kept.
    """
    check_name(name, what="name of a schema")
    content = to_yaml(schema).encode()
    newest = stores.versions.find(KIND, name)
    if newest is not None and expect not in (None, newest.number):
        raise RefMoved(
            f"{name} is at version {newest.number}, and this changes version {expect}. Read the newest, and change it",
            field="expect",
        )
    if newest is not None and newest.deleted_at_ms is None and _bytes(stores, newest) == content:
        return newest
    at_head = stores.refs.find(KIND, name, HEAD)
    move = Move(
        ref=HEAD, expect=ANY if expect is None or at_head is None else at_head.version_id, who=author, why=message
    )
    kept: dict[str, Any] = {"size_bytes": len(content), "files": 1, "metadata": {"columns": len(schema.features)}}
    if len(content) <= INLINE_LIMIT_BYTES:
        kept |= {"digest": digest(content), "inline": content}
    else:
        tree = stores.blobs.put_tree({FILE: content})
        kept |= {"digest": tree.digest}
    draft = Draft(
        id=ids.new_id(), kind=KIND, name=name, type="yaml", author=author, message=message, created_at_ms=now_ms(),
        parents=[newest.id] if newest else [], moves=[move], **kept,
    )  # fmt: skip
    return stores.versions.publish([draft])[0]


def change(
    stores: Stores,
    name: str,
    changes: Iterable[Change],
    *,
    expect: int | None = None,
    author: str = "",
    message: str = "",
) -> Version:
    """Keep a schema with changes made as its next version. Raises NotFound, Invalid or RefMoved."""
    version, schema = load(stores, name)
    if expect is not None and expect != version.number:
        version, schema = load(stores, f"{name}@v{expect}")
    return save(stores, name, changed(schema, changes), expect=expect, author=author, message=message)


def record(
    stores: Stores,
    version: Version,
    anomalies: list[Anomaly],
    *,
    rows: int,
    data: str,
    used: Version | None = None,
    environment: str | None = None,
    project: str = "default",
) -> Run:
    """Keep what was found as a run of the kind `check` that used the schema, and the data where they are a version."""
    moment, run_id = now_ms(), ids.new_id()
    tags = {"schema": version.name, "environment": environment or ""}
    run = Run(
        id=run_id,
        project=project,
        kind="check",
        name=f"schema {version.name}",
        created_at_ms=moment,
        root_id=run_id,
        tags=tags,
    )
    stores.runs.create([run])
    stores.runs.transition(run_id, "running", expect=["created"], at_ms=moment)
    edges = [Edge(run_id=run_id, version_id=version.id, direction="used", role="schema", at_ms=moment)]
    if used is not None:
        edges.append(Edge(run_id=run_id, version_id=used.id, direction="used", role="data", at_ms=moment))
    stores.lineage.add(edges)
    result = {
        "schema": version.address, "version": version.number, "data": data, "environment": environment or "", "rows": rows,
        "count": len(anomalies), "anomalies": msgspec.to_builtins(anomalies[:KEPT_ANOMALIES]),
    }  # fmt: skip
    stores.runs.transition(
        run_id, "finished", expect=["running"], at_ms=max(moment, now_ms()), change=RunChange(result=result)
    )
    return stores.runs.get([run_id])[0]


def past(stores: Stores, name: str, *, limit: int = 20) -> list[PastValidation]:
    """The looks at data that were held to this schema and kept, newest first."""
    query = RunQuery(
        kinds=["check"], where=And([Compare("tags.schema", "=", name), Compare("state", "=", "finished")]),
        order=[Order("created_at_ms", descending=True)], limit=limit, count=False,
    )  # fmt: skip
    found = []
    for run in stores.runs.search(query).items:
        result = run.result
        found.append(
            PastValidation(
                run_id=run.id, at_ms=run.created_at_ms, version=int(result.get("version", 0)), data=str(result.get("data", "")),
                environment=str(result.get("environment", "")), rows=int(result.get("rows", 0)), count=int(result.get("count", 0)),
                anomalies=msgspec.convert(result.get("anomalies", []), list[Anomaly]),
            )
        )  # fmt: skip
    return found


def _bytes(stores: Stores, version: Version) -> bytes:
    if version.inline is not None:
        return version.inline
    for file in (FILE, "schema.json"):
        entry = stores.blobs.find_entry(version.digest, file)
        if entry is not None:
            return stores.blobs.get_bytes(entry.digest)
    raise NotFound(
        f"{version.address} holds no schema. Keep one with: tenfold schema save {version.name} FILE", field="name"
    )
