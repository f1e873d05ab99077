"""One parser for the addresses of everything kept or run, the same in Python, the CLI, the API and the pages.

    data:flights@main      what the ref `main` names           model:delay@12    version 12
    data:flights@v3        version 3                           data:flights      the default ref (main, champion, latest)
    run:01JD…              a run by id                         prediction:01JD…  a prediction by id
    data:flights@main/2013-01.parquet                          a path inside a version

`v3` and `3` always mean the version of that number, so a ref can never bear such a name (see docs/decisions).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tenfold.base import ids
from tenfold.base.errors import InvalidAddress

BY_ID_KINDS = frozenset({"run", "prediction", "version", "blob"})
"""Kinds whose name is an id; they take no version."""

DEFAULT_REFS = {"data": "main", "model": "champion"}
"""The ref meant when an address has no version; every other kind: `latest`, the highest number."""

LATEST = "latest"

_KIND = re.compile(r"[a-z][a-z0-9-]{0,31}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,199}")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_NUMBER = re.compile(r"v?([1-9][0-9]{0,17})")
_EXAMPLE = "Write it like data:flights@main, model:delay@12 or run:01JD…"


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says. At most one of `number` and `ref` is set; neither means the kind's default."""

    kind: str
    name: str
    number: int | None = None
    ref: str | None = None
    path: str | None = None

    def __str__(self) -> str:
        version = f"@v{self.number}" if self.number is not None else f"@{self.ref}" if self.ref else ""
        return f"{self.kind}:{self.name}{version}{'/' + self.path if self.path else ''}"


def parse(text: str, *, default_kind: str | None = None) -> Address:
    """Read an address.

    >>> parse("data:flights@v3")
    Address(kind='data', name='flights', number=3, ref=None, path=None)

    Args:
        default_kind: Kind of a text without one, so that `tenfold data log flights` works.

    Raises:
        InvalidAddress: with the text, what is wrong with it, and an example.
    """
    kind, colon, rest = text.partition(":")
    if not colon:
        if default_kind is None:
            raise InvalidAddress(f"{text!r} has no kind. {_EXAMPLE}", field="address")
        kind, rest = default_kind, text
    if not _KIND.fullmatch(kind):
        raise InvalidAddress(f"{text!r} has no valid kind before the colon. {_EXAMPLE}", field="address")
    if kind in BY_ID_KINDS:
        if kind in ("run", "prediction", "version") and not ids.is_id(rest):
            raise InvalidAddress(f"{text!r} does not name a {kind} by its 26-character id. {_EXAMPLE}", field="address")
        return Address(kind, rest)
    name, at, tail = rest.partition("@")
    check_name(name)
    if not at:
        return Address(kind, name)
    version, slash, path = tail.partition("/")
    inner = check_path(path) if slash else None
    if numbered := _NUMBER.fullmatch(version):
        return Address(kind, name, number=int(numbered[1]), path=inner)
    if not _REF.fullmatch(version):
        raise InvalidAddress(f"{text!r} has no valid version after the @. {_EXAMPLE}", field="address")
    return Address(kind, name, ref=version, path=inner)


def check_name(name: str, *, what: str = "name") -> str:
    """The name itself when an artifact, project or pipeline may bear it; else InvalidAddress."""
    if not _NAME.fullmatch(name) or name.endswith(" "):
        raise InvalidAddress(
            f"The {what} {name!r} cannot be used. Take 1 to 200 letters, digits, spaces or . _ + - and begin with a "
            "letter or digit",
            field="name",
        )
    return name


def check_ref(ref: str) -> str:
    """The ref itself when a branch, tag or alias may be called so; else InvalidAddress."""
    if not _REF.fullmatch(ref) or _NUMBER.fullmatch(ref) or ref == LATEST:
        raise InvalidAddress(
            f"A ref cannot be called {ref!r}: numbers, v and a number, and 'latest' always mean versions, and only "
            "letters, digits and . _ + - are taken. Try 'release-1'",
            field="ref",
        )
    return ref


def check_path(path: str) -> str:
    """The relative POSIX path itself when it stays inside its folder; else InvalidAddress."""
    parts = path.split("/")
    if not path or path.startswith("/") or "\\" in path or "\0" in path or any(p in ("", ".", "..") for p in parts):
        raise InvalidAddress(
            f"The path {path!r} is not a plain relative path. Use one like folder/file.csv, without .. or a leading /",
            field="path",
        )
    return path
