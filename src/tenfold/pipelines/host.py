"""What a pipeline run is given by whoever hosts it: the stores, how a worker opens them again, and where logs lie."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tenfold.base.errors import Invalid

if TYPE_CHECKING:
    from tenfold.contracts import Stores


class Opener(msgspec.Struct, frozen=True):
    """How another process opens the same stores: `function` as "module:function", called with `arguments` (JSON)."""

    function: str
    arguments: dict[str, Any] = {}


@dataclass(frozen=True)
class Host:
    """Where a pipeline runs.

    `opener` None means that no other process can open these stores (they are in memory): steps then run in this
    process. `context` names a function as "module:function": called with the id of a step's run it gives a context
    manager that is entered around the step, in the process that runs it.
    """

    stores: Stores
    folder: Path
    """Local folder for live logs and scratch files."""
    opener: Opener | None = None
    context: str | None = None
    preload: tuple[str, ...] = ()
    """Modules that worker processes import once, before they are forked: what the opener and the context need."""
    project: str = "default"
    user: str = ""
    workers: int | None = None
    """Warm processes; None: one a core."""
    tags: dict[str, str] = field(default_factory=dict)
    """Put on the pipeline's run."""
    one_machine: bool = False
    """These stores are files that only processes of one machine may share (SQLite)."""


_provider: Callable[[], Host] | None = None


def provide_host(provider: Callable[[], Host]) -> None:
    """Say where pipelines run when nothing is passed; the workspace calls this once."""
    global _provider
    _provider = provider


def current_host() -> Host:
    """The host in force. Raises Invalid when there is none."""
    if _provider is None:
        raise Invalid(
            "No host for pipelines was given. Use `import tenfold` (which brings one) or pass with_options(host=…)"
        )
    return _provider()


@dataclass(frozen=True)
class AtHand:
    """What a step of Tenfold's own has at hand while it runs."""

    stores: Callable[[], Stores]
    run_id: str
    """The step's run."""
    scratch: Path
    """For its files; removed afterwards."""
    variables: tuple[str, ...] = ()
    """Names of those it was given: by environ= and secrets=."""
    cpu: float = 0
    memory_bytes: int = 0


_at_hand: ContextVar[AtHand | None] = ContextVar("tenfold_at_hand", default=None)


def at_hand() -> AtHand:
    """The stores and scratch folder of the step that runs here. Raises Invalid outside a step."""
    found = _at_hand.get()
    if found is None:
        raise Invalid("This runs only as a step of a pipeline. Run its pipeline with .run()")
    return found


def find_at_hand() -> AtHand | None:
    """The same, or None outside a step."""
    return _at_hand.get()


@contextmanager
def with_at_hand(found: AtHand) -> Iterator[None]:
    """Put things at hand for the step that runs inside."""
    token = _at_hand.set(found)
    try:
        yield
    finally:
        _at_hand.reset(token)


def named_function(name: str) -> Callable[..., Any]:
    """The function that "module:function" names."""
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


def open_context(context: str | None, run_id: str) -> AbstractContextManager[Any]:
    """The host's context around one step; nothing happens when there is none."""
    if context is None:
        return nullcontext()
    manager: AbstractContextManager[Any] = named_function(context)(run_id)
    return manager
