"""One attempt of one step, in whichever process it runs: load inputs, call the function, keep what it gives."""

from __future__ import annotations

import importlib
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import tenfold.pipelines.authoring.functions  # noqa: F401 - arguments may be functions
from tenfold.base.errors import Invalid, TenfoldError
from tenfold.contracts import Blobs, Stores
from tenfold.pipelines.authoring.hooks import hook_named
from tenfold.pipelines.authoring.steps import Step
from tenfold.pipelines.authoring.templates import make
from tenfold.pipelines.driving.retrying import error_names
from tenfold.pipelines.executors.memory import asked_for
from tenfold.pipelines.host import AtHand, open_context, with_at_hand
from tenfold.pipelines.programs import program_step
from tenfold.pipelines.secrets.keeping import given
from tenfold.pipelines.secrets.masking import Masker
from tenfold.pipelines.skipping import Skipped
from tenfold.pipelines.surroundings import surroundings
from tenfold.pipelines.values import keep
from tenfold.pipelines.values.keeping import CURE_OF_STEPS
from tenfold.pipelines.work import Done, Work

FindStep = Callable[[str, str], Step[..., Any]]


def perform(
    work: Work,
    find: FindStep,
    blobs: Callable[[], Blobs],
    context: str | None,
    *,
    stores: Callable[[], Stores] | None = None,
    rank: int = 0,
) -> Done:
    """Run work to its end. Whatever the step raises becomes a failed `Done`; only KeyboardInterrupt passes through.

    Args:
        stores: What Tenfold's own steps find at hand.
        rank: Of the processes of a step on several nodes, only what that of rank 0 gives is kept.
    """
    started = time.monotonic()
    masker: Masker | None = None
    try:
        step = program_step(work.program) if work.program else find(work.module, work.qualname)
        arguments = {name: _argument(work, step.name, name, blobs) for name in work.arguments}
        with given(work.secrets, stores) as masker, _at_hand(work, stores), _around(work):
            with open_context(context, work.task_id):
                value = step.call(arguments)
        parts = [] if rank else list(zip(step.outputs, step.split_outputs(value), strict=True))
        outputs = [
            keep(part, blobs, allow_pickle=work.allow_pickle, what=f"Output {name!r} of step {step.name!r}")
            for name, part in parts
        ]
        for (name, _), kept in zip(parts, outputs, strict=True):
            if kept.inline is not None and masker.finds(kept.inline):
                raise Invalid(
                    f"Output {name!r} of step {step.name!r} holds a secret, and outputs are kept as they are. Leave it out"
                )
        return Done(
            task_id=work.task_id,
            token=work.token,
            state="finished",
            outputs=outputs,
            seconds=time.monotonic() - started,
        )
    except Skipped as skipped:
        return Done(
            task_id=work.task_id,
            token=work.token,
            state="skipped",
            error=str(skipped),
            by_choice=skipped.by_choice,
            seconds=time.monotonic() - started,
        )
    except (Exception, SystemExit) as error:  # the edge: a step may raise anything
        return Done(
            task_id=work.task_id,
            token=work.token,
            state="failed",
            error=_said(error, work) if masker is None else masker.mask_text(_said(error, work)),
            error_kinds=error_names(error),
            seconds=time.monotonic() - started,
        )
    finally:
        if work.scratch and Path(work.scratch).exists():
            shutil.rmtree(work.scratch, ignore_errors=True)


def _argument(work: Work, step: str, name: str, blobs: Callable[[], Blobs]) -> Any:
    what = f"Argument {name!r} of step {step!r}"
    return make(
        work.arguments[name],
        blobs,
        Path(work.scratch),
        allow_pickle=work.allow_pickle,
        what=what,
        cure=CURE_OF_STEPS,
    )


def _around(work: Work) -> AbstractContextManager[None]:
    return surroundings(work.cwd, work.environ) if work.cwd or work.environ else nullcontext()


def _at_hand(work: Work, stores: Callable[[], Stores] | None) -> AbstractContextManager[None]:
    if stores is None:
        return nullcontext()
    scratch = Path(work.scratch)
    scratch.mkdir(parents=True, exist_ok=True)
    asked, variables = work.resources, (*work.environ, *work.secrets)
    return with_at_hand(AtHand(stores, work.task_id, scratch, variables, asked.cpu, asked.memory_bytes))


def _said(error: BaseException, work: Work) -> str:
    if not isinstance(error, MemoryError):
        return error_text(error)
    line, _, trace = error_text(error).partition("\n")
    return f"It ran out of memory: {line.rstrip(': ')}.{asked_for(work.resources)}\n{trace}"


def error_text(error: BaseException) -> str:
    """The error in a line (of several, its first) before its traceback from the step's own frames on."""
    frames = error.__traceback__
    while (
        frames is not None
        and frames.tb_next is not None
        and __package__ in frames.tb_frame.f_globals.get("__name__", "")
    ):
        frames = frames.tb_next
    while (
        frames is not None
        and frames.tb_next is not None
        and frames.tb_frame.f_globals.get("__name__") == Step.__module__
    ):
        frames = frames.tb_next
    shown = "".join(traceback.format_exception(type(error), error, frames))
    lines = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()
    line = next((one for one in lines if one.partition(":")[0].endswith(type(error).__name__)), lines[-1])
    line = line.removeprefix(f"{TenfoldError.__module__}.")
    return f"{line}\n{shown}"


def find_step(module: ModuleType | None, name: str, qualname: str) -> Step[..., Any]:
    """The step of that name, in a module already at hand or imported now. Raises Invalid when it is not there."""
    holder = module if module is not None else sys.modules.get(name) or importlib.import_module(name)
    found: Any = holder
    for attribute in qualname.split("."):
        found = getattr(found, attribute, None)
    found = getattr(found, "datum_step", found)  # an incremental pipeline stands under its function's name
    if not isinstance(found, Step):  # `fast = step(train)` leaves the plain function under its own name
        steps = (value for value in vars(holder).values() if isinstance(value, Step))
        found = next((step for step in steps if step.function.__qualname__ == qualname), None)
    if found is None:
        found = hook_named(holder, qualname)
    if not isinstance(found, Step):
        raise Invalid(
            f"{name}.{qualname} is no step here. Steps that run in other processes stand at the top of a module"
        )
    return found
