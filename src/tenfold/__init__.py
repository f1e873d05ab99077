"""Tenfold: experiments, data versions, pipelines, models, serving and monitoring in one lineage graph.

    import tenfold

    with tenfold.run("flights", params={"lr": 0.1}) as run:
        run.log({"loss": 0.5}, step=0)

Names are loaded when they are first used, so that the import itself costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenfold.api import *  # noqa: F403

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from importlib import import_module

    api = import_module("tenfold.api")
    if name in api.__all__:
        value = getattr(api, name)
        globals()[name] = value
        return value
    try:
        return import_module(f"tenfold.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"tenfold.{name}":
            raise
        raise AttributeError(f"module 'tenfold' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    from tenfold.api import __all__ as names

    return sorted([*names, "__version__"])
