"""Autolog in a workspace: tracking watches the fits, models keeps what they made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tenfold.base.errors import Invalid
from tenfold.records import Version
from tenfold.workspace.runs import ActiveRun, start_run
from tenfold.workspace.workspace import current


def autolog(
    frameworks: Sequence[str] | None, *, disable: bool, models: bool, most_rows: int, most_trials: int
) -> list[str]:
    """Turn autolog on or off; gives the libraries that are on now. Raises Invalid."""
    from tenfold.tracking.autolog import Options, frameworks_on, turn_off, turn_on

    if disable:
        turn_off(frameworks)
    else:
        keep = save_model if models else None
        turn_on(frameworks, Options(_start, keep, most_rows=most_rows, most_trials=most_trials))
    return frameworks_on()


def save_model(run: Any, model: Any, example: Any) -> Version:
    """Keep a fitted model as the next version of `model:<project>.<estimator>`; one of scikit-learn as skops when that
    holds it: to convert a forest to ONNX takes about as long as to train it, which nobody asked for here. Raises Invalid."""
    from tenfold.models import save
    from tenfold.models.flavours import flavour_of

    last = model[-1] if hasattr(model, "steps") else model
    name = re.sub(r"[^A-Za-z0-9._+-]", ".", f"{run.project or current().project}.{type(last).__name__}").strip(".-")
    if "skops" in flavour_of(model).write:
        try:
            return save(run.stores, model, name, run_id=run.id, input_example=example, format="skops")
        except Invalid:  # then in whatever holds it
            pass
    return save(run.stores, model, name, run_id=run.id, input_example=example)


def _start(**given: Any) -> ActiveRun:
    return start_run(current(), None, **given)
