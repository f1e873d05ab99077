"""Engines by name, with their lines of tenfold.toml."""

from __future__ import annotations

import importlib
from typing import Any, TypeVar

import msgspec

from tenfold.base import settings
from tenfold.base.errors import Invalid
from tenfold.pipelines.executors.engine import Engine

T = TypeVar("T", bound=msgspec.Struct)
_PLACES = {
    "slurm": "slurm:SlurmEngine",
    "dask": "dask:DaskEngine",
    "ray": "ray:RayEngine",
    "docker": "docker:DockerEngine",
    "kubernetes": "kubernetes.engine:KubernetesEngine",
    "processes": "here:ProcessesEngine",
}


def engine_named(name: str) -> Engine:
    """The engine, with what [executors.NAME] in tenfold.toml says.

    Raises:
        Invalid: A line there that the engine does not know, or whose value has the wrong type.
        MissingExtra: Its library is not installed.
    """
    module, _, attribute = _PLACES[name].partition(":")
    kind: Any = getattr(importlib.import_module(f"{__package__}.{module}"), attribute)
    engine: Engine = kind(options_of(name, kind.Options))
    return engine


def options_of(name: str, kind: type[T]) -> T:
    """What [executors.NAME] in tenfold.toml says, as this engine's options. Raises Invalid, as above."""
    lines = settings.section("executors", name)
    known = [field.name for field in msgspec.structs.fields(kind)]
    for line in lines:
        if line not in known:
            raise Invalid(f"[executors.{name}] has no line {line!r}. It takes: {', '.join(known)}", field=line)
    try:
        return msgspec.convert(lines, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"[executors.{name}] in tenfold.toml: {error}. See docs/executors.md", field=name) from None
