"""What crosses between the scheduler and whoever runs a step: its spec, one attempt's work, and what came of it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from tenfold.pipelines.authoring.options import Options
from tenfold.pipelines.authoring.resources import Resources
from tenfold.pipelines.environments import Environment
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


Runs = Literal["", "always", "on_failure"]
Early = Literal["", "finished", "failed", "ended"]


class SpecGuard(msgspec.Struct, frozen=True):
    """A condition (a template) and how it must come out."""

    condition: dict[str, Any]
    expected: bool
    says: str
    """For people: 'score > 0.9'."""


class Spec(Options, frozen=True, omit_defaults=True, kw_only=True):
    """One place of the graph, kept as its task's payload: all the scheduler needs without importing the user's code."""

    pipeline: str
    step: str
    module: str
    qualname: str
    arguments: dict[str, Any]
    """Templates by parameter, see templates.py."""
    mapped: list[str] = msgspec.field(default_factory=list)
    """Parameters mapped over; the place then only fans out, and its items are places of their own."""
    item_of: str = ""
    """Key of the fanned-out place this is an item of."""
    guards: list[SpecGuard] = msgspec.field(default_factory=list)
    """It runs only when all of them hold, else it is skipped."""
    after: list[str] = msgspec.field(default_factory=list)
    """Keys of places whose end it waits for, besides those it takes values from."""
    runs: Runs = ""
    """When: '' if all went well that it waits for; 'always'; 'on_failure' of any of it."""
    early: Early = ""
    """It starts as soon as one it comes after has finished, failed, or done either, without waiting for the others."""
    hook: bool = False
    """Of the pipeline as a whole: how it ends does not count for the run."""
    outputs: list[str]
    code: str = ""
    environment: dict[str, str] = msgspec.field(default_factory=dict)
    program: dict[str, Any] = msgspec.field(default_factory=dict)
    """What runs in place of a function, see programs/."""


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
    """Its outputs may be kept as pickles, and its arguments read from pickles."""
    log: str = ""
    """File that takes what the step prints."""
    scratch: str = ""
    """Folder for files among its inputs; removed afterwards."""
    step: str = ""
    root_id: str = ""
    """The pipeline's run."""
    pipeline: str = ""
    executor: str = ""
    secrets: list[str] = []
    """Names only: the process that runs the step looks up what they are."""
    resources: Resources = Resources()
    image: str = ""
    environ: dict[str, str] = {}
    """Variables for the time of the step."""
    cwd: str = ""
    program: dict[str, Any] = {}
    code: str = ""
    """Digest of the step's code."""
    env: Environment | None = None
    """Packages of its own, made where it runs."""


State = Literal["finished", "failed", "lost", "timeout", "cancelled", "skipped"]
"""How an attempt ended."""


class Done(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What came of one attempt. `lost`: its process died; `timeout` and `cancelled`: it was killed with its children."""

    task_id: str
    token: int
    state: State
    outputs: list[Kept] = []
    error: str = ""
    """The last line first, then the traceback; of one that skipped itself, why."""
    by_choice: bool = True
    """Of one that skipped itself: nothing is wrong."""
    error_kinds: list[str] = []
    """Names of the error's class and those it derives from; empty when the process died."""
    seconds: float = 0.0
