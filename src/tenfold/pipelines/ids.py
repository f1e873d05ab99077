"""Ids that follow from what they name, so that doing a thing twice gives the same thing once."""

from __future__ import annotations

from tenfold.base import ids
from tenfold.base.hashing import digest


def derived_id(root_id: str, *names: str) -> str:
    """An id with the time of `root_id` and a tail made from the names: the same names give the same id."""
    tail = int(digest("\0".join((root_id, *names)).encode())[:20], 16) >> 1
    return ids.encode(ids.time_ms(root_id), tail)


def task_id(root_id: str, key: str) -> str:
    """The id of the task, and of the run, of one place in a pipeline run."""
    return derived_id(root_id, "task", key)


def output_id(task: str, output: str, cleared: int = 0) -> str:
    """The id of the version a task publishes: a second attempt's publish is the first one's, until it is cleared."""
    return derived_id(task, "output", output, *([str(cleared)] if cleared else []))
