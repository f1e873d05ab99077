"""Lightning: what a Trainer logs while it fits, its best checkpoint, why it stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenfold.tracking.autolog import fitting, modules
from tenfold.tracking.autolog.fitting import Fit
from tenfold.tracking.autolog.patching import Patches, arguments_of
from tenfold.tracking.media import Media

NAME = "lightning"
_HOMES = ("lightning.pytorch", "pytorch_lightning")
_OF_TRAINER = (
    "max_epochs",
    "max_steps",
    "precision",
    "accumulate_grad_batches",
    "gradient_clip_val",
    "log_every_n_steps",
)


def wrap(patches: Patches) -> None:
    """Wrap `Trainer.fit`, under both names the library has."""
    for home in _HOMES:
        module = sys.modules.get(f"{home}.trainer.trainer")
        if module is not None and hasattr(module, "Trainer"):
            patches.wrap(module.Trainer, "fit", watch)


def watch(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of `Trainer.fit`. Of several processes the first one logs."""
    given = arguments_of(original, args, kwargs)
    if given is None or args[0].global_rank != 0:
        with fitting.hidden():
            return original(*args, **kwargs)
    trainer, model = args[0], given.arguments.get("model")
    with fitting.logged(NAME, trainer, type(model).__name__) as fit:
        if fit is None:
            return original(*args, **kwargs)
        with fit.quietly("the parameters"):
            _before(fit, trainer, model)
        with _listening(fit, trainer):
            done = original(*args, **kwargs)
        _after(fit, trainer, model)
        return done


def _before(fit: Fit, trainer: Any, model: Any) -> None:
    fit.run.tag({fit.key("estimator"): fit.title, fit.key("library"): NAME})
    params: dict[str, Any] = {key: getattr(trainer, key, None) for key in _OF_TRAINER}
    stopping = _stopping(trainer)
    if stopping is not None:
        params["early_stopping"] = {key: getattr(stopping, key) for key in ("monitor", "patience", "min_delta", "mode")}
    fit.params(dict(getattr(model, "hparams", None) or {}) | {"trainer": params, "model": modules.size_of(model)})
    fit.run.log_table(fit.key("layers"), modules.summary_of(model))


@contextmanager
def _listening(fit: Fit, trainer: Any) -> Iterator[None]:
    """A logger beside the user's own, and none where the user wants none: its first logger names the folder of the
    checkpoints. Then what callbacks see at the end of each epoch is logged."""
    before: list[Any] = list(trainer.loggers)
    callback = None
    with fit.quietly("the metrics"):
        if before:
            trainer.loggers = [*before, _logger(fit, trainer)]
        else:
            callback = _callback(fit, trainer)
            trainer.callbacks.append(callback)
    try:
        yield
    finally:
        if callback is not None and callback in trainer.callbacks:
            trainer.callbacks.remove(callback)
        if before:
            trainer.loggers = before


def _home(trainer: Any) -> Any:
    """The package this trainer is of: a logger of the other one is none to it."""
    of = {cls.__module__ for cls in type(trainer).__mro__}
    return next(sys.modules[home] for home in _HOMES if any(module.startswith(f"{home}.") for module in of))


def _logger(fit: Fit, trainer: Any) -> Any:
    class Points(_home(trainer).loggers.Logger):  # type: ignore[misc]
        name, version = "tenfold", fit.run.id

        def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
            with fit.quietly("the metrics"):
                fit.log(metrics, step=step)

        def log_hyperparams(self, *_: Any, **__: Any) -> None:
            return None  # `_before` has them

    return Points()


def _callback(fit: Fit, trainer: Any) -> Any:
    class Epochs(_home(trainer).Callback):  # type: ignore[misc]
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            with fit.quietly("the metrics"):
                found = {key: float(value) for key, value in trainer.callback_metrics.items()}
                fit.log(found | {"epoch": trainer.current_epoch}, step=trainer.global_step - 1)

    return Epochs()


def _after(fit: Fit, trainer: Any, model: Any) -> None:
    with fit.quietly("the optimizers"):
        if trainer.optimizers:
            fit.params({"optimizer": modules.params_of(trainer.optimizers[0])})
    with fit.quietly("how it ended"):
        stopping = _stopping(trainer)
        told: dict[str, Any] = {"epochs": trainer.current_epoch, "steps": trainer.global_step}
        if stopping is not None:
            told |= {"stopped_epoch": stopping.stopped_epoch or None, "best_score": float(stopping.best_score)}
        fit.run.result({fit.key(name): value for name, value in told.items() if value is not None})
    with fit.quietly("the checkpoint"):
        _keep_checkpoint(fit, trainer)
    example = getattr(model, "example_input_array", None)
    if fit.options.save_model is not None and example is not None and hasattr(example, "detach"):
        with fit.quietly("the model"):
            fit.options.save_model(fit.run, model, example.detach().cpu().numpy())


def _keep_checkpoint(fit: Fit, trainer: Any) -> None:
    kept = trainer.checkpoint_callback
    path = Path(kept.best_model_path) if kept is not None and kept.best_model_path else None
    if fit.options.save_model is None or path is None or not path.is_file():
        return
    score = kept.best_model_score
    said = {"monitor": kept.monitor, "score": None if score is None else float(score), "file": path.name}
    fit.keep("checkpoint", lambda: Media(path.name, path, "model/lightning", said))


def _stopping(trainer: Any) -> Any:
    return next((each for each in trainer.early_stopping_callbacks), None)
