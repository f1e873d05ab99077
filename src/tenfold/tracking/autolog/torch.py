"""PyTorch: the optimizers a run makes. A training loop of one's own says nothing else that could be taken note of
without guessing; `tenfold.log` and `tenfold.watch` are for that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenfold.tracking import stack
from tenfold.tracking.autolog import fitting, modules
from tenfold.tracking.autolog.patching import Patches

NAME = "torch"


def wrap(patches: Patches) -> None:
    """Wrap the making of optimizers."""
    from torch.optim import Optimizer

    patches.wrap(Optimizer, "__init__", watch)


def watch(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of an optimizer's `__init__`."""
    made = original(*args, **kwargs)
    if NAME in fitting.options_of:
        with fitting.quietly(NAME, "an optimizer"):
            _note(args[0])
    return made


def _note(optimizer: Any) -> None:
    fit, run = fitting.current(), stack.current()
    if fit is not None:
        fit.params({"optimizer": modules.params_of(optimizer)})
    elif run is not None and not fitting.is_part():
        run.set_params({fitting.numbered(run, "optimizer"): modules.params_of(optimizer)})
