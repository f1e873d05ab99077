"""Runs and the processes they start: what a child is told by its environment, and the ranks of a distributed job.

A process with an active run names it, and the store it is in, in variables that its children inherit. A child that logs
logs into that run; a run that a child starts is a part of it. Forked children need none of this: they have the run itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tenfold.base import ids

RUN, STORE, BLOBS = "TENFOLD_RUN_ID", "TENFOLD_RUN_STORE", "TENFOLD_RUN_BLOBS"
_RANKS = (("RANK", "WORLD_SIZE"), ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"))
"""torchrun and Accelerate; Open MPI; MPICH and Intel MPI."""


@dataclass(frozen=True, slots=True)
class Rank:
    """This process among those of a distributed job; `job` is the same in all of them, '' when nothing tells it."""

    number: int
    of: int
    job: str = ""


def inherited() -> str | None:
    """The run that the process which started this one was in, None when there was none."""
    return _outside.get(RUN)


def inherited_place() -> tuple[str | None, str | None]:
    """(store, blobs) of the inherited run; TENFOLD_STORE is stronger."""
    if "TENFOLD_STORE" in os.environ:
        return None, None
    return _outside.get(STORE), _outside.get(BLOBS)


def rank(environ: Mapping[str, str] = os.environ) -> Rank | None:
    """This process's rank, None when it is alone.

    >>> rank({"RANK": "1", "WORLD_SIZE": "4", "MASTER_ADDR": "node7", "MASTER_PORT": "29500"})
    Rank(number=1, of=4, job='node7:29500')
    """
    for number, size in _RANKS:
        texts = environ.get(number, ""), environ.get(size, "")
        if all(text.isdigit() for text in texts) and int(texts[1]) > 1:
            elastic = environ.get("TORCHELASTIC_RUN_ID", "none")
            where = f"{environ.get('MASTER_ADDR', '')}:{environ.get('MASTER_PORT', '')}".strip(":")
            return Rank(int(texts[0]), int(texts[1]), where if elastic == "none" else elastic)
    return None


def tell_children(run_id: str, store: str, blobs: str | None) -> None:
    """Name a run to the processes started from now on; the one named last counts."""
    _told[:] = [each for each in _told if each[RUN] != run_id]
    _told.append({RUN: run_id, STORE: store} | ({BLOBS: blobs} if blobs else {}))
    _write()


def tell_no_more(run_id: str) -> None:
    """The run ended; the one named before it counts again."""
    if any(each[RUN] == run_id for each in _told):
        _told[:] = [each for each in _told if each[RUN] != run_id]
        _write()


def _write() -> None:
    now = _told[-1] if _told else _outside
    for name in (RUN, STORE, BLOBS):
        if name in now:
            os.environ[name] = now[name]
        else:
            os.environ.pop(name, None)


_told: list[dict[str, str]] = []
_outside = {name: os.environ[name] for name in (RUN, STORE, BLOBS) if name in os.environ}
if not ids.is_id(_outside.get(RUN, "")):
    _outside.clear()
