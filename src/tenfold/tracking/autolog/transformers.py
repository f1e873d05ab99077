"""Hugging Face transformers: what a Trainer logs while it trains. The model is not kept: it may have gigabytes, and
`run.save_model(trainer.model, …)` is one line."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from tenfold.tracking.autolog import fitting, modules
from tenfold.tracking.autolog.fitting import Fit
from tenfold.tracking.autolog.patching import Patches

NAME = "transformers"
_PLACES = ("output_dir", "logging_dir", "run_name", "report_to", "disable_tqdm")
"""Arguments that say where things go, not how a model is trained."""


def wrap(patches: Patches) -> None:
    """Wrap `Trainer.train`, also that of subclasses."""
    from transformers.trainer import Trainer

    patches.wrap_subclasses(Trainer, "train", watch)


def watch(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of `Trainer.train`. Of several processes the first one logs."""
    trainer = args[0] if args else None
    if not trainer or not trainer.is_world_process_zero():
        with fitting.hidden():
            return original(*args, **kwargs)
    with fitting.logged(NAME, trainer, type(trainer.model).__name__) as fit:
        if fit is None:
            return original(*args, **kwargs)
        with fit.quietly("the parameters"):
            _before(fit, trainer)
        points = _points(fit)
        with fit.quietly("the metrics"):
            trainer.add_callback(points)
        try:
            done = original(*args, **kwargs)
        finally:
            with fit.quietly("the metrics"):
                trainer.remove_callback(points)
        with fit.quietly("how it ended"):
            _after(fit, trainer.state)
        return done


def _before(fit: Fit, trainer: Any) -> None:
    fit.run.tag({fit.key("estimator"): fit.title, fit.key("library"): NAME})
    params: dict[str, Any] = dict(_chosen(trainer.args))
    config = getattr(trainer.model, "config", None)
    if config is not None:
        params["config"] = {key: value for key, value in config.to_diff_dict().items() if not key.startswith("_")}
    fit.params(params | {"model": modules.size_of(trainer.model)})
    fit.run.log_table(fit.key("layers"), modules.summary_of(trainer.model))


def _chosen(arguments: Any) -> dict[str, Any]:
    """Those of a hundred arguments that are not left as they are, and the few everybody looks for."""
    found = {}
    for field in dataclasses.fields(arguments):
        value = getattr(arguments, field.name)
        looked_for = field.name in ("learning_rate", "num_train_epochs", "per_device_train_batch_size", "seed")
        plain = isinstance(value, (bool, int, float, str))
        if plain and field.name not in _PLACES and (looked_for or value != field.default):
            found[field.name] = value
    return {key: value for key, value in found.items() if not key.endswith("token")}


def _points(fit: Fit) -> Any:
    from transformers.trainer_callback import TrainerCallback

    class Points(TrainerCallback):  # type: ignore[misc]
        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            with fit.quietly("the metrics"):
                found = {key: value for key, value in (logs or {}).items() if isinstance(value, (int, float))}
                fit.log(found, step=state.global_step)

    return Points()


def _after(fit: Fit, state: Any) -> None:
    told = {
        "steps": state.global_step,
        "epochs": state.epoch,
        "best_metric": state.best_metric,
        "best_model_checkpoint": state.best_model_checkpoint,
    }
    fit.run.result({fit.key(name): value for name, value in told.items() if value is not None})
