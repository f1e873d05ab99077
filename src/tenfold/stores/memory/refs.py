"""Refs, in memory."""

from __future__ import annotations

from tenfold.base.addresses import check_ref
from tenfold.contracts import Refs
from tenfold.contracts.refusals import check_expected, no_target
from tenfold.records import Move, Ref, RefMove
from tenfold.stores.memory.state import State


class MemoryRefs(Refs):
    """Refs of a `State`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def move(self, kind: str, name: str, move: Move, *, at_ms: int) -> Ref | None:
        with self._state.lock:
            check_move(self._state, kind, name, move)
            return apply_move(self._state, kind, name, move, at_ms)

    def find(self, kind: str, name: str, ref: str) -> Ref | None:
        with self._state.lock:
            return self._state.refs.get((kind, name, ref))

    def all(self, kind: str | None = None, name: str | None = None) -> list[Ref]:
        with self._state.lock:
            found = sorted(self._state.refs.items())
        return [ref for _, ref in found if kind in (None, ref.kind) and name in (None, ref.name)]

    def named(self, kind: str, ref: str) -> list[Ref]:
        with self._state.lock:
            found = [one for one in self._state.refs.values() if (one.kind, one.ref) == (kind, ref)]
        return sorted(found, key=lambda one: one.name)

    def history(self, kind: str, name: str, ref: str | None = None, *, limit: int = 1000) -> list[RefMove]:
        with self._state.lock:
            found = [m for m in reversed(self._state.moves) if (m.kind, m.name) == (kind, name)]
        return [m for m in found if ref in (None, m.ref)][:limit]

    def at(self, kind: str, name: str, ref: str, at_ms: int) -> str | None:
        with self._state.lock:
            made = [m for m in self._state.moves if (m.kind, m.name, m.ref) == (kind, name, ref) and m.at_ms <= at_ms]
        return max(enumerate(made), key=lambda pair: (pair[1].at_ms, pair[0]))[1].after if made else None


def check_move(state: State, kind: str, name: str, move: Move) -> None:
    """Raise what keeps a move from happening; the caller holds the lock."""
    check_ref(move.ref)
    check_expected(kind, name, move, state.refs.get((kind, name, move.ref)))
    if move.to is not None:
        version = state.versions.get(move.to)
        if version is None or (version.kind, version.name) != (kind, name) or version.deleted_at_ms is not None:
            raise no_target(kind, name, move)


def apply_move(state: State, kind: str, name: str, move: Move, at_ms: int) -> Ref | None:
    """Make a checked move; the caller holds the lock."""
    old = state.refs.get((kind, name, move.ref))
    now = old.version_id if old is not None else None
    if move.to == now:
        return old
    state.moves.append(
        RefMove(kind=kind, name=name, ref=move.ref, before=now, after=move.to, at_ms=at_ms, who=move.who, why=move.why)
    )
    state.note("ref", f"{kind}:{name}@{move.ref}", "removed" if move.to is None else "moved", at_ms)
    if move.to is None:
        del state.refs[kind, name, move.ref]
        return None
    number = state.versions[move.to].number
    ref = Ref(kind=kind, name=name, ref=move.ref, version_id=move.to, number=number, moved_at_ms=at_ms)
    state.refs[kind, name, move.ref] = ref
    return ref
