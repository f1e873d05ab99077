"""What has moved since a schedule's last run, and whether that is enough to start it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tenfold.base.addresses import Address, parse
from tenfold.contracts import Stores
from tenfold.pipelines.starting.calendar import is_cron, parse_cron, parse_every
from tenfold.pipelines.starting.happenings import Happening, is_happening
from tenfold.pipelines.starting.schedules import Schedule
from tenfold.records import Ref, Version
from tenfold.records.version import COMMIT_SET


class Last(msgspec.Struct, frozen=True):
    """What a schedule was fired for last."""

    due_ms: int
    moved: dict[str, int] = {}
    """When its refs had moved then, by address."""
    run_id: str = ""
    """The run it got."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """Refs that moved, enough of them."""

    refs: dict[str, Ref]
    """All refs the schedule waits for that there are, by address."""
    moved: list[str]
    """Addresses of those that moved."""
    commit_set: str
    """The commit, or transaction, that the newest of them follows from."""

    happened: dict[str, Happening] = {}
    """By source: the newest of what happened besides, when all is waited for."""

    @property
    def exact(self) -> dict[str, str]:
        """Each address with the number its ref names now."""
        return {
            text: str(Address(ref.kind, ref.name, number=ref.number))
            for text, ref in self.refs.items()
            if not is_happening(text)
        }

    @property
    def says(self) -> str:
        return ", ".join(
            self.happened[text].says if text in self.happened else f"{text} moved to v{self.refs[text].number}"
            for text in self.moved
        )


def find_news(
    stores: Stores,
    schedule: Schedule,
    active: Ref,
    last: Last | None,
    *,
    at_ms: int,
    happened: Mapping[str, Happening] | None = None,
) -> News | None:
    """What moved since the last run, or since the schedule was put in force; None when it is not enough to start.

    Args:
        happened: With `wait_for_all`: the newest happening of each source.
    """
    refs: dict[str, Ref] = {}
    for text, one in (happened or {}).items():
        kind, _, name = text.partition(":")
        refs[text] = Ref(kind=kind, name=name, ref="", version_id=one.key, number=0, moved_at_ms=one.at_ms)
    for text in schedule.on:
        if is_happening(text):
            continue
        wanted = parse(text)
        found = stores.refs.find(wanted.kind, wanted.name, wanted.ref or "")
        if found is not None:
            refs[text] = found
    before = last.moved if last is not None else {}
    moved = [text for text, ref in refs.items() if ref.moved_at_ms > before.get(text, active.moved_at_ms)]
    enough = len(moved) == len(schedule.on) if schedule.wait_for_all else bool(moved)
    ended = schedule.ends_at_ms is not None and at_ms > schedule.ends_at_ms
    if not enough or ended or at_ms < (schedule.starts_at_ms or 0):
        return None
    of_refs = [text for text in moved if not is_happening(text)]
    versions = dict(zip(of_refs, stores.versions.get([refs[text].version_id for text in of_refs]), strict=True))
    if not _reached(stores, schedule, active, last, refs, versions, at_ms):
        return None
    newest = max(of_refs, key=lambda text: refs[text].moved_at_ms, default=None)
    commit_set = commit_set_of(versions[newest]) if newest else ""
    return News(refs=refs, moved=moved, commit_set=commit_set, happened=dict(happened or {}))


def commit_set_of(version: Version) -> str:
    """The commit set of a version: what it follows from, else itself."""
    return version.tags.get(COMMIT_SET) or version.id


def _reached(
    stores: Stores,
    schedule: Schedule,
    active: Ref,
    last: Last | None,
    refs: dict[str, Ref],
    versions: dict[str, Version],
    at_ms: int,
) -> bool:
    """Whether the thresholds that are set are reached; true when there are none."""
    reached: list[bool] = []
    if schedule.grown_bytes:
        grown = sum(
            max(0, version.size_bytes - _size_before(stores, text, refs[text], active, last))
            for text, version in versions.items()
        )
        reached.append(grown >= schedule.grown_bytes)
    if schedule.commits:
        moves = sum(_moves_since(stores, text, refs[text], active, last) for text in versions)
        reached.append(moves >= schedule.commits)
    if schedule.rest:
        reached.append(_rested(schedule.rest, active, last, at_ms))
    return not reached or (any(reached) if schedule.any_threshold else all(reached))


def _rested(rest: str, active: Ref, last: Last | None, at_ms: int) -> bool:
    if is_cron(rest):  # a moment of it has come since
        return next(parse_cron(rest).after(last.due_ms if last is not None else active.moved_at_ms), at_ms + 1) <= at_ms
    return last is None or at_ms >= last.due_ms + parse_every(rest).seconds * 1000


def _since(text: str, active: Ref, last: Last | None) -> int:
    return last.moved.get(text, active.moved_at_ms) if last is not None else active.moved_at_ms


def _size_before(stores: Stores, text: str, ref: Ref, active: Ref, last: Last | None) -> int:
    id_ = stores.refs.at(ref.kind, ref.name, ref.ref, _since(text, active, last))
    return stores.versions.get([id_])[0].size_bytes if id_ is not None else 0


def _moves_since(stores: Stores, text: str, ref: Ref, active: Ref, last: Last | None) -> int:
    since = _since(text, active, last)
    return sum(move.at_ms > since for move in stores.refs.history(ref.kind, ref.name, ref.ref))
