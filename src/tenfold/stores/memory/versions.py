"""Artifact versions, in memory."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from tenfold.base.addresses import check_name
from tenfold.contracts import Versions
from tenfold.contracts.changes import merged_tags, produced_edge, purged, version_of
from tenfold.contracts.refusals import no_version
from tenfold.records import Draft, Version
from tenfold.stores.memory.lineage import add_edge
from tenfold.stores.memory.refs import apply_move, check_move
from tenfold.stores.memory.state import State


class MemoryVersions(Versions):
    """Versions of a `State`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def publish(self, drafts: list[Draft]) -> list[Version]:
        with self._state.lock:
            before = _snapshot(self._state)
            try:
                return [self._publish(draft) for draft in drafts]
            except Exception:
                _restore(self._state, before)
                raise

    def _publish(self, draft: Draft) -> Version:
        state = self._state
        if draft.id in state.versions:
            return state.versions[draft.id]
        check_name(draft.name)
        numbered = state.by_number.setdefault((draft.kind, draft.name), [])
        version = version_of(draft, len(numbered) + 1)
        numbered.append(version)
        state.versions[draft.id] = version
        state.note("version", draft.id, "created", draft.created_at_ms)
        if draft.run_id is not None:
            add_edge(state, produced_edge(draft, draft.run_id))
        for move in draft.moves:
            to_this = msgspec.structs.replace(move, to=draft.id)
            check_move(state, draft.kind, draft.name, to_this)
            apply_move(state, draft.kind, draft.name, to_this, draft.created_at_ms)
        return version

    def get(self, version_ids: list[str]) -> list[Version]:
        with self._state.lock:
            for version_id in version_ids:
                if version_id not in self._state.versions:
                    raise no_version(version_id)
            return [self._state.versions[version_id] for version_id in version_ids]

    def find(self, kind: str, name: str, number: int | None = None) -> Version | None:
        with self._state.lock:
            numbered = self._state.by_number.get((kind, name), [])
            if number is not None:
                return numbered[number - 1] if 1 <= number <= len(numbered) else None
            return next((v for v in reversed(numbered) if v is not None and v.deleted_at_ms is None), None)

    def search(
        self,
        kind: str | None = None,
        name: str | None = None,
        *,
        run_id: str | None = None,
        digest: str | None = None,
        deleted: bool = False,
        offset: int = 0,
        limit: int = 100,
    ) -> list[Version]:
        with self._state.lock:
            found = [
                v
                for v in self._state.versions.values()
                if kind in (None, v.kind)
                and name in (None, v.name)
                and run_id in (None, v.run_id)
                and digest in (None, v.digest)
                and deleted == (v.deleted_at_ms is not None)
                and not v.is_purged
            ]
        found.sort(key=lambda v: (v.created_at_ms, v.number, v.id), reverse=True)
        return found[offset : offset + limit]

    def names(self, kind: str | None = None) -> list[tuple[str, str, int, int]]:
        times: dict[tuple[str, str], list[int]] = defaultdict(list)
        with self._state.lock:
            for version in self._state.versions.values():
                if kind in (None, version.kind) and version.deleted_at_ms is None:
                    times[version.kind, version.name].append(version.created_at_ms)
        return [(k, n, len(at), max(at)) for (k, n), at in sorted(times.items())]

    def describe(
        self, version_id: str, *, description: str | None = None, tags: dict[str, str | None] | None = None
    ) -> Version:
        with self._state.lock:
            old = self.get([version_id])[0]
            new = msgspec.structs.replace(
                old,
                description=old.description if description is None else description,
                tags=merged_tags(old.tags, tags or {}),
            )
            if new != old:
                self._put(new)
                self._state.note("version", new.id, "described", self._state.clock())
            return new

    def set_deleted(self, version_ids: list[str], *, at_ms: int | None) -> int:
        changed = 0
        with self._state.lock:
            for version_id in dict.fromkeys(version_ids):
                version = self._state.versions.get(version_id)
                if version is None or version.is_purged:
                    continue
                if (version.deleted_at_ms is None) != (at_ms is None):
                    self._put(msgspec.structs.replace(version, deleted_at_ms=at_ms))
                    when = self._state.clock() if at_ms is None else at_ms
                    self._state.note("version", version_id, "restored" if at_ms is None else "deleted", when)
                    changed += 1
        return changed

    def purge(self, version_ids: list[str], *, is_traceless: bool = False) -> int:
        gone = 0
        with self._state.lock:
            for version_id in dict.fromkeys(version_ids):
                version = self._state.versions.get(version_id)
                if version is None or version.deleted_at_ms is None or (version.is_purged and not is_traceless):
                    continue
                if is_traceless:
                    self._forget(version)
                elif any(ref.version_id == version_id for ref in self._state.refs.values()):
                    continue
                else:
                    self._put(purged(version))
                self._state.note("version", version_id, "purged", self._state.clock())
                gone += 1
        return gone

    def _forget(self, version: Version) -> None:
        state = self._state
        del state.versions[version.id]
        state.by_number[version.kind, version.name][version.number - 1] = None
        state.edges = {key: edge for key, edge in state.edges.items() if edge.version_id != version.id}
        named = {key for key, ref in state.refs.items() if ref.version_id == version.id}
        state.refs = {key: ref for key, ref in state.refs.items() if key not in named}
        state.moves = [move for move in state.moves if (move.kind, move.name, move.ref) not in named]

    def digests(self) -> list[str]:
        with self._state.lock:
            return sorted({v.digest for v in self._state.versions.values() if v.inline is None and not v.is_purged})

    def _put(self, version: Version) -> None:
        self._state.versions[version.id] = version
        self._state.by_number[version.kind, version.name][version.number - 1] = version


def _snapshot(state: State) -> dict[str, Any]:
    fields = ("versions", "refs", "moves", "edges", "events")
    copy: dict[str, Any] = {field: getattr(state, field).copy() for field in fields}
    copy["by_number"] = {key: numbered.copy() for key, numbered in state.by_number.items()}
    copy["last_seq"] = state.last_seq
    return copy


def _restore(state: State, before: dict[str, Any]) -> None:
    for field, value in before.items():
        setattr(state, field, value)
