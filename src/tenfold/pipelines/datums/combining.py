"""From matches to datums: cross, union, join and group, with Pachyderm's rules."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from tenfold.base.hashing import digest
from tenfold.pipelines.datums.inputs import Cross, Files, Group, Input, Join, Union, leaves
from tenfold.pipelines.datums.matching import Match, key_of


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
    return _made(given, _rows(given, find, 0), salt)


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
    inner = [_delta(one, find, changes, number) for one, number in _numbered(given, first)]
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
        [] if at in moved else _rows(one, find, number) for at, (one, number) in enumerate(_numbered(given, first))
    ]
    new, gone = (_crossed([*sides[: moved[0]], part, *sides[moved[0] + 1 :]]) for part in deltas[moved[0]])
    return new, gone


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


def _rows(given: Input, find: Finder, first: int) -> list[_Row]:
    """All rows of an input. `first`: the number of its first files."""
    match given:
        case Files():
            return [(part,) for part in _parts(given, find, first, "")]
        case Union():
            return [row for inner, number in _numbered(given, first) for row in _rows(inner, find, number)]
        case Cross():
            sides = [_rows(inner, find, number) for inner, number in _numbered(given, first)]
            return _crossed(sides)
        case Join():
            return _joined(given, [_by_key(one, find, number, "join_on") for one, number in _numbered(given, first)])
        case Group():
            return _grouped([_by_key(one, find, number, "group_by") for one, number in _numbered(given, first)])


def _numbered(given: Cross | Union | Join | Group, first: int) -> Iterator[tuple[Input, int]]:
    """The inputs inside another, each with the number of its first files."""
    for inner in given.inputs:
        yield inner, first
        first += sum(1 for _ in leaves(inner))


def _crossed(sides: Sequence[Sequence[_Row]]) -> list[_Row]:
    return [tuple(itertools.chain.from_iterable(rows)) for rows in itertools.product(*sides)]


def _parts(one: Files, find: Finder, number: int, key: str) -> list[Part]:
    return [
        Part(one.name, number, found.path, found.content, found.size_bytes, found.key(key) if key else "")
        for found in find(number, one)
    ]


def _by_key(given: Input, find: Finder, first: int, field: str) -> dict[str, list[_Row]]:
    """Rows by their key: what those of their parts have that have one, put together."""
    made: dict[str, list[_Row]] = {}
    if isinstance(given, Files):
        for part in _parts(given, find, first, getattr(given, field)):
            made.setdefault(part.key, []).append((part,))
        return made
    known = dict(enumerate(leaves(given), first))
    for row in _rows(given, find, first):
        keys = [key_of(known[part.source].glob, part.path, getattr(known[part.source], field)) for part in row]
        keyed = tuple(part._replace(key=key) if key else part for part, key in zip(row, keys, strict=True))
        made.setdefault("".join(keys), []).append(keyed)
    return made


def _joined(given: Join, sides: list[dict[str, list[_Row]]]) -> list[_Row]:
    """Within a key all sides with each other; where one has no match, the outer sides that have one, with each other."""
    rows: list[_Row] = []
    outer = [any(files.outer_join for files in leaves(one)) for one in given.inputs]
    for key in dict.fromkeys(itertools.chain.from_iterable(sides)):
        there = [side[key] for side in sides if key in side]
        if len(there) < len(sides):
            there = [side[key] for side, keeps in zip(sides, outer, strict=True) if key in side and keeps]
        if there:
            rows += _crossed(there)
    return rows


def _grouped(sides: list[dict[str, list[_Row]]]) -> list[_Row]:
    keys = dict.fromkeys(itertools.chain.from_iterable(sides))
    return [
        tuple(dict.fromkeys(part for side in sides for row in side.get(key, ()) for part in row)) for key in keys
    ]  # a nested cross has a part in several rows, and a group has it once
