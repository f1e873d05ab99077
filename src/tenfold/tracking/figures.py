"""Media that show how a model does, or that a browser plays: plots, confusion matrices, curves, pages, sound, film.

Each is kept as the numbers and, where a browser cannot draw those, as a drawing beside them.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from tenfold.tracking import drawing
from tenfold.tracking.media import Media, of_image, plain

CURVE_POINTS = 400
MOST_LABELS = 100
_AUDIO = {".wav": "wav", ".mp3": "mpeg", ".ogg": "ogg", ".flac": "flac", ".m4a": "mp4", ".opus": "ogg", ".webm": "webm"}
_VIDEO = {".mp4": "mp4", ".webm": "webm", ".ogv": "ogg", ".mov": "quicktime", ".gif": "gif", ".mkv": "x-matroska"}


def of_html(page: str | Path) -> Media:
    """A page: HTML as text, or the path of a file of it."""
    content = page.read_bytes() if isinstance(page, Path) else page.encode("utf-8", "replace")
    return Media("page.html", content, "html", {})


def of_plot(figure: Any) -> Media:
    """A Plotly figure as a page that needs no network, with its JSON; a Matplotlib figure or axes as PNG and SVG."""
    if hasattr(figure, "to_html") and hasattr(figure, "to_json"):
        page = figure.to_html(include_plotlyjs=True, full_html=True)
        more: dict[str, Path | bytes] = {"plot.json": figure.to_json().encode()}
        return Media("plot.html", page.encode(), "plot/plotly", {}, more)
    figure = figure if hasattr(figure, "savefig") else getattr(figure, "figure", figure)
    if not hasattr(figure, "savefig"):
        raise TypeError(f"a plot is a figure of Matplotlib or Plotly, not a {type(figure).__name__}; see log_image")
    vector = io.BytesIO()
    figure.savefig(vector, format="svg", metadata={"Date": None})
    return Media("plot.png", of_image(figure).content, "plot/matplotlib", {}, {"plot.svg": vector.getvalue()})


def of_audio(audio: Any, rate_hz: int) -> Media:
    """Sound as WAV from samples (samples[, channels]), floats from -1 to 1 or 16-bit numbers; or a file as it is."""
    if isinstance(audio, (str, Path)):
        return _played(Path(audio), "audio", _AUDIO)
    import numpy as np

    samples = np.asarray(audio)
    if samples.ndim not in (1, 2) or not samples.size or (samples.ndim == 2 and samples.shape[1] > 16):
        raise ValueError(f"sound has shape (samples[, channels]), not {samples.shape}")
    if samples.dtype != np.int16:
        samples = (np.clip(np.nan_to_num(samples.astype(float)), -1, 1) * 32767).round().astype(np.int16)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        out.setsampwidth(2)
        out.setframerate(int(rate_hz))
        out.writeframes(samples.astype("<i2").tobytes())
    return Media("sound.wav", buffer.getvalue(), "audio/wav", {"rate_hz": int(rate_hz), "samples": len(samples)})


def of_video(path: Path) -> Media:
    """A film, a file as it is."""
    return _played(path, "video", _VIDEO)


def of_confusion_matrix(y_true: Any, y_pred: Any, labels: Sequence[Any] | None) -> Media:
    """How often each label was taken for which, as JSON {"labels": […], "counts": [[…]]} and a drawing.

    Args:
        y_true: Actual labels (rows,).
        labels: Their order; sorted when not given.
    """
    true, predicted = _flat(y_true), _flat(y_pred)
    if len(true) != len(predicted):
        raise ValueError(f"there are {len(true):,} actual labels and {len(predicted):,} predicted ones")
    order = [plain(label) for label in labels] if labels is not None else _sorted({*true, *predicted})
    if len(order) > MOST_LABELS:
        raise ValueError(f"there are {len(order):,} labels; at most {MOST_LABELS} are drawn. Pass labels=[…]")
    place = {label: index for index, label in enumerate(order)}
    counts = [[0] * len(order) for _ in order]
    for actual, taken_for in zip(true, predicted, strict=True):
        if actual in place and taken_for in place:
            counts[place[actual]][place[taken_for]] += 1
    values = msgspec.json.encode({"labels": order, "counts": counts})
    picture = drawing.matrix([str(label) for label in order], counts)
    return Media("chart.svg", picture, "confusion_matrix", {"labels": len(order)}, {"values.json": values})


def of_curve(y_true: Any, y_score: Any, kind: Literal["roc", "pr"], positive: Any) -> Media:
    """The ROC or the precision-recall curve of scores, as JSON {"x", "y", "area" …} and a drawing.

    Args:
        y_true: Labels of two classes (rows,).
        y_score: Scores of the positive class (rows,), higher is more likely.
        positive: The positive label; the greater of the two when not given.
    """
    import numpy as np

    if kind not in ("roc", "pr"):
        raise ValueError(f"a curve is 'roc' or 'pr', not {kind!r}")
    labels, scores = _flat(y_true), np.asarray(y_score, dtype=float).ravel()
    classes = _sorted(set(labels))
    if len(labels) != len(scores) or len(classes) != 2 or not np.isfinite(scores).all():
        raise ValueError(
            f"a curve takes labels of two classes and a finite score each; there are {len(classes)} classes"
        )
    positive = classes[-1] if positive is None else plain(positive)
    if positive not in classes:
        raise ValueError(f"the positive label {positive!r} is not among {classes}")
    true = np.fromiter((label == positive for label in labels), bool, len(labels))
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), scores.size - 1)  # ties are one step
    hits, misses = np.cumsum(true[order])[ends], np.cumsum(~true[order])[ends]
    if kind == "roc":
        x, y = np.append(0.0, misses / misses[-1]), np.append(0.0, hits / hits[-1])
        area = float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())
        titles = ("ROC", "false positive rate", "true positive rate")
    else:
        recall, precision = hits / hits[-1], hits / (hits + misses)
        area = float((np.diff(np.append(0.0, recall)) * precision).sum())  # average precision
        x, y = np.append(0.0, recall), np.append(precision[0], precision)
        titles = ("Precision and recall", "recall", "precision")
    places = np.unique(np.linspace(0, x.size - 1, min(x.size, CURVE_POINTS)).astype(int))
    x, y = x[places].round(6).tolist(), y[places].round(6).tolist()
    shown = {
        "kind": kind,
        "positive": positive,
        "x_title": titles[1],
        "y_title": titles[2],
        "area": area,
        "x": x,
        "y": y,
    }
    picture = drawing.curve(
        x, y, title=f"{titles[0]}, area {area:.4f}", x_title=titles[1], y_title=titles[2], chance=kind == "roc"
    )
    more: dict[str, Path | bytes] = {"values.json": msgspec.json.encode(shown)}
    return Media("chart.svg", picture, f"curve/{kind}", {"area": area}, more)


def _played(path: Path, family: str, endings: Mapping[str, str]) -> Media:
    kind = endings.get(path.suffix.lower())
    if kind is None:
        raise ValueError(
            f"{path.name} is no {family} a browser plays. There are: {', '.join(endings)}; or use log_file"
        )
    return Media(path.name, path.read_bytes(), f"{family}/{kind}", {"file": path.name})


def _flat(labels: Any) -> list[Any]:
    values = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    return [value[0] if isinstance(value, list) and len(value) == 1 else plain(value) for value in values]


def _sorted(labels: set[Any]) -> list[Any]:
    try:
        return sorted(labels)
    except TypeError:  # numbers and texts together
        return sorted(labels, key=str)
