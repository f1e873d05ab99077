"""From matches to datums: cross, union, join and group, with Pachyderm's rules."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from tenfold.base.hashing import digest
from tenfold.pipelines.datums.inputs import Cross, Files, Group, Input, Join, Union, leaves
from tenfold.pipelines.datums.matching import Match


class Part(NamedTuple):
    """What one input gives to a datum."""

    name: str
    source: int
    """Which of the input's files, by their order."""
    path: str
    content: str
    size_bytes: int
    key: str = ""
    """Of a join or group."""


class Datum(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One piece of work. `id` follows from what it reads by name, `hash` also from the contents."""

    id: str
    hash: str
    parts: list[Part]


_Row = tuple[Part, ...]
Finder = Callable[[int, Files], list[Match]]
"""Gives the matches of one of an input's files."""


def datums_of(given: Input, find: Finder, *, salt: str) -> list[Datum]:
    """All datums of an input, each id once, sorted by the paths of their parts."""
    return _made(given, _rows(given, find, itertools.count()), salt)


def changed_datums(
    given: Input, find: Finder, changes: Callable[[int, Files], tuple[list[Match], list[str]] | None], *, salt: str
) -> tuple[list[Datum], list[str]] | None:
    """The datums that may be new or changed, and the ids of those that may be gone; None when only all of them can tell.

    Args:
        changes: The matches of one of an input's files that are new or changed, and the paths of those that are gone;
            None where nothing changed.
    """
    delta = _delta(given, find, changes, 0)
    if delta is None:
        return None
    datums = _made(given, delta[0], salt)
    there = {datum.id for datum in datums}
    return datums, [datum.id for datum in _made(given, delta[1], salt) if datum.id not in there]


_Changes = Callable[[int, Files], "tuple[list[Match], list[str]] | None"]


def _delta(given: Input, find: Finder, changes: _Changes, first: int) -> tuple[list[_Row], list[_Row]] | None:
    """Rows that have a new or changed match, and rows that have one that is gone. `first`: number of the first files."""
    if isinstance(given, Files):
        changed = changes(first, given)
        if changed is None:
            return [], []
        new: list[_Row] = [(Part(given.name, first, one.path, one.content, one.size_bytes),) for one in changed[0]]
        return new, [(Part(given.name, first, path, "", 0),) for path in changed[1]]
    numbers = list(itertools.accumulate((len(list(leaves(one))) for one in given.inputs), initial=first))
    inner = [_delta(one, find, changes, number) for one, number in zip(given.inputs, numbers, strict=False)]
    deltas = [one for one in inner if one is not None]
    if len(deltas) < len(inner):
        return None
    moved = [at for at, delta in enumerate(deltas) if delta[0] or delta[1]]
    if not moved:
        return [], []
    if isinstance(given, Union):
        return [row for delta in deltas for row in delta[0]], [row for delta in deltas for row in delta[1]]
    if not isinstance(given, Cross) or len(moved) > 1:
        return None
    sides = [
        None if at == moved[0] else _rows(one, find, itertools.count(number))
        for at, (one, number) in enumerate(zip(given.inputs, numbers, strict=False))
    ]
    came, gone = (
        [tuple(itertools.chain.from_iterable(rows)) for rows in itertools.product(*(side or part for side in sides))]
        if all(side is None or side for side in sides) else []
        for part in deltas[moved[0]]
    )  # fmt: skip
    return came, gone


def _made(given: Input, rows: list[_Row], salt: str) -> list[Datum]:
    sources = [one.address for one in leaves(given)]
    made: dict[str, Datum] = {}
    for row in rows:
        parts = sorted(row) if len(row) > 1 else list(row)
        named = "\0".join(f"{part.name}\0{sources[part.source]}\0{part.path}" for part in parts)
        id_ = digest(named.encode())[:32]
        contents = "\0".join((id_, salt, *(part.content for part in parts)))
        made[id_] = Datum(id_, digest(contents.encode())[:32], parts)
    return list(made.values())


def _rows(given: Input, find: Finder, numbers: itertools.count[int]) -> list[_Row]:
    match given:
        case Files():
            return [(part,) for part in _parts(given, find, next(numbers), "")]
        case Union():
            return [row for inner in given.inputs for row in _rows(inner, find, numbers)]
        case Cross():
            sides = [_rows(inner, find, numbers) for inner in given.inputs]
            return [tuple(itertools.chain.from_iterable(rows)) for rows in itertools.product(*sides)]
        case Join():
            return _joined(given, [_by_key(one, find, next(numbers), one.join_on) for one in given.inputs])
        case Group():
            return _grouped([_by_key(one, find, next(numbers), one.group_by) for one in given.inputs])


def _parts(one: Files, find: Finder, number: int, key: str) -> list[Part]:
    return [
        Part(one.name, number, found.path, found.content, found.size_bytes, found.key(key) if key else "")
        for found in find(number, one)
    ]


def _by_key(one: Files, find: Finder, number: int, key: str) -> dict[str, list[Part]]:
    made: dict[str, list[Part]] = {}
    for part in _parts(one, find, number, key):
        made.setdefault(part.key, []).append(part)
    return made


def _joined(given: Join, sides: list[dict[str, list[Part]]]) -> list[_Row]:
    """Within a key all sides with each other; where one has no match, the outer sides that have one, with each other."""
    rows: list[_Row] = []
    for key in dict.fromkeys(itertools.chain.from_iterable(sides)):
        there = [side[key] for side in sides if key in side]
        if len(there) < len(sides):
            there = [side[key] for side, one in zip(sides, given.inputs, strict=True) if key in side and one.outer_join]
        if there:
            rows += itertools.product(*there)
    return rows


def _grouped(sides: list[dict[str, list[Part]]]) -> list[_Row]:
    keys = dict.fromkeys(itertools.chain.from_iterable(sides))
    return [tuple(part for side in sides for part in side.get(key, ())) for key in keys]
