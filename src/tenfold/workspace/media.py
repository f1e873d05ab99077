"""`tenfold.log_…`: keep something in the run that is active here; one is started when there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from tenfold.records import Version
from tenfold.workspace.runs import ActiveRun, active_run

Kept = Version | None
"""None: it could not be kept, which was warned of, or the store is away and it is sent later."""


def log_text(key: str, text: str, step: int | None = None) -> Kept:
    """Keep a text; see `ActiveRun.log_text`."""
    return _run().log_text(key, text, step)


def log_file(key: str, path: str | Path, step: int | None = None) -> Kept:
    """Keep a file as it is now; see `ActiveRun.log_file`."""
    return _run().log_file(key, path, step)


def log_image(key: str, image: Any, step: int | None = None) -> Kept:
    """Keep an image: an array, a PIL image or the path of a file; see `ActiveRun.log_image`."""
    return _run().log_image(key, image, step)


def log_table(key: str, table: Any, step: int | None = None) -> Kept:
    """Keep a table: a data frame, rows as mappings, a mapping of columns; see `ActiveRun.log_table`."""
    return _run().log_table(key, table, step)


def log_histogram(key: str, values: Any, step: int | None = None, *, bins: int = 64) -> Kept:
    """Keep the histogram of values; see `ActiveRun.log_histogram`."""
    return _run().log_histogram(key, values, step, bins=bins)


def log_html(key: str, page: str | Path, step: int | None = None) -> Kept:
    """Keep a page: HTML as text, or the Path of a file; see `ActiveRun.log_html`."""
    return _run().log_html(key, page, step)


def log_plot(key: str, figure: Any, step: int | None = None) -> Kept:
    """Keep a figure of Matplotlib or Plotly; see `ActiveRun.log_plot`."""
    return _run().log_plot(key, figure, step)


def log_audio(key: str, audio: Any, step: int | None = None, *, rate_hz: int = 44_100) -> Kept:
    """Keep sound: samples from -1 to 1, or the path of a file; see `ActiveRun.log_audio`."""
    return _run().log_audio(key, audio, step, rate_hz=rate_hz)


def log_video(key: str, path: str | Path, step: int | None = None) -> Kept:
    """Keep a film, a file; see `ActiveRun.log_video`."""
    return _run().log_video(key, path, step)


def log_confusion_matrix(
    key: str, y_true: Any, y_pred: Any, step: int | None = None, *, labels: Sequence[Any] | None = None
) -> Kept:
    """Keep how often each label was taken for which; see `ActiveRun.log_confusion_matrix`."""
    return _run().log_confusion_matrix(key, y_true, y_pred, step, labels=labels)


def log_curve(
    key: str,
    y_true: Any,
    y_score: Any,
    step: int | None = None,
    *,
    kind: Literal["roc", "pr"] = "roc",
    positive: Any = None,
) -> Kept:
    """Keep the ROC or precision-recall curve of scores; see `ActiveRun.log_curve`."""
    return _run().log_curve(key, y_true, y_score, step, kind=kind, positive=positive)


def log_reference(uri: str, name: str | None = None, *, role: str = "input") -> Version:
    """Note that the run used data that is left where it is; see `ActiveRun.log_reference`."""
    return _run().log_reference(uri, name, role=role)


def log_params(params: Mapping[str, Any]) -> None:
    """Set parameters of the run; nested mappings stay trees."""
    _run().set_params(params)


def _run() -> ActiveRun:
    return cast(ActiveRun, active_run(start=True))
