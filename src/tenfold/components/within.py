"""A component alone, outside of a pipeline and of a run, has a run of its own: what it keeps always says where it is from."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from tenfold.workspace import current
from tenfold.workspace.runs import active_run, start_run


def within_run(name: str, kind: str = "training") -> AbstractContextManager[Any]:
    """The active run, or else a new one for the time of the block."""
    active = active_run(required=False)
    return nullcontext(active) if active is not None else start_run(current(), None, name=name, kind=kind)
