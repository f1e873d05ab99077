"""What an incremental pipeline reads: files of datasets by a glob, alone or combined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tenfold.base.addresses import DEFAULT_REFS, Address, parse
from tenfold.base.errors import Invalid


class Files(msgspec.Struct, frozen=True, omit_defaults=True, tag="files", kw_only=True):
    """Files and folders of a dataset that a glob matches; each match is a datum."""

    address: str
    """A branch, like data:images@main."""
    glob: str
    name: str
    """What the step calls it."""
    join_on: str = ""
    """Like '$1-$2': the parenthesised parts of the glob that matches are joined on."""
    outer_join: bool = False
    group_by: str = ""
    lazy: bool = False
    """Nothing is fetched before the step opens it."""
    empty_files: bool = False
    """Files are there by name, with nothing in them."""


class Cross(msgspec.Struct, frozen=True, tag="cross"):
    """Each datum of one input with each of the others."""

    inputs: list[Input]


class Union(msgspec.Struct, frozen=True, tag="union"):
    """The datums of all inputs."""

    inputs: list[Input]


class Join(msgspec.Struct, frozen=True, tag="join"):
    """Datums of several inputs with the same key, each with each."""

    inputs: list[Input]


class Group(msgspec.Struct, frozen=True, tag="group"):
    """One datum a key, with all datums that have it."""

    inputs: list[Input]


Input = Files | Cross | Union | Join | Group


def files(
    address: str,
    glob: str = "/*",
    *,
    name: str | None = None,
    on: str = "",
    by: str = "",
    outer: bool = False,
    lazy: bool = False,
    empty_files: bool = False,
) -> Files:
    """Files of a dataset's branch as datums: `files("data:images@main", "/*.png")`.

    Args:
        glob: From the top of the dataset: `/` is all of it as one datum, `/*` each file and folder at the top, `/*/*` at
            the second level, `/**` each file and folder anywhere. Also `?`, `[ab]`, `{a,b}`; a folder is one datum.
        name: The parameter of the step that takes it; the dataset's name when not given.
        on: With `join`: the key, made of the glob's parenthesised parts: `files("data:a", "/(*).png", on="$1")`.
        by: The same with `group`.
        outer: With `join`: its matches make datums also where another side has none.
        lazy: The step gets something to open instead of a path, and nothing is fetched before.
        empty_files: Names without contents.

    Raises:
        Invalid: It is no branch of a dataset, or a key names a part that the glob has not.
    """
    wanted = parse(address, default_kind="data")
    if wanted.kind != "data" or wanted.path is not None:
        raise Invalid(f"{address} is no dataset. Name one like data:images@main", field="address")
    where = Address("data", wanted.name, number=wanted.number, ref=wanted.ref or DEFAULT_REFS["data"])
    if wanted.number is not None:
        where = Address("data", wanted.name, number=wanted.number)
    called = name or re.sub(r"\W", "_", wanted.name)
    if called in ("out", "datum"):
        raise Invalid(f"An input cannot be called {called!r}: that is the step's own. Give it a name=", field="name")
    parts = glob.count("(")
    for key in (on, by):
        if any(int(number) > parts for number in re.findall(r"\$(\d+)", key)):
            raise Invalid(f"The key {key!r} names a part that the glob {glob!r} has not. Put it into (…)", field="glob")
    return Files(
        address=str(where), glob=glob, name=called, join_on=on, outer_join=outer, group_by=by, lazy=lazy,
        empty_files=empty_files,
    )  # fmt: skip


def cross(*inputs: Input) -> Cross:
    """Each datum of one input with each datum of the others."""
    return Cross(list(inputs))


def union(*inputs: Input) -> Union:
    """The datums of all inputs; inputs that a datum does not have are None."""
    return Union(list(inputs))


def join(*inputs: Input) -> Join:
    """Matches of several inputs that have the same key. Raises Invalid for an input without `on`."""
    return Join([_with_key(one, "join_on", "on", "join") for one in inputs])


def group(*inputs: Input) -> Group:
    """One datum for each key, with the lists of all matches that have it. Raises Invalid for an input without `by`.

    Inputs may be combined ones, here and in `join`: their key is that of their files that have one.
    """
    return Group([_with_key(one, "group_by", "by", "group") for one in inputs])


def _with_key(one: Any, field: str, option: str, what: str) -> Input:
    if not isinstance(one, Input):
        raise Invalid(f"{what} takes files(…) and combinations of them, not {type(one).__name__}", field="input")
    if not has_key(one, field):
        said = repr(one.address) if isinstance(one, Files) else "…"
        raise Invalid(f"{what} needs a key of each input: files({said}, '/(*)', {option}='$1')", field=option)
    given: Input = one
    return given


def has_key(given: Input, field: str) -> bool:
    """True when every datum of an input has a key: `field` is 'join_on' or 'group_by'."""
    if isinstance(given, Files):
        return bool(getattr(given, field))
    there = [has_key(one, field) for one in given.inputs]
    return all(there) if isinstance(given, Union) else any(there)


def grouped_names(given: Input) -> set[str]:
    """Names of the inputs of which a datum may have several: those below a group."""
    if isinstance(given, Files):
        return set()
    if isinstance(given, Group):
        return {one.name for one in leaves(given)}
    return set[str]().union(*(grouped_names(one) for one in given.inputs))


def leaves(given: Input) -> Iterator[Files]:
    """The files of an input, in its order."""
    if isinstance(given, Files):
        yield given
    else:
        for inner in given.inputs:
            yield from leaves(inner)


def checked(given: Input) -> Input:
    """The input itself. Raises Invalid when two of its files have one name but are no alternatives of a union."""
    _names(given)
    return given


def _names(given: Input) -> set[str]:
    if isinstance(given, Files):
        return {given.name}
    seen: set[str] = set()
    for inner in given.inputs:
        names = _names(inner)
        if names & seen and not isinstance(given, Union):
            raise Invalid(f"Two inputs are called {sorted(names & seen)[0]!r}. Give one of them a name=", field="name")
        seen |= names
    if not seen:
        raise Invalid(f"{type(given).__name__.lower()}() has no inputs. Give it files(…)", field="input")
    return seen
