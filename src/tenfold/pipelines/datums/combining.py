"""From matches to datums: cross, union, join and group, with Pachyderm's rules."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from tenfold.base.hashing import digest
from tenfold.pipelines.datums.inputs import Cross, Files, Group, Input, Join, Union
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
    numbers = itertools.count()
    rows = _rows(given, find, numbers)
    sources = list(_addresses(given))
    made: dict[str, Datum] = {}
    for row in rows:
        parts = sorted(row) if len(row) > 1 else list(row)
        named = "\0".join(f"{part.name}\0{sources[part.source]}\0{part.path}" for part in parts)
        id_ = digest(named.encode())[:32]
        contents = "\0".join((id_, salt, *(part.content for part in parts)))
        made[id_] = Datum(id_, digest(contents.encode())[:32], parts)
    return list(made.values())


def _addresses(given: Input) -> Iterable[str]:
    if isinstance(given, Files):
        yield given.address
    else:
        for inner in given.inputs:
            yield from _addresses(inner)


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
