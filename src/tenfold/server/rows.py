"""Records as the rows that pages show. Pure, but for the refs of versions, which are asked once for each artifact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from tenfold.base.clock import now_ms
from tenfold.base.flat import flat
from tenfold.contracts import Stores
from tenfold.contracts.there import runs_there, versions_there
from tenfold.records import (
    ARCHIVED,
    LIVE_STATES,
    STARRED,
    STOP,
    CodeVersion,
    Ref,
    RefMove,
    Run,
    Summary,
    Version,
    without_marks,
)
from tenfold.server.wire import (
    CodeRow,
    MetricRow,
    MoveRow,
    RefRow,
    RunLink,
    RunRow,
    VersionLink,
    VersionRow,
    VersionUse,
)
from tenfold.tracking.definitions import definitions

Columns = Mapping[str, frozenset[str]]
"""Keys to send by family: {'params': {'lr'}, 'metrics': …, 'tags': …}; a family that is absent is sent whole."""

_WITHOUT_REFS = frozenset({"output", "log", "media", "predictions", "outcomes"})
"""Kinds nobody names versions of; asking for their refs would cost a query a name."""


def run_row(run: Run, *, now: int | None = None, columns: Columns | None = None) -> RunRow:
    """One line of a table of runs."""
    started, ended = run.started_at_ms, run.ended_at_ms
    until = ended if ended is not None else (now_ms() if now is None else now) if run.state == "running" else None
    columns = columns or {}
    return RunRow(
        id=run.id,
        address=f"run:{run.id}",
        project=run.project,
        kind=run.kind,
        name=run.name,
        state=run.state,
        parent_id=run.parent_id,
        root_id=run.root_id,
        group=run.group,
        user=run.user,
        host=run.host,
        created_at_ms=run.created_at_ms,
        started_at_ms=started,
        ended_at_ms=ended,
        duration_ms=max(until - started, 0) if started is not None and until is not None else None,
        deleted_at_ms=run.deleted_at_ms,
        error=first_line(run.error),
        commit=run.code.commit if run.code else None,
        params=_chosen(flat(run.params), columns.get("params")),
        metrics={key: metric_row(value) for key, value in _chosen(run.metrics, columns.get("metrics")).items()},
        goals=_goals(run),
        tags=_chosen(without_marks(run.tags), columns.get("tags")),
        starred=STARRED in run.tags,
        stopping=STOP in run.tags and run.state in LIVE_STATES,
        archived=ARCHIVED in run.tags,
    )


def _goals(run: Run) -> dict[str, Literal["maximize", "minimize"]]:
    return {key: said.goal for key, said in definitions(run).items() if said.goal is not None}


def _chosen(values: Mapping[str, Any], keys: frozenset[str] | None) -> dict[str, Any]:
    return {key: value for key, value in values.items() if keys is None or key in keys}


def metric_row(summary: Summary) -> MetricRow:
    return MetricRow(summary.last, summary.last_step, summary.min, summary.max, summary.mean, summary.count)


def first_line(text: str | None) -> str | None:
    return text.strip().partition("\n")[0][:500] if text else None


def run_link(run: Run) -> RunLink:
    """Enough of a run to name it."""
    return RunLink(
        id=run.id,
        project=run.project,
        kind=run.kind,
        name=run.name,
        state=run.state,
        started_at_ms=run.started_at_ms,
        ended_at_ms=run.ended_at_ms,
    )


def code_row(code: CodeVersion | None) -> CodeRow | None:
    if code is None:
        return None
    return CodeRow(
        commit=code.commit,
        branch=code.branch,
        remote=code.remote,
        dirty=code.dirty,
        has_patch=code.patch is not None,
        entry_point=code.entry_point,
        arguments=code.arguments,
        digest=code.digest,
    )


def version_link(version: Version) -> VersionLink:
    """Enough of a version to name it."""
    return VersionLink(
        id=version.id, address=version.address, kind=version.kind, name=version.name, number=version.number
    )


def version_rows(stores: Stores, versions: Iterable[Version]) -> list[VersionRow]:
    """Versions with the refs that point at them now, in the order given."""
    versions = list(versions)
    names = {(v.kind, v.name) for v in versions if v.kind not in _WITHOUT_REFS}
    pointing: dict[str, list[str]] = {}
    for kind, name in names:
        for ref in stores.refs.all(kind, name):
            pointing.setdefault(ref.version_id, []).append(ref.ref)
    return [version_row(version, pointing.get(version.id, [])) for version in versions]


def version_row(version: Version, refs: list[str]) -> VersionRow:
    return VersionRow(
        id=version.id,
        address=version.address,
        kind=version.kind,
        name=version.name,
        number=version.number,
        type=version.type,
        digest=version.digest,
        size_bytes=version.size_bytes,
        files=version.files,
        message=version.message,
        author=version.author,
        description=version.description,
        run_id=version.run_id,
        created_at_ms=version.created_at_ms,
        deleted_at_ms=version.deleted_at_ms,
        parents=version.parents,
        refs=sorted(refs),
        tags=version.tags,
        metadata=version.metadata,
    )


def ref_rows(refs: Iterable[Ref]) -> list[RefRow]:
    return [
        RefRow(
            ref=ref.ref,
            version_id=ref.version_id,
            number=ref.number,
            address=f"{ref.kind}:{ref.name}@{ref.ref}",
            moved_at_ms=ref.moved_at_ms,
        )
        for ref in refs
    ]


def move_rows(moves: Iterable[RefMove], numbers: Mapping[str, int]) -> list[MoveRow]:
    """Moves with version numbers in place of ids; `numbers` has those of every version moved to or from."""
    return [
        MoveRow(
            ref=move.ref,
            before=numbers.get(move.before) if move.before else None,
            after=numbers.get(move.after) if move.after else None,
            at_ms=move.at_ms,
            who=move.who,
            why=move.why,
        )
        for move in moves
    ]


def history_rows(stores: Stores, kind: str, name: str, *, limit: int = 200) -> list[MoveRow]:
    """The moves of all refs of one artifact, newest first."""
    moves = stores.refs.history(kind, name, limit=limit)
    ids = sorted({id_ for move in moves for id_ in (move.before, move.after) if id_})
    numbers = {v.id: v.number for v in versions_there(stores, ids).values()}
    return move_rows(moves, numbers)


def uses_of(stores: Stores, version_ids: list[str]) -> list[VersionUse]:
    """Who produced and used these versions, in order of time."""
    edges = stores.lineage.of_versions(version_ids) if version_ids else []
    ids = list(dict.fromkeys(edge.run_id for edge in edges))
    runs = runs_there(stores, ids)
    return [
        VersionUse(
            direction=edge.direction,
            role=edge.role,
            at_ms=edge.at_ms,
            run_id=edge.run_id,
            run_name=runs[edge.run_id].name,
            run_kind=runs[edge.run_id].kind,
            run_state=runs[edge.run_id].state,
            project=runs[edge.run_id].project,
        )
        for edge in edges
        if edge.run_id in runs
    ]
