"""What a place publishes: its outputs under its cache key, its log; and the edges to what it used."""

from __future__ import annotations

from pathlib import Path

from tenfold.base.hashing import digest
from tenfold.contracts import Stores
from tenfold.pipelines.authoring.templates import Template, dependencies, exact_versions
from tenfold.pipelines.caching.keys import Found, cache_ref, output_name
from tenfold.pipelines.driving.board import Board
from tenfold.pipelines.driving.places import Place
from tenfold.pipelines.ids import derived_id, output_id
from tenfold.pipelines.logs import KIND as LOG_KIND
from tenfold.pipelines.logs import LOG_FILE, live_log
from tenfold.pipelines.values import Kept, value_of
from tenfold.records import Draft, Edge, Move
from tenfold.records.version import INLINE_LIMIT_BYTES


def output_drafts(place: Place, outputs: list[Kept], at_ms: int) -> list[Draft]:
    """A draft for each output; the ref of the cache key moves to it in the same transaction."""
    key = place.task.outcome.get("key", "")
    return [
        Draft(
            id=output_id(place.task.id, name, place.cleared),
            kind="output",
            name=output_name(place.spec, name),
            digest=kept.digest,
            size_bytes=kept.size_bytes,
            files=kept.files,
            inline=kept.inline,
            type=kept.type,
            metadata=kept.metadata,
            run_id=place.task.id,
            role=name,
            created_at_ms=at_ms,
            moves=[Move(ref=cache_ref(key), why="made under this cache key")] if key and place.spec.cache else [],
        )
        for name, kept in zip(place.spec.outputs, outputs, strict=True)
    ]


def published_before(stores: Stores, place: Place) -> dict[str, Found] | None:
    """The outputs an attempt published before its scheduler died, when all are there."""
    versions = {v.id: v for v in stores.versions.search("output", run_id=place.task.id)}
    ids = {name: output_id(place.task.id, name, place.cleared) for name in place.spec.outputs}
    if not all(id_ in versions for id_ in ids.values()):
        return None
    return {name: Found(id_, value_of(versions[id_], lambda: stores.blobs)) for name, id_ in ids.items()}


def log_draft(stores: Stores, place: Place, folder: Path, at_ms: int) -> list[Draft]:
    """The draft of what a place printed; none when it printed nothing."""
    path = live_log(folder, place.task.id)
    size = path.stat().st_size if path.exists() else 0
    if size == 0:
        return []
    inline = path.read_bytes() if size <= INLINE_LIMIT_BYTES else None
    tree = stores.blobs.put_tree({LOG_FILE: path}) if inline is None else None
    return [
        Draft(
            id=derived_id(place.task.id, "log", str(place.task.attempt)),
            kind=LOG_KIND,
            name=f"{place.spec.pipeline}.{place.spec.step}",
            digest=tree.digest if tree else digest(inline or b""),
            size_bytes=tree.size_bytes if tree else size,
            files=1 if tree else 0,
            inline=inline,
            type="text",
            run_id=place.task.id,
            role="log",
            created_at_ms=at_ms,
        )
    ]


def used_edges(board: Board, place: Place, at_ms: int) -> list[Edge]:
    """Edges from a place to the versions it is given, each with its parameter as role."""
    return [
        Edge(run_id=place.task.id, version_id=id_, direction="used", role=name, at_ms=at_ms)
        for name, given in place.spec.arguments.items()
        for id_ in dict.fromkeys([*exact_versions(given), *_versions_of(board, given)])
    ]


def _versions_of(board: Board, given: Template) -> list[str]:
    found: list[str] = []
    output = given["r"][1] if "r" in given else given["e"][1] if "e" in given else None
    for key in dependencies(given):
        source = board.places[key]
        for place in [board.places[item] for item in source.items] if source.items is not None else [source]:
            found += [one.version_id for name, one in place.outputs.items() if output in (None, name)]
    return found
