"""Keras 3: `fit` of a model, its metrics an epoch each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenfold.tracking.autolog import fitting, scores
from tenfold.tracking.autolog.fitting import Fit, short
from tenfold.tracking.autolog.patching import Patches, arguments_of

NAME = "keras"
EXAMPLE_ROWS = 100
_OF_FIT = ("epochs", "batch_size", "validation_split", "shuffle", "class_weight", "initial_epoch", "steps_per_epoch")


def wrap(patches: Patches) -> None:
    """Wrap `fit` where the backend's trainer has it, and in models that have their own."""
    from keras import Model

    home = next(cls for cls in Model.__mro__ if "fit" in vars(cls))
    patches.wrap(home, "fit", watch)
    patches.wrap_subclasses(Model, "fit", watch)


def watch(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """In place of a model's `fit`."""
    given = arguments_of(original, args, kwargs)
    model = args[0] if args else None
    with fitting.logged(NAME, model, type(model).__name__) as fit:
        if fit is None or given is None or "callbacks" not in given.signature.parameters:
            return original(*args, **kwargs)
        with fit.quietly("the parameters"):
            _before(fit, model, given.arguments)
        with fit.quietly("the metrics"):
            given.arguments["callbacks"] = _with(given.arguments.get("callbacks"), _points(fit))
        history = original(*given.args, **given.kwargs)
        _after(fit, model, given.arguments)
        return history


def _with(callbacks: Any, ours: Any) -> Any:
    from keras.callbacks import CallbackList

    if isinstance(callbacks, CallbackList):
        callbacks.append(ours)
        return callbacks
    more = [] if callbacks is None else list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
    return [*more, ours]


def _before(fit: Fit, model: Any, given: dict[str, Any]) -> None:
    fit.run.tag({fit.key("estimator"): fit.title, fit.key("library"): NAME})
    params = {key: short(given[key]) for key in _OF_FIT if key in given}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        params["optimizer"] = {"name": type(optimizer).__name__} | {
            key: short(value)
            for key, value in optimizer.get_config().items()
            if key != "name" and value not in (None, False)
        }
    loss = getattr(model, "loss", None)
    fit.params(params | ({"loss": loss if isinstance(loss, str) else short(loss)} if loss is not None else {}))


def _points(fit: Fit) -> Any:
    from keras.callbacks import Callback

    class Points(Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            with fit.quietly("the metrics"):
                fit.log({key: float(value) for key, value in (logs or {}).items()}, step=epoch)

    return Points()


def _after(fit: Fit, model: Any, given: dict[str, Any]) -> None:
    with fit.quietly("the summary"):
        lines: list[str] = []
        model.summary(print_fn=lambda line, **_: lines.append(line), expand_nested=True)
        fit.run.log_text(fit.key("summary"), "\n".join(lines))
        fit.params({"model": {"class": fit.title, "parameters": int(model.count_params())}})
    with fit.quietly("why it stopped"):
        for callback in given["callbacks"] if isinstance(given.get("callbacks"), list) else ():
            if type(callback).__name__ == "EarlyStopping":
                told = {"stopped_epoch": int(callback.stopped_epoch), "best_epoch": int(callback.best_epoch)}
                fit.run.result({fit.key(name): value for name, value in told.items()})
    if fit.options.save_model is not None:
        with fit.quietly("the model"):
            table = given.get("x")
            table = table if hasattr(table, "shape") or isinstance(table, dict) else None
            example = (
                {name: scores.first_rows(values, EXAMPLE_ROWS) for name, values in table.items()}
                if isinstance(table, dict)
                else scores.first_rows(table, EXAMPLE_ROWS)
            )
            fit.options.save_model(fit.run, model, example)
