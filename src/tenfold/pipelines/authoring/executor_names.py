"""The names of executors, apart from the executors: what marks steps imports nothing more."""

from __future__ import annotations

from tenfold.base.errors import Invalid

HERE = ("local", "inline")
ENGINES = ("slurm", "dask", "ray", "docker", "kubernetes")
EXECUTORS = (*HERE, *ENGINES)


def check_executor(name: str) -> str:
    """The name. Raises Invalid when there is no such executor."""
    if name not in EXECUTORS:
        raise Invalid(f"No executor {name!r}. Take one of: {', '.join(EXECUTORS)}", field="executor")
    return name
