"""What was in production: which version each alias and stage named, and which each deployment served, at a time past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tenfold.base.addresses import parse
from tenfold.base.errors import InvalidAddress
from tenfold.contracts import Stores
from tenfold.contracts.there import versions_there
from tenfold.records import And, Compare, Or, RefMove, Run, RunQuery, Version

_MOVES = 100_000
_PAGE = 1000


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """An alias or stage named a version for a while. `until_ms` is None while it still does."""

    model: str
    alias: str
    version: int | None
    """Its number; None when it was purged without a trace."""
    version_id: str
    from_ms: int
    until_ms: int | None
    who: str
    why: str
    fate: str
    """'' when the version is still there, else 'in the bin' or 'purged'."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment answered with a version for a while. `until_ms` is None while it still does."""

    deployment: str
    run_id: str
    address: str
    """What it was told to serve."""
    model: str
    version: int | None
    weight: float
    is_shadow: bool
    from_ms: int
    until_ms: int | None


class Production(msgspec.Struct, frozen=True, kw_only=True):
    """What stood at some time from `from_ms` to `until_ms` (UTC), sorted by model, alias and time."""

    from_ms: int
    until_ms: int
    aliases: list[Standing]
    deployments: list[Served]


def production(
    stores: Stores, from_ms: int, until_ms: int | None = None, *, model: str | None = None, alias: str | None = None
) -> Production:
    """What aliases named and deployments served at a moment, or at any time between two (both inclusive).

    Deployments that follow an alias are given with the version it named; they take a new one a few seconds later.
    """
    end = from_ms if until_ms is None else until_ms
    histories: dict[str, list[RefMove]] = {}

    def moves_of(name: str) -> list[RefMove]:
        if name not in histories:
            histories[name] = stores.refs.history("model", name, limit=_MOVES)[::-1]
        return histories[name]

    spans = [
        span
        for name in _names(stores, model)
        for span in _spans(moves_of(name))
        if span.from_ms <= end and (span.until_ms is None or span.until_ms > from_ms) and alias in (None, span.alias)
    ]
    versions = versions_there(stores, sorted({span.version_id for span in spans}))
    aliases = [_with_version(span, versions.get(span.version_id)) for span in spans]
    served = [
        one
        for run in _deployments(stores, from_ms, end)
        for one in _served(stores, run, moves_of)
        if one.from_ms <= end
        and (one.until_ms is None or one.until_ms > from_ms)
        and model in (None, one.model)
        and (alias is None or one.address.endswith(f"@{alias}"))
    ]
    return Production(
        from_ms=from_ms,
        until_ms=end,
        aliases=sorted(aliases, key=lambda one: (one.model, one.alias, one.from_ms)),
        deployments=sorted(served, key=lambda one: (one.deployment, one.model, one.from_ms)),
    )


def _names(stores: Stores, model: str | None) -> list[str]:
    if model is not None:
        return [model]
    names = {name for _, name, _, _ in stores.versions.names("model")}
    offset = 0
    while page := stores.versions.search("model", deleted=True, offset=offset, limit=_PAGE):
        names |= {version.name for version in page}
        offset += len(page)
    return sorted(names)


def _spans(moves: Iterable[RefMove]) -> Iterator[Standing]:
    """Each move, oldest first, begins a span that the next move of the same ref ends."""
    last: dict[str, RefMove] = {}
    for move in moves:
        if begun := last.pop(move.ref, None):
            yield _standing(begun, move.at_ms)
        if move.after is not None:
            last[move.ref] = move
    for begun in last.values():
        yield _standing(begun, None)


def _standing(move: RefMove, until_ms: int | None) -> Standing:
    return Standing(
        model=move.name,
        alias=move.ref,
        version=None,
        version_id=move.after or "",
        from_ms=move.at_ms,
        until_ms=until_ms,
        who=move.who,
        why=move.why,
        fate="purged",
    )


def _with_version(span: Standing, version: Version | None) -> Standing:
    if version is None:
        return span
    fate = "purged" if version.is_purged else "in the bin" if version.deleted_at_ms is not None else ""
    return msgspec.structs.replace(span, version=version.number, fate=fate)


def _deployments(stores: Stores, from_ms: int, until_ms: int) -> Iterator[Run]:
    """Deployments that ran at some time between the two, those in the bin too."""
    ran = And(
        [
            Compare("started_at_ms", "<=", until_ms),
            Or([Compare("ended_at_ms", "is null"), Compare("ended_at_ms", ">=", from_ms)]),
        ]
    )
    for deleted in (False, True):
        offset: int | None = 0
        while offset is not None:
            query = RunQuery(kinds=["deployment"], where=ran, deleted=deleted, offset=offset, limit=_PAGE, count=False)
            page = stores.runs.search(query)
            yield from page.items
            offset = page.next


def _served(stores: Stores, run: Run, moves_of: Any) -> Iterator[Served]:
    began, ended = run.started_at_ms or run.created_at_ms, run.ended_at_ms
    said = run.result.get("targets") or run.params.get("targets")
    for target in said if isinstance(said, list) else []:
        if not isinstance(target, dict):
            continue
        try:
            address = parse(str(target.get("address", "")), default_kind="model")
        except InvalidAddress:
            continue
        one = Served(
            deployment=run.name or run.id,
            run_id=run.id,
            address=str(address),
            model=address.name,
            version=address.number,
            weight=float(target.get("weight") or 0.0),
            is_shadow=bool(target.get("shadow")),
            from_ms=began,
            until_ms=ended,
        )
        if address.number is not None:
            yield one
            continue
        ref = address.ref or "champion"
        spans = [span for span in _spans(moves_of(address.name)) if span.alias == ref]
        if not spans:  # it served the newest version, for nothing was named so
            number = target.get("number")
            yield msgspec.structs.replace(one, version=number if isinstance(number, int) else None)
        versions = versions_there(stores, sorted({span.version_id for span in spans}))
        for span in spans:
            if (ended is None or span.from_ms < ended) and (span.until_ms is None or span.until_ms > began):
                until = min((at for at in (span.until_ms, ended) if at is not None), default=None)
                told = versions.get(span.version_id)
                yield msgspec.structs.replace(
                    one,
                    version=told.number if told else None,
                    from_ms=max(span.from_ms, began),
                    until_ms=until,
                )
