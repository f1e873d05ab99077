"""A Python function over one datum: paths of what it reads, a folder for what it gives."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from tenfold.base.errors import Invalid
from tenfold.contracts import Blobs
from tenfold.pipelines.datums.combining import Datum
from tenfold.pipelines.datums.inputs import Input, grouped_names, leaves
from tenfold.records import Entry


class DatumInfo(msgspec.Struct, frozen=True):
    """What a step that has a parameter `datum` is told."""

    id: str
    paths: dict[str, list[str]]
    """Paths in the datasets, by input."""
    keys: dict[str, str]
    """Join and group keys, by input."""


class LazyFiles:
    """One match that is fetched only as far as it is read. `path` is its path in the dataset."""

    def __init__(self, path: str, entries: list[Entry], blobs: Blobs) -> None:
        self.path, self._blobs = path, blobs
        cut = len(path) + 1 if path else 0
        self._entries = {entry.path[cut:]: entry for entry in entries}

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def files(self) -> list[str]:
        """Paths below it; [''] when it is a file."""
        return [name for name, entry in self._entries.items() if entry.kind == "file"]

    def open(self, file: str = "") -> BinaryIO:
        """A seekable reader that fetches what is read."""
        return self._blobs.open(self._entries[file].digest)

    def read_bytes(self, file: str = "") -> bytes:
        return self._blobs.get_bytes(self._entries[file].digest)

    def read_text(self, file: str = "") -> str:
        return self.read_bytes(file).decode()

    def local(self, file: str = "") -> Path:
        """A read-only file on this machine, named by its content."""
        return self._blobs.local_path(self._entries[file].digest)


def check_function(function: Callable[..., Any], given: Input) -> None:
    """Raises Invalid when a function does not take what an input gives."""
    bind(function, given, {one.name: None for one in leaves(given)}, Path(), DatumInfo("", {}, {}))


def bind(
    function: Callable[..., Any], given: Input, values: dict[str, Any], out: Path, datum: DatumInfo
) -> inspect.BoundArguments:
    """The call for one datum: by name, and a single input by whatever name is left. What the datum has not is None."""
    signature = inspect.signature(function)
    own = {"out": out, "datum": datum}
    names = list(dict.fromkeys(one.name for one in leaves(given)))
    left = [
        name
        for name, parameter in signature.parameters.items()
        if name not in own and name not in names and parameter.default is parameter.empty
    ]
    renamed = {left[0]: names[0]} if len(names) == 1 and len(left) == 1 else {}
    arguments = {name: own[name] for name in own if name in signature.parameters}
    arguments |= {name: values.get(name) for name in names if name not in renamed.values()}
    arguments |= {name: values.get(input_) for name, input_ in renamed.items()}
    try:
        bound = signature.bind(**arguments)
    except TypeError as error:
        takes = ", ".join([*names, "out"])
        raise Invalid(f"{getattr(function, '__name__', 'The step')} {error}. Give it the parameters {takes}") from None
    return bound


def values_of(given: Input, datum: Datum, made: list[Any]) -> dict[str, Any]:
    """What each input gives a datum, of what was made for its parts: lists below a group, else one value."""
    values: dict[str, Any] = {name: [] for name in grouped_names(given)}
    for part, value in zip(datum.parts, made, strict=True):
        if part.name in values and isinstance(values[part.name], list):
            values[part.name].append(value)
        else:
            values[part.name] = value
    return values


def info_of(datum: Datum) -> DatumInfo:
    paths: dict[str, list[str]] = {}
    for part in datum.parts:
        paths.setdefault(part.name, []).append(part.path)
    return DatumInfo(datum.id, paths, {part.name: part.key for part in datum.parts if part.key})
