"""What crosses between the scheduler and whoever runs a step: its spec, one attempt's work, and what came of it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tenfold.pipelines.resources import Resources
from tenfold.pipelines.values import Kept


class Target(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the steps of a pipeline are defined, as another process imports them.

    `file` is set for a module that has no importable name: a script. `name` is the pipeline in it.
    """

    module: str
    file: str | None = None
    name: str = ""
    path: list[str] = []
    """sys.path to import with."""
    folder: str = ""
    """Working directory."""


class SpecGuard(msgspec.Struct, frozen=True):
    """A condition (a template) and how it must come out."""

    condition: dict[str, Any]
    expected: bool
    says: str
    """For people: 'score > 0.9'."""


class Spec(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One place of the graph, kept as its task's payload: all the scheduler needs without importing the user's code."""

    pipeline: str
    step: str
    module: str
    qualname: str
    arguments: dict[str, Any]
    """Templates by parameter, see templates.py."""
    mapped: list[str] = []
    """Parameters mapped over; the place then only fans out, and its items are places of their own."""
    item_of: str = ""
    """Key of the fanned-out place this is an item of."""
    guards: list[SpecGuard] = []
    """It runs only when all of them hold, else it is skipped."""
    outputs: list[str]
    retries: int = 0
    retry_delay_s: float = 1.0
    timeout_s: float | None = None
    cache: bool = True
    allow_pickle: bool = False
    code: str = ""
    environment: dict[str, str] = {}
    executor: str = ""
    """Where it runs; '': where the run's other steps do."""
    resources: Resources = Resources()


class Work(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One attempt of one step. `task_id` is also the id of its run."""

    task_id: str
    token: int
    attempt: int
    key: str
    module: str
    qualname: str
    arguments: dict[str, Any]
    """Filled templates."""
    timeout_s: float | None = None
    allow_pickle: bool = False
    log: str = ""
    """File that takes what the step prints."""
    scratch: str = ""
    """Folder for files among its inputs; removed afterwards."""
    step: str = ""
    executor: str = ""
    resources: Resources = Resources()


State = Literal["finished", "failed", "lost", "timeout", "cancelled"]
"""How an attempt ended."""


class Done(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What came of one attempt. `lost`: its process died; `timeout` and `cancelled`: it was killed with its children."""

    task_id: str
    token: int
    state: State
    outputs: list[Kept] = []
    error: str = ""
    """The last line first, then the traceback."""
    seconds: float = 0.0
