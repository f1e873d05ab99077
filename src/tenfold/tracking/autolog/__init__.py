"""Fits that log themselves: the fit functions of libraries are wrapped while `autolog` is on, and are themselves again
when it is off.

A library is never imported for this: one that is not there yet is wrapped as it is imported. Not here: how a model is
saved, which whoever turns it on gives as a function.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from tenfold.base.errors import Invalid
from tenfold.tracking.autolog import fitting
from tenfold.tracking.autolog.fitting import Options
from tenfold.tracking.autolog.patching import Patches, Waiting

__all__ = ["FRAMEWORKS", "Options", "frameworks_on", "turn_off", "turn_on"]

FRAMEWORKS: dict[str, tuple[str, ...]] = {
    "sklearn": ("sklearn.base",),
    "xgboost": ("xgboost",),
    "lightgbm": ("lightgbm",),
    "catboost": ("catboost.core",),
    "statsmodels": ("statsmodels.base.model",),
    "torch": ("torch.optim.optimizer",),
    "lightning": ("lightning.pytorch.trainer.trainer", "pytorch_lightning.trainer.trainer"),
    "keras": ("keras",),
    "transformers": ("transformers.trainer",),
}
"""What can log itself, by the name users import, with the modules after whose import it can be wrapped."""

_patches: dict[str, Patches] = {}
_waiting = Waiting()


def turn_on(frameworks: Sequence[str] | None, options: Options) -> list[str]:
    """Let the fits of these libraries log themselves, of all when None; gives their names. May be called again.

    Raises:
        Invalid: A library that is not known.
    """
    names = _names(frameworks)
    for name in names:
        fitting.options_of[name] = options
        if name not in _patches:
            _patches[name] = patches = Patches()
            for module in FRAMEWORKS[name]:
                _waiting.when_imported(module, lambda name=name, patches=patches: _wrap(name, patches))  # type: ignore[misc]
    return names


def turn_off(frameworks: Sequence[str] | None = None) -> list[str]:
    """Give these libraries their own functions back; all when None. Gives the names of those that were on."""
    names = [name for name in _names(frameworks) if name in _patches]
    for name in names:
        fitting.options_of.pop(name, None)
        for module in FRAMEWORKS[name]:
            _waiting.forget(module)
        _patches.pop(name).undo()
    return names


def frameworks_on() -> list[str]:
    """The libraries whose fits log themselves now."""
    return sorted(_patches)


def _wrap(name: str, patches: Patches) -> None:
    with fitting.quietly(name, "its functions"):
        import_module(f"{__name__}.{name}").wrap(patches)


def _names(frameworks: Sequence[str] | None) -> list[str]:
    wanted = (
        list(FRAMEWORKS) if frameworks is None else [frameworks] if isinstance(frameworks, str) else list(frameworks)
    )
    for name in wanted:
        if name not in FRAMEWORKS:
            there = ", ".join(FRAMEWORKS)
            raise Invalid(f"autolog knows no {name!r}. There are: {there}", field="frameworks")
    return wanted
